//! Manifests: image manifests, indexes, and artifacts of other types, as a checked view over exact bytes.
//!
//! What is refused here is refused at the push, so that nothing behind the registry meets it again:
//! a `mediaType` that differs from the `Content-Type`, a document that is image and index at once, ambiguous keys
//! (see `json`), and documents larger or wider than the limits below.
//! The bytes stay what they are; a registry stores and serves them unchanged.

use crate::descriptor::null_is_empty;
use crate::json::{self, Vocabulary};
use crate::{Descriptor, DescriptorError, MediaKind, MediaType};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many bytes a manifest may have. The specification asks for at least this much.
pub const MAXIMUM_MANIFEST_BYTES: usize = 4 * 1024 * 1024;
/// How many layers an image may have. Runtimes stop at 127 or so; artifacts use more.
pub const MAXIMUM_LAYERS: usize = 1000;
/// How many children an index may have.
pub const MAXIMUM_CHILDREN: usize = 4096;

const VOCABULARY: Vocabulary = Vocabulary {
    known: &[
        "schemaVersion",
        "mediaType",
        "artifactType",
        "config",
        "layers",
        "manifests",
        "blobs",
        "fsLayers",
        "subject",
        "annotations",
        "digest",
        "size",
        "urls",
        "data",
        "platform",
        "architecture",
        "os",
        "os.version",
        "os.features",
        "variant",
    ],
    free: &["annotations"],
};

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than [`MAXIMUM_MANIFEST_BYTES`].
    #[error("a manifest has at most {MAXIMUM_MANIFEST_BYTES} bytes, not {0}")]
    Large(usize),
    /// Not JSON, ambiguous JSON, or a member of the wrong form.
    #[error("the manifest cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Docker's schema 1.
    #[error("Docker's schema 1 is not supported; push the image with schema 2 or as an OCI image")]
    SchemaOne,
    /// A schema version other than 2.
    #[error("`schemaVersion` must be 2")]
    SchemaVersion,
    /// The document names another type than the request.
    #[error("the manifest's `mediaType` is {document}, and it was sent as {sent}; they must be equal")]
    MediaType {
        /// In the document.
        document: MediaType,
        /// In the request.
        sent: MediaType,
    },
    /// A type that needs to name itself does not.
    #[error("a manifest of this type must have a `mediaType`")]
    NoMediaType,
    /// A member that this type cannot do without.
    #[error("a manifest of this type must have `{0}`")]
    Missing(&'static str),
    /// A member that belongs to another type: the document could be read as two things.
    #[error("a manifest of this type must not have `{0}`")]
    Foreign(&'static str),
    /// More layers than [`MAXIMUM_LAYERS`].
    #[error("a manifest has at most {MAXIMUM_LAYERS} layers, not {0}")]
    Layers(usize),
    /// More children than [`MAXIMUM_CHILDREN`].
    #[error("an index has at most {MAXIMUM_CHILDREN} manifests, not {0}")]
    Children(usize),
    /// A descriptor.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
}

/// A manifest that passed every rule.
#[derive(Debug, Clone)]
pub struct Manifest {
    media_type: MediaType,
    content: ManifestContent,
    subject: Option<Descriptor>,
    artifact_type: Option<MediaType>,
    annotations: BTreeMap<String, String>,
}

/// What kind of manifest it is, with what only that kind has.
#[derive(Debug, Clone)]
pub enum ManifestContent {
    /// An image manifest; artifacts are packed in it as well.
    Image(Box<ImageManifest>),
    /// An index.
    Index(ImageIndex),
    /// A document of a type that only its users understand, with the blobs it names.
    Other {
        /// Config, layers and blobs, in this order.
        blobs: Vec<Descriptor>,
    },
}

/// The content of an image manifest.
#[derive(Debug, Clone)]
pub struct ImageManifest {
    /// The configuration.
    pub config: Descriptor,
    /// The layers, bottom first.
    pub layers: Vec<Descriptor>,
}

impl ImageManifest {
    /// Whether this is an image that can run, and not an artifact packed like one.
    pub fn is_runnable(&self) -> bool {
        self.config.media_type.kind() == MediaKind::ImageConfig
    }
}

/// The content of an index.
#[derive(Debug, Clone)]
pub struct ImageIndex {
    /// The manifests it lists.
    pub manifests: Vec<Descriptor>,
}

impl Manifest {
    /// Reads and checks a manifest that was sent, or is stored, as `sent`.
    ///
    /// # Errors
    ///
    /// When the document breaks any rule of [`ManifestError`].
    pub fn parse(sent: &MediaType, bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MAXIMUM_MANIFEST_BYTES {
            return Err(ManifestError::Large(bytes.len()));
        }
        json::refuse_ambiguity(bytes, VOCABULARY)?;
        let mut document: Document = serde_json::from_slice(bytes)?;
        document.check_media_type(sent)?;
        document.check_limits()?;
        let content = match sent.kind() {
            MediaKind::ImageManifest => ManifestContent::Image(Box::new(document.take_image()?)),
            MediaKind::ImageIndex => ManifestContent::Index(document.take_index()?),
            MediaKind::SchemaOne => return Err(ManifestError::SchemaOne),
            MediaKind::ImageConfig | MediaKind::Layer { .. } | MediaKind::Empty | MediaKind::Other => {
                document.take_other()?
            }
        };
        Ok(Self {
            media_type: sent.clone(),
            content,
            subject: document.subject,
            artifact_type: document.artifact_type,
            annotations: document.annotations,
        })
    }

    /// The type it was sent as.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// What it is.
    pub fn content(&self) -> &ManifestContent {
        &self.content
    }

    /// The manifest that this one is about.
    pub fn subject(&self) -> Option<&Descriptor> {
        self.subject.as_ref()
    }

    /// The annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// The type of the artifact: as declared, or for an image manifest that declares none, the type of its config.
    pub fn artifact_type(&self) -> Option<&MediaType> {
        let of_config = match &self.content {
            ManifestContent::Image(image) => Some(&image.config.media_type),
            ManifestContent::Index(_) | ManifestContent::Other { .. } => None,
        };
        self.artifact_type.as_ref().or(of_config)
    }

    /// Every blob it names: the config first, then the layers.
    pub fn blobs(&self) -> Vec<&Descriptor> {
        match &self.content {
            ManifestContent::Image(image) => std::iter::once(&image.config).chain(&image.layers).collect(),
            ManifestContent::Index(_) => Vec::new(),
            ManifestContent::Other { blobs } => blobs.iter().collect(),
        }
    }

    /// The manifests that it lists, if it is an index.
    pub fn children(&self) -> &[Descriptor] {
        match &self.content {
            ManifestContent::Index(index) => &index.manifests,
            ManifestContent::Image(_) | ManifestContent::Other { .. } => &[],
        }
    }
}

/// Every member that a manifest of any kind may have. A list that is present is `Some`, even when it is `null`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: Option<u64>,
    media_type: Option<MediaType>,
    artifact_type: Option<MediaType>,
    config: Option<Descriptor>,
    #[serde(default, deserialize_with = "present")]
    layers: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "present")]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "present")]
    blobs: Option<Vec<Descriptor>>,
    fs_layers: Option<serde::de::IgnoredAny>,
    subject: Option<Descriptor>,
    #[serde(default, deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
}

