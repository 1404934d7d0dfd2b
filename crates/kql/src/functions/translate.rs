//! `translate`: The text with letters changed for others.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "translate",
    aliases: &[],
    signature: "from:string, to:string, text:any",
    returns: Returns::Kind(Kind::String),
    summary: "The text with letters changed for others.",
    example: ("translate('krasp', 'otsku', 'spark')", r#""kusto""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let from: Vec<char> = text(arguments, 0, context).chars().collect();
    let to: Vec<char> = text(arguments, 1, context).chars().collect();
    let map = |letter: char| match from.iter().position(|other| *other == letter) {
        Some(at) => to.get(at).or(to.last()).copied(),
        None => Some(letter),
    };
    text(arguments, 2, context).chars().filter_map(map).collect::<String>().into()
}
