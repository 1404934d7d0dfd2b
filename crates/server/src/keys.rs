//! The keys that sign tokens, and their succession.
//!
//! Keys are numbered. The current one signs; the one before verifies what it signed; the one after is published ahead, so
//! that whoever keeps a copy of the key set knows it before it signs. A key is made from a secret of its number, which the
//! first process that needs it makes up: so several processes agree without talking to each other.
//!
//! A key signs for ninety days. Tokens live for hours, so that the one before is long enough.

use crate::installation::{self, InstallationError};
use access::token::{KeyRing, SigningKey};
use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use store::{Object, Store, objects};
use tokio::sync::watch;

/// For how long a key signs.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How often somebody looks whether another process has changed the key, or its time is over.
const INTERVAL: Duration = Duration::from_secs(300);

/// Which key signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Succession {
    /// The number of the key that signs.
    current: u64,
    /// The number of the oldest key that verifies.
    oldest: u64,
    /// Since when the current one signs.
    since: Timestamp,
}

impl Object for Succession {
    const KIND: &'static str = "signing-succession";

    fn key(&self) -> String {
        "tokens".to_owned()
    }
}

/// Whether tokens that were signed before still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// They do: the key is only changed because it is old.
    Hold,
    /// They do not: the key has become known to somebody.
    Revoked,
}

/// The keys, as they are now.
pub struct Keys {
    ring: ArcSwap<KeyRing>,
}

impl Keys {
    /// The keys of a store; the first one is made if there is none.
    pub(crate) async fn open(store: &dyn Store, now: Timestamp) -> Result<Self, InstallationError> {
        let first = Succession { current: 1, oldest: 1, since: now };
        objects::add(store, &first, now).await?;
        let succession = objects::find(store, &first.key()).await?.unwrap_or(first);
        Ok(Self { ring: ArcSwap::from_pointee(ring(store, &succession).await?) })
    }

    /// The ring that signs and verifies now.
    pub(crate) fn current(&self) -> Arc<KeyRing> {
        self.ring.load_full()
    }

    /// Lets the next key sign.
    pub(crate) async fn rotate(
        &self,
        store: &dyn Store,
        earlier: Earlier,
        now: Timestamp,
    ) -> Result<(), InstallationError> {
        let present = Self::succession(store, now).await?;
        let (current, oldest) = match earlier {
            Earlier::Hold => (present.current + 1, present.oldest.max(present.current)),
            // Whoever learned the current secret may have learned the next one too, which is kept beside it.
            Earlier::Revoked => (present.current + 2, present.current + 2),
        };
        let next = Succession { current, oldest, since: now };
        objects::put(store, &next, now).await?;
        self.ring.store(Arc::new(ring(store, &next).await?));
        tracing::info!(key = current, ?earlier, "tokens are signed with another key");
        Ok(())
    }

    async fn succession(store: &dyn Store, now: Timestamp) -> Result<Succession, InstallationError> {
        let first = Succession { current: 1, oldest: 1, since: now };
        Ok(objects::find(store, &first.key()).await?.unwrap_or(first))
    }

    /// Follows what other processes have changed, and changes a key whose time is over.
    pub(crate) async fn look(&self, store: &dyn Store, now: Timestamp) -> Result<(), InstallationError> {
        let succession = Self::succession(store, now).await?;
        if now.duration_since(succession.since) >= LIFETIME {
            return self.rotate(store, Earlier::Hold, now).await;
        }
        self.ring.store(Arc::new(ring(store, &succession).await?));
        Ok(())
    }
}

/// The current key, and those that verify beside it.
async fn ring(store: &dyn Store, succession: &Succession) -> Result<KeyRing, InstallationError> {
    let Succession { current, oldest, .. } = *succession;
    let before = current.saturating_sub(1);
    let mut keys = vec![key(store, current).await?, key(store, current + 1).await?];
    if before >= oldest {
        keys.push(key(store, before).await?);
    }
    Ok(KeyRing::new(keys)?)
}

async fn key(store: &dyn Store, number: u64) -> Result<SigningKey, InstallationError> {
    let seed = installation::secret(store, &format!("token-signing-seed/{number}")).await?;
    Ok(SigningKey::from_seed(&seed)?)
}

/// Looks after the keys until `stop` becomes true.
pub(crate) async fn keep(keys: Arc<Keys>, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
        if let Err(error) = keys.look(&*store, Timestamp::now()).await {
            tracing::warn!(%error, "the signing keys could not be looked after");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::token::{Expectation, IdentityClaims, RegisteredClaims};
    use store::SqliteStore;
    use uuid::Uuid;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + days * 86_400).unwrap()
    }

    fn token(keys: &Keys) -> String {
        let registered = RegisteredClaims {
            issuer: "i".into(),
            audience: "a".into(),
            subject: "s".into(),
            id: Uuid::nil(),
            issued: 0,
            not_before: 0,
            expires: i64::MAX,
            generation: 0,
        };
        let claims = IdentityClaims {
            registered,
            principal: Uuid::nil(),
            tenant: Uuid::nil(),
            user_name: "u".into(),
            name: "n".into(),
            nonce: None,
            version: "2.0".into(),
        };
        keys.current().mint(&claims).unwrap()
    }

    fn holds(keys: &Keys, token: &str) -> bool {
        let expected = Expectation { issuer: "i", audiences: &["a"] };
        keys.current().verify::<IdentityClaims>(token, expected, at(0)).is_ok()
    }

    #[tokio::test]
    async fn a_key_is_published_ahead_and_verifies_for_one_more_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
        let keys = Keys::open(&store, at(0)).await.unwrap();
        let other = Keys::open(&store, at(0)).await.unwrap();
        let old = token(&keys);
        assert!(holds(&other, &old), "two processes have the same keys");
        keys.look(&store, at(89)).await.unwrap();
        assert_eq!(token(&keys).split('.').next(), old.split('.').next(), "the same key signs");
        keys.look(&store, at(90)).await.unwrap();
        let new = token(&keys);
        assert_ne!(new.split('.').next(), old.split('.').next());
        assert!(holds(&keys, &old) && holds(&keys, &new));
        assert!(holds(&other, &new), "whoever has not looked yet knows the next key");
        keys.rotate(&store, Earlier::Hold, at(91)).await.unwrap();
        assert!(!holds(&keys, &old) && holds(&keys, &new));
        assert_eq!(keys.current().jwks()["keys"].as_array().map(Vec::len), Some(3));
    }

    #[tokio::test]
    async fn what_a_known_key_signed_holds_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
        let keys = Keys::open(&store, at(0)).await.unwrap();
        let old = token(&keys);
        keys.rotate(&store, Earlier::Revoked, at(1)).await.unwrap();
        assert!(!holds(&keys, &old));
        let later = Keys::open(&store, at(2)).await.unwrap();
        assert!(!holds(&later, &old) && holds(&later, &token(&keys)));
    }
}
