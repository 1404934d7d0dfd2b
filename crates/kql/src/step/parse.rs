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
    /// Ends in a text and a star, and has only texts as columns: what lies behind a place where it fits is of no matter.
    pub(crate) open_ended: bool,
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
        let texts = columns.iter().all(|(_, kind)| matches!(kind, Kind::String | Kind::Dynamic));
        let open_ended = matches!(parts, [.., ParsePart::Text(..), ParsePart::Star(_)])
            && kind == ParseKind::Simple
            && flags.is_empty()
            && texts;
        Ok(Self { regex, columns, relaxed: kind == ParseKind::Relaxed, open_ended })
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
    /// Whether no text that is this stem and a name can match.
    fn never_matches(&self, stem: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Pattern(pattern) => context.never_matches(pattern.regex.as_str(), stem),
            Self::KeyValue(_) => false,
        }
    }

    /// The columns that it makes.
    pub(crate) fn columns(&self) -> &[(Arc<str>, Kind)] {
        match self {
            Self::Pattern(pattern) => &pattern.columns,
            Self::KeyValue(reader) => &reader.columns,
        }
    }

    /// Whether what is behind the stem of a text cannot change its columns.
    pub(crate) fn open_ended(&self) -> bool {
        matches!(self, Self::Pattern(pattern) if pattern.open_ended)
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
    pub(super) stem: bool,
    /// The text before and its columns: rows that stand together often share it.
    pub(super) last: Option<(Arc<str>, Option<Vec<Value>>)>,
    pub(super) context: &'p Context<'p>,
}

impl Parse<'_> {
    fn read(&mut self, text: &Value) -> Option<Vec<Value>> {
        if let (Value::String(text), Some((last, values))) = (text, &self.last)
            && Arc::ptr_eq(text, last)
        {
            return values.clone();
        }
        let whole = to_text(text, self.context);
        let values = if self.stem {
            let stem = crate::stem::stem(&whole);
            let found = self.cutter.read(stem, self.context);
            let is_known = crate::stem::has_name(&whole) && self.cutter.never_matches(stem, self.context);
            if found.is_none() && !is_known {
                self.context.unfold();
            }
            found
        } else {
            self.cutter.read(&whole, self.context)
        };
        let values: Option<Vec<Value>> =
            values.map(|values| values.into_iter().map(|value| self.context.made(value, "parse")).collect());
        if let Value::String(text) = text {
            self.last = Some((text.clone(), values.clone()));
        }
        values
    }
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
            match self.read(&text) {
                Some(values) => made.push(row.iter().cloned().chain(values)),
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
