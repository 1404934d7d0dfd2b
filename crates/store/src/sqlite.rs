//! The records in SQLite: one file, one writer thread, a few readers.
//!
//! The connection settings are the promise of durability: write-ahead log, and an fsync of it with every commit
//! (`synchronous = FULL`), so that what was acknowledged survives a loss of power.
//! Every subject is a file here that mirrors the trait file of the same name.

mod additions;
mod attachments;
mod attributes;
mod audit;
mod authorization;
mod catalog;
mod census;
mod collection;
mod column;
mod conclusion;
mod custom_assessments;
mod deleted;
mod digests;
mod documents;
mod events;
mod finding_rules;
mod findings;
mod flipped;
mod history;
mod images;
mod imports;
mod lineage;
mod manifests;
mod meter;
mod migration;
mod objects;
mod plans;
mod policies;
mod provisioning;
mod pulls;
mod queue;
mod reader;
mod reevaluation;
mod registry_status;
mod repositories;
mod ruled_census;
mod rules;
mod saved_queries;
mod scans;
mod scoped_tokens;
mod scopes;
mod software;
mod summaries;
mod tenancy;
mod transients;
mod upload_parts;
mod uploads;
mod verdict_events;
mod vex;
mod wanted;
mod webhooks;
mod writer;

#[cfg(test)]
mod plan_tests;

use crate::Error;
use reader::Readers;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use tokio::sync::watch;
use writer::Writer;

/// How many threads read. Two cores are kept busy by as many; one more serves short queries beside a long one.
const READERS: usize = 3;

/// The records in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    jobs: watch::Sender<u64>,
    rules: AtomicU64,
    heard: watch::Sender<Heard>,
    vault: imports::Vault,
    trusted: vex::Trusted,
}

/// What this process has written, for those who wait for it.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    /// The place of the latest event that is on disk.
    latest_event: i64,
    /// How often deliveries were made that no event tells of.
    deliveries: u64,
}

impl Heard {
    /// A number that changes with every event and delivery.
    fn generation(self) -> u64 {
        self.deliveries.wrapping_add(self.latest_event.unsigned_abs()).wrapping_add(1)
    }
}

/// Keeps the records from other users of the machine: they hold what passwords and tokens are checked against. The files
/// beside them get the same mode. Where that cannot be done, the folder has to do it; opening tells what else is wrong.
fn close_to_others(path: &Path) {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let made = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    if let Err(error) = made.and_then(|file| file.set_permissions(std::fs::Permissions::from_mode(0o600))) {
        tracing::warn!(path = %path.display(), %error, "the records cannot be closed to other users");
    }
}

impl SqliteStore {
    /// Opens a database, creates it if there is none, and brings its tables up to date. Blocks meanwhile.
    ///
    /// # Errors
    /// [`Error::Open`] if the file cannot be used, [`Error::Newer`] and [`Error::MigrationChanged`] if it is not
    /// one of this program.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let open_error = |source: crate::error::EngineError| Error::Open { path: path.to_owned(), source };
        close_to_others(path);
        let mut connection = Connection::open(path).map_err(|error| open_error(error.into()))?;
        configure_writer(&connection).map_err(|error| open_error(error.into()))?;
        migration::migrate(&mut connection, migration::MIGRATIONS)?;
        let readers = (0..READERS)
            .map(|_| open_reader(path))
            .collect::<Result<_, _>>()
            .map_err(|error| open_error(error.into()))?;
        let heard = watch::Sender::new(Heard::default());
        let tell = heard.clone();
        let after_commit = move |connection: &Connection| {
            // An index tells it in microseconds. If it cannot be read, those who wait look by themselves in a while.
            let latest = events::latest(connection).unwrap_or_default();
            tell.send_if_modified(|heard| {
                let has_grown = heard.latest_event < latest;
                heard.latest_event = heard.latest_event.max(latest);
                has_grown
            });
        };
        Ok(Self {
            writer: Writer::start(connection, after_commit).map_err(|error| open_error(error.into()))?,
            readers: Readers::start(readers).map_err(|error| open_error(error.into()))?,
            jobs: watch::Sender::new(0),
            rules: AtomicU64::new(1),
            heard,
            vault: imports::Vault::default(),
            trusted: vex::Trusted::default(),
        })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.write(work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.read(query).await
    }

    /// Tells everybody who waits for deliveries that there may be some.
    fn announce_deliveries(&self) {
        self.heard.send_modify(|heard| heard.deliveries += 1);
    }

    /// Tells everybody who waits for jobs that the queue has changed.
    fn announce_jobs(&self) {
        self.jobs.send_modify(|generation| *generation += 1);
    }
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // After a burst the log is cut back to 64 MiB instead of keeping its largest size for good.
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    configure(connection)
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "query_only", "ON")?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    // Negative: in KiB. 16 MiB of pages per connection.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settings_keep_the_promise_of_durability() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
        let setting = |name: &'static str| {
            store.write(move |connection| {
                Ok(connection
                    .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))?)
            })
        };
        assert_eq!(setting("journal_mode").await.unwrap(), "wal".to_owned().into());
        assert_eq!(setting("synchronous").await.unwrap(), 2.into(), "2 is FULL");
        assert_eq!(setting("foreign_keys").await.unwrap(), 1.into());
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
        let written = store.read(|connection| Ok(connection.execute("DELETE FROM job", [])?)).await;
        assert!(matches!(written, Err(Error::Database(_))));
    }

    #[tokio::test]
    async fn no_other_user_reads_the_records() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.sqlite");
        // One of an older version, which left it open.
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let store = SqliteStore::open(&path).unwrap();
        store.write(|connection| Ok(connection.execute("DELETE FROM job", [])?)).await.unwrap();
        let mut seen = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{mode:o}");
            seen += 1;
        }
        assert!(seen >= 2, "the log lies beside the records");
    }

    #[test]
    fn missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/records.sqlite");
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, Error::Open { .. }));
        assert!(error.to_string().contains("nowhere/records.sqlite"));
    }

    #[test]
    fn file_that_is_no_database_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.sqlite");
        let content = "this is a letter, not a database. ".repeat(100);
        std::fs::write(&path, &content).unwrap();
        assert!(SqliteStore::open(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
}
