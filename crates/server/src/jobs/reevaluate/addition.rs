//! The case that has to be fast: a few advisories more, and many images that have what they are about.
//!
//! Then images only have more findings, and those that had none become unhealthy. What is more is written down once for
//! each package version, and whoever reads a summary adds it ([`store::Additions`]): it stands in every verdict before
//! the first summary is written. Images with a package version of which anything else has changed, and those of which an
//! attached document may say that the findings are none, are judged and written at once, with their events.
//!
//! What comes after is the way of every re-evaluation: it finds these package versions matched, and their images not
//! yet judged. Should the server stop in between, it goes on there.

use super::judging::{Judge, Judged, Standings, counted_anew};
use super::plan::Difference;
use super::{Catching, add, flips, found_again, keeping, oldest};
use crate::jobs::JobError;
use crate::judge::findings_of;
use advisory::Snapshot;
use graph::rulebook::Rulebook;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    Ahead, ImageToJudge, JudgedAgain, JudgedImage, MoreFindings, PackageStanding, PackageVersionId,
    ShownAhead, SnapshotVersion,
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
    // Whoever pushed since the snapshot came had some package versions matched with it already.
    let mut matched_with = made_with.to_vec();
    matched_with.push(catching.target.snapshot.clone());
    if !store.is_all_matched_with(matched_with).await? {
        return Ok(Announced::No);
    }
    let mut earlier = Vec::with_capacity(made_with.len());
    for version in made_with {
        // One that is open already is not mapped once more.
        let known = catching.before.filter(|before| before.version().to_string() == version.0);
        let snapshot = known.cloned().or_else(|| catching.workshop.shelf.earlier(&version.0));
        let Some(snapshot) = snapshot else { return Ok(Announced::No) };
        earlier.push((version.clone(), snapshot));
    }
    let book = Rulebook::load(&**store, Timestamp::now()).await?;
    let Some(additions) = additions(catching, earlier, book).await? else {
        return Ok(Announced::No);
    };
    let others = others(catching, &additions).await?;
    let Additions { standings, more, .. } = additions;
    let judged = judged(catching, &standings, &others).await?;
    let begun: Vec<PackageVersionId> = standings
        .iter()
        .filter(|standing| standing.matched.as_ref() == Some(&catching.target.snapshot))
        .map(|standing| standing.id)
        .collect();
    let allowed = flips::Allowed::of(catching, &begun).await?;
    if allowed.hold(catching, judged.flips)? {
        return Ok(Announced::Held);
    }
    let versions: Vec<_> = standings.iter().map(|standing| (standing.id, standing.package.clone())).collect();
    let matched = versions.len();
    let (packages, vulnerabilities) = found_again(catching.snapshot, catching.before, versions).await?;
    let ahead = Ahead {
        snapshot: catching.target.snapshot.clone(),
        packages,
        vulnerabilities,
        more,
        but: others.into_iter().map(|image| image.image).collect(),
        most_flips: allowed.most.map(|most| most.saturating_sub(judged.flips)),
    };
    let touched = match store.show_ahead(ahead, Timestamp::now()).await? {
        ShownAhead::Shown(touched) => touched,
        ShownAhead::TooManyFlips(flips) => {
            allowed.hold(catching, flips + judged.flips)?;
            return Ok(Announced::Held);
        }
    };
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
    let age_limit = catching.workshop.advisory_age_limit;
    Judge::new(&Standings::of(of), age_limit, catching.snapshot, catching.target).each(images)
}

