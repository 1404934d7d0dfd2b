//! The job queue in SQLite. The rules stand at the trait; here is how they are kept.
//!
//! The one writer makes claims atomic by itself: no two claims ever overlap.

mod ending;

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, row, rows, value, with_surplus};
use crate::{
    Claim, Enqueued, Error, Failed, Holder, Job, JobCount, JobId, JobKind, JobState, JobTicket, Lease,
    NewJob, Page, PageRequest, Queue, RetryPolicy, SubscriptionId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

pub(super) const QUEUED: i64 = 0;
pub(super) const RUNNING: i64 = 1;
pub(super) const DEAD: i64 = 2;

/// The most jobs of one claim: a claim holds the writer.
const LARGEST_CLAIM: usize = 256;

#[async_trait]
impl Queue for SqliteStore {
    async fn enqueue(&self, jobs: Vec<NewJob>, at: Timestamp) -> Result<Vec<Enqueued>, Error> {
        let enqueued = self.write(move |connection| enqueue(connection, &jobs, at)).await?;
        self.announce_jobs();
        Ok(enqueued)
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Job>, Error> {
        self.write(move |connection| claim_batch(connection, &claim)).await
    }

    async fn heartbeat(&self, lease: &Lease, until: Timestamp) -> Result<bool, Error> {
        let lease = lease.clone();
        self.write(move |connection| {
            let sql = "UPDATE job SET due = ?4 WHERE id = ?1 AND holder = ?2 AND fence = ?3 AND state = 1";
            let Lease { job, holder, fence } = lease;
            Ok(change(connection, sql, params![job.0, holder.0, fence, moment(until)])? > 0)
        })
        .await
    }

    async fn complete(&self, lease: &Lease, at: Timestamp) -> Result<bool, Error> {
        let lease = lease.clone();
        let completed = self.write(move |connection| ending::complete(connection, &lease, at)).await?;
        self.announce_jobs();
        Ok(completed)
    }

    async fn fail(
        &self,
        lease: &Lease,
        error: String,
        retry: RetryPolicy,
        at: Timestamp,
    ) -> Result<Failed, Error> {
        let lease = lease.clone();
        let failed =
            self.write(move |connection| ending::fail(connection, &lease, &error, retry, at)).await?;
        self.announce_jobs();
        Ok(failed)
    }

    async fn bury(&self, lease: &Lease, error: String, at: Timestamp) -> Result<bool, Error> {
        let lease = lease.clone();
        let buried = self.write(move |connection| ending::bury(connection, &lease, &error, at)).await?;
        self.announce_jobs();
        Ok(buried)
    }

    async fn reclaim_expired(&self, retry: RetryPolicy, at: Timestamp) -> Result<u64, Error> {
        let reclaimed = self.write(move |connection| ending::reclaim_expired(connection, retry, at)).await?;
        if reclaimed > 0 {
            self.announce_jobs();
        }
        Ok(reclaimed)
    }

    async fn release_holder(&self, holder: &Holder, at: Timestamp) -> Result<u64, Error> {
        let holder = holder.clone();
        let released = self.write(move |connection| ending::release(connection, &holder, at)).await?;
        if released > 0 {
            self.announce_jobs();
        }
        Ok(released)
    }

    async fn job_counts(&self) -> Result<Vec<JobCount>, Error> {
        self.read(|connection| {
            rows(connection, COUNTS, [], |row| {
                Ok(JobCount {
                    kind: JobKind::from_text(row.plain("kind")?),
                    state: state(row)?,
                    count: row.count("count")?,
                })
            })
        })
        .await
    }

    async fn job(&self, kind: &JobKind, key: &str) -> Result<Option<Job>, Error> {
        let (kind, key) = (kind.clone(), key.to_owned());
        self.read(move |connection| {
            row(connection, "SELECT * FROM job WHERE kind = ?1 AND key = ?2", [kind.as_str(), &key], job)
        })
        .await
    }

    async fn dead_jobs(&self, page: PageRequest<JobId>) -> Result<Page<Job, JobId>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let after = page.after.map_or(0, |job| job.0);
            let items = rows(connection, DEAD_JOBS, params![after, with_surplus(limit)], job)?;
            Ok(Page::from_surplus(items, limit, |job| job.id))
        })
        .await
    }

    async fn forget_dead_job(&self, job: JobId) -> Result<bool, Error> {
        self.write(move |connection| {
            Ok(change(connection, "DELETE FROM job WHERE id = ?1 AND state = 2", [job.0])? > 0)
        })
        .await
    }

    async fn next_due(&self, kinds: &[JobKind]) -> Result<Option<Timestamp>, Error> {
        let kinds = kinds.to_vec();
        self.read(move |connection| next_due(connection, &kinds)).await
    }

    async fn wait_for_jobs(&self, seen: JobTicket) -> JobTicket {
        let mut generations = self.jobs.subscribe();
        let waited = generations.wait_for(|generation| *generation != seen.0).await;
        JobTicket(waited.map_or(seen.0, |generation| *generation))
    }
}

