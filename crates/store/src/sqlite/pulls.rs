//! Pulls in SQLite.

use super::column::{Columns, row, rows, with_surplus};
use super::{SqliteStore, attributes, manifests, repositories};
use crate::{
    AttributeTarget, Error, Lock, PulledBlob, PulledManifest, Pulls, RegistryId, RepositoryKey, Switch,
};
use async_trait::async_trait;
use oci::{Digest, Reference, RepositoryName};
use rusqlite::{Connection, params};

#[async_trait]
impl Pulls for SqliteStore {
    async fn pull_manifest(
        &self,
        repository: &RepositoryKey,
        reference: &Reference,
    ) -> Result<Option<PulledManifest>, Error> {
        let (repository, reference) = (repository.clone(), reference.clone());
        self.read(move |connection| pull_manifest(connection, &repository, reference)).await
    }

    async fn pull_blob(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
    ) -> Result<Option<PulledBlob>, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.read(move |connection| pull_blob(connection, &repository, &digest)).await
    }

    async fn repositories_of_blob(
        &self,
        registry: RegistryId,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            let wanted = params![registry.0, digest.as_str(), with_surplus(limit)];
            let mut names = rows(connection, REPOSITORIES_OF_BLOB, wanted, |row| row.parsed("name"))?;
            names.truncate(limit);
            Ok(names)
        })
        .await
    }
}

/// The repositories that have a link to a blob.
pub(super) const REPOSITORIES_OF_BLOB: &str =
    "SELECT r.name FROM blob_link b CROSS JOIN repository r ON r.id = b.repository
     WHERE b.digest = ?2 AND r.registry = ?1 ORDER BY r.name LIMIT ?3";

fn pull_manifest(
    connection: &Connection,
    repository: &RepositoryKey,
    reference: Reference,
) -> Result<Option<PulledManifest>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(None) };
    let (digest, by_tag) = match reference {
        Reference::Digest(digest) => (digest, None),
        Reference::Tag(tag) => {
            let sql = "SELECT digest FROM tag WHERE repository = ?1 AND name = ?2";
            let found = row(connection, sql, params![id, tag.as_str()], |row| row.parsed("digest"))?;
            let Some(digest) = found else { return Ok(None) };
            (digest, Some(AttributeTarget::Tag(tag)))
        }
    };
    let Some(manifest) = manifests::of(connection, id, &digest)? else { return Ok(None) };
    let mut lock = unreadable(connection, id, AttributeTarget::Manifest(digest))?;
    for target in std::iter::once(AttributeTarget::Repository).chain(by_tag) {
        if lock.is_none() {
            lock = unreadable(connection, id, target)?;
        }
    }
    Ok(Some(PulledManifest { manifest, lock }))
}

fn pull_blob(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<Option<PulledBlob>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(None) };
    let Some((size, linked_at)) = repositories::linked(connection, id, digest)? else { return Ok(None) };
    let mut lock = unreadable(connection, id, AttributeTarget::Repository)?;
    let owners = rows(connection, attributes::MANIFESTS_OF_BLOB, params![id, digest.as_str()], |row| {
        let digest: Digest = row.parsed("digest")?;
        unreadable(connection, id, AttributeTarget::Manifest(digest))
    })?;
    let unneeded_since = owners.is_empty().then_some(linked_at);
    if lock.is_none() {
        // One manifest that may be read is enough to read the blob; none at all is a blob that is being pushed.
        if owners.iter().all(Option::is_some) {
            lock = owners.into_iter().flatten().next();
        }
    }
    Ok(Some(PulledBlob { size, lock, unneeded_since }))
}

fn unreadable(
    connection: &Connection,
    repository: i64,
    target: AttributeTarget,
) -> Result<Option<Lock>, Error> {
    let attributes = attributes::of(connection, repository, &target)?;
    Ok((!attributes.read).then_some(Lock { target, switch: Switch::Read }))
}
