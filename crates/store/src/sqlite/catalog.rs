//! The catalog in SQLite.

mod listing;

use super::column::{Columns, change, moment, row, rows, value, with_surplus};
use super::{SqliteStore, attributes, events, manifests, repositories};
use crate::{
    Actor, AttributeTarget, Catalog, DeletedRepository, Error, EventKind, ManifestDetails, NewEvent, Order,
    Page, PageRequest, RegistryId, RepositoryDetails, RepositoryKey, RepositoryRemoval, TagDetails,
    TagFilter, TimedKey,
};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};
use rusqlite::{Connection, params};
use serde_json::json;

#[cfg(test)]
pub(super) use listing::{MANIFESTS, TAGS};

#[async_trait]
impl Catalog for SqliteStore {
    async fn listed_repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<RepositoryName, RepositoryName>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let after = page.after.as_ref().map_or("", RepositoryName::as_str);
            let wanted = params![registry.0, after, with_surplus(limit)];
            let names = rows(connection, REPOSITORIES, wanted, |row| row.parsed("name"))?;
            Ok(Page::from_surplus(names, limit, RepositoryName::clone))
        })
        .await
    }

    async fn repository_details(
        &self,
        repository: &RepositoryKey,
    ) -> Result<Option<RepositoryDetails>, Error> {
        let repository = repository.clone();
        self.read(move |connection| details(connection, &repository)).await
    }

    async fn delete_repository(
        &self,
        repository: &RepositoryKey,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<RepositoryRemoval, Error> {
        let (repository, actor) = (repository.clone(), actor.clone());
        self.write(move |connection| delete(connection, &repository, &actor, at)).await
    }

    async fn listed_tags(
        &self,
        repository: &RepositoryKey,
        filter: &TagFilter,
        page: PageRequest<TimedKey<Tag>>,
    ) -> Result<Page<TagDetails, TimedKey<Tag>>, Error> {
        let (repository, filter) = (repository.clone(), filter.clone());
        self.read(move |connection| listing::tags(connection, &repository, &filter, &page)).await
    }

    async fn tag_details(&self, repository: &RepositoryKey, tag: &Tag) -> Result<Option<TagDetails>, Error> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.read(move |connection| listing::tag(connection, &repository, &tag)).await
    }

    async fn listed_manifests(
        &self,
        repository: &RepositoryKey,
        order: Order,
        page: PageRequest<TimedKey<Digest>>,
    ) -> Result<Page<ManifestDetails, TimedKey<Digest>>, Error> {
        let repository = repository.clone();
        self.read(move |connection| listing::manifests(connection, &repository, order, &page)).await
    }

    async fn manifest_details(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
    ) -> Result<Option<ManifestDetails>, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.read(move |connection| listing::manifest(connection, &repository, &digest)).await
    }
}

/// The repositories of a registry that hold a manifest and may be listed.
pub(super) const REPOSITORIES: &str = "SELECT name FROM repository r WHERE registry = ?1 AND name > ?2
     AND EXISTS (SELECT 1 FROM manifest m WHERE m.repository = r.id)
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = r.id AND a.kind = 'repository'
                     AND a.name = '' AND a.can_list = 0)
     ORDER BY name LIMIT ?3";

fn details(connection: &Connection, repository: &RepositoryKey) -> Result<Option<RepositoryDetails>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(None) };
    let count = |sql| Ok::<i64, Error>(value(connection, sql, [id])?.unwrap_or_default());
    let manifests = count("SELECT count(*) FROM manifest WHERE repository = ?1")?;
    let first = "SELECT pushed_at FROM manifest WHERE repository = ?1 ORDER BY pushed_at LIMIT 1";
    let Some(created_at) = row(connection, first, [id], |row| row.moment("pushed_at"))? else {
        return Ok(None);
    };
    let last = "SELECT max(coalesce((SELECT max(pushed_at) FROM manifest WHERE repository = ?1), ?2),
                           coalesce((SELECT max(updated_at) FROM tag WHERE repository = ?1), ?2)) AS last";
    let updated_at = row(connection, last, params![id, moment(created_at)], |row| row.moment("last"))?
        .unwrap_or(created_at);
    Ok(Some(RepositoryDetails {
        created_at,
        updated_at,
        manifests: manifests.unsigned_abs(),
        tags: count("SELECT count(*) FROM tag WHERE repository = ?1")?.unsigned_abs(),
        attributes: attributes::of(connection, id, &AttributeTarget::Repository)?,
    }))
}

fn delete(
    connection: &Connection,
    repository: &RepositoryKey,
    actor: &Actor,
    at: Timestamp,
) -> Result<RepositoryRemoval, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(RepositoryRemoval::Absent) };
    let digests = "SELECT digest FROM manifest WHERE repository = ?1 ORDER BY digest";
    let digests: Vec<Digest> = rows(connection, digests, [id], |row| row.parsed("digest"))?;
    if digests.is_empty() {
        return Ok(RepositoryRemoval::Absent);
    }
    if let Some(lock) = attributes::lock_on_repository(connection, id, repository)? {
        return Ok(RepositoryRemoval::Locked(lock));
    }
    let tags = "SELECT name FROM tag WHERE repository = ?1 ORDER BY name";
    let tags = rows(connection, tags, [id], |row| row.parsed("name"))?;
    for digest in &digests {
        manifests::remove(connection, id, repository, digest, actor.clone(), at)?;
    }
    // What is only linked goes too, unless it can be restored: the bytes are collected when no repository links them
    // any more.
    let sql = "DELETE FROM blob_link WHERE repository = ?1 AND digest NOT IN (
                   SELECT r.digest FROM deleted_manifest d JOIN deleted_reference r ON r.manifest = d.id
                   WHERE d.repository = ?1 AND r.kind = 'blob')";
    change(connection, sql, [id])?;
    let event = NewEvent {
        kind: EventKind::REPOSITORY_DELETED,
        registry: Some(repository.registry),
        repository: Some(repository.name.clone()),
        digest: None,
        tag: None,
        actor: actor.clone(),
        at,
        detail: json!({ "manifests": digests.len() }),
    };
    events::append(connection, &event)?;
    Ok(RepositoryRemoval::Removed(DeletedRepository { manifests: digests, tags }))
}
