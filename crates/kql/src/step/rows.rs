//! Steps over rows: reading, filtering, computing, ordering.

use super::{BATCH, Pull, Pulled, Run};
use crate::context::{Context, EvaluationError};
use crate::evaluate::{compare, sort_order};
use crate::functions::to_text;
use crate::lower::ScanStep;
use crate::plan::{Expr, Order};
use crate::table::{Batch, Rows};
use crate::value::Value;
use std::cmp::Ordering;
use std::sync::Arc;

type Input<'p> = Box<dyn Pull + 'p>;

pub(super) struct Scan<'p> {
    step: &'p ScanStep,
    run: Run<'p>,
    rows: Option<Box<dyn Rows + 'p>>,
}

impl<'p> Scan<'p> {
    pub(super) fn new(step: &'p ScanStep, run: Run<'p>) -> Self {
        Self { step, run, rows: None }
    }
}

impl Pull for Scan<'_> {
    fn pull(&mut self) -> Pulled {
        self.run.context.check()?;
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => none.insert(self.run.source.scan(&self.step.request).map_err(EvaluationError::Source)?),
        };
        let Some(batch) = rows.next_batch().map_err(EvaluationError::Source)? else { return Ok(None) };
        self.run.context.scanned(batch.len())?;
        let nulls = batch.width() != self.step.texts.len()
            || batch.rows().any(|row| row.iter().zip(&self.step.texts).any(|(v, text)| *text && v.is_null()));
        if !nulls {
            return Ok(Some(batch));
        }
        let mut fixed = Batch::new(self.step.texts.len());
        for row in batch.rows() {
            fixed.push(self.step.texts.iter().enumerate().map(|(at, text)| match row.get(at) {
                None | Some(Value::Null) if *text => Value::text(""),
                value => value.cloned().unwrap_or_default(),
            }));
        }
        Ok(Some(fixed))
    }
}

pub(super) struct Literal<'p> {
    rows: std::slice::Chunks<'p, Vec<Value>>,
    width: usize,
    context: &'p Context<'p>,
}

impl<'p> Literal<'p> {
    pub(super) fn new(rows: &'p Arc<[Vec<Value>]>, width: usize, context: &'p Context<'p>) -> Self {
        Self { rows: rows.chunks(BATCH), width, context }
    }
}

impl Pull for Literal<'_> {
    fn pull(&mut self) -> Pulled {
        self.context.check()?;
        let Some(rows) = self.rows.next() else { return Ok(None) };
        let mut batch = Batch::new(self.width);
        rows.iter().for_each(|row| batch.push(row.iter().cloned()));
        Ok(Some(batch))
    }
}

pub(super) struct Range<'p> {
    next: Value,
    to: Value,
    step: Value,
    context: &'p Context<'p>,
}

impl<'p> Range<'p> {
    pub(super) fn new(from: &Expr, to: &Expr, step: &Expr, context: &'p Context<'p>) -> Self {
        let value = |expr: &Expr| expr.evaluate(&[], context).into_owned();
        let (mut next, to, step) = (value(from), value(to), value(step));
        if let (Value::Long(first), Value::Real(_)) = (&next, &step) {
            next = Value::Real(crate::functions::double(*first));
        }
        Self { next, to, step, context }
    }
}

impl Pull for Range<'_> {
    fn pull(&mut self) -> Pulled {
        self.context.check()?;
        let zero = match self.step {
            Value::Timespan(_) => Value::Timespan(0),
            _ => Value::Long(0),
        };
        let direction = match compare(&self.step, &zero) {
            Some(Ordering::Greater) => Ordering::Less,
            Some(Ordering::Less) => Ordering::Greater,
            _ => return Ok(None),
        };
        let mut batch = Batch::new(1);
        while batch.len() < BATCH {
            match compare(&self.next, &self.to) {
                Some(order) if order == direction || order.is_eq() => {}
                _ => break,
            }
            let next = crate::evaluate::sum(&self.next, &self.step);
            batch.push([std::mem::replace(&mut self.next, next)]);
        }
        self.context.produced(batch.len())?;
        Ok(if batch.is_empty() { None } else { Some(batch) })
    }
}

pub(super) struct Once(pub(super) Option<Batch>);

impl Pull for Once {
    fn pull(&mut self) -> Pulled {
        Ok(self.0.take())
    }
}

pub(super) struct Filter<'p> {
    pub(super) input: Input<'p>,
    pub(super) condition: &'p Expr,
    pub(super) context: &'p Context<'p>,
}

impl Pull for Filter<'_> {
    fn pull(&mut self) -> Pulled {
        let Some(mut batch) = self.input.pull()? else { return Ok(None) };
        batch.retain(|row| !self.context.stop() && self.condition.holds(row, self.context));
        self.context.check()?;
        Ok(Some(batch))
    }
}

pub(super) struct Project<'p> {
    pub(super) input: Input<'p>,
    pub(super) values: &'p [Expr],
    pub(super) context: &'p Context<'p>,
}

impl Pull for Project<'_> {
    fn pull(&mut self) -> Pulled {
        let Some(batch) = self.input.pull()? else { return Ok(None) };
        let mut made = Batch::new(self.values.len());
        for row in batch.rows() {
            if self.context.stop() {
                break;
            }
            made.push(self.values.iter().map(|value| value.evaluate(row, self.context).into_owned()));
        }
        self.context.check()?;
        Ok(Some(made))
    }
}

