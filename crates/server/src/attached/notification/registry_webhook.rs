//! Webhooks of Azure Container Registry, and those of this program, which are of the same form.
//!
//! <https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference>. A deletion names a digest or
//! a tag. A ping has no target.

use super::{Change, Format, Mention, text};
use serde_json::Value;

pub(super) const FORMAT: Format = Format {
    name: "ACR webhooks",
    is_of: |notification| notification.document["action"].is_string(),
    read: |notification| mention(notification.document).into_iter().collect(),
};

/// What an event speaks of. Event Grid wraps the same.
pub(super) fn mention(event: &Value) -> Option<Mention> {
    let change = match event["action"].as_str()? {
        // What is in quarantine can be looked at by those who are let in; until then the registry says that it is absent.
        "push" | "chart_push" | "quarantine" => Change::Came,
        "delete" | "chart_delete" => Change::Went,
        _ => return None,
    };
    let target = &event["target"];
    Some(Mention { repository: text(&target["repository"])?, tag: text(&target["tag"]), change })
}
