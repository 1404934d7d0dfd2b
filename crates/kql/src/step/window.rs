//! Window functions: all rows are held, each function is computed for all of them, and the rows go on with its values.

use super::{BATCH, Pull, Pulled};
use crate::context::Context;
use crate::table::Batch;
use crate::value::Value;
use crate::windows::WindowCall;

pub(super) struct Windows<'p> {
    pub(super) input: Box<dyn Pull + 'p>,
    pub(super) calls: &'p [WindowCall],
    pub(super) context: &'p Context<'p>,
    pub(super) ready: Option<std::vec::IntoIter<Vec<Value>>>,
}

impl Windows<'_> {
    fn compute(&mut self) -> Result<Vec<Vec<Value>>, crate::EvaluationError> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        while let Some(batch) = self.input.pull()? {
            let width = (batch.width() + self.calls.len()) * size_of::<Value>();
            self.context.hold(batch.bytes() + batch.len() * (32 + width), "serialize")?;
            rows.extend(batch.rows().map(<[Value]>::to_vec));
            self.context.check()?;
        }
        // One after the other: a function may be about the values of another one.
        for call in self.calls {
            let values = call.values(&rows, self.context);
            self.context.check()?;
            for (row, value) in rows.iter_mut().zip(values) {
                row.push(value);
            }
        }
        Ok(rows)
    }
}

impl Pull for Windows<'_> {
    fn pull(&mut self) -> Pulled {
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => self.compute()?.into_iter(),
        };
        let rows = self.ready.insert(ready);
        let mut made: Option<Batch> = None;
        for row in rows.take(BATCH) {
            made.get_or_insert_with(|| Batch::new(row.len())).push(row);
        }
        self.context.check()?;
        Ok(made)
    }
}
