//! Rules of registries in SQLite, and what they forbid.

use super::column::{Columns, change, json_text, row, rows, value};
use super::{SqliteStore, events};
use crate::{
    Actor, AttributeTarget, Error, EventKind, Lock, NewEvent, RegistryId, RegistryRules, RepositoryKey,
    Rules, Switch, Usage,
};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};
use rusqlite::{Connection, params};
use serde_json::json;

#[async_trait]
impl Rules for SqliteStore {
    async fn registry_rules(&self, registry: RegistryId) -> Result<RegistryRules, Error> {
        self.read(move |connection| rules(connection, registry)).await
    }

    async fn set_registry_rules(
        &self,
        registry: RegistryId,
        rules: RegistryRules,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), Error> {
        let actor = actor.clone();
        self.write(move |connection| {
            let sql = "INSERT INTO registry_rules (registry, rules) VALUES (?1, ?2)
                       ON CONFLICT (registry) DO UPDATE SET rules = excluded.rules";
            change(connection, sql, params![registry.0, json_text(&rules)?])?;
            let event = NewEvent {
                kind: EventKind::REGISTRY_RULES_CHANGED,
                registry: Some(registry),
                repository: None,
                digest: None,
                tag: None,
                actor,
                at,
                detail: json!(rules),
            };
            events::append(connection, &event)?;
            Ok(())
        })
        .await
    }

    async fn stored(
        &self,
        registry: RegistryId,
        repository: Option<&RepositoryName>,
    ) -> Result<Usage, Error> {
        let repository = repository.cloned();
        self.read(move |connection| usage(connection, registry, repository.as_ref())).await
    }
}

/// The rules of a registry.
pub(super) fn rules(connection: &Connection, registry: RegistryId) -> Result<RegistryRules, Error> {
    let sql = "SELECT rules FROM registry_rules WHERE registry = ?1";
    Ok(row(connection, sql, [registry.0], |row| row.json("rules"))?.unwrap_or_default())
}

fn usage(
    connection: &Connection,
    registry: RegistryId,
    repository: Option<&RepositoryName>,
) -> Result<Usage, Error> {
    let sql = "SELECT sum(bytes) FROM repository WHERE registry = ?1 AND (?2 IS NULL OR name = ?2)";
    let name = repository.map(RepositoryName::as_str);
    let bytes = value::<Option<i64>>(connection, sql, params![registry.0, name])?.flatten();
    Ok(Usage { bytes: u64::try_from(bytes.unwrap_or_default()).unwrap_or_default() })
}

/// Fails if a repository or its registry holds more than the rules allow. Called in the transaction that adds: the
/// failure takes back what was added.
pub(super) fn keep_quota(connection: &Connection, repository: &RepositoryKey) -> Result<(), Error> {
    let rules = rules(connection, repository.registry)?;
    let limits = [
        (rules.quota_bytes, None, "registry"),
        (rules.repository_quota_bytes, Some(&repository.name), "repository"),
    ];
    for (limit, name, what) in limits {
        let Some(limit) = limit else { continue };
        if usage(connection, repository.registry, name)?.bytes > limit {
            return Err(Error::OverQuota { what, limit });
        }
    }
    Ok(())
}

/// Fails if a push that was stored is one too many about its subject. Called like [`keep_quota`].
pub(super) fn keep_referrers(
    connection: &Connection,
    id: i64,
    repository: &RepositoryKey,
    subject: &Digest,
) -> Result<(), Error> {
    let limit = rules(connection, repository.registry)?.referrers_per_subject;
    let limit = limit.unwrap_or(RegistryRules::REFERRERS_PER_SUBJECT);
    // The index of subjects is read, and not further than has to be known.
    let sql =
        "SELECT count(*) FROM (SELECT 1 FROM manifest WHERE repository = ?1 AND subject = ?2 LIMIT ?3 + 1)";
    let count = value::<i64>(connection, sql, params![id, subject.as_str(), limit])?.unwrap_or_default();
    if count > i64::from(limit) { Err(Error::TooManyReferrers { limit }) } else { Ok(()) }
}

/// A tag that a push would move though it never moves.
pub(super) fn lock_on_move(
    connection: &Connection,
    id: i64,
    repository: &RepositoryKey,
    tags: &[Tag],
    digest: &Digest,
) -> Result<Option<Lock>, Error> {
    let rules = rules(connection, repository.registry)?;
    for tag in tags.iter().filter(|tag| rules.is_immutable(&repository.name, tag)) {
        let sql = "SELECT digest FROM tag WHERE repository = ?1 AND name = ?2 AND digest <> ?3";
        if row(connection, sql, params![id, tag.as_str(), digest.as_str()], |_| Ok(()))?.is_some() {
            return Ok(Some(lock(tag.clone())));
        }
    }
    Ok(None)
}

/// A tag that never moves, and so is never taken away: of those that point at a manifest, or of all.
pub(super) fn lock_on_tags(
    connection: &Connection,
    id: i64,
    repository: &RepositoryKey,
    digest: Option<&Digest>,
) -> Result<Option<Lock>, Error> {
    let rules = rules(connection, repository.registry)?;
    if rules.immutable_tags.is_empty() {
        return Ok(None);
    }
    let sql = "SELECT name FROM tag WHERE repository = ?1 AND (?2 IS NULL OR digest = ?2) ORDER BY name";
    let tags: Vec<Tag> =
        rows(connection, sql, params![id, digest.map(Digest::as_str)], |row| row.parsed("name"))?;
    Ok(tags.into_iter().find(|tag| rules.is_immutable(&repository.name, tag)).map(lock))
}

/// Whether a tag never moves.
pub(super) fn lock_on_tag(
    connection: &Connection,
    repository: &RepositoryKey,
    tag: &Tag,
) -> Result<Option<Lock>, Error> {
    let rules = rules(connection, repository.registry)?;
    Ok(rules.is_immutable(&repository.name, tag).then(|| lock(tag.clone())))
}

fn lock(tag: Tag) -> Lock {
    Lock { target: AttributeTarget::Tag(tag), switch: Switch::Write }
}
