//! Tells webhooks what has happened.
//!
//! The store makes deliveries together with their events; here they are sent. This is no job of the queue: a scan must
//! not wait because somebody's server does not answer, and deliveries have more patience than scans.
//!
//! A delivery that is not answered with a status of the 200s is tried again, after ten seconds at first and an hour at
//! last, twelve times in more than three hours. Then it is a dead letter. What the other side says in `Retry-After` is
//! respected up to an hour; `410 Gone` ends it at once.

mod payload;
pub(crate) mod signature;

pub use payload::{content, delivery_number};
pub use signature::{new_secret, sign};

use crate::sender::{self, Letter, SendError, Sender};
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{AttemptEnd, DeliveryClaim, DeliveryExchange, DueDelivery, RetryPolicy, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// So many deliveries are sent at the same time,
const AT_A_TIME: usize = 32;
/// and so many of one webhook.
const PER_WEBHOOK: usize = 4;
/// Longer than any exchange takes.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Other processes make deliveries without telling this one.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// What is due but may not be sent yet is looked at again no sooner.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// How long the log keeps what was delivered,
const KEPT_DELIVERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// and dead letters.
const KEPT_DEAD: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often what is too old is forgotten.
const TIDYING: Duration = Duration::from_secs(3600);

/// How deliveries are tried again.
pub const RETRY: RetryPolicy = RetryPolicy {
    first_pause: SignedDuration::from_secs(10),
    longest_pause: SignedDuration::from_hours(1),
    attempts: 12,
};

/// What carries deliveries.
#[derive(Clone)]
pub struct Courier {
    /// The records.
    pub store: Arc<dyn Store>,
    /// The way out.
    pub sender: Sender,
    /// How often, and with which pauses.
    pub retry: RetryPolicy,
}

/// Delivers until `stop` becomes true. What is being sent then is sent again after the next start.
pub async fn keep_delivering(courier: Courier, mut stop: watch::Receiver<bool>) {
    let mut sending: JoinSet<()> = JoinSet::new();
    let mut ticket = 0;
    let mut tidied: Option<tokio::time::Instant> = None;
    while !*stop.borrow() {
        if tidied.is_none_or(|at| at.elapsed() > TIDYING) {
            tidy(&courier, Timestamp::now()).await;
            tidied = Some(tokio::time::Instant::now());
        }
        let free = AT_A_TIME.saturating_sub(sending.len());
        for delivery in claim(&courier, free, Timestamp::now()).await {
            let courier = courier.clone();
            sending.spawn(async move { courier.deliver(delivery).await });
        }
        let pause = pause(&courier, Timestamp::now()).await;
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            Some(_) = sending.join_next() => {}
            next = courier.store.wait_for_deliveries(ticket) => ticket = next,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn claim(courier: &Courier, limit: usize, at: Timestamp) -> Vec<DueDelivery> {
    let claim = DeliveryClaim { limit, per_webhook: PER_WEBHOOK, lease: LEASE, at };
    courier.store.claim_deliveries(claim).await.unwrap_or_else(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "no delivery could be taken");
        Vec::new()
    })
}

async fn pause(courier: &Courier, now: Timestamp) -> Duration {
    match courier.store.next_delivery().await {
        Ok(Some(due)) => Duration::try_from(due.duration_since(now))
            .unwrap_or(SHORTEST_PAUSE)
            .clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
        Ok(None) | Err(_) => LONGEST_PAUSE,
    }
}

async fn tidy(courier: &Courier, now: Timestamp) {
    let (delivered, dead) = (now.saturating_sub(KEPT_DELIVERED), now.saturating_sub(KEPT_DEAD));
    let (Ok(delivered), Ok(dead)) = (delivered, dead) else { return };
    if let Err(error) = courier.store.forget_deliveries(delivered, dead).await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the log of deliveries could not be shortened"
        );
    }
}

