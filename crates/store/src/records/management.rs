//! What the resource manager keeps beside registries: groups, settings, roles of a tenant's own, aliases.

use crate::{Object, PrincipalId, RegistryId, SubscriptionId};
use access::{CustomRole, ResourceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Words that somebody hung on a resource.
pub type Tags = BTreeMap<String, String>;

/// A resource group: a name under which registries stand together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceGroup {
    /// The subscription it belongs to.
    pub subscription: SubscriptionId,
    /// Its name, in the case in which it was created.
    pub name: String,
    /// Its location.
    pub location: String,
    /// Its tags.
    pub tags: Tags,
}

impl Object for ResourceGroup {
    const KIND: &'static str = "resource-group";

    fn key(&self) -> String {
        Self::key_of(self.subscription, &self.name)
    }

    fn owner(&self) -> String {
        self.subscription.to_string()
    }
}

impl ResourceGroup {
    /// The key of a group.
    pub fn key_of(subscription: SubscriptionId, name: &str) -> String {
        format!("{subscription}/{name}")
    }
}

/// Whether manifests without a tag go, and after how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Whether they go.
    pub is_enabled: bool,
    /// After so many days without a tag.
    pub days: u32,
    /// When this was last changed.
    pub changed_at: Timestamp,
}

/// What can be set at a registry, beside what its pulls are held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrySettings {
    /// Which registry.
    pub registry: RegistryId,
    /// `Basic`, `Standard` or `Premium`. All can the same here.
    pub sku: String,
    /// Its tags.
    pub tags: Tags,
    /// Whether the registry has an account of its own, named like itself.
    pub admin_enabled: bool,
    /// From these the passwords of that account are derived. Another one is another password.
    pub admin_nonces: [Uuid; 2],
    /// Whether manifests without a tag go.
    pub retention: Option<Retention>,
    /// Whether tokens for the resource manager are refused at the registry: then only tokens for registries do.
    pub refuses_arm_tokens: bool,
    /// Whether rights in repositories come from data actions alone, which conditions may narrow: then the roles for whole
    /// registries (`AcrPull`, `Reader`, `Owner` ...) open no content.
    #[serde(default)]
    pub repository_permissions: bool,
    /// When this was last changed; none if it never was.
    pub changed_at: Option<Timestamp>,
}

impl Object for RegistrySettings {
    const KIND: &'static str = "registry-settings";

    fn key(&self) -> String {
        self.registry.0.to_string()
    }

    fn owner(&self) -> String {
        Self::owner_of(self.registry)
    }
}

impl RegistrySettings {
    /// What holds where nobody has set anything.
    pub fn unset(registry: RegistryId) -> Self {
        Self {
            registry,
            sku: "Premium".to_owned(),
            tags: Tags::new(),
            admin_enabled: false,
            admin_nonces: [Uuid::nil(); 2],
            retention: None,
            refuses_arm_tokens: false,
            repository_permissions: false,
            changed_at: None,
        }
    }

    /// The owner of every object that is deleted together with a registry.
    pub fn owner_of(registry: RegistryId) -> String {
        format!("registry/{}", registry.0)
    }
}

/// A role of the tenant's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDefinition {
    /// What it grants.
    pub role: CustomRole,
    /// What it is for.
    pub description: String,
    /// Where it may be given, and below.
    pub assignable_scopes: Vec<ResourceId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: PrincipalId,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who changed it.
    pub updated_by: PrincipalId,
}

impl Object for RoleDefinition {
    const KIND: &'static str = "role-definition";

    fn key(&self) -> String {
        self.role.id.0.to_string()
    }
}

/// The name under which a subscription was asked for, so that asking again makes no second one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionAlias {
    /// The name.
    pub name: String,
    /// The subscription.
    pub subscription: SubscriptionId,
}

impl Object for SubscriptionAlias {
    const KIND: &'static str = "subscription-alias";

    fn key(&self) -> String {
        self.name.clone()
    }
}
