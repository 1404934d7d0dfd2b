//! The order of apk, as in Alpine, Wolfi and Chainguard: `1.2.3b_rc1_p2~0123abc-r4`.
//!
//! A version is read by a small automaton: each token has a value, and then the kind of the token that follows is
//! itself compared. Surprises:
//!
//! * A part after a dot that begins with a zero compares as text, and before every part that does not. So `1.010` comes
//!   before `1.09` and `1.0` before `1.00`, as in apk 3; apk 2 counted the zeros first, more of them earlier.
//! * `_alpha`, `_beta`, `_pre`, `_rc` come before the bare version; `_cvs`, `_svn`, `_git`, `_hg`, `_p` after it.
//! * `~` and the hash of a commit come after the bare version; hashes compare as text.
//! * A part that cannot be read ends the reading, and what follows has no say. Such a version comes before the
//!   same version without that part, as in apk 3; apk 2 had it after. No package index holds such versions.
//! * `-r` without digits is `-r0`, unless a letter follows, as in apk 2; apk 3 cannot read it.
//! * A part without digits, as in `1..2` and `1.r1`, counts like one that cannot be read, but the reading goes on: apk
//!   calls all such versions equal, and apk 2 compares what follows.
//!
//! See <https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/master/src/version.c>
//! and the man page `apk-package(5)`.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, split_digits, split_while};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme {
    name: "apk",
    ecosystems: &["Alpine", "Wolfi", "Chainguard", "Alpaquita", "BellSoft Hardened Containers", "MinimOS"],
    key,
    comparable: None,
};

/// Suffixes of versions before the bare one, in their order.
const BEFORE: [&[u8]; 4] = [b"alpha", b"beta", b"pre", b"rc"];
/// Suffixes of versions after the bare one, in their order.
const AFTER: [&[u8]; 5] = [b"cvs", b"svn", b"git", b"hg", b"p"];

/// The place of a suffix before the bare version, among the places of tokens in [`Token::place`].
const BEFORE_END: u8 = 3;
/// The place of a suffix after it.
const AFTER_END: u8 = 8;

/// What the next token is. The order is that of apk, and so is which token may follow which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Empty,
    DigitOrZero,
    Digit,
    Letter,
    Suffix,
    SuffixNumber,
    CommitHash,
    Revision,
    End,
    Invalid,
}

impl Token {
    /// Where the token sorts; what may stand further in front comes later. A suffix has its place when its word is
    /// known, because some come before the end and some after it.
    fn place(self) -> Option<u8> {
        match self {
            Self::Invalid => Some(1),
            Self::Empty => Some(2),
            Self::Suffix => None,
            Self::End => Some(4),
            Self::Revision => Some(5),
            Self::CommitHash => Some(6),
            Self::SuffixNumber => Some(7),
            Self::Letter => Some(9),
            Self::Digit => Some(10),
            Self::DigitOrZero => Some(11),
        }
    }
}

/// The token that follows, and the text from its value on.
type Step<'t> = (Token, &'t [u8]);

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let mut text = bounded(&SCHEME, version)?.as_bytes();
    let mut token = Token::Digit;
    let mut key = KeyWriter::new();
    loop {
        (token, text) = match token {
            Token::DigitOrZero => part(&mut key, text),
            Token::Digit | Token::SuffixNumber | Token::Revision => number(&mut key, token, text),
            Token::Empty => following(token, text),
            Token::Letter => letter(&mut key, text),
            Token::Suffix => suffix(&mut key, text),
            Token::CommitHash => commit_hash(&mut key, text),
            Token::End | Token::Invalid => return Ok(key.finish()),
        };
        if let Some(place) = token.place() {
            key.byte(place);
        }
    }
}

/// A part after a dot.
fn part<'t>(key: &mut KeyWriter, text: &'t [u8]) -> Step<'t> {
    if !text.starts_with(b"0") {
        key.byte(2);
        return number(key, Token::DigitOrZero, text);
    }
    let (digits, rest) = split_digits(text);
    key.byte(1);
    key.text(digits);
    following(Token::DigitOrZero, rest)
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
    for (side, words) in [(BEFORE_END, BEFORE.as_slice()), (AFTER_END, AFTER.as_slice())] {
        for (rank, word) in (1..).zip(words) {
            if let Some(rest) = text.strip_prefix(*word) {
                key.byte(side);
                key.byte(rank);
                return following(Token::Suffix, rest);
            }
        }
    }
    // An unknown word ranks with the last one before the bare version, and ends the reading.
    key.byte(BEFORE_END);
    key.byte(4);
    (Token::Invalid, &[])
}

fn commit_hash<'t>(key: &mut KeyWriter, text: &'t [u8]) -> Step<'t> {
    let (hash, rest) = split_while(text, u8::is_ascii_hexdigit);
    key.text(hash);
    following(Token::CommitHash, rest)
}

/// Which token follows `token`.
fn following(token: Token, text: &[u8]) -> Step<'_> {
    let Some((first, rest)) = text.split_first() else {
        return (Token::End, text);
    };
    let (next, text) = match (token, first) {
        (Token::Digit | Token::DigitOrZero | Token::Empty, b'a'..=b'z') => (Token::Letter, text),
        (Token::Letter, b'0'..=b'9') => (Token::Digit, text),
        (Token::Suffix, b'0'..=b'9') => (Token::SuffixNumber, text),
        (_, b'.') if rest.first().is_some_and(u8::is_ascii_digit) => (Token::DigitOrZero, rest),
        (_, b'.') => (Token::Empty, rest),
        (_, b'_') => (Token::Suffix, rest),
        (_, b'~') if rest.first().is_some_and(u8::is_ascii_hexdigit) => (Token::CommitHash, rest),
        (_, b'-') => match rest.strip_prefix(b"r") {
            Some(rest) if !rest.first().is_some_and(u8::is_ascii_alphabetic) => (Token::Revision, rest),
            Some(_) | None => (Token::Invalid, rest),
        },
        _ => (Token::Invalid, rest),
    };
    let goes_back = matches!(
        (token, next),
        (Token::Digit | Token::DigitOrZero, Token::DigitOrZero | Token::Empty)
            | (Token::SuffixNumber, Token::Suffix)
            | (Token::Letter, Token::Digit)
    );
    if next < token && !goes_back { (Token::Invalid, text) } else { (next, text) }
}
