//! The order of npm: semantic versioning, with the `=` and the spaces that `node-semver` passes over in loose mode.
//!
//! See <https://github.com/npm/node-semver#versions>.

use super::semver::{not_a_number, parse};
use super::{Scheme, VersionError, VersionKey, bounded};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "npm", ecosystems: &["npm"], key, comparable: None };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    // `= v 1.2.3`: the mark of the version may stand after the sign, and blanks after either.
    let bare = text.trim_start_matches(['=', 'v', ' ']);
    parse(bare, 3).map(|parsed| parsed.key()).ok_or_else(|| not_a_number(&SCHEME, text))
}
