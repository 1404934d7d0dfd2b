//! The tables as the query language reads them.

use crate::tables::{DEFAULT, Reading, TABLES, Table};
use crate::viewer::View;
use jiff::Timestamp;
use kql::{Batch, Catalog, Comparison, Rows, ScanRequest, Source, SourceError, TableSchema, Value};
use serde_json::Value as Json;
use std::sync::Arc;

/// The names of all tables.
pub(crate) struct GraphCatalog;

impl Catalog for GraphCatalog {
    fn table(&self, name: &str) -> Option<TableSchema> {
        Table::find(name).map(Table::schema)
    }

    fn names(&self) -> Vec<Arc<str>> {
        TABLES.iter().map(|table| table.name.into()).collect()
    }

    fn default_table(&self) -> Option<Arc<str>> {
        Some(DEFAULT.into())
    }
}

/// What a query compares, as far as it narrows what is read. What is not understood here narrows nothing; the engine
/// checks every row again.
pub(crate) struct Narrowed<'a>(&'a ScanRequest);

impl Narrowed<'_> {
    /// Whether rows of this type can be of use.
    pub(crate) fn wants_type(&self, kind: &str) -> bool {
        self.0.conditions.iter().filter(|condition| &*condition.need.column == "type").all(|condition| {
            let is_kind = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(kind));
            let compares = matches!(condition.comparison, Comparison::Equal | Comparison::EqualIgnoringCase);
            // Where case counts and the spelling is another, the engine finds no row by itself.
            !compares || condition.values.iter().any(is_kind)
        })
    }

    /// The one text that a column must equal, if there is one.
    pub(crate) fn exactly(&self, column: &str) -> Option<&str> {
        match self.equal_to(column)? {
            [one] => one.as_str(),
            _ => None,
        }
    }

    /// The texts of which a column must equal one; empty if there are none.
    pub(crate) fn any_of(&self, column: &str) -> Vec<String> {
        let values = self.equal_to(column).unwrap_or_default();
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        texts.unwrap_or_default()
    }

    fn equal_to(&self, column: &str) -> Option<&[Value]> {
        let equal = self.0.conditions.iter().find(|condition| {
            &*condition.need.column == column
                && condition.need.path.is_empty()
                && condition.comparison == Comparison::Equal
        });
        equal.map(|condition| condition.values.as_slice())
    }
}

/// The rows that a viewer may see.
pub(crate) struct GraphSource<'v>(pub(crate) &'v View);

impl Source for GraphSource<'_> {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        let table = Table::find(&request.table).ok_or("the query was bound to a table that is not there")?;
        let reading = (table.read)(&Narrowed(request));
        Ok(Box::new(TableRows { view: self.0, request: request.clone(), reading: Some(reading) }))
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
