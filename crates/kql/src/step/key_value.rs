//! `parse-kv`: names and values out of a text, with delimiters, without any, or by a regular expression.
//!
//! The first value of a name counts, and blanks around names and values do not.

use crate::context::{Context, compile_pattern};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::syntax::KeyValueForm;
use crate::value::{Kind, Value};
use regex::Regex;
use std::sync::Arc;

/// How a text is read, and which names are wanted.
#[derive(Debug)]
pub(crate) struct KeyValue {
    pub(crate) columns: Vec<(Arc<str>, Kind)>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Delimited {
        pair: Arc<str>,
        between: Arc<str>,
        greedy: bool,
        quoting: Quoting,
    },
    /// Whatever is neither a letter nor a digit divides.
    Free(Quoting),
    Regex(Regex),
}

/// Pairs of quotes, and letters that take the meaning from a quote behind them.
#[derive(Debug)]
struct Quoting {
    quotes: Vec<(char, char)>,
    escapes: Vec<char>,
}

impl KeyValue {
    /// Checks the form.
    pub(crate) fn new(
        columns: Vec<(Arc<str>, Kind)>,
        form: &KeyValueForm,
        span: Span,
        bytes: usize,
    ) -> Result<Self, Fault> {
        let wrong = |message: &str| Fault::new(DiagnosticCode::Arguments, span, message);
        if let Some((pattern, place)) = &form.regex {
            let regex = compile_pattern(pattern, bytes).map_err(|reason| {
                let message = format!("this is not a regular expression: {reason}");
                Fault::new(DiagnosticCode::Pattern, *place, message)
            })?;
            if regex.captures_len() != 3 {
                let message = "the expression has two groups: one for the name, one for the value";
                return Err(Fault::new(DiagnosticCode::Pattern, *place, message));
            }
            return Ok(Self { columns, form: Form::Regex(regex) });
        }
        let letters = |text: &Arc<str>| text.chars().collect::<Vec<char>>();
        let quotes = form.quotes.iter().map(|quote| match letters(quote).as_slice() {
            [one] => Ok((*one, *one)),
            [open, close] => Ok((*open, *close)),
            _ => Err(wrong("a quote is one letter, or two for its both ends")),
        });
        let escapes = form.escapes.iter().map(|escape| match letters(escape).as_slice() {
            [one] => Ok(*one),
            _ => Err(wrong("an escape is one letter")),
        });
        let quoting = Quoting {
            quotes: quotes.collect::<Result<_, _>>()?,
            escapes: escapes.collect::<Result<_, _>>()?,
        };
        let form = match (&form.pair, &form.between) {
            (Some(pair), Some(between)) if !pair.is_empty() && !between.is_empty() => {
                Form::Delimited { pair: pair.clone(), between: between.clone(), greedy: form.greedy, quoting }
            }
            (None, None) if form.greedy => return Err(wrong("`greedy` needs both delimiters")),
            (None, None) => Form::Free(quoting),
            _ => {
                return Err(wrong(
                    "`pair_delimiter` and `kv_delimiter` stand together, and neither is empty",
                ));
            }
        };
        Ok(Self { columns, form })
    }

    /// The columns of a text.
    pub(crate) fn read(&self, text: &str, context: &Context<'_>) -> Vec<Value> {
        let mut found: Vec<Option<String>> = vec![None; self.columns.len()];
        let mut keep = |name: &str, value: String| {
            let place = self.columns.iter().position(|(column, _)| **column == *name.trim());
            if let Some(slot @ None) = place.and_then(|at| found.get_mut(at)) {
                *slot = Some(value);
            }
        };
        match &self.form {
            Form::Regex(regex) => {
                for captures in regex.captures_iter(text) {
                    let group = |at: usize| captures.get(at).map_or("", |group| group.as_str());
                    keep(group(1), group(2).trim().to_owned());
                }
            }
            Form::Delimited { pair, between, greedy, quoting } => {
                let mut rest = text;
                while !rest.is_empty() {
                    rest = delimited(rest, (pair, between), *greedy, quoting, &mut keep);
                }
            }
            Form::Free(quoting) => free(text, quoting, &mut keep),
        }
        let values = found.into_iter().zip(&self.columns).map(|(text, (_, kind))| match text {
            Some(text) => super::parse::turned(&text, *kind, context),
            None => kind.nothing(),
        });
        values.collect()
    }
}

impl Quoting {
    /// A quoted text at the beginning, without its quotes and escapes, and what is behind it.
    fn quoted<'t>(&self, text: &'t str) -> Option<(String, &'t str)> {
        let open = text.chars().next()?;
        let (_, close) = self.quotes.iter().find(|(quote, _)| *quote == open)?;
        let mut inside = String::new();
        let mut letters = text.char_indices().skip(1).peekable();
        while let Some((at, letter)) = letters.next() {
            if self.escapes.contains(&letter) {
                inside.extend(letters.next().map(|(_, next)| next));
            } else if letter == *close {
                return Some((inside, text.get(at + letter.len_utf8()..)?));
            } else {
                inside.push(letter);
            }
        }
        None
    }
}

/// Reads one pair with its delimiters; what is behind it.
fn delimited<'t>(
    text: &'t str,
    (pair, between): (&str, &str),
    greedy: bool,
    quoting: &Quoting,
    keep: &mut impl FnMut(&str, String),
) -> &'t str {
    let text = text.trim_start();
    let (name, rest) = match quoting.quoted(text) {
        Some((name, rest)) if rest.trim_start().starts_with(between) => (name, rest.trim_start()),
        _ => {
            let end = text.find(between).unwrap_or(text.len());
            // A piece without a value ends at its own delimiter.
            if let Some(at) = text.find(pair).filter(|at| *at < end) {
                return text.get(at + pair.len()..).unwrap_or_default();
            }
            (text.get(..end).unwrap_or_default().to_owned(), text.get(end..).unwrap_or_default())
        }
    };
    let Some(rest) = rest.strip_prefix(between) else { return "" };
    let value = rest.trim_start();
    if let Some((value, behind)) = quoting.quoted(value) {
        keep(&name, value.trim().to_owned());
        let at = behind.find(pair).map_or(behind.len(), |at| at + pair.len());
        return behind.get(at..).unwrap_or_default();
    }
    let rest = if pair.trim().is_empty() { value } else { rest };
    let end = if greedy {
        // Up to the delimiter before the next name.
        let next = rest.find(between).unwrap_or(rest.len());
        let cut = rest.get(..next).and_then(|before| before.rfind(pair));
        if next == rest.len() { rest.len() } else { cut.unwrap_or(rest.len()) }
    } else {
        rest.find(pair).unwrap_or(rest.len())
    };
    keep(&name, rest.get(..end).unwrap_or_default().trim().to_owned());
    rest.get(end + pair.len()..).unwrap_or_default()
}

/// Reads names and values that are divided by anything: the word behind a name is its value.
fn free(text: &str, quoting: &Quoting, keep: &mut impl FnMut(&str, String)) {
    let mut words: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((inside, behind)) = quoting.quoted(rest) {
            words.push(inside);
            rest = behind;
        } else if first.is_alphanumeric() {
            let end = rest.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(rest.len());
            words.push(rest.get(..end).unwrap_or_default().to_owned());
            rest = rest.get(end..).unwrap_or_default();
        } else {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    for (name, value) in words.iter().zip(words.iter().skip(1)) {
        keep(name, value.clone());
    }
}