pub(super) struct Take<'p> {
    pub(super) input: Input<'p>,
    pub(super) left: usize,
}

impl Pull for Take<'_> {
    fn pull(&mut self) -> Pulled {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(mut batch) = self.input.pull()? else { return Ok(None) };
        batch.truncate(self.left);
        self.left -= batch.len();
        Ok(Some(batch))
    }
}

pub(super) struct Chain<'p> {
    pub(super) inputs: Vec<Input<'p>>,
    pub(super) at: usize,
}

impl Pull for Chain<'_> {
    fn pull(&mut self) -> Pulled {
        while let Some(input) = self.inputs.get_mut(self.at) {
            if let Some(batch) = input.pull()? {
                return Ok(Some(batch));
            }
            self.at += 1;
        }
        Ok(None)
    }
}

pub(super) struct Sort<'p> {
    pub(super) input: Input<'p>,
    pub(super) keys: &'p [Order],
    pub(super) limit: Option<usize>,
    pub(super) context: &'p Context<'p>,
    pub(super) done: bool,
}

/// What a row that is held costs beside its values: two lists with what the allocator keeps, in a list that is half
/// empty at worst.
const ROW_BYTES: usize = 128;

/// The keys of a row, and the row.
type Keyed = (Vec<Value>, Vec<Value>);

impl Sort<'_> {
    fn order(&self, left: &Keyed, right: &Keyed) -> Ordering {
        for ((left, right), key) in left.0.iter().zip(&right.0).zip(self.keys) {
            let order = match (left.is_null(), right.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) if key.nulls_first => Ordering::Less,
                (true, false) => Ordering::Greater,
                (false, true) if key.nulls_first => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) if key.ascending => sort_order(left, right),
                (false, false) => sort_order(right, left),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

impl Pull for Sort<'_> {
    fn pull(&mut self) -> Pulled {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let mut rows: Vec<Keyed> = Vec::new();
        let (mut width, mut held) = (0, 0);
        while let Some(batch) = self.input.pull()? {
            width = batch.width();
            let mut more = batch.bytes() + batch.len() * ROW_BYTES;
            for row in batch.rows() {
                if self.context.stop() {
                    break;
                }
                let keys: Vec<Value> =
                    self.keys.iter().map(|key| key.value.evaluate(row, self.context).into_owned()).collect();
                more += keys.iter().map(Value::bytes).sum::<usize>();
                rows.push((keys, row.to_vec()));
            }
            held += more;
            self.context.hold(more, "sort")?;
            // Of a short order only the first rows matter; the rest goes before it piles up.
            if let Some(limit) =
                self.limit.filter(|limit| rows.len() > limit.saturating_mul(2).max(BATCH * 4))
            {
                rows.sort_by(|left, right| self.order(left, right));
                rows.truncate(limit);
                let left: usize =
                    rows.iter().flat_map(|(keys, row)| keys.iter().chain(row)).map(Value::bytes).sum();
                let left = left + rows.len() * ROW_BYTES;
                self.context.release(held.saturating_sub(left));
                held = held.min(left);
            }
            self.context.check()?;
        }
        rows.sort_by(|left, right| self.order(left, right));
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        let mut batch = Batch::new(width);
        rows.into_iter().for_each(|(_, row)| batch.push(row));
        self.context.release(held);
        Ok(Some(batch))
    }
}

pub(super) struct Sample<'p> {
    pub(super) input: Input<'p>,
    pub(super) count: usize,
    pub(super) context: &'p Context<'p>,
    pub(super) done: bool,
}

impl Pull for Sample<'_> {
    fn pull(&mut self) -> Pulled {
        if std::mem::replace(&mut self.done, true) || self.count == 0 {
            return Ok(None);
        }
        // Algorithm R: after n rows each of them is among the kept ones with the same chance.
        let mut kept: Vec<Vec<Value>> = Vec::new();
        let (mut seen, mut width) = (0u64, 0);
        while let Some(batch) = self.input.pull()? {
            self.context.check()?;
            width = batch.width();
            for row in batch.rows() {
                seen += 1;
                if kept.len() < self.count {
                    self.context.hold(row.iter().map(Value::bytes).sum(), "sample")?;
                    kept.push(row.to_vec());
                } else if let Ok(place) = usize::try_from(self.context.random() % seen)
                    && let Some(slot) = kept.get_mut(place)
                {
                    *slot = row.to_vec();
                }
            }
        }
        let mut batch = Batch::new(width);
        kept.into_iter().for_each(|row| batch.push(row));
        Ok(Some(batch))
    }
}

pub(super) struct Narrow<'p> {
    pub(super) input: Input<'p>,
    pub(super) names: &'p [Arc<str>],
    pub(super) context: &'p Context<'p>,
    pub(super) row: i64,
}

impl Pull for Narrow<'_> {
    fn pull(&mut self) -> Pulled {
        let Some(batch) = self.input.pull()? else { return Ok(None) };
        let mut made = Batch::new(3);
        for row in batch.rows() {
            if self.context.stop() {
                break;
            }
            for (name, value) in self.names.iter().zip(row) {
                let text = self.context.made(Value::text(to_text(value, self.context)), "narrow");
                made.push([Value::Long(self.row), Value::String(name.clone()), text]);
            }
            self.row += 1;
        }
        self.context.produced(made.len())?;
        self.context.check()?;
        Ok(Some(made))
    }
}
