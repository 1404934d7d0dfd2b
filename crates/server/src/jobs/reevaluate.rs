//! The job `reevaluate`: other advisories are in force, or they have grown too old, and the verdicts follow.
//!
//! Nothing is pulled and no layer is read. The recipe:
//!
//! 1. [`plan`]: the package versions of which the new snapshot says something else than the one before, from the
//!    difference of the two snapshots. Without the one before, all of them.
//! 2. [`matching`]: these are matched again, each once, whatever images have them.
//! 3. [`judging`]: the images that have them are judged again, by adding up what is found in their package versions.
//! 4. All other verdicts hold, and say so.
//!
//! Where a snapshot only has more to say, the verdicts show it before their summaries are written ([`addition`]); should
//! another one come meanwhile, it is shown at once as well, and the summaries are written with that one.
//!
//! Each step may stop in the middle and run again: what the records say decides what is left to do, and an event is
//! told in the transaction that changes its verdict.

mod addition;
mod flips;
mod judging;
mod keeping;
mod matching;
mod plan;
mod ruled;

pub use flips::FlipLimit;
use matching::found_again;
pub(in crate::jobs) use matching::match_again;

use super::{JobError, Kind, Workshop};
use addition::{Announced, Announcement};
use advisory::Snapshot;
use jiff::{SignedDuration, Timestamp};
use judging::{Judge, Standings};
use plan::Plan;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::{Job, JobKind, JudgedAgain, NewJob, PackageVersionId, PageRequest, Reevaluated, SnapshotVersion};
use tokio::sync::watch;

/// The kind of this job.
pub const KIND: Kind = Kind {
    name: JobKind::new("reevaluate"),
    run: |workshop, _: &Job, _| Box::pin(async { run(workshop).await.map(|_| ()) }),
    gave_up: |_, _, _, _| Box::pin(async { Ok(()) }),
};

/// How often the shelf is looked at: another process may put new advisories in force. A look reads one small file.
const LOOK: Duration = Duration::from_millis(50);
/// Verdicts that have not caught up, since the job was given up, are asked for again this often.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Package versions that are matched in one transaction.
const BATCH: usize = 2000;
/// With more changed package versions than this, all images are judged again: nearly all have one of them.
const PART: usize = 5000;

/// What the verdicts have to catch up with.
fn target(snapshot: &Snapshot, age_limit: SignedDuration, now: Timestamp) -> Reevaluated {
    Reevaluated {
        snapshot: SnapshotVersion(snapshot.version().to_string()),
        too_old: now.duration_since(snapshot.created_at()) > age_limit,
        day: now.as_second().div_euclid(86_400),
    }
}

/// What a source said before this counts no more.
fn oldest(workshop: &Workshop, now: Timestamp) -> Timestamp {
    now.checked_sub(workshop.advisory_age_limit).unwrap_or(Timestamp::MIN)
}

