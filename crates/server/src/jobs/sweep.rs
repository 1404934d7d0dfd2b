//! Tidying up: uploads that nobody continues.

use super::Workshop;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// An upload that was silent for so long is given up; clients begin anew.
const UPLOAD_PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// How often somebody looks.
const INTERVAL: Duration = Duration::from_secs(600);

/// Tidies up now and then, until `stop` becomes true.
pub async fn keep_tidy(workshop: Arc<Workshop>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = expire_uploads(&workshop, Timestamp::now()).await {
            tracing::warn!(%error, "old uploads could not be given up");
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

async fn expire_uploads(workshop: &Workshop, now: Timestamp) -> Result<(), super::JobError> {
    let before = now.saturating_sub(UPLOAD_PATIENCE).unwrap_or(Timestamp::MIN);
    for upload in workshop.store.expire_uploads(before).await? {
        workshop.blobs.cancel(upload).await?;
    }
    // Bytes without a session are left when the process ends between the two.
    for stale in workshop.blobs.stale_uploads(before).await? {
        workshop.blobs.cancel(stale.upload).await?;
    }
    Ok(())
}
