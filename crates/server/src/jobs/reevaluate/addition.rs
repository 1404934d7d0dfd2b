//! The case that has to be fast: a few advisories more, and many images that have what they are about.
//!
//! Then most verdicts stay what they are, and only have more findings. Those are written down once for each package
//! version, and whoever reads a summary adds them ([`store::Additions`]): they stand in every verdict before the first
//! summary is written. Images whose verdict becomes another one are judged and written at once, with their events.
//!
//! What comes after is the way of every re-evaluation: it finds these package versions matched, and their images not
//! yet judged. Should the server stop in between, it goes on there.

use super::judging::{Judge, Standings, counted_anew};
use super::plan::Difference;
use super::{Catching, add, flips, keeping, match_again};
use crate::jobs::JobError;
use graph::automations;
use graph::rulebook::Rulebook;
use jiff::Timestamp;
use std::collections::BTreeMap;

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

/// Lets the verdicts say what a snapshot has more, before they are written.
pub(super) async fn announce(
    catching: &Catching<'_>,
    before: &SnapshotVersion,
) -> Result<Announced, JobError> {
    if has_consequences(catching, before).await? {
        return Ok(Announced::No);
    }
    let Some((standings, more)) = additions(catching).await? else { return Ok(Announced::No) };
    let store = &catching.workshop.store;
    let changed: Vec<PackageVersionId> = more.iter().map(|more| more.package_version).collect();
    let others = others(catching, &changed).await?;
    let mut of: BTreeMap<PackageVersionId, PackageStanding> =
        standings.iter().map(|standing| (standing.id, standing.clone())).collect();
    let missing: Vec<PackageVersionId> = {
        let mut ids: Vec<_> = others.iter().flat_map(|image| image.packages.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| !of.contains_key(id));
        ids
    };
    of.extend(store.standings_of(missing).await?.into_iter().map(|standing| (standing.id, standing)));
    let judge = Judge::new(&Standings::of(of), catching.snapshot, catching.target);
    let judged = judge.each(&others)?;
    if flips::hold_if_too_many(catching, judged.flips).await? {
        return Ok(Announced::Held);
    }
    let versions: Vec<_> = standings.iter().map(|standing| (standing.id, standing.package.clone())).collect();
    let matched = versions.len();
    let touched =
        match_again(catching.workshop, catching.snapshot, catching.before, versions, Timestamp::now())
            .await?;
    // First those that are written: whoever compares them with what they were must not see what is only added.
    let images = write(catching, judged.images).await?;
    store.add_findings(&catching.target.snapshot, more).await?;
    Ok(Announced::Yes(Announcement { matched, touched, images }))
}

/// Whether a change of a verdict has consequences beyond the verdict, so that each has to be looked at: rules that may
/// hide it, automations that want to be told, registries that hold images back. Or whether an earlier run has not come
/// to its end.
async fn has_consequences(catching: &Catching<'_>, before: &SnapshotVersion) -> Result<bool, JobError> {
    let store = &*catching.workshop.store;
    Ok(!store.is_all_matched_with(before).await?
        || !store.documents(automations::KEPT).await?.is_empty()
        || store.is_any_quarantined().await?
        || Rulebook::load(store, Timestamp::now()).await?.rules().next().is_some())
}

/// The package versions of which the snapshot says something else, as they would stand, and what is found in them more.
/// None if there are many, or if anything but additional findings has changed.
async fn additions(
    catching: &Catching<'_>,
) -> Result<Option<(Vec<PackageStanding>, Vec<MoreFindings>)>, JobError> {
    let Some(before) = catching.before.cloned() else { return Ok(None) };
    let (older, newer) = (before.clone(), catching.snapshot.clone());
    let difference = blocking(move || Difference::of(&older, &newer)).await?;
    if difference.covers_otherwise() || difference.names().len() > NAMES {
        return Ok(None);
    }
    let mut standings = catching.workshop.store.standings_named(difference.names()).await?;
    standings.retain(|standing| difference.concerns(&standing.package));
    if standings.len() > VERSIONS {
        return Ok(None);
    }
    let snapshot = catching.snapshot.clone();
    blocking(move || {
        let mut after = Vec::with_capacity(standings.len());
        let mut additional = Vec::new();
        for standing in standings {
            // Both are counted from the snapshots: what is recorded has the ratings of whoever was recorded last.
            let anew = counted_anew(&snapshot, &standing);
            additional.extend(more(&counted_anew(&before, &standing), &anew)?);
            after.push(anew);
        }
        Some((after, additional))
    })
    .await
}

/// What is found more; none of both if it is as before, and nothing at all if it is not more but something else.
fn more(before: &PackageStanding, after: &PackageStanding) -> Option<Option<MoreFindings>> {
    let same_doubts =
        (before.undetermined, &before.first_undetermined) == (after.undetermined, &after.first_undetermined);
    let mut counts = BTreeMap::new();
    for (severity, count) in &after.affected {
        let more = count.checked_sub(before.affected.get(severity).copied().unwrap_or_default())?;
        if more > 0 {
            counts.insert(severity.clone(), more);
        }
    }
    let nothing_less = before.affected.keys().all(|severity| after.affected.contains_key(severity));
    let found = MoreFindings { package_version: before.id, counts };
    (same_doubts && nothing_less).then(|| Some(found).filter(|found| !found.counts.is_empty()))
}

/// The images with these package versions that are not simply unhealthy.
async fn others(
    catching: &Catching<'_>,
    packages: &[PackageVersionId],
) -> Result<Vec<ImageToJudge>, JobError> {
    let store = &catching.workshop.store;
    let (having, to_look_at) =
        tokio::try_join!(store.images_having(packages.to_vec()), store.images_to_look_at())?;
    let both: Vec<ImageNumber> =
        having.into_iter().filter(|image| to_look_at.binary_search(image).is_ok()).collect();
    let mut images = Vec::with_capacity(both.len());
    for chunk in both.chunks(READ) {
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
        let added = more(&before, &standing(&[("High", 2), ("Low", 1)], 0)).unwrap().unwrap();
        assert_eq!(added.counts, BTreeMap::from([("Low".to_owned(), 1)]));
        assert_eq!(more(&before, &before), Some(None), "the same is nothing");
        for other in [
            standing(&[("High", 1)], 0),
            standing(&[("Low", 2)], 0),
            standing(&[], 0),
            standing(&[("High", 3)], 1),
        ] {
            assert_eq!(more(&before, &other), None, "{other:?}");
        }
    }
}
