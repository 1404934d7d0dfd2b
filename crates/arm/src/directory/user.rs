//! People: `/users`.
//!
//! A person signs in with the name that is called `userPrincipalName` here. Another password ends all sessions.

use super::filter::Filter;
use super::group::route;
use super::{DirectoryRight, absent, collection, created, display_name, done, right};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::resources::{Resource, Route};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use serde_json::{Value, json};
use store::{Account, AccountKind, PrincipalId};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Graph/users",
    routes: &[
        route!(GET "/graph/v1.0/users" Read list),
        route!(POST "/graph/v1.0/users" Administer create),
        route!(GET "/graph/v1.0/users/{id}" Read one),
        route!(PATCH "/graph/v1.0/users/{id}" Administer change),
        route!(DELETE "/graph/v1.0/users/{id}" Administer delete),
        route!(POST "/graph/v1.0/users/{id}/getMemberGroups" Read groups),
    ],
};

/// Shorter passwords are guessed.
const LEAST_PASSWORD: usize = 8;
/// The longest name to sign in with.
const LONGEST_NAME: usize = 113;

pub(super) fn view(account: &Account) -> Value {
    let name = if account.display_name.is_empty() { &account.name } else { &account.display_name };
    json!({
        "@odata.type": "#microsoft.graph.user",
        "id": account.principal.to_string(),
        "accountEnabled": account.enabled,
        "businessPhones": [],
        "createdDateTime": account.created_at.to_string(),
        "displayName": name,
        "givenName": null,
        "jobTitle": null,
        "mail": account.name.contains('@').then_some(&account.name),
        "mailNickname": account.name.split('@').next(),
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
        "userPrincipalName": account.name,
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let filter = Filter::parse(request.query("$filter"))?;
    let accounts = state.store.accounts().await?;
    let people = accounts.iter().filter(|account| account.kind == AccountKind::User).map(view);
    Ok(collection(state, "users", people.filter(|view| filter.passes(view)).collect()))
}

/// The person of a path: an object id, or a name, which may stand in brackets and quotes.
async fn find(state: &ArmState, request: &Request) -> Result<Account, ArmError> {
    let text = request.name(0);
    let account = match text.parse::<Uuid>() {
        Ok(id) => state.store.account_of(PrincipalId(id)).await?,
        Err(_) => state.store.account(text).await?,
    };
    account.filter(|account| account.kind == AccountKind::User).ok_or_else(|| absent(text))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(&find(state, request).await?)).into_response())
}

/// The hash of the password in a body, if there is one.
async fn hash(state: &ArmState, body: &Value) -> Result<Option<String>, ArmError> {
    let profile = &body["passwordProfile"];
    if profile["forceChangePasswordNextSignIn"].as_bool() == Some(true) {
        return Err(ArmError::Invalid(
            "Nobody is made to change a password at sign-in here; set forceChangePasswordNextSignIn to false.".into(),
        ));
    }
    let Some(word) = profile["password"].as_str() else { return Ok(None) };
    if word.chars().count() < LEAST_PASSWORD {
        return Err(ArmError::Invalid(format!("A password needs at least {LEAST_PASSWORD} characters.")));
    }
    Ok(Some(state.entrance.hash(word).await?))
}

async fn create(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = request.object()?;
    let name = body["userPrincipalName"].as_str().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '\'' | '#');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_plain) || is_id(name) {
        return Err(ArmError::Invalid(format!(
            "userPrincipalName must be 1 to {LONGEST_NAME} letters, digits and . _ - ' # @, such as anna@example.com."
        )));
    }
    if state.store.account(name).await?.is_some() {
        return Err(ArmError::Conflict {
            code: "Request_BadRequest",
            message: "Another object with the same value for property userPrincipalName already exists."
                .into(),
        });
    }
    let secret_hash = hash(state, &body)
        .await?
        .ok_or_else(|| ArmError::Invalid("passwordProfile must have a password.".into()))?;
    let account = Account {
        principal: PrincipalId(Uuid::new_v4()),
        name: name.to_owned(),
        secret_hash,
        kind: AccountKind::User,
        created_at: (state.clock)(),
        display_name: display_name(&body)?,
        enabled: body["accountEnabled"].as_bool().unwrap_or(true),
        generation: 0,
    };
    let account = state.store.put_account(account).await?;
    tracing::info!(user = %account.principal, by = %request.subject, "a user was created");
    Ok(created(view(&account)))
}

/// Names that could be taken for object ids would make paths ambiguous.
fn is_id(name: &str) -> bool {
    name.parse::<Uuid>().is_ok()
}

async fn change(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let mut account = find(state, request).await?;
    let body = request.object()?;
    if !body["displayName"].is_null() {
        account.display_name = display_name(&body)?;
    }
    if let Some(enabled) = body["accountEnabled"].as_bool() {
        if !enabled && account.principal.0 == request.caller.principal.id {
            return Err(ArmError::Invalid("Nobody can disable their own account.".into()));
        }
        account.enabled = enabled;
    }
    if let Some(hash) = hash(state, &body).await? {
        account.secret_hash = hash;
    }
    state.store.put_account(account).await?;
    tracing::info!(user = request.name(0), by = %request.subject, "a user was changed");
    Ok(done())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let account = find(state, request).await?;
    if account.principal.0 == request.caller.principal.id {
        return Err(ArmError::Invalid("Nobody can delete their own account.".into()));
    }
    super::group::forget_member(state, account.principal.0).await?;
    state.store.delete_account(&account.name).await?;
    tracing::info!(user = %account.principal, by = %request.subject, "a user was deleted");
    Ok(done())
}

async fn groups(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let account = find(state, request).await?;
    let groups = super::group::of_member(state, account.principal.0).await?;
    Ok(collection(state, "Collection(Edm.String)", groups.iter().map(|id| json!(id.to_string())).collect()))
}
