//! A query from its text to its rows.

use crate::source::{GraphCatalog, GraphSource};
use crate::viewer::{Surroundings, View, Viewer};
use jiff::Timestamp;
use kql::{Diagnostic, Environment, EvaluationError, Kind, Limits};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use store::Store;

/// What is the same for all queries of an installation, and what this one asks for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The tenant's id.
    pub tenant: String,
    /// The plan that decides whether pushes are scanned.
    pub scan_plan: &'static str,
    /// The present, for `now()` and `ago()`.
    pub now: Timestamp,
    /// When the query is stopped.
    pub deadline: Instant,
    /// Only these subscriptions; all that the viewer may see, where none are named.
    pub subscriptions: Option<Vec<String>>,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// Its name.
    pub name: String,
    /// Its kind, in Resource Graph's words: string, integer, number, boolean, object, datetime.
    pub kind: &'static str,
}

/// The rows of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// Whether the query itself says how many rows it wants; its answer is then not paged.
    pub is_limited: bool,
    rows: kql::Answer,
}

impl Answer {
    /// How many rows there are.
    pub fn total(&self) -> usize {
        self.rows.len()
    }

    /// Some of the rows, each with a value for each column. Rows are put into JSON only here: a page is small.
    pub fn page(&self, skip: usize, top: usize) -> Vec<Vec<Value>> {
        self.rows
            .rows()
            .skip(skip)
            .take(top)
            .map(|row| row.iter().map(kql::Value::to_json).collect())
            .collect()
    }

    /// The values of one column, from the first row to the last; empty if there is no such column.
    pub fn column(&self, at: usize) -> impl Iterator<Item = Value> + '_ {
        self.rows.rows().filter_map(move |row| row.get(at)).map(kql::Value::to_json)
    }
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// It is wrong; each fault says where.
    #[error("{}", .0.first().map_or_else(|| "The query is wrong.".to_owned(), ToString::to_string))]
    Query(Vec<Diagnostic>),
    /// It was stopped, or needs more than it may have.
    #[error(transparent)]
    Evaluation(EvaluationError),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Runs a query over what a viewer may see.
///
/// # Errors
/// When the query is wrong, needs more than it may have, or when the records fail.
pub async fn run(
    store: Arc<dyn Store>,
    viewer: Viewer,
    text: String,
    settings: Settings,
) -> Result<Answer, GraphError> {
    let Settings { tenant, scan_plan, now, deadline, subscriptions } = settings;
    let surroundings = Surroundings { store, tenant, scan_plan, now };
    let view = View::of(surroundings, &viewer, subscriptions.as_deref()).await?;
    let stop = Arc::new(AtomicBool::new(false));
    // When the client leaves, this future is dropped, and with it the guard.
    let _guard = StopWhenDropped(stop.clone());
    let work =
        move || answer(&view, &text, now, &|| stop.load(Ordering::Relaxed) || Instant::now() >= deadline);
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        // The thread is gone: the query panicked, or the server is ending.
        Err(_) => Err(GraphError::Evaluation(EvaluationError::Interrupted)),
    }
}

struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn answer(
    view: &View,
    text: &str,
    now: Timestamp,
    interrupt: &dyn Fn() -> bool,
) -> Result<Answer, GraphError> {
    let query = kql::compile(text, &GraphCatalog, &limits()).map_err(GraphError::Query)?;
    // Chance begins where the moment says, so that the same page of one moment is the same.
    let seed = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let environment = Environment { now_unix_nanoseconds: now.as_nanosecond(), seed, interrupt };
    let rows = query.run(&GraphCatalog, &GraphSource(view), &environment).map_err(|error| {
        // What could be bound only after a part of the query had run is wrong in the same way.
        if let EvaluationError::Query(faults) = error {
            GraphError::Query(faults)
        } else {
            GraphError::Evaluation(error)
        }
    })?;
    let columns = rows
        .columns
        .iter()
        .map(|column| AnswerColumn { name: column.name.to_string(), kind: word(column.kind) });
    Ok(Answer { columns: columns.collect(), is_limited: query.is_limited(), rows })
}

/// What one query may use: enough for the findings of a large registry, and little enough for some at a time.
fn limits() -> Limits {
    Limits { rows_scanned: 20_000_000, memory_bytes: 256 << 20, ..Limits::default() }
}

/// The kind of a column in Resource Graph's words.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Int | Kind::Long => "integer",
        Kind::Real | Kind::Decimal => "number",
        Kind::Datetime => "datetime",
        Kind::Dynamic => "object",
        Kind::String | Kind::Timespan | Kind::Guid => "string",
    }
}
