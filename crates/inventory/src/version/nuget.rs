//! The order of NuGet: semantic versioning with a fourth number, and words compared without regard to case.
//!
//! See <https://learn.microsoft.com/nuget/concepts/package-versioning>.

use super::semver::{not_a_number, parse};
use super::{Scheme, VersionError, VersionKey, bounded};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "nuget", ecosystems: &["NuGet"], key, comparable: None };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?.to_ascii_lowercase();
    parse(&text, 4).map(|parsed| parsed.key()).ok_or_else(|| not_a_number(&SCHEME, &text))
}
