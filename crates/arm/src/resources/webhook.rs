//! Webhooks of registries.
//!
//! Where a webhook calls and which headers it sends may be secrets: they are shown by `getCallbackConfig` alone, which has
//! a right of its own.

use super::registry::{self, wish};
use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::KnownRegistry;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{Delivery, PageRequest, Webhook, WebhookAction, WebhookPut, WebhookScope, WebhookSettings};
use uuid::Uuid;

macro_rules! route {
    ($method:ident $tail:literal $right:ident $action:ident $handler:ident) => {
        Route {
            method: Method::$method,
            pattern: concat!(
                "{scope}/providers/Microsoft.ContainerRegistry/registries/{name}/webhooks",
                $tail
            ),
            right: Right::$right(Action::$action),
            handler: |state, request| Box::pin($handler(state, request)),
        }
    };
}

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ContainerRegistry/registries/webhooks",
    routes: &[
        route!(GET "" Of WEBHOOK_READ list),
        route!(GET "/{webhook}" On WEBHOOK_READ one),
        route!(PUT "/{webhook}" On WEBHOOK_WRITE put),
        route!(PATCH "/{webhook}" On WEBHOOK_WRITE patch),
        route!(DELETE "/{webhook}" On WEBHOOK_DELETE delete),
        route!(POST "/{webhook}/ping" Of WEBHOOK_PING ping),
        route!(POST "/{webhook}/getCallbackConfig" Of WEBHOOK_CONFIGURATION configuration),
        route!(POST "/{webhook}/listEvents" Of WEBHOOK_EVENTS events),
    ],
};

/// The rows of a log that are shown.
const LOG: usize = 100;
/// More headers than this are refused, and longer ones.
const MAXIMUM_HEADERS: usize = 32;
const LONGEST_HEADER: usize = 2048;

fn view(known: &KnownRegistry, webhook: &Webhook) -> Value {
    let settings = &webhook.settings;
    json!({
        "id": format!("{}/webhooks/{}", known.id, webhook.name),
        "name": webhook.name,
        "type": "Microsoft.ContainerRegistry/registries/webhooks",
        "location": settings.location,
        "tags": settings.tags,
        "properties": {
            "status": if settings.enabled { "enabled" } else { "disabled" },
            "scope": settings.scope.to_string(),
            "actions": settings.actions.iter().map(|action| action.as_str()).collect::<Vec<_>>(),
            "provisioningState": "Succeeded",
        },
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let webhooks = state.store.webhooks(known.registry.id).await?;
    Ok(page::whole(webhooks.iter().map(|webhook| view(&known, webhook)).collect()))
}

/// The webhook of a path, with its registry.
async fn find(state: &ArmState, request: &Request) -> Result<(KnownRegistry, Webhook), ArmError> {
    let known = registry::named(state, request).await?;
    let name = request.name(1);
    let webhook = state.store.webhook(known.registry.id, name).await?;
    let missing = || ArmError::ResourceNotFound(format!("{}/webhooks/{name}", known.id));
    let webhook = webhook.ok_or_else(missing)?;
    Ok((known, webhook))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, webhook) = find(state, request).await?;
    Ok(Json(view(&known, &webhook)).into_response())
}

fn invalid(message: impl Into<String>) -> ArmError {
    ArmError::Invalid(message.into())
}

fn headers(value: &Value) -> Result<Option<BTreeMap<String, String>>, ArmError> {
    if value.is_null() {
        return Ok(None);
    }
    let members = value.as_object().filter(|members| members.len() <= MAXIMUM_HEADERS);
    let members = members.ok_or_else(|| {
        invalid(format!("customHeaders must be an object of at most {MAXIMUM_HEADERS} texts."))
    })?;
    let mut headers = BTreeMap::new();
    for (name, value) in members {
        let value = value.as_str().filter(|value| {
            value.len() <= LONGEST_HEADER
                && http::HeaderValue::from_str(value).is_ok()
                && http::HeaderName::from_bytes(name.as_bytes()).is_ok()
        });
        let value = value.ok_or_else(|| invalid(format!("customHeaders has a name or a value that no header can have, or one of more than {LONGEST_HEADER} bytes.")))?;
        headers.insert(name.clone(), value.to_owned());
    }
    Ok(Some(headers))
}

fn actions(value: &Value) -> Result<Option<BTreeSet<WebhookAction>>, ArmError> {
    let Some(words) = value.as_array() else { return Ok(None) };
    let mut actions = BTreeSet::new();
    for word in words {
        let action = word.as_str().and_then(WebhookAction::from_word);
        let action = action.filter(|action| WebhookAction::CHOICES.contains(action)).ok_or_else(|| {
            let choices: Vec<&str> = WebhookAction::CHOICES.iter().map(|choice| choice.as_str()).collect();
            invalid(format!("{word} is no action; there are {}.", choices.join(", ")))
        })?;
        actions.insert(action);
    }
    if actions.is_empty() {
        Err(invalid("actions must name at least one action."))
    } else {
        Ok(Some(actions))
    }
}

fn uri(value: &Value) -> Result<Option<String>, ArmError> {
    let Some(text) = value.as_str() else { return Ok(None) };
    let parsed: Option<http::Uri> = text.parse().ok();
    let is_good = parsed.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_good && text.len() <= LONGEST_HEADER {
        Ok(Some(text.to_owned()))
    } else {
        Err(invalid("serviceUri must be an address such as https://host/path."))
    }
}

/// The settings after a request: what it names, else what was there.
fn changed(
    state: &ArmState,
    body: &Value,
    present: Option<WebhookSettings>,
) -> Result<WebhookSettings, ArmError> {
    let properties = &body["properties"];
    let given = uri(&properties["serviceUri"])?;
    let mut settings = match present {
        Some(present) => present,
        None => WebhookSettings {
            service_uri: given.clone().ok_or_else(|| invalid("properties.serviceUri is missing."))?,
            headers: BTreeMap::new(),
            secret: Uuid::new_v4().simple().to_string() + &Uuid::new_v4().simple().to_string(),
            actions: actions(&properties["actions"])?
                .ok_or_else(|| invalid("properties.actions is missing."))?,
            scope: WebhookScope::All,
            enabled: true,
            location: state.installation.location.clone(),
            tags: BTreeMap::new(),
        },
    };
    if let Some(uri) = given {
        settings.service_uri = uri;
    }
    if let Some(headers) = headers(&properties["customHeaders"])? {
        settings.headers = headers;
    }
    if let Some(actions) = actions(&properties["actions"])? {
        settings.actions = actions;
    }
    if let Some(scope) = properties["scope"].as_str() {
        settings.scope = scope.parse::<WebhookScope>().map_err(|error| invalid(format!("{error}.")))?;
    }
    match properties["status"].as_str().map(str::to_ascii_lowercase).as_deref() {
        None => {}
        Some("enabled") => settings.enabled = true,
        Some("disabled") => settings.enabled = false,
        Some(_) => return Err(invalid("status must be enabled or disabled.")),
    }
    if let Some(tags) = wish::tags(&body["tags"])? {
        settings.tags = tags;
    }
    if let Some(location) = body["location"].as_str() {
        settings.location = wish::location(location)?;
    }
    Ok(settings)
}

async fn keep(
    state: &ArmState,
    known: &KnownRegistry,
    name: &str,
    settings: WebhookSettings,
    status: StatusCode,
) -> Result<Response, ArmError> {
    match state.store.put_webhook(known.registry.id, name, settings, (state.clock)()).await? {
        WebhookPut::Kept(webhook) => Ok((status, Json(view(known, &webhook))).into_response()),
        WebhookPut::TooMany => Err(ArmError::Conflict {
            code: "QuotaExceeded",
            message: format!("A registry has {} webhooks at most.", Webhook::MOST),
        }),
    }
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let name = request.name(1);
    if !(5..=50).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(invalid("The name of a webhook is 5 to 50 letters and digits."));
    }
    let present = state.store.webhook(known.registry.id, name).await?;
    let status = if present.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let settings = changed(state, &request.object()?, present.map(|webhook| webhook.settings))?;
    keep(state, &known, name, settings, status).await
}

