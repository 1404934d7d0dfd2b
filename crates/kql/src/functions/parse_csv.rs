//! `parse_csv`: The fields of one line of CSV.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_csv",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The fields of one line of CSV.",
    example: (r#"parse_csv('a,"b,c"')"#, r#"["a","b,c"]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    let text = text(arguments, 0, context);
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(Value::from(std::mem::take(&mut field))),
            '\n' if !quoted => break,
            _ => field.push(letter),
        }
    }
    fields.push(field.into());
    Value::array(fields)
}
