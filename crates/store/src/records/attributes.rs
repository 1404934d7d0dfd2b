//! Changeable attributes: what may be done with a repository, a manifest or a tag.
//!
//! Each of the three has switches of its own, and what touches several of them needs the leave of each. The calls that
//! push and delete look at the switches in the transaction in which they change something; nobody who locks can be
//! overtaken by somebody who was let in before.

use crate::{Actor, Error, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, Tag};
use std::fmt;

/// What has attributes, within a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeTarget {
    /// The repository itself.
    Repository,
    /// One of its manifests.
    Manifest(Digest),
    /// One of its tags.
    Tag(Tag),
}

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    /// Whether it may be deleted.
    Delete,
    /// Whether it may be written again.
    Write,
    /// Whether listings show it.
    List,
    /// Whether it may be pulled.
    Read,
}

impl Switch {
    /// All switches.
    pub const ALL: [Self; 4] = [Self::Delete, Self::Write, Self::List, Self::Read];

    /// Its name on the wire: `deleteEnabled`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "deleteEnabled",
            Self::Write => "writeEnabled",
            Self::List => "listEnabled",
            Self::Read => "readEnabled",
        }
    }
}

/// Why an operation was refused: this switch of this thing is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Whose switch.
    pub target: AttributeTarget,
    /// Which.
    pub switch: Switch,
}

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a deletion may have been refused"]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It was not there.
    Absent,
    /// It is locked, and nothing was changed.
    Locked(Lock),
}

/// Where a manifest stands in the quarantine pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuarantineState {
    /// It waits for its verdict.
    Quarantined,
    /// It was let through.
    Passed,
    /// It was not let through.
    Failed,
}

impl QuarantineState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Quarantined, Self::Passed, Self::Failed];

    /// The state as a word: `Passed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "Quarantined",
            Self::Passed => "Passed",
            Self::Failed => "Failed",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl fmt::Display for QuarantineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The attributes of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeableAttributes {
    /// Whether it may be deleted.
    pub delete: bool,
    /// Whether it may be written again.
    pub write: bool,
    /// Whether listings show it.
    pub list: bool,
    /// Whether it may be pulled.
    pub read: bool,
    /// Where it stands in the quarantine pattern; only manifests do.
    pub quarantine: Option<QuarantineState>,
    /// What a scanner said about that, in a form of its own.
    pub quarantine_details: Option<String>,
}

impl ChangeableAttributes {
    /// Whether a switch is on.
    pub fn allows(&self, switch: Switch) -> bool {
        match switch {
            Switch::Delete => self.delete,
            Switch::Write => self.write,
            Switch::List => self.list,
            Switch::Read => self.read,
        }
    }
}

impl Default for ChangeableAttributes {
    /// Everything is allowed.
    fn default() -> Self {
        Self { delete: true, write: true, list: true, read: true, quarantine: None, quarantine_details: None }
    }
}

/// A change of attributes. What is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeChange {
    /// Whether it may be deleted.
    pub delete: Option<bool>,
    /// Whether it may be written again.
    pub write: Option<bool>,
    /// Whether listings show it.
    pub list: Option<bool>,
    /// Whether it may be pulled.
    pub read: Option<bool>,
    /// Where it stands in the quarantine pattern.
    pub quarantine: Option<QuarantineState>,
    /// What a scanner said.
    pub quarantine_details: Option<String>,
}

impl AttributeChange {
    /// Whether it changes the quarantine, for which another right is needed.
    pub fn concerns_quarantine(&self) -> bool {
        self.quarantine.is_some() || self.quarantine_details.is_some()
    }
}

/// Changeable attributes.
#[async_trait]
pub trait Attributes: Send + Sync {
    /// The attributes of something; none if it is not there.
    async fn attributes(
        &self,
        repository: &RepositoryKey,
        target: &AttributeTarget,
    ) -> Result<Option<ChangeableAttributes>, Error>;

    /// Changes attributes, records that in history, and returns what holds now; none if the target is not there.
    async fn change_attributes(
        &self,
        repository: &RepositoryKey,
        target: &AttributeTarget,
        change: AttributeChange,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Option<ChangeableAttributes>, Error>;
}
