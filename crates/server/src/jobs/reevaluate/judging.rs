//! Judging images from what is found in their package versions: a sum, in memory, and not a reading of findings.
//!
//! For each package version four words are kept: its counts by severity, what could not be decided, and its ecosystem.
//! 40 000 of them are a few megabytes, and 100 000 images are as many walks over a short list of numbers.

use crate::jobs::{JobError, Workshop, assess};
use crate::judge::findings_of;
use advisory::{Severity, Snapshot};
use assessment::{Cause, FeedStanding, ImageFacts};
use inventory::Ecosystem;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{
    FindingVerdict, ImageNumber, ImageState, ImageToJudge, JudgedAgain, JudgedImage, PackageStanding,
    PackageVersion, PackageVersionId, PageRequest, Reevaluated, SnapshotVersion,
};

/// Images of one reading and one transaction.
const IMAGES: usize = 2000;
/// Package versions of one reading.
const PACKAGES: usize = 10_000;
/// More changed package versions than this are read again with all others.
const ONE_BY_ONE: usize = 200;
/// The order of the counts.
const SEVERITIES: [Severity; 5] =
    [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// What is found in all package versions, by number.
pub(super) struct Standings {
    of: BTreeMap<PackageVersionId, PackageStanding>,
}

impl Standings {
    /// Reads all of them.
    pub(super) async fn load(workshop: &Workshop) -> Result<Self, JobError> {
        let mut of = BTreeMap::new();
        let mut after = None;
        loop {
            let page = PageRequest { after, limit: PACKAGES };
            let page = workshop.store.package_standings(page).await?;
            of.extend(page.items.into_iter().map(|standing| (standing.id, standing)));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(Self { of }),
            }
        }
    }

    /// Reads some of them again.
    pub(super) async fn reload(
        &mut self,
        workshop: &Workshop,
        changed: &[PackageVersionId],
    ) -> Result<(), JobError> {
        if changed.len() > ONE_BY_ONE {
            *self = Self::load(workshop).await?;
            return Ok(());
        }
        for PackageVersionId(number) in changed {
            let page = PageRequest { after: Some(PackageVersionId(number.saturating_sub(1))), limit: 1 };
            let page = workshop.store.package_standings(page).await?;
            self.of.extend(page.items.into_iter().map(|standing| (standing.id, standing)));
        }
        Ok(())
    }

    /// The same with what a snapshot says of some package versions, that nobody has recorded yet.
    pub(super) fn with(&self, snapshot: &Snapshot, to_match: &[PackageVersionId]) -> Self {
        let mut of = self.of.clone();
        for id in to_match {
            let Some(standing) = of.get_mut(id) else { continue };
            let (findings, vulnerabilities) = findings_of(snapshot, &standing.package);
            let severities: BTreeMap<&str, &str> =
                vulnerabilities.iter().map(|known| (&*known.id, &*known.severity)).collect();
            standing.affected.clear();
            (standing.undetermined, standing.first_undetermined) = (0, None);
            for finding in &findings {
                match finding.verdict {
                    FindingVerdict::Affected => {
                        let severity = severities.get(&*finding.vulnerability).copied().unwrap_or("Unknown");
                        *standing.affected.entry(severity.to_owned()).or_default() += 1;
                    }
                    FindingVerdict::Undetermined => standing.undetermined += 1,
                    FindingVerdict::NotAffected => {}
                }
            }
        }
        Self { of }
    }

    /// All package versions, with the snapshot that each was matched with.
    pub(super) fn recorded(
        &self,
    ) -> impl Iterator<Item = (PackageVersionId, &PackageVersion, Option<&SnapshotVersion>)> {
        self.of.values().map(|standing| (standing.id, &standing.package, standing.matched.as_ref()))
    }

    /// Some of them by number.
    pub(super) fn versions(&self, ids: &[PackageVersionId]) -> Vec<(PackageVersionId, PackageVersion)> {
        ids.iter().filter_map(|id| Some((*id, self.of.get(id)?.package.clone()))).collect()
    }
}

