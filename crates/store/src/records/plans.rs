//! What is set of a plan beside its tier, plans of single registries, and when the trial of a plan began.

use crate::{Error, PlanTier, RegistryId, SubscriptionId};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

/// A plan as it is set at a subscription or at a single registry.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanSetting {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The registry, if it is the plan of one.
    pub registry: Option<RegistryId>,
    /// The plan's name.
    pub name: String,
    /// Its tier.
    pub tier: PlanTier,
    /// Whether registries must follow their subscription.
    pub enforce: bool,
    /// The sub-plan that somebody chose. Nothing here depends on it.
    pub sub_plan: Option<String>,
    /// Extensions, as they were given: a list.
    pub extensions: Value,
    /// Since when it is Standard without a break. Set by the store.
    pub enabled_at: Option<Timestamp>,
    /// When it was last set to another tier. Set by the store.
    pub changed_at: Timestamp,
}

/// Plans, with all that belongs to them.
#[async_trait]
pub trait Plans: Send + Sync {
    /// Sets a plan and returns it. For a subscription, the tier is that of
    /// [`Tenancy::plan`](crate::Tenancy::plan) too. The first Standard ever begins the trial.
    async fn put_plan(&self, setting: PlanSetting, at: Timestamp) -> Result<PlanSetting, Error>;

    /// A plan as it is set at exactly this scope, if it was ever set there.
    async fn plan_setting(
        &self,
        subscription: SubscriptionId,
        registry: Option<RegistryId>,
        name: &str,
    ) -> Result<Option<PlanSetting>, Error>;

    /// The plans of single registries of a subscription.
    async fn registry_plans(
        &self,
        subscription: SubscriptionId,
        name: &str,
    ) -> Result<Vec<PlanSetting>, Error>;

    /// Takes the plan of a single registry away: it follows its subscription again. `false` if it had none.
    async fn delete_registry_plan(
        &self,
        subscription: SubscriptionId,
        registry: RegistryId,
        name: &str,
    ) -> Result<bool, Error>;

    /// When the trial of a plan began: the first time ever that it was switched on.
    async fn trial_began(&self, subscription: SubscriptionId, name: &str)
    -> Result<Option<Timestamp>, Error>;
}
