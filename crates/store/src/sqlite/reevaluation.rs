//! Judging all images again in SQLite.
//!
//! What is read is read in the order of the summaries' table and written in the same order, so that a hundred thousand
//! verdicts are a walk through the table and not as many jumps.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, row, rows, value, with_surplus};
use super::images::image_key;
use super::scans::package_version;
use super::verdict_events::{self, Before};
use super::{conclusion, manifests, policies, queue, registry_status, repositories};
use crate::{
    Error, ImageKey, ImageNumber, ImageState, ImageToJudge, JudgedAgain, JudgedImage, NewJob, PackageList,
    PackageStanding, PackageVersionId, Page, PageRequest, ParentJob, PullPolicy, Reevaluated, Reevaluation,
    RegistryId, RepositoryKey, SnapshotVersion, SubscriptionId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Reevaluation for SqliteStore {
    async fn package_standings(
        &self,
        page: PageRequest<PackageVersionId>,
    ) -> Result<Page<PackageStanding, PackageVersionId>, Error> {
        self.read(move |connection| standings(connection, STANDINGS, &page)).await
    }

    async fn images_having(&self, packages: Vec<PackageVersionId>) -> Result<Vec<ImageNumber>, Error> {
        self.read(move |connection| {
            let mut images = Vec::new();
            for package in packages {
                images.extend(rows(connection, IMAGES_HAVING, [package.0], |row| {
                    Ok(ImageNumber(row.plain("image")?))
                })?);
            }
            images.sort_unstable();
            images.dedup();
            Ok(images)
        })
        .await
    }

    async fn images_to_judge(
        &self,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageToJudge, ImageKey>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let (registry, repository, digest) = start(page.after.as_ref());
            let key = params![registry, repository, digest, with_surplus(limit)];
            let items = rows(connection, TO_JUDGE, key, image_to_judge)?;
            Ok(Page::from_surplus(items, limit, |item| item.image.clone()))
        })
        .await
    }

    async fn numbered_images(&self, images: Vec<ImageNumber>) -> Result<Vec<ImageToJudge>, Error> {
        self.read(move |connection| {
            let mut found = Vec::with_capacity(images.len());
            for image in images {
                found.extend(rows(connection, NUMBERED, [image.0], image_to_judge)?);
            }
            found.sort_unstable_by(|one, other| one.image.cmp(&other.image));
            Ok(found)
        })
        .await
    }

    async fn judge_again(
        &self,
        images: Vec<JudgedImage>,
        snapshot: SnapshotVersion,
        parent_job: ParentJob,
        at: Timestamp,
    ) -> Result<JudgedAgain, Error> {
        let (came_to, jobs) =
            self.write(move |connection| judge_again(connection, images, &snapshot, parent_job, at)).await?;
        if jobs > 0 {
            self.announce_jobs();
        }
        Ok(came_to)
    }

    async fn confirm_verdicts(
        &self,
        snapshot: SnapshotVersion,
        page: PageRequest<ImageKey>,
        at: Timestamp,
    ) -> Result<Option<ImageKey>, Error> {
        self.write(move |connection| confirm(connection, &snapshot, &page, at)).await
    }

    async fn reevaluated(&self) -> Result<Option<Reevaluated>, Error> {
        self.read(|connection| {
            row(connection, "SELECT snapshot, too_old, day FROM reevaluation", [], |row| {
                Ok(Reevaluated {
                    snapshot: SnapshotVersion(row.plain("snapshot")?),
                    too_old: row.plain("too_old")?,
                    day: row.plain("day")?,
                })
            })
        })
        .await
    }

    async fn set_reevaluated(&self, done: Reevaluated, at: Timestamp) -> Result<(), Error> {
        self.write(move |connection| {
            let sql = "INSERT INTO reevaluation (id, snapshot, too_old, day, at) VALUES (1, ?1, ?2, ?3, ?4)
                       ON CONFLICT (id) DO UPDATE
                       SET snapshot = excluded.snapshot, too_old = excluded.too_old, day = excluded.day,
                           at = excluded.at";
            change(connection, sql, params![done.snapshot.0, done.too_old, done.day, moment(at)])?;
            Ok(())
        })
        .await
    }
}

