//! Who lives here: the installation, its subscriptions and registries, plans, accounts, roles and keys.

use crate::{Error, PrincipalId, RegistryId, RoleId, SubscriptionId, TenantId};
use async_trait::async_trait;
use jiff::Timestamp;

/// What the first start creates. Later starts find it and keep its ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The tenant.
    pub tenant: TenantId,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The subscription's name for people.
    pub subscription_name: String,
    /// The resource group of the registry.
    pub resource_group: String,
    /// The registry's name.
    pub registry: String,
    /// The host under which clients reach the registry.
    pub login_server: String,
    /// The location that the registry claims, such as `local`.
    pub location: String,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Its name for people.
    pub name: String,
    /// The tenant it belongs to.
    pub tenant: TenantId,
}

/// A registry resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its id.
    pub id: RegistryId,
    /// The subscription it belongs to.
    pub subscription: SubscriptionId,
    /// The resource group it stands in.
    pub resource_group: String,
    /// Its name, in the case in which it was created; compared without regard to case.
    pub name: String,
    /// The host under which clients reach it.
    pub login_server: String,
    /// Its location.
    pub location: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// The registry of ours that it is attached to, if it is one elsewhere: then its images are looked at here and not
    /// kept, and `login_server` is its own host. See [`Attachments`](crate::Attachments).
    pub attached_to: Option<RegistryId>,
}

/// What a plan costs and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanTier {
    /// Nothing is scanned.
    Free,
    /// Every push is scanned.
    Standard,
}

/// A plan of a subscription, such as `ContainerRegistry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The plan's name.
    pub name: String,
    /// Its tier.
    pub tier: PlanTier,
    /// Since when it is Standard without a break.
    pub enabled_at: Option<Timestamp>,
    /// When it was last set to another tier.
    pub changed_at: Timestamp,
}

/// What an account stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// A person.
    User,
    /// A program.
    Service,
}

/// Someone who signs in with a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The principal that roles are given to.
    pub principal: PrincipalId,
    /// The name to sign in with; compared byte by byte.
    pub name: String,
    /// The hash of the secret, in the text form of argon2.
    pub secret_hash: String,
    /// Person or program.
    pub kind: AccountKind,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its name for people; empty if it has none but the name to sign in with.
    pub display_name: String,
    /// Whether it may sign in.
    pub enabled: bool,
    /// Grows when the secret is replaced or the account is disabled: sessions that began before are over. The store
    /// counts it; what is given here when an account is kept does not matter.
    pub generation: i64,
}

impl std::fmt::Debug for Account {
    /// Leaves the hash out, so that it reaches no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("principal", &self.principal)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A role that a principal has at a scope and below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleAssignment {
    /// Who.
    pub principal: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where: the path of a resource, as `access` writes it.
    pub scope: String,
}

/// The installation and who may do what in it.
#[async_trait]
pub trait Tenancy: Send + Sync {
    /// Creates the installation, or finds the one that is there. Returns what holds now: ids and names of the
    /// first time, whatever the argument says; only the login server follows the argument, since the address may
    /// have moved. A caller that was told to use certain ids compares.
    async fn install(&self, installation: Installation, at: Timestamp) -> Result<Installation, Error>;

    /// The installation, once there is one.
    async fn installation(&self) -> Result<Option<Installation>, Error>;

    /// All subscriptions, by id.
    async fn subscriptions(&self) -> Result<Vec<Subscription>, Error>;

    /// The registries of a subscription, by name, with those that are attached to them.
    async fn registries(&self, subscription: SubscriptionId) -> Result<Vec<Registry>, Error>;

    /// A registry by its id.
    async fn registry(&self, registry: RegistryId) -> Result<Option<Registry>, Error>;

    /// A registry of ours by its name, without regard to case. Those that are attached are not found so: no request for
    /// content may lead to one.
    async fn registry_by_name(&self, name: &str) -> Result<Option<Registry>, Error>;

    /// Sets the tier of a plan and returns the plan. The same tier again changes nothing.
    async fn set_plan(
        &self,
        subscription: SubscriptionId,
        name: &str,
        tier: PlanTier,
        at: Timestamp,
    ) -> Result<Plan, Error>;

    /// A plan, if it was ever set.
    async fn plan(&self, subscription: SubscriptionId, name: &str) -> Result<Option<Plan>, Error>;

    /// The plans of a subscription that were ever set, by name.
    async fn plans(&self, subscription: SubscriptionId) -> Result<Vec<Plan>, Error>;

    /// Creates an account, or replaces all but principal and creation time of the one with that name. Returns what holds now:
    /// the principal and the creation time of the first time.
    async fn put_account(&self, account: Account) -> Result<Account, Error>;

    /// An account by its name.
    async fn account(&self, name: &str) -> Result<Option<Account>, Error>;

    /// An account by its principal.
    async fn account_of(&self, principal: PrincipalId) -> Result<Option<Account>, Error>;

    /// All accounts, by name.
    async fn accounts(&self) -> Result<Vec<Account>, Error>;

    /// Deletes an account and its role assignments. `false` if there was none.
    async fn delete_account(&self, name: &str) -> Result<bool, Error>;

    /// Gives a role. Giving it again is no error.
    async fn assign_role(&self, assignment: RoleAssignment) -> Result<(), Error>;

    /// Takes a role away. `false` if it was not given.
    async fn revoke_role(&self, assignment: &RoleAssignment) -> Result<bool, Error>;

    /// The roles of a principal.
    async fn role_assignments(&self, principal: PrincipalId) -> Result<Vec<RoleAssignment>, Error>;

    /// A secret of the server, such as a signing key.
    async fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Keeps a secret if there is none of that name yet, and returns the one that holds now.
    async fn put_secret_if_absent(&self, name: &str, secret: Vec<u8>) -> Result<Vec<u8>, Error>;
}
