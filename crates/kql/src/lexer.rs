//! Tokens of a query, each with its place.
//!
//! The lexer is total: whatever it cannot read becomes a token that says why, and the parser reports it where it meets
//! it. Surprises of the language: a number may carry a unit (`2h`), a literal such as `datetime(2020-01-01)` holds text
//! that is no expression, strings come in six forms, and `1..5` is a range and not a number with two points.

mod literal;

use crate::diagnostic::Span;
use crate::value::Value;
use std::sync::Arc;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A name or a word of the language.
    Name(Arc<str>),
    /// A string.
    Text(Arc<str>),
    /// Any other literal, with the kind it has beside its value.
    Literal(Value, crate::value::Kind),
    /// A sign: `|`, `==`, `..`.
    Sign(&'static str),
    /// Something that is none of these, and why.
    Broken(String),
    /// The end of the query.
    End,
}

/// A token and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// The signs, longest first.
pub(crate) const SIGNS: [&str; 34] = [
    "<|", "==", "=~", "!=", "!~", "<>", "<=", ">=", "=>", "..", "::", "|", "(", ")", "[", "]", "{", "}", ",",
    ";", ":", ".", "=", "<", ">", "+", "-", "*", "/", "%", "?", "!", "@", "~",
];

/// All tokens of a query; the last one is the end.
pub(crate) fn tokens(query: &str) -> Vec<Token> {
    let mut lexer = Lexer { query, at: 0 };
    let mut found = Vec::new();
    loop {
        let token = lexer.next();
        let end = token.kind == TokenKind::End;
        found.push(token);
        if end {
            return found;
        }
    }
}

struct Lexer<'q> {
    query: &'q str,
    at: usize,
}

impl<'q> Lexer<'q> {
    fn rest(&self) -> &'q str {
        self.query.get(self.at..).unwrap_or_default()
    }

    /// The part of the rest, from its beginning, whose letters fulfil a condition.
    fn run(&self, accept: impl Fn(char) -> bool) -> &'q str {
        let rest = self.rest();
        rest.get(..rest.find(|letter| !accept(letter)).unwrap_or(rest.len())).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        loop {
            self.at += self.run(|letter| letter.is_whitespace() || letter == '\u{feff}').len();
            if !self.rest().starts_with("//") {
                return;
            }
            self.at += self.run(|letter| letter != '\n').len();
        }
    }

    fn next(&mut self) -> Token {
        self.skip_blanks();
        let start = self.at;
        let kind = self.kind();
        Token { kind, span: Span { start, end: self.at } }
    }

    fn kind(&mut self) -> TokenKind {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return TokenKind::End };
        if let Some(kind) = self.string() {
            return kind;
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if is_name_start(first) {
            return self.name();
        }
        for sign in SIGNS {
            if rest.starts_with(sign) {
                self.at += sign.len();
                return TokenKind::Sign(sign);
            }
        }
        self.at += first.len_utf8();
        TokenKind::Broken(format!("the letter {first:?} has no meaning here"))
    }

    fn name(&mut self) -> TokenKind {
        // A dollar stands at the beginning of a name only.
        let dollar = usize::from(self.rest().starts_with('$'));
        let rest = self.rest();
        let end = rest.char_indices().skip(dollar).find(|(_, letter)| !is_name_part(*letter));
        let name = rest.get(..end.map_or(rest.len(), |(at, _)| at)).unwrap_or_default();
        self.at += name.len();
        // `datetime(…)` and its like hold text of their own.
        let blanks = self.run(char::is_whitespace).len();
        let opened = self.rest().get(blanks..).is_some_and(|rest| rest.starts_with('('));
        if opened && literal::holds_text(name) {
            let inside = self.rest().get(blanks + 1..).unwrap_or_default();
            if let Some((value, kind, length)) = literal::read(name, inside) {
                self.at += blanks + 1 + length;
                return TokenKind::Literal(value, kind);
            }
            if let Some(length) = inside.find(')').filter(|_| literal::always_literal(name)) {
                let text = inside.get(..length).unwrap_or_default().trim();
                let reason = format!("`{text}` is not a {name}");
                self.at += blanks + 1 + length + 1;
                return TokenKind::Broken(reason);
            }
        }
        match name {
            "true" | "True" | "TRUE" => TokenKind::Literal(Value::Bool(true), crate::Kind::Bool),
            "false" | "False" | "FALSE" => TokenKind::Literal(Value::Bool(false), crate::Kind::Bool),
            _ => TokenKind::Name(Arc::from(name)),
        }
    }

    fn number(&mut self) -> TokenKind {
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with("0x") || rest.starts_with("0X") {
            self.at += 2;
            let digits = self.run(|letter| letter.is_ascii_alphanumeric());
            self.at += digits.len();
            // The digits of a hexadecimal number are the bits of a long.
            return match u64::from_str_radix(digits, 16) {
                Ok(bits) if !digits.starts_with('+') => {
                    TokenKind::Literal(Value::Long(bits.cast_signed()), crate::Kind::Long)
                }
                _ => TokenKind::Broken("this is not a hexadecimal number of 64 bits".to_owned()),
            };
        }
        let digit = |letter: char| letter.is_ascii_digit();
        self.at += self.run(digit).len();
        let mut real = false;
        // A point ends a real number, unless it is the first of a range or leads to a name.
        let behind = self.rest().chars().nth(1);
        let exponent = behind.is_some_and(|c| matches!(c, 'e' | 'E'))
            && self.rest().chars().nth(2).is_some_and(|c| c.is_ascii_digit());
        let is_real = behind.is_none_or(|c| c != '.' && !is_name_start(c)) || exponent;
        if self.rest().starts_with('.') && is_real {
            real = true;
            self.at += 1;
            self.at += self.run(digit).len();
        }
        let tail = self.rest();
        if tail.starts_with(['e', 'E']) {
            let signed = tail.get(1..).unwrap_or_default();
            let skip = 1 + usize::from(signed.starts_with(['+', '-']));
            if tail.get(skip..).is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
                real = true;
                self.at += skip;
                self.at += self.run(digit).len();
            }
        }
        let digits = self.query.get(start..self.at).unwrap_or_default();
        let suffix = self.run(is_name_part);
        self.at += suffix.len();
        literal::number(digits, suffix, real)
    }

    /// A string of any form, or nothing if none begins here.
    fn string(&mut self) -> Option<TokenKind> {
        let rest = self.rest();
        let bare = rest.strip_prefix(['h', 'H']).unwrap_or(rest);
        let prefix = rest.len() - bare.len();
        for fence in ["```", "~~~"] {
            if let Some(body) = bare.strip_prefix(fence) {
                let (text, length) = match body.find(fence) {
                    Some(end) => (body.get(..end).unwrap_or_default(), end + fence.len()),
                    None => {
                        self.at = self.query.len();
                        return Some(TokenKind::Broken(format!("the text in {fence} does not end")));
                    }
                };
                self.at += prefix + fence.len() + length;
                return Some(TokenKind::Text(Arc::from(text)));
            }
        }
        let (verbatim, body) = match bare.strip_prefix('@') {
            Some(body) => (true, body),
            None => (false, bare),
        };
        let quote = body.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        let inside = body.get(1..).unwrap_or_default();
        let (kind, length) =
            if verbatim { literal::verbatim(inside, quote) } else { literal::escaped(inside, quote) };
        self.at += prefix + usize::from(verbatim) + 1 + length;
        Some(kind)
    }
}

fn is_name_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == '$'
}

fn is_name_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests;
