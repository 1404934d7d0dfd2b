//! The order of dpkg, as in Debian and Ubuntu: `epoch:upstream-revision`.
//!
//! Upstream and revision are read as words and numbers in turn. Surprises: `~` comes before everything, even before
//! the end; letters come before all other signs; a missing number is zero, and so is a missing revision.
//!
//! See <https://www.debian.org/doc/debian-policy/ch-controlfields.html#version> and `deb-version(7)`.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, split_while, unreadable};

/// The scheme.
pub(super) const SCHEME: Scheme =
    Scheme { name: "deb", ecosystems: &["Debian", "Ubuntu", "Echo"], key, comparable: None };

/// The end of a word: after `~`, before any other sign.
const END: u8 = 2;

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unreadable(&SCHEME, text, "it has signs other than printable ASCII"));
    }
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable(&SCHEME, text, "what stands before its colon is not a number"));
    }
    if rest.is_empty() {
        return Err(unreadable(&SCHEME, text, "nothing follows its colon"));
    }
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let mut key = KeyWriter::new();
    key.number(epoch.as_bytes());
    part(&mut key, upstream.as_bytes());
    part(&mut key, revision.as_bytes());
    Ok(key.finish())
}

fn part(key: &mut KeyWriter, mut text: &[u8]) {
    loop {
        let (word, rest) = split_while(text, |byte| !byte.is_ascii_digit());
        for sign in word {
            key.byte(rank(*sign));
        }
        key.byte(END);
        let (digits, rest) = split_digits(rest);
        key.number(digits);
        if rest.is_empty() {
            key.byte(END);
            return;
        }
        text = rest;
    }
}

/// The place of a sign: `~`, the end, letters, all others.
fn rank(sign: u8) -> u8 {
    match sign {
        b'~' => 1,
        b'A'..=b'Z' | b'a'..=b'z' => sign,
        other => other | 0x80,
    }
}
