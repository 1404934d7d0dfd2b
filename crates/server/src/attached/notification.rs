//! What other registries tell us: who they are, and which repositories they speak of.
//!
//! Every registry has a form of its own for this; a form is one file and one line in [`FORMATS`].
//! Of a notification only names are taken: of repositories, and of tags. Everything else is asked of the registry itself,
//! at the address that its owner has set, so that nobody gains anything by a notification but a look.

mod cloud_events;
mod distribution;
mod harbor;
mod registry_webhook;

use crate::webhooks::signature;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};
use oci::{RepositoryName, Tag};
use serde_json::Value;
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;

/// A longer notification is refused.
pub(crate) const LONGEST: usize = 1 << 20;
/// A notification that speaks of more than this is refused; its sender may send it in parts.
const MOST_HINTS: usize = 1000;
/// A signature holds for so long before and after its moment.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// Something that may have changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hint {
    /// In which repository.
    pub(crate) repository: RepositoryName,
    /// Which tag; none: look at all of them.
    pub(crate) tag: Option<Tag>,
}

/// What was sent.
pub(crate) struct Notification<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) document: &'a Value,
}

/// A form of notifications.
struct Format {
    /// Its name.
    name: &'static str,
    /// Whether a notification is of this form.
    is_of: fn(&Notification<'_>) -> bool,
    /// What it speaks of.
    read: fn(&Notification<'_>) -> Vec<Mention>,
}

/// All of them. The first that a notification is of reads it.
const FORMATS: &[Format] =
    &[cloud_events::FORMAT, distribution::FORMAT, harbor::FORMAT, registry_webhook::FORMAT];

/// A repository and what happened in it, as text of strangers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mention {
    repository: String,
    tag: Option<String>,
    change: Change,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Something came. Without a tag it is found when a tag leads to it.
    Came,
    /// Something went; without a tag, any tags may have gone with it.
    Went,
}

/// Why a notification is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotificationError {
    /// It is no JSON.
    #[error("the notification is no JSON")]
    Json,
    /// Nobody knows its form.
    #[error("the notification is of no known form; there are {0}")]
    Form(String),
    /// It speaks of too much.
    #[error("the notification speaks of more than {MOST_HINTS} things; send it in parts")]
    Many,
}

/// What a notification speaks of, each once. What is nothing to us, such as a pull, is left out.
///
/// # Errors
/// When it cannot be understood.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<BTreeSet<Hint>, NotificationError> {
    let document: Value = serde_json::from_slice(body).map_err(|_| NotificationError::Json)?;
    let notification = Notification { headers, document: &document };
    let format = FORMATS.iter().find(|format| (format.is_of)(&notification)).ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        NotificationError::Form(names.join(", "))
    })?;
    let mut hints = BTreeSet::new();
    for mention in (format.read)(&notification) {
        hints.extend(hint(mention));
        if hints.len() > MOST_HINTS {
            return Err(NotificationError::Many);
        }
    }
    Ok(hints)
}

/// What has to be looked at; nothing where the names are none, or where a tag will tell.
fn hint(mention: Mention) -> Option<Hint> {
    let repository: RepositoryName = mention.repository.parse().ok()?;
    // Some write a digest where the tag stands.
    let tag = mention.tag.and_then(|tag| tag.parse::<Tag>().ok());
    match (tag, mention.change) {
        (None, Change::Came) => None,
        (tag, Change::Came | Change::Went) => Some(Hint { repository, tag }),
    }
}

/// Whether a notification comes from somebody who knows the secret: by a signature as our own webhooks have it, or by the
/// secret itself in `Authorization`: alone, as a bearer token, or as the password of whatever user.
pub(crate) fn is_from_friend(secret: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let (Some(id), Some(at), Some(signatures)) =
        (text("webhook-id"), text("webhook-timestamp"), text("webhook-signature"))
    {
        return is_signed(secret, (id, at, signatures), body, now);
    }
    let Some(given) = text(header::AUTHORIZATION.as_str()) else { return false };
    let (scheme, rest) = given.split_once(' ').unwrap_or(("", given));
    match scheme.to_ascii_lowercase().as_str() {
        "" | "bearer" => is_same(rest.trim(), secret),
        "basic" => {
            let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            decoded.and_then(|text| Some(is_same(text.split_once(':')?.1, secret))).unwrap_or(false)
        }
        _ => false,
    }
}

fn is_signed(secret: &str, (id, at, signatures): (&str, &str, &str), body: &[u8], now: Timestamp) -> bool {
    let at = at.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let (Some(at), Ok(content)) = (at, std::str::from_utf8(body)) else { return false };
    if now.duration_since(at).abs() > TOLERANCE {
        return false;
    }
    let expected = signature::sign(secret, id, at, content);
    // Several are sent while a secret is changed.
    signatures.split(' ').any(|signature| is_same(signature, &expected))
}

fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A text in a document.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
