//! The few threads that read.
//!
//! Each has a connection of its own and sees the last commit before its query began.
//! With write-ahead logging they neither wait for the writer nor make it wait.

use crate::Error;
use rusqlite::Connection;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use tokio::sync::oneshot;

type Query = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the threads that read.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    queries: mpsc::Sender<Query>,
}

impl Readers {
    /// Starts one thread per connection. They end when the last `Readers` is gone.
    pub(super) fn start(connections: Vec<Connection>) -> io::Result<Self> {
        let (queries, inbox) = mpsc::channel::<Query>();
        let inbox = Arc::new(Mutex::new(inbox));
        for connection in connections {
            let inbox = Arc::clone(&inbox);
            thread::Builder::new().name("store-reader".to_owned()).spawn(move || {
                while let Some(query) = next(&inbox) {
                    query(&connection);
                }
            })?;
        }
        Ok(Self { queries })
    }

    /// Runs a query.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (caller, answer) = oneshot::channel();
        let boxed: Query = Box::new(move |connection| {
            // Whoever went away does not need the query any more.
            if !caller.is_closed() {
                let _ = caller.send(snapshot(connection, query));
            }
        });
        self.queries.send(boxed).map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

/// Runs all statements of a query on the same state of the database.
fn snapshot<T>(
    connection: &Connection,
    query: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.unchecked_transaction()?;
    let result = query(connection);
    transaction.finish()?;
    result
}

fn next(inbox: &Mutex<mpsc::Receiver<Query>>) -> Option<Query> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
