//! Pull policies in SQLite.

use super::column::{Columns, change, exists, moment, row, rows};
use super::{SqliteStore, attributes, events, repositories, summaries};
use crate::{
    Actor, AttributeTarget, Error, EventKind, HoldSeverity, ImageKey, ImageSummary, NewEvent, Policies,
    PullFacts, PullPass, PullPolicy, QuarantineState, RegistryId, RepositoryKey, Standing,
};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::Digest;
use rusqlite::{Connection, params};
use serde_json::json;

#[async_trait]
impl Policies for SqliteStore {
    async fn pull_policy(&self, registry: RegistryId) -> Result<PullPolicy, Error> {
        self.read(move |connection| policy(connection, registry)).await
    }

    async fn set_pull_policy(
        &self,
        registry: RegistryId,
        policy: PullPolicy,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), Error> {
        let actor = actor.clone();
        self.write(move |connection| set(connection, registry, policy, actor, at)).await
    }

    async fn pull_facts(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        is_blob: bool,
    ) -> Result<PullFacts, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.read(move |connection| facts(connection, &repository, digest, is_blob)).await
    }

    async fn give_pull_pass(&self, pass: PullPass, at: Timestamp) -> Result<bool, Error> {
        self.write(move |connection| give_pass(connection, pass, at)).await
    }
}

