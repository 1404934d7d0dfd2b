//! How registries were set at an earlier time: their history, gone through from its beginning.
//!
//! What changes at a registry is told in history with all that holds afterwards, in the transaction that changes it. So
//! going through it gives the state after each event, and the state before the first is that of a new registry.

use crate::documents::registry::Facts;
use serde_json::Value;
use std::collections::BTreeMap;
use store::{
    Event, EventKind, HoldSeverity, PullPolicy, RegistryId, RegistryRules, RegistrySettings, Retention,
};

/// The state of some registries while their history is gone through.
#[derive(Debug, Default)]
pub(super) struct Past {
    facts: BTreeMap<RegistryId, Facts>,
}

impl Past {
    /// The state of a registry after all events so far.
    pub(super) fn of(&mut self, registry: RegistryId) -> &Facts {
        self.entry(registry)
    }

    /// Goes on by an event.
    pub(super) fn pass(&mut self, registry: RegistryId, event: &Event) {
        let kind = &event.event.kind;
        let detail = &event.event.detail;
        let facts = self.entry(registry);
        if *kind == EventKind::PULL_POLICY_CHANGED {
            facts.policy = policy(detail);
        } else if *kind == EventKind::REGISTRY_RULES_CHANGED {
            // What no rules can be read of was written by nobody we know; what held goes on holding.
            if let Ok(rules) = serde_json::from_value::<RegistryRules>(detail.clone()) {
                facts.rules = rules;
            }
        } else if *kind == EventKind::REGISTRY_CHANGED && detail.get("sku").is_some() {
            settle(&mut facts.settings, event);
        }
    }

    fn entry(&mut self, registry: RegistryId) -> &mut Facts {
        self.facts.entry(registry).or_insert_with(|| Facts {
            settings: RegistrySettings::unset(registry),
            policy: PullPolicy::default(),
            rules: RegistryRules::default(),
        })
    }
}

fn policy(detail: &Value) -> PullPolicy {
    let is = |name: &str| detail.get(name).and_then(Value::as_bool).unwrap_or(false);
    let severity = detail.get("hold_severity").and_then(Value::as_str);
    let grace = detail.get("grace_seconds").and_then(Value::as_u64);
    PullPolicy {
        quarantine: is("quarantine"),
        hold_severity: severity.and_then(HoldSeverity::from_word),
        hold_unassessed: is("hold_unassessed"),
        grace_seconds: grace.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0),
    }
}

fn settle(settings: &mut RegistrySettings, event: &Event) {
    let detail = &event.event.detail;
    let is = |name: &str| detail.get(name).and_then(Value::as_bool).unwrap_or(false);
    if let Some(sku) = detail.get("sku").and_then(Value::as_str) {
        settings.sku = sku.to_owned();
    }
    settings.tags =
        detail.get("tags").and_then(|tags| serde_json::from_value(tags.clone()).ok()).unwrap_or_default();
    settings.admin_enabled = is("adminUserEnabled");
    settings.refuses_arm_tokens = is("refusesArmTokens");
    settings.repository_permissions = is("repositoryPermissions");
    settings.changed_at = Some(event.event.at);
    settings.retention =
        detail.get("retention").and_then(|kept| serde_json::from_value::<Retention>(kept.clone()).ok());
}
