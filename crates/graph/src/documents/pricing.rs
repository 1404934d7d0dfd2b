//! Plans of subscriptions and of single registries.
//!
//! The form has grown with the versions of the API, and a client is shown what its version knows: that of 2018 has the
//! tier and the trial, that of 2022 extensions and what replaces a plan, and that of 2024 plans of single resources and
//! where they come from.

use super::{Document, KnownRegistry};
use assessment::plan::trial_left;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{PlanSetting, PlanTier, Store, Subscription};

/// The type.
pub const KIND: &str = "Microsoft.Security/pricings";

/// The names of the one plan, that of 2020 first.
pub const NAMES: [&str; 2] = ["ContainerRegistry", "Containers"];

/// Since when plans have extensions.
const WITH_EXTENSIONS: Date = date(2022, 3, 1);
/// Since when single resources have plans.
const WITH_RESOURCES: Date = date(2024, 1, 1);

/// The word of a tier.
pub fn tier_word(tier: PlanTier) -> &'static str {
    match tier {
        PlanTier::Free => "Free",
        PlanTier::Standard => "Standard",
    }
}

/// A plan as it is set, with what is set below it.
#[derive(Debug, Clone)]
pub struct KnownPlan {
    /// The plan; Free where it was never set.
    pub setting: Option<PlanSetting>,
    /// When the trial began.
    pub trial_began: Option<Timestamp>,
    /// How many registries of the subscription have a plan of their own with another tier.
    pub deviating: usize,
    /// How many registries there are.
    pub registries: usize,
}

impl KnownPlan {
    /// The plan of a subscription.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn of_subscription(
        store: &dyn Store,
        subscription: &Subscription,
        name: &str,
    ) -> Result<Self, store::Error> {
        let setting = store.plan_setting(subscription.id, None, name).await?;
        let tier = setting.as_ref().map_or(PlanTier::Free, |setting| setting.tier);
        let enforces = setting.as_ref().is_some_and(|setting| setting.enforce);
        let own = store.registry_plans(subscription.id, name).await?;
        let registries = store.registries(subscription.id).await?;
        let deviating = own
            .iter()
            .filter(|own| !enforces && own.tier != tier)
            .filter(|own| registries.iter().any(|registry| Some(registry.id) == own.registry))
            .count();
        let trial_began = store.trial_began(subscription.id, name).await?;
        Ok(Self { setting, trial_began, deviating, registries: registries.len() })
    }

    fn tier(&self) -> PlanTier {
        self.setting.as_ref().map_or(PlanTier::Free, |setting| setting.tier)
    }

    fn coverage(&self) -> &'static str {
        let covered = match self.tier() {
            PlanTier::Standard => self.registries - self.deviating.min(self.registries),
            PlanTier::Free => self.deviating,
        };
        match (self.tier(), covered) {
            (PlanTier::Standard, _) if self.deviating == 0 => "FullyCovered",
            (_, 0) => "NotCovered",
            _ => "PartiallyCovered",
        }
    }
}

/// A plan of a subscription under one of its names, in the form of a version of the API.
pub fn of_subscription(
    subscription: &Subscription,
    name: &str,
    plan: &KnownPlan,
    version: Date,
    now: Timestamp,
) -> Document {
    let mut properties = properties(name, plan.setting.as_ref(), plan.trial_began, version, now);
    if version >= WITH_RESOURCES {
        let enforce = plan.setting.as_ref().is_some_and(|setting| setting.enforce);
        properties["enforce"] = flag(enforce);
        properties["inherited"] = flag(false);
        properties["resourcesCoverageStatus"] = plan.coverage().into();
    }
    let id = format!("/subscriptions/{}/providers/{KIND}/{name}", subscription.id);
    Document { id, name: name.to_owned(), kind: KIND, properties }
}

