//! Everything that a query may use, as one list: for the manual, for completion, and for whoever asks the server.

use crate::aggregates::AGGREGATES;
use crate::bind::FORMS;
use crate::functions::FUNCTIONS;
use crate::operators::{COMPARISONS, OPERATORS, PLUGINS, SOURCES, Written};
use crate::windows::WINDOWS;

/// What an entry of the reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A query begins with it.
    Source,
    /// It stands behind a `|`.
    Operator,
    /// It stands between expressions.
    Comparison,
    /// It gives a value of other values.
    Function,
    /// It looks like a function, and is about the columns or a table.
    Form,
    /// A function of other rows.
    Window,
    /// It stands in `summarize`.
    Aggregate,
    /// It stands behind `evaluate`.
    Plugin,
}

impl EntryKind {
    /// Every kind, in the order of the manual.
    pub const ALL: [Self; 8] = [
        Self::Source,
        Self::Operator,
        Self::Comparison,
        Self::Function,
        Self::Form,
        Self::Window,
        Self::Aggregate,
        Self::Plugin,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Operator => "operator",
            Self::Comparison => "comparison",
            Self::Function => "function",
            Self::Form => "form",
            Self::Window => "window",
            Self::Aggregate => "aggregate",
            Self::Plugin => "plugin",
        }
    }
}

/// Something that a query may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// How it is written: `bin(value:any, step:any)`, `where CONDITION`.
    pub signature: String,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// A query that uses it.
    pub example: String,
    /// The first column of the answer to the example, as JSON.
    pub result: String,
}

/// Everything that a query may use, kind by kind and in the order of the lists.
///
/// ```
/// let bin = kql::reference().into_iter().find(|entry| entry.name == "bin").unwrap();
/// assert_eq!(bin.signature, "bin(value:summable, step:summable)");
/// assert_eq!((bin.example.as_str(), bin.result.as_str()), ("print bin(4.5, 1)", "[4.0]"));
/// ```
pub fn reference() -> Vec<Entry> {
    let called = |name: &str, signature: &str| format!("{name}({signature})");
    let functions = FUNCTIONS.iter().map(|function| Entry {
        kind: EntryKind::Function,
        name: function.name,
        aliases: function.aliases,
        signature: called(function.name, function.signature),
        summary: function.summary,
        example: format!("print {}", function.example.0),
        result: format!("[{}]", function.example.1),
    });
    let forms = FORMS.iter().map(|form| Entry {
        kind: EntryKind::Form,
        name: form.name,
        aliases: form.aliases,
        signature: called(form.name, form.signature),
        summary: form.summary,
        example: form.example.0.to_owned(),
        result: form.example.1.to_owned(),
    });
    let windows = WINDOWS.iter().map(|window| Entry {
        kind: EntryKind::Window,
        name: window.name,
        aliases: window.aliases,
        signature: called(window.name, window.signature),
        summary: window.summary,
        example: window.example.0.to_owned(),
        result: window.example.1.to_owned(),
    });
    let aggregates = AGGREGATES.iter().map(|aggregate| Entry {
        kind: EntryKind::Aggregate,
        name: aggregate.name,
        aliases: aggregate.aliases,
        signature: called(aggregate.name, aggregate.signature),
        summary: aggregate.summary,
        example: aggregate.example.0.to_owned(),
        result: aggregate.example.1.to_owned(),
    });
    written(EntryKind::Source, SOURCES)
        .chain(written(EntryKind::Operator, OPERATORS))
        .chain(written(EntryKind::Comparison, COMPARISONS))
        .chain(functions)
        .chain(forms)
        .chain(windows)
        .chain(aggregates)
        .chain(written(EntryKind::Plugin, PLUGINS))
        .collect()
}

fn written(kind: EntryKind, list: &'static [Written]) -> impl Iterator<Item = Entry> {
    list.iter().map(move |entry| Entry {
        kind,
        name: entry.name,
        aliases: entry.aliases,
        signature: entry.syntax.to_owned(),
        summary: entry.summary,
        example: entry.example.0.to_owned(),
        result: entry.example.1.to_owned(),
    })
}

/// What there is elsewhere and not here, with the reason: `("geo_", "there are no geospatial functions")`.
pub fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    crate::refused::all()
}
