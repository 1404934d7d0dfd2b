//! What a webhook is told, in the form of Azure Container Registry; what is ours alone has members of its own.

use serde_json::{Value, json};
use store::{DueDelivery, Event, Registry, WebhookAction};
use uuid::Uuid;

/// The number of a delivery for those who get it: the same for every attempt, another for every event, action and tag.
pub fn delivery_number(registry: &Registry, due: &DueDelivery) -> String {
    let what =
        due.event.as_ref().map_or_else(|| format!("ping {}", due.id.0), |event| event.sequence.to_string());
    let tag = due.tag.as_ref().map_or("", |tag| tag.as_str());
    // The moment of creation keeps two installations apart that name everything alike.
    let name = format!(
        "{}/{}/{}/{what}/{}/{tag}",
        registry.login_server,
        registry.created_at.as_microsecond(),
        registry.id.0,
        due.action.as_str()
    );
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// The content of a delivery.
pub fn content(registry: &Registry, due: &DueDelivery) -> Value {
    let at = due.event.as_ref().map_or(due.created_at, |event| event.event.at);
    let mut content = json!({
        "id": delivery_number(registry, due),
        "timestamp": at.to_string(),
        "action": due.action.as_str(),
    });
    if let Some(event) = &due.event {
        content["target"] = target(due, event);
        if let Some(method) = method(due.action) {
            content["request"] = request(registry, due, event, method);
        }
        if matches!(
            due.action,
            WebhookAction::ScanCompleted | WebhookAction::ImageHealthy | WebhookAction::ImageUnhealthy
        ) {
            content["verdict"] = verdict(&event.event.detail);
        }
    }
    content
}

fn target(due: &DueDelivery, event: &Event) -> Value {
    let event = &event.event;
    let mut target = serde_json::Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            target.insert(name.to_owned(), value);
        }
    };
    let of_detail = |name: &str| event.detail.get(name).cloned();
    put("mediaType", of_detail("media_type"));
    put("size", of_detail("size"));
    put("digest", event.digest.as_ref().map(|digest| json!(digest)));
    put("length", of_detail("size"));
    put("repository", event.repository.as_ref().map(|name| json!(name)));
    put("tag", due.tag.as_ref().map(|tag| json!(tag.as_str())));
    Value::Object(target)
}

/// The method of the request that did it; what nobody asked for by a request has none.
fn method(action: WebhookAction) -> Option<&'static str> {
    match action {
        WebhookAction::Push | WebhookAction::Quarantine | WebhookAction::ChartPush => Some("PUT"),
        WebhookAction::Delete | WebhookAction::ChartDelete => Some("DELETE"),
        WebhookAction::Ping
        | WebhookAction::ScanCompleted
        | WebhookAction::ImageUnhealthy
        | WebhookAction::ImageHealthy => None,
    }
}

fn request(registry: &Registry, due: &DueDelivery, event: &Event, method: &str) -> Value {
    let origin = event.event.detail.get("origin");
    let of_origin = |name: &str| origin.and_then(|origin| origin.get(name)).and_then(Value::as_str);
    json!({
        "id": of_origin("request").map_or_else(|| delivery_number(registry, due), str::to_owned),
        "host": registry.login_server,
        "method": method,
        "useragent": of_origin("user_agent").unwrap_or_default(),
    })
}

/// What is told of a verdict, by the names of the two kinds of events that tell of one.
fn verdict(detail: &Value) -> Value {
    let mut verdict = serde_json::Map::new();
    for (name, names) in [
        ("state", ["state", "to"]),
        ("from", ["from", "from"]),
        ("cause", ["cause", "cause"]),
        ("counts", ["counts", "findings"]),
        ("platform", ["platform", "platform"]),
        ("snapshot", ["snapshot", "snapshot"]),
        ("reason", ["reason", "reason"]),
        ("tags", ["tags", "tags"]),
    ] {
        let value = names.iter().find_map(|name| detail.get(name)).filter(|value| !value.is_null());
        if let Some(value) = value {
            verdict.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(verdict)
}
