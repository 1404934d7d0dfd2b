//! The OpenAPI document of our own API: `/api/openapi.json`.
//!
//! It is written by hand, since it is a promise and not a printout; a test holds it against the routes.

use super::Route;
use axum::Json;
use axum::routing::get;
use serde_json::{Value, json};

pub(super) const DOCUMENT: Route =
    Route { path: "/api/openapi.json", action: None, handler: || get(|| async { Json(document()) }) };

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lazaretto",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Images, their verdicts and findings. The registry itself speaks the OCI distribution \
                            specification under /v2, and Azure's forms are under /subscriptions.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"basic": []}, {"bearer": []}],
        "paths": {
            "/api/images": {"get": list_images()},
            "/api/images/{reference}": {"get": one_image(), "post": attach_bill()},
            "/api/findings": {"get": list_findings()},
            "/api/advisories": {"get": operation("The advisories in force", &[], "Advisories")},
            "/api/collection": {"get": operation("How the collection of what nobody needs is doing", &[], "Collection")},
            "/api/collection/run": {"post": run_collection()},
            "/api/keys/rotate": {"post": rotate_keys()},
            "/api/query/functions": {"get": operation("What a query may use", &[], "QueryReference")},
            "/api/openapi.json": {"get": {
                "summary": "This document",
                "security": [],
                "responses": {"200": {"description": "The document", "content": {"application/json": {"schema": {}}}}},
            }},
        },
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
            "schemas": schemas(),
        },
    })
}

fn parameter(name: &str, place: &str, description: &str, schema: Value) -> Value {
    json!({"name": name, "in": place, "required": place == "path", "description": description, "schema": schema})
}

fn paging() -> [Value; 2] {
    [
        parameter("after", "query", "`next` of the page before", json!({"type": "string"})),
        parameter(
            "limit",
            "query",
            "Rows of a page",
            json!({"type": "integer", "minimum": 1, "maximum": 1000}),
        ),
    ]
}

