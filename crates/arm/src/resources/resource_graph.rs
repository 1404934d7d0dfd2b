//! `POST /providers/Microsoft.ResourceGraph/resources`: a query of the Kusto language over all resources.
//!
//! A page is a part of the whole result. The token of the next page is sealed for this caller and this query, and
//! names the answer that is kept for it and how many rows are behind it. When that answer is kept no more, or was made
//! with other rights, the query runs again; the tables are read in the order of their keys, so that a page goes on where
//! the one before ended.

mod body;
mod view;

use super::{Resource, Right, Route};
use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use axum::Json;
use axum::response::{IntoResponse, Response};
use body::{Body, Facet, Options};
use graph::{Answer, GraphError, Occasion, Quota, Settings, Viewer};
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.ResourceGraph/resources",
    routes: &[
        Route {
            method: Method::POST,
            pattern: "/providers/Microsoft.ResourceGraph/resources",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(query(state, request)),
        },
        Route {
            method: Method::POST,
            pattern: "/providers/Microsoft.ResourceGraph/resourcesHistory",
            right: Right::SignedIn,
            handler: |state, request| Box::pin(history(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "/providers/Microsoft.ResourceGraph/operations",
            right: Right::SignedIn,
            handler: |_, _| Box::pin(async { Ok(operations()) }),
        },
    ],
};

/// Longer queries are stopped.
const LONGEST: Duration = Duration::from_secs(30);

/// Where a page begins: in which kept answer, and behind how many rows.
#[derive(Debug, Clone, Copy)]
struct Place {
    answer: u64,
    skip: usize,
}

impl Place {
    fn to_text(self) -> String {
        format!("{} {}", self.answer, self.skip)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (answer, skip) = text.split_once(' ')?;
        Some(Self { answer: answer.parse().ok()?, skip: skip.parse().ok()? })
    }
}

async fn query(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    respond(state, request, Body::read(&request.body)?, None).await
}

/// The same about the past: from the beginning of what is kept until now, where nothing else is said.
async fn history(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let body = Body::read(&request.body)?;
    let interval = body.options.as_ref().and_then(|options| options.interval);
    let (start, end) = interval.map_or((None, None), |interval| (interval.start, interval.end));
    let interval = (start.unwrap_or(Timestamp::MIN), end.unwrap_or_else(|| (state.clock)()));
    respond(state, request, body, Some(interval)).await
}

async fn respond(
    state: &ArmState,
    request: &Request,
    body: Body,
    interval: Option<(Timestamp, Timestamp)>,
) -> Result<Response, ArmError> {
    let subscriptions = body.scope(state)?;
    let options = body.options.as_ref();
    let (top, token) = options
        .map_or((Options::default().top(), None), |options| (options.top(), options.skip_token.as_ref()));
    let belongs_to = [request.subject.as_str(), body.query.as_str()];
    let place = match token {
        Some(token) => {
            let place = state.seal.open(token, &belongs_to);
            place.as_deref().and_then(Place::from_text).ok_or(ArmError::InvalidSkipToken)?
        }
        None => {
            let skip = options.and_then(|options| options.skip).unwrap_or(0);
            Place { answer: Uuid::new_v4().as_u64_pair().0, skip }
        }
    };
    let asked = Asked { state, request, body: &body, subscriptions, place, top, interval };
    let (answer, quota) = asked.answer().await?;
    let page = answer.page(place.skip, top);
    let seen = place.skip.saturating_add(page.len());
    let has_more = seen < answer.total();
    let format = options.and_then(|options| options.format.as_deref());
    let counted = body.facets.iter().flatten().zip(answer.facets());
    let facets: Vec<Value> =
        counted.map(|(facet, counted)| view::facet(&facet.expression, counted)).collect();
    let mut shown = json!({"totalRecords": answer.total(), "count": page.len(), "resultTruncated": "false"});
    if interval.is_some() {
        // Snapshots are a table unless the client asks for something else.
        shown["snapshots"] = view::data(&answer, &page, is_table(request, format.or(Some("table"))));
    } else {
        shown["facets"] = facets.into();
        shown["data"] = view::data(&answer, &page, is_table(request, format));
    }
    let can_go_on = !answer.is_limited && answer.columns.iter().any(|column| column.name == "id");
    if has_more && can_go_on {
        let next = Place { skip: seen, ..place };
        shown["$skipToken"] = state.seal.seal(&next.to_text(), &belongs_to).into();
    } else if has_more {
        // A query with a limit of its own, or without an id among its columns, has no next page.
        shown["resultTruncated"] = "true".into();
    }
    let mut response = Json(shown).into_response();
    add_quota(&mut response, quota);
    response.headers_mut().insert(
        HeaderName::from_static("x-ms-tenant-subscription-limit-hit"),
        HeaderValue::from_static("false"),
    );
    Ok(response)
}

/// A page that is asked for.
struct Asked<'a> {
    state: &'a ArmState,
    request: &'a Request,
    body: &'a Body,
    subscriptions: Option<Vec<String>>,
    place: Place,
    top: usize,
    interval: Option<(Timestamp, Timestamp)>,
}

