//! Aggregates of how far values lie apart: deviations, variances, covariances.

use super::Accumulator;
use super::numbers::holds;
use crate::context::Context;
use crate::functions::{to_real, value};
use crate::value::Value;

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

pub(super) fn variancepif() -> Box<dyn Accumulator> {
    spread(true, false, true)
}

/// The same method for two values side by side.
struct Together {
    conditional: bool,
    population: bool,
    terms: f64,
    left: f64,
    right: f64,
    products: f64,
}

impl Accumulator for Together {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.conditional && !holds(arguments, 2) {
            return 0;
        }
        if let (Some(left), Some(right)) = (to_real(value(arguments, 0)), to_real(value(arguments, 1))) {
            self.terms += 1.0;
            let delta = left - self.left;
            self.left += delta / self.terms;
            self.right += (right - self.right) / self.terms;
            self.products += delta * (right - self.right);
        }
        0
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        let freedom = if self.population { self.terms } else { self.terms - 1.0 };
        Value::Real(if freedom > 0.0 { self.products / freedom } else { 0.0 })
    }
}

fn together(conditional: bool, population: bool) -> Box<dyn Accumulator> {
    Box::new(Together { conditional, population, terms: 0.0, left: 0.0, right: 0.0, products: 0.0 })
}

pub(super) fn covariance() -> Box<dyn Accumulator> {
    together(false, false)
}

pub(super) fn covarianceif() -> Box<dyn Accumulator> {
    together(true, false)
}

pub(super) fn covariancep() -> Box<dyn Accumulator> {
    together(false, true)
}

pub(super) fn covariancepif() -> Box<dyn Accumulator> {
    together(true, true)
}
