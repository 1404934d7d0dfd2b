//! `gamma`: The gamma function.

use super::{Function, Returns, real};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "gamma",
    aliases: &[],
    signature: "number:number",
    returns: Returns::Kind(Kind::Real),
    summary: "The gamma function.",
    example: ("round(gamma(5), 6)", "24.0"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    real(arguments, 0).map(gamma).filter(|number| !number.is_nan()).into()
}

/// Lanczos' approximation with g = 7 and nine terms, which is right to 15 digits.
pub(super) fn gamma(x: f64) -> f64 {
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        let angle = std::f64::consts::PI * x;
        return std::f64::consts::PI / (angle.sin() * gamma(1.0 - x));
    }
    // Factorials are exact as far as a double can hold them.
    if x.fract() == 0.0 && x <= 23.0 {
        let mut product = 1.0;
        let mut factor = 2.0;
        while factor < x {
            product *= factor;
            factor += 1.0;
        }
        return product;
    }
    let x = x - 1.0;
    let mut sum = TERMS[0];
    for (term, place) in TERMS.iter().skip(1).zip(1u8..) {
        sum += term / (x + f64::from(place));
    }
    let t = x + 7.5;
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(x + 0.5) * (-t).exp() * sum
}
