//! The OpenAPI document of our own API: `/api/openapi.json`.
//!
//! It is written by hand, since it is a promise and not a printout; a test holds it against the routes.

mod schemas;

use super::Route;
use axum::Json;
use axum::http::Method;
use axum::routing::get;
use serde_json::{Value, json};

pub(super) const DOCUMENT: Route = Route {
    method: Method::GET,
    path: "/api/openapi.json",
    action: None,
    handler: || get(|| async { Json(document()) }),
};

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
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
            "schemas": schemas::all(),
        },
    })
}

fn paths() -> Value {
    json!({
        "/api/images": {"get": list_images()},
        "/api/images/{reference}": {"get": one_image(), "post": attach_bill()},
        "/api/findings": {"get": list_findings()},
        "/api/advisories": {"get": operation("The advisories in force", &[], "Advisories")},
        "/api/events": {"get": list_events()},
        "/api/registry/policy": {
            "get": operation("What is asked of images before they are pulled", &[], "Policy"),
            "put": sending("Asks something else of images", "Policy", "Policy"),
        },
        "/api/registry/rules": {
            "get": operation("The rules of the registry", &[], "Rules"),
            "put": sending("Sets the rules of the registry", "Rules", "Rules"),
        },
        "/api/passes": {"post": sending("Lets a held image be pulled for some hours", "PassWish", "Pass")},
        "/api/rules": {"get": list_rules("Rules that disable findings")},
        "/api/rules/{name}": rule("the rule"),
        "/api/exemptions": {"get": list_rules("Exemptions")},
        "/api/exemptions/{name}": rule("the exemption"),
        "/api/collection": {"get": operation("How the collection of what nobody needs is doing", &[], "Collection")},
        "/api/collection/run": {"post": run_collection()},
        "/api/keys/rotate": {"post": rotate_keys()},
        "/api/query/functions": {"get": operation("What a query may use", &[], "QueryReference")},
        "/api/usage": {"get": usage()},
        "/api/audit": {"get": audit()},
        "/api/openapi.json": {"get": {
            "summary": "This document",
            "security": [],
            "responses": {"200": {"description": "The document", "content": {"application/json": {"schema": {}}}}},
        }},
    })
}

/// An answer that may also be text of another type.
fn also(mut operation: Value, types: &[&str]) -> Value {
    for content_type in types {
        operation["responses"]["200"]["content"][*content_type] = json!({"schema": {"type": "string"}});
    }
    operation
}

fn scope() -> Value {
    parameter("scope", "query", "A resource id; by default the first subscription", json!({"type": "string"}))
}

fn list_rules(summary: &str) -> Value {
    operation(summary, &[scope()], "RulePage")
}

fn rule(what: &str) -> Value {
    let name = parameter("name", "path", "Its name", json!({"type": "string", "minLength": 1}));
    let both = [name.clone(), scope()];
    let mut put = operation(&format!("Put {what}"), &[name], "Rule");
    put["requestBody"] = json!({
        "required": true,
        "content": {"application/json": {"schema": reference("RuleBody")}},
    });
    put["responses"]["201"] = put["responses"]["200"].clone();
    put["responses"]["413"] = failure_in_text("The body is too long");
    json!({
        "get": operation(&format!("Show {what}"), &both, "Rule"),
        "put": put,
        "delete": operation(&format!("Delete {what}; history keeps it"), &both, "Rule"),
    })
}

fn usage() -> Value {
    let day =
        |name: &str, what: &str| parameter(name, "query", what, json!({"type": "string", "format": "date"}));
    let parameters = [
        day("from", "From this day on; by default from the first of this month"),
        day("until", "Up to this day; by default today"),
        parameter(
            "format",
            "query",
            "The form of the answer",
            json!({"type": "string", "enum": ["json", "csv"]}),
        ),
    ];
    also(operation("Images that were charged, by registry and day", &parameters, "UsagePage"), &["text/csv"])
}

