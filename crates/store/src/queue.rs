//! The job queue: what has to be done, who is doing it, and what failed.
//!
//! It lives in the same database as the manifests, so that a push and its scan job are one transaction.
//!
//! The rules:
//!
//! 1. There is at most one job per kind and key. Asking again while it is queued changes nothing but its payload,
//!    its priority (the higher) and its due time (the earlier). Asking again while it runs makes it run once more
//!    afterwards. Asking again for a dead job gives it a new life.
//! 2. A job that was claimed belongs to its holder until the lease ends. Every claim is a new [`Lease`]; an old
//!    one changes nothing any more, so that a holder that was thought dead cannot finish another's work.
//! 3. A job is run at least once. Jobs are therefore written so that running twice is harmless.
//! 4. A job that fails is tried again after a pause that doubles up to a cap, and is dead after so many attempts.
//!    A lease that expires counts as a failed attempt. Dead jobs stay, with their last error, until they are
//!    asked for again or forgotten.
//! 5. Claims go round robin over the subscriptions that have work, and by priority within one.

use crate::{Error, Page, PageRequest, SubscriptionId};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// What a job does: the name under which its runner is registered, such as `scan-image`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKind(Cow<'static, str>);

impl JobKind {
    /// A kind that is written in the program.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A kind that was read from somewhere.
    pub fn from_text(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job, by the number of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub i64);

/// Who runs jobs: a name that is unique among the running processes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holder(pub String);

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// What.
    pub kind: JobKind,
    /// On what: at most one job per kind and key exists.
    pub key: String,
    /// On whose behalf; none for the installation's own work, which takes its turn like a subscription.
    pub subscription: Option<SubscriptionId>,
    /// Higher is sooner, within a subscription.
    pub priority: i32,
    /// What the runner needs beside the key. Keep it small: ids, no content.
    pub payload: Value,
    /// Not before this moment; at once where none is given.
    pub not_before: Option<Timestamp>,
}

/// What became of a wish to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    /// A new job.
    Created,
    /// It was queued already.
    Coalesced,
    /// It runs right now and will run once more.
    Again,
    /// It was dead and lives again.
    Revived,
}

/// The right to run a job, until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Who holds it.
    pub holder: Holder,
    /// A number that no other claim of this job has: the fence against holders that were thought dead.
    pub fence: i64,
}

/// A job, claimed or looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What.
    pub kind: JobKind,
    /// On what.
    pub key: String,
    /// On whose behalf.
    pub subscription: Option<SubscriptionId>,
    /// Higher is sooner.
    pub priority: i32,
    /// What the runner needs beside the key.
    pub payload: Value,
    /// Queued, running or dead.
    pub state: JobState,
    /// How often it was claimed since it was asked for, this time included.
    pub attempts: u32,
    /// The lease, while it runs.
    pub lease: Option<Lease>,
    /// When the lease ends, while it runs; when it is due otherwise.
    pub due: Timestamp,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub enqueued_at: Timestamp,
}

/// Where a job stands. Jobs that were done are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// It waits.
    Queued,
    /// Someone holds its lease.
    Running,
    /// It failed too often, or for good.
    Dead,
}

/// A wish for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who wants it.
    pub holder: Holder,
    /// Which kinds; none of others are given.
    pub kinds: Vec<JobKind>,
    /// At most so many jobs.
    pub limit: usize,
    /// How long the leases last without a heartbeat.
    pub lease: SignedDuration,
    /// Now.
    pub at: Timestamp,
}

/// How failing jobs are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The pause after the first failure. It doubles with each further one.
    pub first_pause: SignedDuration,
    /// The longest pause.
    pub longest_pause: SignedDuration,
    /// A job is dead after so many attempts.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    /// Two seconds, doubling up to ten minutes, eight attempts: a little more than four minutes in all.
    fn default() -> Self {
        Self {
            first_pause: SignedDuration::from_secs(2),
            longest_pause: SignedDuration::from_mins(10),
            attempts: 8,
        }
    }
}

impl RetryPolicy {
    /// The pause after so many failed attempts.
    pub fn pause_after(&self, attempts: u32) -> SignedDuration {
        let doublings = attempts.saturating_sub(1).min(30);
        self.first_pause.saturating_mul(1_i32 << doublings).min(self.longest_pause)
    }
}

/// What became of a job that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It will be tried again at this moment.
    Retry(Timestamp),
    /// It is dead.
    Dead,
    /// The lease was lost before; nothing was changed.
    LeaseLost,
}

/// How many jobs of a kind stand in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// The kind.
    pub kind: JobKind,
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: u64,
}

/// What a waiter has seen of the queue. The default has seen nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobTicket(pub u64);

/// The job queue.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Asks for jobs, all in one transaction.
    async fn enqueue(&self, jobs: Vec<NewJob>, at: Timestamp) -> Result<Vec<Enqueued>, Error>;

    /// Takes jobs that are due. Each comes with its lease.
    async fn claim(&self, claim: Claim) -> Result<Vec<Job>, Error>;

    /// Prolongs a lease. `false` if it was lost: the holder stops its work.
    async fn heartbeat(&self, lease: &Lease, until: Timestamp) -> Result<bool, Error>;

    /// The job is done. `false` if the lease was lost before, and nothing was changed.
    async fn complete(&self, lease: &Lease, at: Timestamp) -> Result<bool, Error>;

    /// The job failed and may be tried again.
    async fn fail(
        &self,
        lease: &Lease,
        error: String,
        retry: RetryPolicy,
        at: Timestamp,
    ) -> Result<Failed, Error>;

    /// The job failed for good: trying again cannot help. `false` if the lease was lost before.
    async fn bury(&self, lease: &Lease, error: String, at: Timestamp) -> Result<bool, Error>;

    /// Gives jobs whose lease expired back to the queue, or to the dead. Returns how many there were.
    async fn reclaim_expired(&self, retry: RetryPolicy, at: Timestamp) -> Result<u64, Error>;

    /// Gives the jobs of a holder that is known to be gone back to the queue at once, without counting the
    /// attempt: what a process does at its start with the name it had before.
    async fn release_holder(&self, holder: &Holder, at: Timestamp) -> Result<u64, Error>;

    /// How many jobs there are, by kind and state.
    async fn job_counts(&self) -> Result<Vec<JobCount>, Error>;

    /// The job of a kind and key, if there is one.
    async fn job(&self, kind: &JobKind, key: &str) -> Result<Option<Job>, Error>;

    /// Jobs that are dead, in the order of their numbers.
    async fn dead_jobs(&self, page: PageRequest<JobId>) -> Result<Page<Job, JobId>, Error>;

    /// Forgets a dead job. `false` if there is none of that number.
    async fn forget_dead_job(&self, job: JobId) -> Result<bool, Error>;

    /// The earliest moment at which a queued job of these kinds is due or a running one's lease ends.
    async fn next_due(&self, kinds: &[JobKind]) -> Result<Option<Timestamp>, Error>;

    /// Returns as soon as jobs have been asked for since the ticket was given; at once if they were before.
    ///
    /// The way to use it: claim until nothing is given, then wait with the last ticket, or until
    /// [`next_due`](Self::next_due), and claim again. No job is missed between the two.
    async fn wait_for_jobs(&self, seen: JobTicket) -> JobTicket;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_doubles_up_to_its_cap() {
        let retry = RetryPolicy::default();
        let seconds: Vec<i64> =
            [1, 2, 3, 8, 9, 10, 11, 4000].map(|n| retry.pause_after(n).as_secs()).to_vec();
        assert_eq!(seconds, [2, 4, 8, 256, 512, 600, 600, 600]);
    }
}
