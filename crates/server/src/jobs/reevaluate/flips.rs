//! How many images a new snapshot would flip, before it does.
//!
//! An advisory that says "affected" of every version of a library that everybody has, or a feed from which half was
//! taken out, is whole by every checksum (attack F2). What gives it away is that too many verdicts become others at
//! once. Such a snapshot is held, the one before stays in force, and a person decides.

use super::Catching;
use crate::jobs::{JobError, Workshop};
use store::PackageVersionId;

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

/// How many images may flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowed {
    /// So many; none if nothing is held.
    pub(super) most: Option<u64>,
    /// Of so many that have a verdict.
    images: u64,
}

impl Allowed {
    /// How many a snapshot may flip. One of which some findings are recorded already is not held: it was begun.
    pub(super) async fn of(catching: &Catching<'_>, begun: &[PackageVersionId]) -> Result<Self, JobError> {
        let Catching { workshop, before, target, .. } = *catching;
        let (version, limit) = (&target.snapshot.0, workshop.flip_limit);
        let before = before.filter(|_| begun.is_empty());
        let is_judged = before.is_some_and(|before| before.version().to_string() != *version);
        if !is_judged || workshop.shelf.is_accepted(version) {
            return Ok(Self { most: None, images: 0 });
        }
        let images = with_verdict(workshop).await?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of images needs no more precision, and none of them is negative"
        )]
        let share = (images as f64 * limit.share) as u64;
        Ok(Self { most: Some(share.max(limit.least)), images })
    }

    /// Holds the snapshot if it flips more. Whether it did.
    pub(super) fn hold(self, catching: &Catching<'_>, flips: u64) -> Result<bool, JobError> {
        let Catching { workshop, before, target, .. } = *catching;
        let (Some(most), Some(before), version) = (self.most, before, &target.snapshot.0) else {
            return Ok(false);
        };
        if flips <= most {
            return Ok(false);
        }
        let doubt = format!("it would flip the verdict on {flips} of {} images", self.images);
        tracing::error!(snapshot = version, %doubt, "a snapshot is held; `lazaretto advisories accept` or `discard` decides");
        let held = workshop.shelf.hold(version, &before.version().to_string(), vec![doubt]);
        held.map_err(|error| JobError::Again(error.to_string()))?;
        Ok(true)
    }
}

/// Holds a snapshot that flips too many images. Whether it did.
pub(super) async fn hold_if_too_many(catching: &Catching<'_>, flips: u64) -> Result<bool, JobError> {
    if flips <= catching.workshop.flip_limit.least {
        return Ok(false);
    }
    Allowed::of(catching, &catching.plan.judged_before).await?.hold(catching, flips)
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
