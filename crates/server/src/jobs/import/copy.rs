//! Blobs and manifests into their new repositories.

use super::{ImportError, Source, Tree};
use crate::jobs::Workshop;
use futures_util::StreamExt;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};
use registry::{Content, Intake};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::{ByteStream, Import, RepositoryKey, UploadId};

/// How often a blob is gone on with after its line broke without a single byte more.
const STANDSTILLS: u32 = 5;
/// The pause before it is gone on with.
const PAUSE: Duration = Duration::from_millis(500);
/// How often progress is written down.
const REPORT: Duration = Duration::from_secs(2);

/// One image on its way.
pub(super) struct Copy<'a> {
    pub(super) workshop: &'a Workshop,
    pub(super) import: &'a Import,
    pub(super) source: &'a Source,
    pub(super) intake: &'a Intake,
    pub(super) tree: &'a Tree,
}

impl Copy<'_> {
    /// Copies the image under all its names.
    pub(super) async fn run(&self) -> Result<(), ImportError> {
        let mut targets: BTreeMap<&RepositoryName, Vec<Tag>> = BTreeMap::new();
        for target in &self.import.wish.targets {
            targets.entry(&target.repository).or_default().extend(target.tag.clone());
        }
        let done = Arc::new(AtomicU64::new(0));
        let total = self.tree.bytes();
        for (digest, size) in &self.tree.blobs {
            let before = done.load(Ordering::Relaxed);
            let mut first: Option<&RepositoryName> = None;
            for repository in targets.keys() {
                self.blob(digest, *size, repository, first, &done).await?;
                first = first.or(Some(repository));
            }
            done.store(before.saturating_add(*size), Ordering::Relaxed);
            self.report(&done, total).await?;
        }
        for (repository, tags) in targets {
            for found in &self.tree.manifests {
                let is_root = found.digest == self.tree.root().digest;
                let tags = if is_root { tags.clone() } else { Vec::new() };
                let bytes = found.bytes.clone();
                self.intake
                    .manifest(repository, &found.media_type, &found.digest, bytes, tags, Content::Here)
                    .await?;
            }
        }
        Ok(())
    }

    async fn report(&self, done: &AtomicU64, total: u64) -> Result<(), ImportError> {
        let done = done.load(Ordering::Relaxed);
        Ok(self.workshop.store.import_progress(self.import.id, done, total, Timestamp::now()).await?)
    }

    /// Sees to it that a repository has a blob.
    async fn blob(
        &self,
        digest: &Digest,
        size: u64,
        repository: &RepositoryName,
        first: Option<&RepositoryName>,
        done: &Arc<AtomicU64>,
    ) -> Result<(), ImportError> {
        if self.intake.has_blob(repository, digest).await? {
            return Ok(());
        }
        let near = first.map(|name| RepositoryKey { registry: self.import.registry, name: name.clone() });
        let near = match (near, self.source) {
            (Some(near), _) => Some(near),
            (None, Source::Here { repository, .. }) => Some(repository.clone()),
            (None, Source::Remote { .. }) => None,
        };
        if let Some(near) = near
            && self.intake.mount(&near, repository, digest).await?
        {
            return Ok(());
        }
        if matches!(self.source, Source::Here { .. }) {
            return Err(ImportError::Absent(digest.to_string()));
        }
        let upload = self.intake.begin().await?;
        let fetched = self.fetch(upload, digest, size, done).await;
        let finished = match fetched {
            Ok(()) => self.intake.finish(upload, repository, digest).await.map_err(ImportError::from),
            Err(error) => Err(error),
        };
        if finished.is_err() {
            self.intake.cancel(upload).await;
        }
        finished
    }

    /// Fetches a blob, going on where the line broke.
    async fn fetch(
        &self,
        upload: UploadId,
        digest: &Digest,
        size: u64,
        done: &Arc<AtomicU64>,
    ) -> Result<(), ImportError> {
        let Source::Remote { remote, .. } = self.source else { return Ok(()) };
        let total = self.tree.bytes();
        let (mut offset, mut standstills) = (0, 0);
        loop {
            let bytes = counted(remote.blob(digest, offset).await?, done.clone());
            let appending = self.intake.append(upload, offset, bytes, size);
            tokio::pin!(appending);
            let (reached, is_broken) = loop {
                tokio::select! {
                    appended = &mut appending => break appended?,
                    () = tokio::time::sleep(REPORT) => self.report(done, total).await?,
                }
            };
            // An end before the end is a line that broke, too.
            if !is_broken && reached >= size {
                return Ok(());
            }
            standstills = if reached > offset { 0 } else { standstills + 1 };
            if standstills >= STANDSTILLS {
                return Err(ImportError::Broken { done: done.load(Ordering::Relaxed), total });
            }
            offset = reached;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Counts the bytes that come.
fn counted(bytes: ByteStream<'static>, done: Arc<AtomicU64>) -> ByteStream<'static> {
    let count = move |piece: &std::io::Result<axum::body::Bytes>| {
        if let Ok(piece) = piece {
            done.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    };
    bytes.inspect(count).boxed()
}
