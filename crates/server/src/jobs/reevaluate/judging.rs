//! Judging images from what is found in their package versions: a sum, in memory, and not a reading of findings.
//!
//! For each package version four words are kept: its counts by severity, what could not be decided, and its ecosystem.
//! 40 000 of them are a few megabytes, and 100 000 images are as many walks over a short list of numbers.

use super::keeping::{self, Tally};
use crate::jobs::{JobError, Workshop};
use crate::judge::{Basis, findings_of, is_covered};
use advisory::{Severity, Snapshot};
use assessment::{FeedStanding, ImageFacts};
use futures_util::StreamExt;
use inventory::Ecosystem;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use store::{
    FindingVerdict, ImageState, ImageToJudge, JudgedAgain, JudgedImage, PackageStanding, PackageVersion,
    PackageVersionId, PageRequest, Reevaluated, SnapshotVersion,
};

/// Images of one reading and one transaction.
const IMAGES: usize = 2000;
/// Package versions of one reading.
const PACKAGES: usize = 10_000;
/// Images of one reading, where they are looked up one by one, and how many readings go on at once: fewer than the store
/// has readers, so that nobody who asks for a verdict waits for these.
const READ: usize = 500;
const READERS: usize = 2;
/// The order of the counts.
const SEVERITIES: [Severity; 5] =
    [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// What is found in all package versions, in the order of their numbers.
pub(super) struct Standings {
    of: Vec<PackageStanding>,
}

impl Standings {
    /// Those that are at hand.
    pub(super) fn of(of: BTreeMap<PackageVersionId, PackageStanding>) -> Self {
        Self { of: of.into_values().collect() }
    }

    fn place(&self, id: PackageVersionId) -> Option<usize> {
        self.of.binary_search_by_key(&id, |standing| standing.id).ok()
    }

    /// Reads all of them.
    pub(super) async fn load(workshop: &Workshop) -> Result<Self, JobError> {
        let mut of = Vec::new();
        let mut after = None;
        loop {
            let page = PageRequest { after, limit: PACKAGES };
            let page = workshop.store.package_standings(page).await?;
            of.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(Self { of }),
            }
        }
    }

    /// The same with what a snapshot says of some package versions, that nobody has recorded yet; and of which of them
    /// that is something else.
    pub(super) fn with(
        mut self,
        snapshot: &Snapshot,
        to_match: &[PackageVersionId],
    ) -> (Self, Vec<PackageVersionId>) {
        let mut differing = Vec::new();
        for id in to_match {
            let Some(standing) = self.place(*id).and_then(|place| self.of.get_mut(place)) else { continue };
            let found = counted_anew(snapshot, standing);
            if (&found.affected, found.undetermined, &found.first_undetermined)
                != (&standing.affected, standing.undetermined, &standing.first_undetermined)
            {
                differing.push(*id);
                *standing = found;
            }
        }
        (self, differing)
    }

    /// All package versions, with the snapshot that each was matched with.
    pub(super) fn recorded(
        &self,
    ) -> impl Iterator<Item = (PackageVersionId, &PackageVersion, Option<&SnapshotVersion>)> {
        self.of.iter().map(|standing| (standing.id, &standing.package, standing.matched.as_ref()))
    }

    /// Some of them by number.
    pub(super) fn versions(&self, ids: &[PackageVersionId]) -> Vec<(PackageVersionId, PackageVersion)> {
        let package = |id: &PackageVersionId| Some(self.of.get(self.place(*id)?)?.package.clone());
        ids.iter().filter_map(|id| Some((*id, package(id)?))).collect()
    }
}

