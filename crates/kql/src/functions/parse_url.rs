//! `parse_url`: The parts of a URL.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_url",
    aliases: &["parseurl"],
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
    Value::bag([
        ("Scheme", Value::text(scheme)),
        ("Host", Value::text(host)),
        ("Port", Value::text(port)),
        ("Path", Value::text(path)),
        ("Username", Value::text(name)),
        ("Password", Value::text(password)),
        ("Query Parameters", parameters(query)),
        ("Fragment", Value::text(fragment)),
    ])
}

/// The parameters of a query part, with their percent signs resolved; of several of one name the last counts.
pub(super) fn parameters(query: &str) -> Value {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    Value::bag(pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (super::url_decode::decoded(name), super::url_decode::decoded(value).into())
    }))
}
