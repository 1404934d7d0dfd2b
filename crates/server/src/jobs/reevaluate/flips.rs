//! How many images a new snapshot would flip, before it does.
//!
//! An advisory that says "affected" of every version of a library that everybody has, or a feed from which half was
//! taken out, is whole by every checksum (attack F2). What gives it away is that too many verdicts become others at
//! once. Such a snapshot is held, the one before stays in force, and a person decides.

use super::Catching;
use crate::jobs::{JobError, Workshop};

/// When a snapshot flips too many images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlipLimit {
    /// The share of the images that have a verdict, from 0 to 1.
    pub share: f64,
    /// So few flips are never too many: in a small registry one advisory concerns everything.
    pub least: u64,
}

impl Default for FlipLimit {
    /// Half of the images, and never fewer than twenty.
    fn default() -> Self {
        Self { share: 0.5, least: 20 }
    }
}

/// Holds a snapshot that flips too many images. Whether it did.
pub(super) async fn hold_if_too_many(catching: &Catching<'_>, flips: u64) -> Result<bool, JobError> {
    let Catching { workshop, before, target, plan, .. } = *catching;
    let (version, limit) = (&target.snapshot.0, workshop.flip_limit);
    // What was begun is not held: its findings are partly recorded already.
    let Some(before) = before.filter(|_| plan.judged_before.is_empty()) else { return Ok(false) };
    if flips <= limit.least || before.version().to_string() == *version || workshop.shelf.is_accepted(version)
    {
        return Ok(false);
    }
    let images = with_verdict(workshop).await?;
    #[expect(clippy::cast_precision_loss, reason = "a share of images needs no more precision")]
    let share = flips as f64 / images.max(1) as f64;
    if share <= limit.share {
        return Ok(false);
    }
    let doubt = format!("it would flip the verdict on {flips} of {images} images");
    tracing::error!(snapshot = version, %doubt, "a snapshot is held; `lazaretto advisories accept` or `discard` decides");
    let held = workshop.shelf.hold(version, &before.version().to_string(), vec![doubt]);
    held.map_err(|error| JobError::Again(error.to_string()))?;
    Ok(true)
}

/// How many images are healthy or unhealthy.
async fn with_verdict(workshop: &Workshop) -> Result<u64, JobError> {
    let counts = workshop.store.state_counts(None).await?;
    Ok(counts
        .into_iter()
        .filter(|(state, _)| matches!(state, store::ImageState::Healthy | store::ImageState::Unhealthy))
        .map(|(_, count)| count)
        .sum())
}
