//! `partition`: the rows of each value of a column are a table of their own for the operators inside.

use super::{BATCH, Pull, Pulled, Run, Step};
use crate::plan::Expr;
use crate::table::Batch;
use crate::value::Value;
use std::collections::{HashMap, VecDeque};

pub(super) struct Partition<'p> {
    pub(super) input: Box<dyn Pull + 'p>,
    pub(super) key: &'p Expr,
    pub(super) body: &'p Step,
    pub(super) run: Run<'p>,
    pub(super) groups: Option<VecDeque<Batch>>,
    pub(super) ready: VecDeque<Batch>,
}

impl Partition<'_> {
    /// The rows of each value, in the order in which the values are met first.
    fn divide(&mut self) -> Result<VecDeque<Batch>, crate::EvaluationError> {
        let mut index: HashMap<Value, usize> = HashMap::new();
        let mut groups: VecDeque<Batch> = VecDeque::new();
        while let Some(batch) = self.input.pull()? {
            self.run.context.hold(batch.bytes() + batch.len() * 96, "partition")?;
            for row in batch.rows() {
                let key = self.key.evaluate(row, self.run.context).into_owned();
                let at = *index.entry(key).or_insert_with(|| {
                    groups.push_back(Batch::new(batch.width()));
                    groups.len() - 1
                });
                if let Some(group) = groups.get_mut(at) {
                    group.push(row.iter().cloned());
                }
            }
            self.run.context.check()?;
        }
        Ok(groups)
    }
}

impl Pull for Partition<'_> {
    fn pull(&mut self) -> Pulled {
        let mut groups = match self.groups.take() {
            Some(groups) => groups,
            None => self.divide()?,
        };
        while self.ready.is_empty() {
            self.run.context.check()?;
            let Some(group) = groups.pop_front() else { break };
            let mut body = self.body.open(self.run, Some(&group));
            while let Some(batch) = body.pull()? {
                self.run.context.produced(batch.len())?;
                self.run.context.hold(batch.bytes() + BATCH, "partition")?;
                self.ready.push_back(batch);
            }
        }
        self.groups = Some(groups);
        let next = self.ready.pop_front();
        if let Some(batch) = &next {
            self.run.context.release(batch.bytes() + BATCH);
        }
        Ok(next)
    }
}
