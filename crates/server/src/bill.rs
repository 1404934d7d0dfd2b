//! The bill of materials of an image in the registry, made of what was recorded of its layers.
//!
//! Nothing is read anew: the inventories of the layers are laid over each other once more, because the records of the
//! image keep only what matching needs.
//! The same image gives the same document to the byte, as long as the indexer is the same: its serial number and its time
//! are derived and not drawn, so that attaching it twice attaches it once.

use inventory::sbom::{Format, Subject};
use inventory::{
    INDEXER_VERSION, ImageInventory, LayerInventory, LayerPath, Obstacle, SkipReason, Skipped, coalesce,
};
use oci::{Digest, ManifestContent, MediaType};
use store::{ImageKey, LayerOutcome, Manifest, Manifests, Store};
use uuid::Uuid;

/// The namespace of the serial numbers.
const SERIALS: Uuid = uuid::uuid!("6a1c2f0e-0c3e-4d0a-9d5e-5f0f6a8a7b11");

/// Why there is no bill.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BillError {
    /// The manifest is gone.
    #[error("there is no such image any more")]
    Gone,
    /// An index, or something that is no image.
    #[error("only an image has a bill of materials; ask for one of the images of an index by its digest")]
    NotAnImage,
    /// Its layers were not read.
    #[error("the image was not scanned yet, or not by this version; wait for its verdict, or push it again")]
    NotScanned,
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Writes the bill of an image.
///
/// # Errors
/// When the image was not scanned, or is none.
pub(crate) async fn write(store: &dyn Store, image: &ImageKey, format: &Format) -> Result<String, BillError> {
    let manifest =
        Manifests::manifest(store, &image.repository, &image.digest).await?.ok_or(BillError::Gone)?;
    let scanned = store.image(&image.digest).await?.ok_or_else(|| not_scanned(&manifest))?;
    let inventory = inventory(store, &manifest).await?;
    let registry = store.registry(image.repository.registry).await?;
    let host = registry.map(|registry| registry.login_server).unwrap_or_default();
    let name = format!("{host}/{}", image.repository.name);
    let digest = image.digest.to_string();
    let timestamp = scanned.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let serial =
        Uuid::new_v5(&SERIALS, format!("{} {digest} {timestamp} {INDEXER_VERSION}", format.name).as_bytes());
    let subject = Subject {
        name: &name,
        digest: &digest,
        timestamp: &timestamp,
        serial: &serial.to_string(),
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    Ok((format.write)(&inventory, &subject))
}

/// An image without records was not read yet; whatever else is here has none and never will.
fn not_scanned(manifest: &Manifest) -> BillError {
    match layers(manifest) {
        Some(_) => BillError::NotScanned,
        None => BillError::NotAnImage,
    }
}

/// The layers of an image that can be run.
fn layers(manifest: &Manifest) -> Option<Vec<Digest>> {
    let media_type: MediaType = manifest.media_type.parse().ok()?;
    let parsed = oci::Manifest::parse(&media_type, &manifest.bytes).ok()?;
    match parsed.content() {
        ManifestContent::Image(image) if image.is_runnable() => {
            Some(image.layers.iter().map(|layer| layer.digest.clone()).collect())
        }
        ManifestContent::Image(_) | ManifestContent::Index(_) | ManifestContent::Other { .. } => None,
    }
}

/// What is in an image, from the records of its layers. What could not be read is an obstacle, which the bill tells.
async fn inventory(store: &dyn Store, manifest: &Manifest) -> Result<ImageInventory, BillError> {
    let digests = layers(manifest).ok_or(BillError::NotAnImage)?;
    let mut inventories = Vec::with_capacity(digests.len());
    let mut unread = Vec::new();
    for (number, digest) in digests.iter().enumerate() {
        let outcome = store.layer(digest, INDEXER_VERSION).await?.map(|record| record.outcome);
        let read = match outcome {
            Some(LayerOutcome::Indexed(json)) => {
                serde_json::from_value(json).map_err(|_| "what was recorded of the layer".to_owned())
            }
            Some(LayerOutcome::Unreadable(why)) => Err(why),
            // A layer that may not be distributed, or one whose reading another job has still before it.
            None => Err("the layer was not read".to_owned()),
        };
        inventories.push(read.unwrap_or_else(|why| {
            unread.push((number, why));
            LayerInventory::empty()
        }));
    }
    let mut whole = coalesce(&inventories);
    whole.obstacles.extend(unread.into_iter().filter_map(|(layer, why)| {
        let skipped = Skipped {
            path: LayerPath::from_bytes(b"")?,
            why: SkipReason::Malformed(why),
            conceals_packages: true,
        };
        Some(Obstacle::Unread { layer, skipped })
    }));
    Ok(whole)
}
