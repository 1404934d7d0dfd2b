//! `parse_command_line`: The arguments of a command line, as Windows divides it.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_command_line",
    aliases: &[],
    signature: "line:string, parser:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "The arguments of a command line, as Windows divides it.",
    example: (r#"parse_command_line('echo "hello world"', 'windows')"#, r#"["echo","hello world"]"#),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    if &*text(arguments, 1, context) != "windows" {
        return Value::Null;
    }
    Value::array(divide(&text(arguments, 0, context)).into_iter().map(Value::from))
}

/// A backslash escapes only where a quote follows the run of them; two quotes inside quotes are one.
fn divide(line: &str) -> Vec<String> {
    let (mut found, mut word, mut inside, mut begun) = (Vec::new(), String::new(), false, false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let mut run = 1;
                while letters.next_if_eq(&'\\').is_some() {
                    run += 1;
                }
                let quoted = letters.peek() == Some(&'"');
                word.extend(std::iter::repeat_n('\\', if quoted { run / 2 } else { run }));
                if quoted && run % 2 == 1 {
                    letters.next();
                    word.push('"');
                }
                begun = true;
            }
            '"' if inside && letters.next_if_eq(&'"').is_some() => word.push('"'),
            '"' => {
                inside = !inside;
                begun = true;
            }
            ' ' | '\t' | '\n' | '\r' if !inside => {
                if begun {
                    found.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        found.push(word);
    }
    found
}
