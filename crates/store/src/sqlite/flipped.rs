//! Verdicts that are shown as other ones before they are written, in SQLite.
//!
//! An image that was healthy, or could not be assessed, and has a package version with more findings is unhealthy:
//! what applies wins over everything else. One that was healthy, and has a package version of which more cannot be
//! decided, cannot be assessed: nothing else speaks against it. So nothing has to be judged to know it, and one row for
//! each such image lets all who read by state see it at once. The summary is written behind that, with its event; a
//! trigger takes the row away in the same transaction. No row has consequences of its own, so that nothing is told twice
//! or lost.
//!
//! An image that nobody can tell anything of but who looks at it as a whole has a row that says that it is shown as it is
//! written.

use super::column::{Columns, change, exists, moment, row, rows};
use super::images::image_key;
use super::wanted::{Wanted, Wants};
use super::{census, summaries};
use crate::{
    Ahead, Cause, Error, ImageContent, ImageKey, ImageState, ImageSummary, RegistryId, RepositoryKey,
};
use jiff::Timestamp;
use oci::RepositoryName;
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;

/// The states that show nothing of what was found.
const WELL: [ImageState; 2] = [ImageState::Healthy, ImageState::NotApplicable];

/// Whether there are any. Nearly always there is none.
pub(super) fn is_any(connection: &Connection) -> Result<bool, Error> {
    exists(connection, "SELECT 1 FROM flipped_ahead LIMIT 1", [])
}

/// What a row says of an image.
pub(super) struct Shown {
    pub(super) state: ImageState,
    /// Where it cannot be assessed: why.
    pub(super) cause: Option<Cause>,
    /// Whether it is shown as it is written.
    pub(super) is_as_written: bool,
    is_ruled: bool,
    at: Timestamp,
}

/// What is shown of an image, if that is told ahead.
pub(super) fn of_image(connection: &Connection, image: &ImageKey) -> Result<Option<Shown>, Error> {
    let sql = "SELECT state, shown, is_ruled, cause_code, cause_sentence, at FROM flipped_ahead
               WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = image;
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    row(connection, sql, key, |row| {
        let words = (row.plain("cause_code")?, row.plain("cause_sentence")?);
        let cause =
            if let (Some(code), Some(sentence)) = words { Some(Cause { code, sentence }) } else { None };
        let state = row.word("shown", ImageState::from_word)?;
        let is_as_written = state == row.word("state", ImageState::from_word)?;
        Ok(Shown { state, cause, is_as_written, is_ruled: row.plain("is_ruled")?, at: row.moment("at")? })
    })
}

/// What an image is that was written in a state.
pub(super) fn shown(
    connection: &Connection,
    image: &ImageKey,
    written: ImageState,
) -> Result<ImageState, Error> {
    if !WELL.contains(&written) {
        return Ok(written);
    }
    Ok(of_image(connection, image)?.map_or(written, |shown| shown.state))
}