/// The policy of a registry.
pub(super) fn policy(connection: &Connection, registry: RegistryId) -> Result<PullPolicy, Error> {
    let found = row(connection, "SELECT * FROM pull_policy WHERE registry = ?1", [registry.0], |row| {
        let severity = row.plain::<Option<String>>("hold_severity")?;
        Ok(PullPolicy {
            quarantine: row.plain("quarantine")?,
            hold_severity: match severity {
                Some(_) => Some(row.word("hold_severity", HoldSeverity::from_word)?),
                None => None,
            },
            hold_unassessed: row.plain("hold_unassessed")?,
            grace_seconds: row.count("grace_seconds")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

fn set(
    connection: &Connection,
    registry: RegistryId,
    policy: PullPolicy,
    actor: Actor,
    at: Timestamp,
) -> Result<(), Error> {
    let severity = policy.hold_severity.map(HoldSeverity::as_str);
    let sql = "INSERT INTO pull_policy (registry, quarantine, hold_severity, hold_unassessed, grace_seconds)
               VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (registry) DO UPDATE SET
                   quarantine = excluded.quarantine, hold_severity = excluded.hold_severity,
                   hold_unassessed = excluded.hold_unassessed, grace_seconds = excluded.grace_seconds";
    let values =
        params![registry.0, policy.quarantine, severity, policy.hold_unassessed, policy.grace_seconds];
    change(connection, sql, values)?;
    let event = NewEvent {
        kind: EventKind::PULL_POLICY_CHANGED,
        registry: Some(registry),
        repository: None,
        digest: None,
        tag: None,
        actor,
        at,
        detail: json!({
            "quarantine": policy.quarantine,
            "hold_severity": severity,
            "hold_unassessed": policy.hold_unassessed,
            "grace_seconds": policy.grace_seconds,
        }),
    };
    events::append(connection, &event)?;
    Ok(())
}

fn facts(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: Digest,
    is_blob: bool,
) -> Result<PullFacts, Error> {
    let policy = policy(connection, repository.registry)?;
    let mut standings = Vec::new();
    if !policy.holds() {
        return Ok(PullFacts { policy, standings });
    }
    let Some(id) = repositories::find(connection, repository)? else {
        return Ok(PullFacts { policy, standings });
    };
    let digests = if is_blob {
        let key = params![id, digest.as_str()];
        rows(connection, attributes::MANIFESTS_OF_BLOB, key, |row| row.parsed("digest"))?
    } else {
        vec![digest]
    };
    for digest in digests {
        let image = ImageKey { repository: repository.clone(), digest };
        standings.extend(standing(connection, id, image, policy)?);
    }
    Ok(PullFacts { policy, standings })
}

fn standing(
    connection: &Connection,
    repository: i64,
    image: ImageKey,
    policy: PullPolicy,
) -> Result<Option<Standing>, Error> {
    let sql = "SELECT pushed_at FROM manifest WHERE repository = ?1 AND digest = ?2";
    let key = params![repository, image.digest.as_str()];
    let Some(pushed_at) = row(connection, sql, key, |row| row.moment("pushed_at"))? else { return Ok(None) };
    let written = summaries::find_written(connection, &image)?;
    let summary =
        written.clone().map(|summary| summaries::with_uncounted(connection, summary)).transpose()?;
    let target = AttributeTarget::Manifest(image.digest.clone());
    let pass = "SELECT until FROM pull_pass WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let RepositoryKey { registry, name } = &image.repository;
    let key = params![registry.0, name.as_str(), image.digest.as_str()];
    let mut quarantine = attributes::of(connection, repository, &target)?.quarantine;
    // What is shown ahead of its being written holds an image at once.
    let is_ahead = |shown: &&ImageSummary| {
        written.is_some_and(|written| (written.state, &written.counts) != (shown.state, &shown.counts))
    };
    if let Some(shown) = summary.as_ref().filter(is_ahead) {
        quarantine = policy.quarantine_after(shown.state, &shown.counts).or(quarantine);
    }
    Ok(Some(Standing {
        pushed_at,
        quarantine,
        verdict: summary.map(|summary| (summary.state, summary.counts)),
        pass: row(connection, pass, key, |row| row.moment("until"))?,
        digest: image.digest,
    }))
}

fn give_pass(connection: &Connection, pass: PullPass, at: Timestamp) -> Result<bool, Error> {
    let PullPass { image: ImageKey { repository, digest }, reason, actor, until } = pass;
    let Some(id) = repositories::find(connection, &repository)? else { return Ok(false) };
    let present = "SELECT 1 FROM manifest WHERE repository = ?1 AND digest = ?2";
    if !exists(connection, present, params![id, digest.as_str()])? {
        return Ok(false);
    }
    let sql = "INSERT INTO pull_pass (registry, repository, digest, reason, actor, until)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (registry, repository, digest) DO UPDATE SET
                   reason = excluded.reason, actor = excluded.actor, until = excluded.until";
    let name = repository.name.as_str();
    let values = params![repository.registry.0, name, digest.as_str(), reason, actor.0, moment(until)];
    change(connection, sql, values)?;
    let event = NewEvent {
        kind: EventKind::PULL_PASS_GIVEN,
        registry: Some(repository.registry),
        repository: Some(repository.name),
        digest: Some(digest),
        tag: None,
        actor,
        at,
        detail: json!({ "reason": reason, "until": until.to_string() }),
    };
    events::append(connection, &event)?;
    Ok(true)
}

/// Puts a manifest that has just arrived into quarantine, if its registry wants that. Returns whether it did.
pub(super) fn quarantine(
    connection: &Connection,
    repository: i64,
    registry: RegistryId,
    digest: &Digest,
    at: Timestamp,
) -> Result<bool, Error> {
    if !policy(connection, registry)?.quarantine {
        return Ok(false);
    }
    let target = AttributeTarget::Manifest(digest.clone());
    let mut attributes = attributes::of(connection, repository, &target)?;
    attributes.quarantine = Some(QuarantineState::Quarantined);
    attributes::keep(connection, repository, &target, &attributes, at)?;
    Ok(true)
}

/// Whether a manifest that is there already is held by quarantine.
pub(super) fn is_held(
    connection: &Connection,
    repository: i64,
    registry: RegistryId,
    digest: &Digest,
) -> Result<bool, Error> {
    let target = AttributeTarget::Manifest(digest.clone());
    let state = attributes::of(connection, repository, &target)?.quarantine;
    let is_open = matches!(state, None | Some(QuarantineState::Passed));
    Ok(!is_open && policy(connection, registry)?.quarantine)
}

/// Takes back the leave to pull an image that is gone.
pub(super) fn forget_pass(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<(), Error> {
    let sql = "DELETE FROM pull_pass WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    change(connection, sql, key)?;
    Ok(())
}
