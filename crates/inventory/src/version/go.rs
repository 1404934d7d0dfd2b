//! The order of Go modules and of the Go standard library: semantic versioning with a `v` or `go` before it.
//!
//! Modules: `v1.2.3-0.20200101000000-abcdefabcdef` is a pseudo-version and sorts as the pre-release that it is;
//! `+incompatible` has no say. The toolchain names itself `go1.21rc2`, which is read as `1.21.0-rc.2`.
//!
//! See <https://go.dev/ref/mod#versions> and <https://go.dev/doc/toolchain#version>.

use super::key::KeyWriter;
use super::semver::{not_a_number, parse, write_identifiers};
use super::{Scheme, VersionError, VersionKey, bounded};

/// The scheme.
pub(super) const SCHEME: Scheme = Scheme { name: "go", ecosystems: &["Go"], key, comparable: None };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    let Some(bare) = text.strip_prefix("go") else {
        return parse(text, 3).map(|parsed| parsed.key()).ok_or_else(|| not_a_number(&SCHEME, text));
    };
    // What follows a space is the build: `go1.21.3 X:boringcrypto`, `go1.20 (Red Hat 1.20-1.el9)`.
    let bare = bare.split(' ').next().unwrap_or(bare);
    let mut parsed = parse(bare, 3).ok_or_else(|| not_a_number(&SCHEME, text))?;
    let Some(word) = parsed.prerelease.take() else {
        return Ok(parsed.key());
    };
    let letters = word.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(word.len());
    let (letters, digits) = word.split_at_checked(letters).unwrap_or((word, ""));
    if !matches!(letters, "alpha" | "beta" | "rc") {
        // A vendor's mark, as in `go1.21.3-bigcorp`: the toolchain sorts it with the release.
        return Ok(parsed.key());
    }
    let mut key = KeyWriter::new();
    let dotted = format!("{letters}.{digits}");
    parsed.write_numbers(&mut key);
    key.byte(1);
    write_identifiers(&mut key, &dotted);
    Ok(key.finish())
}
