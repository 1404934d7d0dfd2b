//! `POST /providers/Microsoft.ResourceGraph/resources`: a query of the Kusto language over all resources.
//!
//! A page is a part of the whole result. The token of the next page is sealed for this caller and this query, and
//! holds how many rows are behind it; the tables are read in the order of their keys, so that a page goes on where the
//! one before ended.

use super::{Resource, Right, Route};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::{Answer, GraphError, Settings, Viewer};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ResourceGraph/resources",
    routes: &[Route {
        method: Method::POST,
        pattern: "/providers/Microsoft.ResourceGraph/resources",
        right: Right::SignedIn,
        handler: |state, request| Box::pin(query(state, request)),
    }],
};

/// Longer queries are stopped.
const LONGEST: Duration = Duration::from_secs(30);
const DEFAULT_PAGE: usize = 100;
const LONGEST_PAGE: usize = 1000;
const DEFAULT_FACET: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    query: String,
    #[serde(default)]
    subscriptions: Option<Vec<String>>,
    #[serde(default)]
    management_groups: Option<Vec<String>>,
    #[serde(default)]
    options: Option<Options>,
    #[serde(default)]
    facets: Option<Vec<Facet>>,
}

#[derive(Default, Deserialize)]
struct Options {
    #[serde(default, rename = "$top")]
    top: Option<usize>,
    #[serde(default, rename = "$skip")]
    skip: Option<usize>,
    #[serde(default, rename = "$skipToken")]
    skip_token: Option<String>,
    #[serde(default, rename = "resultFormat")]
    format: Option<String>,
}

#[derive(Deserialize)]
struct Facet {
    expression: String,
    #[serde(default)]
    options: Option<FacetOptions>,
}

#[derive(Default, Deserialize)]
struct FacetOptions {
    #[serde(default, rename = "sortBy")]
    sort_by: Option<String>,
    #[serde(default, rename = "sortOrder")]
    sort_order: Option<String>,
    #[serde(default, rename = "$top")]
    top: Option<usize>,
}

async fn query(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"query\": \"...\"}} with optional subscriptions and options: {error}."
        ))
    })?;
    let subscriptions = scope(state, &body)?;
    let options = body.options.unwrap_or_default();
    let belongs_to = [request.subject.as_str(), body.query.as_str()];
    let skip = match &options.skip_token {
        Some(token) => state
            .seal
            .open(token, &belongs_to)
            .and_then(|place| place.parse().ok())
            .ok_or(ArmError::InvalidSkipToken)?,
        None => options.skip.unwrap_or(0),
    };
    let settings = Settings {
        tenant: state.tenant().to_string(),
        scan_plan: state.scan_plan,
        now: (state.clock)(),
        deadline: Instant::now() + LONGEST,
        subscriptions,
    };
    let viewer = Viewer {
        principal: request.caller.principal.clone(),
        assignments: request.caller.assignments().to_vec(),
    };
    let answer = graph::run(state.store.clone(), viewer, body.query.clone(), settings).await;
    let answer = answer.map_err(|error| match error {
        GraphError::Store(error) => ArmError::Store(error),
        GraphError::Query(_) | GraphError::Evaluation(_) => ArmError::Query(Box::new(error)),
    })?;
    let top = options.top.unwrap_or(DEFAULT_PAGE).clamp(1, LONGEST_PAGE);
    let total = answer.total();
    let page = answer.page(skip, top);
    let has_more = skip.saturating_add(page.len()) < total;
    let mut view = json!({
        "totalRecords": total,
        "count": page.len(),
        "resultTruncated": "false",
        "facets": facets(&answer, body.facets.as_deref().unwrap_or_default()),
        "data": data(&answer, &page, is_table(request, options.format.as_deref())),
    });
    let can_go_on = !answer.is_limited && answer.columns.iter().any(|column| column.name == "id");
    if has_more && can_go_on {
        let place = skip.saturating_add(page.len()).to_string();
        view["$skipToken"] = state.seal.seal(&place, &belongs_to).into();
    } else if has_more {
        // A query with a limit of its own, or without an id among its columns, has no next page.
        view["resultTruncated"] = "true".into();
    }
    Ok(Json(view).into_response())
}

