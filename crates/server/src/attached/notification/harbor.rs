//! Webhooks of Harbor in its own form; what it sends as CloudEvents holds the same data.
//!
//! <https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/>. Where something was
//! pushed by its digest, the digest stands where the tag does. Scans, quotas and replications are told of too.

use super::{Change, Format, Mention, text};
use serde_json::Value;

pub(super) const FORMAT: Format = Format {
    name: "Harbor webhooks",
    is_of: |notification| notification.document["event_data"].is_object(),
    read: |notification| mentions(&notification.document["type"], &notification.document["event_data"]),
};

/// What the data of an event speaks of.
pub(super) fn mentions(kind: &Value, data: &Value) -> Vec<Mention> {
    let change = match kind.as_str() {
        Some("PUSH_ARTIFACT" | "harbor.artifact.pushed") => Change::Came,
        Some("DELETE_ARTIFACT" | "harbor.artifact.deleted") => Change::Went,
        _ => return Vec::new(),
    };
    let Some(repository) = text(&data["repository"]["repo_full_name"]) else { return Vec::new() };
    let resources = data["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_resource =
        |resource: &Value| Mention { repository: repository.clone(), tag: text(&resource["tag"]), change };
    resources.iter().map(of_resource).collect()
}
