//! What can go wrong in the records.
//!
//! "Not there" is never an error here: an operation that looks something up answers with an `Option`.

use std::path::PathBuf;

/// Why the records could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database engine refused.
    #[error("the database could not {action}")]
    Database {
        /// What was tried.
        action: &'static str,
        /// What the engine says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value is not what its column promises.
    #[error(
        "the column {column} holds {value:?}, which is not {expected}; the database was changed by hand or is damaged"
    )]
    Corrupt {
        /// Table and column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
    /// A value could not be written as JSON.
    #[error("a value could not be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The store was closed, or its writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// The folder or file of the database cannot be used.
    #[error("the database {path} cannot be opened; check that its folder exists and may be written")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the engine says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
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
        "the database has migration {found:04}, but this program knows only {known:04}; it was used by a newer \
         version, use that one again"
    )]
    Newer {
        /// The highest number in the database.
        found: u32,
        /// The highest number known here.
        known: u32,
    },
    /// A named registry, image or package version has to exist for this operation and does not.
    #[error("there is no {what} {name}")]
    Unknown {
        /// What was named.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_database_says_what_to_do() {
        let message = Error::Newer { found: 7, known: 2 }.to_string();
        assert!(message.contains("0007") && message.contains("0002") && message.contains("newer version"));
    }
}