/// The subscriptions that are asked for; all, where none are named.
fn scope(state: &ArmState, body: &Body) -> Result<Option<Vec<String>>, ArmError> {
    match (&body.subscriptions, &body.management_groups) {
        (Some(_), Some(groups)) if !groups.is_empty() => {
            Err(ArmError::Invalid("Name subscriptions or managementGroups, not both.".into()))
        }
        (_, Some(groups)) if !groups.is_empty() => {
            let tenant = state.tenant().to_string();
            match groups.iter().find(|group| !group.eq_ignore_ascii_case(&tenant)) {
                Some(unknown) => Err(ArmError::ResourceNotFound(unknown.clone())),
                None => Ok(None),
            }
        }
        (subscriptions, _) => Ok(subscriptions.clone().filter(|all| !all.is_empty())),
    }
}

/// The form of the rows: as it is asked for; a table by itself only before 2020.
fn is_table(request: &Request, format: Option<&str>) -> bool {
    match format {
        Some(format) => format.eq_ignore_ascii_case("table"),
        None => request.query("api-version").is_some_and(|version| version < "2020-04-01"),
    }
}

fn data(answer: &Answer, rows: &[Vec<Value>], is_table: bool) -> Value {
    if is_table {
        let columns: Vec<Value> =
            answer.columns.iter().map(|column| json!({"name": column.name, "type": column.kind})).collect();
        return json!({"columns": columns, "rows": rows});
    }
    let object = |row: &Vec<Value>| {
        let entries =
            answer.columns.iter().zip(row).map(|(column, value)| (column.name.clone(), value.clone()));
        Value::Object(entries.collect::<Map<String, Value>>())
    };
    Value::Array(rows.iter().map(object).collect())
}

/// How often each value of a column stands in the whole result.
fn facets(answer: &Answer, wanted: &[Facet]) -> Vec<Value> {
    wanted.iter().map(|facet| one_facet(answer, facet)).collect()
}

fn one_facet(answer: &Answer, facet: &Facet) -> Value {
    // A path such as properties.state is a column of that name with underscores.
    let name = facet.expression.replace('.', "_");
    let Some(at) = answer.columns.iter().position(|column| column.name == name) else {
        return json!({
            "expression": facet.expression,
            "resultType": "FacetError",
            "errors": [{"code": "InvalidColumnNames", "message": format!("Invalid column names: [{}].", facet.expression)}],
        });
    };
    let mut counts: BTreeMap<String, (Value, usize)> = BTreeMap::new();
    for value in answer.column(at) {
        counts.entry(value.to_string()).or_insert_with(|| (value.clone(), 0)).1 += 1;
    }
    let mut counts: Vec<(Value, usize)> = counts.into_values().collect();
    let total = counts.len();
    let options = facet.options.as_ref();
    let is =
        |option: Option<&String>, word: &str| option.is_some_and(|given| given.eq_ignore_ascii_case(word));
    let by_count =
        options.is_none_or(|options| options.sort_by.is_none() || is(options.sort_by.as_ref(), "count"));
    if by_count {
        counts.sort_by_key(|(_, count)| *count);
    }
    if !options.is_some_and(|options| is(options.sort_order.as_ref(), "asc")) {
        counts.reverse();
    }
    let top = options.and_then(|options| options.top).unwrap_or(DEFAULT_FACET).clamp(1, LONGEST_PAGE);
    let data: Vec<Value> = counts
        .into_iter()
        .take(top)
        .map(|(value, count)| {
            let mut row = Map::new();
            row.insert(name.clone(), value);
            row.insert("count".into(), count.into());
            Value::Object(row)
        })
        .collect();
    json!({
        "expression": facet.expression,
        "resultType": "FacetResult",
        "totalRecords": total,
        "count": data.len(),
        "data": data,
    })
}
