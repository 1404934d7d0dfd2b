//! What was deleted and can be restored, in SQLite.

use super::column::{Columns, change, exists, json_text, moment, rows, with_surplus};
use super::{SqliteStore, attributes, events, manifests, policies, repositories, rules};
use crate::{
    Actor, Deleted, DeletedManifest, Error, EventKind, ImageKey, NewEvent, Page, PageRequest, RegistryId,
    RepositoryKey, Restoration,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use oci::{Digest, RepositoryName, Tag};
use rusqlite::{Connection, Row, params};
use serde_json::json;

#[async_trait]
impl Deleted for SqliteStore {
    async fn deleted_repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<RepositoryName, RepositoryName>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let after = page.after.as_ref().map_or("", RepositoryName::as_str);
            let names =
                rows(connection, REPOSITORIES, params![registry.0, after, with_surplus(limit)], |row| {
                    row.parsed("name")
                })?;
            Ok(Page::from_surplus(names, limit, RepositoryName::clone))
        })
        .await
    }

    async fn deleted_manifests(
        &self,
        repository: &RepositoryKey,
        page: PageRequest<Digest>,
    ) -> Result<Page<DeletedManifest, Digest>, Error> {
        let repository = repository.clone();
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let Some(id) = repositories::find(connection, &repository)? else {
                return Ok(Page { items: Vec::new(), next: None });
            };
            let after = page.after.as_ref().map_or("", Digest::as_str);
            let items = rows(connection, MANIFESTS, params![id, after, with_surplus(limit)], deleted)?;
            Ok(Page::from_surplus(items, limit, |manifest| manifest.digest.clone()))
        })
        .await
    }

    async fn restore_manifest(
        &self,
        image: &ImageKey,
        tag: Option<&Tag>,
        force: bool,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Restoration, Error> {
        let (image, tag, actor) = (image.clone(), tag.cloned(), actor.clone());
        self.write(move |connection| restore(connection, &image, tag.as_ref(), force, actor, at)).await
    }

    async fn forget_deleted(&self, at: Timestamp) -> Result<u64, Error> {
        self.write(move |connection| {
            let gone =
                "SELECT id, repository FROM deleted_manifest WHERE until <= ?1 ORDER BY until LIMIT 1000";
            let gone = rows(connection, gone, [moment(at)], |row| {
                Ok((row.plain::<i64>("id")?, row.plain::<i64>("repository")?))
            })?;
            for (id, repository) in &gone {
                // The time of its blobs begins anew, as after any deletion.
                let sql =
                    "UPDATE blob_link SET linked_at = max(linked_at, ?3) WHERE repository = ?1 AND digest IN
                           (SELECT digest FROM deleted_reference WHERE manifest = ?2 AND kind = 'blob')";
                change(connection, sql, params![repository, id, moment(at)])?;
                change(connection, "DELETE FROM deleted_manifest WHERE id = ?1", [id])?;
            }
            Ok(gone.len() as u64)
        })
        .await
    }
}

/// The repositories that have something to restore.
pub(super) const REPOSITORIES: &str = "SELECT name FROM repository r WHERE registry = ?1 AND name > ?2
     AND EXISTS (SELECT 1 FROM deleted_manifest d WHERE d.repository = r.id) ORDER BY name LIMIT ?3";

/// What can be restored in a repository. The columns are named, so that the bytes are not read.
pub(super) const MANIFESTS: &str = "SELECT digest, media_type, size, tags, pushed_at, deleted_at, until
     FROM deleted_manifest WHERE repository = ?1 AND digest > ?2 ORDER BY digest LIMIT ?3";

/// Whether a deleted manifest of a repository points to a blob.
pub(super) const OF_BLOB: &str =
    "SELECT 1 FROM deleted_reference r CROSS JOIN deleted_manifest m ON m.id = r.manifest
     WHERE r.digest = ?2 AND r.kind = 'blob' AND m.repository = ?1";

fn deleted(row: &Row<'_>) -> Result<DeletedManifest, Error> {
    let tags: Vec<String> = row.json("tags")?;
    Ok(DeletedManifest {
        digest: row.parsed("digest")?,
        media_type: row.plain("media_type")?,
        size: row.count("size")?,
        tags: tags.iter().filter_map(|tag| tag.parse().ok()).collect(),
        pushed_at: row.moment("pushed_at")?,
        deleted_at: row.moment("deleted_at")?,
        until: row.moment("until")?,
    })
}

/// Keeps a manifest that is about to be deleted, if its registry wants that.
pub(super) fn keep(
    connection: &Connection,
    id: i64,
    repository: &RepositoryKey,
    digest: &Digest,
    tags: &[Tag],
    at: Timestamp,
) -> Result<(), Error> {
    let Some(days) = rules::rules(connection, repository.registry)?.soft_delete_days else { return Ok(()) };
    let until = at.saturating_add(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(at);
    let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    let sql = "INSERT INTO deleted_manifest (repository, digest, media_type, size, artifact_type, subject, config,
                                             pushed_at, annotations, tags, deleted_at, until, bytes)
               SELECT repository, digest, media_type, size, artifact_type, subject, config, pushed_at, annotations,
                      ?3, ?4, ?5, bytes
               FROM manifest WHERE repository = ?1 AND digest = ?2
               ON CONFLICT (repository, digest) DO UPDATE SET
                   tags = excluded.tags, deleted_at = excluded.deleted_at, until = excluded.until";
    change(connection, sql, params![id, digest.as_str(), json_text(&tags)?, moment(at), moment(until)])?;
    let sql = "INSERT INTO deleted_reference (manifest, kind, digest)
               SELECT d.id, r.kind, r.digest FROM deleted_manifest d
               JOIN manifest m ON m.repository = d.repository AND m.digest = d.digest
               JOIN manifest_reference r ON r.manifest = m.id
               WHERE d.repository = ?1 AND d.digest = ?2
               AND (r.kind = 'manifest' OR EXISTS (SELECT 1 FROM blob_link b
                                                   WHERE b.repository = ?1 AND b.digest = r.digest))
               ON CONFLICT DO NOTHING";
    change(connection, sql, params![id, digest.as_str()])?;
    Ok(())
}

