//! Webhooks: who wants to be told of what, and what became of telling them.
//!
//! The rules:
//!
//! 1. A delivery is made in the transaction of its event. What happened is told, or is still to be told; there is no
//!    moment between the two.
//! 2. A delivery is sent at least once. Whoever sends it holds it for the time of a lease; a sender that dies lets the
//!    lease end, and another sends again. The number of the attempt is the fence: an end that was reported for an
//!    older attempt changes nothing.
//! 3. What failed waits for its next attempt, or is a dead letter. Dead letters can be sent again.
//! 4. One webhook that does not answer holds back no other one: of each only a few deliveries are given at a time.

use crate::{Error, Event, EventKind, NewEvent, Page, PageRequest, RegistryId};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use oci::{RepositoryName, Tag};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A webhook, by the number of its row. It is never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(pub i64);

/// A delivery, by the number of its row. Later deliveries have greater numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub i64);

/// What a webhook is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WebhookAction {
    /// A manifest was pushed and may be pulled as far as quarantine goes.
    Push,
    /// A manifest was deleted.
    Delete,
    /// A manifest was pushed and waits in quarantine; where there is no quarantine, every push.
    Quarantine,
    /// A chart was pushed by the protocol of Helm 2, which is not served: it never happens.
    ChartPush,
    /// A chart was deleted by the protocol of Helm 2: it never happens.
    ChartDelete,
    /// Somebody tries the webhook. It is always told and cannot be chosen.
    Ping,
    /// An image was assessed.
    ScanCompleted,
    /// An image that was not unhealthy is now.
    ImageUnhealthy,
    /// An image that was not healthy is now.
    ImageHealthy,
}

impl WebhookAction {
    /// The actions that a webhook may choose. The first five are Azure's, the others are ours.
    pub const CHOICES: [Self; 8] = [
        Self::Push,
        Self::Delete,
        Self::Quarantine,
        Self::ChartPush,
        Self::ChartDelete,
        Self::ScanCompleted,
        Self::ImageUnhealthy,
        Self::ImageHealthy,
    ];

    /// The action as a word: `push`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Delete => "delete",
            Self::Quarantine => "quarantine",
            Self::ChartPush => "chart_push",
            Self::ChartDelete => "chart_delete",
            Self::Ping => "ping",
            Self::ScanCompleted => "scan_completed",
            Self::ImageUnhealthy => "image_unhealthy",
            Self::ImageHealthy => "image_healthy",
        }
    }

    /// The action of a word, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        let is_it = |action: &Self| action.as_str().eq_ignore_ascii_case(word);
        Self::CHOICES.into_iter().chain([Self::Ping]).find(is_it)
    }

    /// Whether it is told once for each tag; the others are told once.
    pub fn is_per_tag(self) -> bool {
        matches!(self, Self::Push | Self::Quarantine)
    }

    /// The actions that an event stands for.
    pub fn of_event(event: &NewEvent) -> &'static [Self] {
        let says = |member: &str| event.detail.get(member).and_then(Value::as_bool).unwrap_or_default();
        match &event.kind {
            kind if *kind == EventKind::MANIFEST_PUSHED && says("quarantined") => &[Self::Quarantine],
            kind if *kind == EventKind::MANIFEST_PUSHED => &[Self::Push, Self::Quarantine],
            // What left its quarantine is told as the push that it was.
            kind if *kind == EventKind::QUARANTINE_CHANGED && says("released") => &[Self::Push],
            kind if *kind == EventKind::MANIFEST_DELETED => &[Self::Delete],
            kind if *kind == EventKind::IMAGE_ASSESSED => &[Self::ScanCompleted],
            kind if *kind == EventKind::VERDICT_CHANGED => {
                match event.detail.get("to").and_then(Value::as_str) {
                    Some("Unhealthy") => &[Self::ImageUnhealthy],
                    Some("Healthy") => &[Self::ImageHealthy],
                    _ => &[],
                }
            }
            _ => &[],
        }
    }
}

