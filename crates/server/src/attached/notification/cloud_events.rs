//! CloudEvents 1.0 over HTTP: in structured mode, in batches, and in binary mode, where the attributes are headers.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>. What the data means
//! depends on who sends it: Harbor, Event Grid for Azure Container Registry, and zot are known.

use super::{Change, Format, Mention, Notification, harbor, registry_webhook, text};
use serde_json::Value;

pub(super) const FORMAT: Format = Format {
    name: "CloudEvents",
    is_of: |notification| {
        is_event(notification.document)
            || notification.headers.contains_key("ce-specversion")
            || events(notification).is_some_and(|events| events.iter().all(is_event))
    },
    read: |notification| match (events(notification), kind(notification)) {
        (Some(events), _) => {
            events.iter().flat_map(|event| mentions(&event["type"], &event["data"])).collect()
        }
        // In binary mode the document is the data.
        (None, Some(kind)) => mentions(&kind, notification.document),
        (None, None) => mentions(&notification.document["type"], &notification.document["data"]),
    },
};

fn is_event(document: &Value) -> bool {
    document["specversion"].is_string() && document["type"].is_string()
}

/// A batch. An empty one is of no form: nobody sends it.
fn events<'a>(notification: &Notification<'a>) -> Option<&'a [Value]> {
    notification.document.as_array().map(Vec::as_slice).filter(|events| !events.is_empty())
}

fn kind(notification: &Notification<'_>) -> Option<Value> {
    notification.headers.get("ce-specversion")?;
    Some(notification.headers.get("ce-type")?.to_str().ok()?.into())
}

fn mentions(kind: &Value, data: &Value) -> Vec<Mention> {
    let Some(word) = kind.as_str() else { return Vec::new() };
    if word.starts_with("harbor.") {
        return harbor::mentions(kind, data);
    }
    if word.starts_with("Microsoft.ContainerRegistry.") {
        return registry_webhook::mention(data).into_iter().collect();
    }
    // zot lets its owner put another word before these.
    let change = if word.ends_with(".image.updated") {
        Change::Came
    } else if word.ends_with(".image.deleted") {
        Change::Went
    } else {
        return Vec::new();
    };
    let mention =
        text(&data["name"]).map(|repository| Mention { repository, tag: text(&data["reference"]), change });
    mention.into_iter().collect()
}
