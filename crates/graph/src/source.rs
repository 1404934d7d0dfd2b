//! The tables as the query language reads them.

use crate::tables::{DEFAULT, PAST, Reading, TABLES, Table, past_name};
use crate::viewer::View;
use jiff::Timestamp;
use kql::{Batch, Catalog, Rows, ScanRequest, Source, SourceError, TableSchema, Value};
use serde_json::Value as Json;
use std::sync::Arc;

/// The names of all tables.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GraphCatalog {
    /// Whether `Resources` and `SecurityResources` are those of the past.
    pub(crate) is_past: bool,
}

impl Catalog for GraphCatalog {
    fn table(&self, name: &str) -> Option<TableSchema> {
        let name = if self.is_past { past_name(name) } else { name };
        Table::find(name).map(Table::schema)
    }

    fn names(&self) -> Vec<Arc<str>> {
        // A search over all tables reads those that have rows.
        TABLES.iter().map(|table| table.name.into()).collect()
    }

    fn stem(&self, table: &str) -> Option<Arc<str>> {
        Table::find(table).and_then(|table| table.stem).map(Arc::from)
    }

    fn default_table(&self) -> Option<Arc<str>> {
        Some(if self.is_past { PAST } else { DEFAULT }.into())
    }
}

/// The rows that a viewer may see.
pub(crate) struct GraphSource<'v>(pub(crate) &'v View);

impl Source for GraphSource<'_> {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        let table = Table::find(&request.table).ok_or("the query was bound to a table that is not there")?;
        let reading = (table.read)(self.0, request);
        Ok(Box::new(TableRows { view: self.0, request: request.clone(), reading: Some(reading) }))
    }

    fn folds(&self, request: &ScanRequest) -> bool {
        Table::find(&request.table).is_some_and(|table| (table.folds)(self.0, request))
    }
}

struct TableRows<'v> {
    view: &'v View,
    request: ScanRequest,
    /// None at the end.
    reading: Option<Box<dyn Reading>>,
}

impl Rows for TableRows<'_> {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let pulled = reading.pull(self.view, &self.request)?;
        if pulled.is_last {
            self.reading = None;
        }
        Ok(Some(pulled.batch))
    }
}

/// A text, or none: the language has no null among texts.
pub(crate) fn text_or_null(text: Option<&str>) -> Value {
    Value::text(text.unwrap_or_default())
}

/// Ticks of 100 ns from the year 1 to 1970.
const UNIX_EPOCH: i64 = 621_355_968_000_000_000;

/// A moment.
pub(crate) fn datetime(at: Option<Timestamp>) -> Value {
    let ticks = at.and_then(|at| i64::try_from(at.as_nanosecond() / 100).ok());
    ticks.map_or(Value::Null, |ticks| Value::Datetime(UNIX_EPOCH.saturating_add(ticks)))
}

/// A value of JSON.
pub(crate) fn json_value(json: &Json) -> Value {
    Value::from(json.clone())
}
