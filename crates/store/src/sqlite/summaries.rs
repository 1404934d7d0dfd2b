//! Verdicts on images in SQLite.

use super::additions::Uncounted;
use super::column::{Columns, change, exists, json_text, moment, row, rows};
use super::images::{ImageFilter, image_key, next_images};
use super::verdict_events::{self, Before};
use super::{SqliteStore, conclusion, flipped, registry_status};
use crate::{
    Cause, Conclusion, Error, Found, ImageKey, ImageState, ImageSummary, JudgedImage, Page, PageRequest,
    RegistryId, RegistryStanding, SnapshotVersion, Summaries, SummaryFilter,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;

#[async_trait]
impl Summaries for SqliteStore {
    async fn put_summary(&self, summary: ImageSummary) -> Result<bool, Error> {
        self.write(move |connection| put(connection, &summary, None)).await
    }

    async fn conclude(&self, conclusion: Conclusion, at: Timestamp) -> Result<bool, Error> {
        self.write(move |connection| conclusion::conclude(connection, &conclusion, at)).await
    }

    async fn summary(&self, image: &ImageKey) -> Result<Option<ImageSummary>, Error> {
        let image = image.clone();
        self.read(move |connection| find(connection, &image)).await
    }

    async fn summaries(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageSummary, ImageKey>, Error> {
        let filter = filter.clone();
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let images = ImageFilter {
                registries: filter.registries.as_deref(),
                repository: filter.repository.as_ref(),
                digest: filter.digest.as_ref(),
                states: &filter.states,
            };
            let keys = next_images(connection, images, page.after.as_ref(), limit.saturating_add(1))?;
            let page = Page::from_surplus(keys, limit, ImageKey::clone);
            let uncounted = Uncounted::load(connection)?;
            let mut items = Vec::with_capacity(page.items.len());
            for key in &page.items {
                let found = find_written(connection, key)?;
                items.extend(found.map(|found| uncounted.added_to(connection, found)).transpose()?);
            }
            Ok(Page { items, next: page.next })
        })
        .await
    }

    async fn summaries_by_mark(&self, mark: u64) -> Result<Vec<ImageSummary>, Error> {
        let mark = i64::try_from(mark).unwrap_or(-1);
        self.read(move |connection| {
            let sql = "SELECT * FROM image_summary WHERE mark = ?1 ORDER BY registry, repository, digest";
            let found = rows(connection, sql, [mark], summary)?;
            let uncounted = Uncounted::load(connection)?;
            found.into_iter().map(|found| uncounted.added_to(connection, found)).collect()
        })
        .await
    }

    async fn standing(&self, registry: RegistryId) -> Result<RegistryStanding, Error> {
        self.read(move |connection| standing(connection, registry)).await
    }

    async fn state_counts(&self, registries: Option<&[RegistryId]>) -> Result<Vec<(ImageState, u64)>, Error> {
        let registries = registries.map(<[_]>::to_vec);
        self.read(move |connection| state_counts(connection, registries.as_deref())).await
    }
}

/// How many images of a registry stand in each state, from the index alone.
pub(super) const STATE_COUNTS: &str = "SELECT state, count(*) AS count FROM image_summary
     WHERE registry = ?1 GROUP BY state";

/// When any image of a registry was last assessed.
const LAST_ASSESSED: &str = "SELECT max(assessed_at) AS at FROM image_summary WHERE registry = ?1";

fn standing(connection: &Connection, registry: RegistryId) -> Result<RegistryStanding, Error> {
    let counts = state_counts(connection, Some(&[registry]))?.into_iter().collect();
    let status = registry_status::of(connection, registry)?;
    let last_assessed = row(connection, LAST_ASSESSED, [registry.0], |row| row.maybe_moment("at"))?;
    Ok(RegistryStanding {
        counts,
        first_evaluated: status.map(|status| status.first_at),
        status_changed: status.map(|status| status.changed_at),
        last_assessed: last_assessed.flatten(),
    })
}

/// The mark as its column holds it.
fn mark(image: &ImageKey) -> i64 {
    i64::try_from(image.mark()).unwrap_or(-1)
}

