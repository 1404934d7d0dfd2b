//! Manifests and tags in SQLite: the transaction of a push.

mod listing;

use super::column::{Columns, change, exists, json_text, moment, row, size, value};
use super::{
    SqliteStore, attributes, conclusion, custom_assessments, deleted, events, policies, queue,
    registry_status, repositories, rules,
};
use crate::{
    Actor, AttributeTarget, Error, EventKind, ImageKey, Manifest, ManifestSummary, Manifests, NewEvent, Page,
    PageRequest, PutManifest, PutOutcome, Reference, ReferenceKind, Referrer, Removal, RepositoryKey, Tagged,
};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use oci::{Digest, Tag};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

pub(super) use listing::parents;
#[cfg(test)]
pub(super) use listing::{MANIFESTS, PARENTS, REFERRERS, TAGS};

#[async_trait]
impl Manifests for SqliteStore {
    async fn put_manifest(&self, push: PutManifest) -> Result<PutOutcome, Error> {
        let has_jobs = !push.jobs.is_empty();
        let outcome = self.write(move |connection| put(connection, &push)).await?;
        if has_jobs && matches!(outcome, PutOutcome::Stored { .. }) {
            self.announce_jobs();
        }
        Ok(outcome)
    }

    async fn manifest(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Option<Manifest>, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.read(move |connection| manifest(connection, &repository, &digest)).await
    }

    async fn manifests(
        &self,
        repository: &RepositoryKey,
        page: PageRequest<Digest>,
    ) -> Result<Page<ManifestSummary, Digest>, Error> {
        let repository = repository.clone();
        self.read(move |connection| listing::manifests(connection, &repository, &page)).await
    }

    async fn delete_manifest(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Removal, Error> {
        let (repository, digest, actor) = (repository.clone(), digest.clone(), actor.clone());
        self.write(move |connection| delete(connection, &repository, &digest, actor, at)).await
    }

    async fn parents(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Vec<Digest>, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.read(move |connection| parents(connection, &repository, &digest)).await
    }

    async fn referrers(
        &self,
        repository: &RepositoryKey,
        subject: &Digest,
        artifact_type: Option<&str>,
        page: PageRequest<Digest>,
    ) -> Result<Page<Referrer, Digest>, Error> {
        let (repository, subject) = (repository.clone(), subject.clone());
        let artifact_type = artifact_type.map(str::to_owned);
        self.read(move |connection| {
            listing::referrers(connection, &repository, &subject, artifact_type.as_deref(), &page)
        })
        .await
    }

    async fn resolve_tag(&self, repository: &RepositoryKey, tag: &Tag) -> Result<Option<Digest>, Error> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.read(move |connection| {
            let Some(id) = repositories::find(connection, &repository)? else { return Ok(None) };
            let sql = "SELECT digest FROM tag WHERE repository = ?1 AND name = ?2";
            row(connection, sql, params![id, tag.as_str()], |row| row.parsed("digest"))
        })
        .await
    }

    async fn tags(
        &self,
        repository: &RepositoryKey,
        page: PageRequest<Tag>,
    ) -> Result<Page<Tagged, Tag>, Error> {
        let repository = repository.clone();
        self.read(move |connection| listing::tags(connection, &repository, &page)).await
    }

