//! Media types and what they mean to a registry.
//!
//! A [`MediaType`] is any well-formed one, since artifacts bring their own; [`MediaType::kind`] says which are ours.
//! Comparison for the kind ignores case, as RFC 6838 has it: a type spelled in capitals must not slip past a rule.
//! What is *like* a layer but not known, such as an encrypted one, is a layer with [`Codec::Unsupported`] and never "other":
//! what cannot be read must be visible as unread.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How a layer's tar is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// A bare tar.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstandard,
    /// A layer in a form that nothing here can read, such as an encrypted one.
    Unsupported,
}

/// What a media type is to a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// An image manifest, of OCI or of Docker schema 2.
    ImageManifest,
    /// An image index, or Docker's manifest list.
    ImageIndex,
    /// Docker's schema 1, which is refused: its signature covers a part of itself only.
    SchemaOne,
    /// The configuration of an image.
    ImageConfig,
    /// A file-system layer.
    Layer {
        /// How it is packed.
        codec: Codec,
        /// Whether a registry may be asked for it. Foreign layers lie elsewhere, and are never fetched.
        distributable: bool,
    },
    /// The empty JSON object that artifacts use as a placeholder.
    Empty,
    /// Anything else: an artifact's own.
    Other,
}

const KINDS: &[(&str, MediaKind)] = &[
    (MediaType::OCI_MANIFEST, MediaKind::ImageManifest),
    (MediaType::DOCKER_MANIFEST, MediaKind::ImageManifest),
    (MediaType::OCI_INDEX, MediaKind::ImageIndex),
    (MediaType::DOCKER_LIST, MediaKind::ImageIndex),
    ("application/vnd.docker.distribution.manifest.v1+json", MediaKind::SchemaOne),
    ("application/vnd.docker.distribution.manifest.v1+prettyjws", MediaKind::SchemaOne),
    (MediaType::OCI_CONFIG, MediaKind::ImageConfig),
    (MediaType::DOCKER_CONFIG, MediaKind::ImageConfig),
    (MediaType::EMPTY, MediaKind::Empty),
];

/// Where the names of layer types begin, and whether such layers may be distributed; what follows names the codec.
/// The longer beginning stands first.
const LAYERS: &[(&str, bool)] = &[
    ("application/vnd.oci.image.layer.nondistributable.v1.tar", false),
    ("application/vnd.oci.image.layer.v1.tar", true),
    ("application/vnd.oci.image.layer.", true),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar", false),
    ("application/vnd.docker.image.rootfs.diff.tar", true),
    ("application/vnd.docker.image.rootfs.", true),
];

/// Why a string is not a media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaTypeError {
    /// More than 255 bytes.
    #[error("a media type has at most 255 characters, not {0}")]
    Long(usize),
    /// Not `type/subtype`.
    #[error("a media type is written `type/subtype`")]
    Grammar,
}

/// A media type.
///
/// 1. It begins with `type/subtype`, each a restricted name of RFC 6838.
/// 2. Parameters may follow after `;`, in printable ASCII.
/// 3. It has at most 255 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MediaType(Arc<str>);

impl MediaType {
    /// An OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// An OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// An OCI image configuration.
    pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// An OCI layer, packed with gzip.
    pub const OCI_LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    /// An OCI layer, packed with Zstandard.
    pub const OCI_LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
    /// An OCI layer that is a bare tar.
    pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
    /// Docker's image manifest, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker's manifest list.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker's image configuration.
    pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    /// Docker's layer, packed with gzip.
    pub const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    /// The empty JSON object.
    pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";

    /// The media type as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `type/subtype`, without parameters.
    pub fn essence(&self) -> &str {
        self.0.split_once(';').map_or(&*self.0, |(essence, _)| essence.trim_end())
    }

