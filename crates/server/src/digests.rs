//! Mails that sum up what changed: once an hour, a day or a week for each automation that asks for them.
//!
//! Changes wait in the records until the period in which the first of them was noted has ended. They are forgotten when
//! the mail server has taken the mail: one that is sent twice has the same `Message-ID`, and none is lost. Where nothing
//! changed, nothing is sent.

mod duties;
mod wording;

use crate::mail::{Mail, Mailer};
use graph::automations::{self, Automation, AutomationAction, KEPT, Period};
use graph::documents::{Document, KnownRegistry};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use store::{DigestEntry, KeptDocument, Store, Waiting};
use tokio::sync::watch;
use uuid::Uuid;

/// How often somebody looks whether a period has ended.
const LOOK: Duration = Duration::from_secs(10);
/// Changes that one mail names. What is beyond is counted.
const MOST: usize = 500;
/// The first pause before a mail that was not taken is tried again; it doubles up to the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(60);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A change, as a mail tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// The host of the registry.
    pub(crate) registry: String,
    /// `team/app@sha256:…`; empty for a registry.
    pub(crate) image: String,
    /// The vulnerability, or what else the row is about.
    pub(crate) subject: String,
    pub(crate) title: String,
    pub(crate) code: String,
    pub(crate) severity: String,
    pub(crate) cause: String,
    pub(crate) remediation: String,
}

impl Change {
    /// What a mail tells of a document.
    pub(crate) fn of(document: &Document, known: &KnownRegistry) -> Self {
        let properties = &document.properties;
        let text = |value: &Value| {
            // Nobody reads more of one change in a mail of many.
            value.as_str().unwrap_or_default().chars().take(300).collect::<String>()
        };
        let (status, further) = (&properties["status"], &properties["additionalData"]);
        let (repository, digest) = (text(&further["repositoryName"]), text(&further["imageDigest"]));
        let subject = text(&properties["id"]);
        Self {
            registry: known.registry.login_server.clone(),
            image: if digest.is_empty() { String::new() } else { format!("{repository}@{digest}") },
            subject: if subject.is_empty() { "registry".to_owned() } else { subject },
            title: text(&properties["displayName"]),
            code: text(&status["code"]),
            severity: text(&status["severity"]),
            cause: text(&status["cause"]),
            remediation: text(&properties["remediation"]),
        }
    }
}

/// What sends the mails.
#[derive(Clone)]
pub(crate) struct Postman {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) mailer: Mailer,
    /// Where people find more.
    pub(crate) url: String,
}

/// Sends mails whenever a period has ended, until `stop` becomes true.
pub(crate) async fn keep_sending(postman: Postman, mut stop: watch::Receiver<bool>) {
    let mut pauses = HashMap::new();
    loop {
        if let Err(error) = postman.send_due(&mut pauses, Timestamp::now()).await {
            tracing::error!(%error, "the changes that wait for a mail could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// When something that was not taken is tried again, and after which pause.
pub(crate) type Pauses = HashMap<String, (Timestamp, SignedDuration)>;

impl Postman {
    /// Sends the mails that are due. What a mail server does not take is logged and tried again, later each time.
    ///
    /// # Errors
    /// When the records fail.
    pub(crate) async fn send_due(&self, pauses: &mut Pauses, now: Timestamp) -> Result<(), store::Error> {
        let mut sinks = Vec::new();
        for kept in self.store.documents(KEPT).await? {
            let Ok(automation) = serde_json::from_value::<Automation>(kept.body.clone()) else { continue };
            for (number, action) in automation.properties.actions.iter().enumerate() {
                let AutomationAction::Email { recipients, period } = action else { continue };
                let sink = automations::sink(&kept, number);
                sinks.push(sink.clone());
                let rests = pauses.get(&sink).is_some_and(|(until, _)| now < *until);
                if rests || !automation.properties.is_enabled || !self.is_due(&sink, *period, now).await? {
                    continue;
                }
                let waiting = self.store.digest_entries(&sink, MOST).await?;
                let mail = self.mail(&kept, &sink, &waiting, (recipients, *period), now).await?;
                if let Err(error) = self.mailer.send(&mail).await {
                    tracing::warn!(automation = kept.name, %error, "a mail was not taken");
                    let pause = pauses
                        .get(&sink)
                        .map_or(FIRST_PAUSE, |(_, pause)| pause.saturating_mul(2).min(LONGEST_PAUSE));
                    pauses.insert(sink, (now.saturating_add(pause).unwrap_or(now), pause));
                    continue;
                }
                tracing::info!(automation = kept.name, subject = mail.subject, "a mail was sent");
                pauses.remove(&sink);
                self.store.forget_digest(&sink, waiting.seen).await?;
            }
        }
        self.store.keep_digests_of(&sinks).await
    }

    /// Whether the period in which the first change was noted has ended.
    async fn is_due(&self, sink: &str, period: Period, now: Timestamp) -> Result<bool, store::Error> {
        let since = self.store.digest_waits_since(sink).await?;
        Ok(since.is_some_and(|since| period.of(since) < period.of(now)))
    }

    async fn mail(
        &self,
        kept: &KeptDocument,
        sink: &str,
        waiting: &Waiting,
        (recipients, period): (&[String], Period),
        now: Timestamp,
    ) -> Result<Mail, store::Error> {
        let Waiting { entries, count, .. } = waiting;
        let changes: Vec<Change> = entries.iter().filter_map(change).collect();
        let duties = duties::of(&*self.store, kept, now).await?;
        let content = wording::Content {
            automation: &kept.name,
            period,
            changes: &changes,
            count: *count,
            duties: &duties,
            url: &self.url,
        };
        let said: String =
            entries.iter().map(|entry| format!("{} {} {}\n", entry.resource, entry.at, entry.body)).collect();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{sink} {said}").as_bytes());
        Ok(Mail {
            recipients: recipients.to_vec(),
            subject: content.subject(),
            id: id.to_string(),
            text: content.text(),
            html: content.html(),
        })
    }
}

fn change(entry: &DigestEntry) -> Option<Change> {
    serde_json::from_value(entry.body.clone()).ok()
}

#[cfg(test)]
mod tests;
