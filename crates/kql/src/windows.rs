//! Functions over rows in their order: `row_number`, `prev`, `row_cumsum` and their kin.
//!
//! Their value depends on other rows, so they are no functions of the list: the binder takes them out of the expression
//! around, and a step of its own computes them for all rows, which it holds and pays for.
//! Rows keep their order here from every source and through every operator, so `serialize` is accepted and not needed.

use crate::context::Context;
use crate::evaluate::{compare, sort_order, sum};
use crate::functions::{to_bool, to_long};
use crate::plan::Expr;
use crate::value::{Kind, Value};
use std::cmp::Ordering;

/// What a window function computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    Number,
    Sum,
    DenseRank,
    MinRank,
    Session,
    Before,
    Behind,
}

/// A window function of the list.
#[derive(Debug)]
pub(crate) struct WindowFunction {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) signature: &'static str,
    pub(crate) summary: &'static str,
    /// A query and the first column of its answer; a test runs it.
    pub(crate) example: (&'static str, &'static str),
    /// The kind of the result; nothing for that of the first argument.
    pub(crate) returns: Option<Kind>,
    pub(crate) window: Window,
}

/// Every window function.
pub(crate) const WINDOWS: &[WindowFunction] = &[
    WindowFunction {
        name: "next",
        aliases: &[],
        signature: "value:any, [offset:long], [default:any]",
        summary: "The value in a later row; a default, or null, where there is none.",
        example: ("range x from 1 to 3 step 1 | project next(x, 1, 0)", "[2,3,0]"),
        returns: None,
        window: Window::Behind,
    },
    WindowFunction {
        name: "prev",
        aliases: &[],
        signature: "value:any, [offset:long], [default:any]",
        summary: "The value in an earlier row; a default, or null, where there is none.",
        example: ("range x from 1 to 3 step 1 | project prev(x)", "[null,1,2]"),
        returns: None,
        window: Window::Before,
    },
    WindowFunction {
        name: "row_cumsum",
        aliases: &[],
        signature: "term:summable, [restart:bool]",
        summary: "The sum of this row and all before it, since the last restart.",
        example: ("range x from 1 to 4 step 1 | project row_cumsum(x, x == 3)", "[1,3,3,7]"),
        returns: None,
        window: Window::Sum,
    },
    WindowFunction {
        name: "row_number",
        aliases: &[],
        signature: "[start:long], [restart:bool]",
        summary: "The number of the row, from 1 or from a start, since the last restart.",
        example: ("range x from 5 to 7 step 1 | project row_number()", "[1,2,3]"),
        returns: Some(Kind::Long),
        window: Window::Number,
    },
    WindowFunction {
        name: "row_rank_dense",
        aliases: &["row_rank"],
        signature: "term:any, [restart:bool]",
        summary: "How many different values there were up to this row, in rows that are in order.",
        example: ("datatable(x:long)[5, 5, 9] | project row_rank_dense(x)", "[1,1,2]"),
        returns: Some(Kind::Long),
        window: Window::DenseRank,
    },
    WindowFunction {
        name: "row_rank_min",
        aliases: &[],
        signature: "term:any, [restart:bool]",
        summary: "The number of the first row with the value of this one, in rows that are in order.",
        example: ("datatable(x:long)[5, 5, 9] | project row_rank_min(x)", "[1,1,3]"),
        returns: Some(Kind::Long),
        window: Window::MinRank,
    },
    WindowFunction {
        name: "row_window_session",
        aliases: &[],
        signature: "value:any, longest:any, gap:any, [restart:bool]",
        summary: "The first value of the session that the row is in; a session ends when it is too long, or after a gap.",
        example: ("datatable(x:long)[1, 2, 9] | project row_window_session(x, 100, 5)", "[1,1,9]"),
        returns: None,
        window: Window::Session,
    },
];

/// The window function of a name.
pub(crate) fn window_named(name: &str) -> Option<&'static WindowFunction> {
    WINDOWS.iter().find(|function| function.name == name || function.aliases.contains(&name))
}

/// A window function and what it is fed.
#[derive(Debug, Clone)]
pub(crate) struct WindowCall {
    pub(crate) window: Window,
    pub(crate) arguments: Vec<Expr>,
}

impl WindowCall {
    /// The value for each row.
    pub(crate) fn values(&self, rows: &[Vec<Value>], context: &Context<'_>) -> Vec<Value> {
        let argument = |at: usize, row: &[Value]| match self.arguments.get(at) {
            Some(argument) => argument.evaluate(row, context).into_owned(),
            None => Value::Null,
        };
        if matches!(self.window, Window::Before | Window::Behind) {
            return self.shifted(rows, &argument);
        }
        let restart_at = match self.window {
            Window::Session => 3,
            Window::Number
            | Window::Sum
            | Window::DenseRank
            | Window::MinRank
            | Window::Before
            | Window::Behind => 1,
        };
        let mut state = State::default();
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            if context.stop() {
                break;
            }
            if to_bool(&argument(restart_at, row)) == Some(true) {
                state = State::default();
            }
            let value = argument(0, row);
            found.push(match self.window {
                Window::Number => state.number(&value),
                Window::Sum => state.add(&value),
                Window::DenseRank | Window::MinRank => state.rank(value, self.window == Window::DenseRank),
                Window::Session => state.session(value, &argument(1, row), &argument(2, row)),
                Window::Before | Window::Behind => Value::Null,
            });
        }
        found
    }

    fn shifted(&self, rows: &[Vec<Value>], argument: &dyn Fn(usize, &[Value]) -> Value) -> Vec<Value> {
        let values: Vec<Value> = rows.iter().map(|row| argument(0, row)).collect();
        let from = |at: usize, row: &[Value]| {
            let offset = if self.arguments.len() > 1 { to_long(&argument(1, row))? } else { 1 };
            let offset = usize::try_from(offset).ok()?;
            let place =
                if self.window == Window::Before { at.checked_sub(offset) } else { at.checked_add(offset) };
            values.get(place?).cloned()
        };
        rows.iter().enumerate().map(|(at, row)| from(at, row).unwrap_or_else(|| argument(2, row))).collect()
    }
}

/// What is known of the rows since the last restart.
#[derive(Default)]
struct State {
    rows: i64,
    total: Value,
    last: Value,
    rank: i64,
    first: Value,
}

impl State {
    fn number(&mut self, start: &Value) -> Value {
        let number = to_long(start).unwrap_or(1).checked_add(self.rows);
        self.rows += 1;
        number.into()
    }

    fn add(&mut self, term: &Value) -> Value {
        if !term.is_null() {
            self.total = if self.total.is_null() { term.clone() } else { sum(&self.total, term) };
        }
        self.total.clone()
    }

    fn rank(&mut self, value: Value, dense: bool) -> Value {
        self.rows += 1;
        if self.rows == 1 || sort_order(&self.last, &value) != Ordering::Equal {
            self.rank = if dense { self.rank + 1 } else { self.rows };
        }
        self.last = value;
        Value::Long(self.rank)
    }

    fn session(&mut self, value: Value, longest: &Value, gap: &Value) -> Value {
        let reached = |since: &Value, distance: &Value| {
            compare(&value, &sum(since, distance)).is_some_and(Ordering::is_ge)
        };
        let new = self.first.is_null() || reached(&self.first, longest) || reached(&self.last, gap);
        if new || value.is_null() {
            self.first = value.clone();
        }
        self.last = value;
        self.first.clone()
    }
}