async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (known, webhook) = find(state, request).await?;
    let settings = changed(state, &request.object()?, Some(webhook.settings))?;
    keep(state, &known, &webhook.name, settings, StatusCode::OK).await
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let known = registry::named(state, request).await?;
    let was_there = state.store.delete_webhook(known.registry.id, request.name(1)).await?;
    Ok(empty(if was_there { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

async fn ping(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (_, webhook) = find(state, request).await?;
    let delivery = state.store.ping_webhook(webhook.id, (state.clock)()).await?;
    Ok(Json(json!({"id": event_id(delivery.0)})).into_response())
}

async fn configuration(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (_, webhook) = find(state, request).await?;
    let settings = &webhook.settings;
    Ok(Json(json!({"serviceUri": settings.service_uri, "customHeaders": settings.headers})).into_response())
}

/// Clients want an id that looks like theirs.
fn event_id(number: i64) -> String {
    Uuid::from_u128(u128::from(number.unsigned_abs())).to_string()
}

fn event(delivery: &Delivery) -> Value {
    let exchange = delivery.exchange.clone().unwrap_or_default();
    let content: Value = serde_json::from_str(&exchange.request_content).unwrap_or_else(|_| {
        json!({"id": event_id(delivery.id.0), "timestamp": delivery.created_at.to_string(), "action": delivery.action.as_str()})
    });
    json!({
        "id": event_id(delivery.id.0),
        "eventRequestMessage": {
            "content": content,
            "headers": exchange.request_headers,
            "method": "POST",
            "requestUri": null,
            "version": "1.1",
        },
        "eventResponseMessage": exchange.status.map(|status| json!({
            "content": exchange.response_content,
            "headers": exchange.response_headers,
            "reasonPhrase": StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()),
            "statusCode": status.to_string(),
            "version": "1.1",
        })),
    })
}

async fn events(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let (_, webhook) = find(state, request).await?;
    let log = state.store.deliveries(webhook.id, PageRequest::first(LOG)).await?;
    Ok(page::whole(log.items.iter().map(event).collect()))
}
