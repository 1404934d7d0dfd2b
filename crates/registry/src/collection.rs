//! Online collection: bytes that nobody needs go while everybody goes on pushing and pulling.
//!
//! Four phases, each in small steps: uploads that were left, manifests that no tag holds (where the registry wants
//! that), links that no manifest needs, and bytes that no link holds. After any step it may stop, or the process may
//! end: a [`Phase`] says where to go on, and beginning again does no harm.
//!
//! Why a push in between is safe (attack C17):
//!
//! 1. A link is collected only when it is older than the grace time, and no manifest needs it in the very transaction
//!    that takes it away. A push that finds the link and one that does not are both right: the manifest is refused if a
//!    blob is missing, and is stored in one transaction with that check.
//! 2. Who asks whether a blob is here, and is told yes, will not send it. So that answer renews the link, and grace
//!    begins anew.
//! 3. Bytes are deleted under the lock that whoever publishes bytes holds too, after another look at the links.

use crate::RegistryState;
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use serde::{Deserialize, Serialize};
use store::{Actor, BlobError, LinkKey, PageRequest, RegistryId, Removal};

/// How many links, manifests or blobs are looked at in one step.
const ROWS: usize = 500;
/// Links are older than this when they are collected, whatever the policy says: a yes to HEAD renews those that are
/// older than [`RENEWED_AFTER`], and the client has the rest of the time for its manifest.
const LEAST_GRACE: SignedDuration = SignedDuration::from_hours(6);
/// How old a link that no manifest needs may be before it is renewed, so that not every HEAD writes.
pub(crate) const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Who did it, in history.
const COLLECTOR: &str = "collection";

/// What is collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionPolicy {
    /// How old a link that no manifest needs may become; never less than six hours.
    pub links_after: SignedDuration,
    /// How long an upload may be left alone.
    pub uploads_after: SignedDuration,
    /// In which registries manifests without a tag go, and after how long.
    pub retention: Vec<(RegistryId, SignedDuration)>,
    /// Whether anything is changed.
    pub mode: CollectionMode,
}

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionMode {
    /// What is found is taken away.
    Collect,
    /// What is found is counted.
    DryRun,
}

/// Where a collection stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Uploads are next.
    Uploads,
    /// Manifests of a registry of the policy are next.
    Manifests {
        /// Which of the policy's registries.
        registry: usize,
        /// After which manifest.
        after: Option<i64>,
    },
    /// Links are next.
    Links {
        /// After which.
        after: Option<LinkKey>,
    },
    /// Bytes are next.
    Blobs {
        /// After which.
        after: Option<Digest>,
    },
}

/// What was collected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many uploads.
    pub uploads: u64,
    /// How many manifests.
    pub manifests: u64,
    /// How many links.
    pub links: u64,
    /// How many blobs.
    pub blobs: u64,
    /// How many bytes these blobs had.
    pub bytes: u64,
}

