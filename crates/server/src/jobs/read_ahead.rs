//! Reading ahead: a layer is read as soon as it has arrived, while the rest of its image is still being pushed.
//!
//! At the manifest most of the work is then done, and the verdict follows within moments.
//! What waits here is kept in memory alone and may be forgotten at any time: the job `assess` reads whatever has not been
//! read. So nothing is written to disk for it, the push waits for nothing, and a crash loses nothing.
//! It steps back behind everything else that wants a processor, so that pushes do not wait for it.
//! Subscriptions take turns, so that one which pushes a thousand layers does not keep another waiting.

use super::Workshop;
use super::assess::layers;
use indexer::codec::{LAYER_HEAD, likely_layer};
use oci::Digest;
use registry::PushedBlob;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{RegistryId, SubscriptionId};
use tokio::sync::{Notify, watch};

/// So many layers wait at most. What comes beyond is read when its image is judged.
const WAITING: usize = 1024;

/// The layers that wait to be read.
#[derive(Debug, Default)]
pub struct Arrivals {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

impl Arrivals {
    /// Notes a blob that arrived. Nothing is looked at yet: this runs while a client waits for its answer.
    pub fn note(&self, blob: &PushedBlob<'_>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.push(blob.site.registry.subscription, blob.site.registry.id, blob.digest) {
            self.arrived.notify_one();
        }
    }

    async fn next(&self) -> (RegistryId, Digest) {
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match next {
                Some(next) => return next,
                None => self.arrived.notified().await,
            }
        }
    }
}

/// A row for each subscription that has something waiting, and whose turn it is.
#[derive(Debug, Default)]
struct Waiting {
    rows: HashMap<SubscriptionId, VecDeque<(RegistryId, Digest)>>,
    turns: VecDeque<SubscriptionId>,
    count: usize,
}

impl Waiting {
    fn push(&mut self, subscription: SubscriptionId, registry: RegistryId, digest: &Digest) -> bool {
        if self.count >= WAITING {
            return false;
        }
        let row = self.rows.entry(subscription).or_default();
        if row.is_empty() {
            self.turns.push_back(subscription);
        }
        row.push_back((registry, digest.clone()));
        self.count += 1;
        true
    }

    fn pop(&mut self) -> Option<(RegistryId, Digest)> {
        let subscription = self.turns.pop_front()?;
        let row = self.rows.get_mut(&subscription)?;
        let next = row.pop_front()?;
        self.count -= 1;
        if row.is_empty() {
            self.rows.remove(&subscription);
        } else {
            self.turns.push_back(subscription);
        }
        Some(next)
    }
}

/// So long nothing has arrived before workers are started for what comes next.
const QUIET: Duration = Duration::from_millis(100);

/// Reads what arrives, one layer after the other, until `stop` becomes true.
///
/// The layers of a push come in a burst. Workers for the next burst are started when one is over, so that it does not wait
/// for that.
pub async fn keep_reading(workshop: Arc<Workshop>, arrivals: Arc<Arrivals>, mut stop: watch::Receiver<bool>) {
    let mut wants_workers = false;
    loop {
        let next = tokio::select! {
            next = arrivals.next() => Some(next),
            () = tokio::time::sleep(QUIET), if wants_workers => None,
            _ = stop.wait_for(|stopped| *stopped) => return,
        };
        let Some((registry, digest)) = next else {
            wants_workers = false;
            fill(&workshop).await;
            continue;
        };
        match read(&workshop, registry, &digest).await {
            Ok(has_read) => wants_workers |= has_read,
            // The job that judges the image meets the same, and says so in its verdict.
            Err(error) => tracing::debug!(%error, %digest, "a layer could not be read ahead"),
        }
    }
}

async fn fill(workshop: &Workshop) {
    let Some(antechamber) = workshop.inspector.antechamber.clone() else { return };
    let filled = tokio::task::spawn_blocking(move || antechamber.fill()).await;
    if let Ok(Err(error)) = filled {
        // Each layer gets a worker of its own when it is read, and who starts that one will say what is wrong.
        tracing::debug!(%error, "workers could not be started ahead");
    }
}

/// Reads a layer, and says whether there was something to read.
async fn read(workshop: &Workshop, registry: RegistryId, digest: &Digest) -> Result<bool, super::JobError> {
    let Some(registry) = workshop.store.registry(registry).await? else { return Ok(false) };
    if !super::assess::is_standard(workshop, &registry).await? {
        return Ok(false);
    }
    let Some(blob) = workshop.blobs.open(digest).await? else { return Ok(false) };
    let head =
        blob.head(LAYER_HEAD as u64).await.map_err(|error| super::JobError::Again(error.to_string()))?;
    let Some(media_type) = likely_layer(&head) else { return Ok(false) };
    layers::read_ahead(workshop, digest, blob, media_type).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn subscription(number: u128) -> SubscriptionId {
        SubscriptionId(Uuid::from_u128(number))
    }

    #[test]
    fn subscriptions_take_turns() {
        let mut waiting = Waiting::default();
        let digest = |text: &str| Digest::of_sha256(text.as_bytes());
        for text in ["a1", "a2", "a3"] {
            assert!(waiting.push(subscription(1), RegistryId(1), &digest(text)));
        }
        assert!(waiting.push(subscription(2), RegistryId(2), &digest("b1")));
        let order: Vec<Digest> = std::iter::from_fn(|| waiting.pop()).map(|(_, digest)| digest).collect();
        assert_eq!(order, ["a1", "b1", "a2", "a3"].map(digest));
        assert_eq!(waiting.count, 0);
        assert!(waiting.rows.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_forgotten() {
        let mut waiting = Waiting::default();
        let digest = Digest::of_sha256(b"x");
        assert_eq!(
            (0..WAITING + 5).filter(|_| waiting.push(subscription(1), RegistryId(1), &digest)).count(),
            WAITING
        );
        assert!(waiting.pop().is_some());
        assert!(waiting.push(subscription(1), RegistryId(1), &digest));
    }
}