    async fn delete_tag(
        &self,
        repository: &RepositoryKey,
        tag: &Tag,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Removal, Error> {
        let (repository, tag, actor) = (repository.clone(), tag.clone(), actor.clone());
        self.write(move |connection| delete_tag(connection, &repository, tag, actor, at)).await
    }
}

fn put(connection: &Connection, push: &PutManifest) -> Result<PutOutcome, Error> {
    let repository = repositories::find_or_create(connection, &push.repository)?;
    if let Some(lock) = attributes::lock_on_push(connection, repository, push)? {
        return Ok(PutOutcome::Locked(lock));
    }
    let missing = missing_references(connection, repository, &push.references)?;
    if !missing.is_empty() {
        return Ok(PutOutcome::MissingReferences(missing));
    }
    let created = store(connection, repository, push)?;
    if let (true, Some(subject)) = (created, &push.subject) {
        rules::keep_referrers(connection, repository, &push.repository, subject)?;
    }
    let is_quarantined = if created {
        policies::quarantine(connection, repository, push.repository.registry, &push.digest, push.at)?
    } else {
        policies::is_held(connection, repository, push.repository.registry, &push.digest)?
    };
    deleted::end(connection, repository, &push.digest)?;
    rules::keep_quota(connection, &push.repository)?;
    for tag in &push.tags {
        set_tag(connection, repository, tag, &push.digest, push.at)?;
    }
    record_push(connection, push, is_quarantined)?;
    queue::enqueue(connection, &push.jobs, push.at)?;
    Ok(PutOutcome::Stored { created })
}

fn missing_references(
    connection: &Connection,
    repository: i64,
    references: &[Reference],
) -> Result<Vec<Digest>, Error> {
    let mut missing = Vec::new();
    for reference in references.iter().filter(|reference| reference.required) {
        let sql = match reference.kind {
            ReferenceKind::Blob => "SELECT 1 FROM blob_link WHERE repository = ?1 AND digest = ?2",
            ReferenceKind::Manifest => "SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2",
        };
        if !exists(connection, sql, params![repository, reference.digest.as_str()])?
            && !missing.contains(&reference.digest)
        {
            missing.push(reference.digest.clone());
        }
    }
    Ok(missing)
}

/// Stores the manifest itself. A manifest that is there already keeps its bytes, which have the same digest, and
/// its first moment; the media type is the one that the client said last.
fn store(connection: &Connection, repository: i64, push: &PutManifest) -> Result<bool, Error> {
    let present = "UPDATE manifest SET media_type = ?3 WHERE repository = ?1 AND digest = ?2";
    if change(connection, present, params![repository, push.digest.as_str(), push.media_type])? > 0 {
        release(connection, repository, &push.digest, push.at)?;
        return Ok(false);
    }
    let sql = "INSERT INTO manifest (repository, digest, media_type, size, artifact_type, subject, config,
                                     pushed_at, annotations, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    change(
        connection,
        sql,
        params![
            repository,
            push.digest.as_str(),
            push.media_type,
            size(push.bytes.len() as u64),
            push.artifact_type,
            push.subject.as_ref().map(Digest::as_str),
            push.config.as_ref().map(Digest::as_str),
            moment(push.at),
            json_text(&push.annotations)?,
            &push.bytes[..],
        ],
    )?;
    let manifest = connection.last_insert_rowid();
    let sql = "INSERT INTO manifest_reference (manifest, kind, digest) VALUES (?1, ?2, ?3)
               ON CONFLICT DO NOTHING";
    for reference in &push.references {
        let kind = kind_word(reference.kind);
        change(connection, sql, params![manifest, kind, reference.digest.as_str()])?;
    }
    Ok(true)
}

fn kind_word(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::Blob => "blob",
        ReferenceKind::Manifest => "manifest",
    }
}

/// Sets a tag.
pub(super) fn set_tag(
    connection: &Connection,
    repository: i64,
    tag: &Tag,
    digest: &Digest,
    at: Timestamp,
) -> Result<(), Error> {
    let before = "SELECT digest FROM tag WHERE repository = ?1 AND name = ?2";
    let before = row(connection, before, params![repository, tag.as_str()], |row| row.parsed("digest"))?;
    if let Some(before) = before {
        release(connection, repository, &before, at)?;
    }
    let sql = "INSERT INTO tag (repository, name, digest, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
               ON CONFLICT (repository, name) DO UPDATE
               SET digest = excluded.digest, updated_at = excluded.updated_at";
    change(connection, sql, params![repository, tag.as_str(), digest.as_str(), moment(at)])?;
    Ok(())
}

/// Lets the time of a manifest begin anew: it was pushed again, or lost a tag.
fn release(connection: &Connection, repository: i64, digest: &Digest, at: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO manifest_release (manifest, at)
               SELECT id, ?3 FROM manifest WHERE repository = ?1 AND digest = ?2
               ON CONFLICT (manifest) DO UPDATE SET at = max(at, excluded.at)";
    change(connection, sql, params![repository, digest.as_str(), moment(at)])?;
    Ok(())
}

/// Lets the time of a manifest's blobs begin anew. Whoever saw them while this manifest needed them may rely on that.
fn release_blobs(
    connection: &Connection,
    repository: i64,
    digest: &Digest,
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE blob_link SET linked_at = max(linked_at, ?3) WHERE repository = ?1 AND digest IN (
                   SELECT r.digest FROM manifest m JOIN manifest_reference r ON r.manifest = m.id
                   WHERE m.repository = ?1 AND m.digest = ?2 AND r.kind = 'blob')";
    change(connection, sql, params![repository, digest.as_str(), moment(at)])?;
    Ok(())
}

/// One event per tag; one without a tag for a push by digest.
fn record_push(connection: &Connection, push: &PutManifest, is_quarantined: bool) -> Result<(), Error> {
    let event = |tag: Option<Tag>| NewEvent {
        kind: EventKind::MANIFEST_PUSHED,
        registry: Some(push.repository.registry),
        repository: Some(push.repository.name.clone()),
        digest: Some(push.digest.clone()),
        tag,
        actor: push.actor.clone(),
        at: push.at,
        detail: json!({
            "media_type": push.media_type,
            "size": push.bytes.len(),
            "quarantined": is_quarantined,
            "origin": push.origin,
        }),
    };
    if push.tags.is_empty() {
        events::append(connection, &event(None))?;
    }
    for tag in &push.tags {
        events::append(connection, &event(Some(tag.clone())))?;
    }
    Ok(())
}

