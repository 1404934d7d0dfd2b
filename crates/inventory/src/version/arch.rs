//! The order of pacman, as in Arch Linux: `epoch:version-release`.
//!
//! It looks like the order of rpm and is older: runs of digits and runs of letters, with other signs between them.
//! Surprises: letters right after a run come before the end (`1.0rc` before `1.0`), letters after a sign come after
//! it (`1.0` before `1.0.a`), and more signs in one place come after fewer.
//!
//! pacman compares releases only where both versions have one, so that `1.5` equals both `1.5-1` and `1.5-2`. No order
//! holds that: keys put a missing release before any, and only [`Scheme::compare`], which sees both versions, does as
//! pacman does. It also puts letters after two signs both after digits after one sign and before the end after one;
//! here the number of signs counts first. No package has versions of either kind.
//!
//! See <https://man.archlinux.org/man/vercmp.8> and
//! <https://gitlab.archlinux.org/pacman/pacman/-/blob/master/lib/libalpm/version.c>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, evr, split_digits, split_while};

/// The scheme.
pub(super) const SCHEME: Scheme =
    Scheme { name: "arch", ecosystems: &["Arch Linux"], key, comparable: Some(comparable) };

/// What may follow a run, in its order.
const LETTERS: u8 = 1;
const END: u8 = 2;
const DIGITS: u8 = 3;
const SIGNS: u8 = 4;
/// What may follow signs, in its order.
const LETTERS_AFTER: u8 = 1;
const END_AFTER: u8 = 2;
const DIGITS_AFTER: u8 = 3;

fn key(version: &str) -> Result<VersionKey, VersionError> {
    evr::key(&SCHEME, version, part)
}

/// Both versions, without their releases if only one of them has one.
fn comparable<'v>(left: &'v str, right: &'v str) -> (&'v str, &'v str) {
    match (left.rsplit_once('-'), right.rsplit_once('-')) {
        (Some((version, _)), None) if !version.is_empty() => (version, right),
        (None, Some((version, _))) if !version.is_empty() => (left, version),
        (Some(_) | None, Some(_) | None) => (left, right),
    }
}

fn part(key: &mut KeyWriter, mut text: &[u8]) {
    loop {
        let (signs, rest) = split_while(text, |byte| !byte.is_ascii_alphanumeric());
        let (digits, after_digits) = split_digits(rest);
        let (letters, after_letters) = split_while(rest, u8::is_ascii_alphabetic);
        if !signs.is_empty() {
            key.byte(SIGNS);
            // Signs before the end count the same however many there are.
            key.count(if rest.is_empty() { 1 } else { signs.len() });
        }
        let after = !signs.is_empty();
        if !digits.is_empty() {
            key.byte(if after { DIGITS_AFTER } else { DIGITS });
            key.number(digits);
            text = after_digits;
        } else if !letters.is_empty() {
            key.byte(if after { LETTERS_AFTER } else { LETTERS });
            key.text(letters);
            text = after_letters;
        } else {
            key.byte(if after { END_AFTER } else { END });
            return;
        }
    }
}
