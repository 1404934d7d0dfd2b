//! The audit log: `/api/audit`, as a page of JSON, or all of it as NDJSON or CSV.
//!
//! It tells of all that is asked for in the installation, so that it is shown only to those who may read it in every
//! subscription.

use super::error::{ApiError, Parameters};
use super::view::Page;
use super::{ApiState, Caller, Route};
use access::{Action, ResourceId};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{AuditEntry, AuditFilter, PageRequest, Store};

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/api/audit",
    action: Some(Action::AUDIT_READ),
    handler: || get(list),
};

const LONGEST_PAGE: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    actor: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    resource: Option<String>,
    failures: Option<bool>,
    after: Option<i64>,
    limit: Option<usize>,
    format: Option<String>,
}

/// Something that somebody asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// Its place in the log.
    pub sequence: i64,
    /// When it was answered.
    pub at: Timestamp,
    /// Who asked; nobody where none signed in.
    pub actor: Option<String>,
    /// Their id.
    pub actor_id: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// Which face was asked.
    pub face: String,
    /// The method.
    pub method: String,
    /// What it was about.
    pub resource: String,
    /// The status of the answer.
    pub status: u16,
    /// The id of the request.
    pub request: String,
    /// The program that asked.
    pub agent: Option<String>,
    /// What else there is to say.
    pub detail: Option<String>,
}

impl From<AuditEntry> for AuditView {
    fn from(AuditEntry { sequence, entry }: AuditEntry) -> Self {
        Self {
            sequence,
            at: entry.at,
            actor: entry.actor,
            actor_id: entry.actor_id,
            address: entry.address,
            face: entry.face,
            method: entry.method,
            resource: entry.resource,
            status: entry.status,
            request: entry.request,
            agent: entry.agent,
            detail: entry.detail,
        }
    }
}

async fn list(
    caller: Caller,
    State(state): State<ApiState>,
    Parameters(query): Parameters<AuditQuery>,
) -> Result<Response, ApiError> {
    require_everywhere(&caller, &state).await?;
    let filter = AuditFilter {
        actor: query.actor,
        since: query.since,
        until: query.until,
        resource: query.resource,
        only_failures: query.failures.unwrap_or(false),
    };
    let (line, content_type): (Line, _) = match query.format.as_deref() {
        None | Some("json") => {
            let limit = query.limit.unwrap_or(100).min(LONGEST_PAGE);
            let page = state.store.audit(&filter, PageRequest { after: query.after, limit }).await?;
            let value = page.items.into_iter().map(AuditView::from).collect();
            let next = page.next.map(|next| next.to_string());
            return Ok(Json(Page { value, next }).into_response());
        }
        Some("ndjson") => (ndjson, "application/x-ndjson"),
        Some("csv") => (csv, "text/csv; charset=utf-8"),
        Some(other) => {
            return Err(ApiError::Invalid(format!("`{other}` is no format; there are json, ndjson and csv")));
        }
    };
    let head = if content_type.starts_with("text/csv") { HEAD } else { "" };
    let body = Body::from_stream(export(state.store.clone(), filter, query.after, line, head));
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

/// # Errors
/// When there is a subscription in which the caller may not read the log.
pub(super) async fn require_everywhere(caller: &Caller, state: &ApiState) -> Result<(), ApiError> {
    let subscriptions = state.store.subscriptions().await?;
    let may = subscriptions.iter().all(|subscription| {
        ResourceId::subscription_scope(&subscription.id.to_string())
            .is_ok_and(|scope| caller.may(Action::AUDIT_READ, &scope))
    });
    if may && !subscriptions.is_empty() { Ok(()) } else { Err(caller.refusal(Action::AUDIT_READ)) }
}

/// Writes an entry as one line.
type Line = fn(&AuditView) -> String;

const HEAD: &str = "sequence,at,actor,actorId,address,face,method,resource,status,request,agent,detail\r\n";

/// The whole log from a place on, page by page, so that its length does not matter.
fn export(
    store: Arc<dyn Store>,
    filter: AuditFilter,
    after: Option<i64>,
    line: Line,
    head: &'static str,
) -> impl stream::Stream<Item = Result<String, store::Error>> {
    stream::try_unfold((Some(after), head), move |(place, head)| {
        let (store, filter) = (store.clone(), filter.clone());
        async move {
            let Some(after) = place else { return Ok(None) };
            let page = store.audit(&filter, PageRequest { after, limit: LONGEST_PAGE }).await?;
            let mut text = head.to_owned();
            for entry in page.items {
                text.push_str(&line(&AuditView::from(entry)));
            }
            Ok(Some((text, (page.next.map(Some), ""))))
        }
    })
}

fn ndjson(view: &AuditView) -> String {
    serde_json::to_string(view).map(|line| line + "\n").unwrap_or_default()
}

fn csv(view: &AuditView) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let fields = [
        view.sequence.to_string(),
        view.at.to_string(),
        text(&view.actor),
        text(&view.actor_id),
        text(&view.address),
        view.face.clone(),
        view.method.clone(),
        view.resource.clone(),
        view.status.to_string(),
        view.request.clone(),
        text(&view.agent),
        text(&view.detail),
    ];
    fields.map(|field| cell(&field)).join(",") + "\r\n"
}

/// A cell that no spreadsheet takes for a formula (attack B12), in quotes where it needs them.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula() {
        assert_eq!(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
        assert_eq!(cell("alice"), "alice");
        assert_eq!(cell("@x"), "'@x");
    }
}