/// The plan of a single registry: its own, or that of its subscription.
///
/// # Errors
/// When the records fail.
pub async fn of_registry(
    store: &dyn Store,
    known: &KnownRegistry,
    name: &str,
    scan_plan: &str,
    now: Timestamp,
) -> Result<Document, store::Error> {
    let subscription = known.registry.subscription;
    let effective = crate::plans::of_registry(store, &known.registry, scan_plan).await?;
    let at = (!effective.is_inherited).then_some(known.registry.id);
    let setting = store.plan_setting(subscription, at, scan_plan).await?;
    let trial_began = store.trial_began(subscription, scan_plan).await?;
    let mut properties = properties(name, setting.as_ref(), trial_began, WITH_RESOURCES, now);
    properties["enforce"] = flag(false);
    properties["inherited"] = flag(effective.is_inherited);
    if effective.is_inherited {
        properties["inheritedFrom"] = format!("/subscriptions/{subscription}").into();
    }
    let coverage = if effective.is_standard { "FullyCovered" } else { "NotCovered" };
    properties["resourcesCoverageStatus"] = coverage.into();
    let id = format!("{}/providers/{KIND}/{name}", known.id);
    Ok(Document { id, name: name.to_owned(), kind: KIND, properties })
}

/// The words that clients read as a truth value.
fn flag(value: bool) -> Value {
    if value { "True".into() } else { "False".into() }
}

fn properties(
    name: &str,
    setting: Option<&PlanSetting>,
    trial_began: Option<Timestamp>,
    version: Date,
    now: Timestamp,
) -> Value {
    let tier = setting.map_or(PlanTier::Free, |setting| setting.tier);
    let mut properties = json!({
        "pricingTier": tier_word(tier),
        "freeTrialRemainingTime": in_iso_8601(trial_left(trial_began, now)),
    });
    if version < WITH_EXTENSIONS {
        return properties;
    }
    let is_old_name = name == NAMES[0];
    properties["deprecated"] = is_old_name.into();
    if is_old_name {
        properties["replacedBy"] = json!([NAMES[1]]);
    }
    if let Some(setting) = setting {
        if let Some(sub_plan) = &setting.sub_plan {
            properties["subPlan"] = sub_plan.as_str().into();
        }
        if let Some(at) = setting.enabled_at {
            properties["enablementTime"] = at.to_string().into();
        }
        if setting.extensions.as_array().is_some_and(|extensions| !extensions.is_empty()) {
            properties["extensions"] = setting.extensions.clone();
        }
    }
    properties
}

/// A duration in days, hours and minutes: `P29DT23H55M`; `PT0S` for none.
fn in_iso_8601(duration: SignedDuration) -> String {
    let minutes = duration.as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "PT0S".to_owned(),
        (days, 0, 0) => format!("P{days}D"),
        (days, hours, minutes) => format!("P{days}DT{hours}H{minutes}M"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_azure_does() {
        let minutes = |minutes| in_iso_8601(SignedDuration::from_mins(minutes));
        assert_eq!(
            (minutes(0), minutes(30 * 1440), minutes(30 * 1440 - 5)),
            ("PT0S".into(), "P30D".into(), "P29DT23H55M".into())
        );
    }

    #[test]
    fn coverage_counts_registries() {
        let plan = |tier, deviating, registries| KnownPlan {
            setting: Some(PlanSetting {
                subscription: store::SubscriptionId(uuid::Uuid::nil()),
                registry: None,
                name: "ContainerRegistry".into(),
                tier,
                enforce: false,
                sub_plan: None,
                extensions: json!([]),
                enabled_at: None,
                changed_at: Timestamp::UNIX_EPOCH,
            }),
            trial_began: None,
            deviating,
            registries,
        };
        for (tier, deviating, registries, expected) in [
            (PlanTier::Standard, 0, 2, "FullyCovered"),
            (PlanTier::Standard, 1, 2, "PartiallyCovered"),
            (PlanTier::Standard, 2, 2, "NotCovered"),
            (PlanTier::Free, 0, 2, "NotCovered"),
            (PlanTier::Free, 1, 2, "PartiallyCovered"),
            (PlanTier::Standard, 0, 0, "FullyCovered"),
        ] {
            assert_eq!(plan(tier, deviating, registries).coverage(), expected, "{tier:?} {deviating}");
        }
    }
}
