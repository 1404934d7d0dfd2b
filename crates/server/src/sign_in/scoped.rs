//! Tokens of a registry's own: accounts of one registry with up to two passwords.

use super::{SignIn, SignInError};
use access::password::{self, PasswordHash};
use access::{Principal, PrincipalKind};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use store::{PrincipalId, RegistryId, RegistryRules, ScopeMap, ScopedToken, ScopedTokens};
use uuid::Uuid;

impl SignIn {
    /// The token of a registry's own with this name, unless somebody has an account of that name.
    pub(crate) async fn scoped_token(
        &self,
        registry: RegistryId,
        name: &str,
    ) -> Result<Option<ScopedToken>, store::Error> {
        match self.store.account(name).await? {
            Some(_) => Ok(None),
            None => self.store.scoped_token(registry, name).await,
        }
    }

    /// Signs a token of a registry's own in with one of its passwords.
    ///
    /// # Errors
    /// When no password that holds is right, after too many wrong ones, or when the records fail.
    pub(crate) async fn token_password(
        &self,
        token: &ScopedToken,
        word: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Principal, SignInError> {
        let passwords = token.passwords.iter().filter(|password| token.enabled && password.holds(now));
        let hashes: Vec<String> = passwords.map(|password| password.hash.clone()).collect();
        let keys: Vec<[u8; 32]> = hashes.iter().map(|hash| self.key(hash, word)).collect();
        if keys.iter().any(|key| self.is_remembered(key, now)) {
            return Ok(principal(token));
        }
        let name = token.name.to_ascii_lowercase();
        let attempts = [format!("token {}/{name}", token.registry.0), format!("address {address:?}")];
        for attempt in &attempts {
            self.limiter().check(attempt, now)?;
        }
        let right = self.which(hashes, word).await.and_then(|place| keys.get(place));
        let mut limiter = self.limiter();
        let Some(key) = right else {
            for attempt in &attempts {
                limiter.failed(attempt, now);
            }
            tracing::warn!(?address, "a sign-in with a token failed");
            return Err(SignInError::Wrong);
        };
        for attempt in &attempts {
            limiter.succeeded(attempt);
        }
        drop(limiter);
        self.remember(*key, now);
        Ok(principal(token))
    }

    /// Which of the hashes is that of the word.
    async fn which(&self, hashes: Vec<String>, word: &str) -> Option<usize> {
        let Ok(_permit) = self.comparisons.acquire().await else { return None };
        let word = word.to_owned();
        let comparison = move || {
            if hashes.is_empty() {
                // A token without a password takes as long as one that has some.
                password::verify_nobody(&word);
            }
            hashes.into_iter().position(|hash| password::verify(&word, &PasswordHash::from_stored(hash)))
        };
        tokio::task::spawn_blocking(comparison).await.unwrap_or_default()
    }

    /// Under this a right password is remembered for a moment. The hash is part of it, so that another password forgets
    /// the old one at once.
    fn key(&self, hash: &str, word: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for part in ["token", hash, word] {
            hasher.update(part);
            hasher.update([0]);
        }
        hasher.update(self.mask);
        hasher.finalize().into()
    }

    /// The token of a registry's own with this number while it may sign in, and the number of its sessions: another
    /// set of passwords gives another number, and ends the sessions that began before.
    pub(crate) async fn token_of(
        &self,
        registry: RegistryId,
        id: Uuid,
    ) -> Result<Option<(Principal, i64)>, store::Error> {
        let token = self.store.scoped_token_of(PrincipalId(id)).await?;
        let token = token.filter(|token| token.registry == registry && token.enabled);
        Ok(token.as_ref().map(|token| (principal(token), generation(token))))
    }

    /// What the token with this number opens in its registry.
    pub(crate) async fn scope_map(
        &self,
        registry: RegistryId,
        id: Uuid,
    ) -> Result<Option<ScopeMap>, store::Error> {
        let token = self.store.scoped_token_of(PrincipalId(id)).await?;
        match token.filter(|token| token.registry == registry && token.enabled) {
            Some(token) => ScopedTokens::scope_map(&*self.store, registry, &token.scope_map).await,
            None => Ok(None),
        }
    }

    /// The rules of a registry.
    pub(crate) async fn rules(&self, registry: RegistryId) -> Result<RegistryRules, store::Error> {
        self.store.registry_rules(registry).await
    }
}

fn principal(token: &ScopedToken) -> Principal {
    Principal { id: token.principal.0, name: token.name.clone(), kind: PrincipalKind::ServicePrincipal }
}

/// 62 bits of the hashes of all passwords: never negative.
fn generation(token: &ScopedToken) -> i64 {
    let mut hasher = Sha256::new();
    for password in &token.passwords {
        hasher.update(&password.hash);
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    digest.iter().take(8).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte)) & (i64::MAX >> 1)
}
