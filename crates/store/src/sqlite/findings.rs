//! Package versions and their findings in SQLite: what matching writes.
//!
//! Reading the join is in `listing`.

mod listing;

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, row, rows, value};
use super::history::{self, Changed};
use super::reevaluation;
use super::scans::package_version;
use crate::{
    Error, Finding, FindingFilter, FindingKey, FindingRow, FindingVerdict, Findings, ImageKey,
    PackageFindings, PackageVersion, PackageVersionId, Page, PageRequest, SnapshotVersion, Vulnerability,
};
use async_trait::async_trait;
use inventory::Ecosystem;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet};

pub(super) use listing::of_packages;
#[cfg(test)]
pub(super) use listing::{AFFECTED_IMAGES, IMAGES_OF_VULNERABILITY, OF_IMAGE, OF_PACKAGES};

#[async_trait]
impl Findings for SqliteStore {
    async fn package_versions_to_match(
        &self,
        snapshot: &SnapshotVersion,
        limit: usize,
    ) -> Result<Vec<(PackageVersionId, PackageVersion)>, Error> {
        let snapshot = snapshot.clone();
        self.read(move |connection| to_match(connection, &snapshot, limit)).await
    }

    async fn unmatched(
        &self,
        snapshot: &SnapshotVersion,
        package_versions: &[PackageVersionId],
    ) -> Result<Vec<(PackageVersionId, PackageVersion)>, Error> {
        let (snapshot, ids) = (snapshot.clone(), package_versions.to_vec());
        self.read(move |connection| {
            let sql = "SELECT * FROM package_version WHERE id = ?1 AND matched_snapshot IS NOT ?2";
            let mut found = Vec::new();
            for id in ids {
                found.extend(row(connection, sql, params![id.0, snapshot.0], numbered_version)?);
            }
            Ok(found)
        })
        .await
    }

    async fn record_findings(
        &self,
        snapshot: &SnapshotVersion,
        packages: Vec<PackageFindings>,
        vulnerabilities: Vec<Vulnerability>,
        at: Timestamp,
    ) -> Result<Vec<PackageVersionId>, Error> {
        let snapshot = snapshot.clone();
        self.write(move |connection| record(connection, &snapshot, &packages, &vulnerabilities, at)).await
    }

    async fn adopt_snapshot(
        &self,
        from: &SnapshotVersion,
        to: &SnapshotVersion,
        package_versions: Vec<PackageVersionId>,
    ) -> Result<u64, Error> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |connection| {
            let sql =
                "UPDATE package_version SET matched_snapshot = ?3 WHERE id = ?1 AND matched_snapshot = ?2";
            let mut adopted = 0;
            for id in package_versions {
                adopted += change(connection, sql, params![id.0, from.0, to.0])? as u64;
            }
            Ok(adopted)
        })
        .await
    }

    async fn affected_images(
        &self,
        package_versions: &[PackageVersionId],
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageKey, ImageKey>, Error> {
        let ids = package_versions.to_vec();
        self.read(move |connection| listing::affected_images(connection, &ids, &page)).await
    }

    async fn findings(
        &self,
        filter: &FindingFilter,
        page: PageRequest<FindingKey>,
    ) -> Result<Page<Finding, FindingKey>, Error> {
        let filter = filter.clone();
        self.read(move |connection| listing::findings(connection, &filter, &page)).await
    }

    async fn vulnerabilities(&self, id: &str) -> Result<Vec<Vulnerability>, Error> {
        let id = id.to_owned();
        self.read(move |connection| {
            let sql = "SELECT id AS vulnerability, ecosystem, severity, score, record FROM vulnerability
                       WHERE id = ?1 ORDER BY ecosystem";
            rows(connection, sql, [id], vulnerability)
        })
        .await
    }
}

/// Package versions that were never matched, or with an earlier or later snapshot: three ranges of one index.
/// A condition "other than" would read all the rows that are up to date.
pub(super) const TO_MATCH: [&str; 3] = [
    "SELECT * FROM package_version WHERE matched_snapshot IS NULL AND ?1 IS NOT NULL ORDER BY id LIMIT ?2",
    "SELECT * FROM package_version WHERE matched_snapshot < ?1 LIMIT ?2",
    "SELECT * FROM package_version WHERE matched_snapshot > ?1 LIMIT ?2",
];

fn to_match(
    connection: &Connection,
    snapshot: &SnapshotVersion,
    limit: usize,
) -> Result<Vec<(PackageVersionId, PackageVersion)>, Error> {
    let limit = limit.clamp(1, PageRequest::<PackageVersionId>::MAX);
    let mut found = Vec::new();
    for sql in TO_MATCH {
        let wanted = i64::try_from(limit - found.len()).unwrap_or(i64::MAX);
        found.extend(rows(connection, sql, params![snapshot.0, wanted], numbered_version)?);
    }
    Ok(found)
}

fn numbered_version(row: &Row<'_>) -> Result<(PackageVersionId, PackageVersion), Error> {
    Ok((PackageVersionId(row.plain("id")?), package_version(row)?))
}

pub(super) fn record(
    connection: &Connection,
    snapshot: &SnapshotVersion,
    packages: &[PackageFindings],
    vulnerabilities: &[Vulnerability],
    at: Timestamp,
) -> Result<Vec<PackageVersionId>, Error> {
    let mut changed = BTreeSet::new();
    for vulnerability in vulnerabilities {
        changed.extend(put_vulnerability(connection, vulnerability)?);
    }
    for package in packages {
        if replace_findings(connection, package, snapshot, at)? {
            changed.insert(package.package_version);
        }
        let sql = "UPDATE package_version SET matched_snapshot = ?2 WHERE id = ?1";
        if change(connection, sql, params![package.package_version.0, snapshot.0])? == 0 {
            let name = package.package_version.0.to_string();
            return Err(Error::Unknown { what: "package version", name });
        }
    }
    for package_version in &changed {
        reevaluation::count_findings(connection, *package_version)?;
    }
    Ok(changed.into_iter().collect())
}