/// Lets a summary show that it became another one.
pub(super) fn flip(connection: &Connection, summary: &mut ImageSummary, shown: &Shown) -> Result<(), Error> {
    if shown.is_as_written {
        return Ok(());
    }
    if shown.cause.is_some() {
        summary.cause.clone_from(&shown.cause);
    } else if shown.is_ruled {
        // That everything is hidden is not so any more.
        summary.cause = found_cause(connection, &summary.image)?;
    }
    summary.state = shown.state;
    summary.changed_at = shown.at;
    Ok(())
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

/// The condition that nothing is told ahead of the image of a row: whoever reads by the state that is written leaves
/// out what is shown in another one.
macro_rules! unless_ahead {
    ($row:literal) => {
        unless_ahead!($row, "")
    };
    // With another condition on what is told.
    ($row:literal, $and:literal) => {
        concat!(
            "NOT EXISTS (SELECT 1 FROM flipped_ahead f WHERE f.registry = ",
            $row,
            ".registry AND f.repository = ",
            $row,
            ".repository AND f.digest = ",
            $row,
            ".digest",
            $and,
            ")"
        )
    };
}
pub(super) use unless_ahead;

/// Those of a registry that are shown in a state.
pub(super) const OF_REGISTRY: &str = "SELECT registry, repository, digest FROM flipped_ahead
     WHERE registry = ?1 AND (repository, digest) > (?2, ?3) AND shown = ?5
     ORDER BY repository, digest LIMIT ?4";

/// Those of a repository that are shown in a state.
pub(super) const OF_REPOSITORY: &str = "SELECT registry, repository, digest FROM flipped_ahead
     WHERE registry = ?1 AND repository = ?2 AND digest > ?3 AND shown = ?5 ORDER BY digest LIMIT ?4";

/// Those of a registry that are shown in a state, with their packages.
pub(super) const CONTENTS: &str = "SELECT f.registry, f.repository, f.digest, c.packages FROM flipped_ahead f
     CROSS JOIN image_census c ON c.registry = f.registry AND c.state = f.state
            AND c.repository = f.repository AND c.digest = f.digest
     WHERE f.registry = ?1 AND (f.repository, f.digest) > (?2, ?3) AND f.shown = ?5
     ORDER BY f.repository, f.digest LIMIT ?4";

/// The next of those that are shown in a state, behind a repository and a digest.
pub(super) fn contents(
    connection: &Connection,
    state: ImageState,
    (registry, repository, digest): (RegistryId, &str, &str),
    limit: i64,
) -> Result<Vec<ImageContent>, Error> {
    rows(connection, CONTENTS, params![registry.0, repository, digest, limit, state.as_str()], |row| {
        Ok(census::content(image_key(row)?, state, row.plain("packages")?))
    })
}

/// How many there are, by repository, by the state that is written and by that which is shown.
pub(super) const COUNTS: &str = "SELECT repository, state, shown, count(*) AS count FROM flipped_ahead
     WHERE registry = ?1 AND state <> shown GROUP BY repository, state, shown";

/// Images of a repository that are shown in another state than is written.
pub(super) struct Moved {
    pub(super) repository: RepositoryName,
    pub(super) written: ImageState,
    pub(super) shown: ImageState,
    pub(super) images: u64,
}

/// How many of a registry are shown in another state than is written.
pub(super) fn counts(connection: &Connection, registry: RegistryId) -> Result<Vec<Moved>, Error> {
    if !is_any(connection)? {
        return Ok(Vec::new());
    }
    rows(connection, COUNTS, [registry.0], |row| {
        let (written, shown) =
            (row.word("state", ImageState::from_word)?, row.word("shown", ImageState::from_word)?);
        Ok(Moved { repository: row.parsed("repository")?, written, shown, images: row.count("count")? })
    })
}

/// The images of a registry in one state with their packages: nothing but the table itself is read.
pub(super) const CANDIDATES: &str = "SELECT repository, digest, packages FROM image_census
     WHERE registry = ?1 AND state = ?2";

const PUT: &str =
    "INSERT INTO flipped_ahead (registry, repository, digest, state, shown, is_ruled, cause_code, cause_sentence, at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";

/// Lets those images be shown in another state that have one of some package versions; what was shown before is
/// forgotten. Returns how many of them were healthy.
pub(super) fn mark(connection: &Connection, ahead: &Ahead, at: Timestamp) -> Result<u64, Error> {
    change(connection, "DELETE FROM flipped_ahead", [])?;
    let mut wanted = Wanted::of(ahead);
    if wanted.is_empty() {
        return Ok(0);
    }
    let (mut indexes, mut healthy) = (Vec::new(), 0);
    let marking = Marking { connection, ruled: ruled(connection)?, at };
    marking.keep(ahead)?;
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
                if wanted.is_any_in(packages) {
                    let is_flip = marking.image(&mut wanted, &key(registry, row)?, state, packages)?;
                    healthy += u64::from(is_flip && state == ImageState::Healthy);
                }
            }
        }
    }
    mark_indexes(connection, indexes, at)?;
    Ok(healthy)
}

/// Telling ahead what becomes of images.
struct Marking<'c> {
    connection: &'c Connection,
    ruled: BTreeMap<ImageKey, Ruled>,
    at: Timestamp,
}

impl Marking<'_> {
    /// Lets images be shown as they are written.
    fn keep(&self, ahead: &Ahead) -> Result<(), Error> {
        for image in &ahead.but {
            let Some(written) = summaries::find_written(self.connection, image)? else { continue };
            put(self.connection, image, Turn::new(written.state, written.state), self.at)?;
        }
        Ok(())
    }

    /// Shows what becomes of an image that has one of the package versions. Whether it becomes another one.
    fn image(
        &self,
        wanted: &mut Wanted<'_>,
        image: &ImageKey,
        state: ImageState,
        packages: &[u8],
    ) -> Result<bool, Error> {
        let rule = self.ruled.get(image);
        // Of an image that is exempt as a whole nothing counts.
        if rule == Some(&Ruled::Whole) {
            return Ok(false);
        }
        let turn = match wanted.by(self.connection, image, packages)? {
            Wants::Nothing => return Ok(false),
            Wants::Unhealthy => Turn { is_ruled: rule.is_some(), ..Turn::new(state, ImageState::Unhealthy) },
            // What could not be assessed before has its cause; that there is one more is a remark, which can wait.
            Wants::Doubt(_) if state != ImageState::Healthy => return Ok(false),
            Wants::Doubt(cause) => Turn { cause: Some(cause), ..Turn::new(state, ImageState::NotApplicable) },
        };
        put(self.connection, image, turn, self.at)
    }
}

