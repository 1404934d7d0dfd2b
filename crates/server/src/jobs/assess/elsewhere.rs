//! Images of attached registries: what is needed of them is fetched, read and let go.
//!
//! The verdict is made as for an image that is here. What differs: bytes come from the other registry, a layer lies in a file
//! without a name while it is read, and where nobody answers there the last verdict stays, with its age.

use super::{ImageKey, image_of, is_settled};
use crate::jobs::attached::remote;
use crate::jobs::{JobError, Workshop};
use crate::remote::{Remote, RemoteError};
use axum::body::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use oci::{Descriptor, Digest, Hasher, RepositoryName};
use std::time::Duration;
use store::{Blob, Job, NewJob, Registry};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

/// A larger layer is not fetched. It lies on the disk while it is read, and not more than a few at a time.
const LARGEST_LAYER: u64 = 16 << 30;
/// How often a layer is gone on with after its line broke without a single byte more.
const STANDSTILLS: u32 = 3;
/// The pause before it is gone on with.
const PAUSE: Duration = Duration::from_millis(500);

/// The same job for those who wait for others.
pub(super) fn job(job: &Job) -> NewJob {
    NewJob {
        kind: super::ASSESS_ELSEWHERE,
        key: job.key.clone(),
        subscription: job.subscription,
        priority: job.priority,
        payload: job.payload.clone(),
        not_before: None,
    }
}

/// Nobody answers there, or not with what was asked for. An image that has a verdict keeps it: that it could not be looked
/// at again is said of its repository.
pub(super) async fn gave_up(
    workshop: &Workshop,
    job: &Job,
    why: &str,
    now: Timestamp,
) -> Result<(), JobError> {
    let Some(image) = image_of(job) else { return Ok(()) };
    let ImageKey { repository, digest } = &image;
    let said = format!("{digest} could not be looked at: {why}");
    workshop.store.repository_seen(repository, Err(said), now).await?;
    if is_settled(workshop, &image).await? {
        return Ok(());
    }
    super::gave_up(workshop, job, why, now).await
}

/// The repository elsewhere that an image is in.
pub(in crate::jobs) struct Elsewhere {
    remote: Remote,
}

impl Elsewhere {
    /// The repository, if the registry is an attached one.
    pub(super) async fn of(
        workshop: &Workshop,
        registry: &Registry,
        name: &RepositoryName,
    ) -> Result<Option<Self>, JobError> {
        if registry.attached_to.is_none() {
            return Ok(None);
        }
        let Some(attachment) = workshop.store.attachment(registry.id).await? else { return Ok(None) };
        let remote = remote(workshop, &attachment, name).map_err(|error| again(&error))?;
        Ok(Some(Self { remote }))
    }

    /// A document.
    pub(super) async fn small(&self, digest: &Digest, limit: u64) -> Result<Bytes, JobError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.remote.small_blob(digest, limit).await.map_err(|error| again(&error))
    }

    /// A layer, in a file that is gone when it was read.
    pub(super) async fn layer(&self, workshop: &Workshop, layer: &Descriptor) -> Result<Blob, JobError> {
        if layer.size > LARGEST_LAYER {
            let most = LARGEST_LAYER >> 30;
            return Err(JobError::Again(format!(
                "{} is larger than {most} GiB and is not fetched",
                layer.digest
            )));
        }
        let _desk = workshop.errands.desk().await;
        let file = tempfile::tempfile_in(&workshop.scratch).map_err(|error| again(&error))?;
        let mut file = tokio::fs::File::from_std(file);
        self.fetch(layer, &mut file).await?;
        file.rewind().await.map_err(|error| again(&error))?;
        Ok(Blob::of_file(layer.size, file.into_std().await))
    }

    /// Fetches a layer, going on where the line broke, and holds it against its digest.
    async fn fetch(&self, layer: &Descriptor, file: &mut tokio::fs::File) -> Result<(), JobError> {
        let other = || again(&RemoteError::Digest { host: self.remote.host(), digest: layer.digest.clone() });
        let mut hasher = Hasher::new(layer.digest.algorithm());
        let (mut offset, mut standstills) = (0_u64, 0);
        while offset < layer.size {
            let before = offset;
            let mut pieces = self.remote.blob(&layer.digest, offset).await.map_err(|error| again(&error))?;
            while let Some(Ok(piece)) = pieces.next().await {
                offset += piece.len() as u64;
                if offset > layer.size {
                    return Err(other());
                }
                hasher.update(&piece);
                file.write_all(&piece).await.map_err(|error| again(&error))?;
            }
            standstills = if offset > before { 0 } else { standstills + 1 };
            if standstills >= STANDSTILLS {
                return Err(JobError::Again(format!("the line to {} broke too often", self.remote.host())));
            }
            if offset < layer.size {
                tokio::time::sleep(PAUSE).await;
            }
        }
        if hasher.finish() == layer.digest { Ok(()) } else { Err(other()) }
    }
}

/// Whatever went wrong may go better the next time, and there are few of them.
fn again(error: &dyn std::fmt::Display) -> JobError {
    JobError::Again(error.to_string())
}
