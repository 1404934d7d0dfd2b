//! Where an image comes from: its layers with their build steps, and the image that it was built on.
//!
//! The base of an image is the image whose layers are the longest beginning of its own. It is looked for when somebody
//! asks, among the images that are there then, so that it makes no difference which was pushed first.

use crate::{Error, ImageKey, RegistryId};
use async_trait::async_trait;
use oci::Digest;

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageLayer {
    /// The layer, as the manifest names it.
    pub digest: Digest,
    /// The chain id: this layer and everything below it. None where the configuration does not fit the manifest.
    pub chain: Option<Digest>,
    /// The command that made it, where the history says so.
    pub step: Option<String>,
}

/// What an image says of its own base, by the annotations `org.opencontainers.image.base.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedBase {
    /// The reference under which the base was known to the builder.
    pub name: Option<String>,
    /// The digest of its manifest.
    pub digest: Option<Digest>,
}

/// Where an image comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// Its layers, bottom first.
    pub layers: Vec<ImageLayer>,
    /// What it says of its base.
    pub claimed_base: Option<ClaimedBase>,
}

/// The image that another was built on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseImage {
    /// The base.
    pub image: ImageKey,
    /// How many layers of the image, from the bottom, are the base's.
    pub layers: usize,
}

/// Lineages. They are recorded with the image, in [`Scans::record_image`](crate::Scans::record_image).
#[async_trait]
pub trait Lineages: Send + Sync {
    /// Where an image comes from; empty if it was never recorded.
    async fn lineage(&self, image: &Digest) -> Result<Lineage, Error>;

    /// The image of the registry whose layers are the longest proper beginning of this image's; of several, the one
    /// that was pushed first. An image that has exactly the same layers is its base only if the image says so itself.
    async fn base_image(&self, registry: RegistryId, image: &Digest) -> Result<Option<BaseImage>, Error>;
}
