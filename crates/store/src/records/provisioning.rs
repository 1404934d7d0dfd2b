//! Subscriptions and registries that come and go after the first start.

use crate::{Actor, Error, Registry, RegistryId, Subscription, SubscriptionId};
use async_trait::async_trait;
use jiff::Timestamp;

/// A registry that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRegistry {
    /// The subscription it belongs to.
    pub subscription: SubscriptionId,
    /// The resource group it stands in.
    pub resource_group: String,
    /// Its name.
    pub name: String,
    /// The host under which clients reach it.
    pub login_server: String,
    /// Its location.
    pub location: String,
}

/// What became of a registry that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryRemoval {
    /// It is gone with everything in it.
    Removed,
    /// There was none.
    Absent,
    /// It is the one of the first start, which answers under the server's own address.
    First,
}

/// Making and deleting what has a plan and what has images.
#[async_trait]
pub trait Provisioning: Send + Sync {
    /// Creates a subscription. `false` if there is one with that id.
    async fn create_subscription(&self, subscription: Subscription) -> Result<bool, Error>;

    /// Creates a registry, and tells it in history. `None` if there is one of that name, in any subscription.
    async fn create_registry(
        &self,
        registry: NewRegistry,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Option<Registry>, Error>;

    /// Deletes a registry with its repositories, policies and settings, and whatever was set at its resource id or below
    /// it, as [`Provisioning::forget_scope`] does; all is told in history. Bytes that nobody links any more are collected
    /// later, and names that roles were given at stay as they are.
    async fn delete_registry(
        &self,
        registry: RegistryId,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<RegistryRemoval, Error>;

    /// Deletes rules, exemptions and documents that were set at a scope or below it, so that another resource of the same
    /// name begins without them, and tells each in history. Returns how many there were.
    async fn forget_scope(&self, scope: &str, actor: &Actor, at: Timestamp) -> Result<usize, Error>;

    /// How many bytes the blobs of a registry have, each counted once.
    async fn registry_bytes(&self, registry: RegistryId) -> Result<u64, Error>;

    /// Says under which domain the registries are reached that were created after the first start:
    /// `NAME.SUFFIX`.
    async fn set_registry_suffix(&self, suffix: &str) -> Result<(), Error>;
}
