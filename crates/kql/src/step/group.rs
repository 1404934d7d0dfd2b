//! `summarize`: groups in the order of their first row, and an accumulator for each aggregate of each of them.

use super::{BATCH, Pull, Pulled};
use crate::aggregates::Accumulator;
use crate::context::Context;
use crate::plan::{AggregateCall, Expr};
use crate::table::Batch;
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) struct Summarize<'p> {
    pub(super) input: Box<dyn Pull + 'p>,
    pub(super) keys: &'p [Expr],
    pub(super) aggregates: &'p [AggregateCall],
    pub(super) context: &'p Context<'p>,
    pub(super) done: bool,
}

impl Summarize<'_> {
    fn accumulators(&self) -> Vec<Box<dyn Accumulator>> {
        self.aggregates.iter().map(|call| (call.aggregate.create)()).collect()
    }
}

/// A key, and what is gathered for it.
type Group = (Arc<[Value]>, Vec<Box<dyn Accumulator>>);

impl Pull for Summarize<'_> {
    fn pull(&mut self) -> Pulled {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let mut index: HashMap<Arc<[Value]>, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let mut held = 0;
        if self.keys.is_empty() {
            // Without keys there is one group, also of no rows.
            groups.push((Arc::from([]), self.accumulators()));
            index.insert(Arc::from([]), 0);
        }
        let mut key: Vec<Value> = Vec::with_capacity(self.keys.len());
        let mut arguments: Vec<Value> = Vec::new();
        while let Some(batch) = self.input.pull()? {
            let mut more = 0;
            for row in batch.rows() {
                key.clear();
                key.extend(self.keys.iter().map(|key| key.evaluate(row, self.context).into_owned()));
                let at = match index.get(key.as_slice()) {
                    Some(at) => *at,
                    None => {
                        let shared: Arc<[Value]> = Arc::from(key.as_slice());
                        more +=
                            128 + 64 * self.aggregates.len() + key.iter().map(Value::bytes).sum::<usize>();
                        groups.push((shared.clone(), self.accumulators()));
                        index.insert(shared, groups.len() - 1);
                        groups.len() - 1
                    }
                };
                let Some((_, accumulators)) = groups.get_mut(at) else { continue };
                for (accumulator, call) in accumulators.iter_mut().zip(self.aggregates) {
                    arguments.clear();
                    arguments
                        .extend(call.arguments.iter().map(|a| a.evaluate(row, self.context).into_owned()));
                    more += accumulator.add(&arguments, self.context);
                }
                if more > 1 << 20 {
                    held += more;
                    self.context.hold(more, "summarize")?;
                    more = 0;
                }
            }
            held += more;
            self.context.hold(more, "summarize")?;
            self.context.check()?;
        }
        let mut made = Batch::new(self.keys.len() + self.aggregates.len());
        for (key, accumulators) in groups {
            let values = accumulators.into_iter().map(|accumulator| accumulator.finish(self.context));
            made.push(key.iter().cloned().chain(values));
            if made.len().is_multiple_of(BATCH) {
                self.context.check()?;
            }
        }
        self.context.release(held);
        self.context.check()?;
        Ok(Some(made))
    }
}
