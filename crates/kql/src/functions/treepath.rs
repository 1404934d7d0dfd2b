//! `treepath`: All paths to a value in a dynamic.

use super::{Function, Returns, value};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "treepath",
    aliases: &[],
    signature: "value:dynamic",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "All paths to a value in a dynamic.",
    example: ("treepath(dynamic({'a':{'b':1}}))", r#"["['a']","['a']['b']"]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], _: &Context<'_>) -> Value {
    fn walk(value: &Value, path: &str, depth: usize, found: &mut std::collections::BTreeSet<String>) {
        let mut inside: Vec<(String, &Value)> = Vec::new();
        match value {
            Value::Bag(bag) => {
                inside.extend(bag.iter().map(|(name, value)| (format!("{path}['{name}']"), value)))
            }
            Value::Array(values) => inside.extend(values.iter().map(|value| (format!("{path}[0]"), value))),
            _ => {}
        }
        for (path, value) in inside {
            if depth > 0 && found.len() < 10_000 {
                walk(value, &path, depth - 1, found);
                found.insert(path);
            }
        }
    }
    let mut found = std::collections::BTreeSet::new();
    walk(value(arguments, 0), "", 32, &mut found);
    Value::array(found.into_iter().map(Value::from))
}
