//! `top-nested`: the best values of a first key, of each of those the best of a second one, and so on.
//!
//! What the aggregates of all levels are fed is held for each row, because a level below is about the rows of the values
//! that were chosen above, and what was not chosen may be asked for as a whole.

use super::{BATCH, Pull, Pulled};
use crate::context::{Context, EvaluationError};
use crate::evaluate::sort_order;
use crate::plan::{AggregateCall, Expr};
use crate::table::Batch;
use crate::value::Value;
use std::collections::HashMap;

/// A level.
#[derive(Debug, Clone)]
pub(crate) struct NestedLevel {
    pub(crate) key: Expr,
    pub(crate) count: Option<usize>,
    /// What stands for all values that are not among the best.
    pub(crate) others: Option<Value>,
    pub(crate) calls: Vec<AggregateCall>,
    /// The value over the answers of the aggregates.
    pub(crate) value: Expr,
    pub(crate) ascending: bool,
}

pub(super) struct Nested<'p> {
    pub(super) input: Box<dyn Pull + 'p>,
    pub(super) levels: &'p [NestedLevel],
    pub(super) context: &'p Context<'p>,
    pub(super) done: bool,
}

/// For each level the key, and what its aggregates are fed.
type Fed = Vec<(Value, Vec<Vec<Value>>)>;

impl Nested<'_> {
    fn feed(&self, row: &[Value]) -> Fed {
        let evaluate = |expr: &Expr| expr.evaluate(row, self.context).into_owned();
        let fed = |call: &AggregateCall| call.arguments.iter().map(evaluate).collect();
        self.levels
            .iter()
            .map(|level| (evaluate(&level.key), level.calls.iter().map(fed).collect()))
            .collect()
    }

    fn aggregate(&self, depth: usize, rows: &[&Fed]) -> Value {
        let Some(level) = self.levels.get(depth) else { return Value::Null };
        let mut accumulators: Vec<_> = level.calls.iter().map(|call| (call.aggregate.create)()).collect();
        for (_, fed) in rows.iter().filter_map(|row| row.get(depth)) {
            for (accumulator, arguments) in accumulators.iter_mut().zip(fed) {
                accumulator.add(arguments, self.context);
            }
        }
        let answers: Vec<Value> =
            accumulators.into_iter().map(|accumulator| accumulator.finish(self.context)).collect();
        level.value.evaluate(&answers, self.context).into_owned()
    }

    /// Adds the lines below a chosen value.
    fn descend(
        &self,
        depth: usize,
        rows: &[&Fed],
        line: &mut Vec<Value>,
        made: &mut Batch,
    ) -> Result<(), EvaluationError> {
        self.context.check()?;
        let Some(level) = self.levels.get(depth) else {
            self.context.hold(line.iter().map(Value::bytes).sum(), "top-nested")?;
            self.context.produced(1)?;
            made.push(line.iter().cloned());
            return Ok(());
        };
        let mut index: HashMap<&Value, usize> = HashMap::new();
        let mut groups: Vec<(&Value, Vec<&Fed>)> = Vec::new();
        for row in rows {
            let Some((key, _)) = row.get(depth) else { continue };
            let at = *index.entry(key).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            if let Some((_, members)) = groups.get_mut(at) {
                members.push(row);
            }
        }
        let mut ranked: Vec<(&Value, Vec<&Fed>, Value)> = groups
            .into_iter()
            .map(|(key, members)| {
                let value = self.aggregate(depth, &members);
                (key, members, value)
            })
            .collect();
        ranked.sort_by(|(.., left), (.., right)| {
            left.is_null().cmp(&right.is_null()).then_with(|| {
                let order = sort_order(left, right);
                if level.ascending { order } else { order.reverse() }
            })
        });
        let rest = ranked.split_off(level.count.unwrap_or(usize::MAX).min(ranked.len()));
        for (key, members, value) in ranked {
            line.extend([key.clone(), value]);
            self.descend(depth + 1, &members, line, made)?;
            line.truncate(depth * 2);
        }
        let rest: Vec<&Fed> = rest.into_iter().flat_map(|(_, members, _)| members).collect();
        if let Some(name) = level.others.as_ref().filter(|_| !rest.is_empty()) {
            line.extend([name.clone(), self.aggregate(depth, &rest)]);
            // What was not chosen is not divided further.
            for (below, level) in self.levels.iter().enumerate().skip(depth + 1) {
                line.extend([level.others.clone().unwrap_or_default(), self.aggregate(below, &rest)]);
            }
            self.descend(self.levels.len(), &rest, line, made)?;
            line.truncate(depth * 2);
        }
        Ok(())
    }
}

impl Pull for Nested<'_> {
    fn pull(&mut self) -> Pulled {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let mut rows: Vec<Fed> = Vec::new();
        while let Some(batch) = self.input.pull()? {
            for (count, row) in batch.rows().enumerate() {
                let fed = self.feed(row);
                let bytes = |(key, fed): &(Value, Vec<Vec<Value>>)| {
                    64 + key.bytes() + fed.iter().flatten().map(Value::bytes).sum::<usize>()
                };
                self.context.hold(fed.iter().map(bytes).sum(), "top-nested")?;
                rows.push(fed);
                if count.is_multiple_of(BATCH) {
                    self.context.check()?;
                }
            }
        }
        let mut made = Batch::new(self.levels.len() * 2);
        let rows: Vec<&Fed> = rows.iter().collect();
        self.descend(0, &rows, &mut Vec::new(), &mut made)?;
        Ok(Some(made))
    }
}
