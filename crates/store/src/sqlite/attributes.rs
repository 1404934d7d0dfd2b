//! Changeable attributes in SQLite, and what they forbid.

use super::column::{Columns, change, exists, moment, row, rows};
use super::{SqliteStore, conclusion, events, repositories, rules};
use crate::{
    Actor, AttributeChange, AttributeTarget, Attributes, ChangeableAttributes, Error, EventKind, ImageKey,
    Lock, NewEvent, PutManifest, QuarantineState, RepositoryKey, Switch,
};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, Tag};
use rusqlite::{Connection, params};
use serde_json::json;

#[async_trait]
impl Attributes for SqliteStore {
    async fn attributes(
        &self,
        repository: &RepositoryKey,
        target: &AttributeTarget,
    ) -> Result<Option<ChangeableAttributes>, Error> {
        let (repository, target) = (repository.clone(), target.clone());
        self.read(move |connection| match repositories::find(connection, &repository)? {
            Some(id) if is_there(connection, id, &target)? => Ok(Some(of(connection, id, &target)?)),
            Some(_) | None => Ok(None),
        })
        .await
    }

    async fn change_attributes(
        &self,
        repository: &RepositoryKey,
        target: &AttributeTarget,
        wanted: AttributeChange,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Option<ChangeableAttributes>, Error> {
        let (repository, target, actor) = (repository.clone(), target.clone(), actor.clone());
        self.write(move |connection| {
            let Some(id) = repositories::find(connection, &repository)? else { return Ok(None) };
            if !is_there(connection, id, &target)? {
                return Ok(None);
            }
            let before = of(connection, id, &target)?;
            let then = before.quarantine;
            let now = changed(before, wanted);
            keep(connection, id, &target, &now, at)?;
            record(connection, &repository, &target, &now, actor.clone(), at)?;
            if let (AttributeTarget::Manifest(digest), Some(state)) = (&target, now.quarantine) {
                let image = ImageKey { repository, digest: digest.clone() };
                record_quarantine(connection, &image, id, (then, state), actor, at)?;
            }
            Ok(Some(now))
        })
        .await
    }
}

/// What a push touches, and may not. The manifest counts only where it stands here already.
pub(super) fn lock_on_push(
    connection: &Connection,
    repository: i64,
    push: &PutManifest,
) -> Result<Option<Lock>, Error> {
    let tags = push.tags.iter().map(|tag| AttributeTarget::Tag(tag.clone()));
    let targets = [AttributeTarget::Repository, AttributeTarget::Manifest(push.digest.clone())];
    match first_lock(connection, repository, targets.into_iter().chain(tags), &[Switch::Write])? {
        Some(lock) => Ok(Some(lock)),
        None => rules::lock_on_move(connection, repository, &push.repository, &push.tags, &push.digest),
    }
}

/// What stands in the way of restoring a manifest under a tag.
pub(super) fn lock_on_restore(
    connection: &Connection,
    repository: i64,
    tag: Option<&Tag>,
) -> Result<Option<Lock>, Error> {
    let tag = tag.map(|tag| AttributeTarget::Tag(tag.clone()));
    let targets = std::iter::once(AttributeTarget::Repository).chain(tag);
    first_lock(connection, repository, targets, &[Switch::Write])
}

/// What stands in the way of deleting a manifest: its own switches, those of its tags, which go with it, and those of
/// its repository. What may not be written may not be deleted either.
pub(super) fn lock_on_manifest(
    connection: &Connection,
    repository: i64,
    key: &RepositoryKey,
    digest: &Digest,
) -> Result<Option<Lock>, Error> {
    if let Some(lock) = rules::lock_on_tags(connection, repository, key, Some(digest))? {
        return Ok(Some(lock));
    }
    let sql = "SELECT name FROM tag WHERE repository = ?1 AND digest = ?2";
    let tags = rows(connection, sql, params![repository, digest.as_str()], |row| row.parsed("name"))?;
    let own = [AttributeTarget::Repository, AttributeTarget::Manifest(digest.clone())];
    let targets = own.into_iter().chain(tags.into_iter().map(AttributeTarget::Tag));
    first_lock(connection, repository, targets, DELETION)
}

/// What stands in the way of taking a tag away.
pub(super) fn lock_on_tag(
    connection: &Connection,
    repository: i64,
    key: &RepositoryKey,
    tag: &Tag,
) -> Result<Option<Lock>, Error> {
    if let Some(lock) = rules::lock_on_tag(connection, key, tag)? {
        return Ok(Some(lock));
    }
    let targets = [AttributeTarget::Repository, AttributeTarget::Tag(tag.clone())];
    first_lock(connection, repository, targets.into_iter(), DELETION)
}

/// What stands in the way of taking a blob out of a repository: a manifest that may not be deleted keeps its layers.
pub(super) fn lock_on_blob(
    connection: &Connection,
    repository: i64,
    digest: &Digest,
) -> Result<Option<Lock>, Error> {
    let manifests = rows(connection, MANIFESTS_OF_BLOB, params![repository, digest.as_str()], |row| {
        row.parsed("digest").map(AttributeTarget::Manifest)
    })?;
    let targets = std::iter::once(AttributeTarget::Repository).chain(manifests);
    first_lock(connection, repository, targets, DELETION)
}

/// What stands in the way of deleting a whole repository: any switch of anything in it.
pub(super) fn lock_on_repository(
    connection: &Connection,
    repository: i64,
    key: &RepositoryKey,
) -> Result<Option<Lock>, Error> {
    if let Some(lock) = rules::lock_on_tags(connection, repository, key, None)? {
        return Ok(Some(lock));
    }
    let sql = "SELECT kind, name FROM attribute WHERE repository = ?1 AND (can_delete = 0 OR can_write = 0)
               ORDER BY kind, name LIMIT 1";
    let target = row(connection, sql, [repository], |row| {
        let name: String = row.plain("name")?;
        row.word("kind", |kind| match kind {
            "repository" => Some(AttributeTarget::Repository),
            "manifest" => name.parse().ok().map(AttributeTarget::Manifest),
            "tag" => name.parse().ok().map(AttributeTarget::Tag),
            _ => None,
        })
    })?;
    match target {
        Some(target) => first_lock(connection, repository, std::iter::once(target), DELETION),
        None => Ok(None),
    }
}

/// Forgets the attributes of what is gone.
pub(super) fn forget(
    connection: &Connection,
    repository: i64,
    target: &AttributeTarget,
) -> Result<(), Error> {
    let (kind, name) = key(target);
    let sql = "DELETE FROM attribute WHERE repository = ?1 AND kind = ?2 AND name = ?3";
    change(connection, sql, params![repository, kind, name])?;
    Ok(())
}

/// The attributes of something, whether it is there or not.
pub(super) fn of(
    connection: &Connection,
    repository: i64,
    target: &AttributeTarget,
) -> Result<ChangeableAttributes, Error> {
    let (kind, name) = key(target);
    let sql = "SELECT * FROM attribute WHERE repository = ?1 AND kind = ?2 AND name = ?3";
    let found = row(connection, sql, params![repository, kind, name], |row| {
        let state = row.plain::<Option<String>>("quarantine_state")?;
        Ok(ChangeableAttributes {
            delete: row.plain("can_delete")?,
            write: row.plain("can_write")?,
            list: row.plain("can_list")?,
            read: row.plain("can_read")?,
            quarantine: match state {
                Some(_) => Some(row.word("quarantine_state", QuarantineState::from_word)?),
                None => None,
            },
            quarantine_details: row.plain("quarantine_details")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// The manifests of a repository that point to a blob. CROSS JOIN keeps the order: first who points there at all.
pub(super) const MANIFESTS_OF_BLOB: &str =
    "SELECT m.digest FROM manifest_reference r CROSS JOIN manifest m ON m.id = r.manifest
     WHERE r.digest = ?2 AND r.kind = 'blob' AND m.repository = ?1 ORDER BY m.digest";

const DELETION: &[Switch] = &[Switch::Delete, Switch::Write];

fn first_lock(
    connection: &Connection,
    repository: i64,
    targets: impl Iterator<Item = AttributeTarget>,
    switches: &[Switch],
) -> Result<Option<Lock>, Error> {
    for target in targets {
        let attributes = of(connection, repository, &target)?;
        if let Some(switch) = switches.iter().find(|switch| !attributes.allows(**switch)) {
            return Ok(Some(Lock { target, switch: *switch }));
        }
    }
    Ok(None)
}

fn key(target: &AttributeTarget) -> (&'static str, &str) {
    match target {
        AttributeTarget::Repository => ("repository", ""),
        AttributeTarget::Manifest(digest) => ("manifest", digest.as_str()),
        AttributeTarget::Tag(tag) => ("tag", tag.as_str()),
    }
}

/// A repository is there as long as it holds a manifest.
fn is_there(connection: &Connection, repository: i64, target: &AttributeTarget) -> Result<bool, Error> {
    let (_, name) = key(target);
    let sql = match target {
        AttributeTarget::Repository => "SELECT 1 FROM manifest WHERE repository = ?1 AND ?2 = '' LIMIT 1",
        AttributeTarget::Manifest(_) => "SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2",
        AttributeTarget::Tag(_) => "SELECT 1 FROM tag WHERE repository = ?1 AND name = ?2",
    };
    exists(connection, sql, params![repository, name])
}

fn changed(before: ChangeableAttributes, change: AttributeChange) -> ChangeableAttributes {
    ChangeableAttributes {
        delete: change.delete.unwrap_or(before.delete),
        write: change.write.unwrap_or(before.write),
        list: change.list.unwrap_or(before.list),
        read: change.read.unwrap_or(before.read),
        quarantine: change.quarantine.or(before.quarantine),
        quarantine_details: change.quarantine_details.or(before.quarantine_details),
    }
}

/// Keeps the attributes of something.
pub(super) fn keep(
    connection: &Connection,
    repository: i64,
    target: &AttributeTarget,
    now: &ChangeableAttributes,
    at: Timestamp,
) -> Result<(), Error> {
    let (kind, name) = key(target);
    let sql = "INSERT INTO attribute (repository, kind, name, can_delete, can_write, can_list, can_read,
                                      quarantine_state, quarantine_details, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
               ON CONFLICT (repository, kind, name) DO UPDATE SET
                   can_delete = excluded.can_delete, can_write = excluded.can_write,
                   can_list = excluded.can_list, can_read = excluded.can_read,
                   quarantine_state = excluded.quarantine_state,
                   quarantine_details = excluded.quarantine_details, changed_at = excluded.changed_at";
    change(
        connection,
        sql,
        params![
            repository,
            kind,
            name,
            now.delete,
            now.write,
            now.list,
            now.read,
            now.quarantine.map(QuarantineState::as_str),
            now.quarantine_details,
            moment(at),
        ],
    )?;
    Ok(())
}

fn record(
    connection: &Connection,
    repository: &RepositoryKey,
    target: &AttributeTarget,
    now: &ChangeableAttributes,
    actor: Actor,
    at: Timestamp,
) -> Result<(), Error> {
    let (digest, tag) = match target {
        AttributeTarget::Repository => (None, None),
        AttributeTarget::Manifest(digest) => (Some(digest.clone()), None),
        AttributeTarget::Tag(tag) => (None, Some(tag.clone())),
    };
    let switches: serde_json::Map<_, _> = Switch::ALL
        .into_iter()
        .map(|switch| (switch.as_str().to_owned(), json!(now.allows(switch))))
        .collect();
    let event = NewEvent {
        kind: EventKind::ATTRIBUTES_CHANGED,
        registry: Some(repository.registry),
        repository: Some(repository.name.clone()),
        digest,
        tag,
        actor,
        at,
        detail: json!({ "attributes": switches, "quarantine": now.quarantine.map(QuarantineState::as_str) }),
    };
    events::append(connection, &event)?;
    Ok(())
}

/// Tells of another place in the quarantine pattern, if it is another.
fn record_quarantine(
    connection: &Connection,
    image: &ImageKey,
    repository: i64,
    (then, now): (Option<QuarantineState>, QuarantineState),
    actor: Actor,
    at: Timestamp,
) -> Result<(), Error> {
    let Some(detail) = conclusion::quarantine_detail(connection, image, repository, then, now)? else {
        return Ok(());
    };
    let event = NewEvent {
        kind: EventKind::QUARANTINE_CHANGED,
        registry: Some(image.repository.registry),
        repository: Some(image.repository.name.clone()),
        digest: Some(image.digest.clone()),
        tag: None,
        actor,
        at,
        detail,
    };
    events::append(connection, &event)?;
    Ok(())
}