/// Keeps a summary, and what was found where that is something else.
pub(super) fn put(
    connection: &Connection,
    summary: &ImageSummary,
    found: Option<&Found>,
) -> Result<bool, Error> {
    let (registry, name) = (summary.image.repository.registry.0, summary.image.repository.name.as_str());
    let digest = summary.image.digest.as_str();
    let present = "SELECT 1 FROM repository r JOIN manifest m ON m.repository = r.id AND m.digest = ?3
                   WHERE r.registry = ?1 AND r.name = ?2";
    if !exists(connection, present, params![registry, name, digest])? {
        return Ok(false);
    }
    let sql =
        "INSERT INTO image_summary (registry, repository, digest, mark, state, cause_code, cause_sentence,
                    counts, platform, isolation, first_seen, changed_at, assessed_at, snapshot, children,
                    found_state, found_cause_code, found_cause_sentence, found_counts)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
               ON CONFLICT (registry, repository, digest) DO UPDATE
               SET state = excluded.state, cause_code = excluded.cause_code,
                   cause_sentence = excluded.cause_sentence, counts = excluded.counts,
                   platform = excluded.platform, isolation = excluded.isolation,
                   changed_at = CASE state WHEN excluded.state THEN changed_at ELSE excluded.changed_at END,
                   assessed_at = excluded.assessed_at, snapshot = excluded.snapshot,
                   children = excluded.children, found_state = excluded.found_state,
                   found_cause_code = excluded.found_cause_code,
                   found_cause_sentence = excluded.found_cause_sentence,
                   found_counts = excluded.found_counts";
    let found = found.filter(|found| **found != Found::of(summary));
    let values = params![
        registry,
        name,
        digest,
        mark(&summary.image),
        summary.state.as_str(),
        summary.cause.as_ref().map(|cause| &cause.code),
        summary.cause.as_ref().map(|cause| &cause.sentence),
        json_text(&summary.counts)?,
        summary.platform,
        json_text(&summary.isolation)?,
        moment(summary.first_seen),
        moment(summary.changed_at),
        summary.assessed_at.map(moment),
        summary.snapshot.as_ref().map(|snapshot| &snapshot.0),
        json_text(&summary.children)?,
        found.map(|found| found.state.as_str()),
        found.and_then(|found| found.cause.as_ref()).map(|cause| &cause.code),
        found.and_then(|found| found.cause.as_ref()).map(|cause| &cause.sentence),
        found.map(|found| json_text(&found.counts)).transpose()?,
    ];
    let before = Before::of(connection, &summary.image)?;
    let is_same = before.as_ref().is_some_and(|before| before.state == summary.state);
    change(connection, sql, values)?;
    tell(connection, summary, before, found.is_some())?;
    if !is_same {
        registry_status::follow(connection, summary.image.repository.registry, told_at(summary))?;
    }
    Ok(true)
}

/// When what a summary says came to be: a rule changes what is shown long after the assessment.
fn told_at(summary: &ImageSummary) -> Timestamp {
    summary.assessed_at.map_or(summary.changed_at, |at| at.max(summary.changed_at))
}

/// Tells history of a verdict that became another one.
fn tell(
    connection: &Connection,
    summary: &ImageSummary,
    before: Option<Before>,
    is_ruled: bool,
) -> Result<(), Error> {
    let before = before.unwrap_or(Before {
        state: ImageState::Queued,
        cause: None,
        counts: String::new(),
        snapshot: None,
        is_ruled: false,
    });
    let after = JudgedImage {
        image: summary.image.clone(),
        state: summary.state,
        cause: summary.cause.clone(),
        counts: summary.counts.clone(),
    };
    let at = told_at(summary);
    verdict_events::tell(connection, &summary.image, &before, &after, is_ruled, summary.snapshot.as_ref(), at)
}

/// The summary of an image.
pub(super) fn find(connection: &Connection, image: &ImageKey) -> Result<Option<ImageSummary>, Error> {
    find_written(connection, image)?.map(|found| with_uncounted(connection, found)).transpose()
}

/// The verdict on an image as it was written.
pub(super) fn find_written(connection: &Connection, image: &ImageKey) -> Result<Option<ImageSummary>, Error> {
    let sql = "SELECT * FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = image;
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    row(connection, sql, key, summary)
}

/// A summary with what was found since it was made.
pub(super) fn with_uncounted(connection: &Connection, summary: ImageSummary) -> Result<ImageSummary, Error> {
    Uncounted::load(connection)?.added_to(connection, summary)
}

/// A row of the table.
pub(super) fn summary(row: &Row<'_>) -> Result<ImageSummary, Error> {
    let cause = match (row.plain("cause_code")?, row.plain("cause_sentence")?) {
        (Some(code), Some(sentence)) => Some(Cause { code, sentence }),
        _ => None,
    };
    Ok(ImageSummary {
        image: image_key(row)?,
        state: row.word("state", ImageState::from_word)?,
        cause,
        counts: row.json("counts")?,
        platform: row.plain("platform")?,
        isolation: row.json("isolation")?,
        first_seen: row.moment("first_seen")?,
        changed_at: row.moment("changed_at")?,
        assessed_at: row.maybe_moment("assessed_at")?,
        snapshot: row.plain::<Option<String>>("snapshot")?.map(SnapshotVersion),
        children: row.json("children")?,
    })
}

fn state_counts(
    connection: &Connection,
    registries: Option<&[RegistryId]>,
) -> Result<Vec<(ImageState, u64)>, Error> {
    let registries = match registries {
        Some(registries) => registries.to_vec(),
        None => rows(connection, "SELECT id FROM registry", [], |row| Ok(RegistryId(row.plain("id")?)))?,
    };
    let mut counts: BTreeMap<ImageState, u64> = BTreeMap::new();
    for registry in registries {
        let found = rows(connection, STATE_COUNTS, [registry.0], |row| {
            Ok((row.word("state", ImageState::from_word)?, row.count::<u64>("count")?))
        })?;
        for (state, count) in found {
            *counts.entry(state).or_default() += count;
        }
        for moved in flipped::counts(connection, registry)? {
            let of_written = counts.entry(moved.written).or_default();
            *of_written = of_written.saturating_sub(moved.images);
            *counts.entry(moved.shown).or_default() += moved.images;
        }
    }
    Ok(counts.into_iter().filter(|(_, count)| *count > 0).collect())
}
