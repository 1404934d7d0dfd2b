//! Aggregates that compute: counts, sums, means, bits.

use super::Accumulator;
use crate::context::Context;
use crate::functions::{double, to_bool, to_long, to_real, value};
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
