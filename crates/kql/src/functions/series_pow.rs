//! `series_pow`: One series to the power of another, element by element.

use super::series::computed;
use super::{Function, Returns};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "series_pow",
    aliases: &[],
    signature: "left:any, right:any",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "One series to the power of another, element by element.",
    example: ("series_pow(dynamic([2,3]), dynamic([2,2]))", "[4.0,9.0]"),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    computed(arguments, f64::powf)
}