fn operation(summary: &str, parameters: &[Value], schema: &str) -> Value {
    let failure = |description: &str| json!({"description": description, "content": {"application/json": {"schema": reference("Error")}}});
    json!({
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": reference(schema)}}},
            "400": failure("The request makes no sense; the message says why"),
            "401": failure("Nobody signed in"),
            "403": failure("The caller may not do this"),
            "404": failure("There is no such thing"),
            "429": failure("Too many wrong passwords; Retry-After says when to try again"),
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn run_collection() -> Value {
    let modes = json!({"type": "string", "enum": ["collect", "dry-run"], "default": "collect"});
    let mode = parameter("mode", "query", "Whether anything is changed", modes);
    let mut run = operation("Begin a collection, or hear of the one that is running", &[mode], "Collection");
    let accepted = run["responses"]["200"].take();
    run["responses"].as_object_mut().map(|responses| responses.remove("200"));
    run["responses"]["202"] = accepted;
    run
}

fn list_images() -> Value {
    let mut parameters = vec![
        parameter("repository", "query", "Only this repository", json!({"type": "string"})),
        parameter("state", "query", "Only this state", json!({"type": "string", "enum": states()})),
    ];
    parameters.extend(paging());
    operation("Images and their verdicts", &parameters, "ImagePage")
}

fn one_image() -> Value {
    let parameters = [
        parameter(
            "reference",
            "path",
            "REPOSITORY:TAG or REPOSITORY@DIGEST, optionally followed by /findings, /packages, /sbom or /wait",
            json!({"type": "string"}),
        ),
        parameter(
            "seconds",
            "query",
            "With /wait: answer at the latest after so long",
            json!({"type": "integer", "minimum": 0}),
        ),
        sbom_format(),
    ];
    operation(
        "One image, its findings, packages or bill of materials; or its verdict, as soon as it is there",
        &parameters,
        "Image",
    )
}

fn attach_bill() -> Value {
    let parameters = [
        parameter(
            "reference",
            "path",
            "REPOSITORY:TAG/sbom or REPOSITORY@DIGEST/sbom",
            json!({"type": "string"}),
        ),
        sbom_format(),
    ];
    let mut operation = operation(
        "Attaches the bill of materials of an image to it, as its referrer",
        &parameters,
        "Attached",
    );
    if let Some(responses) = operation["responses"].as_object_mut()
        && let Some(done) = responses.remove("200")
    {
        responses.insert("201".into(), done);
    }
    operation
}

fn sbom_format() -> Value {
    let names: Vec<&str> = inventory::sbom::FORMATS.iter().map(|format| format.name).collect();
    parameter("format", "query", "With /sbom: the form of the bill", json!({"type": "string", "enum": names}))
}

fn list_findings() -> Value {
    let mut parameters = vec![
        parameter("repository", "query", "Only this repository", json!({"type": "string"})),
        parameter("vulnerability", "query", "Only this vulnerability", json!({"type": "string"})),
        parameter(
            "severity",
            "query",
            "Only this severity and worse",
            json!({"type": "string", "enum": ["low", "medium", "high", "critical"]}),
        ),
    ];
    parameters.extend(paging());
    operation("Findings over all images", &parameters, "FindingPage")
}

fn rotate_keys() -> Value {
    let mut operation = operation("Sign tokens with another key", &[], "Done");
    let body = json!({"type": "object", "properties": {"revoke": {"type": "boolean"}}});
    operation["requestBody"] = json!({"content": {"application/json": {"schema": body}}});
    operation
}

fn states() -> Vec<&'static str> {
    store::ImageState::ALL.iter().map(|state| state.as_str()).collect()
}

fn page(of: &str) -> Value {
    json!({
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": reference(of)}, "next": {"type": "string"}},
    })
}

fn schemas() -> Value {
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
            "children": texts(),
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
            "evidence": text(),
            "risk": {"type": "object", "properties": {
                "severitySource": text(), "cvssVector": text(), "exploitProbability": {"type": "number"},
                "exploitPercentile": {"type": "number"}, "knownExploitedSince": text(), "published": text(),
                "firstSeen": text(),
            }},
        }},
        "History": {"type": "object", "properties": {"value": {"type": "array", "items": {"type": "object", "properties": {
            "at": text(), "kind": text(), "vulnerability": text(), "package": text(), "version": text(),
            "before": text(), "after": text(), "reason": text(), "description": text(), "actor": text(),
            "snapshot": text(),
        }}}}},
        "Explanation": {"type": "object", "properties": {
            "vulnerability": text(), "snapshot": maybe(), "packagesLookedAt": number(),
            "explanations": {"type": "array", "items": {"type": "object"}}, "text": texts(), "notes": texts(),
        }},
        "Collection": {"type": "object", "properties": {
            "state": {"type": "string", "enum": ["never", "running", "done", "failed"]}, "mode": maybe(),
            "phase": maybe(), "startedAt": maybe(), "endedAt": maybe(), "uploads": number(), "manifests": number(),
            "links": number(), "blobs": number(), "bytes": number(), "error": maybe(),
        }},
        "Attached": {"type": "object", "properties": {
            "repository": text(), "subject": text(), "digest": text(), "artifactType": text(),
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
                "name": text(), "newest": maybe(), "advisories": number(), "skipped": number(),
            }}},
            "held": {"type": "object", "properties": {"snapshot": text(), "doubts": texts(), "at": text()}},
            "ecosystems": {"type": "array", "items": {"type": "object", "properties": {"name": text(), "packages": number()}}},
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let document = document();
        let mut promised: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
        let mut served: Vec<String> =
            super::super::ROUTES.iter().map(|route| route.path.replace("{*", "{")).collect();
        promised.sort();
        served.sort();
        assert_eq!(promised, served);
    }
}