/// What is found in each package version.
pub(super) const STANDINGS: &str = "SELECT * FROM package_version WHERE id > ?1 ORDER BY id LIMIT ?2";

/// The images that have a package version.
pub(super) const IMAGES_HAVING: &str = "SELECT DISTINCT image FROM image_package WHERE package_version = ?1";

/// The images that have a verdict, and what they consist of. CROSS JOIN keeps the order: that of the summaries.
pub(super) const TO_JUDGE: &str = "SELECT s.registry, s.repository, s.digest,
            coalesce(s.found_state, s.state) AS state, b.basis, c.packages
     FROM image_summary s
     CROSS JOIN image i ON i.digest = s.digest
     CROSS JOIN image_content c ON c.image = i.id
     CROSS JOIN image_basis b ON b.image = i.id
     WHERE (s.registry, s.repository, s.digest) > (?1, ?2, ?3)
       AND s.state IN ('Healthy', 'Unhealthy', 'NotApplicable')
     ORDER BY s.registry, s.repository, s.digest LIMIT ?4";

/// One image, wherever it stands.
pub(super) const NUMBERED: &str = "SELECT s.registry, s.repository, s.digest,
            coalesce(s.found_state, s.state) AS state, b.basis, c.packages
     FROM image i
     CROSS JOIN image_content c ON c.image = i.id
     CROSS JOIN image_basis b ON b.image = i.id
     CROSS JOIN image_summary s ON s.digest = i.digest
     WHERE i.id = ?1 AND s.state IN ('Healthy', 'Unhealthy', 'NotApplicable')";

/// The next verdicts, with what they were judged with. The index is the table itself.
pub(super) const TO_CONFIRM: &str = "SELECT registry, repository, digest, state, snapshot, children
     FROM image_summary WHERE (registry, repository, digest) > (?1, ?2, ?3)
     ORDER BY registry, repository, digest LIMIT ?4";

/// Whether an image is part of any index: most are of none.
const IS_CHILD: &str = "SELECT 1 FROM manifest_reference WHERE digest = ?1 AND kind = 'manifest' LIMIT 1";

/// What is found in a package version, counted, as its column holds it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counted {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    affected: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "is_zero")]
    undetermined: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Counts what is found in a package version anew.
pub(super) fn count_findings(connection: &Connection, id: PackageVersionId) -> Result<(), Error> {
    let sql = "SELECT v.severity, f.verdict, count(*) AS count, min(f.vulnerability) AS first
               FROM package_version p
               CROSS JOIN package_finding f ON f.package_version = p.id
               CROSS JOIN vulnerability v ON v.id = f.vulnerability AND v.ecosystem = p.ecosystem
               WHERE p.id = ?1 GROUP BY v.severity, f.verdict";
    let mut counted = Counted::default();
    rows(connection, sql, [id.0], |row| {
        let count: u64 = row.count("count")?;
        match super::findings::verdict(row)? {
            crate::FindingVerdict::Affected => {
                counted.affected.insert(row.plain("severity")?, count);
            }
            crate::FindingVerdict::Undetermined => {
                let first: String = row.plain("first")?;
                counted.undetermined += count;
                counted.first = Some(counted.first.take().map_or(first.clone(), |known| known.min(first)));
            }
            crate::FindingVerdict::NotAffected => {}
        }
        Ok(())
    })?;
    let nothing = counted.affected.is_empty() && counted.undetermined == 0;
    let text = if nothing { String::new() } else { json_text(&counted)? };
    let sql = "UPDATE package_version SET standing = ?2 WHERE id = ?1 AND standing <> ?2";
    change(connection, sql, params![id.0, text])?;
    Ok(())
}

/// A page of what is counted, by a statement that begins behind a number and has a limit.
pub(super) fn standings(
    connection: &Connection,
    sql: &str,
    page: &PageRequest<PackageVersionId>,
) -> Result<Page<PackageStanding, PackageVersionId>, Error> {
    let limit = page.bounded_limit();
    let after = page.after.map_or(i64::MIN, |id| id.0);
    let items = rows(connection, sql, params![after, with_surplus(limit)], package_standing)?;
    Ok(Page::from_surplus(items, limit, |item| item.id))
}

