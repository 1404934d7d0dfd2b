//! The first start: tenant, subscription, registry, owner and keys; and every later start, which finds them again.
//!
//! There is no default password (attack C19): it is given, or made up and shown once.

use crate::Configuration;
use crate::keys::Keys;
use access::password::PasswordHash;
use access::token::KeyError;
use access::{PageSeal, RoleId, password};
use jiff::Timestamp;
use std::sync::Arc;
use store::{
    Account, AccountKind, Installation, PlanTier, PrincipalId, Registry, RoleAssignment, Store,
    SubscriptionId, TenantId,
};
use uuid::Uuid;

/// The owner's account name.
pub(crate) const OWNER: &str = "admin";

/// The plan that decides whether pushes are scanned.
pub(crate) const SCAN_PLAN: &str = "ContainerRegistry";

/// Letters that nobody mistakes for another.
const PASSWORD_LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 24 letters of 56: 139 bits.
const PASSWORD_LENGTH: usize = 24;

/// Why the installation could not be made or found.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The password cannot be used.
    #[error("the password of the owner cannot be used")]
    Password(#[from] password::PasswordError),
    /// A key cannot be used.
    #[error("the signing key in the database cannot be used")]
    Key(#[from] KeyError),
    /// The system has no randomness.
    #[error("the system gave no random bytes")]
    Random(getrandom::Error),
    /// The database names a registry that is not in it.
    #[error(
        "the database names the registry `{0}`, but does not have it; it was changed by hand or is damaged"
    )]
    RegistryMissing(String),
}

/// What every part of the server needs to know of the installation.
pub(crate) struct Opened {
    /// Ids and names.
    pub installation: Installation,
    /// The first registry.
    pub registry: Registry,
    /// Signs and checks tokens.
    pub keys: Arc<Keys>,
    /// Seals the places of pages.
    pub seal: PageSeal,
    /// The password, if it was made up right now: it is shown once and kept nowhere.
    pub new_password: Option<String>,
}

/// Random bytes.
///
/// # Errors
/// When the system has none.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], InstallationError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(InstallationError::Random)?;
    Ok(bytes)
}

/// A random identifier, version 4.
fn random_id() -> Result<Uuid, InstallationError> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid())
}

/// Makes what is missing and finds what is there.
///
/// # Errors
/// When the store fails, or holds something that cannot be used.
pub(crate) async fn open(
    store: &dyn Store,
    configuration: &Configuration,
    login_server: &str,
    now: Timestamp,
) -> Result<Opened, InstallationError> {
    let proposed = Installation {
        tenant: TenantId(random_id()?),
        subscription: SubscriptionId(random_id()?),
        subscription_name: configuration.subscription_name.clone(),
        resource_group: configuration.resource_group.clone(),
        registry: configuration.registry.clone(),
        login_server: login_server.to_owned(),
        location: "local".into(),
    };
    let installation = store.install(proposed, now).await?;
    let registry = store
        .registry_by_name(&installation.registry)
        .await?
        .ok_or_else(|| InstallationError::RegistryMissing(installation.registry.clone()))?;
    let new_password = owner(store, &installation, configuration.admin_password.as_deref(), now).await?;
    if store.plan(installation.subscription, SCAN_PLAN).await?.is_none() {
        let tier = if configuration.standard_plan { PlanTier::Standard } else { PlanTier::Free };
        store.set_plan(installation.subscription, SCAN_PLAN, tier, now).await?;
    }
    let keys = Arc::new(Keys::open(store, now).await?);
    let seal = PageSeal::new(&secret(store, "page-seal").await?);
    Ok(Opened { installation, registry, keys, seal, new_password })
}

/// A secret of 32 bytes, made on the first start.
pub(crate) async fn secret(store: &dyn Store, name: &str) -> Result<[u8; 32], InstallationError> {
    let fresh: [u8; 32] = random()?;
    let kept = store.put_secret_if_absent(name, fresh.to_vec()).await?;
    Ok(<[u8; 32]>::try_from(kept).map_err(|_| KeyError::Unusable)?)
}

/// The owner's account. Returns the password if it was made up.
///
/// A password that is given on a later start replaces the old one: that is how a lost one is reset.
async fn owner(
    store: &dyn Store,
    installation: &Installation,
    given: Option<&str>,
    now: Timestamp,
) -> Result<Option<String>, InstallationError> {
    let existing = store.account(OWNER).await?;
    let (word, new_password) = match (given, &existing) {
        (None, Some(_)) => return Ok(None),
        // The same password once more ends no session.
        (Some(word), Some(present)) if is_password_of(present, word) => return Ok(None),
        (Some(word), _) => (word.to_owned(), None),
        (None, None) => {
            let word = made_up()?;
            (word.clone(), Some(word))
        }
    };
    let account = Account {
        principal: PrincipalId(random_id()?),
        name: OWNER.into(),
        secret_hash: password::hash(&word, &random()?)?.as_str().to_owned(),
        kind: AccountKind::User,
        created_at: now,
        display_name: "Administrator".into(),
        enabled: true,
        generation: 0,
    };
    let account = store.put_account(account).await?;
    let role = store::RoleId(RoleId::OWNER.0);
    // At the tenant: over all subscriptions that come, and over the directory.
    let tenant = RoleAssignment { principal: account.principal, role, scope: "/".into() };
    store.assign_role(tenant).await?;
    let scope = format!("/subscriptions/{}", installation.subscription);
    store.assign_role(RoleAssignment { principal: account.principal, role, scope }).await?;
    Ok(new_password)
}

/// Whether an account is in order and has this password.
fn is_password_of(account: &Account, word: &str) -> bool {
    account.enabled && password::verify(word, &PasswordHash::from_stored(account.secret_hash.clone()))
}

fn made_up() -> Result<String, InstallationError> {
    let mut word = String::with_capacity(PASSWORD_LENGTH);
    while word.len() < PASSWORD_LENGTH {
        for byte in random::<64>()? {
            // The largest multiple of 56 below 256: bytes above it would make some letters likelier.
            if byte < 224 && word.len() < PASSWORD_LENGTH {
                word.push(char::from(PASSWORD_LETTERS[usize::from(byte) % PASSWORD_LETTERS.len()]));
            }
        }
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_password_is_long_and_new_each_time() {
        let first = made_up().unwrap();
        assert_eq!(first.len(), PASSWORD_LENGTH);
        assert!(first.bytes().all(|letter| PASSWORD_LETTERS.contains(&letter)));
        assert_ne!(first, made_up().unwrap());
        assert_eq!(256 - 256 % PASSWORD_LETTERS.len(), 224);
    }
}