/// What is found in one package version.
#[derive(Clone, Default)]
struct Counted {
    affected: [u32; SEVERITIES.len()],
    undetermined: u32,
    /// The first vulnerability that could not be decided, and where.
    first: Option<(Box<str>, Box<str>)>,
    /// The place of its ecosystem among those that the snapshot does not speak of; none if it does, or if there is none.
    uncovered: Option<u16>,
}

/// Judges images.
pub(super) struct Judge {
    /// By number.
    packages: Vec<Counted>,
    uncovered: Vec<Ecosystem>,
    /// The age of the advisories in days, if they are too old.
    too_old: Option<i64>,
    snapshot: SnapshotVersion,
}

impl Judge {
    /// A judge with these advisories.
    pub(super) fn new(standings: &Standings, snapshot: &Snapshot, target: &Reevaluated) -> Self {
        let mut coverage: BTreeMap<&Ecosystem, bool> = BTreeMap::new();
        for ecosystem in standings.of.values().filter_map(|standing| standing.package.ecosystem.as_ref()) {
            coverage.entry(ecosystem).or_insert_with(|| snapshot.coverage(ecosystem).is_some());
        }
        let uncovered: Vec<Ecosystem> =
            coverage.iter().filter(|(_, covered)| !**covered).map(|(name, _)| (*name).clone()).collect();
        let place = |ecosystem: &Ecosystem| u16::try_from(uncovered.binary_search(ecosystem).ok()?).ok();
        let largest = standings.of.keys().next_back().map_or(0, |id| usize::try_from(id.0).unwrap_or(0));
        let mut packages = vec![Counted::default(); largest + 1];
        for standing in standings.of.values() {
            let Some(slot) = usize::try_from(standing.id.0).ok().and_then(|id| packages.get_mut(id)) else {
                continue;
            };
            *slot = counted(standing, standing.package.ecosystem.as_ref().and_then(place));
        }
        let age = Timestamp::now().duration_since(snapshot.created_at()).as_hours() / 24;
        Self {
            packages,
            uncovered,
            too_old: target.too_old.then_some(age),
            snapshot: target.snapshot.clone(),
        }
    }

    /// Judges all images.
    pub(super) async fn all(&self, workshop: &Workshop) -> Result<JudgedAgain, JobError> {
        let mut sum = JudgedAgain::default();
        let mut page = workshop.store.images_to_judge(PageRequest::first(IMAGES)).await?;
        loop {
            let write = self.write(workshop, &page.items);
            // The next images are read while the verdicts on these are written.
            let Some(next) = page.next.clone() else {
                super::add(&mut sum, write.await?);
                return Ok(sum);
            };
            let read = workshop.store.images_to_judge(PageRequest::after(next, IMAGES));
            let (written, read) = tokio::join!(write, read);
            super::add(&mut sum, written?);
            page = read?;
        }
    }

    /// Judges the images that have one of these package versions.
    pub(super) async fn having(
        &self,
        workshop: &Workshop,
        packages: Vec<PackageVersionId>,
    ) -> Result<JudgedAgain, JobError> {
        let numbers = workshop.store.images_having(packages).await?;
        let mut sum = JudgedAgain::default();
        let mut chunks = numbers.chunks(IMAGES).map(<[ImageNumber]>::to_vec);
        let Some(first) = chunks.next() else { return Ok(sum) };
        let mut images = workshop.store.numbered_images(first).await?;
        loop {
            let write = self.write(workshop, &images);
            let Some(next) = chunks.next() else {
                super::add(&mut sum, write.await?);
                return Ok(sum);
            };
            let (written, read) = tokio::join!(write, workshop.store.numbered_images(next));
            super::add(&mut sum, written?);
            images = read?;
        }
    }

