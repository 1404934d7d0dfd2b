//! The Kusto query language over any table: lexer, parser, plan, evaluation.
//!
//! The embedder gives a [`Catalog`] of schemas and a [`Source`] of rows. [`compile`] turns a text into a [`Query`] or
//! into [`Diagnostic`]s with exact places; [`Query::run`] and [`Query::stream`] answer it. A source learns from a
//! [`ScanRequest`] which columns, which paths inside dynamic columns and which conditions matter.
//!
//! ```
//! use kql::{Environment, Limits, NoTables, compile};
//!
//! let query = compile("print answer = strcat('a', 1 + 1)", &NoTables, &Limits::default()).unwrap();
//! let environment = Environment { now_unix_nanoseconds: 0, seed: 1, interrupt: &|| false };
//! let answer = query.run(&NoTables, &NoTables, &environment).unwrap();
//! assert_eq!(answer.rows().next().unwrap()[0].as_str(), Some("a2"));
//! ```
//!
//! This crate is pure: it does no IO, reads no clock and no randomness, and knows no word of what the tables are about.
//! Everything that a query may use is bounded by [`Limits`], and reaching one is an error that names it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rule of the language names the few kinds of values and expressions that it is about; for all others it says null"
)]

mod aggregates;
mod bind;
mod context;
mod diagnostic;
mod evaluate;
mod functions;
mod lexer;
mod lower;
mod operators;
mod parser;
mod plan;
mod query;
mod reference;
mod refused;
mod stem;
mod step;
mod syntax;
mod table;
mod text;
mod time;
mod value;
mod windows;

pub use context::{Environment, EvaluationError, Limits};
pub use diagnostic::{Diagnostic, DiagnosticCode, Span};
pub use query::{Answer, Query, compile, parse};
pub use reference::{Entry, EntryKind, reference, refused};
pub use table::{
    Batch, Catalog, Column, Comparison, Condition, Fold, Need, NoTables, Rows, ScanRequest, Source,
    SourceError, TableSchema,
};
pub use value::{Bag, Kind, Value};