/// Of which content a webhook is told: `REPOSITORY:TAG`, `REPOSITORY:*`, or nothing for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookScope {
    /// Everything in the registry.
    All,
    /// Everything in a repository.
    Repository(RepositoryName),
    /// One tag of a repository.
    Tag(RepositoryName, Tag),
}

/// Why a text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope; write REPOSITORY:TAG, REPOSITORY:* or nothing")]
pub struct WebhookScopeError(String);

impl WebhookScope {
    /// Whether it covers a repository, and one of these tags if it asks for a tag.
    pub fn covers(&self, repository: &RepositoryName, tags: &[Tag]) -> bool {
        match self {
            Self::All => true,
            Self::Repository(own) => own == repository,
            Self::Tag(own, tag) => own == repository && tags.contains(tag),
        }
    }
}

impl FromStr for WebhookScope {
    type Err = WebhookScopeError;

    /// A repository alone means its tag `latest`, as in Azure.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || WebhookScopeError(text.chars().take(300).collect());
        if text.is_empty() {
            return Ok(Self::All);
        }
        let (name, tag) = text.split_once(':').unwrap_or((text, "latest"));
        let name = name.parse().map_err(|_| wrong())?;
        match tag {
            "*" => Ok(Self::Repository(name)),
            tag => Ok(Self::Tag(name, tag.parse().map_err(|_| wrong())?)),
        }
    }
}

impl fmt::Display for WebhookScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Repository(name) => write!(f, "{name}:*"),
            Self::Tag(name, tag) => write!(f, "{name}:{tag}"),
        }
    }
}

/// What somebody set on a webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where to. It may hold a secret.
    pub service_uri: String,
    /// Headers that are sent along. They may hold secrets.
    pub headers: BTreeMap<String, String>,
    /// Signs what is sent.
    pub secret: String,
    /// What it is told of.
    pub actions: BTreeSet<WebhookAction>,
    /// Of which content.
    pub scope: WebhookScope,
    /// Whether it is told at all. What happens while it is off is not told later.
    pub enabled: bool,
    /// The location of the resource.
    pub location: String,
    /// The tags of the resource.
    pub tags: BTreeMap<String, String>,
}

impl fmt::Debug for WebhookSettings {
    /// Leaves address, headers and secret out, so that they reach no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSettings")
            .field("actions", &self.actions)
            .field("scope", &self.scope)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its number.
    pub id: WebhookId,
    /// Its registry.
    pub registry: RegistryId,
    /// Its name, in the case in which it was created; compared without regard to case.
    pub name: String,
    /// What somebody set on it.
    pub settings: WebhookSettings,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Webhook {
    /// The most webhooks of one registry: each costs something at every event.
    pub const MOST: usize = 500;
}

/// What became of a wish for a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookPut {
    /// It is there now.
    Kept(Box<Webhook>),
    /// The registry has as many as one may have.
    TooMany,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits for its first or next attempt.
    Waiting,
    /// Somebody sends it.
    Sending,
    /// It arrived.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// The state as a word: `delivered`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// A delivery that is to be sent now.
#[derive(Debug, Clone, PartialEq)]
pub struct DueDelivery {
    /// Its number.
    pub id: DeliveryId,
    /// Which attempt this is, from 1: the fence of its end.
    pub attempt: u32,
    /// To whom.
    pub webhook: Webhook,
    /// What it tells.
    pub action: WebhookAction,
    /// Of which tag, where it tells of one.
    pub tag: Option<Tag>,
    /// What happened; none for a ping.
    pub event: Option<Event>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One attempt, as the log keeps it. No secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryExchange {
    /// The headers that were sent, without those that somebody set.
    pub request_headers: BTreeMap<String, String>,
    /// What was sent.
    pub request_content: String,
    /// The status of the answer; none if there was no answer.
    pub status: Option<u16>,
    /// The headers of the answer.
    pub response_headers: BTreeMap<String, String>,
    /// The beginning of the answer.
    pub response_content: String,
    /// Why it failed, in a sentence.
    pub error: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Again(Timestamp),
    /// It is given up.
    Dead,
}

/// A delivery, as the log shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// What it tells.
    pub action: WebhookAction,
    /// Of which tag, where it tells of one.
    pub tag: Option<Tag>,
    /// The place of its event in history; none for a ping.
    pub event: Option<i64>,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is due, when the lease ends, or when it ended.
    pub due: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last attempt.
    pub exchange: Option<DeliveryExchange>,
}

/// A wish for deliveries to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryClaim {
    /// At most so many.
    pub limit: usize,
    /// Of each webhook at most so many are being sent at the same time.
    pub per_webhook: usize,
    /// How long they are held.
    pub lease: SignedDuration,
    /// Now.
    pub at: Timestamp,
}

