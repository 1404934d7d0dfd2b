//! The words of the OCI specifications: names, digests, references, descriptors, manifests, media types.
//!
//! Everything here is parsed at the boundary and valid ever after: a [`Digest`] has the length of its algorithm, a
//! [`RepositoryName`] matches the grammar of the distribution specification.
//!
//! This crate is pure. It does no IO, knows no clock, and follows no `urls`.

mod digest;
mod media_type;
mod name;
mod reference;

pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use media_type::{Codec, MediaKind, MediaType, MediaTypeError};
pub use name::{NameError, RepositoryName, Tag, TagError};
pub use reference::{ImageReference, ImageReferenceError, Reference, ReferenceError};
