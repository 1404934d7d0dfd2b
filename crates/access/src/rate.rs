//! The limit on requests of one caller.
//!
//! A bucket holds so many requests at once and is filled again steadily: short bursts pass, and nobody takes more than
//! their share for long. It counts by a key that the face chooses. The memory it takes is bounded: full buckets are
//! forgotten first, since they say nothing.
//! It is a value in the memory of one process; several processes each count for themselves.

use jiff::Timestamp;
use std::collections::HashMap;

/// How many requests one caller may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatePolicy {
    /// So many each second, for long.
    pub per_second: u32,
    /// So many at once.
    pub burst: u32,
    /// How many callers are remembered.
    pub capacity: usize,
}

/// A caller sends too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {retry_after_seconds} seconds")]
pub struct TooManyRequests {
    /// How long to wait, rounded up, at least 1.
    pub retry_after_seconds: u64,
}

/// Counts requests by key.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    policy: RatePolicy,
    buckets: HashMap<String, Bucket>,
}

/// What is left, in millionths of a request.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at: Timestamp,
}

/// The parts of a request that are counted: one microsecond at one request a second.
const PARTS: u64 = 1_000_000;

impl RateLimiter {
    /// A limiter that has seen nothing.
    pub fn new(policy: RatePolicy) -> Self {
        Self { policy, buckets: HashMap::new() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When the caller has none left.
    pub fn take(&mut self, key: &str, now: Timestamp) -> Result<(), TooManyRequests> {
        if !self.buckets.contains_key(key) {
            if self.buckets.len() >= self.policy.capacity {
                self.make_room(now);
            }
            self.buckets.insert(key.to_owned(), Bucket { left: self.policy.full(), at: now });
        }
        let Some(bucket) = self.buckets.get_mut(key) else { return Ok(()) };
        *bucket = Bucket { left: self.policy.left(*bucket, now), at: now.max(bucket.at) };
        match bucket.left.checked_sub(PARTS) {
            Some(left) => {
                bucket.left = left;
                Ok(())
            }
            None => {
                let missing = PARTS - bucket.left;
                let per_second = u64::from(self.policy.per_second.max(1)) * PARTS;
                Err(TooManyRequests { retry_after_seconds: missing.div_ceil(per_second).max(1) })
            }
        }
    }

    /// How many requests a caller could send at once now.
    pub fn remaining(&self, key: &str, now: Timestamp) -> u32 {
        let left = self.buckets.get(key).map_or(self.policy.full(), |bucket| self.policy.left(*bucket, now));
        u32::try_from(left / PARTS).unwrap_or(u32::MAX)
    }

    fn make_room(&mut self, now: Timestamp) {
        let policy = self.policy;
        self.buckets.retain(|_, bucket| policy.left(*bucket, now) < policy.full());
        if self.buckets.len() >= policy.capacity {
            // All are busy: who has most left loses least by being forgotten.
            let most = self.buckets.iter().max_by_key(|(_, bucket)| policy.left(**bucket, now));
            if let Some(key) = most.map(|(key, _)| key.clone()) {
                self.buckets.remove(&key);
            }
        }
    }
}

impl RatePolicy {
    fn full(&self) -> u64 {
        u64::from(self.burst.max(1)) * PARTS
    }

    /// What a bucket holds at a moment.
    fn left(&self, bucket: Bucket, now: Timestamp) -> u64 {
        let micros = u64::try_from(now.duration_since(bucket.at).as_micros()).unwrap_or(0);
        bucket.left.saturating_add(micros.saturating_mul(self.per_second.into())).min(self.full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const POLICY: RatePolicy = RatePolicy { per_second: 2, burst: 3, capacity: 10 };

    fn at(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
    }

    #[test]
    fn a_burst_passes_and_then_the_steady_rate() {
        let mut limiter = RateLimiter::new(POLICY);
        let mut take = |millis| limiter.take("alice", at(millis)).is_ok();
        assert_eq!([take(0), take(0), take(0), take(0)], [true, true, true, false]);
        assert_eq!([take(499), take(500), take(500)], [false, true, false]);
        assert_eq!([take(1000), take(1000)], [true, false]);
        assert_eq!([take(60_000), take(60_000), take(60_000), take(60_000)], [true, true, true, false]);
    }

    #[test]
    fn what_is_left_is_told() {
        let mut limiter = RateLimiter::new(POLICY);
        assert_eq!(limiter.remaining("alice", at(0)), 3);
        for left in [2, 1, 0] {
            limiter.take("alice", at(0)).unwrap();
            assert_eq!(limiter.remaining("alice", at(0)), left);
        }
        assert_eq!(limiter.remaining("alice", at(1000)), 2);
        assert_eq!(limiter.remaining("bob", at(0)), 3);
    }

    #[test]
    fn who_has_none_left_is_told_how_long_to_wait() {
        let slow = RatePolicy { per_second: 1, burst: 1, capacity: 10 };
        let mut limiter = RateLimiter::new(slow);
        limiter.take("alice", at(0)).unwrap();
        assert_eq!(limiter.take("alice", at(100)), Err(TooManyRequests { retry_after_seconds: 1 }));
        assert_eq!(limiter.take("bob", at(100)), Ok(()));
        // A clock that goes back gives nothing and takes nothing.
        assert!(limiter.take("alice", at(0)).is_err());
        assert_eq!(limiter.take("alice", at(1100)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_the_busiest_are_remembered() {
        let mut limiter = RateLimiter::new(POLICY);
        (0..3).for_each(|_| limiter.take("alice", at(0)).unwrap());
        for number in 0..1000 {
            limiter.take(&format!("noise {number}"), at(1)).unwrap();
        }
        assert_eq!(limiter.buckets.len(), 10);
        assert!(limiter.take("alice", at(1)).is_err());
    }
}