/// Why a collection stopped. What was collected before stays collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// The records.
    #[error("the records are out of order; the collection can go on later")]
    Store(#[from] store::Error),
    /// The storage.
    #[error("the blob storage is out of order; the collection can go on later")]
    Blobs(#[from] BlobError),
}

/// A collection over a registry's records and bytes.
#[derive(Clone)]
pub struct Collector {
    state: RegistryState,
    policy: CollectionPolicy,
}

impl Collector {
    /// A collection by a policy. The state has to be the one that the routes work with: they share a lock.
    pub fn new(state: RegistryState, policy: CollectionPolicy) -> Self {
        Self { state, policy }
    }

    /// Goes on from a phase to the end, and tells after each step where it stands and what it has collected so far.
    ///
    /// # Errors
    ///
    /// When records or storage fail; the phase that was told last is where to go on.
    pub async fn run(
        &self,
        from: Phase,
        mut progress: impl FnMut(&Phase, &Collected),
    ) -> Result<Collected, CollectionError> {
        let mut collected = Collected::default();
        let mut phase = from;
        loop {
            let next = self.step(phase, &mut collected).await?;
            let Some(next) = next else { return Ok(collected) };
            progress(&next, &collected);
            phase = next;
        }
    }

    /// One step. The answer is where to go on; none at the end.
    ///
    /// # Errors
    ///
    /// When records or storage fail.
    pub async fn step(
        &self,
        phase: Phase,
        collected: &mut Collected,
    ) -> Result<Option<Phase>, CollectionError> {
        match phase {
            Phase::Uploads => {
                collected.uploads += self.uploads().await?;
                Ok(Some(Phase::Manifests { registry: 0, after: None }))
            }
            Phase::Manifests { registry, after } => {
                let Some((id, age)) = self.policy.retention.get(registry).copied() else {
                    return Ok(Some(Phase::Links { after: None }));
                };
                let (count, next) = self.manifests(id, age, after).await?;
                collected.manifests += count;
                let registry = if next.is_some() { registry } else { registry + 1 };
                Ok(Some(Phase::Manifests { registry, after: next }))
            }
            Phase::Links { after } => {
                let (count, next) = self.links(after).await?;
                collected.links += count;
                let after = next.map(Some);
                Ok(Some(after.map_or(Phase::Blobs { after: None }, |after| Phase::Links { after })))
            }
            Phase::Blobs { after } => {
                let next = self.blobs(after, collected).await?;
                Ok(next.map(|after| Phase::Blobs { after: Some(after) }))
            }
        }
    }

    fn before(&self, age: SignedDuration) -> Timestamp {
        self.state.now().saturating_sub(age).unwrap_or(Timestamp::MIN)
    }

    fn links_before(&self) -> Timestamp {
        self.before(self.policy.links_after.max(LEAST_GRACE))
    }

    /// Sessions that were left, and bytes of uploads that have no session.
    async fn uploads(&self) -> Result<u64, CollectionError> {
        let before = self.before(self.policy.uploads_after);
        let stale = self.state.blobs.stale_uploads(before).await?;
        if self.policy.mode == CollectionMode::DryRun {
            return Ok(stale.len() as u64);
        }
        let mut uploads: Vec<_> = stale.into_iter().map(|upload| upload.upload).collect();
        uploads.extend(self.state.store.expire_uploads(before).await?);
        uploads.sort_unstable();
        uploads.dedup();
        for upload in &uploads {
            self.state.store.remove_upload(*upload).await?;
            self.state.blobs.cancel(*upload).await?;
        }
        Ok(uploads.len() as u64)
    }

    async fn manifests(
        &self,
        registry: RegistryId,
        age: SignedDuration,
        after: Option<i64>,
    ) -> Result<(u64, Option<i64>), CollectionError> {
        let (store, before) = (&self.state.store, self.before(age));
        let page = store.unheld_manifests(registry, before, PageRequest { after, limit: ROWS }).await?;
        if self.policy.mode == CollectionMode::DryRun {
            return Ok((page.items.len() as u64, page.next));
        }
        let (actor, mut count) = (Actor(COLLECTOR.to_owned()), 0);
        for image in &page.items {
            match store.delete_unheld(image, before, &actor, self.state.now()).await? {
                Removal::Removed => count += 1,
                // Something has come to hold it, or somebody has locked it.
                Removal::Absent | Removal::Locked(_) => {}
            }
        }
        Ok((count, page.next))
    }

    async fn links(&self, after: Option<LinkKey>) -> Result<(u64, Option<LinkKey>), CollectionError> {
        let (store, before) = (&self.state.store, self.links_before());
        let page = store.unneeded_links(before, PageRequest { after, limit: ROWS }).await?;
        let count = match self.policy.mode {
            CollectionMode::DryRun => page.items.len() as u64,
            CollectionMode::Collect if page.items.is_empty() => 0,
            CollectionMode::Collect => store.unlink_unneeded(page.items, before).await?,
        };
        Ok((count, page.next))
    }

    async fn blobs(
        &self,
        after: Option<Digest>,
        collected: &mut Collected,
    ) -> Result<Option<Digest>, CollectionError> {
        let page = self.state.blobs.blobs(PageRequest { after, limit: ROWS }).await?;
        for digest in &page.items {
            let size = match self.policy.mode {
                CollectionMode::DryRun => self.would_delete(digest).await?,
                CollectionMode::Collect => delete_unlinked(&self.state, digest).await?,
            };
            if let Some(size) = size {
                collected.blobs += 1;
                collected.bytes += size;
            }
        }
        Ok(page.next)
    }

    /// A dry run has left the links where they are, and so asks whether they would have stayed.
    async fn would_delete(&self, digest: &Digest) -> Result<Option<u64>, CollectionError> {
        if self.state.store.blob_is_needed(digest, self.links_before()).await? {
            return Ok(None);
        }
        Ok(self.state.blobs.size(digest).await?)
    }
}

/// Deletes the bytes of a blob that no repository links, and says how many they were.
///
/// It runs to its end even if nobody waits for it any more: the storage deletes on a thread of its own, and the lock
/// must not be let go before that.
pub(crate) async fn delete_unlinked(
    state: &RegistryState,
    digest: &Digest,
) -> Result<Option<u64>, CollectionError> {
    // Before the lock, as most blobs are linked, and nobody should wait for those.
    if state.store.blob_is_linked(digest).await? {
        return Ok(None);
    }
    let (state, digest) = (state.clone(), digest.clone());
    let deletion = tokio::spawn(async move {
        let _alone = state.publication.write().await;
        if state.store.blob_is_linked(&digest).await? {
            return Ok(None);
        }
        let size = state.blobs.size(&digest).await?;
        state.blobs.delete(&digest).await?;
        Ok(size)
    });
    deletion.await.unwrap_or(Ok(None))
}
