//! The case that has to be fast: a few advisories more, and many images that have what they are about.
//!
//! Then images only have more findings, or more that cannot be decided: those that had none become unhealthy, and those
//! that were healthy cannot be assessed. What is more is written down once for each package version, with what rules
//! leave of it, and whoever reads a summary adds it ([`store::Additions`]): it stands in every verdict before the first
//! summary is written. Images with a package version of which anything else has changed, those of which an attached
//! document may say that the findings are none, and those that a rule tells from others of their repository, are judged
//! and written at once, with their events.
//!
//! What comes after is the way of every re-evaluation: it finds these package versions matched, and their images not
//! yet judged. Should the server stop in between, it goes on there.

use super::judging::{Judge, Judged, Standings, counted_anew, place, undecided};
use super::plan::Difference;
use super::ruled::{self, Hidden};
use super::{Catching, add, flips, found_again, keeping, oldest};
use crate::jobs::JobError;
use advisory::Snapshot;
use graph::rulebook::Rulebook;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    Ahead, ImageNumber, ImageToJudge, JudgedAgain, JudgedImage, MoreFindings, PackageStanding,
    PackageVersionId, ShownAhead, SnapshotVersion, Undecided,
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
    let book = Arc::new(Rulebook::load(&**store, Timestamp::now()).await?);
    let Some(mut additions) = additions(catching, earlier, book.clone()).await? else {
        return Ok(Announced::No);
    };
    let rulings = ruled::leave(catching, &book, &additions.hidden, &mut additions.more).await?;
    let others = others(catching, &book, &additions).await?;
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
        rulings,
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
    /// Those of which it only says more than an earlier snapshot, for each of these.
    more: Vec<(SnapshotVersion, Vec<MoreFindings>)>,
    /// What rules hide of that.
    hidden: Vec<Hidden>,
    /// Those of which anything else has changed: the images that have them are judged at once.
    otherwise: Vec<PackageVersionId>,
}

/// None if the snapshot says much otherwise: then each image has to be looked at.
async fn additions(
    catching: &Catching<'_>,
    earlier: Vec<(SnapshotVersion, Arc<Snapshot>)>,
    book: Arc<Rulebook>,
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
        let mut found = Additions { standings: Vec::new(), more, hidden: Vec::new(), otherwise: Vec::new() };
        for standing in standings {
            // Both are counted from the snapshots: what is recorded has the ratings of whoever was recorded last.
            let is = counted_anew(&newer, &standing);
            for (place, (_, older)) in earlier.iter().enumerate() {
                found.compare(&book, place, (older, &newer), (&counted_anew(older, &standing), &is));
            }
            found.standings.push(is);
        }
        found.otherwise.dedup();
        Some(found)
    })
    .await
}

impl Additions {
    /// Takes up what is said otherwise of a package version than with the earlier snapshot at a place.
    fn compare(
        &mut self,
        book: &Rulebook,
        place: usize,
        (older, newer): (&Snapshot, &Snapshot),
        (before, after): (&PackageStanding, &PackageStanding),
    ) {
        let Change::Added(added) = change(before, after) else {
            return self.otherwise.push(after.id);
        };
        let Some(added) = added else { return };
        if !added.counts.is_empty() && book.has_partial() {
            let Some(findings) = ruled::fresh(book, older, newer, &after.package) else {
                return self.otherwise.push(after.id);
            };
            self.hidden.push(Hidden { earlier: place, package_version: after.id, findings });
        }
        if let Some((_, more)) = self.more.get_mut(place) {
            more.push(added);
        }
    }
}

