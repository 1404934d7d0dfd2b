//! `parse_xml`: What an XML text says: elements as bags, attributes as names with `@`, text as `#text`.

use super::{Function, Returns, text};
use crate::context::Context;
use crate::value::{Kind, Value};
use std::collections::BTreeMap;

pub(super) const FUNCTION: &Function = &Function {
    name: "parse_xml",
    aliases: &[],
    signature: "text:string",
    returns: Returns::Kind(Kind::Dynamic),
    summary: "What an XML text says: elements as bags, attributes as names with `@`, text as `#text`.",
    example: (r#"parse_xml('<a b="1">c</a>')"#, r##"{"a":{"@b":"1","#text":"c"}}"##),
    evaluate,
};

fn evaluate(arguments: &[Value], context: &Context<'_>) -> Value {
    Reader::document(&text(arguments, 0, context)).unwrap_or_default()
}

/// Elements are not nested deeper than this.
const DEEPEST: usize = 64;

/// Reads elements, attributes and text; declarations, comments and instructions are skipped, and nothing but the five
/// entities of XML itself and numbered letters is resolved, so that a small text stays small.
struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn document(text: &'t str) -> Option<Value> {
        let mut reader = Self { rest: text };
        reader.skip()?;
        let (name, value) = reader.element(0)?;
        reader.skip()?;
        reader.rest.is_empty().then(|| Value::bag([(name, value)]))
    }

    /// What stands between elements and says nothing.
    fn skip(&mut self) -> Option<()> {
        loop {
            self.rest =
                self.rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
            let end = if self.rest.starts_with("<?") {
                "?>"
            } else if self.rest.starts_with("<!--") {
                "-->"
            } else if self.rest.starts_with("<!DOCTYPE") {
                ">"
            } else {
                return Some(());
            };
            self.behind(end)?;
        }
    }

    /// The text up to a mark, which is stepped over.
    fn behind(&mut self, mark: &str) -> Option<&'t str> {
        let (before, rest) = self.rest.split_once(mark)?;
        self.rest = rest;
        Some(before)
    }

    fn name(&mut self) -> Option<&'t str> {
        let is_end =
            |letter: char| letter.is_whitespace() || matches!(letter, '/' | '>' | '=' | '<' | '"' | '\'');
        let end = self.rest.find(is_end)?;
        let (name, rest) = self.rest.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
        self.rest = rest;
        Some(name)
    }

    /// An element, which begins here.
    fn element(&mut self, depth: usize) -> Option<(&'t str, Value)> {
        if depth > DEEPEST {
            return None;
        }
        self.rest = self.rest.strip_prefix('<')?;
        let name = self.name()?;
        let mut members: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                return Some((name, value_of(members, "")));
            }
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                break;
            }
            let attribute = self.name()?;
            self.rest = self.rest.trim_start().strip_prefix('=')?.trim_start();
            let quote = if self.rest.starts_with('"') { "\"" } else { "'" };
            self.rest = self.rest.strip_prefix(quote)?;
            let text = resolved(self.behind(quote)?)?;
            members.entry(format!("@{attribute}")).or_default().push(text.into());
        }
        let text = self.content(name, depth, &mut members)?;
        Some((name, value_of(members, text.trim())))
    }

    /// What stands between the two ends of an element.
    fn content(
        &mut self,
        name: &str,
        depth: usize,
        members: &mut BTreeMap<String, Vec<Value>>,
    ) -> Option<String> {
        let mut text = String::new();
        loop {
            let at = self.rest.find('<')?;
            text.push_str(&resolved(self.rest.get(..at)?)?);
            self.rest = self.rest.get(at..)?;
            if let Some(rest) = self.rest.strip_prefix("</") {
                self.rest = rest;
                let closed = self.behind(">")?;
                return (closed.trim_end() == name).then_some(text);
            }
            if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                self.rest = rest;
                text.push_str(self.behind("]]>")?);
            } else if self.rest.starts_with("<!--") {
                self.behind("-->")?;
            } else if self.rest.starts_with("<?") {
                self.behind("?>")?;
            } else {
                let (name, value) = self.element(depth + 1)?;
                members.entry(name.to_owned()).or_default().push(value);
            }
        }
    }
}

/// Members of one name are an array; an element without members is its text, or null.
fn value_of(members: BTreeMap<String, Vec<Value>>, text: &str) -> Value {
    if members.is_empty() {
        return if text.is_empty() { Value::Null } else { Value::text(text) };
    }
    let single = |mut values: Vec<Value>| match values.pop() {
        Some(only) if values.is_empty() => only,
        last => Value::array(values.into_iter().chain(last)),
    };
    let text = (!text.is_empty()).then(|| ("#text".to_owned(), Value::text(text)));
    Value::bag(members.into_iter().map(|(name, values)| (name, single(values))).chain(text))
}

/// A text with its entities resolved; nothing if one is unknown.
fn resolved(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut whole = parts.next()?.to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';')?;
        whole.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        whole.push_str(rest);
    }
    Some(whole)
}
