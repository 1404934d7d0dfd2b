//! History: what happened, in order, never changed.

use crate::{Actor, Error, Page, PageRequest, RegistryId};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName, Tag};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// What happened, as a word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKind(Cow<'static, str>);

impl EventKind {
    /// A manifest was pushed, or pushed again.
    pub const MANIFEST_PUSHED: Self = Self::new("manifest-pushed");
    /// A manifest was deleted.
    pub const MANIFEST_DELETED: Self = Self::new("manifest-deleted");
    /// Attributes were changed.
    pub const ATTRIBUTES_CHANGED: Self = Self::new("attributes-changed");
    /// A registry asks something else of images before they are pulled.
    pub const PULL_POLICY_CHANGED: Self = Self::new("pull-policy-changed");
    /// Somebody gave leave to pull an image whatever the policy says.
    pub const PULL_PASS_GIVEN: Self = Self::new("pull-pass-given");
    /// A registry was created.
    pub const REGISTRY_CREATED: Self = Self::new("registry-created");
    /// Settings of a registry were changed.
    pub const REGISTRY_CHANGED: Self = Self::new("registry-changed");
    /// A registry was deleted with everything in it.
    pub const REGISTRY_DELETED: Self = Self::new("registry-deleted");
    /// A repository was deleted.
    pub const REPOSITORY_DELETED: Self = Self::new("repository-deleted");
    /// A tag was taken away.
    pub const TAG_DELETED: Self = Self::new("tag-deleted");
    /// The verdict on an image is another one, or there is one for the first time.
    pub const VERDICT_CHANGED: Self = Self::new("verdict-changed");

    /// A kind that is written in the program.
    pub const fn new(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }

    /// A kind that was read from somewhere.
    pub fn from_text(word: String) -> Self {
        Self(Cow::Owned(word))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What.
    pub kind: EventKind,
    /// In which registry, where it was in one.
    pub registry: Option<RegistryId>,
    /// In which repository.
    pub repository: Option<RepositoryName>,
    /// To which manifest.
    pub digest: Option<Digest>,
    /// To which tag.
    pub tag: Option<Tag>,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// What else there is to say. No secrets.
    pub detail: Value,
}

/// Something that happened, with its place in history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its place: later events have greater numbers. Numbers may have gaps.
    pub sequence: i64,
    /// What happened.
    pub event: NewEvent,
}

/// History.
#[async_trait]
pub trait Events: Send + Sync {
    /// Adds an event and returns its place.
    async fn append_event(&self, event: NewEvent) -> Result<i64, Error>;

    /// The events after a place, in order.
    async fn events(&self, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error>;
}
