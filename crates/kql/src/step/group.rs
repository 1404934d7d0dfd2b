//! `summarize`: groups in the order of their first row, and an accumulator for each aggregate of each of them.
//!
//! Where the table folds rows that are alike, the groups are made of those; if they turn out to say too little, they
//! are made anew of single rows.

use super::{BATCH, Pull, Pulled, Run, Step};
use crate::aggregates::Accumulator;
use crate::context::EvaluationError;
use crate::lower::FoldedStep;
use crate::plan::{AggregateCall, Expr};
use crate::table::Batch;
use crate::value::Value;
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) struct Summarize<'p> {
    pub(super) input: &'p Step,
    pub(super) keys: &'p [Expr],
    pub(super) aggregates: &'p [AggregateCall],
    pub(super) folded: Option<&'p FoldedStep>,
    pub(super) run: Run<'p>,
    pub(super) outer: Option<&'p Batch>,
    pub(super) done: bool,
}

/// What is grouped, and how.
struct Grouping<'p> {
    input: &'p Step,
    keys: &'p [Expr],
    aggregates: &'p [AggregateCall],
    /// Where a row says how many it stands for.
    weight: Option<usize>,
    /// For each aggregate, whether its argument is its answer already.
    counted: &'p [bool],
}

/// A key, and what is gathered for it.
type Group = (Arc<[Value]>, Vec<Box<dyn Accumulator>>);

/// An accumulator whose one row brings the answer.
struct Given(Option<Value>);

impl Accumulator for Given {
    fn add(&mut self, arguments: &[Value], context: &crate::context::Context<'_>) -> usize {
        // Two numbers of different values say nothing about both together.
        if self.0.is_some() {
            context.unfold();
        }
        self.0 = arguments.first().cloned();
        0
    }

    fn finish(self: Box<Self>, _: &crate::context::Context<'_>) -> Value {
        self.0.unwrap_or(Value::Long(0))
    }
}

impl Grouping<'_> {
    fn accumulators(&self) -> Vec<Box<dyn Accumulator>> {
        let of = |(at, call): (usize, &AggregateCall)| -> Box<dyn Accumulator> {
            if self.counted.get(at) == Some(&true) {
                Box::new(Given(None))
            } else {
                (call.aggregate.create)()
            }
        };
        self.aggregates.iter().enumerate().map(of).collect()
    }

    /// The groups, and how many bytes they hold; nothing if the rows did not say enough.
    fn gather(
        &self,
        run: Run<'_>,
        outer: Option<&Batch>,
    ) -> Result<Option<(Vec<Group>, usize)>, EvaluationError> {
        let context = run.context;
        let mut input = self.input.open(run, outer);
        let mut index: HashMap<Arc<[Value]>, usize, RandomState> = HashMap::default();
        let mut groups: Vec<Group> = Vec::new();
        let mut held = 0;
        if self.keys.is_empty() {
            // Without keys there is one group, also of no rows.
            groups.push((Arc::from([]), self.accumulators()));
            index.insert(Arc::from([]), 0);
        }
        let mut key: Vec<Value> = Vec::with_capacity(self.keys.len());
        let mut arguments: Vec<Value> = Vec::new();
        while let Some(batch) = input.pull()? {
            let mut more = 0;
            for row in batch.rows() {
                key.clear();
                key.extend(self.keys.iter().map(|key| key.evaluate(row, context).into_owned()));
                let at = match index.get(key.as_slice()) {
                    Some(at) => *at,
                    None => {
                        let shared: Arc<[Value]> = Arc::from(key.as_slice());
                        let before = groups.last().map(|(before, _)| &**before).unwrap_or_default();
                        more += 128 + 64 * self.aggregates.len() + fresh_bytes(&shared, before);
                        groups.push((shared.clone(), self.accumulators()));
                        index.insert(shared, groups.len() - 1);
                        groups.len() - 1
                    }
                };
                let rows = match self.weight.and_then(|at| row.get(at)) {
                    Some(Value::Long(rows)) => *rows,
                    _ => 1,
                };
                let Some((_, accumulators)) = groups.get_mut(at) else { continue };
                for (accumulator, call) in accumulators.iter_mut().zip(self.aggregates) {
                    arguments.clear();
                    arguments.extend(call.arguments.iter().map(|a| a.evaluate(row, context).into_owned()));
                    more += accumulator.add_many(&arguments, rows, context);
                }
                if more > 1 << 20 {
                    held += more;
                    context.hold(more, "summarize")?;
                    more = 0;
                }
            }
            held += more;
            context.hold(more, "summarize")?;
            context.check()?;
            if self.weight.is_some() && context.take_unfold() {
                context.release(held);
                return Ok(None);
            }
        }
        Ok(Some((groups, held)))
    }
}

/// What a key holds beside what it shares with the key before: rows come in an order, and share most of their texts.
fn fresh_bytes(key: &[Value], before: &[Value]) -> usize {
    let shared = |(at, value): &(usize, &Value)| match (value, before.get(*at)) {
        (Value::String(text), Some(Value::String(last))) => Arc::ptr_eq(text, last),
        _ => false,
    };
    key.iter()
        .enumerate()
        .map(|(at, value)| if shared(&(at, value)) { size_of::<Value>() } else { value.bytes() })
        .sum()
}

impl Pull for Summarize<'_> {
    fn pull(&mut self) -> Pulled {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let context = self.run.context;
        let mut found = None;
        if let Some(folded) = self.folded.filter(|folded| self.run.source.folds(&folded.request)) {
            let grouping = Grouping {
                input: &folded.input,
                keys: &folded.keys,
                aggregates: &folded.aggregates,
                weight: Some(folded.weight),
                counted: &folded.counted,
            };
            found = grouping.gather(self.run, self.outer)?;
        }
        if found.is_none() {
            let (input, keys, aggregates) = (self.input, self.keys, self.aggregates);
            let grouping = Grouping { input, keys, aggregates, weight: None, counted: &[] };
            found = grouping.gather(self.run, self.outer)?;
        }
        let (groups, held) = found.unwrap_or_default();
        let mut made = Batch::new(self.keys.len() + self.aggregates.len());
        for (key, accumulators) in groups {
            let values = accumulators.into_iter().map(|accumulator| accumulator.finish(context));
            made.push(key.iter().cloned().chain(values));
            if made.len().is_multiple_of(BATCH) {
                context.check()?;
            }
        }
        context.release(held);
        context.check()?;
        Ok(Some(made))
    }
}
