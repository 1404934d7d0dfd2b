//! How a run of a job ends: done, failed, given up, or taken away.

use super::{DEAD, QUEUED};
use crate::sqlite::column::{Columns, change, moment, row, rows};
use crate::{Error, Failed, Holder, Lease, RetryPolicy};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

/// What has to be known of a job that is running.
struct Running {
    id: i64,
    attempts: u32,
    again: bool,
}

impl Running {
    fn from_row(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self { id: row.plain("id")?, attempts: row.count("attempts")?, again: row.plain("again")? })
    }
}

/// The running job of a lease, unless the lease was lost.
fn held(connection: &Connection, lease: &Lease) -> Result<Option<Running>, Error> {
    let sql =
        "SELECT id, attempts, again FROM job WHERE id = ?1 AND holder = ?2 AND fence = ?3 AND state = 1";
    row(connection, sql, params![lease.job.0, lease.holder.0, lease.fence], Running::from_row)
}

/// The job is done: it goes, or waits again if it was asked for meanwhile.
pub(super) fn complete(connection: &Connection, lease: &Lease, at: Timestamp) -> Result<bool, Error> {
    let Some(job) = held(connection, lease)? else { return Ok(false) };
    if job.again {
        // What was asked for meanwhile was asked for then, and not when this run was.
        let sql =
            "UPDATE job SET last_error = NULL, enqueued_at = coalesce(again_at, enqueued_at) WHERE id = ?1";
        change(connection, sql, [job.id])?;
        requeue(connection, job.id, 0, at)?;
    } else {
        change(connection, "DELETE FROM job WHERE id = ?1", [job.id])?;
    }
    Ok(true)
}

/// The job failed: it waits for its next attempt, or is dead.
pub(super) fn fail(
    connection: &Connection,
    lease: &Lease,
    error: &str,
    retry: RetryPolicy,
    at: Timestamp,
) -> Result<Failed, Error> {
    match held(connection, lease)? {
        Some(job) => count_failure(connection, &job, error, retry, at),
        None => Ok(Failed::LeaseLost),
    }
}

/// The job failed for good: it is dead, unless it was asked for meanwhile.
pub(super) fn bury(
    connection: &Connection,
    lease: &Lease,
    error: &str,
    at: Timestamp,
) -> Result<bool, Error> {
    let Some(job) = held(connection, lease)? else { return Ok(false) };
    remember(connection, job.id, error)?;
    if job.again {
        requeue(connection, job.id, 0, at)?;
    } else {
        kill(connection, job.id, at)?;
    }
    Ok(true)
}

/// Takes jobs away from holders that let their leases expire. It counts as a failure.
pub(super) fn reclaim_expired(
    connection: &Connection,
    retry: RetryPolicy,
    at: Timestamp,
) -> Result<u64, Error> {
    let sql = "SELECT id, attempts, again FROM job WHERE state = 1 AND due <= ?1";
    let expired = rows(connection, sql, [moment(at)], Running::from_row)?;
    for job in &expired {
        count_failure(connection, job, "the lease expired: its holder stopped or hung", retry, at)?;
    }
    Ok(expired.len() as u64)
}

/// Takes jobs away from a holder that is gone. It does not count as a failure.
pub(super) fn release(connection: &Connection, holder: &Holder, at: Timestamp) -> Result<u64, Error> {
    let sql = "SELECT id, attempts, again FROM job WHERE state = 1 AND holder = ?1";
    let orphans = rows(connection, sql, [&holder.0], Running::from_row)?;
    for job in &orphans {
        requeue(connection, job.id, job.attempts.saturating_sub(1), at)?;
    }
    Ok(orphans.len() as u64)
}

fn count_failure(
    connection: &Connection,
    job: &Running,
    error: &str,
    retry: RetryPolicy,
    at: Timestamp,
) -> Result<Failed, Error> {
    remember(connection, job.id, error)?;
    if job.attempts >= retry.attempts && !job.again {
        kill(connection, job.id, at)?;
        return Ok(Failed::Dead);
    }
    // Someone asked anew: the attempts begin from the first, but the pause stays, so that two holders that
    // disturb each other do not spin.
    let attempts = if job.again { 0 } else { job.attempts };
    let due = at.checked_add(retry.pause_after(job.attempts)).unwrap_or(Timestamp::MAX);
    requeue(connection, job.id, attempts, due)?;
    Ok(Failed::Retry(due))
}

fn requeue(connection: &Connection, id: i64, attempts: u32, due: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE job SET state = ?2, attempts = ?3, due = ?4, again = 0, again_at = NULL, holder = NULL WHERE id = ?1";
    change(connection, sql, params![id, QUEUED, attempts, moment(due)])?;
    Ok(())
}

fn kill(connection: &Connection, id: i64, at: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE job SET state = ?2, due = ?3, holder = NULL WHERE id = ?1";
    change(connection, sql, params![id, DEAD, moment(at)])?;
    Ok(())
}

/// Keeps the last error. An error is a sentence; what is longer is cut, so that the queue stays small.
fn remember(connection: &Connection, id: i64, error: &str) -> Result<(), Error> {
    let error: String = error.chars().take(2_000).collect();
    change(connection, "UPDATE job SET last_error = ?2 WHERE id = ?1", params![id, error])?;
    Ok(())
}