/// A manifest is here: it is not a deleted one any more.
pub(super) fn end(connection: &Connection, repository: i64, digest: &Digest) -> Result<(), Error> {
    let sql = "DELETE FROM deleted_manifest WHERE repository = ?1 AND digest = ?2";
    change(connection, sql, params![repository, digest.as_str()])?;
    Ok(())
}

fn restore(
    connection: &Connection,
    image: &ImageKey,
    tag: Option<&Tag>,
    force: bool,
    actor: Actor,
    at: Timestamp,
) -> Result<Restoration, Error> {
    let ImageKey { repository, digest } = image;
    let Some(id) = repositories::find(connection, repository)? else { return Ok(Restoration::Absent) };
    let present = "SELECT 1 FROM deleted_manifest WHERE repository = ?1 AND digest = ?2";
    if !exists(connection, present, params![id, digest.as_str()])? {
        return Ok(Restoration::Absent);
    }
    if let Some(lock) = attributes::lock_on_restore(connection, id, tag)? {
        return Ok(Restoration::Locked(lock));
    }
    if let Some(tag) = tag {
        let other = "SELECT 1 FROM tag WHERE repository = ?1 AND name = ?2 AND digest <> ?3";
        let is_taken = exists(connection, other, params![id, tag.as_str(), digest.as_str()])?;
        if is_taken && !force {
            return Ok(Restoration::TagTaken);
        }
        let tags = std::slice::from_ref(tag);
        if let Some(lock) = rules::lock_on_move(connection, id, repository, tags, digest)? {
            return Ok(Restoration::Locked(lock));
        }
    }
    let mut plan = Plan::default();
    plan.look(connection, id, digest, 0)?;
    if !plan.missing.is_empty() {
        return Ok(Restoration::MissingReferences(plan.missing));
    }
    for digest in &plan.back {
        bring_back(connection, id, digest)?;
        policies::quarantine(connection, id, repository.registry, digest, at)?;
    }
    rules::keep_quota(connection, repository)?;
    if let Some(tag) = tag {
        manifests::set_tag(connection, id, tag, digest, at)?;
    }
    let detail = json!({ "tag": tag.map(Tag::as_str) });
    let event = NewEvent {
        kind: EventKind::MANIFEST_RESTORED,
        registry: Some(repository.registry),
        repository: Some(repository.name.clone()),
        digest: Some(digest.clone()),
        tag: tag.cloned(),
        actor,
        at,
        detail,
    };
    events::append(connection, &event)?;
    Ok(Restoration::Restored(plan.back))
}

/// Indexes stand at most so deep above each other; see the registry's limit.
const DEEPEST: usize = 8;

/// What has to come back, children first, and what cannot.
#[derive(Default)]
struct Plan {
    back: Vec<Digest>,
    missing: Vec<Digest>,
}

impl Plan {
    fn look(&mut self, connection: &Connection, id: i64, digest: &Digest, depth: usize) -> Result<(), Error> {
        let sql =
            "SELECT r.kind, r.digest FROM deleted_manifest d JOIN deleted_reference r ON r.manifest = d.id
                   WHERE d.repository = ?1 AND d.digest = ?2 ORDER BY r.kind, r.digest";
        let needed = rows(connection, sql, params![id, digest.as_str()], |row| {
            Ok((row.plain::<String>("kind")? == "blob", row.parsed::<Digest>("digest")?))
        })?;
        for (is_blob, needed) in needed {
            let key = params![id, needed.as_str()];
            let here = if is_blob {
                "SELECT 1 FROM blob_link WHERE repository = ?1 AND digest = ?2"
            } else {
                "SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2"
            };
            if self.back.contains(&needed) || exists(connection, here, key)? {
                continue;
            }
            let deleted = "SELECT 1 FROM deleted_manifest WHERE repository = ?1 AND digest = ?2";
            if !is_blob && depth < DEEPEST && exists(connection, deleted, key)? {
                self.look(connection, id, &needed, depth + 1)?;
            } else {
                self.missing.push(needed);
            }
        }
        self.back.push(digest.clone());
        Ok(())
    }
}

/// Moves a manifest back.
fn bring_back(connection: &Connection, id: i64, digest: &Digest) -> Result<(), Error> {
    let key = params![id, digest.as_str()];
    let sql = "INSERT INTO manifest (repository, digest, media_type, size, artifact_type, subject, config, pushed_at,
                                     annotations, bytes)
               SELECT repository, digest, media_type, size, artifact_type, subject, config, pushed_at, annotations,
                      bytes
               FROM deleted_manifest WHERE repository = ?1 AND digest = ?2 ON CONFLICT DO NOTHING";
    change(connection, sql, key)?;
    let sql = "INSERT INTO manifest_reference (manifest, kind, digest)
               SELECT m.id, r.kind, r.digest FROM deleted_manifest d
               JOIN manifest m ON m.repository = d.repository AND m.digest = d.digest
               JOIN deleted_reference r ON r.manifest = d.id
               WHERE d.repository = ?1 AND d.digest = ?2 ON CONFLICT DO NOTHING";
    change(connection, sql, key)?;
    end(connection, id, digest)
}