/// How many jobs there are, from the index alone.
pub(super) const COUNTS: &str = "SELECT kind, state, count(*) AS count FROM job INDEXED BY job_due
     GROUP BY state, kind ORDER BY state, kind";

/// Jobs that are dead.
pub(super) const DEAD_JOBS: &str =
    "SELECT * FROM job INDEXED BY job_dead WHERE state = 2 AND id > ?1 ORDER BY id LIMIT ?2";

/// The most urgent job of a subscription and kind.
pub(super) const MOST_URGENT: &str = "SELECT id, priority, due FROM job
     WHERE state = 0 AND subscription = ?1 AND kind = ?2 AND due <= ?3 ORDER BY priority DESC, due, id LIMIT 1";

/// The earliest moment of a kind in a state.
pub(super) const EARLIEST: &str = "SELECT min(due) FROM job WHERE state = ?1 AND kind = ?2";

/// Asks for jobs within the transaction that runs.
pub(super) fn enqueue(
    connection: &Connection,
    jobs: &[NewJob],
    at: Timestamp,
) -> Result<Vec<Enqueued>, Error> {
    jobs.iter().map(|job| enqueue_one(connection, job, at)).collect()
}

fn enqueue_one(connection: &Connection, new: &NewJob, at: Timestamp) -> Result<Enqueued, Error> {
    let find = "SELECT id, state FROM job WHERE kind = ?1 AND key = ?2";
    let present = row(connection, find, [new.kind.as_str(), &new.key], |row| {
        Ok((row.plain::<i64>("id")?, state(row)?))
    })?;
    let due = moment(new.not_before.unwrap_or(at));
    let payload = json_text(&new.payload)?;
    let Some((id, state)) = present else {
        insert(connection, new, &payload, due, at)?;
        return Ok(Enqueued::Created);
    };
    let enqueued = match state {
        JobState::Queued => {
            let sql =
                "UPDATE job SET payload = ?2, priority = max(priority, ?3), due = min(due, ?4) WHERE id = ?1";
            change(connection, sql, params![id, payload, new.priority, due])?;
            Enqueued::Coalesced
        }
        JobState::Running => {
            let sql = "UPDATE job SET payload = ?2, priority = max(priority, ?3), again = 1,
                                      again_at = coalesce(again_at, ?4) WHERE id = ?1";
            change(connection, sql, params![id, payload, new.priority, moment(at)])?;
            Enqueued::Again
        }
        JobState::Dead => {
            let sql = "UPDATE job SET payload = ?2, priority = ?3, due = ?4, enqueued_at = ?5, state = 0,
                                      attempts = 0 WHERE id = ?1";
            change(connection, sql, params![id, payload, new.priority, due, moment(at)])?;
            Enqueued::Revived
        }
    };
    Ok(enqueued)
}

fn insert(
    connection: &Connection,
    new: &NewJob,
    payload: &str,
    due: i64,
    at: Timestamp,
) -> Result<(), Error> {
    let subscription = new.subscription.map(|id| id.to_string()).unwrap_or_default();
    // A subscription that comes anew takes the place of the one that waits longest, neither before nor behind all.
    change(
        connection,
        "INSERT INTO queue_turn (subscription, turn)
         VALUES (?1, coalesce((SELECT min(turn) FROM queue_turn), 0)) ON CONFLICT DO NOTHING",
        [&subscription],
    )?;
    change(
        connection,
        "INSERT INTO job (kind, key, subscription, priority, payload, state, attempts, again, fence, due,
                          enqueued_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, 0, ?6, ?7)",
        params![new.kind.as_str(), new.key, subscription, new.priority, payload, due, moment(at)],
    )?;
    Ok(())
}

