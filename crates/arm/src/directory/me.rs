//! `/me`: whoever asks.

use super::reference;
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::resources::{Resource, Right, Route};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use store::{AccountKind, Application, Group, PrincipalId, Program, objects};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Graph/me",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "/graph/v1.0/me",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(show(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/graph/v1.0/me/ownedObjects",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(owned(state, request)),
        },
    ],
};

/// Programs are nobody's `me`, as at Azure.
async fn show(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let id = request.caller.principal.id;
    match state.store.account_of(PrincipalId(id)).await? {
        Some(account) if account.kind == AccountKind::User => {
            Ok(Json(super::object::account_view(state, &account).await?).into_response())
        }
        Some(_) | None => Err(ArmError::Invalid(
            "/me request is only valid with delegated authentication flow: sign in as a person.".into(),
        )),
    }
}

async fn owned(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let id = request.caller.principal.id;
    let mut value = Vec::new();
    for application in objects::all::<Application, _>(&*state.store).await? {
        if application.owners.contains(&id) {
            value.push(super::application::view(state, &application).await?);
        }
    }
    for program in objects::all::<Program, _>(&*state.store).await? {
        if program.owners.contains(&id) {
            value.extend(reference::view(state, program.id).await?);
        }
    }
    let groups = objects::all::<Group, _>(&*state.store).await?;
    value.extend(groups.iter().filter(|group| group.owners.contains(&id)).map(super::group::view));
    Ok(super::collection(state, "directoryObjects", value))
}
