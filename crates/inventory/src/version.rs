//! Version order: every way of counting that a package manager has, as keys that sort by their bytes.
//!
//! A [`Scheme`] turns a version into a [`VersionKey`]. Two keys compare as `memcmp` does, and that is the whole
//! comparison: it is total and transitive by construction, it can be stored, indexed and searched by halving, and
//! no comparator can loop over hostile input. Making a key is linear in the length of the version, and versions
//! longer than [`LENGTH_LIMIT`] are refused.
//!
//! One scheme is one file in `version/` and one line in [`SCHEMES`]; a test fails if the line is missing.
//!
//! What this module does not do: ranges. A range is an advisory's word; it is read in `advisory` from these keys.

mod apk;
mod arch;
mod composer;
mod conan;
mod cran;
mod deb;
mod evr;
mod gem;
mod go;
mod hackage;
mod key;
mod maven;
mod npm;
mod nuget;
mod pep440;
mod pub_dev;
mod rpm;
mod semver;
#[cfg(test)]
mod tests;

use crate::Ecosystem;
pub use key::VersionKey;
use std::cmp::Ordering;

/// The longest version that is read, in bytes. The longest real ones stay below 200.
pub const LENGTH_LIMIT: usize = 1024;

/// How one kind of package counts its versions.
#[derive(Debug)]
pub struct Scheme {
    /// The word for it, also the name of its file: `apk`, `deb`, `pep440`.
    pub name: &'static str,
    /// The bases of the OSV ecosystems that count this way, see [`Ecosystem::base`].
    pub ecosystems: &'static [&'static str],
    /// Turns a version into its key.
    pub key: fn(&str) -> Result<VersionKey, VersionError>,
    /// What of two versions their package manager compares, where that depends on both of them; `None` where it
    /// compares them whole. Keys cannot know it, since they are made of one version alone.
    pub comparable: Option<Comparable>,
}

/// The parts of two versions that are compared.
pub type Comparable = for<'v> fn(&'v str, &'v str) -> (&'v str, &'v str);

/// All schemes.
pub const SCHEMES: &[&Scheme] = &[
    &apk::SCHEME,
    &arch::SCHEME,
    &composer::SCHEME,
    &conan::SCHEME,
    &cran::SCHEME,
    &deb::SCHEME,
    &gem::SCHEME,
    &go::SCHEME,
    &hackage::SCHEME,
    &maven::SCHEME,
    &npm::SCHEME,
    &nuget::SCHEME,
    &pep440::SCHEME,
    &pub_dev::SCHEME,
    &rpm::SCHEME,
    &semver::SCHEME,
];

/// The scheme in which an ecosystem counts; `None` if the product does not know the ecosystem.
pub fn scheme_of(ecosystem: &Ecosystem) -> Option<&'static Scheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.ecosystems.contains(&ecosystem.base()))
}

impl Scheme {
    /// Compares two versions as their package manager does.
    ///
    /// # Errors
    ///
    /// If one of them cannot be read; the error names it.
    ///
    /// # Examples
    ///
    /// ```
    /// use inventory::{Ecosystem, version::scheme_of};
    /// let deb = scheme_of(&Ecosystem::new("Debian:12")).unwrap();
    /// assert!(deb.compare("1.0~rc1", "1.0").unwrap().is_lt());
    /// ```
    pub fn compare(&self, left: &str, right: &str) -> Result<Ordering, VersionError> {
        let (left, right) = self.comparable.map_or((left, right), |comparable| comparable(left, right));
        Ok((self.key)(left)?.cmp(&(self.key)(right)?))
    }
}

/// Why a version cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// There is nothing to read.
    #[error("the version is empty")]
    Empty,
    /// It is longer than [`LENGTH_LIMIT`].
    #[error("the version is {length} bytes long, and no more than {LENGTH_LIMIT} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It is not a version of this scheme.
    #[error("{version:?} is not a version in the order of {scheme}: {reason}")]
    Unreadable {
        /// The scheme.
        scheme: &'static str,
        /// The version.
        version: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The version without the white space around it, if it is short enough and free of control characters.
fn bounded<'v>(scheme: &Scheme, version: &'v str) -> Result<&'v str, VersionError> {
    if version.len() > LENGTH_LIMIT {
        return Err(VersionError::TooLong { length: version.len() });
    }
    let trimmed = version.trim();
    if trimmed.is_empty() {
        return Err(VersionError::Empty);
    }
    if trimmed.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(unreadable(scheme, trimmed, "it has a control character"));
    }
    Ok(trimmed)
}

/// The error for a version that is not one.
fn unreadable(scheme: &Scheme, version: &str, reason: &'static str) -> VersionError {
    VersionError::Unreadable { scheme: scheme.name, version: version.to_owned(), reason }
}

/// The digits at the front, and what follows them.
fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    split_while(text, u8::is_ascii_digit)
}

/// The bytes at the front that please `wanted`, and what follows them.
fn split_while(text: &[u8], wanted: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !wanted(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}
