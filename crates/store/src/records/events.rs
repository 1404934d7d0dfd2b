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
    /// A rule or an exemption was put.
    pub const RULE_PUT: Self = Self::new("rule-put");
    /// A rule or an exemption was deleted.
    pub const RULE_DELETED: Self = Self::new("rule-deleted");
    /// A registry was created.
    pub const REGISTRY_CREATED: Self = Self::new("registry-created");
    /// Settings of a registry were changed.
    pub const REGISTRY_CHANGED: Self = Self::new("registry-changed");
    /// A registry elsewhere was attached: its images are looked at.
    pub const REGISTRY_ATTACHED: Self = Self::new("registry-attached");
    /// A registry was deleted with everything in it.
    pub const REGISTRY_DELETED: Self = Self::new("registry-deleted");
    /// A repository was deleted.
    pub const REPOSITORY_DELETED: Self = Self::new("repository-deleted");
    /// A tag was taken away.
    pub const TAG_DELETED: Self = Self::new("tag-deleted");
    /// A manifest stands elsewhere in the quarantine pattern. `released` says that it may be pulled now.
    pub const QUARANTINE_CHANGED: Self = Self::new("quarantine-changed");
    /// A deleted manifest was restored.
    pub const MANIFEST_RESTORED: Self = Self::new("manifest-restored");
    /// Something that was set at a scope went with it: an automation, a governance rule or assignment.
    pub const SETTING_DELETED: Self = Self::new("setting-deleted");
    /// The assessment of a registry is another one, or there is one for the first time.
    pub const REGISTRY_STATUS_CHANGED: Self = Self::new("registry-status-changed");
    /// A registry has other rules.
    pub const REGISTRY_RULES_CHANGED: Self = Self::new("registry-rules-changed");
    /// An image was assessed.
    pub const IMAGE_ASSESSED: Self = Self::new("image-assessed");
    /// The verdict on an image is another one, or there is one for the first time.
    pub const VERDICT_CHANGED: Self = Self::new("verdict-changed");
    /// A document about the vulnerabilities of an image was attached to it and read, or refused, or is gone.
    pub const VEX_CHANGED: Self = Self::new("vex-changed");

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

    /// Whether it tells what an image or a registry was found to be: that is for those who may read assessments.
    pub fn tells_verdict(&self) -> bool {
        [Self::IMAGE_ASSESSED, Self::VERDICT_CHANGED, Self::REGISTRY_STATUS_CHANGED].contains(self)
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

/// Which events are wanted. An empty list of kinds and a missing repository ask for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those of these registries. The caller's rights are put here.
    pub registries: Vec<RegistryId>,
    /// Only these kinds.
    pub kinds: Vec<EventKind>,
    /// Only those of this repository.
    pub repository: Option<RepositoryName>,
    /// Also those of no registry that is there: settings above registries, and registries that are gone.
    pub elsewhere: bool,
}

/// A part of history, looked through for what is wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventStretch {
    /// What was wanted, in order.
    pub events: Vec<Event>,
    /// Everything up to this place was looked at: go on after it.
    pub seen: i64,
    /// Whether this is the end of history as it stands.
    pub is_end: bool,
}

/// History.
#[async_trait]
pub trait Events: Send + Sync {
    /// Adds an event and returns its place.
    async fn append_event(&self, event: NewEvent) -> Result<i64, Error>;

    /// The events after a place, in order.
    async fn events(&self, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error>;

    /// The wanted events after a place. It looks at a bounded part of history, so that it may give few or none though
    /// there are more.
    async fn wanted_events(
        &self,
        filter: &EventFilter,
        after: i64,
        limit: usize,
    ) -> Result<EventStretch, Error>;

    /// The place of the latest event; 0 if nothing has happened.
    async fn latest_event(&self) -> Result<i64, Error>;

    /// Returns as soon as something has happened after a place that this process has heard of; at once if it had
    /// before. Other processes write without being heard: do not wait for ever.
    async fn wait_for_events(&self, after: i64);

    /// Returns as soon as deliveries may have been made since the ticket was given, with the next ticket; at once if
    /// they were before. The default ticket has seen nothing.
    async fn wait_for_deliveries(&self, seen: u64) -> u64;
}
