//! Documents about vulnerabilities that are attached to images, and whom we believe.
//!
//! A document counts if a key that the configuration names has signed it; what is unsigned, or signed by somebody
//! else, changes nothing and is told with the reason. Read are what today's tools write:
//!
//! * attestations, in-toto statements in a DSSE envelope whose predicate is the document: as a layer of their own
//!   (`cosign attest`, `vexctl attest --attach`), or in a Sigstore bundle; and
//! * documents that are attached as they are, if the manifest that carries them is signed (`cosign sign`).
//!
//! Both are found as referrers of the image, and under the tags `sha256-HEX.att` and `sha256-HEX.sig` of older tools.
//!
//! The store keeps the list of images whose documents have to be read; it grows with every manifest that is attached
//! or deleted, in the same transaction. This task works it off.

mod attachment;
mod trust;

pub use trust::{Trust, TrustError, VexKey};

use crate::jobs::{JobError, Workshop};
use graph::documents::KnownRegistry;
use graph::rulebook::Rulebook;
use graph::settlement::resettle_image;
use jiff::Timestamp;
use oci::Digest;
use std::sync::Arc;
use std::time::Duration;
use store::{ImageKey, Manifests, RepositoryKey, Store};
use tokio::sync::watch;

/// Images of one look at the list.
const AT_A_TIME: usize = 50;
/// The pause after something failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Reads what is attached to images, whenever something is, until `stop` becomes true.
pub async fn keep_reading(workshop: Arc<Workshop>, trust: Trust, mut stop: watch::Receiver<bool>) {
    loop {
        let looked = match look(&workshop, &trust).await {
            Ok(seen) => Some(seen),
            Err(error) => {
                tracing::error!(%error, "attached documents could not be read; they are tried again");
                None
            }
        };
        let pause = async {
            match looked {
                Some(seen) => workshop.store.wait_for_events(seen).await,
                None => tokio::time::sleep(PAUSE).await,
            }
        };
        tokio::select! {
            () = pause => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Works the list off. Returns the place in history up to which that holds.
async fn look(workshop: &Workshop, trust: &Trust) -> Result<i64, JobError> {
    workshop.store.trust_vex(&trust.fingerprint()).await?;
    loop {
        let seen = workshop.store.latest_event().await?;
        let pending = workshop.store.pending_vex(AT_A_TIME).await?;
        if pending.is_empty() {
            return Ok(seen);
        }
        for one in pending {
            read(workshop, trust, &one.image).await?;
            workshop.store.vex_done(one.ticket).await?;
        }
    }
}

/// Reads all documents of an image, and lets its verdict follow.
async fn read(workshop: &Workshop, trust: &Trust, image: &ImageKey) -> Result<(), JobError> {
    let readings = attachment::readings(workshop, trust, image).await?;
    let now = Timestamp::now();
    if !workshop.store.put_vex(image, readings, now).await? {
        return Ok(());
    }
    let store = &*workshop.store;
    let Some(registry) = store.registry(image.repository.registry).await? else { return Ok(()) };
    let Ok(known) = KnownRegistry::new(registry) else { return Ok(()) };
    for image in with_children(store, image).await? {
        let book = Rulebook::load(store, now).await?;
        resettle_image(store, &book, &known, &image, now).await?;
    }
    workshop.tell();
    Ok(())
}

/// The image, and where it is an index, the images of it: what is said of an index is said of them.
async fn with_children(store: &dyn Store, image: &ImageKey) -> Result<Vec<ImageKey>, JobError> {
    let mut images = vec![image.clone()];
    if let Some(parsed) = manifest(store, &image.repository, &image.digest).await? {
        let child = |digest: &Digest| ImageKey { digest: digest.clone(), ..image.clone() };
        images.extend(parsed.children().iter().map(|listed| child(&listed.digest)));
    }
    Ok(images)
}

/// A manifest of a repository, if it is there and can be read.
async fn manifest(
    store: &dyn Store,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<Option<oci::Manifest>, store::Error> {
    let Some(stored) = Manifests::manifest(store, repository, digest).await? else { return Ok(None) };
    let Ok(media_type) = stored.media_type.parse() else { return Ok(None) };
    Ok(oci::Manifest::parse(&media_type, &stored.bytes).ok())
}
