//! The keys that sign tokens, and how one follows the other.
//!
//! Time is cut into periods of thirty days, and each has a key of its own, made by whoever needs it first and kept in
//! the records. The key of this period signs; that of the one before still verifies, so that nobody is signed out when
//! a period ends: no token lives longer than some hours.

use crate::installation::{InstallationError, secret};
use access::token::{KeyRing, SigningKey};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;

/// How long one key signs.
const PERIOD_SECONDS: i64 = 30 * 86_400;
/// How often somebody looks whether a period has ended.
const LOOK: Duration = Duration::from_secs(600);

/// The number of the period of a moment.
fn period(at: Timestamp) -> i64 {
    at.as_second().div_euclid(PERIOD_SECONDS)
}

async fn key(store: &dyn Store, period: i64) -> Result<SigningKey, InstallationError> {
    Ok(SigningKey::from_seed(&secret(store, &format!("token-signing-seed-{period}")).await?)?)
}

/// The keys at a moment.
///
/// # Errors
/// When the records fail, or hold something that is no key.
pub(crate) async fn open(store: &dyn Store, now: Timestamp) -> Result<KeyRing, InstallationError> {
    let period = period(now);
    Ok(KeyRing::new(vec![key(store, period).await?, key(store, period - 1).await?])?)
}

/// Lets the key of each period sign, as soon as it begins.
pub(crate) async fn keep_rotating(
    store: Arc<dyn Store>,
    ring: Arc<KeyRing>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
        rotate(&*store, &ring, Timestamp::now()).await;
    }
}

async fn rotate(store: &dyn Store, ring: &KeyRing, now: Timestamp) {
    match key(store, period(now)).await {
        Ok(key) => ring.rotate(key),
        // The one before goes on signing.
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the next signing key cannot be had");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use store::SqliteStore;

    fn kids(ring: &KeyRing) -> Vec<String> {
        let keys = ring.jwks()["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn each_period_has_its_key_and_the_one_before_still_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let ring = open(&*store, now).await.unwrap();
        let before = kids(&ring);
        assert_eq!(before.len(), 2);
        rotate(&*store, &ring, now).await;
        assert_eq!(kids(&ring), before, "nothing changes within a period");
        let later = now + SignedDuration::from_secs(PERIOD_SECONDS);
        rotate(&*store, &ring, later).await;
        let after = kids(&ring);
        assert_eq!((after.len(), &after[1]), (3, &before[0]));
        assert_ne!(after[0], before[0]);
        // Whoever starts then has the same keys.
        assert_eq!(kids(&open(&*store, later).await.unwrap()), after[..2]);
        rotate(&*store, &ring, later + SignedDuration::from_secs(PERIOD_SECONDS)).await;
        assert_eq!(kids(&ring).len(), KeyRing::MOST);
        assert!(!kids(&ring).contains(&before[1]), "the oldest is forgotten");
    }
}