/// What a snapshot says otherwise, where that is little.
struct Additions {
    /// The package versions of which it says something else, as they would stand.
    standings: Vec<PackageStanding>,
    /// Those that only have more findings than with an earlier snapshot, for each of these.
    more: Vec<(SnapshotVersion, Vec<MoreFindings>)>,
    /// Those of which more cannot be decided than with an earlier one: images that are not unhealthy may not be called
    /// healthy any more, and are judged at once. For others it is a remark, which comes when they are written.
    doubted: Vec<PackageVersionId>,
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
    let oldest = oldest(catching.workshop, Timestamp::now());
    let compared = blocking({
        let (earlier, newer) = (earlier.clone(), newer.clone());
        move || earlier.iter().map(|(_, older)| Difference::of(older, &newer, oldest)).collect::<Vec<_>>()
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
        let mut found = Additions { standings: Vec::new(), more, doubted: Vec::new(), otherwise: Vec::new() };
        for standing in standings {
            // Both are counted from the snapshots: what is recorded has the ratings of whoever was recorded last.
            let is = counted_anew(&newer, &standing);
            for ((_, older), (_, more)) in earlier.iter().zip(&mut found.more) {
                let Change::Added { findings, is_doubted } = change(&counted_anew(older, &standing), &is)
                else {
                    found.otherwise.push(standing.id);
                    continue;
                };
                if findings.is_some() && may_be_hidden(&book, &newer, &standing) {
                    return None;
                }
                more.extend(findings);
                found.doubted.extend(is_doubted.then_some(standing.id));
            }
            found.standings.push(is);
        }
        found.otherwise.dedup();
        found.doubted.dedup();
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
    /// Nothing that was found is gone.
    Added {
        /// What is found more, if anything is.
        findings: Option<MoreFindings>,
        /// Whether something else cannot be decided, and nothing less.
        is_doubted: bool,
    },
    /// Something else.
    Otherwise,
}

fn change(before: &PackageStanding, after: &PackageStanding) -> Change {
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
    if !nothing_less || after.undetermined < before.undetermined {
        return Change::Otherwise;
    }
    let findings = (!counts.is_empty()).then_some(MoreFindings { package_version: before.id, counts });
    let is_doubted =
        (before.undetermined, &before.first_undetermined) != (after.undetermined, &after.first_undetermined);
    Change::Added { findings, is_doubted }
}

/// The images that are judged at once: those that have package versions with more findings and documents that may speak
/// against these, those that are not unhealthy and have one of which more cannot be decided, and all that have one of which
/// something else is said.
async fn others(catching: &Catching<'_>, additions: &Additions) -> Result<Vec<ImageToJudge>, JobError> {
    let store = &catching.workshop.store;
    let more = additions.more.iter().flat_map(|(_, more)| more.iter().map(|more| more.package_version));
    let more: BTreeSet<PackageVersionId> = more.collect();
    let mut all = store.images_having(additions.otherwise.clone()).await?;
    for (package_versions, among) in [
        (more.into_iter().collect(), store.images_with_documents().await?),
        (additions.doubted.clone(), store.images_not_unhealthy().await?),
    ] {
        if !among.is_empty() {
            let having = store.images_having(package_versions).await?;
            all.extend(having.into_iter().filter(|image| among.binary_search(image).is_ok()));
        }
    }
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
    fn only_more_findings_and_doubts_are_an_addition() {
        let before = standing(&[("High", 2)], 1);
        let added = |counts: &[(&str, u64)], is_doubted| {
            let counts: BTreeMap<_, _> =
                counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
            let findings =
                (!counts.is_empty()).then_some(MoreFindings { package_version: PackageVersionId(1), counts });
            Change::Added { findings, is_doubted }
        };
        for (after, expected) in [
            (standing(&[("High", 2), ("Low", 1)], 1), added(&[("Low", 1)], false)),
            (standing(&[("High", 3)], 2), added(&[("High", 1)], true)),
            (standing(&[("High", 2)], 2), added(&[], true)),
            (standing(&[("High", 2)], 1), added(&[], false)),
            (standing(&[("High", 1)], 1), Change::Otherwise),
            (standing(&[("Low", 2)], 1), Change::Otherwise),
            (standing(&[], 1), Change::Otherwise),
            (standing(&[("High", 3)], 0), Change::Otherwise),
        ] {
            assert_eq!(change(&before, &after), expected, "{after:?}");
        }
    }
}
