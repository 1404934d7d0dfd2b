//! The one thread that writes.
//!
//! SQLite has one writer at a time anyway; with one thread nobody ever waits for a lock or meets a busy error.
//! Work that arrives while a commit waits for the disk is committed together by the next one, so that many pushes
//! share an fsync. Each piece of work has its own savepoint: one that fails takes nothing else with it.
//! Nobody is answered before the commit that holds his work is on disk.

use crate::Error;
use rusqlite::Connection;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread;
use tokio::sync::oneshot;

/// How many pieces of work share a commit at most, so that the first one does not wait for long.
const GROUP: usize = 128;

/// What is said after the commit: kept, or not.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// A piece of work. It gives back whether its changes stay, and the answer to its caller.
type Work = Box<dyn FnOnce(Result<&Connection, Error>) -> (bool, Answer) + Send>;

/// The way to the thread that writes.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    work: mpsc::Sender<Work>,
}

impl Writer {
    /// Starts the thread. It ends when the last `Writer` is gone. `after_commit` runs after each commit, before
    /// anybody is answered.
    pub(super) fn start(
        connection: Connection,
        after_commit: impl Fn(&Connection) + Send + 'static,
    ) -> io::Result<Self> {
        let (work, inbox) = mpsc::channel();
        let serve = move || {
            while let Ok(first) = inbox.recv() {
                let group = std::iter::once(first).chain(inbox.try_iter()).take(GROUP);
                commit_together(&connection, group, &after_commit);
            }
        };
        thread::Builder::new().name("store-writer".to_owned()).spawn(serve)?;
        Ok(Self { work })
    }

    /// Runs work as a transaction, and returns when it is durable.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (caller, answer) = oneshot::channel();
        let boxed: Work = Box::new(move |connection| {
            let result = connection.and_then(work);
            let keep = result.is_ok();
            let tell: Answer = Box::new(move |committed| {
                // A caller that went away needs no answer; what it asked for is done.
                let _ = caller.send(result.and_then(|value| committed.map(|()| value)));
            });
            (keep, tell)
        });
        self.work.send(boxed).map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

fn commit_together(
    connection: &Connection,
    group: impl Iterator<Item = Work>,
    after_commit: &impl Fn(&Connection),
) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        return refuse(group, error);
    }
    let mut answers = Vec::new();
    for work in group {
        answers.push(run(connection, work));
        // The engine ends the whole transaction by itself on some errors, such as a full disk.
        if connection.is_autocommit() {
            break;
        }
    }
    let committed = connection.execute_batch("COMMIT").map_err(Arc::new);
    if committed.is_err() && !connection.is_autocommit() {
        // Nothing can be done if this fails too; the next BEGIN will, and says so.
        let _ = connection.execute_batch("ROLLBACK");
    }
    if committed.is_ok() {
        after_commit(connection);
    }
    for answer in answers {
        answer(committed.clone().map_err(|error| Error::Database(Box::new(error))));
    }
}

fn refuse(group: impl Iterator<Item = Work>, error: rusqlite::Error) {
    let error = Arc::new(error);
    for work in group {
        let (_, answer) = work(Err(Error::Database(Box::new(Arc::clone(&error)))));
        answer(Ok(()));
    }
}

fn run(connection: &Connection, work: Work) -> Answer {
    if let Err(error) = connection.execute_batch("SAVEPOINT work") {
        return work(Err(error.into())).1;
    }
    let (keep, answer) = work(Ok(connection));
    let end = if keep { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" };
    match connection.execute_batch(end) {
        Ok(()) => answer,
        Err(error) => {
            let error = Error::from(error);
            Box::new(move |_| answer(Err(error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY)").unwrap();
        Writer::start(connection, |_| {}).unwrap()
    }

    async fn count(writer: &Writer) -> i64 {
        writer
            .write(|connection| Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn failed_work_leaves_nothing_and_takes_nothing_with_it() {
        let writer = writer();
        let good = writer.write(|connection| {
            connection.execute("INSERT INTO t VALUES (1)", [])?;
            Ok(())
        });
        let bad = writer.write(|connection| {
            connection.execute("INSERT INTO t VALUES (2)", [])?;
            Err::<(), _>(Error::Closed)
        });
        let duplicate = writer.write(|connection| {
            connection.execute("INSERT INTO t VALUES (3)", [])?;
            connection.execute("INSERT INTO t VALUES (3)", [])?;
            Ok(())
        });
        let (good, bad, duplicate) = tokio::join!(good, bad, duplicate);
        assert!(good.is_ok());
        assert!(matches!(bad, Err(Error::Closed)));
        assert!(matches!(duplicate, Err(Error::Database(_))));
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn transaction_that_the_engine_gave_up_is_not_acknowledged() {
        let writer = writer();
        let lost = writer.write(|connection| {
            connection.execute("INSERT INTO t VALUES (1)", [])?;
            connection.execute_batch("ROLLBACK")?;
            Ok(())
        });
        assert!(matches!(lost.await, Err(Error::Database(_))));
        assert_eq!(count(&writer).await, 0);
    }
}
