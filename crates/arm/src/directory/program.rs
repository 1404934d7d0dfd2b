//! Programs: `/servicePrincipals`. A program is the account of an application.

use super::filter::Filter;
use super::group::route;
use super::{
    DirectoryRight, absent, application, collection, created, credential, done, id, reference, require_owner,
    right,
};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::resources::{Resource, Route};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Map, Value, json};
use store::{Account, AccountKind, PrincipalId, Program, objects};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Graph/servicePrincipals",
    routes: &[
        route!(GET "/graph/v1.0/servicePrincipals" Read list),
        route!(POST "/graph/v1.0/servicePrincipals" Register create),
        route!(GET "/graph/v1.0/servicePrincipals/{id}" Read one),
        route!(PATCH "/graph/v1.0/servicePrincipals/{id}" Own change),
        route!(DELETE "/graph/v1.0/servicePrincipals/{id}" Own delete),
        route!(GET "/graph/v1.0/servicePrincipals/{id}/owners" Read owners),
        route!(POST "/graph/v1.0/servicePrincipals/{id}/addPassword" Own add_password),
        route!(POST "/graph/v1.0/servicePrincipals/{id}/removePassword" Own remove_password),
    ],
};

/// What is kept of a program beside what has an effect.
const FURTHER: [&str; 5] =
    ["appRoleAssignmentRequired", "homepage", "notes", "preferredSingleSignOnMode", "tags"];

pub(super) async fn view(state: &ArmState, program: &Program) -> Result<Option<Value>, ArmError> {
    let Some(account) = state.store.account_of(PrincipalId(program.id)).await? else { return Ok(None) };
    let application = application::by_app_id(state, program.app_id).await?;
    let mut names = vec![json!(program.app_id.to_string())];
    if let Some(uris) = application.as_ref().and_then(|one| one.further.get("identifierUris")?.as_array()) {
        names.extend(uris.iter().cloned());
    }
    let name = application.map_or(account.display_name, |application| application.display_name);
    let mut view = json!({
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": program.id.to_string(),
        "accountEnabled": account.enabled,
        "appId": program.app_id.to_string(),
        "appDisplayName": name,
        "appOwnerOrganizationId": state.tenant().to_string(),
        "createdDateTime": account.created_at.to_string(),
        "displayName": name,
        "servicePrincipalNames": names,
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMyOrg",
        "appRoles": [],
        "oauth2PermissionScopes": [],
        "replyUrls": [],
        "tags": [],
    });
    for (name, value) in &program.further {
        view[name.as_str()] = value.clone();
    }
    credential::add_to(&mut view, state, program.id).await?;
    Ok(Some(view))
}

async fn find(state: &ArmState, request: &Request) -> Result<Program, ArmError> {
    let text = request.name(0);
    let found = objects::find(&*state.store, &id(text)?.to_string()).await?;
    found.ok_or_else(|| absent(text))
}

/// The program of a path, for whoever may change it.
async fn own(state: &ArmState, request: &Request) -> Result<Program, ArmError> {
    let program = find(state, request).await?;
    require_owner(&request.caller, &program.owners)?;
    Ok(program)
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = Filter::parse(request.query("$filter"))?;
    let mut value = Vec::new();
    for program in objects::all::<Program, _>(&*state.store).await? {
        value.extend(view(state, &program).await?.filter(|view| filter.passes(view)));
    }
    Ok(collection(state, "servicePrincipals", value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let program = find(state, request).await?;
    let view = view(state, &program).await?.ok_or_else(|| absent(request.name(0)))?;
    Ok(Json(view).into_response())
}

async fn create(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = request.object()?;
    let app_id: Option<Uuid> = body["appId"].as_str().and_then(|id| id.parse().ok());
    let application = match app_id {
        Some(app_id) => application::by_app_id(state, app_id).await?,
        None => None,
    };
    let application = application.ok_or_else(|| {
        ArmError::Invalid(
            "The appId of the service principal does not reference a valid application object.".into(),
        )
    })?;
    require_owner(&request.caller, &application.owners)?;
    let name = application.app_id.to_string();
    if state.store.account(&name).await?.is_some() {
        return Err(ArmError::Conflict {
            code: "Request_MultipleObjectsWithSameKeyValue",
            message: format!(
                "The service principal cannot be created, updated, or restored because the service principal name {name} is already in use."
            ),
        });
    }
    let now = (state.clock)();
    let account = Account {
        principal: PrincipalId(Uuid::new_v4()),
        name,
        // No password has this hash: a program signs in with its secrets and certificates.
        secret_hash: String::new(),
        kind: AccountKind::Service,
        created_at: now,
        display_name: application.display_name.clone(),
        enabled: body["accountEnabled"].as_bool().unwrap_or(true),
        generation: 0,
    };
    let account = state.store.put_account(account).await?;
    let mut program = Program {
        id: account.principal.0,
        app_id: application.app_id,
        owners: vec![request.caller.principal.id],
        further: Map::new(),
    };
    application::take_further(&mut program.further, &body, &FURTHER)?;
    objects::put(&*state.store, &program, now).await?;
    tracing::info!(program = %program.id, by = %request.subject, "a service principal was created");
    let view = view(state, &program).await?.ok_or_else(|| absent(&program.id.to_string()))?;
    Ok(created(view))
}

async fn change(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut program = own(state, request).await?;
    let body = request.object()?;
    if let Some(enabled) = body["accountEnabled"].as_bool()
        && let Some(mut account) = state.store.account_of(PrincipalId(program.id)).await?
    {
        account.enabled = enabled;
        state.store.put_account(account).await?;
    }
    application::take_further(&mut program.further, &body, &FURTHER)?;
    credential::replace_certificates(state, program.id, &body["keyCredentials"]).await?;
    objects::put(&*state.store, &program, (state.clock)()).await?;
    Ok(done())
}

/// Removes a program with its account, roles, memberships and credentials.
pub(super) async fn remove(state: &ArmState, program: &Program) -> Result<(), ArmError> {
    super::group::forget_member(state, program.id).await?;
    credential::forget(state, program.id).await?;
    state.store.delete_account(&program.app_id.to_string()).await?;
    objects::delete::<Program, _>(&*state.store, &program.id.to_string()).await?;
    Ok(())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let program = own(state, request).await?;
    remove(state, &program).await?;
    tracing::info!(program = %program.id, by = %request.subject, "a service principal was deleted");
    Ok(done())
}

async fn owners(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let program = find(state, request).await?;
    Ok(collection(state, "directoryObjects", reference::views(state, &program.owners).await?))
}

async fn add_password(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let program = own(state, request).await?;
    Ok(Json(credential::add_password(state, program.id, request).await?).into_response())
}

async fn remove_password(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let program = own(state, request).await?;
    credential::remove_password(state, program.id, request).await?;
    Ok(done())
}
