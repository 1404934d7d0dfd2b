//! A query from its text to its rows.

use crate::documents::sub_assessment::Form;
use crate::facets::{Counting, Facet, FacetFault, Faceted};
use crate::source::{GraphCatalog, GraphSource};
use crate::viewer::{Surroundings, View, Viewer};
use jiff::Timestamp;
use kql::{Batch, Diagnostic, Environment, EvaluationError, Kind, Limits};
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
    /// The first row that is wanted. Rows before it are counted and not kept.
    pub first: usize,
    /// What is counted over the whole result.
    pub facets: Vec<Facet>,
    /// For a query about the past, from when to when.
    pub interval: Option<(Timestamp, Timestamp)>,
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
///
/// Of a large result a part is kept, from the first row that was wanted on; all of it is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<AnswerColumn>,
    /// Whether the query itself says how many rows it wants; its answer is then not paged.
    pub is_limited: bool,
    first: usize,
    total: usize,
    bytes: usize,
    batches: Vec<Batch>,
    facets: Vec<Result<Faceted, FacetFault>>,
}

impl Answer {
    /// How many rows the result has.
    pub fn total(&self) -> usize {
        self.total
    }

    /// An answer without rows that is said to hold so many bytes.
    #[cfg(test)]
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self {
            columns: Vec::new(),
            is_limited: false,
            first: 0,
            total: 0,
            bytes,
            batches: Vec::new(),
            facets: Vec::new(),
        }
    }

    /// About how many bytes it keeps alive.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether all rows of a page are kept, so that the query need not run again for it.
    pub fn has_page(&self, skip: usize, top: usize) -> bool {
        let end = skip.saturating_add(top).min(self.total);
        let kept: usize = self.batches.iter().map(Batch::len).sum();
        skip >= self.first && end <= self.first.saturating_add(kept)
    }

    /// Some of the rows, each with a value for each column. Rows are put into JSON only here: a page is small.
    pub fn page(&self, skip: usize, top: usize) -> Vec<Vec<Value>> {
        let mut skip = skip.saturating_sub(self.first);
        let mut rows = Vec::new();
        for batch in &self.batches {
            if skip >= batch.len() {
                skip -= batch.len();
                continue;
            }
            for at in skip..batch.len() {
                if rows.len() >= top {
                    return rows;
                }
                rows.push(batch.row(at).iter().map(kql::Value::to_json).collect());
            }
            skip = 0;
        }
        rows
    }

    /// What was counted, in the order in which it was asked for.
    pub fn facets(&self) -> &[Result<Faceted, FacetFault>] {
        &self.facets
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
    let Settings { tenant, scan_plan, now, deadline, subscriptions, first, facets, interval } = settings;
    let surroundings = Surroundings { store, tenant, scan_plan, now };
    let mut view = View::of(surroundings, &viewer, subscriptions.as_deref()).await?;
    view.interval = interval;
    let stop = Arc::new(AtomicBool::new(false));
    // When the client leaves, this future is dropped, and with it the guard.
    let _guard = StopWhenDropped(stop.clone());
    let work = move || {
        let interrupt = || stop.load(Ordering::Relaxed) || Instant::now() >= deadline;
        answer(view, &text, Gathering::new(first), &facets, &interrupt)
    };
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

/// Bytes of rows that are kept of one result.
const KEPT_BYTES: usize = 64 << 20;

/// Gathers the rows of a result.
struct Gathering {
    first: usize,
    total: usize,
    bytes: usize,
    is_full: bool,
    batches: Vec<Batch>,
}

impl Gathering {
    fn new(first: usize) -> Self {
        Self { first, total: 0, bytes: 0, is_full: false, batches: Vec::new() }
    }

    fn add(&mut self, batch: Batch) {
        let before = self.total;
        self.total += batch.len();
        if self.is_full || self.total <= self.first {
            return;
        }
        let skipped = self.first.saturating_sub(before);
        let batch = if skipped == 0 {
            batch
        } else {
            let mut rest = Batch::new(batch.width());
            (skipped..batch.len()).for_each(|at| rest.push(batch.row(at).iter().cloned()));
            rest
        };
        self.bytes += batch.rows().flatten().map(kql::Value::bytes).sum::<usize>();
        self.batches.push(batch);
        self.is_full = self.bytes >= KEPT_BYTES;
    }
}

fn answer(
    mut view: View,
    text: &str,
    mut gathering: Gathering,
    facets: &[Facet],
    interrupt: &dyn Fn() -> bool,
) -> Result<Answer, GraphError> {
    let catalog = GraphCatalog { is_past: view.interval.is_some() };
    let query = kql::compile(text, &catalog, &limits()).map_err(GraphError::Query)?;
    view.named_forms = Form::ALL.into_iter().filter(|form| query.mentions(form.key())).collect();
    // Chance begins where the moment says, so that the same page of one moment is the same.
    let seed = u64::try_from(view.now.as_millisecond()).unwrap_or(0);
    let environment = Environment { now_unix_nanoseconds: view.now.as_nanosecond(), seed, interrupt };
    let mut counting: Option<Counting> = None;
    let each = |columns: &[kql::Column], batch: Batch| {
        if !facets.is_empty() {
            let counting = counting.get_or_insert_with(|| Counting::new(facets, columns));
            counting.add(&batch, &environment);
        }
        gathering.add(batch);
        true
    };
    let streamed = query.stream(&catalog, &GraphSource(&view), &environment, each);
    let (columns, _) = streamed.map_err(|error| {
        // What could be bound only after a part of the query had run is wrong in the same way.
        if let EvaluationError::Query(faults) = error {
            GraphError::Query(faults)
        } else {
            GraphError::Evaluation(error)
        }
    })?;
    let counting = counting.unwrap_or_else(|| Counting::new(facets, &columns));
    let named = columns
        .iter()
        .map(|column| AnswerColumn { name: column.name.to_string(), kind: word(column.kind) })
        .collect();
    Ok(Answer {
        columns: named,
        is_limited: query.is_limited(),
        first: gathering.first,
        total: gathering.total,
        bytes: gathering.bytes,
        batches: gathering.batches,
        facets: counting.finish(&environment),
    })
}

/// What one query may use: enough for the findings of a large registry, and little enough for some at a time.
fn limits() -> Limits {
    Limits { rows_scanned: 20_000_000, memory_bytes: 384 << 20, ..Limits::default() }
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
