//! Who the visitor is: a sign-in form, and a sealed cookie that names them for some hours.
//!
//! The cookie goes to this host alone, not to scripts, and not along with requests that another site starts
//! (`SameSite=Strict`); forms are accepted from this origin alone (attack C20).

use crate::frame::frame;
use crate::{Page, PageError, PortalState};
use access::{Action, Assignment, Principal, ResourceId, Trail, decide};
use async_trait::async_trait;
use axum::extract::{ConnectInfo, Form, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use jiff::{SignedDuration, Timestamp};
use maud::html;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use store::{Registry, RegistryId};
use uuid::Uuid;

/// How long a sign-in lasts.
const SESSION: SignedDuration = SignedDuration::from_hours(8);
const COOKIE: &str = "lazaretto-session";
/// What the seal of a session belongs to, so that no other sealed text passes for one.
const PURPOSE: &[&str] = &["portal-session"];

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Name or password is wrong.
    #[error("The user name or the password is wrong.")]
    Wrong,
    /// Too many wrong ones before.
    #[error("Too many failed sign-ins; try again in {0} seconds.")]
    TooMany(u64),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Compares passwords and knows roles; the server has the one implementation.
#[async_trait]
pub trait Entrance: Send + Sync {
    /// The principal with this name and password.
    async fn password(&self, name: &str, word: &str, address: Option<IpAddr>) -> Result<Principal, Refusal>;
    /// The principal of a session that began with this number; `None` if the session is over.
    async fn session(&self, id: Uuid, generation: i64) -> Result<Option<Principal>, store::Error>;
    /// The number of the sessions of a principal that begin now: another password gives another one.
    async fn generation(&self, principal: &Principal) -> Result<i64, store::Error>;
    /// The roles of a principal.
    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, store::Error>;
}

pub(crate) const SIGN_IN: Page = Page { path: "/portal/sign-in", action: None, handler: sign_in_handler };
pub(crate) const SIGN_OUT: Page = Page { path: "/portal/sign-out", action: None, handler: sign_out_handler };

fn sign_in_handler() -> MethodRouter<PortalState> {
    get(|| async { form(None) }).post(sign_in)
}

fn sign_out_handler() -> MethodRouter<PortalState> {
    post(sign_out)
}

fn form(wrong: Option<&str>) -> Response {
    let body = html! {
        section.notice {
            h1 { "Sign in" }
            @if let Some(text) = wrong { p.wrong role="alert" { (text) } }
            form.sign-in method="post" action="/portal/sign-in" {
                label { "User name" input name="name" value="admin" autocomplete="username" required; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required autofocus; }
                button { "Sign in" }
            }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    (status, frame("Sign in", None, &body)).into_response()
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

async fn sign_in(
    State(state): State<PortalState>,
    info: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    trail: Option<axum::Extension<Trail>>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, PageError> {
    own_origin(&headers)?;
    let address = info.map(|info| info.0.0.ip());
    let principal = match state.entrance.password(&given.name, &given.password, address).await {
        Ok(principal) => principal,
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(refusal) => return Ok(form(Some(&refusal.to_string()))),
    };
    if let Some(trail) = trail {
        trail.identified(&principal);
    }
    let expires = Timestamp::now().checked_add(SESSION).map_err(|_| PageError::Session)?;
    let generation = state.entrance.generation(&principal).await?;
    let place = format!("{}|{}|{generation}", principal.id, expires.as_second());
    let cookie = cookie(&state, &state.seal.seal(&place, PURPOSE), SESSION.as_secs());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/portal/")).into_response())
}

async fn sign_out(State(state): State<PortalState>, headers: HeaderMap) -> Result<Response, PageError> {
    own_origin(&headers)?;
    Ok(([(header::SET_COOKIE, cookie(&state, "", 0))], Redirect::to("/portal/sign-in")).into_response())
}

fn cookie(state: &PortalState, value: &str, seconds: i64) -> String {
    let secure = if state.secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/portal; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// A browser says where a form comes from; one from another place is refused.
fn own_origin(headers: &HeaderMap) -> Result<(), PageError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().map_err(|_| PageError::ForeignForm)?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    match origin.split_once("://") {
        Some((_, from)) if from.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(PageError::ForeignForm),
    }
}

/// Somebody who signed in.
pub(crate) struct Visitor {
    principal: Principal,
    assignments: Vec<Assignment>,
}

impl FromRequestParts<PortalState> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &PortalState) -> Result<Self, PageError> {
        let (id, generation) =
            session(state, &parts.headers, Timestamp::now()).ok_or(PageError::SignInFirst)?;
        let principal = state.entrance.session(id, generation).await?.ok_or(PageError::SignInFirst)?;
        if let Some(trail) = parts.extensions.get::<Trail>() {
            trail.identified(&principal);
        }
        let assignments = state.entrance.assignments(&principal).await?;
        Ok(Self { principal, assignments })
    }
}

/// The id in the visitor's cookie and the number of the session, if the cookie is ours and not too old.
fn session(state: &PortalState, headers: &HeaderMap, now: Timestamp) -> Option<(Uuid, i64)> {
    let mark = format!("{COOKIE}=");
    let sealed = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|part| part.trim().strip_prefix(&mark))?;
    let place = state.seal.open(sealed, PURPOSE)?;
    let (id, rest) = place.split_once('|')?;
    let (expires, generation) = rest.split_once('|')?;
    let expires: i64 = expires.parse().ok()?;
    (now.as_second() < expires).then_some((id.parse().ok()?, generation.parse().ok()?))
}

impl Visitor {
    /// The visitor with their roles, for queries.
    pub(crate) fn viewer(&self) -> graph::Viewer {
        graph::Viewer { principal: self.principal.clone(), assignments: self.assignments.clone() }
    }

    /// The name to show.
    pub(crate) fn name(&self) -> &str {
        &self.principal.name
    }

    /// The registries in which the visitor may perform the action.
    pub(crate) async fn registries(
        &self,
        state: &PortalState,
        action: Action,
    ) -> Result<Vec<Registry>, PageError> {
        let mut allowed = Vec::new();
        for subscription in state.store.subscriptions().await? {
            for registry in state.store.registries(subscription.id).await? {
                let scope = ResourceId::parse(&format!(
                    "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
                    registry.subscription, registry.resource_group, registry.name
                ));
                if scope.is_ok_and(|scope| {
                    decide(&self.assignments, &self.principal, action, &scope).is_allowed()
                }) {
                    allowed.push(registry);
                }
            }
        }
        if allowed.is_empty() { Err(PageError::Forbidden) } else { Ok(allowed) }
    }
}

/// The ids of registries.
pub(crate) fn ids(registries: &[Registry]) -> Vec<RegistryId> {
    registries.iter().map(|registry| registry.id).collect()
}
