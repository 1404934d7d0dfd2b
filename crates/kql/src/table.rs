//! What the embedder gives: schemas for binding a query, rows for running it.
//!
//! The two are apart, because a prompt that completes names has a [`Catalog`] and no rows.
//! A [`Source`] is told exactly what a query needs of a table: which columns, of a dynamic column which paths, which
//! simple conditions all useful rows fulfil, and how many rows at most. It may use of that what it can; the engine
//! checks every condition again, so a source that gives too many rows costs time and never a wrong answer.

use crate::value::{Kind, Value};
use std::sync::Arc;

/// A column of a table or of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Kind,
}

impl Column {
    /// A column.
    pub fn new(name: impl AsRef<str>, kind: Kind) -> Self {
        Self { name: Arc::from(name.as_ref()), kind }
    }
}

/// The schema of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    /// The name as the catalog spells it.
    pub name: Arc<str>,
    /// The columns that a query sees.
    pub columns: Vec<Column>,
    /// Columns that a query may name, but that no `*` and no bare table shows.
    pub hidden: Vec<Column>,
}

/// The tables that a query may name.
pub trait Catalog {
    /// The schema of a table; how names fold is for the catalog to say.
    fn table(&self, name: &str) -> Option<TableSchema>;

    /// All names, for suggestions and for `search` without a table.
    fn names(&self) -> Vec<Arc<str>>;

    /// The column of a table whose values are a stem that many rows share, a slash, and a name of their own: a guid in
    /// small letters.
    fn stem(&self, table: &str) -> Option<Arc<str>> {
        let _ = table;
        None
    }

    /// The table of a query that begins with an operator.
    fn default_table(&self) -> Option<Arc<str>> {
        None
    }
}

/// One value per row that a query needs of a table: a column, or what a path inside a dynamic column leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Need {
    /// The column's name as the schema spells it.
    pub column: Arc<str>,
    /// Names of nested bags inside the column; empty for the whole column.
    pub path: Arc<[Arc<str>]>,
}

impl Need {
    /// What is needed, taken out of the whole value of the column.
    pub fn extract(&self, column: &Value) -> Value {
        column.follow(&self.path).clone()
    }
}

/// How a [`Condition`] compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`, and `in`: equal to one of the values.
    Equal,
    /// `=~`, and `in~`: equal to one of the values when the case of letters is ignored.
    EqualIgnoringCase,
    /// `!=`, and `!in`: equal to none of the values. A null is equal to none.
    NotEqual,
    /// `!~`, and `!in~`.
    NotEqualIgnoringCase,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `startswith`, ignoring case.
    StartsWith,
    /// `startswith_cs`
    StartsWithCase,
    /// `endswith`, ignoring case.
    EndsWith,
    /// `contains`, ignoring case.
    Contains,
    /// `contains_cs`
    ContainsCase,
    /// `has`, ignoring case: as a whole term.
    Has,
    /// `isnotempty` and `isnotnull`; there are no values.
    NotEmpty,
}

/// Something that every useful row fulfils. All conditions of a request hold together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// What is compared. A number or another scalar inside a dynamic column compares by its text with a string.
    /// A source whose dynamic columns hold strings of JSON passes over paths that lead into such a string.
    pub need: Need,
    /// How.
    pub comparison: Comparison,
    /// With what; more than one means any of them (or none of them, for the negated ones).
    pub values: Vec<Value>,
}

impl Condition {
    /// Whether a value of the need fulfils it, as a filter of the query would say.
    pub fn holds(&self, value: &Value) -> bool {
        crate::stem::fulfils(self, value)
    }
}

/// What a query wants of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanRequest {
    /// The table, as its schema spells it.
    pub table: Arc<str>,
    /// What each row has to hold, in this order.
    pub needs: Vec<Need>,
    /// What every useful row fulfils; a hint, checked again by the engine.
    pub conditions: Vec<Condition>,
    /// More rows than this will not be read; nothing if all may be.
    pub limit: Option<usize>,
    /// Rows may come as one, with their number behind the needs; nothing if each has to come by itself.
    pub fold: Option<Fold>,
}

/// How rows may be folded into one. They have to be equal in every need that is not named here.
///
/// The request is asked for only of a source that says that it [folds](Source::folds) it. Each of its rows has one
/// value more than there are needs: a long, how many rows it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fold {
    /// Needs of which only what stands before the last slash has to be equal; any of the values is given.
    pub stems: Vec<usize>,
    /// Needs of which only the number of different values matters: it is given in their place, as a long.
    pub distinct: Vec<usize>,
    /// Needs that nothing reads but the conditions on them. The source holds every row against these conditions (see
    /// [`Condition::holds`]) before it folds it, and gives any of the values.
    pub free: Vec<usize>,
}

/// Rows, one after the other in one flat list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    width: usize,
    rows: usize,
    values: Vec<Value>,
}

impl Batch {
    /// No rows yet, of so many values each.
    pub fn new(width: usize) -> Self {
        Self { width, rows: 0, values: Vec::new() }
    }

    /// Adds a row. It is cut, or filled with nulls, to the width of the batch.
    pub fn push(&mut self, row: impl IntoIterator<Item = Value>) {
        self.values.extend(row.into_iter().take(self.width));
        self.rows += 1;
        self.values.resize(self.width * self.rows, Value::Null);
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The row at a position; an empty one behind the last.
    pub fn row(&self, position: usize) -> &[Value] {
        self.values.get(position * self.width..(position + 1) * self.width).unwrap_or_default()
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &[Value]> {
        (0..self.rows).map(|position| self.row(position))
    }

    /// Keeps the first rows only.
    pub(crate) fn truncate(&mut self, rows: usize) {
        if rows < self.rows {
            self.rows = rows;
            self.values.truncate(rows * self.width);
        }
    }

    /// Keeps the rows that a condition holds for.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&[Value]) -> bool) {
        let mut kept = 0;
        for position in 0..self.rows {
            if keep(self.row(position)) {
                if kept != position {
                    for offset in 0..self.width {
                        self.values.swap(kept * self.width + offset, position * self.width + offset);
                    }
                }
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// About how many bytes it keeps alive.
    pub(crate) fn bytes(&self) -> usize {
        self.values.iter().map(Value::bytes).sum()
    }
}

/// Why a source cannot give its rows.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// The rows of one table, pulled batch by batch.
pub trait Rows {
    /// The next rows, of the width of the request; nothing at the end. An empty batch is not the end.
    ///
    /// # Errors
    /// Whatever keeps the source from going on; the query ends with it.
    fn next_batch(&mut self) -> Result<Option<Batch>, SourceError>;
}

/// Where rows come from. It is called synchronously, from the thread that runs the query.
pub trait Source {
    /// Begins to read a table.
    ///
    /// # Errors
    /// Whatever keeps the source from reading.
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError>;

    /// Whether it gives folded rows for this request; asked before such a request is made.
    fn folds(&self, request: &ScanRequest) -> bool {
        let _ = request;
        false
    }
}

/// A catalog without tables, for queries that bring their own rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTables;

impl Catalog for NoTables {
    fn table(&self, _: &str) -> Option<TableSchema> {
        None
    }

    fn names(&self) -> Vec<Arc<str>> {
        Vec::new()
    }
}

impl Source for NoTables {
    fn scan<'a>(&'a self, request: &ScanRequest) -> Result<Box<dyn Rows + 'a>, SourceError> {
        Err(format!("there is no table `{}`", request.table).into())
    }
}
