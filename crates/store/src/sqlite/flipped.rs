//! Verdicts that are shown as unhealthy before they are written, in SQLite.
//!
//! An image that was healthy, or could not be assessed, and has a package version with more findings is unhealthy:
//! what applies wins over everything else. So nothing has to be judged to know it, and one row for each such image lets
//! all who read by state see it at once. The summary is written behind that, with its event; a trigger takes the row
//! away in the same transaction. No row has consequences of its own, so that nothing is told twice or lost.

use super::column::{Columns, change, exists, moment, row, rows, value};
use super::images::image_key;
use super::summaries;
use crate::{
    Cause, Error, ImageContent, ImageKey, ImageState, MoreFindings, PackageList, RegistryId, RepositoryKey,
    SnapshotVersion,
};
use jiff::Timestamp;
use oci::RepositoryName;
use rusqlite::{Connection, Row, params};
use std::collections::{BTreeMap, BTreeSet};

/// The states that show nothing of what was found.
const WELL: [ImageState; 2] = [ImageState::Healthy, ImageState::NotApplicable];

/// Whether there are any. Nearly always there is none.
pub(super) fn is_any(connection: &Connection) -> Result<bool, Error> {
    exists(connection, "SELECT 1 FROM flipped_ahead LIMIT 1", [])
}

/// Whether an image is one of them.
pub(super) fn has(connection: &Connection, image: &ImageKey) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM flipped_ahead WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = image;
    exists(connection, sql, params![repository.registry.0, repository.name.as_str(), digest.as_str()])
}

/// What an image is that was written in a state.
pub(super) fn shown(
    connection: &Connection,
    image: &ImageKey,
    written: ImageState,
) -> Result<ImageState, Error> {
    let is_flipped = WELL.contains(&written) && has(connection, image)?;
    Ok(if is_flipped { ImageState::Unhealthy } else { written })
}

/// Lets a summary show that it became another one, if it did. Whether it did.
pub(super) fn flip(connection: &Connection, summary: &mut crate::ImageSummary) -> Result<bool, Error> {
    let sql =
        "SELECT is_ruled, at FROM flipped_ahead WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = &summary.image;
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    let found = row(connection, sql, key, |row| Ok((row.plain::<bool>("is_ruled")?, row.moment("at")?)))?;
    let Some((is_ruled, at)) = found else { return Ok(false) };
    if is_ruled {
        // That everything is hidden is not so any more.
        summary.cause = found_cause(connection, &summary.image)?;
    }
    summary.state = ImageState::Unhealthy;
    summary.changed_at = at;
    Ok(true)
}

fn found_cause(connection: &Connection, image: &ImageKey) -> Result<Option<Cause>, Error> {
    let sql = "SELECT found_cause_code, found_cause_sentence FROM image_summary
               WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = image;
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    let cause = row(connection, sql, key, |row| {
        let words = (row.plain("found_cause_code")?, row.plain("found_cause_sentence")?);
        Ok(if let (Some(code), Some(sentence)) = words { Some(Cause { code, sentence }) } else { None })
    })?;
    Ok(cause.flatten())
}

/// Those of a registry.
pub(super) const OF_REGISTRY: &str = "SELECT registry, repository, digest FROM flipped_ahead
     WHERE registry = ?1 AND (repository, digest) > (?2, ?3) ORDER BY repository, digest LIMIT ?4";

/// Those of a repository.
pub(super) const OF_REPOSITORY: &str = "SELECT registry, repository, digest FROM flipped_ahead
     WHERE registry = ?1 AND repository = ?2 AND digest > ?3 ORDER BY digest LIMIT ?4";

/// Those of a registry with their packages.
pub(super) const CONTENTS: &str = "SELECT f.registry, f.repository, f.digest, c.packages FROM flipped_ahead f
     CROSS JOIN image_census c ON c.registry = f.registry AND c.state = f.state
            AND c.repository = f.repository AND c.digest = f.digest
     WHERE f.registry = ?1 AND (f.repository, f.digest) > (?2, ?3)
     ORDER BY f.repository, f.digest LIMIT ?4";

/// The next of them behind a repository and a digest.
pub(super) fn contents(
    connection: &Connection,
    (registry, repository, digest): (RegistryId, &str, &str),
    limit: i64,
) -> Result<Vec<ImageContent>, Error> {
    rows(connection, CONTENTS, params![registry.0, repository, digest, limit], |row| {
        let packages = row.plain::<Option<Vec<u8>>>("packages")?.map(PackageList::from_bytes);
        Ok(ImageContent { image: image_key(row)?, state: ImageState::Unhealthy, packages })
    })
}

