//! Joins: the right side is held and looked up by its keys, the left side streams.
//!
//! A null key meets nothing, as in the official language.

use super::{BATCH, Pull, Pulled, Run, Step};
use crate::context::EvaluationError;
use crate::plan::Expr;
use crate::syntax::JoinKind;
use crate::table::Batch;
use crate::value::Value;
use std::collections::{HashMap, HashSet, VecDeque};

/// A join whose sides are steps.
#[derive(Debug, Clone)]
pub(crate) struct JoinStep {
    pub(crate) kind: JoinKind,
    pub(crate) left: Step,
    pub(crate) right: Step,
    pub(crate) left_keys: Vec<Expr>,
    pub(crate) right_keys: Vec<Expr>,
    /// What stands in the place of a left row that there is not.
    pub(crate) left_fill: Vec<Value>,
    pub(crate) right_fill: Vec<Value>,
}

/// The right side, by its keys.
struct Held {
    rows: Vec<Vec<Value>>,
    met: Vec<bool>,
    index: HashMap<Vec<Value>, Vec<usize>>,
}

pub(super) struct Joining<'p> {
    step: &'p JoinStep,
    run: Run<'p>,
    outer: Option<&'p Batch>,
    left: Option<Box<dyn Pull + 'p>>,
    held: Option<Held>,
    seen: HashSet<Vec<Value>>,
    ready: VecDeque<Batch>,
    done: bool,
}

fn keys(exprs: &[Expr], row: &[Value], run: Run<'_>) -> Option<Vec<Value>> {
    let keys: Vec<Value> = exprs.iter().map(|key| key.evaluate(row, run.context).into_owned()).collect();
    if keys.iter().any(Value::is_null) { None } else { Some(keys) }
}

impl<'p> Joining<'p> {
    pub(super) fn new(step: &'p JoinStep, run: Run<'p>, outer: Option<&'p Batch>) -> Self {
        Self {
            step,
            run,
            outer,
            left: None,
            held: None,
            seen: HashSet::new(),
            ready: VecDeque::new(),
            done: false,
        }
    }

    fn hold(&mut self) -> Result<(), EvaluationError> {
        let mut held = Held { rows: Vec::new(), met: Vec::new(), index: HashMap::new() };
        let mut right = self.step.right.open(self.run, self.outer);
        while let Some(batch) = right.pull()? {
            self.run.context.hold(batch.bytes() * 2 + batch.len() * 96, "join")?;
            for row in batch.rows() {
                if let Some(keys) = keys(&self.step.right_keys, row, self.run) {
                    held.index.entry(keys).or_default().push(held.rows.len());
                }
                held.rows.push(row.to_vec());
                held.met.push(false);
            }
            self.run.context.check()?;
        }
        self.held = Some(held);
        Ok(())
    }

    fn width(&self) -> usize {
        let (left, right) = (self.step.left_fill.len(), self.step.right_fill.len());
        match self.step.kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => left,
            JoinKind::RightSemi | JoinKind::RightAnti => right,
            JoinKind::InnerUnique
            | JoinKind::Inner
            | JoinKind::LeftOuter
            | JoinKind::RightOuter
            | JoinKind::FullOuter => left + right,
        }
    }

    fn emit(&mut self, row: impl IntoIterator<Item = Value>) -> Result<(), EvaluationError> {
        let width = self.width();
        match self.ready.back_mut().filter(|batch| batch.len() < BATCH) {
            Some(batch) => batch.push(row),
            None => {
                let mut batch = Batch::new(width);
                batch.push(row);
                // What one batch of the left side makes is held until it is pulled.
                self.run.context.check()?;
                self.run.context.hold(BATCH * width * size_of::<Value>(), "join")?;
                self.ready.push_back(batch);
            }
        }
        self.run.context.produced(1)
    }

    fn left_row(&mut self, row: &[Value]) -> Result<(), EvaluationError> {
        let kind = self.step.kind;
        let keys = keys(&self.step.left_keys, row, self.run);
        if kind == JoinKind::InnerUnique {
            // Of left rows with one key only the first takes part.
            let Some(keys) = &keys else { return Ok(()) };
            if self.seen.contains(keys) {
                return Ok(());
            }
            self.run.context.hold(64 + keys.iter().map(Value::bytes).sum::<usize>(), "join")?;
            self.seen.insert(keys.clone());
        }
        let found: Vec<usize> = match (&self.held, &keys) {
            (Some(held), Some(keys)) => held.index.get(keys).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        match kind {
            JoinKind::LeftSemi if !found.is_empty() => return self.emit(row.to_vec()),
            JoinKind::LeftAnti if found.is_empty() => return self.emit(row.to_vec()),
            JoinKind::LeftSemi | JoinKind::LeftAnti => return Ok(()),
            JoinKind::LeftOuter | JoinKind::FullOuter if found.is_empty() => {
                return self.emit(row.iter().chain(&self.step.right_fill).cloned().collect::<Vec<_>>());
            }
            _ => {}
        }
        let pairs = !matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti);
        for at in found {
            let Some(held) = &mut self.held else { break };
            if let Some(met) = held.met.get_mut(at) {
                *met = true;
            }
            if pairs {
                let right = held.rows.get(at).map(Vec::as_slice).unwrap_or_default();
                let pair: Vec<Value> = row.iter().chain(right).cloned().collect();
                self.emit(pair)?;
            }
        }
        Ok(())
    }

    /// Rows of the right side that only now are known to have met somebody, or nobody.
    fn right_rows(&mut self) -> Result<(), EvaluationError> {
        let wanted = match self.step.kind {
            JoinKind::RightSemi => true,
            JoinKind::RightAnti | JoinKind::RightOuter | JoinKind::FullOuter => false,
            _ => return Ok(()),
        };
        let outer = matches!(self.step.kind, JoinKind::RightOuter | JoinKind::FullOuter);
        let Some(held) = self.held.take() else { return Ok(()) };
        for (row, met) in held.rows.into_iter().zip(held.met) {
            if met == wanted {
                let fill: &[Value] = if outer { &self.step.left_fill } else { &[] };
                let row: Vec<Value> = fill.iter().cloned().chain(row).collect();
                self.emit(row)?;
            }
        }
        Ok(())
    }
}

impl Pull for Joining<'_> {
    fn pull(&mut self) -> Pulled {
        if self.held.is_none() && !self.done {
            self.hold()?;
        }
        loop {
            if let Some(batch) = self.ready.pop_front() {
                self.run.context.release(BATCH * self.width() * size_of::<Value>());
                return Ok(Some(batch));
            }
            if self.done {
                return Ok(None);
            }
            let left = self.left.get_or_insert_with(|| self.step.left.open(self.run, self.outer));
            match left.pull()? {
                Some(batch) => batch.rows().try_for_each(|row| self.left_row(row))?,
                None => {
                    self.done = true;
                    self.right_rows()?;
                }
            }
        }
    }
}