/// Looks at the shelf now and then, and asks for this job when there is something to catch up with.
pub async fn watch_shelf(workshop: Arc<Workshop>, mut stop: watch::Receiver<bool>) {
    let mut asked: Option<(Reevaluated, Timestamp)> = None;
    loop {
        if let Err(error) = workshop.shelf.refresh() {
            tracing::error!(%error, "the new advisories cannot be used; the old ones stay in force");
        }
        let now = Timestamp::now();
        if let Some(snapshot) = workshop.shelf.current() {
            let target = target(&snapshot, workshop.advisory_age_limit, now);
            let known = asked
                .as_ref()
                .is_some_and(|(before, at)| *before == target && now.duration_since(*at) < ASK_AGAIN);
            if !known {
                match ask_unless_done(&workshop, &target, now).await {
                    Ok(()) => asked = Some((target, now)),
                    Err(error) => tracing::error!(%error, "the images could not be given to new advisories"),
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

async fn ask_unless_done(
    workshop: &Workshop,
    target: &Reevaluated,
    now: Timestamp,
) -> Result<(), store::Error> {
    if workshop.store.reevaluated().await?.as_ref() == Some(target) {
        return Ok(());
    }
    let job = NewJob {
        kind: KIND.name,
        key: "all".into(),
        subscription: None,
        priority: 1,
        payload: Value::Null,
        not_before: None,
    };
    workshop.store.enqueue(vec![job], now).await.map(|_| ())
}

/// What a re-evaluation came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Package versions that were matched again.
    pub matched: usize,
    /// Package versions whose findings became others.
    pub changed_packages: usize,
    /// What became of the images.
    pub images: JudgedAgain,
    /// How long it took until every image that is affected had its new verdict.
    pub visible_after: Duration,
    /// Whether the verdicts were shown before their summaries were written.
    pub is_ahead: bool,
}

/// Brings all verdicts to where the advisories in force say they should be.
///
/// # Errors
/// When the records fail; what was done by then is kept, and the next run goes on.
pub async fn run(workshop: &Workshop) -> Result<Outcome, JobError> {
    let mut outcome = Outcome::default();
    let mut shown = Vec::new();
    loop {
        let Some(snapshot) = workshop.shelf.current() else { return Ok(outcome) };
        let target = target(&snapshot, workshop.advisory_age_limit, Timestamp::now());
        let done = workshop.store.reevaluated().await?;
        if done.as_ref() == Some(&target) {
            return Ok(outcome);
        }
        let Some(caught_up) = catch_up(workshop, &snapshot, &target, done, &mut shown).await? else {
            continue;
        };
        outcome = caught_up;
        shown.clear();
        workshop.store.set_reevaluated(target, Timestamp::now()).await?;
        workshop.tell();
    }
}

/// Catches up with a snapshot. None if another one is in force now: it was held, or what it has more is shown and the
/// next one came before the summaries were written. `shown` are the snapshots of which that is so.
async fn catch_up(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    target: &Reevaluated,
    done: Option<Reevaluated>,
    shown: &mut Vec<SnapshotVersion>,
) -> Result<Option<Outcome>, JobError> {
    let began = std::time::Instant::now();
    let before = done.as_ref().and_then(|done| workshop.shelf.earlier(&done.snapshot.0));
    let ages_alike =
        done.as_ref().is_some_and(|done| (done.too_old, done.day) == (target.too_old, target.day));
    let base = Base { workshop, snapshot, before: before.as_ref(), target };
    let announced = match done.as_ref().filter(|_| ages_alike && before.is_some()) {
        Some(done) => base.announce(&done.snapshot, shown).await?,
        None => Announced::No,
    };
    let (is_ahead, announced) = match announced {
        Announced::Held => return Ok(None),
        Announced::No => (false, Announcement::default()),
        Announced::Yes(announced) => (true, announced),
    };
    let announced_after = is_ahead.then(|| began.elapsed());
    let standings = Standings::load(workshop).await?;
    let (mut plan, standings) = {
        let (snapshot, before, version) = (snapshot.clone(), before.clone(), target.snapshot.clone());
        let alike = if is_ahead { shown.clone() } else { Vec::new() };
        let oldest = oldest(workshop, Timestamp::now());
        let work = move || {
            (Plan::new(&standings, &version, &snapshot, before.as_deref(), &alike, oldest), standings)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Again(error.to_string()))?
    };
    // Also those that have a vulnerability of which only the description or the rating changed, and those that a run
    // which did not come to its end has left uncounted.
    plan.judged_before.extend(&announced.touched);
    plan.judged_before.extend(workshop.store.uncounted().await?);
    plan.judged_before.sort_unstable();
    plan.judged_before.dedup();
    let is_part = ages_alike && !plan.covers_otherwise && plan.to_match.len() <= PART;
    let catching = base.with(&plan, is_ahead);
    let caught_up = if is_ahead && plan.to_match.is_empty() {
        catching.settled(standings).await?
    } else if is_part {
        catching.part(standings).await?
    } else {
        catching.whole(standings).await?
    };
    let Some((changed_packages, mut images)) = caught_up else { return Ok(None) };
    let visible_after = announced_after.unwrap_or_else(|| began.elapsed());
    workshop.tell();
    catching.adopt(shown).await?;
    add(&mut images, stragglers(workshop, snapshot, target).await?);
    if !catching.confirm().await? {
        return Ok(None);
    }
    workshop.store.findings_are_counted().await?;
    add(&mut images, announced.images);
    let matched = plan.to_match.len() + announced.matched;
    let changed_packages = changed_packages + announced.touched.len();
    tracing::info!(
        snapshot = %target.snapshot, package_versions.matched = matched, package_versions.changed = changed_packages,
        images.changed = images.changed, images.flipped = images.flipped,
        visible_after_milliseconds = u64::try_from(visible_after.as_millis()).unwrap_or(u64::MAX),
        "the verdicts have caught up with the advisories"
    );
    Ok(Some(Outcome { matched, changed_packages, images, visible_after, is_ahead }))
}

/// What is caught up with, before it is known how.
#[derive(Clone, Copy)]
struct Base<'a> {
    workshop: &'a Workshop,
    snapshot: &'a Arc<Snapshot>,
    before: Option<&'a Arc<Snapshot>>,
    target: &'a Reevaluated,
}

impl<'a> Base<'a> {
    fn with(self, plan: &'a Plan, is_ahead: bool) -> Catching<'a> {
        let Self { workshop, snapshot, before, target } = self;
        Catching { workshop, snapshot, before, target, plan, is_ahead }
    }

    /// Shows what the snapshot has more, if that is all. `done` is what all summaries had caught up with, `shown` what was
    /// shown since.
    async fn announce(
        self,
        done: &SnapshotVersion,
        shown: &mut Vec<SnapshotVersion>,
    ) -> Result<Announced, JobError> {
        let made_with: Vec<SnapshotVersion> = std::iter::once(done).chain(shown.iter()).cloned().collect();
        let announced = addition::announce(&self.with(&Plan::default(), false), &made_with).await?;
        if let Announced::Yes(_) = announced {
            shown.push(self.target.snapshot.clone());
            self.workshop.tell();
        }
        Ok(announced)
    }
}

/// Catching up, with everything that it needs.
struct Catching<'a> {
    workshop: &'a Workshop,
    snapshot: &'a Arc<Snapshot>,
    before: Option<&'a Arc<Snapshot>>,
    target: &'a Reevaluated,
    plan: &'a Plan,
    /// Whether the verdicts show what the snapshot has more, so that writing them down can wait for another one.
    is_ahead: bool,
}

/// How many package versions changed, and what became of the images; none if the snapshot was held.
type CaughtUp = Option<(usize, JudgedAgain)>;

impl Catching<'_> {
    /// The verdicts show everything: their summaries are written.
    async fn settled(&self, standings: Standings) -> Result<CaughtUp, JobError> {
        let Self { workshop, snapshot, target, plan, .. } = *self;
        let judge = Judge::new(&standings, workshop.advisory_age_limit, snapshot, target);
        drop(standings);
        let superseded = || self.is_superseded();
        let written = judge.settle(workshop, plan.judged_before.clone(), &superseded).await?;
        Ok(written.map(|images| (0, images)))
    }

    /// A few package versions changed. The verdicts that follow are made before anything is written: so it is known
    /// how many flip, and the images are read once.
    async fn part(&self, standings: Standings) -> Result<CaughtUp, JobError> {
        let Self { workshop, snapshot, target, plan, .. } = *self;
        let (snapshot_too, to_match) = (snapshot.clone(), plan.to_match.clone());
        let work = move || standings.with(&snapshot_too, &to_match);
        let (would_be, differing) =
            tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Again(error.to_string()))?;
        let judge = Judge::new(&would_be, workshop.advisory_age_limit, snapshot, target);
        let concerned = [differing.as_slice(), plan.judged_before.as_slice()].concat();
        let judged = judge.having(workshop, concerned).await?;
        if flips::hold_if_too_many(self, judged.flips).await? {
            return Ok(None);
        }
        let touched = self.match_all(&would_be, &plan.to_match).await?;
        let mut images = judge.write_all(workshop, judged.images).await?;
        // Another rating of a vulnerability changes all who have it, matched again or not.
        let others: Vec<PackageVersionId> =
            touched.iter().filter(|id| plan.to_match.binary_search(id).is_err()).copied().collect();
        if !others.is_empty() {
            let standings = Standings::load(workshop).await?;
            let judge = Judge::new(&standings, workshop.advisory_age_limit, snapshot, target);
            let judged = judge.having(workshop, others).await?;
            add(&mut images, judge.write_all(workshop, judged.images).await?);
        }
        Ok(Some((touched.len(), images)))
    }

    /// Everything may have changed.
    async fn whole(&self, standings: Standings) -> Result<CaughtUp, JobError> {
        let Self { workshop, snapshot, target, plan, .. } = *self;
        // There is never more than one of these lists: it is the largest thing in memory.
        let standings = if self.before.is_some() && !plan.to_match.is_empty() {
            let (snapshot_too, to_match) = (snapshot.clone(), plan.to_match.clone());
            let work = move || standings.with(&snapshot_too, &to_match).0;
            let would_be = tokio::task::spawn_blocking(work)
                .await
                .map_err(|error| JobError::Again(error.to_string()))?;
            let judge = Judge::new(&would_be, workshop.advisory_age_limit, snapshot, target);
            drop(would_be);
            let flips = judge.flips(workshop).await?;
            if flips::hold_if_too_many(self, flips).await? {
                return Ok(None);
            }
            Standings::load(workshop).await?
        } else {
            standings
        };
        let touched = self.match_all(&standings, &plan.to_match).await?;
        drop(standings);
        let judge =
            Judge::new(&Standings::load(workshop).await?, workshop.advisory_age_limit, snapshot, target);
        let images = judge.all(workshop).await?;
        Ok(Some((touched.len(), images)))
    }

    /// Matches package versions. Returns those of which something changed, ascending.
    async fn match_all(
        &self,
        standings: &Standings,
        ids: &[PackageVersionId],
    ) -> Result<Vec<PackageVersionId>, JobError> {
        let mut touched = BTreeSet::new();
        for ids in ids.chunks(BATCH) {
            let (batch, now) = (standings.versions(ids), Timestamp::now());
            touched.extend(match_again(self.workshop, self.snapshot, self.before, batch, now).await?);
        }
        Ok(touched.into_iter().collect())
    }

    /// Whether another snapshot came, and this one is shown already.
    fn is_superseded(&self) -> bool {
        let current = self.workshop.shelf.current();
        self.is_ahead && current.is_some_and(|current| current.version() != self.snapshot.version())
    }

    /// Writes down that all other verdicts hold with the new snapshot. False if another one came.
    async fn confirm(&self) -> Result<bool, JobError> {
        let (store, version) = (&self.workshop.store, &self.target.snapshot);
        let mut after = None;
        loop {
            if self.is_superseded() {
                return Ok(false);
            }
            let page = PageRequest { after, limit: 2000 };
            after = store.confirm_verdicts(version.clone(), page, Timestamp::now()).await?;
            if after.is_none() {
                return Ok(true);
            }
        }
    }

    /// Takes that of which the snapshots say the same as matched with the new one. `shown` are those that came between.
    async fn adopt(&self, shown: &[SnapshotVersion]) -> Result<(), JobError> {
        let Some(before) = self.before else { return Ok(()) };
        let before = SnapshotVersion(before.version().to_string());
        let between = shown.iter().filter(|version| self.is_ahead && **version != self.target.snapshot);
        for from in std::iter::once(&before).chain(between) {
            for same in self.plan.same.chunks(BATCH) {
                self.workshop.store.adopt_snapshot(from, &self.target.snapshot, same.to_vec()).await?;
            }
        }
        Ok(())
    }
}

fn add(sum: &mut JudgedAgain, more: JudgedAgain) {
    sum.changed += more.changed;
    sum.flipped += more.flipped;
}

/// What was recorded meanwhile, by somebody who still had the advisories of before.
async fn stragglers(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    target: &Reevaluated,
) -> Result<JudgedAgain, JobError> {
    let mut sum = JudgedAgain::default();
    loop {
        let left = workshop.store.package_versions_to_match(&target.snapshot, BATCH).await?;
        if left.is_empty() {
            return Ok(sum);
        }
        let ids: Vec<PackageVersionId> = left.iter().map(|(id, _)| *id).collect();
        match_again(workshop, snapshot, None, left, Timestamp::now()).await?;
        let standings = Standings::load(workshop).await?;
        let judge = Judge::new(&standings, workshop.advisory_age_limit, snapshot, target);
        let judged = judge.having(workshop, ids).await?;
        add(&mut sum, judge.write_all(workshop, judged.images).await?);
    }
}
