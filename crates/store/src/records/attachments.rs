//! Attached registries: registries elsewhere whose images are looked at here, and not kept.
//!
//! An attached registry is a [`Registry`] with rows of its own, attached to one of ours. Its manifests, tags, verdicts and
//! findings are where those of every registry are; its blobs are nowhere, and no host leads to it, so that nothing can be
//! pulled, pushed or mounted there. [`Registry::login_server`] is the host of the other registry.

use crate::{Actor, Error, Page, PageRequest, Registry, RegistryId, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::RepositoryName;
use std::fmt;

use super::imports::ImportCredentials;
use super::rules::matches;

/// What somebody wants to have looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentSettings {
    /// The host and port; `http://` before it asks for a line that is not encrypted.
    pub address: String,
    /// Which repositories. `*` stands for any text; a pattern without one names a repository.
    pub patterns: Vec<String>,
    /// How many seconds pass between two looks.
    pub poll_seconds: u32,
}

impl AttachmentSettings {
    /// The shortest and the longest time between two looks: a minute and a week.
    pub const POLL_SECONDS: std::ops::RangeInclusive<u32> = 60..=7 * 24 * 60 * 60;
    /// The most patterns.
    pub const MOST_PATTERNS: usize = 200;

    /// Whether a repository is to be looked at.
    pub fn covers(&self, repository: &str) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern, repository))
    }

    /// The repositories, if each is named: then nobody has to be asked for a list.
    pub fn named(&self) -> Option<Vec<RepositoryName>> {
        self.patterns.iter().map(|pattern| pattern.parse().ok()).collect()
    }

    /// What is wrong with patterns and interval, in a sentence. The address is for whoever sends there to judge.
    pub fn fault(&self) -> Option<String> {
        let is_wrong = |pattern: &&String| {
            let letter =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"*._-/".contains(&byte);
            pattern.is_empty() || pattern.len() > 300 || !pattern.bytes().all(letter)
        };
        if self.patterns.is_empty() || self.patterns.len() > Self::MOST_PATTERNS {
            return Some(format!(
                "name 1 to {} repositories or patterns, such as `team/*`",
                Self::MOST_PATTERNS
            ));
        }
        if let Some(pattern) = self.patterns.iter().find(is_wrong) {
            let pattern: String = pattern.chars().take(100).collect();
            return Some(format!(
                "`{pattern}` is no pattern of repositories; write `team/app`, `team/*` or `*`"
            ));
        }
        if !Self::POLL_SECONDS.contains(&self.poll_seconds) {
            let (first, last) = (Self::POLL_SECONDS.start(), Self::POLL_SECONDS.end());
            return Some(format!("between two looks pass {first} to {last} seconds"));
        }
        None
    }
}

/// A registry that is to be attached.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// To which registry.
    pub to: RegistryId,
    /// The name under which it is known here.
    pub name: String,
    /// The host of the other registry, as it is shown.
    pub host: String,
    /// What is wanted.
    pub settings: AttachmentSettings,
    /// Who asks there.
    pub login: Option<ImportCredentials>,
    /// By which notifications are known.
    pub secret: String,
}

/// An attached registry.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The registry that it is here.
    pub registry: Registry,
    /// What is wanted.
    pub settings: AttachmentSettings,
    /// Who asks there.
    pub login: Option<ImportCredentials>,
    /// By which notifications are known.
    pub secret: String,
    /// When it is looked at next.
    pub next_poll: Timestamp,
    /// How the last look went.
    pub sight: Sight,
}

impl Attachment {
    /// The most registries that are attached to one.
    pub const MOST: usize = 100;
}

impl fmt::Debug for Attachment {
    /// Leaves the secrets out, so that they reach no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = f.debug_struct("Attachment");
        written
            .field("registry", &self.registry.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// When something elsewhere was last seen, and what has kept us from it since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// When it was last seen.
    pub seen_at: Option<Timestamp>,
    /// When it could not be seen, and why; none if that has not happened since.
    pub failure: Option<(Timestamp, String)>,
}

/// A repository of an attached registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedRepository {
    /// Its name, here and there.
    pub name: RepositoryName,
    /// How the last look at it went.
    pub sight: Sight,
}

