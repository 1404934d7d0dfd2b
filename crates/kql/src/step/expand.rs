//! `mv-expand` and `mv-apply`: rows out of the elements of arrays and bags.
//!
//! One row may become a million. A batch of rows is therefore kept and taken apart in pieces, so that no more than a
//! piece is made before it goes on.

use super::{BATCH, Pull, Pulled, Run, Step};
use crate::context::Context;
use crate::functions::{function_named, to_text};
use crate::plan::{Expansion, Expr};
use crate::table::Batch;
use crate::value::{Kind, Value};

type Input<'p> = Box<dyn Pull + 'p>;

/// What one row expands to: for each expression its elements.
fn elements(expansion: &Expansion, row: &[Value], context: &Context<'_>) -> Vec<Vec<Value>> {
    let of = |(value, _): &(Expr, Kind)| -> Vec<Value> {
        let value = value.evaluate(row, context).into_owned();
        let value = match &value {
            Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
                crate::value::parse_json(text).unwrap_or(value)
            }
            _ => value,
        };
        match &value {
            Value::Array(values) => values.to_vec(),
            Value::Bag(bag) if expansion.as_arrays => bag
                .iter()
                .map(|(name, value)| Value::array([Value::String(name.clone()), value.clone()]))
                .collect(),
            Value::Bag(bag) => bag.iter().map(|(name, value)| Value::bag([(name, value.clone())])).collect(),
            _ => vec![value],
        }
    };
    expansion.values.iter().map(of).collect()
}

/// An element as the kind that `to typeof(…)` names.
fn turn(value: Value, kind: Kind, context: &Context<'_>) -> Value {
    let name = match kind {
        Kind::Dynamic => return value,
        Kind::String => return context.made(Value::text(to_text(&value, context)), "mv-expand"),
        Kind::Bool => "tobool",
        Kind::Int => "toint",
        Kind::Long => "tolong",
        Kind::Real | Kind::Decimal => "todouble",
        Kind::Datetime => "todatetime",
        Kind::Timespan => "totimespan",
        Kind::Guid => "toguid",
    };
    function_named(name).map_or(Value::Null, |function| (function.evaluate)(&[value], context))
}

/// The lines of one row, made one after the other.
struct Lines {
    lists: Vec<Vec<Value>>,
    length: usize,
    at: usize,
}

impl Lines {
    fn new(expansion: &Expansion, row: &[Value], context: &Context<'_>) -> Self {
        let lists = elements(expansion, row, context);
        let length = lists.iter().map(Vec::len).max().unwrap_or(0);
        Self { lists, length: length.min(expansion.limit.unwrap_or(usize::MAX)), at: 0 }
    }

    /// The elements side by side, with their position behind them.
    fn next(&mut self, expansion: &Expansion, context: &Context<'_>) -> Option<Vec<Value>> {
        if self.at >= self.length {
            return None;
        }
        let cells =
            self.lists.iter().zip(&expansion.values).map(|(list, (_, kind))| {
                turn(list.get(self.at).cloned().unwrap_or_default(), *kind, context)
            });
        let line = cells.chain([crate::functions::count(self.at)]).collect();
        self.at += 1;
        Some(line)
    }
}

pub(super) struct Expand<'p> {
    pub(super) input: Input<'p>,
    pub(super) expansion: &'p Expansion,
    pub(super) context: &'p Context<'p>,
    current: Batch,
    row: usize,
    lines: Option<Lines>,
}

impl<'p> Expand<'p> {
    pub(super) fn new(input: Input<'p>, expansion: &'p Expansion, context: &'p Context<'p>) -> Self {
        Self { input, expansion, context, current: Batch::default(), row: 0, lines: None }
    }
}

impl Pull for Expand<'_> {
    fn pull(&mut self) -> Pulled {
        self.context.check()?;
        if self.row >= self.current.len() {
            match self.input.pull()? {
                Some(batch) => (self.current, self.row) = (batch, 0),
                None => return Ok(None),
            }
        }
        let mut made = Batch::new(self.current.width() + self.expansion.values.len() + 1);
        while made.len() < BATCH && self.row < self.current.len() && !self.context.stop() {
            let row = self.current.row(self.row);
            let lines = self.lines.get_or_insert_with(|| Lines::new(self.expansion, row, self.context));
            match lines.next(self.expansion, self.context) {
                Some(line) => made.push(row.iter().cloned().chain(line)),
                None => {
                    self.lines = None;
                    self.row += 1;
                }
            }
        }
        self.context.produced(made.len())?;
        self.context.check()?;
        Ok(Some(made))
    }
}

pub(super) struct Apply<'p> {
    pub(super) input: Input<'p>,
    pub(super) expansion: &'p Expansion,
    pub(super) body: &'p Step,
    pub(super) run: Run<'p>,
    pub(super) current: Batch,
    pub(super) row: usize,
}

impl Pull for Apply<'_> {
    fn pull(&mut self) -> Pulled {
        let context = self.run.context;
        if self.row >= self.current.len() {
            match self.input.pull()? {
                Some(batch) => (self.current, self.row) = (batch, 0),
                None => return Ok(None),
            }
        }
        let mut made: Option<Batch> = None;
        while self.row < self.current.len() && made.as_ref().is_none_or(|made| made.len() < BATCH) {
            let row = self.current.row(self.row);
            self.row += 1;
            let mut outer = Batch::new(row.len() + self.expansion.values.len() + 1);
            let mut lines = Lines::new(self.expansion, row, context);
            while let Some(line) = lines.next(self.expansion, context) {
                outer.push(row.iter().cloned().chain(line));
                if outer.len().is_multiple_of(BATCH) {
                    context.check()?;
                }
            }
            let held = outer.bytes();
            context.hold(held, "mv-apply")?;
            let mut body = self.body.open(self.run, Some(&outer));
            while let Some(inner) = body.pull()? {
                let made = made.get_or_insert_with(|| Batch::new(row.len() + inner.width()));
                context.hold(inner.len() * made.width() * size_of::<Value>(), "mv-apply")?;
                inner.rows().for_each(|line| made.push(row.iter().chain(line).cloned()));
                context.produced(inner.len())?;
            }
            context.release(held);
            context.check()?;
        }
        let made = made.unwrap_or_default();
        context.release(made.len() * made.width() * size_of::<Value>());
        Ok(Some(made))
    }
}
