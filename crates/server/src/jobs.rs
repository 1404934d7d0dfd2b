//! What happens after a push, and when advisories change: jobs, taken from the queue and run.
//!
//! A kind of job is one file and one line in [`JOBS`].
//! A job is an idempotent reconciler: it gets an id and brings the records to where they should be.
//! It may run twice, stop in the middle, or run on another node; nothing is lost by that.

pub mod assess;
pub mod attached;
pub mod automate;
pub mod backfill;
pub mod collect;
pub mod import;
pub mod read_ahead;
mod readers;
pub mod reevaluate;

pub use readers::Readers;

use crate::advisories::Shelf;
use crate::exports::Exports;
use crate::inspect::Inspector;
use crate::sender::{Reach, Sender};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use registry::RegistryState;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::{Blobs, Claim, Failed, Holder, Job, JobKind, JobTicket, RetryPolicy, Store};
use tokio::sync::watch;

/// What a job can use.
pub struct Workshop {
    /// The records.
    pub store: Arc<dyn Store>,
    /// The layers.
    pub blobs: Arc<dyn Blobs>,
    /// The jail.
    pub inspector: Inspector,
    /// Who reads which layer now.
    pub readers: Readers,
    /// Who looks at which repository elsewhere now, and who fetches a layer from there.
    pub errands: Readers,
    /// Where a layer from elsewhere lies while it is read, in a file without a name.
    pub scratch: PathBuf,
    /// The advisories in force.
    pub shelf: Arc<Shelf>,
    /// Older advisories than this cannot call an image healthy.
    pub advisory_age_limit: SignedDuration,
    /// When a snapshot flips too many images to come into force by itself.
    pub flip_limit: reevaluate::FlipLimit,
    /// Tells those who wait for a verdict that something changed.
    pub changes: watch::Sender<u64>,
    /// The way out, for jobs that tell others.
    pub sender: Sender,
    /// Where automations write files.
    pub exports: Exports,
    /// How far the way out reaches.
    pub reach: Arc<Reach>,
    /// The registry's own state, for content that arrives by an import; none where no imports are taken.
    pub registry: Option<RegistryState>,
    /// The address under which people reach this server, without a trailing slash.
    pub url: String,
}

