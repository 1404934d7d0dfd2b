//! The forms of bodies, in JSON Schema.

use super::{reference, states};
use serde_json::{Value, json};

pub(super) fn page(of: &str) -> Value {
    json!({
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": reference(of)}, "next": {"type": "string"}},
    })
}

/// All schemas, by name.
pub(super) fn all() -> Value {
    let mut all = serde_json::Map::new();
    for part in [images(), beside_images(), of_registry(), decisions(), super::attached::schemas()] {
        all.extend(part.as_object().cloned().unwrap_or_default());
    }
    all.into()
}

/// Images, findings and advisories.
fn images() -> Value {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let number = || json!({"type": "integer", "minimum": 0});
    json!({
        "Error": {"type": "object", "properties": {"error": {"type": "object", "properties": {"code": text(), "message": text()}}}},
        "Done": {"type": "object"},
        "ImagePage": page("Image"),
        "FindingPage": page("Finding"),
        "Counts": {"type": "object", "properties": {
            "critical": number(), "high": number(), "medium": number(), "low": number(), "unknown": number(),
        }},
        "Image": {"type": "object", "properties": {
            "registry": text(), "repository": text(), "digest": text(), "tags": texts(), "platform": maybe(),
            "state": {"type": "string", "enum": states()},
            "cause": {"type": ["object", "null"], "properties": {"code": text(), "description": text()}},
            "findings": reference("Counts"), "notes": texts(), "distribution": maybe(), "isolation": maybe(),
            "pushedAt": text(), "assessedAt": maybe(), "snapshot": maybe(), "advisoriesAgeSeconds": {"type": "integer"},
            "children": texts(), "external": reference("ExternalOrNone"),
            "base": {"type": "object", "properties": {
                "repository": maybe(), "digest": maybe(), "claimedName": maybe(), "layers": number(),
                "inherited": number(), "own": number(),
                "newer": {"type": ["object", "null"], "properties": {
                    "tags": texts(), "digest": text(), "fixes": number(), "pushedAt": text(),
                }},
            }},
            "layers": {"type": "array", "items": {"type": "object", "properties": {
                "digest": text(), "step": maybe(), "inherited": {"type": ["boolean", "null"]},
            }}},
        }},
        "Finding": {"type": "object", "properties": {
            "repository": text(), "digest": text(), "vulnerability": text(), "aliases": texts(), "severity": text(),
            "score": {"type": ["number", "null"]}, "title": text(), "package": text(), "version": text(),
            "path": text(), "layer": text(), "layerNumber": number(), "step": text(),
            "inherited": {"type": "boolean"}, "fixed": maybe(), "remediation": text(), "advisories": texts(),
            "evidence": text(), "registry": text(),
            "risk": {"type": "object", "properties": {
                "severitySource": text(), "cvssVector": text(), "exploitProbability": {"type": "number"},
                "exploitPercentile": {"type": "number"}, "knownExploitedSince": text(), "published": text(),
                "firstSeen": text(),
            }},
            "exempt": {"type": ["object", "null"], "properties": {
                "kind": text(), "name": text(), "scope": text(), "reason": text(), "author": text(),
                "expiresAt": maybe(),
            }},
        }},
    })
}

/// What an image went through, and what it is judged by.
fn beside_images() -> Value {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let number = || json!({"type": "integer", "minimum": 0});
    json!({
        "History": {"type": "object", "properties": {"value": {"type": "array", "items": {"type": "object", "properties": {
            "at": text(), "kind": text(), "vulnerability": text(), "package": text(), "version": text(),
            "before": text(), "after": text(), "reason": text(), "description": text(), "actor": text(),
            "snapshot": text(),
        }}}}},
        "VexDocuments": {"type": "object", "properties": {"value": {"type": "array", "items": {
            "type": "object", "properties": {
                "document": text(), "form": text(), "believed": {"type": "boolean"}, "signer": text(),
                "remark": text(), "readAt": text(), "statements": {"type": "array", "items": {"type": "object"}},
            },
        }}}},
        "Explanation": {"type": "object", "properties": {
            "vulnerability": text(), "snapshot": maybe(), "packagesLookedAt": number(),
            "explanations": {"type": "array", "items": {"type": "object"}}, "text": texts(), "notes": texts(),
        }},
        "QueryReference": {"type": "object", "properties": {"value": {"type": "array", "items": {
            "type": "object", "properties": {
                "kind": {"type": "string", "enum": [
                    "source", "operator", "comparison", "function", "form", "window", "aggregate", "plugin",
                ]},
                "name": text(), "aliases": texts(), "signature": text(), "summary": text(), "example": text(),
                "result": text(),
            },
        }}}},
        "Advisories": {"type": "object", "properties": {
            "snapshot": maybe(), "createdAt": maybe(), "ageSeconds": {"type": ["integer", "null"]},
            "tooOld": {"type": "boolean"}, "advisories": number(),
            "sources": {"type": "array", "items": {"type": "object", "properties": {
                "name": text(), "newest": maybe(), "advisories": number(), "skipped": number(), "readAt": maybe(),
            }}},
            "held": {"type": "object", "properties": {"snapshot": text(), "doubts": texts(), "at": text()}},
            "ecosystems": {"type": "array", "items": {"type": "object", "properties": {"name": text(), "packages": number()}}},
        }},
    })
}

