//! Facets: how often each value of a column, or of an expression over columns, stands in the whole result of a query.
//!
//! A facet is itself a query over the result: `where FILTER | summarize count() by EXPRESSION | order by ...`. So it is
//! run as one, over each batch as it comes, and over what was counted in the end.

use kql::{
    Batch, Catalog, Column, Diagnostic, Environment, EvaluationError, Kind, Limits, Need, Query, Rows,
    ScanRequest, Source, SourceError, TableSchema, Value as Cell,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Different values that are counted of one facet. Where there are more, it has no answer.
const MOST_VALUES: usize = 10_000;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// A column or an expression, or several with commas between them. A path such as `properties.state` is the column of
    /// that name with underscores, where the result has one.
    pub expression: String,
    /// Only rows for which this holds.
    pub filter: Option<String>,
    /// An expression over what was counted; the counts, where there is none.
    pub sort_by: Option<String>,
    /// Whether the smallest comes first.
    pub is_ascending: bool,
    /// Values that are given, at most.
    pub top: usize,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq)]
pub struct Faceted {
    /// How many different values there are.
    pub total: usize,
    /// Names of the values; the count comes behind them.
    pub columns: Vec<String>,
    /// The values that are given, each with its count.
    pub rows: Vec<Vec<Value>>,
}

/// Why a facet has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FacetFault {
    /// What is counted is no column and no expression over columns.
    #[error("{}", .0.first().map_or_else(|| "The expression is wrong.".to_owned(), ToString::to_string))]
    Expression(Vec<Diagnostic>),
    /// The condition or the order is wrong.
    #[error("{}", .0.first().map_or_else(|| "The option is wrong.".to_owned(), ToString::to_string))]
    Option(Vec<Diagnostic>),
    /// There are too many different values.
    #[error("There are more than {MOST_VALUES} different values; filter or summarize in the query.")]
    TooMany,
    /// It was stopped, or needs more than it may have.
    #[error("{0}")]
    Stopped(String),
}

/// Counts facets over the batches of a result.
pub(crate) struct Counting {
    facets: Vec<Counted>,
}

struct Counted {
    facet: Facet,
    /// The query of each batch, and the columns of what it gives.
    prepared: Result<(Query, Vec<Column>), FacetFault>,
    table: OneTable,
    /// By the text of the values.
    counts: BTreeMap<String, (Vec<Cell>, i64)>,
}

impl Counting {
    /// Facets of a result with these columns.
    pub(crate) fn new(facets: &[Facet], columns: &[Column]) -> Self {
        let table = OneTable::new(columns);
        let counted = |facet: &Facet| Counted {
            facet: facet.clone(),
            prepared: prepare(facet, &table),
            table: table.clone(),
            counts: BTreeMap::new(),
        };
        Self { facets: facets.iter().map(counted).collect() }
    }

    /// Counts the rows of a batch.
    pub(crate) fn add(&mut self, batch: &Batch, environment: &Environment<'_>) {
        for counted in &mut self.facets {
            if let Err(fault) = counted.add(batch, environment) {
                counted.prepared = Err(fault);
            }
        }
    }

    /// What was counted, in the order of the facets.
    pub(crate) fn finish(self, environment: &Environment<'_>) -> Vec<Result<Faceted, FacetFault>> {
        self.facets.into_iter().map(|counted| counted.finish(environment)).collect()
    }
}

/// The query that gives the values of each row.
fn prepare(facet: &Facet, table: &OneTable) -> Result<(Query, Vec<Column>), FacetFault> {
    let key = |part: &str| {
        let name = part.replace('.', "_");
        let has_column = table.schema.columns.iter().any(|column| *column.name == name);
        if has_column { format!("['{name}']") } else { part.to_owned() }
    };
    let keys: Vec<String> = parts(&facet.expression).iter().map(|part| key(part)).collect();
    let keys = format!("\n| project {}", keys.join(", "));
    let compile = |text: &str| kql::compile(text, table, &Limits::default());
    let columns_of = |query: &Query| query.columns().unwrap_or_default().to_vec();
    let bare = compile(&format!("{ROWS}{keys}")).map_err(FacetFault::Expression)?;
    let Some(filter) = facet.filter.as_ref().filter(|filter| !filter.trim().is_empty()) else {
        let columns = columns_of(&bare);
        return Ok((bare, columns));
    };
    let query = compile(&format!("{ROWS}\n| where {filter}{keys}")).map_err(FacetFault::Option)?;
    let columns = columns_of(&query);
    Ok((query, columns))
}

