//! Percentiles, exact and by the nearest rank: all values are held and put in order at the end.

use super::Accumulator;
use crate::context::Context;
use crate::evaluate::sort_order;
use crate::functions::{double, to_long, to_real, value};
use crate::value::Value;

struct Ranks {
    many: bool,
    weighted: bool,
    /// A value, and how often it counts.
    values: Vec<(Value, i64)>,
    percents: Vec<f64>,
}

impl Accumulator for Ranks {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.percents.is_empty() {
            let behind = arguments.iter().skip(1 + usize::from(self.weighted));
            let single = |value: &Value| match value {
                Value::Array(values) => values.iter().filter_map(to_real).collect(),
                value => to_real(value).into_iter().collect::<Vec<f64>>(),
            };
            self.percents = behind.flat_map(single).collect();
        }
        let value = value(arguments, 0);
        let weight = if self.weighted { to_long(self::value(arguments, 1)).unwrap_or(0) } else { 1 };
        if value.is_null() || weight <= 0 {
            return 0;
        }
        self.values.push((value.clone(), weight));
        value.bytes() + 8
    }

    fn finish(mut self: Box<Self>, _: &Context<'_>) -> Value {
        self.values.sort_by(|(left, _), (right, _)| sort_order(left, right));
        let total: i64 = self.values.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight));
        let found = self.percents.iter().map(|percent| {
            let wanted = percent.clamp(0.0, 100.0) / 100.0 * double(total);
            let mut behind = 0i64;
            // The first value at which so many lie at or below it; of nothing the first of all.
            let at = self.values.iter().position(|(_, weight)| {
                behind = behind.saturating_add(*weight);
                double(behind) >= wanted
            });
            at.and_then(|at| self.values.get(at)).map(|(value, _)| value.clone()).unwrap_or_default()
        });
        let found: Vec<Value> = found.collect();
        if self.many { Value::array(found) } else { found.into_iter().next().unwrap_or_default() }
    }
}

fn ranks(many: bool, weighted: bool) -> Box<dyn Accumulator> {
    Box::new(Ranks { many, weighted, values: Vec::new(), percents: Vec::new() })
}

pub(super) fn percentile() -> Box<dyn Accumulator> {
    ranks(false, false)
}

pub(super) fn percentiles() -> Box<dyn Accumulator> {
    ranks(true, false)
}

pub(super) fn percentilew() -> Box<dyn Accumulator> {
    ranks(false, true)
}

pub(super) fn percentilesw() -> Box<dyn Accumulator> {
    ranks(true, true)
}