/// What has changed in what is found.
#[derive(Debug, PartialEq)]
enum Change {
    /// Nothing that was found is gone, and this is more, if anything is.
    Added(Option<MoreFindings>),
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
    let is_doubted =
        (before.undetermined, &before.first_undetermined) != (after.undetermined, &after.first_undetermined);
    let undecided = after.first_undetermined.as_ref().filter(|_| is_doubted).map(|first| Undecided {
        count: after.undetermined,
        vulnerability: first.clone(),
        detail: undecided(first, &place(&after.package)),
    });
    let left = BTreeMap::new();
    let is_more = !counts.is_empty() || undecided.is_some();
    Change::Added(is_more.then_some(MoreFindings { package_version: before.id, counts, left, undecided }))
}

/// The images that are judged at once: those that have package versions with more findings and documents that may speak
/// against these, those that rules tell from others which hide some of these, and all that have a package version of
/// which something else is said.
async fn others(
    catching: &Catching<'_>,
    book: &Rulebook,
    additions: &Additions,
) -> Result<Vec<ImageToJudge>, JobError> {
    let store = &catching.workshop.store;
    let mut all = store.images_having(additions.otherwise.clone()).await?;
    let documented = store.images_with_documents().await?;
    if !documented.is_empty() {
        let more = additions.more.iter().flat_map(|(_, more)| more);
        let more = more.filter(|more| !more.counts.is_empty()).map(|more| more.package_version);
        let having = store.images_having(more.collect::<BTreeSet<_>>().into_iter().collect()).await?;
        all.extend(having.into_iter().filter(|image| documented.binary_search(image).is_ok()));
    }
    all.sort_unstable();
    all.dedup();
    let mut images = numbered(catching, &all).await?;
    let apart = ruled::told_apart(book, &additions.hidden);
    if !apart.is_empty() {
        let mut having = store.images_having(apart).await?;
        having.retain(|image| all.binary_search(image).is_err());
        let having = numbered(catching, &having).await?;
        images.extend(ruled::under_such_rules(catching, book, &additions.hidden, having).await?);
    }
    Ok(images)
}

async fn numbered(catching: &Catching<'_>, numbers: &[ImageNumber]) -> Result<Vec<ImageToJudge>, JobError> {
    let mut images = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(READ) {
        images.extend(catching.workshop.store.numbered_images(chunk.to_vec()).await?);
    }
    Ok(images)
}

/// Writes the verdicts that became others.
async fn write(catching: &Catching<'_>, mut images: Vec<JudgedImage>) -> Result<JudgedAgain, JobError> {
    let (mut came_to, tally) = (JudgedAgain::default(), keeping::Tally::default());
    while !images.is_empty() {
        let rest = images.split_off(images.len().min(READ));
        add(
            &mut came_to,
            keeping::keep(catching.workshop, &images, &catching.target.snapshot, &tally).await?,
        );
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
            first_undetermined: (undetermined > 0).then(|| "CVE-1".into()),
        }
    }

    #[test]
    fn only_more_findings_and_doubts_are_an_addition() {
        let before = standing(&[("High", 2)], 1);
        let added = |counts: &[(&str, u64)], doubts: Option<u64>| {
            let counts: BTreeMap<_, _> =
                counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
            let undecided = doubts.map(|count| Undecided {
                count,
                vulnerability: "CVE-1".into(),
                detail: "CVE-1 in a 1".into(),
            });
            let (package_version, left) = (PackageVersionId(1), BTreeMap::new());
            Change::Added(Some(MoreFindings { package_version, counts, left, undecided }))
        };
        for (after, expected) in [
            (standing(&[("High", 2), ("Low", 1)], 1), added(&[("Low", 1)], None)),
            (standing(&[("High", 3)], 2), added(&[("High", 1)], Some(2))),
            (standing(&[("High", 2)], 2), added(&[], Some(2))),
            (standing(&[("High", 2)], 1), Change::Added(None)),
            (standing(&[("High", 1)], 1), Change::Otherwise),
            (standing(&[("Low", 2)], 1), Change::Otherwise),
            (standing(&[], 1), Change::Otherwise),
            (standing(&[("High", 3)], 0), Change::Otherwise),
        ] {
            assert_eq!(change(&before, &after), expected, "{after:?}");
        }
    }
}