    /// What it means to a registry.
    pub fn kind(&self) -> MediaKind {
        let essence = self.essence().to_ascii_lowercase();
        let known = KINDS.iter().find(|(name, _)| *name == essence);
        let layer = || {
            LAYERS.iter().find_map(|&(beginning, distributable)| {
                let codec = match essence.strip_prefix(beginning)? {
                    _ if !beginning.ends_with(".tar") => Codec::Unsupported,
                    "" => Codec::Plain,
                    "+gzip" | ".gzip" => Codec::Gzip,
                    "+zstd" | ".zstd" => Codec::Zstandard,
                    _ => Codec::Unsupported,
                };
                Some(MediaKind::Layer { codec, distributable })
            })
        };
        known.map(|&(_, kind)| kind).or_else(layer).unwrap_or(MediaKind::Other)
    }
}

impl FromStr for MediaType {
    type Err = MediaTypeError;

    fn from_str(text: &str) -> Result<Self, MediaTypeError> {
        if text.len() > 255 {
            return Err(MediaTypeError::Long(text.len()));
        }
        let essence = text.split_once(';').map_or(text, |(essence, _)| essence);
        let (kind, subkind) = essence.trim_end().split_once('/').ok_or(MediaTypeError::Grammar)?;
        let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if printable && is_restricted_name(kind) && is_restricted_name(subkind) {
            Ok(Self(text.into()))
        } else {
            Err(MediaTypeError::Grammar)
        }
    }
}

/// `restricted-name` of RFC 6838, section 4.2.
fn is_restricted_name(text: &str) -> bool {
    text.len() <= 127
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

impl TryFrom<String> for MediaType {
    type Error = MediaTypeError;

    fn try_from(text: String) -> Result<Self, MediaTypeError> {
        text.parse()
    }
}

impl From<MediaType> for String {
    fn from(media_type: MediaType) -> Self {
        media_type.0.as_ref().to_owned()
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> MediaKind {
        text.parse::<MediaType>().unwrap().kind()
    }

    #[test]
    fn kinds() {
        let layer = |codec, distributable| MediaKind::Layer { codec, distributable };
        for (text, expected) in [
            (MediaType::OCI_MANIFEST, MediaKind::ImageManifest),
            (MediaType::DOCKER_MANIFEST, MediaKind::ImageManifest),
            (MediaType::OCI_INDEX, MediaKind::ImageIndex),
            (MediaType::DOCKER_LIST, MediaKind::ImageIndex),
            ("application/vnd.docker.distribution.manifest.v1+prettyjws", MediaKind::SchemaOne),
            (MediaType::OCI_CONFIG, MediaKind::ImageConfig),
            (MediaType::DOCKER_CONFIG, MediaKind::ImageConfig),
            (MediaType::EMPTY, MediaKind::Empty),
            (MediaType::OCI_LAYER, layer(Codec::Plain, true)),
            (MediaType::OCI_LAYER_GZIP, layer(Codec::Gzip, true)),
            (MediaType::OCI_LAYER_ZSTD, layer(Codec::Zstandard, true)),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", layer(Codec::Gzip, false)),
            (MediaType::DOCKER_LAYER_GZIP, layer(Codec::Gzip, true)),
            ("application/vnd.docker.image.rootfs.diff.tar", layer(Codec::Plain, true)),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", layer(Codec::Gzip, false)),
            ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", layer(Codec::Unsupported, true)),
            ("application/vnd.oci.image.layer.v2.erofs", layer(Codec::Unsupported, true)),
            ("text/plain", MediaKind::Other),
            ("application/json; charset=utf-8", MediaKind::Other),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn neither_capitals_nor_parameters_hide_a_kind() {
        assert_eq!(kind("Application/VND.oci.image.INDEX.v1+json ; x=y"), MediaKind::ImageIndex);
    }

    #[test]
    fn what_is_not_a_media_type() {
        for text in ["", "/", "a", "a/", "/b", "a b/c", "a/b/c", "a/b\n", "a/ü", "a/b;\u{1}", "-a/b"] {
            assert!(text.parse::<MediaType>().is_err(), "{text:?}");
        }
        assert_eq!(format!("a/{}", "b".repeat(254)).parse::<MediaType>(), Err(MediaTypeError::Long(256)));
    }
}
