//! `Microsoft.ResourceGraph/queries`: queries that somebody has given a name, in a resource group.

use super::{Resource, Right, Route};
use crate::dispatch::{Request, empty};
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{PageRequest, SavedQuery, SavedQueryKey};
use uuid::Uuid;

const NAMED: &str =
    "/subscriptions/{id}/resourcegroups/{group}/providers/Microsoft.ResourceGraph/queries/{name}";

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ResourceGraph/queries",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.ResourceGraph/queries",
            right: Right::At(Action::SAVED_QUERY_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: NAMED,
            right: Right::On(Action::SAVED_QUERY_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: NAMED,
            right: Right::On(Action::SAVED_QUERY_WRITE),
            handler: |state, request| Box::pin(put(state, request)),
        },
        Route {
            method: Method::PATCH,
            pattern: NAMED,
            right: Right::On(Action::SAVED_QUERY_WRITE),
            handler: |state, request| Box::pin(patch(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: NAMED,
            right: Right::On(Action::SAVED_QUERY_DELETE),
            handler: |state, request| Box::pin(delete(state, request)),
        },
    ],
};

/// Queries of a page.
const PAGE: usize = 100;

/// Characters of a name, as Azure allows them.
const LONGEST_NAME: usize = 260;

/// Bytes of a query: no longer one could be run.
const LONGEST_QUERY: usize = 256 << 10;

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    tags: Option<BTreeMap<String, String>>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
struct Properties {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    query: Option<String>,
}

impl Body {
    fn read(bytes: &[u8]) -> Result<Self, ArmError> {
        let body: Self = serde_json::from_slice(bytes).map_err(|error| {
            ArmError::Invalid(format!(
                "The body must be {{\"properties\": {{\"query\": \"...\", \"description\": \"...\"}}}}: {error}."
            ))
        })?;
        if body.properties.query.as_ref().is_some_and(|query| query.len() > LONGEST_QUERY) {
            return Err(ArmError::Invalid(format!("A query has at most {LONGEST_QUERY} bytes.")));
        }
        Ok(body)
    }
}

/// The resource group, as it was named.
fn scope(request: &Request) -> String {
    format!("/subscriptions/{}/resourceGroups/{}", request.name(0), request.name(1))
}

fn view(query: &SavedQuery) -> Value {
    // It changes whenever the query does.
    let etag = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{query:?}").as_bytes());
    json!({
        "id": format!("{}/providers/microsoft.resourcegraph/queries/{}", query.scope, query.name),
        "name": query.name,
        "type": "microsoft.resourcegraph/queries",
        "location": "global",
        "tags": query.tags,
        "etag": etag.to_string(),
        "properties": {
            "timeModified": query.modified_at.to_string(),
            "resultKind": "basic",
            "description": query.description,
            "query": query.query,
        },
    })
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let after: Option<SavedQueryKey> = page::place(state, request)?;
    let wanted = PageRequest { after, limit: PAGE };
    let found = state.store.saved_queries(request.scope.as_str(), wanted).await?;
    let value = found.items.iter().map(view).collect();
    Ok(page::answer(state, request, value, found.next.as_ref()))
}

async fn find(state: &ArmState, request: &Request) -> Result<SavedQuery, ArmError> {
    let name = request.name(2);
    let found = state.store.saved_query(&scope(request), name).await?;
    found.ok_or_else(|| ArmError::ResourceNotFound(name.to_owned()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    Ok(Json(view(&find(state, request).await?)).into_response())
}

async fn put(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = Body::read(&request.body)?;
    let name = request.name(2);
    let is_allowed = |letter: char| letter.is_alphanumeric() || "-_. ()".contains(letter);
    if name.chars().count() > LONGEST_NAME || !name.chars().all(is_allowed) {
        return Err(ArmError::Invalid(format!(
            "A name has at most {LONGEST_NAME} letters, digits and signs of `-_. ()`."
        )));
    }
    let Some(query) = body.properties.query.filter(|query| !query.trim().is_empty()) else {
        return Err(ArmError::Invalid("`properties.query` is missing: it is the text of the query.".into()));
    };
    // What is no resource id could never be found again.
    ResourceId::parse(&scope(request))?;
    check_group(state, request).await?;
    let saved = SavedQuery {
        scope: scope(request),
        name: name.to_owned(),
        query,
        description: body.properties.description.unwrap_or_default(),
        tags: body.tags.unwrap_or_default(),
        modified_at: (state.clock)(),
    };
    let is_new = state.store.put_saved_query(saved.clone()).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(view(&saved))).into_response())
}

/// A query stands in a group that is there.
async fn check_group(state: &ArmState, request: &Request) -> Result<(), ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    registries::resource_group(state, &subscription, request.name(1)).await?;
    Ok(())
}

async fn patch(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = Body::read(&request.body)?;
    let mut saved = find(state, request).await?;
    if let Some(query) = body.properties.query {
        saved.query = query;
    }
    if let Some(description) = body.properties.description {
        saved.description = description;
    }
    if let Some(tags) = body.tags {
        saved.tags = tags;
    }
    saved.modified_at = (state.clock)();
    state.store.put_saved_query(saved.clone()).await?;
    Ok(Json(view(&saved)).into_response())
}

async fn delete(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let was_there = state.store.delete_saved_query(&scope(request), request.name(2)).await?;
    Ok(empty(if was_there { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}