/// What a snapshot says of a package version, counted as the store counts it.
pub(super) fn counted_anew(snapshot: &Snapshot, standing: &PackageStanding) -> PackageStanding {
    let (findings, vulnerabilities) = findings_of(snapshot, &standing.package);
    let severities: BTreeMap<&str, &str> =
        vulnerabilities.iter().map(|known| (&*known.id, &*known.severity)).collect();
    let mut counted = PackageStanding {
        affected: BTreeMap::new(),
        undetermined: 0,
        first_undetermined: None,
        ..standing.clone()
    };
    for finding in findings {
        match finding.verdict {
            FindingVerdict::Affected => {
                let severity = severities.get(&*finding.vulnerability).copied().unwrap_or("Unknown");
                *counted.affected.entry(severity.to_owned()).or_default() += 1;
            }
            FindingVerdict::Undetermined => {
                counted.undetermined += 1;
                let first = counted.first_undetermined.take();
                let first =
                    first.map_or(finding.vulnerability.clone(), |known| known.min(finding.vulnerability));
                counted.first_undetermined = Some(first);
            }
            FindingVerdict::NotAffected => {}
        }
    }
    counted
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

/// Verdicts that are not written yet.
pub(super) struct Judged {
    pub(super) images: Vec<JudgedImage>,
    /// How many of them are other ones than before.
    pub(super) flips: u64,
}

/// Whether a verdict becomes another one. What could not be assessed had none.
fn is_flip(before: ImageState, after: ImageState) -> bool {
    matches!(before, ImageState::Healthy | ImageState::Unhealthy) && before != after
}

/// Judges images.
pub(super) struct Judge {
    /// By number.
    packages: Vec<Counted>,
    uncovered: Vec<Ecosystem>,
    /// The age of the advisories in days, if they are too old.
    too_old: Option<i64>,
    snapshot: SnapshotVersion,
    now: Timestamp,
    tally: Tally,
}

impl Judge {
    /// A judge with these advisories.
    pub(super) fn new(
        standings: &Standings,
        age_limit: SignedDuration,
        snapshot: &Snapshot,
        target: &Reevaluated,
    ) -> Self {
        let now = Timestamp::now();
        let mut coverage: BTreeMap<&Ecosystem, bool> = BTreeMap::new();
        for ecosystem in standings.of.iter().filter_map(|standing| standing.package.ecosystem.as_ref()) {
            coverage.entry(ecosystem).or_insert_with(|| is_covered(snapshot, ecosystem, age_limit, now));
        }
        let uncovered: Vec<Ecosystem> =
            coverage.iter().filter(|(_, covered)| !**covered).map(|(name, _)| (*name).clone()).collect();
        let place = |ecosystem: &Ecosystem| u16::try_from(uncovered.binary_search(ecosystem).ok()?).ok();
        let largest = standings.of.last().map_or(0, |last| usize::try_from(last.id.0).unwrap_or(0));
        let mut packages = vec![Counted::default(); largest + 1];
        for standing in &standings.of {
            let Some(slot) = usize::try_from(standing.id.0).ok().and_then(|id| packages.get_mut(id)) else {
                continue;
            };
            *slot = counted(standing, standing.package.ecosystem.as_ref().and_then(place));
        }
        let age = now.duration_since(snapshot.created_at()).as_hours() / 24;
        Self {
            packages,
            uncovered,
            too_old: target.too_old.then_some(age),
            snapshot: target.snapshot.clone(),
            now,
            tally: Tally::default(),
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

    /// Judges the images that have one of these package versions. Nothing is written.
    pub(super) async fn having(
        &self,
        workshop: &Workshop,
        packages: Vec<PackageVersionId>,
    ) -> Result<Judged, JobError> {
        let numbers = workshop.store.images_having(packages).await?;
        let mut judged = Judged { images: Vec::with_capacity(numbers.len()), flips: 0 };
        let chunks: Vec<_> = numbers.chunks(READ).map(<[_]>::to_vec).collect();
        let reads = chunks.into_iter().map(|chunk| workshop.store.numbered_images(chunk));
        // While some are judged here, others are read.
        let mut reads = futures_util::stream::iter(reads).buffered(READERS);
        while let Some(images) = reads.next().await {
            let more = self.each(&images?)?;
            judged.flips += more.flips;
            judged.images.extend(more.images);
        }
        // In the order of their table, in which they are written.
        judged.images.sort_unstable_by(|one, other| one.image.cmp(&other.image));
        Ok(judged)
    }

    /// Judges images that are at hand. Nothing is written.
    pub(super) fn each(&self, images: &[ImageToJudge]) -> Result<Judged, JobError> {
        let mut judged = Judged { images: Vec::with_capacity(images.len()), flips: 0 };
        for image in images {
            let now = self.judge(image)?;
            judged.flips += u64::from(is_flip(image.state, now.state));
            judged.images.push(now);
        }
        Ok(judged)
    }

    /// Writes verdicts, in the order in which they come.
    pub(super) async fn write_all(
        &self,
        workshop: &Workshop,
        mut images: Vec<JudgedImage>,
    ) -> Result<JudgedAgain, JobError> {
        let mut sum = JudgedAgain::default();
        while !images.is_empty() {
            let rest = images.split_off(images.len().min(IMAGES));
            super::add(&mut sum, keeping::keep(workshop, &images, &self.snapshot, &self.tally).await?);
            images = rest;
        }
        Ok(sum)
    }

    /// Judges the images that have one of these package versions and writes the verdicts as it goes, as long as nobody asks
    /// for others. None if somebody does.
    pub(super) async fn settle(
        &self,
        workshop: &Workshop,
        packages: Vec<PackageVersionId>,
        is_superseded: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<JudgedAgain>, JobError> {
        let numbers = workshop.store.images_having(packages).await?;
        let chunks: Vec<_> = numbers.chunks(READ).map(<[_]>::to_vec).collect();
        let reads = chunks.into_iter().map(|chunk| workshop.store.numbered_images(chunk));
        let mut reads = futures_util::stream::iter(reads).buffered(READERS);
        let (mut sum, mut judged) = (JudgedAgain::default(), Vec::new());
        while let Some(images) = reads.next().await {
            if is_superseded() {
                return Ok(None);
            }
            judged.extend(self.each(&images?)?.images);
            if judged.len() >= IMAGES {
                super::add(&mut sum, keeping::keep(workshop, &judged, &self.snapshot, &self.tally).await?);
                judged.clear();
            }
        }
        super::add(&mut sum, keeping::keep(workshop, &judged, &self.snapshot, &self.tally).await?);
        Ok(Some(sum))
    }

    /// How many of all images would get another verdict. Nothing is written.
    pub(super) async fn flips(&self, workshop: &Workshop) -> Result<u64, JobError> {
        let mut flips = 0;
        let mut after = None;
        loop {
            let page = workshop.store.images_to_judge(PageRequest { after, limit: IMAGES }).await?;
            for image in &page.items {
                flips += u64::from(is_flip(image.state, self.judge(image)?.state));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(flips),
            }
        }
    }

    async fn write(&self, workshop: &Workshop, images: &[ImageToJudge]) -> Result<JudgedAgain, JobError> {
        let judged = images.iter().map(|image| self.judge(image)).collect::<Result<Vec<_>, _>>()?;
        keeping::keep(workshop, &judged, &self.snapshot, &self.tally).await
    }

    /// Judges one image.
    fn judge(&self, image: &ImageToJudge) -> Result<JudgedImage, JobError> {
        let basis: Basis = serde_json::from_value(image.basis.clone())
            .map_err(|error| JobError::Again(format!("a record cannot be decoded: {error}")))?;
        let verdict = assessment::assess(&self.facts(basis, &image.packages));
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

    fn facts(&self, basis: Basis, packages: &[PackageVersionId]) -> ImageFacts {
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
            out_of_support: basis.out_of_support(self.now),
            causes: basis.causes,
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
                first.map(|(vulnerability, place)| undecided(vulnerability, place)).unwrap_or_default(),
            ),
        }
    }
}

/// Where something could not be decided.
pub(super) fn place(package: &PackageVersion) -> String {
    format!("{} {}", package.name, package.version)
}

/// What could not be decided, and where, for people.
pub(super) fn undecided(vulnerability: &str, place: &str) -> String {
    format!("{vulnerability} in {place}")
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
    Counted {
        affected,
        undetermined: u32::try_from(standing.undetermined).unwrap_or(u32::MAX),
        first: standing
            .first_undetermined
            .as_deref()
            .map(|first| (first.into(), place(&standing.package).into())),
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
