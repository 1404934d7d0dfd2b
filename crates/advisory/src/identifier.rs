//! Identifiers of advisories and of vulnerabilities, and which of several names a vulnerability goes by.
//!
//! An advisory is a vendor's word about one or more vulnerabilities; a vulnerability is the flaw itself.
//! `DSA-5417-1` is an advisory, `CVE-2023-0464` a vulnerability, and both are only text here.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest identifier that is read, in bytes. The longest real ones stay below 80.
const LENGTH_LIMIT: usize = 256;

/// Why a text is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// There is nothing to read.
    #[error("the identifier is empty")]
    Empty,
    /// It is too long.
    #[error("the identifier is {length} bytes long, and no more than {LENGTH_LIMIT} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It has white space or a control character.
    #[error("the identifier {text:?} has white space or control characters")]
    Unprintable {
        /// The text.
        text: String,
    },
}

/// The identifier of an advisory: `DSA-5417-1`, `GHSA-jfh8-c2jp-5v3q`, `ALPINE-CVE-2021-28831`.
///
/// Never empty, at most 256 bytes, without white space and control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AdvisoryId(String);

/// The identifier of a vulnerability: a CVE number where there is one.
///
/// Never empty, at most 256 bytes, without white space and control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VulnerabilityId(String);

impl AdvisoryId {
    /// Reads an identifier.
    ///
    /// # Errors
    ///
    /// If the text is empty, too long, or has white space or control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, IdentifierError> {
        checked(text.into()).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl VulnerabilityId {
    /// Reads an identifier.
    ///
    /// # Errors
    ///
    /// If the text is empty, too long, or has white space or control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, IdentifierError> {
        checked(text.into()).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a CVE number.
    pub fn is_cve(&self) -> bool {
        is_cve(&self.0)
    }
}

/// Whether a text is a CVE number: `CVE-`, four digits, `-`, at least four digits.
pub(crate) fn is_cve(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| year.len() == 4 && digits(year) && number.len() >= 4 && digits(number))
}

/// The name of a vulnerability for which no CVE number is known: a GHSA number, else what the vendor points
/// upstream to, else the advisory's own identifier.
pub(crate) fn name_without_cve<'t>(id: &'t str, aliases: &[&'t str], upstream: &[&'t str]) -> &'t str {
    let ghsa = |name: &&str| name.starts_with("GHSA-");
    if ghsa(&id) {
        return id;
    }
    let shared = aliases.iter().chain(upstream).copied().filter(ghsa).min();
    shared.or_else(|| upstream.iter().copied().min()).unwrap_or(id)
}

fn checked(text: String) -> Result<String, IdentifierError> {
    if text.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if text.len() > LENGTH_LIMIT {
        return Err(IdentifierError::TooLong { length: text.len() });
    }
    if text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err(IdentifierError::Unprintable { text });
    }
    Ok(text)
}

impl TryFrom<String> for AdvisoryId {
    type Error = IdentifierError;

    fn try_from(text: String) -> Result<Self, IdentifierError> {
        Self::new(text)
    }
}

impl TryFrom<String> for VulnerabilityId {
    type Error = IdentifierError;

    fn try_from(text: String) -> Result<Self, IdentifierError> {
        Self::new(text)
    }
}

impl From<AdvisoryId> for String {
    fn from(id: AdvisoryId) -> Self {
        id.0
    }
}

impl From<VulnerabilityId> for String {
    fn from(id: VulnerabilityId) -> Self {
        id.0
    }
}

impl fmt::Display for AdvisoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for VulnerabilityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_cve_numbers_are_cve_numbers() {
        for yes in ["CVE-2021-44228", "CVE-1999-0006", "CVE-2026-1234567"] {
            assert!(is_cve(yes), "{yes}");
        }
        for no in
            ["CVE-2021-1", "CVE_2019-2426", "ALPINE-CVE-2021-44228", "CVE-21-44228", "CVE-2021-44228x", ""]
        {
            assert!(!is_cve(no), "{no}");
        }
    }

    #[test]
    fn identifiers_are_bounded_and_printable() {
        assert_eq!(AdvisoryId::new(""), Err(IdentifierError::Empty));
        assert!(AdvisoryId::new("a b").is_err());
        assert!(VulnerabilityId::new("a\u{7}").is_err());
        assert!(VulnerabilityId::new("x".repeat(257)).is_err());
        assert!(serde_json::from_str::<AdvisoryId>("\"\"").is_err());
    }

    #[test]
    fn without_a_cve_the_widest_known_name_is_taken() {
        assert_eq!(name_without_cve("PYSEC-2021-1", &["GHSA-b", "GHSA-a"], &[]), "GHSA-a");
        assert_eq!(name_without_cve("ALPINE-XSA-300", &[], &["XSA-300"]), "XSA-300");
        assert_eq!(name_without_cve("GHSA-z", &["GHSA-a"], &[]), "GHSA-z");
        assert_eq!(name_without_cve("DSA-1-1", &[], &[]), "DSA-1-1");
    }
}