impl Courier {
    /// Sends one delivery and records how it went.
    pub async fn deliver(&self, due: DueDelivery) {
        let now = Timestamp::now();
        let registry = match self.store.registry(due.webhook.registry).await {
            Ok(Some(registry)) => registry,
            Ok(None) => return,
            // The lease will end, and somebody tries again.
            Err(error) => {
                return tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a delivery could not be read"
                );
            }
        };
        let number = delivery_number(&registry, &due);
        let content = content(&registry, &due).to_string();
        let (exchange, end) = match self.letter(&due, &number, content, now) {
            Ok((letter, exchange)) => self.exchange(&due, letter, exchange, now).await,
            // What cannot be sent now cannot be sent later.
            Err(error) => (failed(DeliveryExchange::default(), &error), AttemptEnd::Dead),
        };
        if end != AttemptEnd::Delivered {
            let why = exchange.error.as_deref().unwrap_or_default();
            tracing::warn!(webhook = due.webhook.name, attempt = due.attempt, why, "a delivery failed");
        }
        match self.store.end_delivery(due.id, due.attempt, exchange, end, Timestamp::now()).await {
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a delivery could not be recorded");
            }
        }
    }

    /// What is sent, and what the log keeps of it.
    fn letter(
        &self,
        due: &DueDelivery,
        number: &str,
        content: String,
        now: Timestamp,
    ) -> Result<(Letter, DeliveryExchange), SendError> {
        let settings = &due.webhook.settings;
        let mut headers: HeaderMap = sender::headers(&settings.headers)?;
        let signature = sign(&settings.secret, number, now, &content);
        let own = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", number.to_owned()),
            ("webhook-timestamp", now.as_second().to_string()),
            ("webhook-signature", signature),
        ];
        let mut request_headers = BTreeMap::new();
        for (name, value) in own {
            let value = HeaderValue::try_from(value).map_err(|_| SendError::Header(name.to_owned()))?;
            request_headers.insert(name.to_owned(), value.to_str().unwrap_or_default().to_owned());
            headers.insert(name, value);
        }
        let exchange = DeliveryExchange {
            request_headers,
            request_content: content.clone(),
            ..DeliveryExchange::default()
        };
        Ok((Letter { address: settings.service_uri.clone(), headers, body: content.into() }, exchange))
    }

    async fn exchange(
        &self,
        due: &DueDelivery,
        letter: Letter,
        mut exchange: DeliveryExchange,
        now: Timestamp,
    ) -> (DeliveryExchange, AttemptEnd) {
        let answer = match self.sender.post(letter).await {
            Ok(answer) => answer,
            Err(error) => return (failed(exchange, &error), self.again(due.attempt, None, now)),
        };
        let (is_success, asked) = (answer.is_success(), answer.retry_after());
        exchange.status = Some(answer.status);
        exchange.response_headers = answer.headers;
        exchange.response_content = answer.content;
        if is_success {
            return (exchange, AttemptEnd::Delivered);
        }
        exchange.error = Some(match answer.status {
            300..=399 => "it answered with a redirect, which is never followed".to_owned(),
            status => format!("it answered {status}"),
        });
        let end = if answer.status == 410 { AttemptEnd::Dead } else { self.again(due.attempt, asked, now) };
        (exchange, end)
    }

    /// When to try again, if at all.
    fn again(&self, attempt: u32, asked: Option<u64>, now: Timestamp) -> AttemptEnd {
        if attempt >= self.retry.attempts {
            return AttemptEnd::Dead;
        }
        let asked = SignedDuration::from_secs(asked.and_then(|asked| i64::try_from(asked).ok()).unwrap_or(0));
        let pause = self.retry.pause_after(attempt).max(asked.min(self.retry.longest_pause));
        AttemptEnd::Again(now.saturating_add(pause).unwrap_or(now))
    }
}

fn failed(exchange: DeliveryExchange, error: &SendError) -> DeliveryExchange {
    DeliveryExchange { error: Some(error.to_string()), ..exchange }
}

#[cfg(test)]
mod tests;
