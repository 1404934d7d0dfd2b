//! Collecting what nobody needs: uploads that were left, links without a manifest, bytes without a link.
//!
//! It runs beside everything else, from the beginning each time: most of what it looks at is needed, and looking is
//! cheap. What stops it half-way, a full disk for example, is met again the next time.

use jiff::SignedDuration;
use registry::{
    Collected, CollectionError, CollectionMode, CollectionPolicy, Collector, Phase, RegistryState,
};
use std::time::Duration;
use store::{RegistrySettings, objects};
use tokio::sync::watch;

/// How often somebody looks.
const INTERVAL: Duration = Duration::from_secs(3600);
/// A push whose blobs were sent has so long to send its manifest.
const LINK_PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// An upload that was silent for so long is given up; clients begin anew.
const UPLOAD_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// The collection by what is set now. Manifests without a tag go where a registry's retention policy says so.
///
/// # Errors
/// When the records fail.
pub async fn collector(state: RegistryState) -> Result<Collector, store::Error> {
    let mut retention = Vec::new();
    for settings in objects::all::<RegistrySettings, _>(&*state.store).await? {
        if let Some(wanted) = settings.retention.filter(|wanted| wanted.is_enabled) {
            retention.push((settings.registry, SignedDuration::from_hours(i64::from(wanted.days) * 24)));
        }
    }
    let policy = CollectionPolicy {
        links_after: LINK_PATIENCE,
        uploads_after: UPLOAD_PATIENCE,
        retention,
        mode: CollectionMode::Collect,
    };
    Ok(Collector::new(state, policy))
}

/// Collects now and then, until `stop` becomes true. It stops between two steps.
pub async fn keep_collecting(state: RegistryState, mut stop: watch::Receiver<bool>) {
    loop {
        let mut collected = Collected::default();
        if let Err(error) = collect(&state, &stop, &mut collected).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the collection stopped; it begins again later");
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

async fn collect(
    state: &RegistryState,
    stop: &watch::Receiver<bool>,
    collected: &mut Collected,
) -> Result<(), CollectionError> {
    let collector = collector(state.clone()).await?;
    let mut phase = Some(Phase::Uploads);
    while let Some(next) = phase.filter(|_| !*stop.borrow()) {
        phase = collector.step(next, collected).await?;
    }
    Ok(())
}
