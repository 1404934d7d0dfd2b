//! Subscriptions that are asked for by a name of one's own: `Microsoft.Subscription/aliases`.
//!
//! Asking twice under one name makes one subscription. Who asks owns it.

use super::{Resource, Right, Route};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use access::{Action, RoleId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::{PrincipalId, RoleAssignment, Subscription, SubscriptionAlias, SubscriptionId, objects};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Subscription/aliases",
    routes: &[
        Route {
            method: Method::PUT,
            pattern: "/providers/Microsoft.Subscription/aliases/{name}",
            right: Right::At(Action::SUBSCRIPTION_CREATE),
            handler: |state, request| Box::pin(create(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/providers/Microsoft.Subscription/aliases/{name}",
            right: Right::At(Action::SUBSCRIPTION_ALIAS_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

fn view(alias: &SubscriptionAlias) -> Value {
    json!({
        "id": format!("/providers/Microsoft.Subscription/aliases/{}", alias.name),
        "name": alias.name,
        "type": "Microsoft.Subscription/aliases",
        "properties": {
            "subscriptionId": alias.subscription.to_string(),
            "provisioningState": "Succeeded",
        },
    })
}

async fn find(state: &ArmState, request: &Request) -> Result<Option<SubscriptionAlias>, ArmError> {
    Ok(objects::find(&*state.store, request.name(0)).await?)
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let alias = find(state, request).await?;
    let alias = alias.ok_or_else(|| ArmError::ResourceNotFound(request.name(0).to_owned()))?;
    Ok(Json(view(&alias)).into_response())
}

async fn create(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    if let Some(present) = find(state, request).await? {
        return Ok(Json(view(&present)).into_response());
    }
    let name = request.name(0);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > 63 || !name.chars().all(is_plain) {
        return Err(ArmError::Invalid("An alias is 1 to 63 letters, digits and - _ .".into()));
    }
    let body = request.object()?;
    let wanted = &body["properties"];
    if !wanted["subscriptionId"].is_null() {
        return Err(ArmError::Invalid(
            "An alias cannot be made for a subscription that is there already.".into(),
        ));
    }
    let shown: String = wanted["displayName"].as_str().unwrap_or(name).chars().take(64).collect();
    let id = SubscriptionId(Uuid::new_v4());
    let alias = SubscriptionAlias { name: name.to_owned(), subscription: id };
    let now = (state.clock)();
    if !objects::add(&*state.store, &alias, now).await? {
        return one(state, request).await;
    }
    let subscription = Subscription { id, name: shown, tenant: state.installation.tenant };
    state.store.create_subscription(subscription).await?;
    let principal = PrincipalId(request.caller.principal.id);
    let role = store::RoleId(RoleId::OWNER.0);
    let scope = format!("/subscriptions/{id}");
    state.store.assign_role(RoleAssignment { principal, role, scope }).await?;
    tracing::info!(subscription = %id, by = %request.subject, "a subscription was created");
    Ok((StatusCode::CREATED, Json(view(&alias))).into_response())
}
