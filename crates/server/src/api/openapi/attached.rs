//! The paths of attached registries.

use super::{operation, parameter, reference, sending};
use serde_json::{Value, json};

pub(super) fn paths() -> Value {
    let name = || parameter("name", "path", "Its name", json!({"type": "string", "minLength": 1}));
    let named = |summary: &str, schema: &str| operation(summary, &[name()], schema);
    let mut put =
        sending("Attaches a registry, or changes what is attached", "AttachedBody", "AttachedRegistry");
    put["parameters"] = json!([name()]);
    put["responses"]["201"] = put["responses"]["200"].clone();
    put["responses"]["409"] = put["responses"]["400"].clone();
    let mut detach = named("Detaches a registry, and forgets its images", "Done");
    detach["responses"]["204"] = json!({"description": "It is gone"});
    let mut poll = named("Looks at a registry now", "AttachedRegistry");
    accepted(&mut poll);
    let mut notify = sending(
        "Tells that something has changed there; who tells knows the secret",
        "Notification",
        "Notified",
    );
    notify["parameters"] = json!([name()]);
    notify["security"] = json!([]);
    accepted(&mut notify);
    json!({
        "/api/attached": {"get": operation("Attached registries", &[], "AttachedRegistryPage")},
        "/api/attached/{name}": {"get": named("One attached registry", "AttachedRegistry"), "put": put, "delete": detach},
        "/api/attached/{name}/poll": {"post": poll},
        "/api/attached/{name}/secret": {"post": named("Makes another secret for notifications", "AttachedRegistry")},
        "/api/notifications/{name}": {"post": notify},
    })
}

fn accepted(operation: &mut Value) {
    if let Some(responses) = operation["responses"].as_object_mut()
        && let Some(done) = responses.remove("200")
    {
        responses.insert("202".into(), done);
    }
}

pub(super) fn schemas() -> Value {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let failure = || json!({"type": "object", "properties": {"at": text(), "description": text()}});
    let seconds = || json!({"type": "integer", "minimum": 60, "maximum": 604_800});
    json!({
        "AttachedRegistryPage": super::schemas::page("AttachedRegistry"),
        "AttachedRegistry": {"type": "object", "properties": {
            "name": text(), "host": text(), "address": text(), "repositories": texts(), "pollSeconds": seconds(),
            "hasCredentials": {"type": "boolean"}, "notifications": text(), "secret": text(),
            "state": {"type": "string", "enum": ["Waiting", "Seen", "Unseen"]},
            "seenAt": maybe(), "failure": failure(), "nextLook": text(),
            "seen": {"type": "array", "items": {"type": "object", "properties": {
                "repository": text(), "seenAt": maybe(), "failure": failure(),
            }}},
        }},
        "AttachedBody": {
            "type": "object",
            "required": ["address", "repositories"],
            "additionalProperties": false,
            "properties": {
                "address": text(), "repositories": texts(), "pollSeconds": seconds(),
                "user": text(), "password": text(), "secret": text(),
            },
        },
        "Notification": {"description": "As Distribution, Harbor, ACR or CloudEvents have it", "type": ["object", "array"]},
        "Notified": {"type": "object", "properties": {"looks": {"type": "integer", "minimum": 0}}},
        "External": {"type": "object", "properties": {
            "host": text(), "reference": text(), "seenAt": maybe(), "failure": failure(),
        }, "description": "Where an image is that is not kept here"},
        "ExternalOrNone": {"anyOf": [reference("External"), {"type": "null"}]},
    })
}
