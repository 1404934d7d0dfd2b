//! History of images and findings in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, rows};
use super::events;
use super::scans::package_version;
use crate::{
    Error, Event, FindingChange, FindingChangeKind, FindingReason, FindingRow, FindingStand, FindingVerdict,
    History, ImageKey, PackageVersionId, PageRequest, SnapshotVersion,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl History for SqliteStore {
    async fn image_events(&self, image: &ImageKey, limit: usize) -> Result<Vec<Event>, Error> {
        let image = image.clone();
        self.read(move |connection| {
            let ImageKey { repository, digest } = &image;
            let key =
                params![digest.as_str(), repository.registry.0, repository.name.as_str(), bounded(limit)];
            rows(connection, IMAGE_EVENTS, key, events::event)
        })
        .await
    }

    async fn finding_changes(&self, image: &ImageKey, limit: usize) -> Result<Vec<FindingChange>, Error> {
        let image = image.clone();
        self.read(move |connection| {
            rows(connection, FINDING_CHANGES, params![image.digest.as_str(), bounded(limit)], finding_change)
        })
        .await
    }

    async fn rule_events(&self, limit: usize) -> Result<Vec<Event>, Error> {
        self.read(move |connection| rows(connection, RULE_EVENTS, [bounded(limit)], events::event)).await
    }
}

/// What became of rules and exemptions, from an index of its own.
pub(super) const RULE_EVENTS: &str = "SELECT * FROM event WHERE kind IN ('rule-put', 'rule-deleted')
     ORDER BY sequence DESC LIMIT ?1";

/// The events of an image.
pub(super) const IMAGE_EVENTS: &str = "SELECT * FROM event
     WHERE digest = ?1 AND registry = ?2 AND repository = ?3 ORDER BY sequence DESC LIMIT ?4";

/// What changed in the package versions of an image. Few ever change, so that sorting them is cheap.
pub(super) const FINDING_CHANGES: &str = "SELECT p.*, c.vulnerability, c.change, c.code, c.reason, c.before,
            c.after, c.snapshot, c.at
     FROM finding_change c INDEXED BY finding_change_package
     CROSS JOIN package_version p ON p.id = c.package_version
     WHERE c.package_version IN (SELECT ip.package_version FROM image i
                                 CROSS JOIN image_package ip ON ip.image = i.id WHERE i.digest = ?1)
     ORDER BY c.sequence DESC LIMIT ?2";

fn bounded(limit: usize) -> i64 {
    i64::try_from(limit.clamp(1, PageRequest::<i64>::MAX)).unwrap_or(i64::MAX)
}

/// Adds a change to the transaction that runs.
pub(super) fn append(
    connection: &Connection,
    package_version: PackageVersionId,
    changed: &Changed<'_>,
    snapshot: &SnapshotVersion,
    at: Timestamp,
) -> Result<(), Error> {
    let Changed { before, after, reason } = changed;
    let kind = match (before, after) {
        (None, _) => FindingChangeKind::Appeared,
        (Some(_), None) => FindingChangeKind::Gone,
        (Some(_), Some(_)) => FindingChangeKind::Changed,
    };
    let Some(vulnerability) = after.or(*before).map(|finding| &finding.vulnerability) else { return Ok(()) };
    let (code, sentence) = match reason {
        Some(reason) => (reason.code.as_str(), reason.sentence.as_str()),
        None => ("AdvisoriesChanged", "Other advisories are in force."),
    };
    let sql =
        "INSERT INTO finding_change (package_version, vulnerability, change, code, reason, before, after,
                                           snapshot, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let values = params![
        package_version.0,
        vulnerability,
        kind.as_str(),
        code,
        sentence,
        stand_text(*before)?,
        stand_text(*after)?,
        snapshot.0,
        moment(at)
    ];
    change(connection, sql, values)?;
    Ok(())
}

/// A finding before and after.
pub(super) struct Changed<'a> {
    pub(super) before: Option<&'a FindingRow>,
    pub(super) after: Option<&'a FindingRow>,
    pub(super) reason: Option<&'a FindingReason>,
}

fn stand_text(finding: Option<&FindingRow>) -> Result<String, Error> {
    json_text(&finding.map(|finding| (finding.verdict.as_str(), &finding.fixed)))
}

fn stand(row: &Row<'_>, column: &'static str) -> Result<Option<FindingStand>, Error> {
    let read: Option<(String, Option<String>)> = row.json(column)?;
    let Some((word, fixed)) = read else { return Ok(None) };
    let verdict = FindingVerdict::from_word(&word).ok_or_else(|| super::column::corrupt(column, &word))?;
    Ok(Some(FindingStand { verdict, fixed }))
}

fn finding_change(row: &Row<'_>) -> Result<FindingChange, Error> {
    Ok(FindingChange {
        package: package_version(row)?,
        vulnerability: row.plain("vulnerability")?,
        kind: row.word("change", FindingChangeKind::from_word)?,
        reason: FindingReason { code: row.plain("code")?, sentence: row.plain("reason")? },
        before: stand(row, "before")?,
        after: stand(row, "after")?,
        snapshot: SnapshotVersion(row.plain("snapshot")?),
        at: row.moment("at")?,
    })
}
