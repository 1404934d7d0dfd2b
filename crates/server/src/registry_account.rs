//! The account that a registry may have for itself: it pulls, pushes and deletes there, and knows nothing else.
//!
//! Its passwords are derived, and stand nowhere; so are its name and its object id.

use access::{PageSeal, Principal, PrincipalKind};
use registry::{Permission, Site};
use std::sync::Arc;
use store::{RegistryId, RegistrySettings, Store, objects};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Below this name stand the object ids of all these accounts.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c61_7a61_7265_5474_6f2d_7265_6769_7374);

/// Knows the accounts of registries.
pub(crate) struct RegistryAccount {
    /// The records.
    pub store: Arc<dyn Store>,
    /// Derives the passwords.
    pub seal: PageSeal,
}

/// The object id of a registry's account.
pub(crate) fn principal_id(registry: RegistryId) -> Uuid {
    Uuid::new_v5(&NAMESPACE, registry.0.to_string().as_bytes())
}

/// What the account of a registry may do there.
pub(crate) fn may(permission: Permission) -> bool {
    match permission {
        Permission::Pull
        | Permission::Push
        | Permission::Delete
        | Permission::MetadataRead
        | Permission::MetadataWrite
        | Permission::DeletedRead
        | Permission::DeletedRestore
        | Permission::DeletedCatalog
        | Permission::Catalog => true,
        // Quarantine is for those who were given the right to it by name.
        Permission::QuarantineRead | Permission::QuarantineWrite => false,
    }
}

impl RegistryAccount {
    async fn settings(&self, site: &Site) -> Result<Option<RegistrySettings>, store::Error> {
        objects::find(&*self.store, &site.registry.id.0.to_string()).await
    }

    async fn enabled(&self, site: &Site) -> Result<Option<RegistrySettings>, store::Error> {
        Ok(self.settings(site).await?.filter(|settings| settings.admin_enabled))
    }

    /// Whether a user name means the account of the registry: where it is switched on, nobody else has that name.
    pub(crate) async fn is_meant(&self, site: &Site, user: &str) -> Result<bool, store::Error> {
        Ok(site.registry.name.eq_ignore_ascii_case(user) && self.enabled(site).await?.is_some())
    }

    /// The account, if it is enabled and this is one of its passwords.
    pub(crate) async fn password(&self, site: &Site, word: &str) -> Result<Option<Principal>, store::Error> {
        let Some(settings) = self.enabled(site).await? else { return Ok(None) };
        let passwords = arm::registry_passwords(&self.seal, &settings);
        let [first, second] = passwords.map(|password| password.as_bytes().ct_eq(word.as_bytes()));
        Ok(bool::from(first | second).then(|| principal(site)))
    }

    /// The number of the account's sessions that begin now; none for any other principal. Another password, or another
    /// state of the account, gives another number.
    pub(crate) async fn generation(
        &self,
        site: &Site,
        asked: &Principal,
    ) -> Result<Option<i64>, store::Error> {
        if asked.id != principal_id(site.registry.id) {
            return Ok(None);
        }
        Ok(Some(self.enabled(site).await?.as_ref().map_or(-1, number)))
    }

    /// The account, if a session of it that began with this number goes on.
    pub(crate) async fn session(
        &self,
        site: &Site,
        id: Uuid,
        generation: i64,
    ) -> Result<Option<Principal>, store::Error> {
        if id != principal_id(site.registry.id) {
            return Ok(None);
        }
        let is_same = self.enabled(site).await?.is_some_and(|settings| number(&settings) == generation);
        Ok(is_same.then(|| principal(site)))
    }

    /// Whether rights in repositories come from data actions alone.
    pub(crate) async fn has_repository_permissions(&self, site: &Site) -> Result<bool, store::Error> {
        Ok(self.settings(site).await?.is_some_and(|settings| settings.repository_permissions))
    }

    /// Whether tokens for the resource manager are refused at the registry.
    pub(crate) async fn refuses_arm_tokens(&self, site: &Site) -> Result<bool, store::Error> {
        Ok(self.settings(site).await?.is_some_and(|settings| settings.refuses_arm_tokens))
    }
}

/// 62 bits of both random numbers: never negative.
fn number(settings: &RegistrySettings) -> i64 {
    let [first, second] = settings.admin_nonces.map(|nonce| nonce.as_u128());
    let mixed = (first ^ second.rotate_left(1)) & (u128::MAX >> 66);
    i64::try_from(mixed).unwrap_or_default()
}

fn principal(site: &Site) -> Principal {
    Principal {
        id: principal_id(site.registry.id),
        name: site.registry.name.clone(),
        kind: PrincipalKind::ServicePrincipal,
    }
}
