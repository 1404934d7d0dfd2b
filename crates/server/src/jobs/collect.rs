//! Collecting what nobody needs: uploads that were left, links without a manifest, bytes without a link.
//!
//! It runs beside everything else, from the beginning each time: most of what it looks at is needed, and looking is
//! cheap. What stops it half-way, a full disk for example, is met again the next time.

use jiff::{SignedDuration, Timestamp};
use registry::{Collected, CollectionMode, CollectionPolicy, Collector, Phase, RegistryState};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;

/// How often somebody looks.
const INTERVAL: Duration = Duration::from_secs(3600);
/// A push whose blobs were sent has so long to send its manifest.
const LINK_PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// An upload that was silent for so long is given up; clients begin anew.
const UPLOAD_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// The collection of a registry. Manifests without a tag stay: nobody has said that they should go.
pub fn collector(state: RegistryState) -> Collector {
    let policy = CollectionPolicy {
        links_after: LINK_PATIENCE,
        uploads_after: UPLOAD_PATIENCE,
        retention: Vec::new(),
        mode: CollectionMode::Collect,
    };
    Collector::new(state, policy)
}

/// Collects now and then, until `stop` becomes true. It stops between two steps.
pub async fn keep_collecting(collector: Collector, mut stop: watch::Receiver<bool>) {
    loop {
        let mut collected = Collected::default();
        let mut phase = Some(Phase::Uploads);
        while let Some(next) = phase.filter(|_| !*stop.borrow()) {
            phase = collector.step(next, &mut collected).await.unwrap_or_else(|error| {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the collection stopped; it begins again later");
                None
            });
        }
        if collected != Collected::default() {
            let Collected { links, blobs, bytes, uploads, manifests } = collected;
            tracing::info!(links, blobs, bytes, uploads, manifests, "collected what nobody needs");
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Lets go for good what was deleted and can no longer be restored, now and then, until `stop` becomes true.
pub async fn keep_forgetting(store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match store.forget_deleted(Timestamp::now()).await {
            // There may be more than one call takes.
            Ok(forgotten) if forgotten > 0 => {
                tracing::info!(manifests = forgotten, "the time to restore is over");
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what was deleted could not be let go"
                );
            }
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}
