//! Findings that are shown before they are counted, in SQLite.

use super::column::{Columns, change, exists, json_text, rows, value};
use super::reevaluation::package_standing;
use super::{SqliteStore, findings, flipped, summaries, verdict_events};
use crate::{
    Additions, Ahead, Error, Found, ImageKey, ImageNumber, ImageState, ImageSummary, MoreFindings,
    PackageList, PackageStanding, PackageVersion, PackageVersionId, RepositoryKey, Ruling, ShownAhead,
    SnapshotVersion,
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
            change(connection, "DELETE FROM ruling_ahead", [])?;
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
    let flips = flipped::mark(connection, ahead, at)?;
    if ahead.most_flips.is_some_and(|most| flips > most) {
        return Ok(ShownAhead::TooManyFlips(flips));
    }
    let Ahead { snapshot, packages, vulnerabilities, more, rulings, .. } = ahead;
    let touched = findings::record(connection, snapshot, packages, vulnerabilities, at)?;
    let sql = "INSERT INTO more_findings (before, package_version, snapshot, counts, left_by_rules)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    for (before, more) in more {
        change(connection, "DELETE FROM more_findings WHERE before = ?1", [&before.0])?;
        for MoreFindings { package_version, counts, left, .. } in more {
            let values =
                params![before.0, package_version.0, snapshot.0, json_text(counts)?, json_text(left)?];
            change(connection, sql, values)?;
        }
    }
    change(connection, "DELETE FROM ruling_ahead", [])?;
    let sql = "INSERT INTO ruling_ahead (registry, repository, ruling) VALUES (?1, ?2, ?3)";
    for (RepositoryKey { registry, name }, ruling) in rulings {
        change(connection, sql, params![registry.0, name.as_str(), ruling.0])?;
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
    /// Whether anything is told ahead of single images.
    has_flips: bool,
    /// Whether rules hide some of it.
    has_rulings: bool,
}

/// What summaries lack that were made with a snapshot.
#[derive(Default)]
struct Added {
    snapshot: String,
    more: BTreeMap<PackageVersionId, MoreFindings>,
}

/// With more package versions than this, it is looked through what an image has, and not through these.
const FEW: usize = 16;

impl Uncounted {
    /// Nearly always there is none.
    pub(super) fn load(connection: &Connection) -> Result<Self, Error> {
        let sql = "SELECT before, package_version, snapshot, counts, left_by_rules FROM more_findings";
        let mut of: BTreeMap<String, Added> = BTreeMap::new();
        let mut has_rulings = false;
        rows(connection, sql, [], |row| {
            let added = of.entry(row.plain("before")?).or_default();
            added.snapshot = row.plain("snapshot")?;
            let package_version = PackageVersionId(row.plain("package_version")?);
            let (counts, left) = (row.json("counts")?, row.json("left_by_rules")?);
            let more = MoreFindings { left, ..MoreFindings::new(package_version, counts) };
            has_rulings |= !more.left.is_empty();
            added.more.insert(package_version, more);
            Ok(())
        })?;
        Ok(Self { of, has_flips: flipped::is_any(connection)?, has_rulings })
    }

    fn is_empty(&self) -> bool {
        self.of.is_empty() && !self.has_flips
    }

    /// What is told ahead of an image alone.
    fn told(&self, connection: &Connection, image: &ImageKey) -> Result<Option<flipped::Shown>, Error> {
        if self.has_flips { flipped::of_image(connection, image) } else { Ok(None) }
    }

    /// A summary with what was found since it was made.
    pub(super) fn added_to(
        &self,
        connection: &Connection,
        mut summary: ImageSummary,
    ) -> Result<ImageSummary, Error> {
        if self.is_empty() {
            return Ok(summary);
        }
        match self.told(connection, &summary.image)? {
            Some(told) if told.is_as_written => return Ok(summary),
            Some(told) => flipped::flip(connection, &mut summary, &told)?,
            None if summary.state != ImageState::Unhealthy => return Ok(summary),
            None => {}
        }
        if summary.children.is_empty() {
            let ruling = self.ruling(connection, &summary.image)?;
            self.add(connection, &mut summary, ruling)?;
        } else {
            self.add_up(connection, &mut summary)?;
        }
        Ok(summary)
    }

    /// What is found in an image by now, whatever rules make of it. What was found when its summary was written stands in
    /// the summary.
    pub(super) fn found_now(
        &self,
        connection: &Connection,
        mut written: ImageSummary,
    ) -> Result<Found, Error> {
        if self.is_empty() || !verdict_events::is_verdict(written.state) {
            return Ok(Found::of(&written));
        }
        if !written.children.is_empty() {
            return Ok(Found::of(&self.added_to(connection, written)?));
        }
        let before: u64 = written.counts.values().sum();
        self.add(connection, &mut written, None)?;
        if written.counts.values().sum::<u64>() > before {
            return Ok(Found { state: ImageState::Unhealthy, ..Found::of(&written) });
        }
        let told = self.told(connection, &written.image)?;
        if let Some(cause) = told.and_then(|told| told.cause) {
            written.cause = Some(cause);
            if written.state == ImageState::Healthy {
                written.state = ImageState::NotApplicable;
            }
        }
        Ok(Found::of(&written))
    }

    /// The rules that hide some of it where an image stands.
    fn ruling(&self, connection: &Connection, image: &ImageKey) -> Result<Option<Ruling>, Error> {
        if !self.has_rulings {
            return Ok(None);
        }
        let RepositoryKey { registry, name } = &image.repository;
        let sql = "SELECT ruling FROM ruling_ahead WHERE registry = ?1 AND repository = ?2";
        Ok(value(connection, sql, params![registry.0, name.as_str()])?.map(Ruling))
    }

    fn add(
        &self,
        connection: &Connection,
        summary: &mut ImageSummary,
        ruling: Option<Ruling>,
    ) -> Result<(), Error> {
        let Some(made_with) = &summary.snapshot else { return Ok(()) };
        let Some(Added { snapshot, more }) = self.of.get(&made_with.0) else { return Ok(()) };
        let digest = summary.image.digest.as_str();
        let mut has = Vec::new();
        if more.len() <= FEW {
            for package in more.keys() {
                if exists(connection, HAS_PACKAGE, params![digest, package.0])? {
                    has.push(*package);
                }
            }
        } else {
            let packages: Option<Vec<u8>> = value(connection, CONTENT, [digest])?;
            let packages = PackageList::from_bytes(packages.unwrap_or_default());
            has.extend(packages.iter().map(|(package, _)| package));
        }
        for more in has.iter().filter_map(|package| more.get(package)) {
            for (severity, count) in more.counts_under(ruling) {
                *summary.counts.entry(severity.clone()).or_default() += count;
            }
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
