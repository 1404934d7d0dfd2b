//! Who reads which layer now: each layer at most once at a time, and not more layers at once than there are processors.
//! Whoever looks at repositories elsewhere takes turns in the same way.
//!
//! A layer may be wanted by several at the same moment: it is read ahead while its push goes on, and two images that
//! share it may be judged together. The second waits for the first, and then finds what that one recorded.

use oci::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedMutexGuard, Semaphore, SemaphorePermit};

type Turns = Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>;

/// The readers of layers of this process.
#[derive(Debug)]
pub struct Readers {
    desks: Semaphore,
    turns: Turns,
}

impl Readers {
    /// So many layers are read at once.
    pub fn new(desks: usize) -> Self {
        Self { desks: Semaphore::new(desks.max(1)), turns: Turns::default() }
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