/// What a registry asks and allows, and what happened in it.
fn of_registry() -> Value {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let number = || json!({"type": "integer", "minimum": 0});
    json!({
        "Policy": {"type": "object", "additionalProperties": false, "properties": {
            "quarantine": {"type": "boolean"}, "holdSeverity": maybe(), "holdUnassessed": {"type": "boolean"},
            "graceSeconds": number(),
        }},
        "Rules": {"type": "object", "additionalProperties": false, "properties": {
            "anonymousPull": {"type": "boolean"},
            "softDeleteDays": {"type": ["integer", "null"], "minimum": 1, "maximum": 90},
            "quotaBytes": {"type": ["integer", "null"]}, "repositoryQuotaBytes": {"type": ["integer", "null"]},
            "referrersPerSubject": {"type": ["integer", "null"]},
            "immutableTags": texts(),
        }},
        "PassWish": {"type": "object", "additionalProperties": false, "required": ["image", "reason", "hours"],
            "properties": {"image": text(), "reason": text(), "hours": number()}},
        "Pass": {"type": "object", "properties": {"repository": text(), "digest": text(), "until": text()}},
        "EventPage": page("Event"),
        "Event": {"type": "object", "properties": {
            "sequence": number(), "kind": text(), "at": text(), "actor": text(), "registry": text(),
            "repository": text(), "digest": text(), "tag": text(), "detail": {},
        }},
    })
}

/// Rules, charges and the audit log.
fn decisions() -> Value {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let number = || json!({"type": "integer", "minimum": 0});
    json!({
        "RulePage": page("Rule"),
        "UsagePage": page("Usage"),
        "AuditPage": page("AuditEntry"),
        "Conditions": conditions(),
        "RuleBody": {
            "type": "object", "required": ["reason"], "additionalProperties": false,
            "properties": {
                "scope": maybe(), "category": {"type": ["string", "null"]},
                "displayName": maybe(), "reason": {"type": "string", "minLength": 1, "maxLength": 512},
                "expiresAt": {"type": ["string", "null"], "format": "date-time"},
                "conditions": reference("Conditions"),
            },
        },
        "Rule": {"type": "object", "properties": {
            "name": text(), "kind": {"type": "string", "enum": ["Disable", "Waiver", "Mitigated"]},
            "scope": text(), "displayName": text(), "reason": text(), "author": text(), "createdAt": text(),
            "updatedAt": text(), "expiresAt": maybe(), "inForce": {"type": "boolean"},
            "conditions": reference("Conditions"),
        }},
        "Usage": {"type": "object", "properties": {
            "subscription": text(), "registry": text(), "day": text(), "images": number(), "inTrial": number(),
            "amount": maybe(), "currency": maybe(),
        }},
        "AuditEntry": {"type": "object", "properties": {
            "sequence": {"type": "integer"}, "at": text(), "actor": maybe(), "actorId": maybe(),
            "address": maybe(), "face": text(), "method": text(), "resource": text(),
            "status": {"type": "integer"}, "request": text(), "agent": maybe(), "detail": maybe(),
        }},
        "Collection": {"type": "object", "properties": {
            "state": {"type": "string", "enum": ["never", "running", "done", "failed"]}, "mode": maybe(),
            "phase": maybe(), "startedAt": maybe(), "endedAt": maybe(), "uploads": number(), "manifests": number(),
            "links": number(), "blobs": number(), "bytes": number(), "error": maybe(),
        }},
        "Attached": {"type": "object", "properties": {
            "repository": text(), "subject": text(), "digest": text(), "artifactType": text(),
        }},
    })
}

/// Conditions of rules: all that are given must hold, and of a list one.
fn conditions() -> Value {
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    json!({"type": "object", "additionalProperties": false, "properties": {
        "ids": texts(),
        "categories": texts(),
        "severityBelow": {"type": ["string", "null"], "enum": ["Unknown", "Low", "Medium", "High", "Critical", null]},
        "cvssBelow": {"type": ["number", "null"]},
        "notPatchable": {"type": "boolean"},
        "fixStatuses": {"type": "array", "items": {
            "type": "string",
            "enum": ["Unknown", "FixAvailable", "NoFixAvailable", "Scheduled", "WontFix"],
        }},
        "digests": texts(),
        "repositories": texts(),
        "osVersions": texts(),
        "packages": texts(),
        "text": {"type": ["string", "null"]},
    }})
}