fn audit() -> Value {
    let moment = |name: &str, what: &str| {
        parameter(name, "query", what, json!({"type": "string", "format": "date-time"}))
    };
    let text = |name: &str, what: &str| parameter(name, "query", what, json!({"type": "string"}));
    let parameters = [
        text("actor", "Only what this person asked"),
        moment("since", "Only from this moment on"),
        moment("until", "Only before this moment"),
        text("resource", "Only what was about paths that begin so"),
        parameter("failures", "query", "Only what was refused or failed", json!({"type": "boolean"})),
        parameter(
            "after",
            "query",
            "`next` of the page before",
            json!({"type": "integer", "format": "int64"}),
        ),
        paging()[1].clone(),
        parameter(
            "format",
            "query",
            "A page of JSON, or all in lines",
            json!({"type": "string", "enum": ["json", "ndjson", "csv"]}),
        ),
    ];
    let types = ["application/x-ndjson", "text/csv"];
    also(operation("Who did what, when, from where, with what result", &parameters, "AuditPage"), &types)
}

fn failure_in_text(description: &str) -> Value {
    json!({"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}})
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

/// An operation with a body.
fn sending(summary: &str, body: &str, schema: &str) -> Value {
    let mut operation = operation(summary, &[], schema);
    operation["requestBody"] =
        json!({"required": true, "content": {"application/json": {"schema": reference(body)}}});
    operation["responses"]["413"] = failure_in_text("The body is too long");
    operation
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
            "REPOSITORY:TAG or REPOSITORY@DIGEST, optionally followed by /explain, /findings, /history, /packages, /sbom, /vex or /wait",
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
        "One image, its findings, packages, bill of materials, history or attached VEX documents; or its verdict, as soon as it is there",
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
        // Of an image, only its bill of materials takes anything.
        let refused = responses.get("400").cloned().unwrap_or_default();
        responses.insert("405".into(), refused.clone());
        responses.insert("409".into(), refused);
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
            "exempt",
            "query",
            "Whether findings are wanted that a rule or an exemption hides",
            json!({"type": "string", "enum": ["exclude", "include", "only"]}),
        ),
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

fn list_events() -> Value {
    let mut parameters = vec![
        parameter("repository", "query", "Only this repository", json!({"type": "string"})),
        parameter("kind", "query", "Only these kinds, separated by commas", json!({"type": "string"})),
        parameter(
            "tail",
            "query",
            "Begin so many events before the end",
            json!({"type": "integer", "minimum": 0}),
        ),
        parameter("Last-Event-ID", "header", "Go on after this event; as `after`", json!({"type": "string"})),
    ];
    parameters.extend(paging());
    let mut operation = operation(
        "What has happened, in order. With `Accept: text/event-stream`, what happens from now on too",
        &parameters,
        "EventPage",
    );
    operation["responses"]["200"]["content"]["text/event-stream"] = json!({"schema": {"type": "string", "description": "`id` is the sequence, `event` the kind, `data` an Event"}});
    operation
}

fn rotate_keys() -> Value {
    let mut operation = operation("Sign tokens with another key", &[], "Done");
    operation["responses"]["413"] = failure_in_text("The body is too long");
    let body = json!({"type": "object", "properties": {"revoke": {"type": "boolean"}}});
    operation["requestBody"] = json!({"content": {"application/json": {"schema": body}}});
    operation
}

fn states() -> Vec<&'static str> {
    store::ImageState::ALL.iter().map(|state| state.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_route_and_no_other() {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let mut promised: Vec<String> = paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(move |method| format!("{path} {method}"))
            })
            .collect();
        let mut served: Vec<String> = super::super::ROUTES
            .iter()
            .map(|route| {
                format!("{} {}", route.path.replace("{*", "{"), route.method.as_str().to_lowercase())
            })
            .collect();
        promised.sort();
        served.sort();
        assert_eq!(promised, served);
    }
}