/// The parts of a list: what commas part that stand in no parentheses and no text.
fn parts(list: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    for (at, letter) in list.char_indices() {
        match (letter, quote) {
            (_, Some(end)) => quote = (letter != end).then_some(end),
            ('\'' | '"', None) => quote = Some(letter),
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                found.push(list.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(list.get(start..).unwrap_or_default().trim());
    found
}

impl Counted {
    fn add(&mut self, batch: &Batch, environment: &Environment<'_>) -> Result<(), FacetFault> {
        let Ok((query, _)) = &self.prepared else { return Ok(()) };
        let answer =
            query.run(&self.table, &OneBatch::new(&self.table, batch), environment).map_err(stopped)?;
        for row in answer.rows() {
            let key: String = row.iter().map(|value| format!("{}\n", value.to_json())).collect();
            if let Some((_, count)) = self.counts.get_mut(&key) {
                *count += 1;
                continue;
            }
            if self.counts.len() >= MOST_VALUES {
                return Err(FacetFault::TooMany);
            }
            self.counts.insert(key, (row.to_vec(), 1));
        }
        Ok(())
    }

    fn finish(self, environment: &Environment<'_>) -> Result<Faceted, FacetFault> {
        let (_, columns) = self.prepared?;
        let total = self.counts.len();
        let mut with_count = columns.clone();
        with_count.push(Column::new("count", Kind::Long));
        let table = OneTable::new(&with_count);
        let mut batch = Batch::new(with_count.len());
        for (values, count) in self.counts.into_values() {
            batch.push(values.into_iter().chain([Cell::Long(count)]));
        }
        let by = self.facet.sort_by.as_deref().map(str::trim).filter(|by| !by.is_empty());
        let by = match by {
            None => "['count']".to_owned(),
            Some(by) if by.eq_ignore_ascii_case("count") => "['count']".to_owned(),
            Some(by) => {
                let name = by.replace('.', "_");
                let is_column = columns.iter().any(|column| *column.name == name);
                if is_column { format!("['{name}']") } else { by.to_owned() }
            }
        };
        let order = if self.facet.is_ascending { "asc" } else { "desc" };
        let text = format!("{ROWS}\n| order by {by} {order}\n| take {}", self.facet.top);
        let query = kql::compile(&text, &table, &Limits::default()).map_err(FacetFault::Option)?;
        let answer = query.run(&table, &OneBatch::new(&table, &batch), environment).map_err(stopped)?;
        let rows = answer.rows().map(|row| row.iter().map(Cell::to_json).collect()).collect();
        let names = columns.iter().map(|column| column.name.to_string()).collect();
        Ok(Faceted { total, columns: names, rows })
    }
}

fn stopped(error: EvaluationError) -> FacetFault {
    if let EvaluationError::Query(faults) = error {
        FacetFault::Option(faults)
    } else {
        FacetFault::Stopped(error.to_string())
    }
}

/// How the queries of facets name the rows of the result.
const ROWS: &str = "FacetRows";

/// A catalog of the rows of a result.
#[derive(Clone)]
struct OneTable {
    schema: TableSchema,
}

impl OneTable {
    fn new(columns: &[Column]) -> Self {
        Self { schema: TableSchema { name: ROWS.into(), columns: columns.to_vec(), hidden: Vec::new() } }
    }
}

impl Catalog for OneTable {
    fn table(&self, name: &str) -> Option<TableSchema> {
        (name == ROWS).then(|| self.schema.clone())
    }

    fn names(&self) -> Vec<Arc<str>> {
        vec![ROWS.into()]
    }
}

/// The rows of one batch.
struct OneBatch<'a> {
    table: &'a OneTable,
    batch: &'a Batch,
}

impl<'a> OneBatch<'a> {
    fn new(table: &'a OneTable, batch: &'a Batch) -> Self {
        Self { table, batch }
    }
}

impl Source for OneBatch<'_> {
    fn scan<'s>(&'s self, request: &ScanRequest) -> Result<Box<dyn Rows + 's>, SourceError> {
        let place =
            |need: &Need| self.table.schema.columns.iter().position(|column| column.name == need.column);
        let places: Vec<(Option<usize>, &Need)> =
            request.needs.iter().map(|need| (place(need), need)).collect();
        let mut given = Batch::new(places.len());
        for row in self.batch.rows() {
            given.push(places.iter().map(|(at, need)| {
                at.and_then(|at| row.get(at)).map_or(Cell::Null, |value| need.extract(value))
            }));
        }
        Ok(Box::new(Given(Some(given))))
    }
}

/// Rows that are given at once.
struct Given(Option<Batch>);

impl Rows for Given {
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError> {
        Ok(self.0.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_parted_where_nothing_is_open() {
        assert_eq!(parts("a, b.c"), ["a", "b.c"]);
        assert_eq!(parts("iff(a, 'x,y', \"),\"), tags['a,b']"), ["iff(a, 'x,y', \"),\")", "tags['a,b']"]);
        assert_eq!(parts(""), [""]);
    }
}
