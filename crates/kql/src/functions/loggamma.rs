//! `loggamma`: The logarithm of the absolute value of the gamma function.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "loggamma",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The logarithm of the absolute value of the gamma function.",
    example: ("round(loggamma(5), 4)", "3.1781"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(log_gamma).filter(|number| !number.is_nan()).into()
}

/// Stirling's series above sixteen, where its first terms are right to the last digit, and the recurrence below, so that large numbers do not overflow on the way.
fn log_gamma(x: f64) -> f64 {
    if x <= 0.0 {
        return super::gamma::gamma(x).abs().ln();
    }
    let (mut x, mut shift) = (x, 0.0);
    while x < 16.0 {
        shift += x.ln();
        x += 1.0;
    }
    let square = (x * x).recip();
    let terms = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0];
    let series = terms.iter().rev().fold(0.0, |sum, term| sum * square + term) / x;
    (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_8 + series - shift
}
