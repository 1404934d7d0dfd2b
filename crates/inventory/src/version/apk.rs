//! The order of apk, as in Alpine, Wolfi and Chainguard: `1.2.3b_rc1_p2-r4`.
//!
//! A version is read by a small automaton: each token has a value, and then the kind of the token that follows is
//! itself compared. Surprises:
//!
//! * A part after a dot that begins with zeros counts first by its zeros, more of them earlier, and then by the rest.
//! * `_alpha`, `_beta`, `_pre`, `_rc` come before the bare version; `_cvs`, `_svn`, `_git`, `_hg`, `_p` after it.
//! * A part that cannot be read ends the reading, and what follows has no say. Such a version comes before the
//!   same version without that part, as in apk 3; apk 2 had it after. No package index holds such versions.
//!
//! See <https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/2.14-stable/src/version.c>
//! and the man page `apk-package(5)`.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme {
    name: "apk",
    ecosystems: &["Alpine", "Wolfi", "Chainguard", "Alpaquita", "BellSoft Hardened Containers", "MinimOS"],
    key,
};

/// Suffixes of versions before the bare one, in their order.
const BEFORE: [&[u8]; 4] = [b"alpha", b"beta", b"pre", b"rc"];
/// Suffixes of versions after the bare one, in their order.
const AFTER: [&[u8]; 5] = [b"cvs", b"svn", b"git", b"hg", b"p"];

/// What the next token is. The order is that of apk, and so is which token may follow which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    DigitOrZero,
    Digit,
    Letter,
    Suffix,
    SuffixNumber,
    Revision,
    End,
    Invalid,
}

/// The token that follows, and the text from its value on.
type Step<'t> = (Token, &'t [u8]);

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let mut text = bounded(&SCHEME, version)?.as_bytes();
    let mut token = Token::Digit;
    let mut key = KeyWriter::new();
    loop {
        (token, text) = match token {
            Token::DigitOrZero if text.starts_with(b"0") => leading_zeros(&mut key, text),
            Token::DigitOrZero => {
                key.byte(2);
                number(&mut key, Token::DigitOrZero, text)
            }
            Token::Digit | Token::SuffixNumber | Token::Revision => number(&mut key, token, text),
            Token::Letter => letter(&mut key, text),
            Token::Suffix => suffix(&mut key, text),
            Token::End | Token::Invalid => return Ok(key.finish()),
        };
        // A suffix is ranked when its word is known, because some come before the end and some after it.
        match token {
            Token::Invalid => key.byte(1),
            Token::Suffix => {}
            Token::End => key.byte(3),
            Token::Revision => key.byte(4),
            Token::SuffixNumber => key.byte(5),
            Token::Letter => key.byte(7),
            Token::Digit => key.byte(8),
            Token::DigitOrZero => key.byte(9),
        }
    }
}

fn leading_zeros<'t>(key: &mut KeyWriter, text: &'t [u8]) -> Step<'t> {
    let (zeros, rest) = super::split_while(text, |byte| *byte == b'0');
    key.byte(1);
    key.count_down(zeros.len());
    // A number follows, be it an empty one: `1.0` must not be less than `1.0_rc1` for want of it, as in apk 2.10.
    (Token::Digit, rest)
}

fn number<'t>(key: &mut KeyWriter, token: Token, text: &'t [u8]) -> Step<'t> {
    let (digits, rest) = split_digits(text);
    key.number(digits);
    following(token, rest)
}

fn letter<'t>(key: &mut KeyWriter, text: &'t [u8]) -> Step<'t> {
    let Some((letter, rest)) = text.split_first() else {
        return (Token::Invalid, text);
    };
    key.byte(*letter);
    following(Token::Letter, rest)
}

fn suffix<'t>(key: &mut KeyWriter, text: &'t [u8]) -> Step<'t> {
    for (side, words) in [(2, BEFORE.as_slice()), (6, AFTER.as_slice())] {
        for (rank, word) in (1..).zip(words) {
            if let Some(rest) = text.strip_prefix(*word) {
                key.byte(side);
                key.byte(rank);
                return following(Token::Suffix, rest);
            }
        }
    }
    // An unknown word ranks with the last one before the bare version, and ends the reading.
    key.byte(2);
    key.byte(4);
    (Token::Invalid, &[])
}

/// Which token follows `token`.
fn following(token: Token, text: &[u8]) -> Step<'_> {
    let Some((first, rest)) = text.split_first() else {
        return (Token::End, text);
    };
    let (next, text) = match (token, first) {
        (Token::Digit | Token::DigitOrZero, b'a'..=b'z') => (Token::Letter, text),
        (Token::Letter, b'0'..=b'9') => (Token::Digit, text),
        (Token::Suffix, b'0'..=b'9') => (Token::SuffixNumber, text),
        (_, b'.') => (Token::DigitOrZero, rest),
        (_, b'_') => (Token::Suffix, rest),
        (_, b'-') => match rest.strip_prefix(b"r") {
            Some(rest) if rest.first().is_none_or(u8::is_ascii_digit) => (Token::Revision, rest),
            Some(_) | None => (Token::Invalid, rest),
        },
        _ => (Token::Invalid, rest),
    };
    let goes_back = matches!(
        (token, next),
        (Token::Digit, Token::DigitOrZero)
            | (Token::SuffixNumber, Token::Suffix)
            | (Token::Letter, Token::Digit)
    );
    if next < token && !goes_back { (Token::Invalid, text) } else { (next, text) }
}