impl Asked<'_> {
    /// The answer that has the page: the kept one, or a new one, which is kept if there are further pages.
    async fn answer(&self) -> Result<(Arc<Answer>, Quota), ArmError> {
        let desk = &self.state.desk;
        let principal = self.request.caller.principal.id;
        let occasion = self.occasion();
        let kept = desk.find(self.place.answer, &occasion, Instant::now());
        if let Some(answer) = kept.filter(|answer| answer.has_page(self.place.skip, self.top)) {
            return Ok((answer, desk.quota(principal, Instant::now())));
        }
        let begun = Instant::now();
        desk.admit(principal, begun).map_err(ArmError::QuotaSpent)?;
        let viewer = Viewer {
            principal: self.request.caller.principal.clone(),
            assignments: self.request.caller.assignments().to_vec(),
        };
        let settings = Settings {
            tenant: self.state.tenant().to_string(),
            scan_plan: self.state.scan_plan,
            now: (self.state.clock)(),
            deadline: begun + LONGEST,
            subscriptions: self.subscriptions.clone(),
            first: self.place.skip,
            facets: self.body.facets.iter().flatten().map(Facet::wanted).collect(),
            interval: self.interval,
        };
        let ran = graph::run(self.state.store.clone(), viewer, self.body.query.clone(), settings).await;
        let quota = desk.charge(principal, begun.elapsed(), Instant::now());
        let answer = ran.map_err(|error| match error {
            GraphError::Store(error) => ArmError::Store(error),
            GraphError::Query(_) | GraphError::Evaluation(_) => ArmError::Query(Box::new(error)),
        })?;
        let answer = Arc::new(answer);
        if answer.total() > self.place.skip.saturating_add(self.top) {
            desk.keep(self.place.answer, occasion, answer.clone(), Instant::now());
        }
        Ok((answer, quota))
    }

    fn occasion(&self) -> Occasion {
        let facets: Vec<graph::Facet> = self.body.facets.iter().flatten().map(Facet::wanted).collect();
        Occasion {
            principal: self.request.caller.principal.id,
            assignments: self.request.caller.assignments().to_vec(),
            question: json!([self.body.query, self.subscriptions, format!("{:?} {facets:?}", self.interval)])
                .to_string(),
        }
    }
}

/// Says what is left of the caller's quota.
pub(crate) fn add_quota(response: &mut Response, quota: Quota) {
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-ms-user-quota-remaining"), HeaderValue::from(quota.remaining));
    let seconds = crate::error::whole_seconds(quota.resets_after);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if let Ok(time) = HeaderValue::from_str(&time) {
        headers.insert(HeaderName::from_static("x-ms-user-quota-resets-after"), time);
    }
}

/// The form of the rows: as it is asked for; a table by itself only before 2020.
fn is_table(request: &Request, format: Option<&str>) -> bool {
    match format {
        Some(format) => format.eq_ignore_ascii_case("table"),
        None => request.query("api-version").is_some_and(|version| version < "2020-04-01"),
    }
}

/// What this provider can be asked to do.
fn operations() -> Response {
    let operation = |name: &str, resource: &str, operation: &str, description: &str| {
        json!({
            "name": name,
            "display": {
                "provider": "Microsoft Resource Graph",
                "resource": resource,
                "operation": operation,
                "description": description,
            },
        })
    };
    Json(json!({"value": [
        operation(
            "Microsoft.ResourceGraph/resources/read",
            "Resources",
            "Query resources",
            "Submits a query on resources within the specified scope",
        ),
        operation(
            "Microsoft.ResourceGraph/operations/read",
            "Operation",
            "Get operations",
            "Gets the list of supported operations",
        ),
    ]}))
    .into_response()
}
