//! The limit on sign-in attempts.
//!
//! After a few failures in a row an account has to wait, longer each time, up to a bound: guessing becomes hopeless,
//! and nobody can lock the owner out for ever. It counts by a key that the face chooses (the account, the address).
//! The memory it takes is bounded too: it forgets what is old, and then what has failed least.
//! It is a value in the memory of one process; several processes each count for themselves.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// How many failures are free, and how long the waits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptPolicy {
    /// Failures in a row before the first wait.
    pub free: u32,
    /// The first wait; each further failure doubles it.
    pub first_wait: SignedDuration,
    /// The longest wait. A key that was quiet for as long again is forgotten.
    pub longest_wait: SignedDuration,
    /// How many keys are remembered.
    pub capacity: usize,
}

impl Default for AttemptPolicy {
    /// Five failures are free; then 1 s, 2 s, 4 s ... up to 5 minutes: some 300 guesses a day.
    fn default() -> Self {
        Self {
            free: 5,
            first_wait: SignedDuration::from_secs(1),
            longest_wait: SignedDuration::from_mins(5),
            capacity: 10_000,
        }
    }
}

/// There were too many failed attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed sign-in attempts; try again in {retry_after_seconds} seconds")]
pub struct TooManyAttempts {
    /// How long to wait, rounded up, at least 1.
    pub retry_after_seconds: u64,
}

/// Counts failed attempts by key.
#[derive(Debug, Clone, Default)]
pub struct AttemptLimiter {
    policy: AttemptPolicy,
    failures: HashMap<String, Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl AttemptLimiter {
    /// A limiter that has seen nothing.
    pub fn new(policy: AttemptPolicy) -> Self {
        Self { policy, failures: HashMap::new() }
    }

    /// Whether an attempt may be made now. Ask before the secret is looked at.
    ///
    /// # Errors
    /// When the key still has to wait.
    pub fn check(&self, key: &str, now: Timestamp) -> Result<(), TooManyAttempts> {
        let Some(failures) = self.failures.get(key) else { return Ok(()) };
        let left = self.policy.wait(failures.count) - now.duration_since(failures.last);
        if left <= SignedDuration::ZERO {
            return Ok(());
        }
        let rounded_up = left.as_secs() + i64::from(left.subsec_nanos() > 0);
        Err(TooManyAttempts { retry_after_seconds: rounded_up.unsigned_abs().max(1) })
    }

    /// Counts a failed attempt.
    pub fn failed(&mut self, key: &str, now: Timestamp) {
        if !self.failures.contains_key(key) && self.failures.len() >= self.policy.capacity {
            self.make_room(now);
        }
        let failures = self.failures.entry(key.to_owned()).or_insert(Failures { count: 0, last: now });
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    /// Forgets the failures of a key: the secret was right.
    pub fn succeeded(&mut self, key: &str) {
        self.failures.remove(key);
    }

    fn make_room(&mut self, now: Timestamp) {
        let forgotten_after = self.policy.longest_wait * 2;
        self.failures.retain(|_, failures| now.duration_since(failures.last) < forgotten_after);
        if self.failures.len() >= self.policy.capacity {
            let least = self.failures.iter().min_by_key(|(_, failures)| (failures.count, failures.last));
            if let Some(key) = least.map(|(key, _)| key.clone()) {
                self.failures.remove(&key);
            }
        }
    }
}

impl AttemptPolicy {
    fn wait(&self, failures: u32) -> SignedDuration {
        match failures.checked_sub(self.free) {
            None => SignedDuration::ZERO,
            Some(beyond) => {
                let factor = 2_i32.checked_pow(beyond).unwrap_or(i32::MAX);
                self.first_wait
                    .checked_mul(factor)
                    .map_or(self.longest_wait, |wait| wait.min(self.longest_wait))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn waits_double_up_to_the_bound() {
        let mut limiter = AttemptLimiter::default();
        let mut waits = Vec::new();
        for _ in 0..16 {
            limiter.failed("owner", at(0));
            waits.push(limiter.check("owner", at(0)).map_or_else(|error| error.retry_after_seconds, |()| 0));
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        assert_eq!(limiter.check("owner", at(299)), Err(TooManyAttempts { retry_after_seconds: 1 }));
        assert_eq!(limiter.check("owner", at(300)), Ok(()));
        assert_eq!(limiter.check("somebody else", at(0)), Ok(()));
    }

    #[test]
    fn success_forgets() {
        let mut limiter = AttemptLimiter::default();
        (0..9).for_each(|_| limiter.failed("owner", at(0)));
        limiter.succeeded("owner");
        limiter.failed("owner", at(0));
        assert_eq!(limiter.check("owner", at(0)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_the_worst_is_remembered() {
        let mut limiter = AttemptLimiter::new(AttemptPolicy { capacity: 10, ..AttemptPolicy::default() });
        (0..9).for_each(|_| limiter.failed("owner", at(0)));
        (0..1000).for_each(|number| limiter.failed(&format!("noise {number}"), at(1)));
        assert_eq!(limiter.failures.len(), 10);
        assert!(limiter.check("owner", at(1)).is_err());
    }
}
