//! The order of Python packages: `1!2.3rc1.post4.dev5+local.6`.
//!
//! Surprises: `1.0` equals `1`; `1.0.dev1` comes before `1.0a1`, but `1.0a1.dev1` only before `1.0a1`; `1.0-1` is a
//! post-release; a local version comes after the same version without. What is not a version by PEP 440 is read as
//! setuptools once did, and comes before everything that is one.
//!
//! See <https://packaging.python.org/en/latest/specifications/version-specifiers/>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, split_while};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "pep440", ecosystems: &["PyPI"], key, comparable: None };

/// Words of pre-releases with their ranks. Longer words stand before those they begin with.
const PRE: [(&str, u8); 8] =
    [("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("preview", 3), ("pre", 3), ("rc", 3), ("c", 3)];
/// Words of post-releases.
const POST: [(&str, u8); 3] = [("post", 1), ("rev", 1), ("r", 1)];
/// The word of development releases.
const DEV: [(&str, u8); 1] = [("dev", 0)];

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?.to_ascii_lowercase();
    Ok(modern(&text).unwrap_or_else(|| legacy(&text)))
}

/// A word of a version with the digits after it.
type Marked<'v> = (u8, &'v str);

fn modern(text: &str) -> Option<VersionKey> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (public, local) = match text.split_once('+') {
        Some((public, local)) => (public, Some(local)),
        None => (text, None),
    };
    let (epoch, rest) = match public.split_once('!') {
        Some((epoch, rest)) => (digits(epoch).filter(|(_, after)| after.is_empty())?.0, rest),
        None => ("", public),
    };
    let (release, rest) = release(rest)?;
    let (pre, rest) = marked(rest, &PRE);
    let (post, rest) = match rest.strip_prefix('-').and_then(digits) {
        Some((number, rest)) => (Some((1, number)), rest),
        None => marked(rest, &POST),
    };
    let (dev, rest) = marked(rest, &DEV);
    if !rest.is_empty() {
        return None;
    }
    let mut key = KeyWriter::new();
    key.byte(1);
    key.number(epoch.as_bytes());
    write_release(&mut key, &release);
    match pre {
        Some(pre) => write_marked(&mut key, pre),
        None if post.is_none() && dev.is_some() => key.byte(0),
        None => key.byte(4),
    }
    match post {
        Some(post) => write_marked(&mut key, post),
        None => key.byte(0),
    }
    match dev {
        Some(dev) => write_marked(&mut key, dev),
        None => key.byte(1),
    }
    match local {
        Some(local) => write_local(&mut key, local)?,
        None => key.byte(0),
    }
    Some(key.finish())
}

/// The digits at the front, at least one, and what follows.
fn digits(text: &str) -> Option<(&str, &str)> {
    let (digits, _) = split_digits(text.as_bytes());
    if digits.is_empty() { None } else { text.split_at_checked(digits.len()) }
}

fn release(text: &str) -> Option<(Vec<&str>, &str)> {
    let (first, mut rest) = digits(text)?;
    let mut numbers = vec![first];
    while let Some((number, after)) = rest.strip_prefix('.').and_then(digits) {
        numbers.push(number);
        rest = after;
    }
    Some((numbers, rest))
}

fn is_separator(sign: char) -> bool {
    matches!(sign, '.' | '-' | '_')
}

/// One of the words with its number, if it stands at the front. Without digits its number is zero.
fn marked<'v>(text: &'v str, words: &[(&str, u8)]) -> (Option<Marked<'v>>, &'v str) {
    let bare = text.strip_prefix(is_separator).unwrap_or(text);
    let found = words.iter().find_map(|(word, rank)| Some((*rank, bare.strip_prefix(word)?)));
    let Some((rank, rest)) = found else {
        return (None, text);
    };
    // A separator belongs to the word even where no digits follow it.
    let rest = rest.strip_prefix(is_separator).unwrap_or(rest);
    let (number, rest) = digits(rest).unwrap_or(("", rest));
    (Some((rank, number)), rest)
}

fn write_marked(key: &mut KeyWriter, (rank, number): Marked<'_>) {
    key.byte(rank);
    key.number(number.as_bytes());
}

/// Writes the numbers without the zeros at their end.
fn write_release(key: &mut KeyWriter, numbers: &[&str]) {
    let is_zero = |number: &&str| number.bytes().all(|digit| digit == b'0');
    let length = numbers.iter().rposition(|number| !is_zero(number)).map_or(0, |last| last + 1);
    for number in numbers.iter().take(length) {
        key.byte(1);
        key.number(number.as_bytes());
    }
    key.byte(0);
}

/// Writes a local version: words before numbers. `None` if it is none.
fn write_local(key: &mut KeyWriter, local: &str) -> Option<()> {
    for part in local.split(is_separator) {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            key.byte(2);
            key.number(part.as_bytes());
        } else {
            key.byte(1);
            key.text(part.as_bytes());
        }
    }
    key.byte(0);
    Some(())
}

/// The key of what is no version by PEP 440: parts that sort as text, numbers filled up to eight digits.
fn legacy(text: &str) -> VersionKey {
    let mut parts: Vec<String> = Vec::new();
    for part in legacy_parts(text.as_bytes()) {
        if part.starts_with('*') {
            if *part < *"*final" {
                while parts.last().is_some_and(|last| last == "*final-") {
                    parts.pop();
                }
            }
            while parts.last().is_some_and(|last| last == "00000000") {
                parts.pop();
            }
        }
        parts.push(part);
    }
    let mut key = KeyWriter::new();
    key.byte(0);
    for part in &parts {
        key.byte(1);
        key.text(part.as_bytes());
    }
    key.byte(0);
    key.finish()
}

fn legacy_parts(mut text: &[u8]) -> Vec<String> {
    let mut parts = Vec::new();
    while let Some(sign) = text.first() {
        let (part, rest) = if sign.is_ascii_digit() {
            split_digits(text)
        } else if sign.is_ascii_alphabetic() {
            split_while(text, u8::is_ascii_alphabetic)
        } else if matches!(sign, b'.' | b'-') {
            text.split_at_checked(1).unwrap_or((text, &[]))
        } else {
            split_while(text, |byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-'))
        };
        text = rest;
        match &*String::from_utf8_lossy(part) {
            "." => {}
            number if sign.is_ascii_digit() => parts.push(format!("{number:0>8}")),
            "-" => parts.push("*final-".to_owned()),
            "pre" | "preview" | "rc" => parts.push("*c".to_owned()),
            "dev" => parts.push("*@".to_owned()),
            word => parts.push(format!("*{word}")),
        }
    }
    parts.push("*final".to_owned());
    parts
}
