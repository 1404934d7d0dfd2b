//! What can go wrong in the records.
//!
//! "Not there" is never an error here: an operation that looks something up answers with an `Option`.

use std::path::PathBuf;

/// What a database engine says, in its own words.
pub(crate) type EngineError = Box<dyn std::error::Error + Send + Sync>;

/// Why the records could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database engine refused.
    #[error("the database refused; a full disk is the usual cause")]
    Database(#[source] EngineError),
    /// A stored value is not what its column promises.
    #[error(
        "the column {column} holds {value:?}, which this program never writes; \
         the database was changed by hand or is damaged, restore a backup"
    )]
    Corrupt {
        /// The column.
        column: &'static str,
        /// What stands there, shortened.
        value: String,
    },
    /// A value could not be written as JSON.
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The store was closed, or its writer has stopped.
    #[error("the store is closed; start the server again")]
    Closed,
    /// The folder or file of the database cannot be used.
    #[error("the database {path} cannot be opened; check that its folder exists and may be written")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the engine says.
        #[source]
        source: EngineError,
    },
    /// A migration that was applied is not the one that this program carries.
    #[error(
        "migration {number:04} ({name}) was applied with other content than this program carries; \
         use the program that made this database, or restore a backup"
    )]
    MigrationChanged {
        /// Its number.
        number: u32,
        /// Its name.
        name: String,
    },
    /// The database was made by a newer program.
    #[error(
        "the database has migration {found:04}, but this program knows only {known:04}; \
         it was used by a newer version, use that one again"
    )]
    Newer {
        /// The highest number in the database.
        found: u32,
        /// The highest number known here.
        known: u32,
    },
    /// More would be stored than the rules of the registry allow; nothing was stored.
    #[error("the quota of the {what} is {limit} bytes; delete something, or have the quota raised")]
    OverQuota {
        /// `registry` or `repository`.
        what: &'static str,
        /// How many bytes it may hold.
        limit: u64,
    },
    /// As much is about a subject as may be; nothing was stored.
    #[error(
        "{limit} manifests are about this subject already, which is as many as may be in a repository; \
         delete some, or have `referrersPerSubject` raised"
    )]
    TooManyReferrers {
        /// How many there may be.
        limit: u32,
    },
    /// Something has to exist for this operation and does not.
    #[error("there is no {what} {name}")]
    Unknown {
        /// What was named.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        Self::Database(Box::new(source))
    }
}
