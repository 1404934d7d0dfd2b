//! Findings that are shown before they are counted, in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, rows, value};
use super::reevaluation::package_standing;
use crate::{
    Additions, Error, ImageNumber, ImageState, ImageSummary, MoreFindings, PackageStanding, PackageVersion,
    PackageVersionId, SnapshotVersion,
};
use advisory::Query;
use async_trait::async_trait;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Additions for SqliteStore {
    async fn is_all_matched_with(&self, snapshot: &SnapshotVersion) -> Result<bool, Error> {
        let snapshot = snapshot.clone();
        self.read(move |connection| {
            for sql in OTHERWISE_MATCHED {
                if exists(connection, sql, [&snapshot.0])? {
                    return Ok(false);
                }
            }
            Ok(!exists(connection, "SELECT 1 FROM more_findings", [])?)
        })
        .await
    }

    async fn standings_named(&self, names: Vec<String>) -> Result<Vec<PackageStanding>, Error> {
        self.read(move |connection| {
            let mut ids = BTreeSet::new();
            for name in names {
                let sql = "SELECT package_version FROM package_name WHERE name = ?1";
                ids.extend(rows(connection, sql, [name], |row| row.plain::<i64>("package_version"))?);
            }
            standings(connection, ids)
        })
        .await
    }

    async fn standings_of(
        &self,
        package_versions: Vec<PackageVersionId>,
    ) -> Result<Vec<PackageStanding>, Error> {
        self.read(move |connection| standings(connection, package_versions.into_iter().map(|id| id.0))).await
    }

    async fn images_to_look_at(&self) -> Result<Vec<ImageNumber>, Error> {
        self.read(|connection| {
            let mut images = Vec::new();
            for sql in TO_LOOK_AT {
                images.extend(rows(connection, sql, [], |row| Ok(ImageNumber(row.plain("id")?)))?);
            }
            images.sort_unstable();
            images.dedup();
            Ok(images)
        })
        .await
    }

    async fn is_any_quarantined(&self) -> Result<bool, Error> {
        self.read(|connection| exists(connection, "SELECT 1 FROM pull_policy WHERE quarantine <> 0", []))
            .await
    }

    async fn add_findings(&self, snapshot: &SnapshotVersion, more: Vec<MoreFindings>) -> Result<(), Error> {
        let snapshot = snapshot.clone();
        self.write(move |connection| {
            let sql = "INSERT INTO more_findings (package_version, snapshot, counts) VALUES (?1, ?2, ?3)";
            for MoreFindings { package_version, counts } in more {
                change(connection, sql, params![package_version.0, snapshot.0, json_text(&counts)?])?;
            }
            Ok(())
        })
        .await
    }

    async fn uncounted(&self) -> Result<Vec<PackageVersionId>, Error> {
        self.read(|connection| {
            let sql = "SELECT package_version FROM more_findings ORDER BY package_version";
            rows(connection, sql, [], |row| Ok(PackageVersionId(row.plain("package_version")?)))
        })
        .await
    }

    async fn findings_are_counted(&self) -> Result<(), Error> {
        self.write(|connection| change(connection, "DELETE FROM more_findings", []).map(|_| ())).await
    }
}

/// Package versions that were matched with something else, or with nothing: ranges of an index.
pub(super) const OTHERWISE_MATCHED: [&str; 3] = [
    "SELECT 1 FROM package_version WHERE matched_snapshot IS NULL AND ?1 IS NOT NULL LIMIT 1",
    "SELECT 1 FROM package_version WHERE matched_snapshot < ?1 LIMIT 1",
    "SELECT 1 FROM package_version WHERE matched_snapshot > ?1 LIMIT 1",
];

/// The images that are not simply unhealthy. Each from its own index.
pub(super) const TO_LOOK_AT: [&str; 4] = [
    "SELECT i.id FROM registry r
     CROSS JOIN image_summary s ON s.registry = r.id AND s.state IN ('Healthy', 'NotApplicable')
     CROSS JOIN image i ON i.digest = s.digest",
    "SELECT i.id FROM image_summary s CROSS JOIN image i ON i.digest = s.digest WHERE s.found_state IS NOT NULL",
    "SELECT i.id FROM vex_reading v CROSS JOIN image i ON i.digest = v.subject WHERE v.signer IS NOT NULL",
    "SELECT i.id FROM vex_reading v
     CROSS JOIN manifest m ON m.repository = v.repository AND m.digest = v.subject
     CROSS JOIN manifest_reference c ON c.manifest = m.id AND c.kind = 'manifest'
     CROSS JOIN image i ON i.digest = c.digest WHERE v.signer IS NOT NULL",
];

fn standings(
    connection: &Connection,
    ids: impl IntoIterator<Item = i64>,
) -> Result<Vec<PackageStanding>, Error> {
    let mut found = Vec::new();
    for id in ids {
        found.extend(rows(
            connection,
            "SELECT * FROM package_version WHERE id = ?1",
            [id],
            package_standing,
        )?);
    }
    Ok(found)
}

/// Keeps the names under which a new package version is looked up.
pub(super) fn put_names(
    connection: &Connection,
    id: PackageVersionId,
    package: &PackageVersion,
) -> Result<(), Error> {
    let Some(ecosystem) = &package.ecosystem else { return Ok(()) };
    let query = Query {
        source: package.source.as_ref(),
        ..Query::new(ecosystem, package.kind, &package.name, &package.version)
    };
    for name in query.names() {
        let sql = "INSERT INTO package_name (name, package_version) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        change(connection, sql, params![name, id.0])?;
    }
    Ok(())
}

/// Adds to a summary what was found since it was made, while that is not counted yet.
pub(super) fn add_uncounted(connection: &Connection, summary: &mut ImageSummary) -> Result<(), Error> {
    if summary.state != ImageState::Unhealthy || !summary.children.is_empty() {
        return Ok(());
    }
    // Nearly always there is none, and this is the end.
    let any: Option<i64> = value(connection, "SELECT 1 FROM more_findings LIMIT 1", [])?;
    if any.is_none() {
        return Ok(());
    }
    let made_with = summary.snapshot.as_ref().map(|snapshot| &*snapshot.0);
    let key = params![summary.image.digest.as_str(), made_with];
    for (snapshot, counts) in rows(connection, UNCOUNTED, key, |row| {
        Ok((row.plain::<String>("snapshot")?, row.json::<BTreeMap<String, u64>>("counts")?))
    })? {
        for (severity, count) in counts {
            *summary.counts.entry(severity).or_default() += count;
        }
        summary.snapshot = Some(SnapshotVersion(snapshot));
    }
    Ok(())
}

/// What is found in an image and not counted in its summary, which was made with another snapshot.
pub(super) const UNCOUNTED: &str = "SELECT m.snapshot, m.counts
     FROM image i CROSS JOIN more_findings m
     CROSS JOIN image_package p ON p.image = i.id AND p.package_version = m.package_version
     WHERE i.digest = ?1 AND m.snapshot IS NOT ?2
     GROUP BY m.package_version";
