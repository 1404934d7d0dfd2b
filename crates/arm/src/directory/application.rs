//! Applications: `/applications`.
//!
//! What a registration says of redirects, permissions and the like is kept and told, and has no effect: nobody consents
//! to anything here, and rights come from roles alone.

use super::filter::Filter;
use super::group::route;
use super::{
    DirectoryRight, absent, collection, created, credential, display_name, done, id, reference,
    require_owner, right,
};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::resources::{Resource, Route};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Map, Value, json};
use store::{Application, Program, objects};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Graph/applications",
    routes: &[
        route!(GET "/graph/v1.0/applications" Read list),
        route!(POST "/graph/v1.0/applications" Register create),
        route!(GET "/graph/v1.0/applications/{id}" Read one),
        route!(PATCH "/graph/v1.0/applications/{id}" Own change),
        route!(DELETE "/graph/v1.0/applications/{id}" Own delete),
        route!(GET "/graph/v1.0/applications/{id}/owners" Read owners),
        route!(POST "/graph/v1.0/applications/{id}/owners/$ref" Own add_owner),
        route!(DELETE "/graph/v1.0/applications/{id}/owners/{owner}/$ref" Own remove_owner),
        route!(POST "/graph/v1.0/applications/{id}/addPassword" Own add_password),
        route!(POST "/graph/v1.0/applications/{id}/removePassword" Own remove_password),
    ],
};

/// What is kept of a registration beside what has an effect.
const FURTHER: [&str; 13] = [
    "api",
    "appRoles",
    "identifierUris",
    "info",
    "isFallbackPublicClient",
    "notes",
    "optionalClaims",
    "publicClient",
    "requiredResourceAccess",
    "signInAudience",
    "spa",
    "tags",
    "web",
];
/// What is kept may be so long, as JSON.
const LONGEST_FURTHER: usize = 64 << 10;

/// Takes over what a body says of the members that are kept and told.
pub(super) fn take_further(
    further: &mut Map<String, Value>,
    body: &Value,
    names: &[&str],
) -> Result<(), ArmError> {
    for name in names {
        if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
            further.insert((*name).to_owned(), value.clone());
        }
    }
    if serde_json::to_string(further).map_or(0, |text| text.len()) > LONGEST_FURTHER {
        return Err(ArmError::Invalid(format!("A registration may have {LONGEST_FURTHER} bytes at most.")));
    }
    Ok(())
}

pub(super) async fn view(state: &ArmState, application: &Application) -> Result<Value, ArmError> {
    let mut view = json!({
        "@odata.type": "#microsoft.graph.application",
        "id": application.id.to_string(),
        "appId": application.app_id.to_string(),
        "createdDateTime": application.created_at.to_string(),
        "displayName": application.display_name,
        "deletedDateTime": null,
        "identifierUris": [],
        "publisherDomain": null,
        "requiredResourceAccess": [],
        "appRoles": [],
        "signInAudience": "AzureADMyOrg",
        "tags": [],
    });
    for (name, value) in &application.further {
        view[name.as_str()] = value.clone();
    }
    credential::add_to(&mut view, state, application.id).await?;
    Ok(view)
}

/// The application of an application id.
pub(super) async fn by_app_id(state: &ArmState, app_id: Uuid) -> Result<Option<Application>, ArmError> {
    Ok(objects::all_of(&*state.store, &app_id.to_string()).await?.into_iter().next())
}

async fn find(state: &ArmState, request: &Request) -> Result<Application, ArmError> {
    let text = request.name(0);
    let found = objects::find(&*state.store, &id(text)?.to_string()).await?;
    found.ok_or_else(|| absent(text))
}

/// The application of a path, for whoever may change it.
async fn own(state: &ArmState, request: &Request) -> Result<Application, ArmError> {
    let application = find(state, request).await?;
    require_owner(&request.caller, &application.owners)?;
    Ok(application)
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = Filter::parse(request.query("$filter"))?;
    let mut value = Vec::new();
    for application in objects::all::<Application, _>(&*state.store).await? {
        let view = view(state, &application).await?;
        if filter.passes(&view) {
            value.push(view);
        }
    }
    Ok(collection(state, "applications", value))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(state, &find(state, request).await?).await?).into_response())
}

async fn create(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = request.object()?;
    let mut application = Application {
        id: Uuid::new_v4(),
        app_id: Uuid::new_v4(),
        display_name: display_name(&body)?,
        owners: vec![request.caller.principal.id],
        created_at: (state.clock)(),
        further: Map::new(),
    };
    take_further(&mut application.further, &body, &FURTHER)?;
    credential::replace_certificates(state, application.id, &body["keyCredentials"]).await?;
    objects::put(&*state.store, &application, application.created_at).await?;
    tracing::info!(application = %application.app_id, by = %request.subject, "an application was registered");
    Ok(created(view(state, &application).await?))
}

async fn change(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut application = own(state, request).await?;
    let body = request.object()?;
    if !body["displayName"].is_null() {
        application.display_name = display_name(&body)?;
    }
    take_further(&mut application.further, &body, &FURTHER)?;
    credential::replace_certificates(state, application.id, &body["keyCredentials"]).await?;
    objects::put(&*state.store, &application, (state.clock)()).await?;
    Ok(done())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let application = own(state, request).await?;
    // The program goes with its application, as at Azure.
    for program in objects::all_of::<Program, _>(&*state.store, &application.app_id.to_string()).await? {
        super::program::remove(state, &program).await?;
    }
    credential::forget(state, application.id).await?;
    objects::delete::<Application, _>(&*state.store, &application.id.to_string()).await?;
    tracing::info!(application = %application.app_id, by = %request.subject, "an application was deleted");
    Ok(done())
}

async fn owners(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let application = find(state, request).await?;
    Ok(collection(state, "directoryObjects", reference::views(state, &application.owners).await?))
}

async fn add_owner(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut application = own(state, request).await?;
    let owner = reference::in_body(request)?;
    if reference::principal_kind(state, owner).await?.is_none() {
        return Err(absent(&owner.to_string()));
    }
    if !application.owners.contains(&owner) {
        application.owners.push(owner);
    }
    objects::put(&*state.store, &application, (state.clock)()).await?;
    Ok(done())
}

async fn remove_owner(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut application = own(state, request).await?;
    application.owners = reference::without(&application.owners, id(request.name(1))?)?;
    objects::put(&*state.store, &application, (state.clock)()).await?;
    Ok(done())
}

async fn add_password(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let application = own(state, request).await?;
    Ok(Json(credential::add_password(state, application.id, request).await?).into_response())
}

async fn remove_password(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let application = own(state, request).await?;
    credential::remove_password(state, application.id, request).await?;
    Ok(done())
}
