//! The identifiers of stored things, each its own type.

use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct IdentityError {
    /// The text.
    text: String,
    /// What was expected.
    expected: &'static str,
}

/// The tenant of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantId(pub Uuid);

/// A subscription: the unit that has a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionId(pub Uuid);

/// A principal: a person or a program that may be given roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrincipalId(pub Uuid);

/// The definition of a role, by Azure's number where it is one of Azure's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleId(pub Uuid);

/// A registry, by the number of its row. It never changes and is never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegistryId(pub i64);

/// A distinct package version, by the number of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageVersionId(pub i64);

/// A version of the advisory snapshot, as `advisory` names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotVersion(pub String);

/// Who did something, as history shows it and as upload sessions are bound to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(pub String);

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for RoleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SnapshotVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An upload: 128 random bits, written as 32 hexadecimal digits.
///
/// It names a temporary file, so that nothing but those digits can ever be one.
/// Whoever knows it may continue the upload together with its session, so it must not be guessable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(u128);

impl UploadId {
    /// An upload by its random bits, which the caller draws.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for UploadId {
    type Err = IdentityError;

    /// Reads 32 lower-case hexadecimal digits; a UUID with hyphens is the same number and is read too.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || IdentityError {
            text: text.chars().take(64).collect(),
            expected: "an upload: 32 hexadecimal digits",
        };
        match text.len() {
            32 | 36 => Uuid::try_parse(text).map(|uuid| Self(uuid.as_u128())).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

/// A repository of a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryKey {
    /// The registry.
    pub registry: RegistryId,
    /// The name in that registry.
    pub name: RepositoryName,
}

/// An image as people see it: a manifest in a repository. The same digest may stand in many.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageKey {
    /// The repository.
    pub repository: RepositoryKey,
    /// The digest of the manifest.
    pub digest: Digest,
}

impl ImageKey {
    /// 48 bits of the hash of the key.
    ///
    /// Names that are derived from an image, such as those of sub-assessments, begin with it, so that the image is
    /// found from the name. Among 100 000 images, two share a mark once in 56 000 installations; whoever looks by
    /// mark compares the whole name.
    pub fn mark(&self) -> u64 {
        let key = format!("{}/{}@{}", self.repository.registry.0, self.repository.name, self.digest);
        let hash = Sha256::digest(key.as_bytes());
        hash.iter().take(6).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_reads_its_own_writing() {
        let upload = UploadId::from_random([0xab; 16]);
        assert_eq!(upload.to_string(), "ab".repeat(16));
        assert_eq!(upload.to_string().parse(), Ok(upload));
        assert_eq!("abababab-abab-abab-abab-abababababab".parse(), Ok(upload));
    }

    #[test]
    fn upload_is_never_a_path() {
        for text in ["", "..", "../../../../../../etc/passwd/....", "zz", &"g".repeat(32), &"a".repeat(33)] {
            assert!(text.parse::<UploadId>().is_err(), "{text}");
        }
    }
}