/// How many there are, by repository and by the state that is written.
pub(super) const COUNTS: &str = "SELECT repository, state, count(*) AS count FROM flipped_ahead
     WHERE registry = ?1 GROUP BY repository, state";

/// How many of a registry there are, by repository and by the state that is written.
pub(super) fn counts(
    connection: &Connection,
    registry: RegistryId,
) -> Result<Vec<(RepositoryName, ImageState, u64)>, Error> {
    if !is_any(connection)? {
        return Ok(Vec::new());
    }
    rows(connection, COUNTS, [registry.0], |row| {
        let state = row.word("state", ImageState::from_word)?;
        Ok((row.parsed("repository")?, state, row.count("count")?))
    })
}

/// The images of a registry in one state with their packages: nothing but the table itself is read.
pub(super) const CANDIDATES: &str = "SELECT repository, digest, packages FROM image_census
     WHERE registry = ?1 AND state = ?2";

const PUT: &str = "INSERT INTO flipped_ahead (registry, repository, digest, state, is_ruled, at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

/// Lets those images be shown as unhealthy that have one of some package versions, but for these; what was shown before
/// is forgotten. Returns how many of them were healthy.
pub(super) fn mark(
    connection: &Connection,
    more: &[(SnapshotVersion, Vec<MoreFindings>)],
    but: &BTreeSet<ImageKey>,
    at: Timestamp,
) -> Result<u64, Error> {
    change(connection, "DELETE FROM flipped_ahead", [])?;
    let more = Wanted::of(more);
    if more.of.is_empty() {
        return Ok(0);
    }
    let (ruled, mut indexes, mut healthy) = (ruled(connection)?, Vec::new(), 0);
    for registry in rows(connection, "SELECT id FROM registry ORDER BY id", [], |row| row.plain::<i64>("id"))?
    {
        for state in WELL {
            let mut statement = connection.prepare_cached(CANDIDATES)?;
            let mut found = statement.query(params![registry, state.as_str()])?;
            while let Some(row) = found.next()? {
                let Some(packages) = row.get_ref(2)?.as_blob_or_null().map_err(rusqlite::Error::from)? else {
                    indexes.push(key(registry, row)?);
                    continue;
                };
                if !more.is_any_in(packages) {
                    continue;
                }
                let image = key(registry, row)?;
                let rule = ruled.get(&image);
                // Of an image that is exempt as a whole nothing counts.
                if rule == Some(&Ruled::Whole)
                    || but.contains(&image)
                    || !more.concerns(connection, &image, packages)?
                {
                    continue;
                }
                put(connection, &image, state, rule.is_some(), at)?;
                healthy += u64::from(state == ImageState::Healthy);
            }
        }
    }
    mark_indexes(connection, indexes, at)?;
    Ok(healthy)
}

fn put(
    connection: &Connection,
    image: &ImageKey,
    state: ImageState,
    is_ruled: bool,
    at: Timestamp,
) -> Result<(), Error> {
    let ImageKey { repository: RepositoryKey { registry, name }, digest } = image;
    let values = params![registry.0, name.as_str(), digest.as_str(), state.as_str(), is_ruled, moment(at)];
    change(connection, PUT, values)?;
    Ok(())
}

fn key(registry: i64, row: &Row<'_>) -> Result<ImageKey, Error> {
    let repository = RepositoryKey { registry: RegistryId(registry), name: row.parsed("repository")? };
    Ok(ImageKey { repository, digest: row.parsed("digest")? })
}

/// Package versions with more findings, by the snapshot of before.
struct Wanted {
    of: BTreeMap<String, Vec<bool>>,
    /// All of them together, by number.
    any: Vec<bool>,
}

impl Wanted {
    fn of(more: &[(SnapshotVersion, Vec<MoreFindings>)]) -> Self {
        let mut wanted = Self { of: BTreeMap::new(), any: Vec::new() };
        for (before, more) in more.iter().filter(|(_, more)| !more.is_empty()) {
            let mine = wanted.of.entry(before.0.clone()).or_default();
            for place in more.iter().filter_map(|more| usize::try_from(more.package_version.0).ok()) {
                for bits in [&mut *mine, &mut wanted.any] {
                    bits.resize(bits.len().max(place + 1), false);
                    if let Some(bit) = bits.get_mut(place) {
                        *bit = true;
                    }
                }
            }
        }
        wanted
    }

    fn is_any_in(&self, packages: &[u8]) -> bool {
        has_any(&self.any, packages)
    }