pub(super) fn package_standing(row: &Row<'_>) -> Result<PackageStanding, Error> {
    let counted = if row.get_ref("standing")?.as_str().is_ok_and(str::is_empty) {
        Counted::default()
    } else {
        row.json("standing")?
    };
    Ok(PackageStanding {
        id: PackageVersionId(row.plain("id")?),
        package: package_version(row)?,
        matched: row.plain::<Option<String>>("matched_snapshot")?.map(SnapshotVersion),
        affected: counted.affected,
        undetermined: counted.undetermined,
        first_undetermined: counted.first,
    })
}

fn image_to_judge(row: &Row<'_>) -> Result<ImageToJudge, Error> {
    Ok(ImageToJudge {
        image: image_key(row)?,
        state: row.word("state", ImageState::from_word)?,
        basis: row.json("basis")?,
        packages: PackageList::from_bytes(row.plain("packages")?).iter().map(|(id, _)| id).collect(),
    })
}

/// The lowest key of images that may follow another.
fn start(after: Option<&ImageKey>) -> (i64, &str, &str) {
    after.map_or((i64::MIN, "", ""), |key| {
        (key.repository.registry.0, key.repository.name.as_str(), key.digest.as_str())
    })
}

/// What many images of one transaction share.
#[derive(Default)]
struct Known {
    repositories: BTreeMap<RepositoryKey, Option<i64>>,
    policies: BTreeMap<RegistryId, PullPolicy>,
    subscriptions: BTreeMap<RegistryId, Option<SubscriptionId>>,
}

impl Known {
    fn place<'a>(
        &mut self,
        connection: &Connection,
        image: &'a ImageKey,
    ) -> Result<Option<conclusion::Place<'a>>, Error> {
        let repository = match self.repositories.get(&image.repository) {
            Some(known) => *known,
            None => {
                let known = repositories::find(connection, &image.repository)?;
                self.repositories.insert(image.repository.clone(), known);
                known
            }
        };
        let registry = image.repository.registry;
        let policy = match self.policies.get(&registry) {
            Some(known) => *known,
            None => {
                let known = policies::policy(connection, registry)?;
                self.policies.insert(registry, known);
                known
            }
        };
        Ok(repository.map(|repository| conclusion::Place { image, repository, policy }))
    }

    fn subscription(
        &mut self,
        connection: &Connection,
        registry: RegistryId,
    ) -> Result<Option<SubscriptionId>, Error> {
        if let Some(known) = self.subscriptions.get(&registry) {
            return Ok(*known);
        }
        let text: Option<String> =
            value(connection, "SELECT subscription FROM registry WHERE id = ?1", [registry.0])?;
        let known = text.and_then(|text| text.parse().ok().map(SubscriptionId));
        self.subscriptions.insert(registry, known);
        Ok(known)
    }

    /// The jobs for the indexes that an image is part of.
    fn parents(
        &mut self,
        connection: &Connection,
        image: &ImageKey,
        parent_job: ParentJob,
    ) -> Result<Vec<NewJob>, Error> {
        if !exists(connection, IS_CHILD, [image.digest.as_str()])? {
            return Ok(Vec::new());
        }
        let Some(subscription) = self.subscription(connection, image.repository.registry)? else {
            return Ok(Vec::new());
        };
        let parents = manifests::parents(connection, &image.repository, &image.digest)?;
        let job =
            |digest| parent_job(&ImageKey { repository: image.repository.clone(), digest }, subscription);
        Ok(parents.into_iter().map(job).collect())
    }
}