impl Workshop {
    /// Tells those who wait for a verdict that one may be there.
    pub(crate) fn tell(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Why a job did not end well.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may go better the next time.
    #[error("{0}")]
    Again(String),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The blobs failed.
    #[error(transparent)]
    Blobs(#[from] store::BlobError),
}

/// One kind of job.
pub struct Kind {
    /// Its name in the queue.
    pub name: JobKind,
    /// Does it.
    run: Run,
    /// What is recorded when it has failed for the last time, with the last reason.
    gave_up: GaveUp,
}

type Run = for<'a> fn(&'a Workshop, &'a Job, Timestamp) -> Outcome<'a>;
type GaveUp = for<'a> fn(&'a Workshop, &'a Job, &'a str, Timestamp) -> Outcome<'a>;
type Outcome<'a> = BoxFuture<'a, Result<(), JobError>>;

/// All kinds that are run by the workers that scan.
pub const JOBS: &[Kind] = &[assess::KIND, reevaluate::KIND, backfill::KIND];

/// Kinds that wait for others most of the time. They have workers of their own, so that no scan waits behind them.
pub const TRANSFERS: &[Kind] = &[import::KIND, automate::KIND];

/// Kinds that look at registries elsewhere. They have workers of their own, so that whoever is silent there holds up nothing
/// that is here.
pub const ERRANDS: &[Kind] = &[attached::POLL, attached::LOOK, assess::ELSEWHERE];

/// How long a job may be silent before another worker takes it over.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a running job says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Where there is nothing to do, expired leases of other nodes are looked for this often.
const IDLE: Duration = Duration::from_secs(15);

/// Three tries: a layer that crashes the worker three times will not do better at the fourth (attack B7).
pub const RETRY: RetryPolicy = RetryPolicy {
    first_pause: SignedDuration::from_secs(2),
    longest_pause: SignedDuration::from_secs(60),
    attempts: 3,
};

/// Runs jobs of these kinds, one after the other, until `stop` becomes true.
pub async fn work(
    workshop: Arc<Workshop>,
    kinds: &'static [Kind],
    holder: Holder,
    mut stop: watch::Receiver<bool>,
) {
    let mut ticket = JobTicket::default();
    while !*stop.borrow() {
        let now = Timestamp::now();
        let did_one = match step(&workshop, kinds, &holder, &Timestamp::now).await {
            Ok(did_one) => did_one,
            Err(error) => {
                tracing::error!(%error, "no job could be taken from the queue");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        if !did_one {
            let pause = idle_pause(&workshop, kinds, now).await;
            tokio::select! {
                seen = workshop.store.wait_for_jobs(ticket) => ticket = seen,
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stopped| *stopped) => break,
            }
        }
    }
}

/// Runs the next job of these kinds, if one is due. The clock is an argument, so that tests turn it in every direction.
/// A step that is dropped half done leaves its job to whoever comes when its lease has expired, as a crash does.
///
/// # Errors
/// When the records fail before a job runs.
pub async fn step(
    workshop: &Workshop,
    kinds: &[Kind],
    holder: &Holder,
    clock: &(dyn Fn() -> Timestamp + Sync),
) -> Result<bool, store::Error> {
    let jobs = claim(workshop, kinds, holder, clock()).await?;
    for job in &jobs {
        finish(workshop, kinds, job, clock).await;
    }
    Ok(!jobs.is_empty())
}

fn names(kinds: &[Kind]) -> Vec<JobKind> {
    kinds.iter().map(|kind| kind.name.clone()).collect()
}

async fn claim(
    workshop: &Workshop,
    kinds: &[Kind],
    holder: &Holder,
    at: Timestamp,
) -> Result<Vec<Job>, store::Error> {
    workshop.store.reclaim_expired(RETRY, at).await?;
    let claim = Claim { holder: holder.clone(), kinds: names(kinds), limit: 1, lease: LEASE, at };
    workshop.store.claim(claim).await
}

/// Until the next job is due, but not longer than [`IDLE`].
async fn idle_pause(workshop: &Workshop, kinds: &[Kind], now: Timestamp) -> Duration {
    match workshop.store.next_due(&names(kinds)).await {
        Ok(Some(due)) => {
            Duration::try_from(due.duration_since(now)).unwrap_or(Duration::from_millis(50)).min(IDLE)
        }
        Ok(None) | Err(_) => IDLE,
    }
}

/// Runs one job, keeps its lease alive meanwhile, and says how it went.
async fn finish(workshop: &Workshop, kinds: &[Kind], job: &Job, clock: &(dyn Fn() -> Timestamp + Sync)) {
    let (Some(lease), Some(kind)) = (&job.lease, kinds.iter().find(|kind| kind.name == job.kind)) else {
        return;
    };
    let running = (kind.run)(workshop, job, clock());
    tokio::pin!(running);
    let result = loop {
        tokio::select! {
            result = &mut running => break result,
            () = tokio::time::sleep(HEARTBEAT) => {
                let now = clock();
                match workshop.store.heartbeat(lease, now.saturating_add(LEASE).unwrap_or(now)).await {
                    Ok(true) => {}
                    // Somebody else has it now; what we still wrote is harmless, since jobs may run twice.
                    Ok(false) => return tracing::warn!(job = %job.kind, key = job.key, "the lease was lost"),
                    Err(error) => tracing::warn!(%error, job = %job.kind, "the lease could not be renewed"),
                }
            }
        }
    };
    let now = clock();
    let told = match result {
        Ok(()) => workshop.store.complete(lease, now).await.map(|_| ()),
        Err(error) => give_back(workshop, kind, job, &error.to_string(), now).await,
    };
    if let Err(error) = told {
        // The lease will expire, and the job will run again.
        tracing::error!(%error, job = %job.kind, key = job.key, "the end of the job could not be recorded");
    }
    workshop.tell();
}

async fn give_back(
    workshop: &Workshop,
    kind: &Kind,
    job: &Job,
    why: &str,
    now: Timestamp,
) -> Result<(), store::Error> {
    let Some(lease) = &job.lease else { return Ok(()) };
    tracing::warn!(job = %job.kind, key = job.key, attempt = job.attempts, why, "a job failed");
    // The verdict of a job that will not run again is recorded first: between the two there must be no moment in
    // which the job is gone and the image is still being scanned for ever.
    if job.attempts >= RETRY.attempts
        && let Err(error) = (kind.gave_up)(workshop, job, why, now).await
    {
        tracing::error!(%error, job = %job.kind, key = job.key, "giving up could not be recorded");
    }
    match workshop.store.fail(lease, why.to_owned(), RETRY, now).await? {
        Failed::Dead => tracing::error!(job = %job.kind, key = job.key, why, "a job is given up"),
        Failed::Retry(_) | Failed::LeaseLost => {}
    }
    Ok(())
}
