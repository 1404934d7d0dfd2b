//! Findings that are shown before they are counted, in SQLite.

use super::column::{Columns, change, exists, json_text, rows, value};
use super::reevaluation::package_standing;
use super::{SqliteStore, findings, flipped, summaries, verdict_events};
use crate::{
    Additions, Ahead, Error, Found, ImageKey, ImageNumber, ImageState, ImageSummary, MoreFindings,
    PackageList, PackageStanding, PackageVersion, PackageVersionId, ShownAhead, SnapshotVersion,
};
use advisory::Query;
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Additions for SqliteStore {
    async fn is_all_matched_with(&self, mut snapshots: Vec<SnapshotVersion>) -> Result<bool, Error> {
        snapshots.sort();
        self.read(move |connection| is_all_matched_with(connection, &snapshots)).await
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

    async fn images_with_documents(&self) -> Result<Vec<ImageNumber>, Error> {
        self.read(|connection| numbers(connection, &WITH_DOCUMENTS)).await
    }

    async fn images_not_unhealthy(&self) -> Result<Vec<ImageNumber>, Error> {
        self.read(|connection| numbers(connection, &[NOT_UNHEALTHY])).await
    }

    async fn written_summary(&self, image: &ImageKey) -> Result<Option<ImageSummary>, Error> {
        let image = image.clone();
        self.read(move |connection| summaries::find_written(connection, &image)).await
    }

    async fn show_ahead(&self, ahead: Ahead, at: Timestamp) -> Result<ShownAhead, Error> {
        self.write(move |connection| {
            connection.execute_batch("SAVEPOINT ahead")?;
            let shown = show_ahead(connection, &ahead, at)?;
            if let ShownAhead::TooManyFlips(_) = shown {
                connection.execute_batch("ROLLBACK TO ahead")?;
            }
            connection.execute_batch("RELEASE ahead")?;
            Ok(shown)
        })
        .await
    }

    async fn uncounted(&self) -> Result<Vec<PackageVersionId>, Error> {
        self.read(|connection| {
            let sql = "SELECT DISTINCT package_version FROM more_findings ORDER BY package_version";
            rows(connection, sql, [], |row| Ok(PackageVersionId(row.plain("package_version")?)))
        })
        .await
    }

    async fn findings_are_counted(&self) -> Result<(), Error> {
        self.write(|connection| {
            change(connection, "DELETE FROM more_findings", [])?;
            flipped::forget_written(connection)
        })
        .await
    }
}

/// The images of some statements, ascending, each once.
fn numbers(connection: &Connection, statements: &[&str]) -> Result<Vec<ImageNumber>, Error> {
    let mut images = Vec::new();
    for sql in statements {
        images.extend(rows(connection, sql, [], |row| Ok(ImageNumber(row.plain("id")?)))?);
    }
    images.sort_unstable();
    images.dedup();
    Ok(images)
}

fn show_ahead(connection: &Connection, ahead: &Ahead, at: Timestamp) -> Result<ShownAhead, Error> {
    let Ahead { snapshot, packages, vulnerabilities, more, but, most_flips } = ahead;
    let flips = flipped::mark(connection, more, but, at)?;
    if most_flips.is_some_and(|most| flips > most) {
        return Ok(ShownAhead::TooManyFlips(flips));
    }
    let touched = findings::record(connection, snapshot, packages, vulnerabilities, at)?;
    let sql = "INSERT INTO more_findings (before, package_version, snapshot, counts) VALUES (?1, ?2, ?3, ?4)";
    for (before, more) in more {
        change(connection, "DELETE FROM more_findings WHERE before = ?1", [&before.0])?;
        for MoreFindings { package_version, counts } in more {
            let counts = json_text(counts)?;
            change(connection, sql, params![before.0, package_version.0, snapshot.0, counts])?;
        }
    }
    Ok(ShownAhead::Shown(touched))
}

/// Package versions that were matched with nothing, with something below, above or between: ranges of an index.
pub(super) const OTHERWISE_MATCHED: [&str; 4] = [
    "SELECT 1 FROM package_version WHERE matched_snapshot IS NULL LIMIT 1",
    "SELECT 1 FROM package_version WHERE matched_snapshot < ?1 LIMIT 1",
    "SELECT 1 FROM package_version WHERE matched_snapshot > ?1 LIMIT 1",
    "SELECT 1 FROM package_version WHERE matched_snapshot > ?1 AND matched_snapshot < ?2 LIMIT 1",
];

/// The snapshots are sorted.
fn is_all_matched_with(connection: &Connection, snapshots: &[SnapshotVersion]) -> Result<bool, Error> {
    let [unmatched, below, above, between] = OTHERWISE_MATCHED;
    let (Some(first), Some(last)) = (snapshots.first(), snapshots.last()) else { return Ok(false) };
    if exists(connection, unmatched, [])?
        || exists(connection, below, [&first.0])?
        || exists(connection, above, [&last.0])?
    {
        return Ok(false);
    }
    for (low, high) in snapshots.iter().zip(snapshots.iter().skip(1)) {
        if exists(connection, between, [&low.0, &high.0])? {
            return Ok(false);
        }
    }
    let shown = rows(connection, "SELECT DISTINCT before FROM more_findings", [], |row| {
        Ok(SnapshotVersion(row.plain("before")?))
    })?;
    Ok(shown.iter().all(|before| snapshots.contains(before)))
}

/// The images that have a verdict and are not unhealthy, from the index of states.
pub(super) const NOT_UNHEALTHY: &str = "SELECT i.id FROM registry r
     CROSS JOIN image_summary s ON s.registry = r.id AND s.state IN ('Healthy', 'NotApplicable')
     CROSS JOIN image i ON i.digest = s.digest";

/// The images to which a trusted document is attached, or to an index of which.
pub(super) const WITH_DOCUMENTS: [&str; 2] = [
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

/// What is found and not counted in all summaries yet, read once for all summaries of an answer.
pub(super) struct Uncounted {
    /// By the snapshot of before.
    of: BTreeMap<String, Added>,
    /// Whether any verdict is another one by that.
    has_flips: bool,
}

/// What summaries lack that were made with a snapshot.
#[derive(Default)]
struct Added {
    snapshot: String,
    counts: BTreeMap<PackageVersionId, BTreeMap<String, u64>>,
}

/// With more package versions than this, it is looked through what an image has, and not through these.
const FEW: usize = 16;

impl Uncounted {
    /// Nearly always there is none.
    pub(super) fn load(connection: &Connection) -> Result<Self, Error> {
        let sql = "SELECT before, package_version, snapshot, counts FROM more_findings";
        let mut of: BTreeMap<String, Added> = BTreeMap::new();
        rows(connection, sql, [], |row| {
            let added = of.entry(row.plain("before")?).or_default();
            added.snapshot = row.plain("snapshot")?;
            added.counts.insert(PackageVersionId(row.plain("package_version")?), row.json("counts")?);
            Ok(())
        })?;
        Ok(Self { of, has_flips: flipped::is_any(connection)? })
    }

    /// A summary with what was found since it was made.
    pub(super) fn added_to(
        &self,
        connection: &Connection,
        mut summary: ImageSummary,
    ) -> Result<ImageSummary, Error> {
        if self.of.is_empty() && !self.has_flips {
            return Ok(summary);
        }
        if summary.state != ImageState::Unhealthy
            && !(self.has_flips && flipped::flip(connection, &mut summary)?)
        {
            return Ok(summary);
        }
        if summary.children.is_empty() {
            self.add(connection, &mut summary)?;
        } else {
            self.add_up(connection, &mut summary)?;
        }
        Ok(summary)
    }

    /// What is found in an image by now, where that is more than what was found when its summary, with what was found then
    /// in it, was written.
    pub(super) fn found_now(
        &self,
        connection: &Connection,
        mut written: ImageSummary,
    ) -> Result<Option<Found>, Error> {
        let before: u64 = written.counts.values().sum();
        if self.of.is_empty() || !written.children.is_empty() || !verdict_events::is_verdict(written.state) {
            return Ok(None);
        }
        self.add(connection, &mut written)?;
        let is_more = written.counts.values().sum::<u64>() > before;
        Ok(is_more.then(|| Found { state: ImageState::Unhealthy, ..Found::of(&written) }))
    }

    fn add(&self, connection: &Connection, summary: &mut ImageSummary) -> Result<(), Error> {
        let Some(made_with) = &summary.snapshot else { return Ok(()) };
        let Some(Added { snapshot, counts }) = self.of.get(&made_with.0) else { return Ok(()) };
        let digest = summary.image.digest.as_str();
        let mut has = Vec::new();
        if counts.len() <= FEW {
            for package in counts.keys() {
                if exists(connection, HAS_PACKAGE, params![digest, package.0])? {
                    has.push(*package);
                }
            }
        } else {
            let packages: Option<Vec<u8>> = value(connection, CONTENT, [digest])?;
            let packages = PackageList::from_bytes(packages.unwrap_or_default());
            has.extend(packages.iter().map(|(package, _)| package));
        }
        for (severity, count) in has.iter().filter_map(|package| counts.get(package)).flatten() {
            *summary.counts.entry(severity.clone()).or_default() += count;
            summary.snapshot = Some(SnapshotVersion(snapshot.clone()));
        }
        Ok(())
    }

    /// An index has what its images have.
    fn add_up(&self, connection: &Connection, summary: &mut ImageSummary) -> Result<(), Error> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for digest in &summary.children {
            let image = ImageKey { repository: summary.image.repository.clone(), digest: digest.clone() };
            // An index in an index is shown as it was added up last, until its own turn comes.
            let Some(child) = summaries::find_written(connection, &image)? else { continue };
            let is_image = child.children.is_empty();
            let child = if is_image { self.added_to(connection, child)? } else { child };
            for (severity, count) in child.counts {
                *counts.entry(severity).or_default() += count;
            }
        }
        let all: u64 = counts.values().sum();
        if all > summary.counts.values().sum() {
            summary.counts = counts;
        }
        Ok(())
    }
}

/// Whether an image has a package version.
pub(super) const HAS_PACKAGE: &str = "SELECT 1 FROM image i
     CROSS JOIN image_package p ON p.image = i.id AND p.package_version = ?2 WHERE i.digest = ?1 LIMIT 1";

/// The package versions of an image in one value.
pub(super) const CONTENT: &str =
    "SELECT c.packages FROM image i CROSS JOIN image_content c ON c.image = i.id WHERE i.digest = ?1";