    /// Whether an image that has any has one that is more than what its verdict was made with.
    fn concerns(&self, connection: &Connection, image: &ImageKey, packages: &[u8]) -> Result<bool, Error> {
        // A healthy image with more findings than with the only snapshot of before was made with that.
        if self.of.len() == 1 {
            return Ok(true);
        }
        let sql =
            "SELECT snapshot FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
        let ImageKey { repository, digest } = image;
        let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
        let made_with: Option<String> = value(connection, sql, key)?.flatten();
        let mine = made_with.and_then(|made_with| self.of.get(&made_with));
        Ok(mine.is_some_and(|mine| has_any(mine, packages)))
    }
}

fn has_any(wanted: &[bool], packages: &[u8]) -> bool {
    let is_wanted = |number: i64| usize::try_from(number).ok().and_then(|at| wanted.get(at)) == Some(&true);
    PackageList::entries(packages).any(|(package, _)| is_wanted(package.0))
}

/// What rules make of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruled {
    /// Nothing of it counts.
    Whole,
    /// Some of what was found does not count.
    Partly,
}

/// The images of which rules make something else than was found, from their own index. One that is exempt as a whole
/// says so, and one of which everything is hidden that was found keeps what else is to be said of it.
const RULED: &str = "SELECT registry, repository, digest,
            state = 'NotApplicable' AND cause_code IS NOT found_cause_code AS whole
     FROM image_summary WHERE found_state IS NOT NULL";

fn ruled(connection: &Connection) -> Result<BTreeMap<ImageKey, Ruled>, Error> {
    let found = rows(connection, RULED, [], |row| {
        let is_whole = row.plain::<Option<bool>>("whole")?.unwrap_or(false);
        Ok((image_key(row)?, if is_whole { Ruled::Whole } else { Ruled::Partly }))
    })?;
    Ok(found.into_iter().collect())
}

/// An index is as bad as its worst image, and an index of indexes too.
fn mark_indexes(connection: &Connection, mut indexes: Vec<ImageKey>, at: Timestamp) -> Result<(), Error> {
    while !indexes.is_empty() && is_any(connection)? {
        let before = indexes.len();
        let mut others = Vec::new();
        for image in indexes {
            let Some(summary) = summaries::find_written(connection, &image)? else { continue };
            if summary.children.is_empty() || is_ruled(connection, &image)? {
                continue;
            }
            if is_ill(connection, &summary)? {
                put(connection, &image, summary.state, false, at)?;
            } else {
                others.push(image);
            }
        }
        if others.len() == before {
            return Ok(());
        }
        indexes = others;
    }
    Ok(())
}

fn is_ruled(connection: &Connection, image: &ImageKey) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM image_summary
               WHERE registry = ?1 AND repository = ?2 AND digest = ?3 AND found_state IS NOT NULL";
    let ImageKey { repository, digest } = image;
    exists(connection, sql, params![repository.registry.0, repository.name.as_str(), digest.as_str()])
}

/// Whether any image of an index is unhealthy, or shown so.
fn is_ill(connection: &Connection, index: &crate::ImageSummary) -> Result<bool, Error> {
    for digest in &index.children {
        let image = ImageKey { repository: index.image.repository.clone(), digest: digest.clone() };
        let Some(child) = summaries::find_written(connection, &image)? else { continue };
        if shown(connection, &image, child.state)? == ImageState::Unhealthy {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets what is written by now. Indexes follow their images by jobs of their own; those that will be unhealthy are
/// shown so until then.
pub(super) fn forget_written(connection: &Connection) -> Result<(), Error> {
    if !is_any(connection)? {
        return Ok(());
    }
    let sql = "SELECT registry, repository, digest, at FROM flipped_ahead";
    let left = rows(connection, sql, [], |row| Ok((image_key(row)?, row.moment("at")?)))?;
    change(connection, "DELETE FROM flipped_ahead", [])?;
    let at = left.iter().map(|(_, at)| *at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut indexes = Vec::new();
    for (image, _) in left {
        let summary = summaries::find_written(connection, &image)?;
        let Some(summary) = summary.filter(|summary| WELL.contains(&summary.state)) else { continue };
        if is_ill(connection, &summary)? {
            put(connection, &image, summary.state, false, at)?;
        } else {
            indexes.push(image);
        }
    }
    mark_indexes(connection, indexes, at)
}

/// The next of them in a registry, or in one of its repositories.
pub(super) fn next(
    connection: &Connection,
    registry: RegistryId,
    repository: Option<&RepositoryName>,
    (after, digest): (&str, &str),
    limit: i64,
) -> Result<Vec<ImageKey>, Error> {
    let sql = if repository.is_some() { OF_REPOSITORY } else { OF_REGISTRY };
    rows(connection, sql, params![registry.0, after, digest, limit], image_key)
}