fn manifest(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<Option<Manifest>, Error> {
    match repositories::find(connection, repository)? {
        Some(id) => of(connection, id, digest),
        None => Ok(None),
    }
}

/// A manifest of the repository with this row.
pub(super) fn of(
    connection: &Connection,
    repository: i64,
    digest: &Digest,
) -> Result<Option<Manifest>, Error> {
    let sql = "SELECT * FROM manifest WHERE repository = ?1 AND digest = ?2";
    row(connection, sql, params![repository, digest.as_str()], |row| {
        Ok(Manifest {
            digest: row.parsed("digest")?,
            media_type: row.plain("media_type")?,
            bytes: Bytes::from(row.plain::<Vec<u8>>("bytes")?),
            artifact_type: row.plain("artifact_type")?,
            subject: row.maybe_parsed("subject")?,
            config: row.maybe_parsed("config")?,
            pushed_at: row.moment("pushed_at")?,
        })
    })
}

fn delete(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
    actor: Actor,
    at: Timestamp,
) -> Result<Removal, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(Removal::Absent) };
    if let Some(lock) = attributes::lock_on_manifest(connection, id, repository, digest)? {
        return Ok(Removal::Locked(lock));
    }
    let is_gone = remove(connection, id, repository, digest, actor, at)?;
    Ok(if is_gone { Removal::Removed } else { Removal::Absent })
}

/// Removes a manifest with everything that hangs on it. `false` if there was none.
pub(super) fn remove(
    connection: &Connection,
    id: i64,
    repository: &RepositoryKey,
    digest: &Digest,
    actor: Actor,
    at: Timestamp,
) -> Result<bool, Error> {
    release_blobs(connection, id, digest, at)?;
    let tags = conclusion::tags(connection, id, digest)?;
    deleted::keep(connection, id, repository, digest, &tags, at)?;
    let sql = "DELETE FROM manifest WHERE repository = ?1 AND digest = ?2 RETURNING media_type";
    let Some(media_type) = value::<String>(connection, sql, params![id, digest.as_str()])? else {
        return Ok(false);
    };
    let sql = "DELETE FROM tag WHERE repository = ?1 AND digest = ?2";
    change(connection, sql, params![id, digest.as_str()])?;
    let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    let detail = json!({ "media_type": media_type, "tags": names });
    for tag in tags {
        attributes::forget(connection, id, &AttributeTarget::Tag(tag))?;
    }
    attributes::forget(connection, id, &AttributeTarget::Manifest(digest.clone()))?;
    // With its last manifest a repository ends; one that comes later under this name begins anew.
    if !exists(connection, "SELECT 1 FROM manifest WHERE repository = ?1 LIMIT 1", [id])? {
        attributes::forget(connection, id, &AttributeTarget::Repository)?;
    }
    policies::forget_pass(connection, repository, digest)?;
    let had_verdict = forget_assessment(connection, repository, digest)?;
    events::append(
        connection,
        &NewEvent {
            kind: EventKind::MANIFEST_DELETED,
            registry: Some(repository.registry),
            repository: Some(repository.name.clone()),
            digest: Some(digest.clone()),
            tag: None,
            actor,
            at,
            detail,
        },
    )?;
    if had_verdict {
        registry_status::follow(connection, repository.registry, at)?;
    }
    Ok(true)
}

/// Takes the summary away, and the packages too unless the same image stands in another repository. Whether there was a
/// summary.
fn forget_assessment(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<bool, Error> {
    let sql = "DELETE FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    let had_verdict = change(connection, sql, key)? > 0;
    let image = ImageKey { repository: repository.clone(), digest: digest.clone() };
    custom_assessments::forget_image(connection, &image)?;
    let others = "SELECT 1 FROM manifest WHERE digest = ?1 LIMIT 1";
    if !exists(connection, others, [digest.as_str()])? {
        change(connection, "DELETE FROM image WHERE digest = ?1", [digest.as_str()])?;
    }
    Ok(had_verdict)
}

fn delete_tag(
    connection: &Connection,
    repository: &RepositoryKey,
    tag: Tag,
    actor: Actor,
    at: Timestamp,
) -> Result<Removal, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(Removal::Absent) };
    let target = AttributeTarget::Tag(tag.clone());
    if let Some(lock) = attributes::lock_on_tag(connection, id, repository, &tag)? {
        return Ok(Removal::Locked(lock));
    }
    let sql = "DELETE FROM tag WHERE repository = ?1 AND name = ?2 RETURNING digest";
    let Some(digest) = value::<String>(connection, sql, params![id, tag.as_str()])? else {
        return Ok(Removal::Absent);
    };
    attributes::forget(connection, id, &target)?;
    if let Ok(digest) = digest.parse() {
        release(connection, id, &digest, at)?;
    }
    events::append(
        connection,
        &NewEvent {
            kind: EventKind::TAG_DELETED,
            registry: Some(repository.registry),
            repository: Some(repository.name.clone()),
            digest: digest.parse().ok(),
            tag: Some(tag),
            actor,
            at,
            detail: Value::Null,
        },
    )?;
    Ok(Removal::Removed)
}
