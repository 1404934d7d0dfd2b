//! The order of npm: semantic versioning, with the `=` and the spaces that `node-semver` passes over in loose mode.
//!
//! See <https://github.com/npm/node-semver#versions>.

use super::semver::{not_a_number, parse};
use super::{Scheme, VersionError, VersionKey, bounded};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "npm", ecosystems: &["npm"], key };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    let bare = text.trim_start_matches(['=', ' ']);
    parse(bare, 3).map(|parsed| parsed.key()).ok_or_else(|| not_a_number(&SCHEME, text))
}