    /// How many of the images would get another verdict, and how many there are. Nothing is written.
    pub(super) async fn flips(
        &self,
        workshop: &Workshop,
        having: Option<Vec<PackageVersionId>>,
    ) -> Result<u64, JobError> {
        let mut flips = 0;
        let mut count = |images: Vec<ImageToJudge>| -> Result<(), JobError> {
            for image in &images {
                let known = matches!(image.state, ImageState::Healthy | ImageState::Unhealthy);
                flips += u64::from(known && self.judge(image)?.state != image.state);
            }
            Ok(())
        };
        if let Some(packages) = having {
            for chunk in workshop.store.images_having(packages).await?.chunks(IMAGES) {
                count(workshop.store.numbered_images(chunk.to_vec()).await?)?;
            }
            return Ok(flips);
        }
        let mut after = None;
        loop {
            let page = workshop.store.images_to_judge(PageRequest { after, limit: IMAGES }).await?;
            count(page.items)?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(flips),
            }
        }
    }

    async fn write(&self, workshop: &Workshop, images: &[ImageToJudge]) -> Result<JudgedAgain, JobError> {
        let judged = images.iter().map(|image| self.judge(image)).collect::<Result<Vec<_>, _>>()?;
        let (snapshot, at) = (self.snapshot.clone(), Timestamp::now());
        Ok(workshop.store.judge_again(judged, snapshot, assess::job_for_parent, at).await?)
    }

    /// Judges one image.
    fn judge(&self, image: &ImageToJudge) -> Result<JudgedImage, JobError> {
        let causes: Vec<Cause> = serde_json::from_value(image.causes.clone())
            .map_err(|error| JobError::Again(format!("a record cannot be decoded: {error}")))?;
        let verdict = assessment::assess(&self.facts(causes, &image.packages));
        Ok(JudgedImage {
            image: image.image.clone(),
            state: state(verdict.state),
            cause: verdict
                .causes
                .first()
                .map(|cause| store::Cause { code: cause.code().to_owned(), sentence: cause.to_string() }),
            counts: verdict.counts.iter().map(|(severity, count)| (severity.to_string(), *count)).collect(),
        })
    }

    fn facts(&self, causes: Vec<Cause>, packages: &[PackageVersionId]) -> ImageFacts {
        let mut affected = [0_u64; SEVERITIES.len()];
        let mut undetermined = 0;
        let mut first: Option<&(Box<str>, Box<str>)> = None;
        let mut uncovered = Vec::new();
        let counted = |id: &PackageVersionId| self.packages.get(usize::try_from(id.0).ok()?);
        for package in packages.iter().filter_map(counted) {
            for (sum, count) in affected.iter_mut().zip(package.affected) {
                *sum += u64::from(count);
            }
            undetermined += u64::from(package.undetermined);
            if let Some(mine) = &package.first
                && first.is_none_or(|known| mine.0 < known.0)
            {
                first = Some(mine);
            }
            uncovered.extend(package.uncovered);
        }
        uncovered.sort_unstable();
        uncovered.dedup();
        let named = |place: u16| self.uncovered.get(usize::from(place)).cloned();
        ImageFacts {
            causes,
            // Obstacles and missing feeds are among the causes that were recorded with the image.
            obstacles: Vec::new(),
            distribution_without_feed: None,
            feeds: match self.too_old {
                Some(days) => FeedStanding::TooOld { days },
                None => {
                    FeedStanding::InForce { uncovered: uncovered.into_iter().filter_map(named).collect() }
                }
            },
            affected: SEVERITIES.into_iter().zip(affected).filter(|(_, count)| *count > 0).collect(),
            undetermined: (
                undetermined,
                first.map(|(vulnerability, place)| format!("{vulnerability} in {place}")).unwrap_or_default(),
            ),
        }
    }
}

fn counted(standing: &PackageStanding, uncovered: Option<u16>) -> Counted {
    let mut affected = [0; SEVERITIES.len()];
    for (word, count) in &standing.affected {
        let severity = crate::judge::severity(word).unwrap_or(Severity::Unknown);
        for (known, sum) in SEVERITIES.iter().zip(&mut affected) {
            if *known == severity {
                *sum += u32::try_from(*count).unwrap_or(u32::MAX);
            }
        }
    }
    let place = || format!("{} {}", standing.package.name, standing.package.version).into();
    Counted {
        affected,
        undetermined: u32::try_from(standing.undetermined).unwrap_or(u32::MAX),
        first: standing.first_undetermined.as_deref().map(|first| (first.into(), place())),
        uncovered,
    }
}

fn state(state: assessment::ImageState) -> ImageState {
    match state {
        assessment::ImageState::Healthy => ImageState::Healthy,
        assessment::ImageState::Unhealthy => ImageState::Unhealthy,
        assessment::ImageState::NotApplicable => ImageState::NotApplicable,
    }
}