/// What became of a wish to attach.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing may have been attached"]
pub enum Attached {
    /// It is attached.
    Now(Box<Attachment>),
    /// A registry of that name is here already, of whatever kind.
    NameTaken,
    /// As many are attached as may be.
    TooMany,
}

/// What an attachment is to be from now on. What is missing stays.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AttachmentChange {
    /// The host as it is shown, and what is wanted.
    pub settings: Option<(String, AttachmentSettings)>,
    /// Who asks there; `Some(None)` for nobody.
    pub login: Option<Option<ImportCredentials>>,
    /// By which notifications are known.
    pub secret: Option<String>,
}

/// Attached registries.
#[async_trait]
pub trait Attachments: Send + Sync {
    /// Attaches a registry, in the group and at the place of the one that it is attached to. It is due at once.
    async fn attach(&self, new: NewAttachment, actor: &Actor, at: Timestamp) -> Result<Attached, Error>;

    /// Changes an attachment, which is due at once then. `false` if there is none.
    async fn change_attachment(
        &self,
        registry: RegistryId,
        change: AttachmentChange,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// An attached registry by its id.
    async fn attachment(&self, registry: RegistryId) -> Result<Option<Attachment>, Error>;

    /// An attached registry by its name, without regard to case, whatever it is attached to.
    async fn attachment_by_name(&self, name: &str) -> Result<Option<Attachment>, Error>;

    /// What is attached to a registry, by name.
    async fn attachments(&self, to: RegistryId) -> Result<Vec<Attachment>, Error>;

    /// The attachments whose time has come. Each is given once: its next time is set.
    async fn take_due_attachments(&self, at: Timestamp) -> Result<Vec<Attachment>, Error>;

    /// The moment at which the next attachment is due.
    async fn next_attachment(&self) -> Result<Option<Timestamp>, Error>;

    /// Says how a look at a whole registry went.
    async fn attachment_seen(
        &self,
        registry: RegistryId,
        outcome: Result<(), String>,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// Says how a look at a repository went. Nothing is noted of a registry that is gone.
    async fn repository_seen(
        &self,
        repository: &RepositoryKey,
        outcome: Result<(), String>,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// Forgets a repository that is not there any more. Its manifests are deleted one by one before.
    async fn forget_attached_repository(&self, repository: &RepositoryKey) -> Result<(), Error>;

    /// A repository of an attached registry, if it was ever looked at.
    async fn attached_repository(
        &self,
        repository: &RepositoryKey,
    ) -> Result<Option<AttachedRepository>, Error>;

    /// The repositories of an attached registry that were looked at, by name.
    async fn attached_repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<AttachedRepository, RepositoryName>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(patterns: &[&str]) -> AttachmentSettings {
        AttachmentSettings {
            address: "h.test".into(),
            patterns: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
            poll_seconds: 3600,
        }
    }

    #[test]
    fn patterns_say_what_is_looked_at() {
        let wanted = settings(&["team/*", "library/alpine"]);
        assert_eq!(wanted.fault(), None);
        assert!(wanted.covers("team/a/b") && wanted.covers("library/alpine"));
        assert!(!wanted.covers("team") && !wanted.covers("library/alpine2"));
        assert_eq!(wanted.named(), None);
        assert_eq!(settings(&["a", "b/c"]).named().unwrap().len(), 2);
    }

    #[test]
    fn faults_are_told() {
        for pattern in ["", "Team/*", "a b", "a:b", "a@b", "ä"] {
            assert!(settings(&[pattern]).fault().unwrap().contains("is no pattern"), "{pattern}");
        }
        assert!(settings(&[]).fault().unwrap().contains("name 1 to"));
        for poll_seconds in [0, 59, 604_801] {
            let hasty = AttachmentSettings { poll_seconds, ..settings(&["a"]) };
            assert!(hasty.fault().unwrap().contains("60 to 604800"));
        }
    }
}
