//! The order of Dart's pub: semantic versioning in which build metadata has a say.
//!
//! A version without it comes before the same version with it, and identifiers are compared as in pre-releases.
//!
//! See <https://pub.dev/documentation/pub_semver/latest/pub_semver/Version/compareTo.html>.

use super::key::KeyWriter;
use super::semver::{not_a_number, parse, write_identifiers};
use super::{Scheme, VersionError, VersionKey, bounded};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "pub_dev", ecosystems: &["Pub"], key, comparable: None };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    let parsed = parse(text, 3).ok_or_else(|| not_a_number(&SCHEME, text))?;
    let mut key = KeyWriter::new();
    parsed.write(&mut key);
    match parsed.build {
        None => key.byte(0),
        Some(build) => {
            key.byte(1);
            write_identifiers(&mut key, build);
        }
    }
    Ok(key.finish())
}
