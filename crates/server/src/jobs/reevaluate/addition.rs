//! The case that has to be fast: a few advisories more, and many images that have what they are about.
//!
//! Then most verdicts stay what they are, and only have more findings. Those are written down once for each package
//! version, and whoever reads a summary adds them ([`store::Additions`]): they stand in every verdict before the first
//! summary is written. Images whose verdict becomes another one, and those with a package version of which anything else
//! has changed, are judged and written at once, with their events.
//!
//! What comes after is the way of every re-evaluation: it finds these package versions matched, and their images not
//! yet judged. Should the server stop in between, it goes on there.

use super::judging::{Judge, Judged, Standings, counted_anew};
use super::plan::Difference;
use super::{Catching, add, flips, keeping, match_again};
use crate::jobs::JobError;
use crate::judge::findings_of;
use advisory::Snapshot;
use graph::rulebook::Rulebook;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    ImageNumber, ImageToJudge, JudgedAgain, JudgedImage, MoreFindings, PackageStanding, PackageVersionId,
    SnapshotVersion,
};

/// With more names of packages than this, a snapshot is no addition.
const NAMES: usize = 500;
/// With more package versions than this either.
const VERSIONS: usize = 2000;
/// Images of one reading.
const READ: usize = 500;

/// What became of it.
pub(super) enum Announced {
    /// It is another case; nothing was done.
    No,
    /// Every verdict says what the snapshot says.
    Yes(Announcement),
    /// The snapshot was held, and another one is in force.
    Held,
}

/// What was done for that.
#[derive(Default)]
pub(super) struct Announcement {
    /// How many package versions were matched again.
    pub(super) matched: usize,
    /// Those of which something changed. The summaries of their images are still to be written.
    pub(super) touched: Vec<PackageVersionId>,
    /// What became of the images whose summaries are written.
    pub(super) images: JudgedAgain,
}

/// Lets the verdicts say what a snapshot has more, before they are written. `made_with` are the snapshots with one of
/// which each summary was made: the one that all had caught up with, and those that came while they were written.
pub(super) async fn announce(
    catching: &Catching<'_>,
    made_with: &[SnapshotVersion],
) -> Result<Announced, JobError> {
    let store = &catching.workshop.store;
    if !store.is_all_matched_with(made_with.to_vec()).await? {
        return Ok(Announced::No);
    }
    let mut earlier = Vec::with_capacity(made_with.len());
    for version in made_with {
        let Some(snapshot) = catching.workshop.shelf.earlier(&version.0) else { return Ok(Announced::No) };
        earlier.push((version.clone(), snapshot));
    }
    let book = Rulebook::load(&**store, Timestamp::now()).await?;
    let Some(Additions { standings, more, otherwise }) = additions(catching, earlier, book).await? else {
        return Ok(Announced::No);
    };
    let changed: BTreeSet<PackageVersionId> =
        more.iter().flat_map(|(_, more)| more.iter().map(|more| more.package_version)).collect();
    let others = others(catching, changed, otherwise).await?;
    let judged = judged(catching, &standings, &others).await?;
    if flips::hold_if_too_many(catching, judged.flips).await? {
        return Ok(Announced::Held);
    }
    let versions: Vec<_> = standings.iter().map(|standing| (standing.id, standing.package.clone())).collect();
    let matched = versions.len();
    let touched =
        match_again(catching.workshop, catching.snapshot, catching.before, versions, Timestamp::now())
            .await?;
    store.add_findings(&catching.target.snapshot, more).await?;
    let images = write(catching, judged.images).await?;
    Ok(Announced::Yes(Announcement { matched, touched, images }))
}

/// Judges images by what is recorded of their package versions, and by these standings, which nobody has recorded yet.
async fn judged(
    catching: &Catching<'_>,
    standings: &[PackageStanding],
    images: &[ImageToJudge],
) -> Result<Judged, JobError> {
    let mut of: BTreeMap<PackageVersionId, PackageStanding> =
        standings.iter().map(|standing| (standing.id, standing.clone())).collect();
    let ids: BTreeSet<PackageVersionId> =
        images.iter().flat_map(|image| image.packages.iter().copied()).collect();
    let missing = ids.into_iter().filter(|id| !of.contains_key(id)).collect();
    let recorded = catching.workshop.store.standings_of(missing).await?;
    of.extend(recorded.into_iter().map(|standing| (standing.id, standing)));
    Judge::new(&Standings::of(of), catching.snapshot, catching.target).each(images)
}

/// What a snapshot says otherwise, where that is little.
struct Additions {
    /// The package versions of which it says something else, as they would stand.
    standings: Vec<PackageStanding>,
    /// Those that only have more findings than with an earlier snapshot, for each of these.
    more: Vec<(SnapshotVersion, Vec<MoreFindings>)>,
    /// Those of which anything else has changed: the images that have them are judged at once.
    otherwise: Vec<PackageVersionId>,
}

