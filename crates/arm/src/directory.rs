//! The directory: people, programs, applications and groups, in the forms of Microsoft Graph (`/graph/v1.0/...`).
//!
//! It serves what Azure's command line needs to make programs and to give roles to somebody by name; it is no Graph.
//! Graph's paths are a tree without resource ids, its requests carry no `api-version`, and its tokens are for an
//! audience of their own. Otherwise a route here is a route like those of the resource manager.
//!
//! Who may what follows roles, since there are no others here:
//!
//! * Reading is for whoever may read role assignments somewhere: a program that only pulls learns no names (attack D5).
//! * Registering applications is for whoever may give roles somewhere; what they registered, they may change.
//! * Everything else needs `Microsoft.Directory/objects/write` at the tenant, which is in the role Owner.

mod application;
mod credential;
mod filter;
mod group;
mod me;
mod object;
mod program;
mod reference;
mod user;

use crate::ArmState;
use crate::caller::Caller;
use crate::error::ArmError;
use crate::resources::{Resource, Right};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use reference::principal_kind;

/// What the paths begin with.
pub(crate) const PREFIX: &str = "/graph/";

/// All kinds of objects of the directory.
pub const DIRECTORY: &[Resource] = &[
    me::RESOURCE,
    user::RESOURCE,
    group::RESOURCE,
    application::RESOURCE,
    program::RESOURCE,
    object::RESOURCE,
];

/// The rights of the directory's routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryRight {
    /// To read the directory.
    Read,
    /// To register applications and programs.
    Register,
    /// To change the object of the path: for its owners, and those who administer the directory.
    Own,
    /// To administer the directory.
    Administer,
}

impl DirectoryRight {
    /// # Errors
    /// When the caller has not the right. What [`Own`](Self::Own) means is looked up by the handler, which knows the
    /// object; whoever owns nothing and administers nothing is refused before.
    pub(crate) fn require(self, caller: &Caller) -> Result<(), ArmError> {
        let may = match self {
            Self::Read => caller.may_somewhere(Action::ROLE_ASSIGNMENT_READ),
            Self::Register | Self::Own => caller.may_somewhere(Action::ROLE_ASSIGNMENT_WRITE),
            Self::Administer => administers(caller),
        };
        if may { Ok(()) } else { Err(ArmError::DirectoryDenied) }
    }
}

fn administers(caller: &Caller) -> bool {
    caller.may(Action::DIRECTORY_WRITE, &ResourceId::tenant())
}

/// # Errors
/// When the caller is no owner and does not administer the directory.
fn require_owner(caller: &Caller, owners: &[Uuid]) -> Result<(), ArmError> {
    if owners.contains(&caller.principal.id) || administers(caller) {
        Ok(())
    } else {
        Err(ArmError::DirectoryDenied)
    }
}

/// A right at a route of the directory.
const fn right(right: DirectoryRight) -> Right {
    Right::Directory(right)
}

fn absent(what: &str) -> ArmError {
    let what = what.chars().take(120).collect::<String>();
    ArmError::DirectoryNotFound(what)
}

/// An object id of a path.
fn id(text: &str) -> Result<Uuid, ArmError> {
    text.parse().map_err(|_| absent(text))
}

fn collection(state: &ArmState, kind: &str, value: Vec<Value>) -> Response {
    let context = format!("{}/graph/v1.0/$metadata#{kind}", state.url);
    Json(json!({ "@odata.context": context, "value": value })).into_response()
}

fn created(view: Value) -> Response {
    (StatusCode::CREATED, Json(view)).into_response()
}

fn done() -> Response {
    crate::dispatch::empty(StatusCode::NO_CONTENT)
}

/// A name for people from a request.
fn display_name(body: &Value) -> Result<String, ArmError> {
    let name = body["displayName"].as_str().unwrap_or_default().trim();
    let is_bad = name.is_empty() || name.len() > 256 || name.chars().any(char::is_control);
    if is_bad {
        return Err(ArmError::Invalid("displayName must be a text of 1 to 256 characters.".into()));
    }
    Ok(name.to_owned())
}
