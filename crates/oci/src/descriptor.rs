//! Descriptors: how one document of the specification points to another.
//!
//! `urls` are kept, because they say that a layer lies elsewhere, and are never followed: an address inside of an image
//! is chosen by whoever made the image. `data` is not read at all; the content of a digest comes from the store.

use crate::{Digest, MediaKind, MediaType};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The annotation by which builders mark a child of an index as a statement about another child.
const REFERENCE_KIND: &str = "vnd.docker.reference.type";

/// Why a descriptor cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// A size beyond what a signed 64-bit number holds, which other readers would take for a negative one.
    #[error("the descriptor of {0} has a size that is too large")]
    Size(Digest),
}

/// A pointer to content: its type, digest and size.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    pub media_type: MediaType,
    /// The content's identity.
    pub digest: Digest,
    /// The content's length in bytes.
    pub size: u64,
    /// Where else it may lie. Never followed.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub urls: Vec<String>,
    /// Free text about the content.
    #[serde(default, deserialize_with = "null_is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// For a child of an index: what it runs on.
    pub platform: Option<Platform>,
    /// For an artifact: its type.
    pub artifact_type: Option<MediaType>,
}

impl Descriptor {
    /// Whether this child of an index is an attestation, a statement about another child, and nothing that runs.
    ///
    /// Both signs are required. The annotation alone would let a real image hide from those who skip attestations.
    pub fn is_attestation(&self) -> bool {
        let is_unknown = |platform: &Platform| {
            platform.operating_system == "unknown" && platform.architecture == "unknown"
        };
        self.platform.as_ref().is_some_and(is_unknown) && self.annotations.contains_key(REFERENCE_KIND)
    }

    /// Whether the content may lie elsewhere only, so that the registry cannot demand to have it.
    pub fn is_foreign(&self) -> bool {
        let distributable_layer = match self.media_type.kind() {
            MediaKind::Layer { distributable, .. } => distributable,
            MediaKind::ImageManifest
            | MediaKind::ImageIndex
            | MediaKind::SchemaOne
            | MediaKind::ImageConfig
            | MediaKind::Empty
            | MediaKind::Other => true,
        };
        !distributable_layer
    }

    pub(crate) fn check(&self) -> Result<(), DescriptorError> {
        match i64::try_from(self.size) {
            Ok(_) => Ok(()),
            Err(_) => Err(DescriptorError::Size(self.digest.clone())),
        }
    }
}

/// What an image runs on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Platform {
    /// `linux`, `windows`, …
    #[serde(rename = "os", default)]
    pub operating_system: String,
    /// `amd64`, `arm64`, …
    #[serde(default)]
    pub architecture: String,
    /// `v7`, `v8`, …
    pub variant: Option<String>,
    /// The version of the operating system; Windows images have it.
    #[serde(rename = "os.version")]
    pub operating_system_version: Option<String>,
    /// Features that are needed of the operating system.
    #[serde(rename = "os.features", default, deserialize_with = "null_is_empty")]
    pub operating_system_features: Vec<String>,
}

/// Reads `null` as nothing: Go writes an empty list so.
pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(rest: &str) -> Descriptor {
        let digest = Digest::of_sha256(b"");
        let text =
            format!(r#"{{"mediaType":"{}","digest":"{digest}","size":1{rest}}}"#, MediaType::OCI_MANIFEST);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_attestation_needs_both_signs() {
        let unknown = r#","platform":{"os":"unknown","architecture":"unknown"}"#;
        let linux = r#","platform":{"os":"linux","architecture":"amd64"}"#;
        let mark = r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#;
        assert!(descriptor(&format!("{unknown}{mark}")).is_attestation());
        assert!(!descriptor(unknown).is_attestation());
        assert!(!descriptor(&format!("{linux}{mark}")).is_attestation());
        assert!(!descriptor(mark).is_attestation());
    }

    #[test]
    fn null_members_are_empty() {
        let descriptor = descriptor(r#","urls":null,"annotations":null,"platform":null"#);
        assert!(descriptor.urls.is_empty() && descriptor.annotations.is_empty());
    }

    #[test]
    fn negative_and_fractional_sizes_are_refused() {
        for size in ["-1", "1.5", "\"1\"", "18446744073709551616"] {
            let digest = Digest::of_sha256(b"");
            let text = format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":{size}}}"#);
            assert!(serde_json::from_str::<Descriptor>(&text).is_err(), "{size}");
        }
        let mut large = descriptor("");
        large.size = u64::MAX;
        assert!(large.check().is_err());
    }
}
