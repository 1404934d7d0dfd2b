//! The order of Maven: numbers and qualifiers with the separator before each, `1.0.0-rc-1`.
//!
//! A change between digits and letters counts as a hyphen, and every qualifier counts as if a hyphen stood before it.
//! What means nothing (`0`, `final`, `ga`, `release`) is dropped at the end and before each hyphen. Then, in this order:
//! `alpha`, `beta`, `milestone`, `rc`, `snapshot`, the end, `sp`, other qualifiers by the alphabet, `-1`, `.1`.
//! The end counts as zeros without end.
//!
//! Surprises: `1-1` comes before `1.1`; `1-foo` comes after `1`; `a`, `b` and `m` mean alpha, beta and milestone only
//! right before a digit.
//!
//! See <https://maven.apache.org/pom.html#version-order-specification>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, split_while};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "maven", ecosystems: &["Maven"], key, comparable: None };

const END: u8 = 6;
const SERVICE_PACK: u8 = 7;
const QUALIFIER: u8 = 8;
const HYPHEN_NUMBER: u8 = 9;
/// A number after a dot, and after as many `.0` as are counted down.
const DOT_NUMBER: u8 = 10;

/// A part of a version, with what stands before it.
#[derive(Debug, Clone, Copy)]
enum Token<'v> {
    DotNumber(&'v [u8]),
    HyphenNumber(&'v [u8]),
    Qualifier(&'v [u8]),
}

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?.to_ascii_lowercase();
    let mut key = KeyWriter::new();
    let mut zeros = 0;
    for token in tokens(text.as_bytes()) {
        match token {
            Token::DotNumber(digits) if is_zero(digits) => {
                zeros += 1;
                continue;
            }
            Token::DotNumber(digits) => {
                key.byte(DOT_NUMBER);
                key.count_down(zeros);
                key.number(digits);
            }
            Token::HyphenNumber(digits) => {
                key.byte(HYPHEN_NUMBER);
                key.number(digits);
            }
            Token::Qualifier(word) => write_qualifier(&mut key, word),
        }
        zeros = 0;
    }
    key.byte(END);
    Ok(key.finish())
}

fn write_qualifier(key: &mut KeyWriter, word: &[u8]) {
    match word {
        b"alpha" => key.byte(1),
        b"beta" => key.byte(2),
        b"milestone" => key.byte(3),
        b"rc" | b"cr" => key.byte(4),
        b"snapshot" => key.byte(5),
        b"sp" => key.byte(SERVICE_PACK),
        other => {
            key.byte(QUALIFIER);
            key.text(other);
        }
    }
}

fn is_zero(digits: &[u8]) -> bool {
    digits.iter().all(|digit| *digit == b'0')
}

/// The tokens without those that mean nothing.
fn tokens(mut text: &[u8]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut follows_hyphen = false;
    loop {
        let (token, rest) = if text.first().is_some_and(u8::is_ascii_digit) {
            let (digits, rest) = split_digits(text);
            (if follows_hyphen { Token::HyphenNumber(digits) } else { Token::DotNumber(digits) }, rest)
        } else {
            let (word, rest) =
                split_while(text, |byte| !byte.is_ascii_digit() && !matches!(byte, b'.' | b'-'));
            match word {
                // Between two separators stands a zero.
                b"" if follows_hyphen => (Token::HyphenNumber(b"0"), rest),
                b"" => (Token::DotNumber(b"0"), rest),
                word => (Token::Qualifier(full_name(word, rest)), rest),
            }
        };
        if !matches!(token, Token::DotNumber(_)) {
            drop_nothings(&mut tokens);
        }
        tokens.push(token);
        (follows_hyphen, text) = match rest.split_first() {
            None => break,
            Some((b'.', rest)) => (false, rest),
            Some((b'-', rest)) => (true, rest),
            Some(_) => (true, rest),
        };
    }
    drop_nothings(&mut tokens);
    tokens
}

/// `a`, `b` and `m` have a longer name if a digit follows.
fn full_name<'v>(word: &'v [u8], rest: &[u8]) -> &'v [u8] {
    let is_short = rest.first().is_some_and(u8::is_ascii_digit);
    match word {
        b"a" if is_short => b"alpha",
        b"b" if is_short => b"beta",
        b"m" if is_short => b"milestone",
        word => word,
    }
}

/// Drops from the end what means nothing.
fn drop_nothings(tokens: &mut Vec<Token<'_>>) {
    while tokens.last().is_some_and(|token| match token {
        Token::DotNumber(digits) | Token::HyphenNumber(digits) => is_zero(digits),
        Token::Qualifier(word) => matches!(*word, b"final" | b"ga" | b"release"),
    }) {
        tokens.pop();
    }
}
