//! `parse` and `parse-where`: a pattern of texts and columns laid over a string.
//!
//! A column takes what lies between the texts beside it, and as little as possible; the last one takes the rest. All
//! kinds of pattern become one regular expression, anchored at both ends, whose groups are the columns.

use super::{Pull, Pulled};
use crate::context::{Context, compile_pattern};
use crate::diagnostic::{DiagnosticCode, Fault};
use crate::functions::{function_named, to_text};
use crate::plan::Expr;
use crate::syntax::{ParseKind, ParsePart};
use crate::table::Batch;
use crate::value::{Kind, Value};
use regex::Regex;
use std::sync::Arc;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    pub(crate) columns: Vec<(Arc<str>, Kind)>,
    relaxed: bool,
}

impl Pattern {
    /// Compiles the parts.
    pub(crate) fn new(
        kind: ParseKind,
        flags: &str,
        parts: &[ParsePart],
        bytes: usize,
    ) -> Result<Self, Fault> {
        let mut text = String::from("(?s");
        text.extend(flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 'U')));
        text.push_str(")^");
        let mut columns = Vec::new();
        let mut span = crate::Span::default();
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            match part {
                ParsePart::Star(place) => {
                    span = *place;
                    text.push_str(".*?");
                }
                ParsePart::Text(wanted, place) => {
                    span = *place;
                    if kind == ParseKind::Regex {
                        // Groups of the pattern itself would shift those of the columns.
                        text.push_str("(?:");
                        text.push_str(&without_groups(wanted));
                        text.push(')');
                    } else {
                        text.push_str(&regex::escape(wanted));
                    }
                }
                ParsePart::Column(name, kind) => {
                    span = name.span;
                    let kind = kind.unwrap_or(Kind::String);
                    text.push_str(match kind {
                        Kind::Int | Kind::Long => r"\s*([+-]?\d+)\s*?",
                        Kind::Real | Kind::Decimal => r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*?",
                        _ if last => "(.*)",
                        _ => "(.*?)",
                    });
                    columns.push((name.text.clone(), kind));
                }
            }
        }
        text.push('$');
        // A relaxed pattern takes a number that is none as text, and the column is null.
        if kind == ParseKind::Relaxed {
            text = text
                .replace(r"\s*([+-]?\d+)\s*?", "(.*?)")
                .replace(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*?", "(.*?)");
        }
        let regex = compile_pattern(&text, bytes).map_err(|reason| {
            Fault::new(DiagnosticCode::Pattern, span, format!("this is not a pattern: {reason}"))
        })?;
        Ok(Self { regex, columns, relaxed: kind == ParseKind::Relaxed })
    }

    /// The columns of a text; nothing if the pattern does not fit.
    fn read(&self, text: &str, context: &Context<'_>) -> Option<Vec<Value>> {
        let captures = self.regex.captures(text)?;
        let mut values = Vec::with_capacity(self.columns.len());
        for (at, (_, kind)) in self.columns.iter().enumerate() {
            let found = captures.get(at + 1).map_or("", |found| found.as_str());
            let value = turned(found, *kind, context);
            if value.is_null() && !self.relaxed && *kind != Kind::String {
                return None;
            }
            values.push(value);
        }
        Some(values)
    }
}

/// The pattern with its groups made such that they are not counted.
fn without_groups(pattern: &str) -> String {
    let mut text = String::new();
    let mut letters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        text.push(letter);
        match letter {
            '\\' => text.extend(letters.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && letters.peek() != Some(&'?') => text.push_str("?:"),
            _ => {}
        }
    }
    text
}

/// A piece of text as a kind.
pub(super) fn turned(text: &str, kind: Kind, context: &Context<'_>) -> Value {
    let name = match kind {
        Kind::String => return Value::text(text),
        Kind::Real | Kind::Decimal => "todouble",
        Kind::Bool => "tobool",
        Kind::Int => "toint",
        Kind::Long => "tolong",
        Kind::Datetime => "todatetime",
        Kind::Timespan => "totimespan",
        Kind::Guid => "toguid",
        Kind::Dynamic => "parse_json",
    };
    function_named(name).map_or(Value::Null, |function| (function.evaluate)(&[Value::text(text)], context))
}

/// Either way to cut a text.
#[derive(Debug)]
pub(crate) enum Cutter {
    /// `parse` and `parse-where`
    Pattern(Pattern),
    /// `parse-kv`
    KeyValue(super::key_value::KeyValue),
}

impl Cutter {
    /// The columns that it makes.
    pub(crate) fn columns(&self) -> &[(Arc<str>, Kind)] {
        match self {
            Self::Pattern(pattern) => &pattern.columns,
            Self::KeyValue(reader) => &reader.columns,
        }
    }

    /// The columns of a text; nothing if it does not fit.
    fn read(&self, text: &str, context: &Context<'_>) -> Option<Vec<Value>> {
        match self {
            Self::Pattern(pattern) => pattern.read(text, context),
            Self::KeyValue(reader) => Some(reader.read(text, context)),
        }
    }
}

pub(super) struct Parse<'p> {
    pub(super) input: Box<dyn Pull + 'p>,
    pub(super) text: &'p Expr,
    pub(super) cutter: &'p Cutter,
    pub(super) filter: bool,
    pub(super) context: &'p Context<'p>,
}

impl Pull for Parse<'_> {
    fn pull(&mut self) -> Pulled {
        let Some(batch) = self.input.pull()? else { return Ok(None) };
        let columns = self.cutter.columns();
        let mut made = Batch::new(batch.width() + columns.len());
        for row in batch.rows() {
            if self.context.stop() {
                break;
            }
            let text = self.text.evaluate(row, self.context);
            match self.cutter.read(&to_text(&text, self.context), self.context) {
                Some(values) => {
                    let values = values.into_iter().map(|value| self.context.made(value, "parse"));
                    made.push(row.iter().cloned().chain(values));
                }
                None if self.filter => {}
                None => {
                    let nothing = columns.iter().map(|(_, kind)| kind.nothing());
                    made.push(row.iter().cloned().chain(nothing));
                }
            }
        }
        self.context.check()?;
        Ok(Some(made))
    }
}
