//! The order of RubyGems: numbers and words in turn, `1.0.0.beta.2`.
//!
//! Surprises: a word comes before any number, and so before the end, which counts as endless zeros; `1.0` equals `1`;
//! zeros right before the first word do not count; `-` stands for `.pre.`.
//!
//! See <https://docs.ruby-lang.org/en/master/Gem/Version.html>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, split_while, unreadable};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "gem", ecosystems: &["RubyGems"], key, comparable: None };

/// A word, after as many zeros as are counted. Fewer zeros come first, since a word comes before a zero.
const WORD: u8 = 1;
/// The end, which is a row of zeros without end.
const END: u8 = 2;
/// A number other than zero, after as many zeros as are counted down.
const NUMBER: u8 = 3;

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_')) {
        return Err(unreadable(&SCHEME, text, "it has signs other than letters, digits, dots and dashes"));
    }
    let text = text.replace('-', ".pre.");
    let mut rest = text.as_bytes();
    let mut key = KeyWriter::new();
    let mut zeros = 0;
    let mut is_first_word = true;
    while let Some(sign) = rest.first() {
        if sign.is_ascii_digit() {
            let (digits, after) = split_digits(rest);
            rest = after;
            if digits.iter().all(|digit| *digit == b'0') {
                zeros += 1;
                continue;
            }
            key.byte(NUMBER);
            key.count_down(zeros);
            key.number(digits);
        } else if sign.is_ascii_alphabetic() {
            let (word, after) = split_while(rest, u8::is_ascii_alphabetic);
            rest = after;
            key.byte(WORD);
            key.count(if is_first_word { 0 } else { zeros });
            key.text(word);
            is_first_word = false;
        } else {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        zeros = 0;
    }
    key.byte(END);
    Ok(key.finish())
}
