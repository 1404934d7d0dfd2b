//! The order of Hackage: rows of numbers, a beginning before the whole, so that `1.0` comes before `1.0.0`.
//!
//! See <https://hackage.haskell.org/package/base/docs/Data-Version.html>.

use super::key::KeyWriter;
use super::{Scheme, VersionError, VersionKey, bounded, unreadable};

/// The scheme.
pub(super) const SCHEME: Scheme =
    Scheme { name: "hackage", ecosystems: &["Hackage", "GHC"], key, comparable: None };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    number_row(text, &['.']).ok_or_else(|| unreadable(&SCHEME, text, "a part of it is not a number"))
}

/// The key of numbers between separators. `None` if something else stands between them.
pub(super) fn number_row(text: &str, separators: &[char]) -> Option<VersionKey> {
    let mut key = KeyWriter::new();
    for number in text.split(separators) {
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        key.byte(1);
        key.number(number.as_bytes());
    }
    key.byte(0);
    Some(key.finish())
}
