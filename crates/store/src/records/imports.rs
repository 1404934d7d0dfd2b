//! Images that are copied from elsewhere: what is wanted, how far it is, how it ended.
//!
//! An import is asked for together with its job, in one transaction. Its credentials are kept in the memory of the
//! process that was asked, and nowhere else: an import that needs them does not survive a restart, and says so.

use crate::{Actor, Error, JobKind, RegistryId, SubscriptionId};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The kind of job that does an import. Its key is the number of the import.
pub const IMPORT_JOB: JobKind = JobKind::new("import");

/// Where an image comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImportSource {
    /// Another registry, by its host and port; `http://` before it asks for a line that is not encrypted.
    Remote {
        /// The host.
        host: String,
        /// The repository, as that registry names it.
        repository: String,
        /// A tag or a digest.
        reference: String,
    },
    /// A registry of this installation.
    Here {
        /// The registry.
        registry: RegistryId,
        /// The repository.
        repository: RepositoryName,
        /// A tag or a digest.
        reference: String,
    },
}

/// Where an image goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTarget {
    /// The repository.
    pub repository: RepositoryName,
    /// The tag; none for an image that is found by its digest alone.
    pub tag: Option<Tag>,
}

/// What somebody wants to have imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportWish {
    /// Where from.
    pub source: ImportSource,
    /// Where to, in the registry that was asked. At least one.
    pub targets: Vec<ImportTarget>,
    /// Whether tags are moved that are there already.
    pub force: bool,
    /// Whether the source wants credentials, which are kept in memory.
    pub has_credentials: bool,
    /// Who asks.
    pub actor: Actor,
}

/// A name and a secret for another registry.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportCredentials {
    /// The name.
    pub user: String,
    /// The secret.
    pub password: String,
}

impl fmt::Debug for ImportCredentials {
    /// Leaves both out, so that they reach no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ImportCredentials(..)")
    }
}

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportState {
    /// It waits, or is being done.
    Running,
    /// It is done.
    Succeeded,
    /// It was given up.
    Failed,
}

impl ImportState {
    /// The state as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Succeeded, Self::Failed].into_iter().find(|state| state.as_str() == word)
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its number.
    pub id: Uuid,
    /// The registry that it goes to.
    pub registry: RegistryId,
    /// What is wanted.
    pub wish: ImportWish,
    /// Where it stands.
    pub state: ImportState,
    /// How many bytes are here,
    pub done: u64,
    /// of how many; 0 until that is known.
    pub total: u64,
    /// The manifest, once it is here.
    pub digest: Option<Digest>,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When there was last something new.
    pub updated_at: Timestamp,
}

/// Imports.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Asks for an import under a number that the caller drew, and for its job.
    async fn begin_import(
        &self,
        id: Uuid,
        registry: RegistryId,
        subscription: SubscriptionId,
        wish: ImportWish,
        credentials: Option<ImportCredentials>,
        at: Timestamp,
    ) -> Result<Import, Error>;

    /// An import.
    async fn import(&self, id: Uuid) -> Result<Option<Import>, Error>;

    /// The credentials of an import, if this process was given them.
    async fn import_credentials(&self, id: Uuid) -> Option<ImportCredentials>;

    /// Says how far an import is.
    async fn import_progress(&self, id: Uuid, done: u64, total: u64, at: Timestamp) -> Result<(), Error>;

    /// Says how an import ended: with this manifest, or for this reason. Its credentials are forgotten.
    async fn end_import(&self, id: Uuid, outcome: Result<Digest, String>, at: Timestamp)
    -> Result<(), Error>;

    /// Forgets imports that ended before a moment.
    async fn forget_imports(&self, before: Timestamp) -> Result<u64, Error>;
}
