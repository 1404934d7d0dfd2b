//! Aggregates that choose: the smallest, the largest, any, and the row around it.

use super::Accumulator;
use super::numbers::holds;
use crate::context::Context;
use crate::evaluate::sort_order;
use crate::functions::value;
use crate::value::Value;
use std::cmp::Ordering;

/// Keeps the row whose first value comes first in an order; of equal ones the earlier.
struct Pick {
    /// Which order of a new value to the kept one makes it the better one.
    better: Option<Ordering>,
    conditional: bool,
    row: bool,
    kept: Option<Vec<Value>>,
}

impl Accumulator for Pick {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.conditional && !holds(arguments, 1) {
            return 0;
        }
        let new = value(arguments, 0);
        // Of nothing but nulls a row is kept all the same.
        let better = match (&self.kept, self.better) {
            (None, _) => self.row || !new.is_null(),
            (Some(kept), _) if value(kept, 0).is_null() => !new.is_null(),
            (Some(_), None) => false,
            (Some(kept), Some(order)) => !new.is_null() && sort_order(new, value(kept, 0)) == order,
        };
        if !better {
            return 0;
        }
        let before: usize = self.kept.iter().flatten().map(Value::bytes).sum();
        self.kept = Some(arguments.to_vec());
        arguments.iter().map(Value::bytes).sum::<usize>().saturating_sub(before)
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        match self.kept {
            Some(kept) if self.row => Value::array(kept),
            Some(kept) => kept.into_iter().next().unwrap_or_default(),
            None => Value::Null,
        }
    }
}

fn pick(better: Option<Ordering>, conditional: bool, row: bool) -> Box<dyn Accumulator> {
    Box::new(Pick { better, conditional, row, kept: None })
}

pub(super) fn min() -> Box<dyn Accumulator> {
    pick(Some(Ordering::Less), false, false)
}

pub(super) fn minif() -> Box<dyn Accumulator> {
    pick(Some(Ordering::Less), true, false)
}

pub(super) fn max() -> Box<dyn Accumulator> {
    pick(Some(Ordering::Greater), false, false)
}

pub(super) fn maxif() -> Box<dyn Accumulator> {
    pick(Some(Ordering::Greater), true, false)
}

pub(super) fn any() -> Box<dyn Accumulator> {
    pick(None, false, true)
}

pub(super) fn anyif() -> Box<dyn Accumulator> {
    pick(None, true, false)
}

pub(super) fn arg_max() -> Box<dyn Accumulator> {
    pick(Some(Ordering::Greater), false, true)
}

pub(super) fn arg_min() -> Box<dyn Accumulator> {
    pick(Some(Ordering::Less), false, true)
}
