//! Who reads which layer now: each layer at most once at a time, and not more layers at once than there are processors.
//! Whoever looks at repositories elsewhere takes turns in the same way.
//!
//! A layer may be wanted by several at the same moment: it is read ahead while its push goes on, and two images that
//! share it may be judged together. The second waits for the first, and then finds what that one recorded.

use indexer::LayerOutcome;
use oci::Digest;
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};

/// How much of what was read ahead is kept in memory. An image of a hundred layers has some megabytes.
const AHEAD_BYTES: usize = 64 << 20;

/// A layer that was read ahead: what came out, and how the jail had held.
#[derive(Debug)]
pub(super) struct ReadAhead {
    pub(super) outcome: LayerOutcome,
    pub(super) isolation: Value,
    /// About how much memory it takes.
    pub(super) bytes: usize,
}

type Turns = Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>;

/// The readers of layers of this process.
#[derive(Debug)]
pub struct Readers {
    desks: Semaphore,
    turns: Turns,
    ahead: Mutex<Ahead>,
    /// The layers that somebody reads at leisure.
    at_leisure: Mutex<HashSet<Digest>>,
}

/// What was read ahead and waits for its image, the oldest first.
#[derive(Debug, Default)]
struct Ahead {
    read: HashMap<Digest, ReadAhead>,
    order: VecDeque<Digest>,
    bytes: usize,
}

impl Readers {
    /// So many layers are read at once.
    pub fn new(desks: usize) -> Self {
        Self {
            desks: Semaphore::new(desks.max(1)),
            turns: Turns::default(),
            ahead: Mutex::default(),
            at_leisure: Mutex::default(),
        }
    }

    /// Keeps what was read ahead until its image is judged. Nothing is written down for it while pushes go on: each
    /// commit would make theirs wait for the disk. What has waited longest is forgotten when there is no more room;
    /// it is read again when somebody asks for it.
    pub(super) fn keep_ahead(&self, digest: &Digest, read: ReadAhead) {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if read.bytes > AHEAD_BYTES || ahead.read.contains_key(digest) {
            return;
        }
        ahead.bytes += read.bytes;
        ahead.order.push_back(digest.clone());
        ahead.read.insert(digest.clone(), read);
        while ahead.bytes > AHEAD_BYTES {
            let Some(oldest) = ahead.order.pop_front() else { break };
            ahead.bytes -= ahead.read.remove(&oldest).map_or(0, |read| read.bytes);
        }
    }

    /// Notes that a layer is read at leisure, until the guard is dropped.
    pub(super) fn at_leisure(&self, digest: &Digest) -> AtLeisure<'_> {
        self.at_leisure.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.clone());
        AtLeisure { readers: self, digest: digest.clone() }
    }

    /// Whether a layer is just being read at leisure, which on a busy machine has no end.
    pub(super) fn is_at_leisure(&self, digest: &Digest) -> bool {
        self.at_leisure.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
    }

    /// Takes what was read ahead of a layer.
    pub(super) fn take_ahead(&self, digest: &Digest) -> Option<ReadAhead> {
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        let read = ahead.read.remove(digest)?;
        ahead.bytes -= read.bytes;
        ahead.order.retain(|other| other != digest);
        Some(read)
    }

    /// Whether a layer was read ahead and waits.
    pub(super) fn is_ahead(&self, digest: &Digest) -> bool {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner).read.contains_key(digest)
    }

    /// Waits until nobody else is at this layer. It stays so until the guard is dropped.
    pub(super) async fn turn(&self, digest: &Digest) -> Turn<'_> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(digest.clone()).or_default().clone()
        };
        let guard = turn.lock_owned().await;
        Turn { turns: &self.turns, digest: digest.clone(), guard: Some(guard) }
    }

    /// Waits until a processor is free. Whoever came first is first.
    pub(super) async fn desk(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed, so there is always one in the end.
        self.desks.acquire().await.ok()
    }
}

/// A layer that is read at leisure.
pub(super) struct AtLeisure<'a> {
    readers: &'a Readers,
    digest: Digest,
}

impl Drop for AtLeisure<'_> {
    fn drop(&mut self) {
        let at_leisure = &self.readers.at_leisure;
        at_leisure.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.digest);
    }
}

/// The right to read a layer.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    digest: Digest,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.guard.take());
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the table knows it any more: nobody waits.
        if turns.get(&self.digest).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            turns.remove(&self.digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_layer_is_read_by_one_at_a_time_and_forgotten_afterwards() {
        let readers = Arc::new(Readers::new(4));
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let digest = Digest::of_sha256(b"a layer");
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (readers, digest, inside, most) =
                (readers.clone(), digest.clone(), inside.clone(), most.clone());
            tasks.spawn(async move {
                let _turn = readers.turn(&digest).await;
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        }
        while tasks.join_next().await.is_some() {}
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert!(readers.turns.lock().unwrap().is_empty());
    }

    #[test]
    fn what_was_read_ahead_is_taken_once_and_the_oldest_is_forgotten() {
        let readers = Readers::new(1);
        let digest = |text: &str| Digest::of_sha256(text.as_bytes());
        let keep = |text: &str, bytes: usize| {
            let outcome = LayerOutcome::Indexed(inventory::LayerInventory::empty());
            readers.keep_ahead(&digest(text), ReadAhead { outcome, isolation: Value::Null, bytes });
        };
        keep("a", AHEAD_BYTES / 2);
        keep("a", AHEAD_BYTES / 2);
        keep("b", AHEAD_BYTES / 2);
        assert!(readers.is_ahead(&digest("a")) && readers.is_ahead(&digest("b")));
        keep("c", 1);
        keep("too large", AHEAD_BYTES + 1);
        let there = ["a", "b", "c", "too large"].map(|text| readers.is_ahead(&digest(text)));
        assert_eq!(there, [false, true, true, false]);
        assert!(readers.take_ahead(&digest("b")).is_some());
        assert!(readers.take_ahead(&digest("b")).is_none());
        let ahead = readers.ahead.lock().unwrap();
        assert_eq!((ahead.bytes, ahead.order.len(), ahead.read.len()), (1, 1, 1));
    }

    #[tokio::test]
    async fn other_layers_do_not_wait_but_for_a_desk() {
        let readers = Readers::new(1);
        let _one = readers.turn(&Digest::of_sha256(b"one")).await;
        let _other = readers.turn(&Digest::of_sha256(b"other")).await;
        let desk = readers.desk().await;
        assert!(desk.is_some());
        assert!(readers.desks.try_acquire().is_err());
    }
}