fn judge_again(
    connection: &Connection,
    mut images: Vec<JudgedImage>,
    snapshot: &SnapshotVersion,
    parent_job: ParentJob,
    at: Timestamp,
) -> Result<(JudgedAgain, usize), Error> {
    images.sort_unstable_by(|one, other| one.image.cmp(&other.image));
    let (mut came_to, mut jobs, mut known) = (JudgedAgain::default(), Vec::new(), Known::default());
    let mut registries: BTreeSet<RegistryId> = BTreeSet::new();
    for image in &images {
        let Some(before) = Before::of(connection, &image.image)? else { continue };
        if !before.is_verdict() {
            continue;
        }
        let (cause, counts) = (image.cause.as_ref(), json_text(&image.counts)?);
        let same_words = before.state == image.state && before.cause.as_ref() == cause && !before.is_ruled;
        let same = same_words && before.counts == counts;
        if same && before.snapshot.as_ref() == Some(snapshot) {
            continue;
        }
        if same_words {
            keep_counts(connection, image, &counts, snapshot, at)?;
        } else {
            keep(connection, image, &counts, snapshot, at)?;
        }
        if same {
            continue;
        }
        came_to.changed += 1;
        if before.state != image.state {
            came_to.flipped += 1;
            registries.insert(image.image.repository.registry);
        }
        verdict_events::tell(connection, &image.image, &before, image, false, Some(snapshot), at)?;
        if let Some(place) = known.place(connection, &image.image)? {
            conclusion::follow_in(connection, &place, image.state, &image.counts, None, at)?;
        }
        jobs.extend(known.parents(connection, &image.image, parent_job)?);
    }
    for registry in registries {
        registry_status::follow(connection, registry, at)?;
    }
    queue::enqueue(connection, &jobs, at)?;
    Ok((came_to, jobs.len()))
}

/// Keeps a verdict of which only the counts are others: no index holds them, so that none is touched.
fn keep_counts(
    connection: &Connection,
    image: &JudgedImage,
    counts: &str,
    snapshot: &SnapshotVersion,
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE image_summary SET counts = ?4, snapshot = ?5, assessed_at = ?6
               WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let (registry, repository, digest) = start(Some(&image.image));
    change(connection, sql, params![registry, repository, digest, counts, snapshot.0, moment(at)])?;
    Ok(())
}

fn keep(
    connection: &Connection,
    image: &JudgedImage,
    counts: &str,
    snapshot: &SnapshotVersion,
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE image_summary
               SET changed_at = CASE state WHEN ?4 THEN changed_at ELSE ?9 END, state = ?4, cause_code = ?5,
                   cause_sentence = ?6, counts = ?7, snapshot = ?8, assessed_at = ?9, found_state = NULL,
                   found_cause_code = NULL, found_cause_sentence = NULL, found_counts = NULL
               WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let values = params![
        image.image.repository.registry.0,
        image.image.repository.name.as_str(),
        image.image.digest.as_str(),
        image.state.as_str(),
        image.cause.as_ref().map(|cause| &cause.code),
        image.cause.as_ref().map(|cause| &cause.sentence),
        counts,
        snapshot.0,
        moment(at),
    ];
    change(connection, sql, values)?;
    Ok(())
}

fn confirm(
    connection: &Connection,
    snapshot: &SnapshotVersion,
    page: &PageRequest<ImageKey>,
    at: Timestamp,
) -> Result<Option<ImageKey>, Error> {
    let limit = page.bounded_limit();
    let (registry, repository, digest) = start(page.after.as_ref());
    let key = params![registry, repository, digest, with_surplus(limit)];
    let found = rows(connection, TO_CONFIRM, key, |row| {
        let state = row.word("state", ImageState::from_word)?;
        let with: Option<String> = row.plain("snapshot")?;
        // What was judged without advisories, and indexes, hold with no snapshot.
        let holds = verdict_events::is_verdict(state) && with.is_some_and(|with| with != snapshot.0);
        Ok((image_key(row)?, holds))
    })?;
    let page = Page::from_surplus(found, limit, |(image, _)| image.clone());
    let sql = "UPDATE image_summary SET snapshot = ?4, assessed_at = ?5
               WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    for (image, _) in page.items.iter().filter(|(_, holds)| *holds) {
        let (registry, repository, digest) = start(Some(image));
        change(connection, sql, params![registry, repository, digest, snapshot.0, moment(at)])?;
    }
    Ok(page.next)
}