/// Webhooks and their deliveries.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Creates a webhook, or changes the settings of the one with this name.
    async fn put_webhook(
        &self,
        registry: RegistryId,
        name: &str,
        settings: WebhookSettings,
        at: Timestamp,
    ) -> Result<WebhookPut, Error>;

    /// The webhook of a name.
    async fn webhook(&self, registry: RegistryId, name: &str) -> Result<Option<Webhook>, Error>;

    /// All webhooks of a registry, by name.
    async fn webhooks(&self, registry: RegistryId) -> Result<Vec<Webhook>, Error>;

    /// Takes a webhook away, with its deliveries. `false` if there was none.
    async fn delete_webhook(&self, registry: RegistryId, name: &str) -> Result<bool, Error>;

    /// Asks for a ping, whatever the webhook is told of.
    async fn ping_webhook(&self, webhook: WebhookId, at: Timestamp) -> Result<DeliveryId, Error>;

    /// Takes deliveries that are due, the longest due first. Those of webhooks that are off wait.
    async fn claim_deliveries(&self, claim: DeliveryClaim) -> Result<Vec<DueDelivery>, Error>;

    /// Records how an attempt ended. `false` if it was not the last attempt any more, and nothing was changed.
    async fn end_delivery(
        &self,
        delivery: DeliveryId,
        attempt: u32,
        exchange: DeliveryExchange,
        end: AttemptEnd,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// The deliveries of a webhook, the latest first.
    async fn deliveries(
        &self,
        webhook: WebhookId,
        page: PageRequest<DeliveryId>,
    ) -> Result<Page<Delivery, DeliveryId>, Error>;

    /// Sends a dead letter once more, with all its attempts before it. `false` if it is none.
    async fn redeliver(&self, delivery: DeliveryId, at: Timestamp) -> Result<bool, Error>;

    /// The earliest moment at which a delivery is due or a lease ends.
    async fn next_delivery(&self) -> Result<Option<Timestamp>, Error>;

    /// Forgets deliveries that ended before a moment. Returns how many.
    async fn forget_deliveries(&self, delivered: Timestamp, dead: Timestamp) -> Result<u64, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_cover_what_they_name() {
        let covers = |scope: &str, repository: &str, tags: &[&str]| {
            let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
            scope.parse::<WebhookScope>().unwrap().covers(&repository.parse().unwrap(), &tags)
        };
        assert!(covers("", "a", &[]));
        assert!(covers("a:*", "a", &[]));
        assert!(!covers("a:*", "a/b", &["x"]));
        assert!(covers("a:x", "a", &["y", "x"]));
        assert!(!covers("a:x", "a", &["y"]));
        assert!(!covers("a:x", "a", &[]));
        assert!(covers("a/b", "a/b", &["latest"]));
        assert!(!covers("a/b", "a/b", &["other"]));
        for text in ["*", "a:", ":x", "A:x", "a:*:x", "a/*"] {
            assert!(text.parse::<WebhookScope>().is_err(), "{text}");
        }
        for text in ["", "a:*", "a/b:x"] {
            assert_eq!(text.parse::<WebhookScope>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn words_are_read_back() {
        for action in WebhookAction::CHOICES.into_iter().chain([WebhookAction::Ping]) {
            assert_eq!(WebhookAction::from_word(&action.as_str().to_uppercase()), Some(action));
        }
        assert_eq!(WebhookAction::from_word("pull"), None);
    }
}