fn claim_batch(connection: &Connection, claim: &Claim) -> Result<Vec<Job>, Error> {
    let mut jobs = Vec::new();
    while jobs.len() < claim.limit.min(LARGEST_CLAIM) {
        let Some((subscription, id)) = next_in_turn(connection, claim)? else { break };
        jobs.push(take(connection, claim, id)?);
        let sql =
            "UPDATE queue_turn SET turn = (SELECT max(turn) + 1 FROM queue_turn) WHERE subscription = ?1";
        change(connection, sql, [subscription])?;
    }
    Ok(jobs)
}

/// The most urgent due job of the first subscription in the row that has one.
fn next_in_turn(connection: &Connection, claim: &Claim) -> Result<Option<(String, i64)>, Error> {
    let mut statement =
        connection.prepare_cached("SELECT subscription FROM queue_turn ORDER BY turn, subscription")?;
    let mut turns = statement.query([])?;
    while let Some(turn) = turns.next()? {
        let subscription: String = turn.plain("subscription")?;
        if let Some(id) = most_urgent(connection, claim, &subscription)? {
            return Ok(Some((subscription, id)));
        }
    }
    Ok(None)
}

fn most_urgent(connection: &Connection, claim: &Claim, subscription: &str) -> Result<Option<i64>, Error> {
    let mut candidates = Vec::new();
    for kind in &claim.kinds {
        let due = params![subscription, kind.as_str(), moment(claim.at)];
        candidates.extend(row(connection, MOST_URGENT, due, |row| {
            let priority: i64 = row.plain("priority")?;
            Ok((std::cmp::Reverse(priority), row.plain::<i64>("due")?, row.plain::<i64>("id")?))
        })?);
    }
    Ok(candidates.into_iter().min().map(|(_, _, id)| id))
}

fn take(connection: &Connection, claim: &Claim, id: i64) -> Result<Job, Error> {
    // A lease that would end after the end of time ends there.
    let until = claim.at.checked_add(claim.lease).unwrap_or(Timestamp::MAX);
    let sql = "UPDATE job SET state = 1, attempts = attempts + 1, again = 0, holder = ?2, fence = fence + 1,
                              due = ?3
               WHERE id = ?1 RETURNING *";
    row(connection, sql, params![id, claim.holder.0, moment(until)], job)?
        .ok_or_else(|| Error::Unknown { what: "job", name: id.to_string() })
}

fn next_due(connection: &Connection, kinds: &[JobKind]) -> Result<Option<Timestamp>, Error> {
    let mut earliest: Option<i64> = None;
    for kind in kinds {
        for state in [QUEUED, RUNNING] {
            let due = value::<Option<i64>>(connection, EARLIEST, params![state, kind.as_str()])?.flatten();
            earliest = earliest.into_iter().chain(due).min();
        }
    }
    earliest
        .map(|due| {
            Timestamp::from_microsecond(due).map_err(|_| super::column::corrupt("due", &due.to_string()))
        })
        .transpose()
}

fn state(row: &Row<'_>) -> Result<JobState, Error> {
    match row.plain::<i64>("state")? {
        QUEUED => Ok(JobState::Queued),
        RUNNING => Ok(JobState::Running),
        DEAD => Ok(JobState::Dead),
        other => Err(super::column::corrupt("state", &other.to_string())),
    }
}

/// A row of the table.
fn job(row: &Row<'_>) -> Result<Job, Error> {
    let id = JobId(row.plain("id")?);
    let holder: Option<String> = row.plain("holder")?;
    let fence: i64 = row.plain("fence")?;
    let subscription: String = row.plain("subscription")?;
    Ok(Job {
        id,
        kind: JobKind::from_text(row.plain("kind")?),
        key: row.plain("key")?,
        subscription: match subscription.as_str() {
            "" => None,
            _ => Some(SubscriptionId(row.parsed("subscription")?)),
        },
        priority: row.count("priority")?,
        payload: row.json("payload")?,
        state: state(row)?,
        attempts: row.count("attempts")?,
        lease: holder.map(|holder| Lease { job: id, holder: Holder(holder), fence }),
        due: row.moment("due")?,
        last_error: row.plain("last_error")?,
        enqueued_at: row.moment("enqueued_at")?,
    })
}
