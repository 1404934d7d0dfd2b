//! `parse_url`: The parts of a URL.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_url",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The parts of a URL.",
    example: ("parse_url('https://h:8/p?a=1#f').Host", r#""h""#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let (rest, fragment) = text.split_once('#').unwrap_or((&text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    Value::bag([
        ("Scheme", Value::text(scheme)),
        ("Host", Value::text(host)),
        ("Port", Value::text(port)),
        ("Path", Value::text(path)),
        ("Username", Value::text(name)),
        ("Password", Value::text(password)),
        ("Query Parameters", Value::bag(parameters.map(|(name, value)| (name, Value::text(value))))),
        ("Fragment", Value::text(fragment)),
    ])
}
