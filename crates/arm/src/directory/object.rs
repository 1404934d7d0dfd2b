//! Objects of any kind: `/directoryObjects`, by which ids become names.

use super::group::route;
use super::{DirectoryRight, absent, collection, id, reference, right};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::resources::{Resource, Route};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use store::{Account, AccountKind, Program, objects};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Graph/directoryObjects",
    routes: &[
        route!(POST "/graph/v1.0/directoryObjects/getByIds" Read by_ids),
        route!(GET "/graph/v1.0/directoryObjects/{id}" Read one),
        route!(POST "/graph/v1.0/directoryObjects/{id}/checkMemberGroups" Read check_groups),
    ],
};

/// More ids than this in one request are refused, as at Azure.
const MAXIMUM_IDS: usize = 1000;

/// An account as it is shown.
pub(super) async fn account_view(state: &ArmState, account: &Account) -> Result<Value, ArmError> {
    if account.kind == AccountKind::User {
        return Ok(super::user::view(account));
    }
    let program = objects::find::<Program, _>(&*state.store, &account.principal.to_string()).await?;
    let view = match program {
        Some(program) => super::program::view(state, &program).await?,
        None => None,
    };
    // A program that was not made through the directory has nothing but its account.
    Ok(view.unwrap_or_else(|| {
        json!({
            "@odata.type": "#microsoft.graph.servicePrincipal",
            "id": account.principal.to_string(),
            "appId": account.name,
            "displayName": account.name,
            "servicePrincipalNames": [account.name],
            "servicePrincipalType": "Application",
        })
    }))
}

fn texts(body: &Value, name: &str) -> Result<Vec<String>, ArmError> {
    let wrong =
        || ArmError::Invalid(format!("The body must have a list '{name}' of at most {MAXIMUM_IDS} ids."));
    let list = body[name].as_array().filter(|list| list.len() <= MAXIMUM_IDS).ok_or_else(wrong)?;
    list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

async fn by_ids(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let ids = texts(&request.object()?, "ids")?;
    let ids: Vec<_> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    Ok(collection(state, "directoryObjects", reference::views(state, &ids).await?))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let text = request.name(0);
    let view = reference::view(state, id(text)?).await?.ok_or_else(|| absent(text))?;
    Ok(Json(view).into_response())
}

async fn check_groups(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let member = id(request.name(0))?;
    let wanted = texts(&request.object()?, "groupIds")?;
    let groups = super::group::of_member(state, member).await?;
    let found = groups.iter().map(ToString::to_string).filter(|id| wanted.contains(id));
    Ok(collection(state, "Collection(Edm.String)", found.map(|id| json!(id)).collect()))
}