fn present<'de, D>(deserializer: D) -> Result<Option<Vec<Descriptor>>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    null_is_empty(deserializer).map(Some)
}

impl Document {
    fn check_media_type(&self, sent: &MediaType) -> Result<(), ManifestError> {
        let is_docker = sent.essence().starts_with("application/vnd.docker.");
        let must_name_itself = is_docker || sent.kind() == MediaKind::Other;
        match &self.media_type {
            Some(document) if document.essence() == sent.essence() => Ok(()),
            Some(document) => {
                Err(ManifestError::MediaType { document: document.clone(), sent: sent.clone() })
            }
            None if sent.kind() == MediaKind::SchemaOne => Err(ManifestError::SchemaOne),
            None if must_name_itself => Err(ManifestError::NoMediaType),
            None => Ok(()),
        }
    }

    fn check_limits(&self) -> Result<(), ManifestError> {
        let length = |list: &Option<Vec<Descriptor>>| list.as_ref().map_or(0, Vec::len);
        let layers = length(&self.layers).max(length(&self.blobs));
        if layers > MAXIMUM_LAYERS {
            return Err(ManifestError::Layers(layers));
        }
        let children = length(&self.manifests);
        if children > MAXIMUM_CHILDREN {
            return Err(ManifestError::Children(children));
        }
        let lists = [&self.layers, &self.manifests, &self.blobs];
        let singles = [&self.config, &self.subject];
        let listed = lists.into_iter().flatten().flatten();
        for descriptor in listed.chain(singles.into_iter().flatten()) {
            descriptor.check()?;
        }
        Ok(())
    }

    fn check_version(&self) -> Result<(), ManifestError> {
        if self.schema_version == Some(2) { Ok(()) } else { Err(ManifestError::SchemaVersion) }
    }

    fn take_image(&mut self) -> Result<ImageManifest, ManifestError> {
        self.check_version()?;
        refuse_member("manifests", self.manifests.is_some())?;
        refuse_member("blobs", self.blobs.is_some())?;
        refuse_member("fsLayers", self.fs_layers.is_some())?;
        Ok(ImageManifest {
            config: self.config.take().ok_or(ManifestError::Missing("config"))?,
            layers: self.layers.take().ok_or(ManifestError::Missing("layers"))?,
        })
    }

    fn take_index(&mut self) -> Result<ImageIndex, ManifestError> {
        self.check_version()?;
        refuse_member("config", self.config.is_some())?;
        refuse_member("layers", self.layers.is_some())?;
        refuse_member("blobs", self.blobs.is_some())?;
        refuse_member("fsLayers", self.fs_layers.is_some())?;
        let manifests = self.manifests.take();
        Ok(ImageIndex { manifests: manifests.ok_or(ManifestError::Missing("manifests"))? })
    }

    /// A document of an unknown type must not be one that a careless client takes for an index or an image.
    fn take_other(&mut self) -> Result<ManifestContent, ManifestError> {
        refuse_member("manifests", self.manifests.is_some())?;
        refuse_member("fsLayers", self.fs_layers.is_some())?;
        let config = self.config.take().into_iter();
        let layers = self.layers.take().unwrap_or_default();
        let blobs = self.blobs.take().unwrap_or_default();
        Ok(ManifestContent::Other { blobs: config.chain(layers).chain(blobs).collect() })
    }
}

fn refuse_member(name: &'static str, is_present: bool) -> Result<(), ManifestError> {
    if is_present { Err(ManifestError::Foreign(name)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
