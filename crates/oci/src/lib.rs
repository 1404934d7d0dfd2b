//! The words of the OCI specifications: names, digests, references, descriptors, manifests, media types.
//!
//! Everything here is parsed at the boundary and valid ever after: a [`Digest`] has the length of its algorithm, a
//! [`RepositoryName`] matches the grammar of the distribution specification, a [`Manifest`] has passed the rules that keep
//! a document from meaning two things to two readers.
//!
//! A [`Manifest`] is a *view*: the bytes are what counts, because the digest is theirs. It is never written again from
//! its parts, so unknown members survive.
//!
//! This crate is pure. It does no IO, knows no clock, and follows no `urls`.

mod config;
mod descriptor;
mod digest;
mod json;
mod manifest;
mod media_type;
mod name;
mod reference;

pub use config::{ConfigError, HistoryEntry, ImageConfig};
pub use descriptor::{Descriptor, DescriptorError, Platform};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use manifest::{
    ImageIndex, ImageManifest, MAXIMUM_CHILDREN, MAXIMUM_LAYERS, MAXIMUM_MANIFEST_BYTES, Manifest,
    ManifestContent, ManifestError,
};
pub use media_type::{Codec, MediaKind, MediaType, MediaTypeError};
pub use name::{NameError, RepositoryName, Tag, TagError};
pub use reference::{ImageReference, ImageReferenceError, Reference, ReferenceError};
