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
//! Each step may stop in the middle and run again: what the records say decides what is left to do, and an event is
//! told in the transaction that changes its verdict.

mod flips;
mod judging;
mod matching;
mod plan;

pub use flips::FlipLimit;
pub(in crate::jobs) use matching::match_again;

use super::{JobError, Kind, Workshop};
use advisory::Snapshot;
use jiff::{SignedDuration, Timestamp};
use judging::Standings;
use plan::Plan;
use serde_json::Value;
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

/// What the verdicts have to catch up with.
fn target(snapshot: &Snapshot, age_limit: SignedDuration, now: Timestamp) -> Reevaluated {
    Reevaluated {
        snapshot: SnapshotVersion(snapshot.version().to_string()),
        too_old: now.duration_since(snapshot.created_at()) > age_limit,
    }
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
}

/// Brings all verdicts to where the advisories in force say they should be.
///
/// # Errors
/// When the records fail; what was done by then is kept, and the next run goes on.
pub async fn run(workshop: &Workshop) -> Result<Outcome, JobError> {
    let mut outcome = Outcome::default();
    loop {
        let Some(snapshot) = workshop.shelf.current() else { return Ok(outcome) };
        let target = target(&snapshot, workshop.advisory_age_limit, Timestamp::now());
        let done = workshop.store.reevaluated().await?;
        if done.as_ref() == Some(&target) {
            return Ok(outcome);
        }
        let Some(caught_up) = catch_up(workshop, &snapshot, &target, done).await? else {
            continue;
        };
        outcome = caught_up;
        workshop.store.set_reevaluated(target, Timestamp::now()).await?;
        workshop.changes.send_modify(|count| *count += 1);
    }
}

async fn catch_up(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    target: &Reevaluated,
    done: Option<Reevaluated>,
) -> Result<Option<Outcome>, JobError> {
    let began = std::time::Instant::now();
    let before = done.as_ref().and_then(|done| workshop.shelf.earlier(&done.snapshot.0));
    let standings = Standings::load(workshop).await?;
    let (plan, mut standings) = {
        let (snapshot, before) = (snapshot.clone(), before.clone());
        let version = target.snapshot.clone();
        let work = move || (Plan::new(&standings, &version, &snapshot, before.as_deref()), standings);
        tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Again(error.to_string()))?
    };
    let scope_is_all =
        plan.covers_otherwise || done.as_ref().is_none_or(|done| done.too_old != target.too_old);
    if let Some(earlier) = &before
        && flips::hold_if_too_many(workshop, earlier, snapshot, target, &standings, &plan).await?
    {
        return Ok(None);
    }
    let mut touched = plan.judged_before;
    let matched = plan.to_match.len();
    for batch in plan.to_match.chunks(BATCH) {
        let versions = standings.versions(batch);
        touched.extend(match_again(workshop, snapshot, before.as_ref(), versions, Timestamp::now()).await?);
    }
    standings.reload(workshop, &touched).await?;
    let judge = judging::Judge::new(&standings, snapshot, target);
    let mut images = if scope_is_all {
        judge.all(workshop).await?
    } else {
        judge.having(workshop, touched.clone()).await?
    };
    let visible_after = began.elapsed();
    workshop.changes.send_modify(|count| *count += 1);
    for same in plan.same.chunks(5000) {
        if let Some(done) = &before {
            let from = SnapshotVersion(done.version().to_string());
            workshop.store.adopt_snapshot(&from, &target.snapshot, same.to_vec()).await?;
        }
    }
    add(&mut images, stragglers(workshop, snapshot, target).await?);
    confirm(workshop, &target.snapshot).await?;
    let changed_packages = touched.len();
    tracing::info!(
        snapshot = %target.snapshot, package_versions.matched = matched, package_versions.changed = changed_packages,
        images.changed = images.changed, images.flipped = images.flipped,
        visible_after_milliseconds = u64::try_from(visible_after.as_millis()).unwrap_or(u64::MAX),
        "the verdicts have caught up with the advisories"
    );
    Ok(Some(Outcome { matched, changed_packages, images, visible_after }))
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
        let judge = judging::Judge::new(&standings, snapshot, target);
        add(&mut sum, judge.having(workshop, ids).await?);
    }
}

/// Writes down that all other verdicts hold with the new snapshot.
async fn confirm(workshop: &Workshop, snapshot: &SnapshotVersion) -> Result<(), JobError> {
    let mut after = None;
    loop {
        let page = PageRequest { after, limit: 2000 };
        after = workshop.store.confirm_verdicts(snapshot.clone(), page, Timestamp::now()).await?;
        if after.is_none() {
            return Ok(());
        }
    }
}