/// Keeps what is said of a vulnerability. If it is something else than before, all who have it are changed.
fn put_vulnerability(
    connection: &Connection,
    vulnerability: &Vulnerability,
) -> Result<Vec<PackageVersionId>, Error> {
    let Vulnerability { id, ecosystem, severity, score, record } = vulnerability;
    let sql = "INSERT INTO vulnerability (id, ecosystem, severity, score, record) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (id, ecosystem) DO UPDATE
               SET severity = excluded.severity, score = excluded.score, record = excluded.record
               WHERE severity <> excluded.severity OR score IS NOT excluded.score OR record <> excluded.record";
    if change(connection, sql, params![id, ecosystem.as_str(), severity, score, json_text(record)?])? == 0 {
        return Ok(Vec::new());
    }
    let having = "SELECT f.package_version FROM package_finding f
                  JOIN package_version p ON p.id = f.package_version
                  WHERE f.vulnerability = ?1 AND p.ecosystem = ?2";
    rows(connection, having, [id, ecosystem.as_str()], |row| {
        Ok(PackageVersionId(row.plain("package_version")?))
    })
}

/// Puts the findings of a package version in place of its earlier ones. Whether anything changed.
///
/// What a package version has when it is matched for the first time is its beginning and no change.
fn replace_findings(
    connection: &Connection,
    package: &PackageFindings,
    snapshot: &SnapshotVersion,
    at: Timestamp,
) -> Result<bool, Error> {
    let id = package.package_version;
    let sql = "SELECT matched_snapshot IS NOT NULL FROM package_version WHERE id = ?1";
    let matched_before = value(connection, sql, [id.0])?.unwrap_or(false);
    let mut before = findings_of(connection, id)?;
    let mut changed = false;
    let tell = |before: Option<&FindingRow>, after: Option<&FindingRow>| {
        let told = |finding: &FindingRow| (finding.verdict, finding.fixed.clone());
        let Some(either) = after.or(before) else { return Ok(()) };
        // Another wording of the evidence is no event in the life of a finding.
        if !matched_before || before.map(told) == after.map(told) {
            return Ok(());
        }
        let reason = package.reasons.get(&either.vulnerability);
        history::append(connection, id, &Changed { before, after, reason }, snapshot, at)
    };
    for finding in &package.findings {
        let earlier = before.remove(&finding.vulnerability);
        if earlier.as_ref() == Some(finding) {
            continue;
        }
        put_finding(connection, id.0, finding, at)?;
        tell(earlier.as_ref(), Some(finding))?;
        changed = true;
    }
    for gone in before.values() {
        let sql = "DELETE FROM package_finding WHERE package_version = ?1 AND vulnerability = ?2";
        change(connection, sql, params![id.0, gone.vulnerability])?;
        tell(Some(gone), None)?;
        changed = true;
    }
    Ok(changed)
}

fn findings_of(connection: &Connection, id: PackageVersionId) -> Result<BTreeMap<String, FindingRow>, Error> {
    let sql = "SELECT vulnerability, verdict, fixed, advisories, evidence FROM package_finding
               WHERE package_version = ?1";
    let found = rows(connection, sql, [id.0], |row| {
        let finding = FindingRow {
            vulnerability: row.plain("vulnerability")?,
            verdict: verdict(row)?,
            fixed: row.plain("fixed")?,
            advisories: row.json("advisories")?,
            evidence: row.json("evidence")?,
        };
        Ok((finding.vulnerability.clone(), finding))
    })?;
    Ok(found.into_iter().collect())
}

fn put_finding(
    connection: &Connection,
    package_version: i64,
    finding: &FindingRow,
    at: Timestamp,
) -> Result<(), Error> {
    let known =
        "SELECT 1 FROM package_version p JOIN vulnerability v ON v.id = ?1 AND v.ecosystem = p.ecosystem
                 WHERE p.id = ?2";
    if !exists(connection, known, params![finding.vulnerability, package_version])? {
        return Err(Error::Unknown { what: "vulnerability", name: finding.vulnerability.clone() });
    }
    let sql =
        "INSERT INTO package_finding (package_version, vulnerability, verdict, fixed, advisories, evidence,
                                            first_seen)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (package_version, vulnerability) DO UPDATE
               SET verdict = excluded.verdict, fixed = excluded.fixed, advisories = excluded.advisories,
                   evidence = excluded.evidence";
    let verdict = finding.verdict.as_str();
    let (advisories, evidence) = (json_text(&finding.advisories)?, json_text(&finding.evidence)?);
    let FindingRow { vulnerability, fixed, .. } = finding;
    change(
        connection,
        sql,
        params![package_version, vulnerability, verdict, fixed, advisories, evidence, moment(at)],
    )?;
    Ok(())
}

pub(super) fn verdict(row: &Row<'_>) -> Result<FindingVerdict, Error> {
    row.word("verdict", FindingVerdict::from_word)
}

fn vulnerability(row: &Row<'_>) -> Result<Vulnerability, Error> {
    Ok(Vulnerability {
        id: row.plain("vulnerability")?,
        ecosystem: Ecosystem::new(&row.plain::<String>("ecosystem")?),
        severity: row.plain("severity")?,
        score: row.plain("score")?,
        record: row.json("record")?,
    })
}
