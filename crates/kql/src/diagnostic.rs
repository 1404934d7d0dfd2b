//! What is wrong with a query, where, and what may have been meant.
//!
//! A [`Diagnostic`] carries every part on its own, so that each face can put it into its envelope;
//! [`Diagnostic::underlined`] is for people.

use std::fmt;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiagnosticCode {
    /// The text is not the language.
    Syntax,
    /// No such table.
    UnknownTable,
    /// No such column.
    UnknownColumn,
    /// No such function.
    UnknownFunction,
    /// No such operator.
    UnknownOperator,
    /// Arguments that a function or an operator does not take.
    Arguments,
    /// Kinds that do not go together.
    Kinds,
    /// A text that is not a regular expression.
    Pattern,
    /// A limit of the query's own size.
    Limit,
    /// A part of the language that there is elsewhere and not here.
    NotAvailable,
}

impl DiagnosticCode {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "Syntax",
            Self::UnknownTable => "UnknownTable",
            Self::UnknownColumn => "UnknownColumn",
            Self::UnknownFunction => "UnknownFunction",
            Self::UnknownOperator => "UnknownOperator",
            Self::Arguments => "Arguments",
            Self::Kinds => "Kinds",
            Self::Pattern => "Pattern",
            Self::Limit => "Limit",
            Self::NotAvailable => "NotAvailable",
        }
    }
}

/// A range of bytes of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl Span {
    /// From the start of this one to the end of the other.
    pub(crate) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end.max(self.start) }
    }
}

/// One fault of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of fault.
    pub code: DiagnosticCode,
    /// A sentence.
    pub message: String,
    /// The bytes it is about.
    pub span: Span,
    /// The line, from 1.
    pub line: usize,
    /// The letter in its line, from 1.
    pub column: usize,
    /// The token at that place as it is written; `<EOF>` at the end.
    pub token: String,
    /// What could stand there instead; empty where the place is right and its meaning is not.
    pub expected: Vec<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// A fault before its place is worked out.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) code: DiagnosticCode,
    pub(crate) message: String,
    pub(crate) span: Span,
    pub(crate) expected: Vec<String>,
    pub(crate) suggestion: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: DiagnosticCode, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span, expected: Vec::new(), suggestion: None }
    }

    /// With what was probably meant, looked for among names.
    pub(crate) fn meant<'n>(mut self, name: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        self.suggestion = closest(name, names).map(str::to_owned);
        self
    }

    /// Works out the place in the text.
    pub(crate) fn locate(self, query: &str) -> Diagnostic {
        let start = floor_boundary(query, self.span.start);
        let end = floor_boundary(query, self.span.end.max(start));
        let before = query.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let token = query.get(start..end).unwrap_or_default();
        Diagnostic {
            code: self.code,
            message: self.message,
            span: Span { start, end },
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            token: if start >= query.len() { "<EOF>".to_owned() } else { shortened(token) },
            expected: self.expected,
            suggestion: self.suggestion,
        }
    }
}

/// A token in a message stays short: a client's log is not the place for a query.
fn shortened(token: &str) -> String {
    const LONGEST: usize = 80;
    if token.chars().count() <= LONGEST {
        return token.to_owned();
    }
    token.chars().take(LONGEST).chain(std::iter::once('…')).collect()
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)?;
        match self.expected.as_slice() {
            [] => {}
            [one] => write!(f, "; expected {one}")?,
            many => write!(f, "; expected one of {}", many.join(", "))?,
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        Ok(())
    }
}

impl Diagnostic {
    /// The message with the line of the query below it and the place underlined.
    pub fn underlined(&self, query: &str) -> String {
        let start = query.get(..self.span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = query.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        let shown: String =
            line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let room = shown.chars().count().saturating_sub(self.column - 1).max(1);
        let marked = query.get(self.span.start..self.span.end).unwrap_or_default();
        let width = marked.lines().next().unwrap_or_default().chars().count().clamp(1, room);
        let margin = " ".repeat(self.line.to_string().len());
        format!(
            "{self}\n{margin} |\n{} | {shown}\n{margin} | {}{}\n",
            self.line,
            " ".repeat(self.column - 1),
            "^".repeat(width)
        )
    }
}

/// The name that differs least, if it differs by no more than a third of its letters.
pub(crate) fn closest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // Nobody mistypes a name this long, and the comparison is quadratic.
    const LONGEST: usize = 64;
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    if wanted.len() > LONGEST {
        return None;
    }
    names
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().collect();
            (distance(&wanted, &letters), letters.len(), candidate)
        })
        .filter(|(distance, length, _)| *distance * 3 <= (*length).max(wanted.len()) + 1)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

/// How many letters are added, left out, changed, or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&previous, column) + usize::from(a != b))
                .min(cell(&previous, column + 1) + 1)
                .min(cell(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && left.get(row - 1) == Some(b) && right.get(column - 1) == Some(a);
            if swapped {
                best = best.min(cell(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_finds_the_one_that_was_meant() {
        let names = ["severity", "resourceGroup", "subscriptionId", "id"];
        assert_eq!(closest("serverity", names), Some("severity"));
        assert_eq!(closest("RESOURCEGROUP", names), Some("resourceGroup"));
        assert_eq!(closest("subscriptoinId", names), Some("subscriptionId"));
        assert_eq!(closest("location", names), None);
    }

    #[test]
    fn the_place_is_counted_in_letters_and_underlined() {
        let query = "Résources\n| wher é == 1";
        let start = query.find("wher").unwrap();
        let fault =
            Fault::new(DiagnosticCode::UnknownOperator, Span { start, end: start + 4 }, "no operator")
                .meant("wher", ["where"]);
        let diagnostic = fault.locate(query);
        assert_eq!((diagnostic.line, diagnostic.column, diagnostic.token.as_str()), (2, 3, "wher"));
        assert_eq!(
            diagnostic.underlined(query),
            "line 2, column 3: no operator; did you mean `where`?\n  |\n2 | | wher é == 1\n  |   ^^^^\n"
        );
    }
}