/// From what is written to what is shown.
struct Turn {
    written: ImageState,
    shown: ImageState,
    /// Whether rules make something else of the image than was found.
    is_ruled: bool,
    cause: Option<Cause>,
}

impl Turn {
    fn new(written: ImageState, shown: ImageState) -> Self {
        Self { written, shown, is_ruled: false, cause: None }
    }
}

/// Whether it was news.
fn put(connection: &Connection, image: &ImageKey, turn: Turn, at: Timestamp) -> Result<bool, Error> {
    let ImageKey { repository: RepositoryKey { registry, name }, digest } = image;
    let Turn { written, shown, is_ruled, cause } = turn;
    let (code, sentence) = cause.map(|cause| (cause.code, cause.sentence)).unzip();
    let (written, shown) = (written.as_str(), shown.as_str());
    let values = params![
        registry.0,
        name.as_str(),
        digest.as_str(),
        written,
        shown,
        is_ruled,
        code,
        sentence,
        moment(at)
    ];
    Ok(change(connection, PUT, values)? > 0)
}

fn key(registry: i64, row: &Row<'_>) -> Result<ImageKey, Error> {
    let repository = RepositoryKey { registry: RegistryId(registry), name: row.parsed("repository")? };
    Ok(ImageKey { repository, digest: row.parsed("digest")? })
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
            match following(connection, &summary)? {
                Some(turn) => {
                    put(connection, &image, turn, at)?;
                }
                None => others.push(image),
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

/// What an index becomes by what is shown of its images, if that is something else than is written.
fn following(connection: &Connection, index: &ImageSummary) -> Result<Option<Turn>, Error> {
    let mut unassessed = None;
    for digest in &index.children {
        let image = ImageKey { repository: index.image.repository.clone(), digest: digest.clone() };
        let Some(child) = summaries::find_written(connection, &image)? else { continue };
        let shown = of_image(connection, &image)?.filter(|_| WELL.contains(&child.state));
        let state = shown.as_ref().map_or(child.state, |shown| shown.state);
        if state == ImageState::Unhealthy {
            return Ok(Some(Turn::new(index.state, ImageState::Unhealthy)));
        }
        // What is exempt does not count; of what is told ahead nothing is.
        let counts = state == ImageState::NotApplicable
            && unassessed.is_none()
            && (shown.as_ref().is_some_and(|shown| !shown.is_as_written) || !is_ruled(connection, &image)?);
        if counts {
            let cause = shown.and_then(|shown| shown.cause).or_else(|| child.cause.clone());
            unassessed = Some(of_child(&child, cause));
        }
    }
    let turn = |cause| Turn { cause: Some(cause), ..Turn::new(index.state, ImageState::NotApplicable) };
    Ok(unassessed.filter(|_| index.state == ImageState::Healthy).map(turn))
}

/// Why an index cannot be assessed of which an image cannot be, in the words in which it will be written.
fn of_child(child: &ImageSummary, cause: Option<Cause>) -> Cause {
    let name = child.platform.clone().unwrap_or_else(|| child.image.digest.to_string());
    let why = cause.map_or_else(|| "no cause is recorded".to_owned(), |cause| cause.sentence);
    let cause = assessment::Cause::ChildNotAssessed { detail: format!("{name}: {why}") };
    Cause { code: cause.code().to_owned(), sentence: cause.to_string() }
}

/// Forgets what is written by now. Indexes follow their images by jobs of their own; those that will be others are
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
        match following(connection, &summary)? {
            Some(turn) => {
                put(connection, &image, turn, at)?;
            }
            None => indexes.push(image),
        }
    }
    mark_indexes(connection, indexes, at)
}

/// The next of those that are shown in a state, in a registry or in one of its repositories.
pub(super) fn next(
    connection: &Connection,
    state: ImageState,
    registry: RegistryId,
    repository: Option<&RepositoryName>,
    (after, digest): (&str, &str),
    limit: i64,
) -> Result<Vec<ImageKey>, Error> {
    let sql = if repository.is_some() { OF_REPOSITORY } else { OF_REGISTRY };
    rows(connection, sql, params![registry.0, after, digest, limit, state.as_str()], image_key)
}
