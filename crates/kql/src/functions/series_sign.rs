//! `series_sign`: The sign of each element: -1, 0 or 1.

use super::series::each;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_sign",
    aliases: &[],
    signature: "series:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The sign of each element: -1, 0 or 1.",
    example: ("series_sign(dynamic([-5,0,3]))", "[-1.0,0.0,1.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    each(arguments, |number| if number == 0.0 { 0.0 } else { number.signum() })
}
