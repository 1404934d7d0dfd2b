//! Who somebody is: the one place where passwords are compared.
//!
//! Argon2 takes some 20 ms by design, and clients with Basic authentication send the password with every request.
//! So what was right a moment ago is remembered for a minute, under a keyed hash that is worth nothing outside
//! this process, and never across a change of the password.

mod scoped;

use access::password::{self, PasswordHash};
use access::{
    Assignment, AttemptLimiter, AttemptPolicy, Principal, PrincipalKind, ResourceId, RoleId, TooManyAttempts,
};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Account, AccountKind, Store};
use tokio::sync::Semaphore;

/// How long a right password is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);
/// More than this is not remembered.
const REMEMBERED_MOST: usize = 10_000;
/// Each comparison takes 19 MiB and a core: more at a time than this would be a lever for a flood of sign-ins.
const COMPARISONS_AT_A_TIME: usize = 2;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name or password is wrong; which of the two is not told (attack D5).
    #[error("the user name or the password is wrong")]
    Wrong,
    /// Too many wrong ones before.
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Compares passwords and remembers for a moment.
pub struct SignIn {
    store: Arc<dyn Store>,
    limiter: Mutex<AttemptLimiter>,
    remembered: Mutex<HashMap<[u8; 32], Timestamp>>,
    mask: [u8; 32],
    comparisons: Semaphore,
}

impl SignIn {
    /// Nobody is remembered yet. `mask` is random and stays in this process.
    pub fn new(store: Arc<dyn Store>, mask: [u8; 32]) -> Self {
        Self {
            store,
            limiter: Mutex::new(AttemptLimiter::new(AttemptPolicy::default())),
            remembered: Mutex::default(),
            mask,
            comparisons: Semaphore::new(COMPARISONS_AT_A_TIME),
        }
    }

    /// The principal with this name and password.
    ///
    /// # Errors
    /// When name or password is wrong, after too many wrong ones, or when the records fail.
    pub async fn password(
        &self,
        name: &str,
        word: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Principal, SignInError> {
        let account = self.store.account(name).await?;
        let hashes: Vec<String> = account.iter().map(|account| account.secret_hash.clone()).collect();
        self.attempt(name, &hashes, word, address, now).await?;
        account.as_ref().map(principal).ok_or(SignInError::Wrong)
    }

    /// Holds a word against the hashes of whoever has this name; none, if nobody has it.
    async fn attempt(
        &self,
        name: &str,
        hashes: &[String],
        word: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        let keys: Vec<_> = hashes.iter().map(|hash| self.memory_key(hash, word)).collect();
        if keys.iter().any(|key| self.is_remembered(key, now)) {
            return Ok(());
        }
        // Guessing is slowed down for the account and for the address, whichever failed more.
        let attempts = [format!("account {name}"), format!("address {address:?}")];
        for attempt in &attempts {
            self.limiter().check(attempt, now)?;
        }
        match self.compare(hashes, word).await.and_then(|right| keys.get(right)) {
            Some(key) => {
                for attempt in &attempts {
                    self.limiter().succeeded(attempt);
                }
                self.remember(*key, now);
                Ok(())
            }
            None => {
                for attempt in &attempts {
                    self.limiter().failed(attempt, now);
                }
                tracing::warn!(?address, "a sign-in failed");
                Err(SignInError::Wrong)
            }
        }
    }

    /// The principal of an id, as a token names it; `None` if the account is gone.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn principal(&self, id: uuid::Uuid) -> Result<Option<Principal>, store::Error> {
        Ok(self.store.account_of(store::PrincipalId(id)).await?.as_ref().map(principal))
    }

    /// The roles of a principal, at their scopes.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, store::Error> {
        let stored = self.store.role_assignments(store::PrincipalId(principal.id)).await?;
        Ok(stored
            .into_iter()
            // A scope that cannot be read grants nothing.
            .filter_map(|assignment| {
                let scope = ResourceId::parse(&assignment.scope).ok()?;
                Some(Assignment { principal: assignment.principal.0, role: RoleId(assignment.role.0), scope })
            })
            .collect())
    }

    /// Which of the hashes is that of the word.
    async fn compare(&self, hashes: &[String], word: &str) -> Option<usize> {
        let Ok(_permit) = self.comparisons.acquire().await else { return None };
        let hashes: Vec<_> = hashes.iter().cloned().map(PasswordHash::from_stored).collect();
        let word = word.to_owned();
        let comparison = move || {
            if hashes.is_empty() {
                // An account that does not exist takes as long as one that does.
                password::verify_nobody(&word);
            }
            hashes.iter().position(|hash| password::verify(&word, hash))
        };
        tokio::task::spawn_blocking(comparison).await.unwrap_or_default()
    }

    fn memory_key(&self, hash: &str, word: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.mask);
        // The stored hash is part of the key, so that a changed password forgets the old one at once.
        hasher.update(hash);
        hasher.update([0]);
        hasher.update(word);
        hasher.finalize().into()
    }

    fn is_remembered(&self, key: &[u8; 32], now: Timestamp) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(key).is_some_and(|at| now.duration_since(*at).abs() < REMEMBERED)
    }

    fn remember(&self, key: [u8; 32], now: Timestamp) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MOST {
            remembered.retain(|_, at| now.duration_since(*at).abs() < REMEMBERED);
        }
        if remembered.len() < REMEMBERED_MOST {
            remembered.insert(key, now);
        }
    }

    fn limiter(&self) -> std::sync::MutexGuard<'_, AttemptLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn principal(account: &Account) -> Principal {
    Principal {
        id: account.principal.0,
        name: account.name.clone(),
        kind: match account.kind {
            AccountKind::User => PrincipalKind::User,
            AccountKind::Service => PrincipalKind::ServicePrincipal,
        },
    }
}
