//! Aggregates that compute: counts, sums, means, deviations, percentiles.

use super::Accumulator;
use crate::context::Context;
use crate::evaluate::sort_order;
use crate::functions::{double, to_bool, to_long, to_real, value, whole};
use crate::value::Value;

/// Whether the condition at a position holds.
pub(super) fn holds(arguments: &[Value], at: usize) -> bool {
    to_bool(value(arguments, at)) == Some(true)
}

struct Count {
    conditional: bool,
    rows: i64,
}

impl Accumulator for Count {
    fn add(&mut self, arguments: &[Value], context: &Context<'_>) -> usize {
        self.add_many(arguments, 1, context)
    }

    fn add_many(&mut self, arguments: &[Value], rows: i64, _: &Context<'_>) -> usize {
        if !self.conditional || holds(arguments, 0) {
            self.rows = self.rows.saturating_add(rows);
        }
        0
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        Value::Long(self.rows)
    }
}

pub(super) fn count() -> Box<dyn Accumulator> {
    Box::new(Count { conditional: false, rows: 0 })
}

pub(super) fn countif() -> Box<dyn Accumulator> {
    Box::new(Count { conditional: true, rows: 0 })
}

/// A sum that stays whole as long as its terms are.
#[derive(Default)]
struct Sum {
    conditional: bool,
    mean: bool,
    terms: i64,
    whole: i128,
    real: f64,
    is_real: bool,
    span: bool,
    point: bool,
}

impl Accumulator for Sum {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.conditional && !holds(arguments, 1) {
            return 0;
        }
        match value(arguments, 0) {
            Value::Real(number) => {
                self.real += number;
                self.is_real = true;
            }
            Value::Timespan(ticks) => {
                self.span = true;
                self.whole += i128::from(*ticks);
            }
            Value::Datetime(ticks) => {
                self.point = true;
                self.whole += i128::from(*ticks);
            }
            other => match (other, to_real(other)) {
                (Value::Long(number), _) => self.whole += i128::from(*number),
                (_, Some(number)) => {
                    self.real += number;
                    self.is_real = true;
                }
                (_, None) => return 0,
            },
        }
        self.terms += 1;
        0
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        let whole = i64::try_from(self.whole).ok();
        if self.mean {
            if self.terms == 0 {
                return Value::Null;
            }
            let exact = i64::try_from(self.whole / i128::from(self.terms)).ok();
            if self.span {
                return exact.map_or(Value::Null, Value::Timespan);
            }
            if self.point {
                return exact.map_or(Value::Null, Value::Datetime);
            }
            #[expect(clippy::cast_precision_loss, reason = "a mean is a double")]
            let sum = self.whole as f64 + self.real;
            return Value::Real(sum / double(self.terms));
        }
        if self.span {
            return whole.map_or(Value::Null, Value::Timespan);
        }
        if self.is_real {
            return Value::Real(self.real + whole.map_or(f64::NAN, double));
        }
        whole.into()
    }
}

pub(super) fn sum() -> Box<dyn Accumulator> {
    Box::new(Sum::default())
}

pub(super) fn sumif() -> Box<dyn Accumulator> {
    Box::new(Sum { conditional: true, ..Sum::default() })
}

pub(super) fn avg() -> Box<dyn Accumulator> {
    Box::new(Sum { mean: true, ..Sum::default() })
}

pub(super) fn avgif() -> Box<dyn Accumulator> {
    Box::new(Sum { mean: true, conditional: true, ..Sum::default() })
}

/// Welford's method: one pass, and no difference of large numbers.
struct Spread {
    conditional: bool,
    root: bool,
    population: bool,
    terms: f64,
    mean: f64,
    squares: f64,
}

impl Accumulator for Spread {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.conditional && !holds(arguments, 1) {
            return 0;
        }
        if let Some(number) = to_real(value(arguments, 0)) {
            self.terms += 1.0;
            let delta = number - self.mean;
            self.mean += delta / self.terms;
            self.squares += delta * (number - self.mean);
        }
        0
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        let freedom = if self.population { self.terms } else { self.terms - 1.0 };
        let variance = if freedom > 0.0 { self.squares / freedom } else { 0.0 };
        Value::Real(if self.root { variance.sqrt() } else { variance })
    }
}

fn spread(conditional: bool, root: bool, population: bool) -> Box<dyn Accumulator> {
    Box::new(Spread { conditional, root, population, terms: 0.0, mean: 0.0, squares: 0.0 })
}

pub(super) fn stdev() -> Box<dyn Accumulator> {
    spread(false, true, false)
}

pub(super) fn stdevif() -> Box<dyn Accumulator> {
    spread(true, true, false)
}

pub(super) fn stdevp() -> Box<dyn Accumulator> {
    spread(false, true, true)
}

pub(super) fn variance() -> Box<dyn Accumulator> {
    spread(false, false, false)
}

pub(super) fn varianceif() -> Box<dyn Accumulator> {
    spread(true, false, false)
}

pub(super) fn variancep() -> Box<dyn Accumulator> {
    spread(false, false, true)
}

struct Bits {
    bits: Option<i64>,
    combine: fn(i64, i64) -> i64,
}

impl Accumulator for Bits {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if let Some(number) = to_long(value(arguments, 0)) {
            self.bits = Some(self.bits.map_or(number, |bits| (self.combine)(bits, number)));
        }
        0
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        self.bits.into()
    }
}

pub(super) fn all_and() -> Box<dyn Accumulator> {
    Box::new(Bits { bits: None, combine: |a, b| a & b })
}

pub(super) fn all_or() -> Box<dyn Accumulator> {
    Box::new(Bits { bits: None, combine: |a, b| a | b })
}

pub(super) fn all_xor() -> Box<dyn Accumulator> {
    Box::new(Bits { bits: None, combine: |a, b| a ^ b })
}

/// All values, put in order at the end.
struct Ranks {
    many: bool,
    values: Vec<Value>,
    percents: Vec<f64>,
}

impl Accumulator for Ranks {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.percents.is_empty() {
            self.percents = arguments.iter().skip(1).filter_map(to_real).collect();
        }
        let value = value(arguments, 0);
        if value.is_null() {
            return 0;
        }
        self.values.push(value.clone());
        value.bytes()
    }

    fn finish(mut self: Box<Self>, _: &Context<'_>) -> Value {
        self.values.sort_by(sort_order);
        let found = self.percents.iter().map(|percent| {
            let length = i64::try_from(self.values.len()).unwrap_or(i64::MAX);
            let rank = whole((percent.clamp(0.0, 100.0) / 100.0 * double(length)).ceil()).unwrap_or(1);
            let at = usize::try_from(rank.max(1) - 1).unwrap_or(0);
            self.values.get(at).cloned().unwrap_or_default()
        });
        let found: Vec<Value> = found.collect();
        if self.many { Value::array(found) } else { found.into_iter().next().unwrap_or_default() }
    }
}

pub(super) fn percentile() -> Box<dyn Accumulator> {
    Box::new(Ranks { many: false, values: Vec::new(), percents: Vec::new() })
}

pub(super) fn percentiles() -> Box<dyn Accumulator> {
    Box::new(Ranks { many: true, values: Vec::new(), percents: Vec::new() })
}