/// None if the snapshot says much otherwise, or if a rule may hide what it says more: then each image has to be looked
/// at.
async fn additions(
    catching: &Catching<'_>,
    earlier: Vec<(SnapshotVersion, Arc<Snapshot>)>,
    book: Rulebook,
) -> Result<Option<Additions>, JobError> {
    let newer = catching.snapshot.clone();
    let compared = blocking({
        let (earlier, newer) = (earlier.clone(), newer.clone());
        move || earlier.iter().map(|(_, older)| Difference::of(older, &newer)).collect::<Vec<_>>()
    });
    let differences = compared.await?;
    let names: BTreeSet<String> = differences.iter().flat_map(Difference::names).collect();
    if differences.iter().any(Difference::covers_otherwise) || names.len() > NAMES {
        return Ok(None);
    }
    let mut standings = catching.workshop.store.standings_named(names.into_iter().collect()).await?;
    standings.retain(|standing| differences.iter().any(|differing| differing.concerns(&standing.package)));
    if standings.len() > VERSIONS {
        return Ok(None);
    }
    blocking(move || {
        let more = earlier.iter().map(|(version, _)| (version.clone(), Vec::new())).collect();
        let mut found = Additions { standings: Vec::new(), more, otherwise: Vec::new() };
        for standing in standings {
            // Both are counted from the snapshots: what is recorded has the ratings of whoever was recorded last.
            let is = counted_anew(&newer, &standing);
            for ((_, older), (_, more)) in earlier.iter().zip(&mut found.more) {
                match change(&counted_anew(older, &standing), &is) {
                    Change::None => {}
                    Change::More(_) if may_be_hidden(&book, &newer, &standing) => return None,
                    Change::More(added) => more.push(added),
                    Change::Otherwise => found.otherwise.push(standing.id),
                }
            }
            found.standings.push(is);
        }
        found.otherwise.dedup();
        Some(found)
    })
    .await
}

/// Whether a rule hides single findings of a package version.
fn may_be_hidden(book: &Rulebook, snapshot: &Snapshot, standing: &PackageStanding) -> bool {
    let (rows, vulnerabilities) = findings_of(snapshot, &standing.package);
    rows.iter().any(|row| {
        let known = vulnerabilities.iter().find(|known| known.id == row.vulnerability);
        known.is_some_and(|known| book.may_hide(known, &row.evidence, &standing.package))
    })
}

/// What has changed in what is found.
#[derive(Debug, PartialEq)]
enum Change {
    /// Nothing.
    None,
    /// There is more of it.
    More(MoreFindings),
    /// Something else.
    Otherwise,
}

fn change(before: &PackageStanding, after: &PackageStanding) -> Change {
    let same_doubts =
        (before.undetermined, &before.first_undetermined) == (after.undetermined, &after.first_undetermined);
    let mut counts = BTreeMap::new();
    for (severity, count) in &after.affected {
        match count.checked_sub(before.affected.get(severity).copied().unwrap_or_default()) {
            Some(0) => {}
            Some(more) => {
                counts.insert(severity.clone(), more);
            }
            None => return Change::Otherwise,
        }
    }
    let nothing_less = before.affected.keys().all(|severity| after.affected.contains_key(severity));
    match (same_doubts && nothing_less, counts.is_empty()) {
        (false, _) => Change::Otherwise,
        (true, true) => Change::None,
        (true, false) => Change::More(MoreFindings { package_version: before.id, counts }),
    }
}

/// The images that have package versions with more findings and are not simply unhealthy, and all that have one of
/// which something else is said.
async fn others(
    catching: &Catching<'_>,
    more: BTreeSet<PackageVersionId>,
    otherwise: Vec<PackageVersionId>,
) -> Result<Vec<ImageToJudge>, JobError> {
    let store = &catching.workshop.store;
    let (having, to_look_at, others) = tokio::try_join!(
        store.images_having(more.into_iter().collect()),
        store.images_to_look_at(),
        store.images_having(otherwise)
    )?;
    let mut all: Vec<ImageNumber> =
        having.into_iter().filter(|image| to_look_at.binary_search(image).is_ok()).chain(others).collect();
    all.sort_unstable();
    all.dedup();
    let mut images = Vec::with_capacity(all.len());
    for chunk in all.chunks(READ) {
        images.extend(store.numbered_images(chunk.to_vec()).await?);
    }
    Ok(images)
}

/// Writes the verdicts that became others.
async fn write(catching: &Catching<'_>, mut images: Vec<JudgedImage>) -> Result<JudgedAgain, JobError> {
    let mut came_to = JudgedAgain::default();
    while !images.is_empty() {
        let rest = images.split_off(images.len().min(READ));
        add(&mut came_to, keeping::keep(catching.workshop, &images, &catching.target.snapshot).await?);
        images = rest;
    }
    Ok(came_to)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Again(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::PackageVersion;

    fn standing(affected: &[(&str, u64)], undetermined: u64) -> PackageStanding {
        PackageStanding {
            id: PackageVersionId(1),
            package: PackageVersion {
                ecosystem: None,
                kind: inventory::PackageKind::Apk,
                name: "a".into(),
                version: "1".into(),
                source: None,
                module: None,
                owner: None,
                architecture: None,
            },
            matched: None,
            affected: affected.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect(),
            undetermined,
            first_undetermined: None,
        }
    }

    #[test]
    fn only_more_findings_are_an_addition() {
        let before = standing(&[("High", 2)], 0);
        let Change::More(added) = change(&before, &standing(&[("High", 2), ("Low", 1)], 0)) else {
            panic!("there is one more");
        };
        assert_eq!(added.counts, BTreeMap::from([("Low".to_owned(), 1)]));
        assert_eq!(change(&before, &before), Change::None, "the same is nothing");
        for other in [
            standing(&[("High", 1)], 0),
            standing(&[("Low", 2)], 0),
            standing(&[], 0),
            standing(&[("High", 3)], 1),
        ] {
            assert_eq!(change(&before, &other), Change::Otherwise, "{other:?}");
        }
    }
}
