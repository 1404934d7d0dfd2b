//! Rules that say who is to resolve recommendations, and in what time: `Microsoft.Security/governanceRules`.
//!
//! A rule is in force at the next read; running it (`execute`) has nothing left to do but what it is asked for beside:
//! with `override`, what somebody put for a single assessment goes, and the rule holds there too.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::documents::metadata::KINDS;
use graph::governance::{self, GovernanceRule, RULE_KEPT, rule_document};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Actor, DocumentKey, DocumentPut, KeptDocument};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/governanceRules",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/governanceRules",
            right: Right::At(Action::GOVERNANCE_RULE_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/governanceRules/{name}",
            right: Right::At(Action::GOVERNANCE_RULE_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/governanceRules/{name}",
            right: Right::At(Action::GOVERNANCE_RULE_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Security/governanceRules/{name}",
            right: Right::At(Action::GOVERNANCE_RULE_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
        Route {
            method: Method::POST,
            pattern: "{scope}/providers/Microsoft.Security/governanceRules/{name}/execute",
            right: Right::At(Action::GOVERNANCE_RULE_WRITE),
            handler: |state, request| Box::pin(execute(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/governanceRules/{name}/operationResults/{operation}",
            right: Right::At(Action::GOVERNANCE_RULE_READ),
            handler: |state, request| Box::pin(result(state, request)),
        },
    ],
};

/// A rule belongs to the tenant or a subscription, as in Azure.
async fn require_scope(state: &ArmState, request: &Request) -> Result<(), ArmError> {
    match request.scope.segments().count() {
        0 => Ok(()),
        2 => registries::require_scope(state, &request.scope).await,
        _ => Err(ArmError::Invalid(
            "A governance rule belongs to a subscription, or to the root management group.".into(),
        )),
    }
}

fn key(request: &Request) -> Result<DocumentKey, ArmError> {
    let name: Uuid = request
        .name(0)
        .parse()
        .map_err(|_| ArmError::Invalid("A governance rule is named by a GUID.".to_owned()))?;
    Ok(DocumentKey { kind: RULE_KEPT, scope: request.scope.to_string(), name: name.to_string() })
}

fn view(state: &ArmState, kept: &KeptDocument) -> Value {
    rule_document(kept, &state.tenant().to_string()).to_rest()
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_scope(state, request).await?;
    let all = state.store.documents(RULE_KEPT).await?;
    let own = all.iter().filter(|kept| kept.scope.eq_ignore_ascii_case(request.scope.as_str()));
    Ok(page::whole(own.map(|kept| view(state, kept)).collect()))
}

async fn find(state: &ArmState, request: &Request) -> Result<KeptDocument, ArmError> {
    let kept = state.store.document(&key(request)?).await?;
    kept.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(state, &find(state, request).await?)).into_response())
}

#[derive(Deserialize)]
struct Body {
    properties: GovernanceRule,
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    require_scope(state, request).await?;
    let key = key(request)?;
    let body: Body = serde_json::from_slice(&request.body)
        .map_err(|error| ArmError::Invalid(format!("The body is no governance rule: {error}.")))?;
    let rule = body.properties;
    rule.check().map_err(|error| ArmError::Invalid(format!("The rule is refused: {error}.")))?;
    let content = serde_json::to_value(&rule)
        .map_err(|error| ArmError::Invalid(format!("The rule cannot be kept: {error}.")))?;
    let author = Actor(request.caller.principal.name.clone());
    let status = match state.store.put_document(key.clone(), content, author, (state.clock)()).await? {
        DocumentPut::Created => StatusCode::CREATED,
        DocumentPut::Replaced => StatusCode::OK,
        DocumentPut::TooMany => {
            return Err(ArmError::Invalid("There are too many governance rules; delete some.".into()));
        }
    };
    let kept = state.store.document(&key).await?;
    let kept = kept.ok_or_else(|| ArmError::ResourceNotFound(request.path.clone()))?;
    Ok((status, Json(view(state, &kept))).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let deleted = state.store.delete_document(&key(request)?).await?;
    Ok(empty(if deleted { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

#[derive(Default, Deserialize)]
struct Execution {
    #[serde(default, rename = "override")]
    replaces: bool,
}

async fn execute(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let kept = find(state, request).await?;
    let execution: Execution = match request.body.is_empty() {
        true => Execution::default(),
        false => serde_json::from_slice(&request.body).map_err(|_| {
            ArmError::Invalid("The body must be {\"override\": true}, or false, or nothing.".to_owned())
        })?,
    };
    if execution.replaces {
        replace(state, request, &kept).await?;
    }
    let mut response = empty(StatusCode::ACCEPTED);
    let version = request.query("api-version").unwrap_or_default();
    let rule = request.path.trim_end_matches('/').trim_end_matches("/execute");
    let place = format!("{}{rule}/operationResults/{}?api-version={version}", state.url, operation(&kept));
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    // It is done already; clients that are told nothing wait for half a minute before they ask.
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    Ok(response)
}

/// Takes away what somebody put for the assessments that a rule means.
async fn replace(state: &ArmState, request: &Request, kept: &KeptDocument) -> Result<(), ArmError> {
    let rule: GovernanceRule = serde_json::from_value(kept.body.clone())
        .map_err(|_| ArmError::ResourceNotFound(request.path.clone()))?;
    for assignment in state.store.documents(governance::KEPT).await? {
        let Some((resource, key)) =
            assignment.scope.rsplit_once("/providers/Microsoft.Security/assessments/")
        else {
            continue;
        };
        let Ok(resource) = ResourceId::parse(resource) else { continue };
        let is_meant = resource.is_within(&request.scope) && !rule.excludes(&resource);
        // What severity it had when somebody put it is not known: of a kind, the worst decides.
        let means = KINDS.iter().any(|kind| kind.key.eq_ignore_ascii_case(key))
            && ["Critical", "High", "Medium", "Low"].iter().any(|severity| rule.means(key, severity));
        if is_meant && means {
            request.caller.require(Action::GOVERNANCE_DELETE, &resource)?;
            let key = DocumentKey {
                kind: governance::KEPT,
                scope: assignment.scope.clone(),
                name: assignment.name.clone(),
            };
            state.store.delete_document(&key).await?;
        }
    }
    Ok(())
}

/// The name of the one operation of a rule as it stands: it is done when it is asked for.
fn operation(kept: &KeptDocument) -> Uuid {
    let text = format!("{}/{} {}", kept.scope, kept.name, kept.changed_at);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes())
}

async fn result(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let kept = find(state, request).await?;
    if request.name(1).parse() != Ok(operation(&kept)) {
        return Err(ArmError::ResourceNotFound(request.path.clone()));
    }
    Ok(Json(json!({"status": "Succeeded"})).into_response())
}
