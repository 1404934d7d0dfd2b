//! Registries as resources.

use super::KnownRegistry;
use serde_json::{Value, json};
use store::{PullPolicy, RegistryRules, RegistrySettings};

/// The type.
pub const KIND: &str = "Microsoft.ContainerRegistry/registries";

/// What is set at a registry.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What can be set by the resource manager.
    pub settings: RegistrySettings,
    /// What pulls are held against.
    pub policy: PullPolicy,
    /// What else it asks and allows.
    pub rules: RegistryRules,
}

/// What lists of all kinds of resources show.
pub fn brief(known: &KnownRegistry, settings: &RegistrySettings) -> Value {
    json!({
        "id": known.id.as_str(),
        "name": known.registry.name,
        "type": KIND,
        "location": known.registry.location,
        "sku": sku(settings),
        "tags": settings.tags,
    })
}

/// The whole resource.
pub fn whole(known: &KnownRegistry, facts: &Facts) -> Value {
    let mut view = brief(known, &facts.settings);
    view["properties"] = properties(known, facts);
    view
}

/// Its tier. `az` signs in to a registry only where it knows the tier's name.
pub fn sku(settings: &RegistrySettings) -> Value {
    json!({"name": settings.sku, "tier": settings.sku})
}

fn status(is_enabled: bool) -> &'static str {
    if is_enabled { "enabled" } else { "disabled" }
}

/// Its properties.
pub fn properties(known: &KnownRegistry, facts: &Facts) -> Value {
    let Facts { settings, policy, rules } = facts;
    let retention = settings.retention;
    json!({
        "loginServer": known.registry.login_server,
        "creationDate": known.registry.created_at.to_string(),
        "provisioningState": "Succeeded",
        "adminUserEnabled": settings.admin_enabled,
        "anonymousPullEnabled": rules.anonymous_pull,
        "dataEndpointEnabled": false,
        "dataEndpointHostNames": [],
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "networkRuleSet": {"defaultAction": "Allow", "ipRules": []},
        "encryption": {"status": "disabled"},
        "roleAssignmentMode": if settings.repository_permissions {
            "AbacRepositoryPermissions"
        } else {
            "LegacyRegistryPermissions"
        },
        "zoneRedundancy": "Disabled",
        "privateEndpointConnections": [],
        "policies": {
            "quarantinePolicy": {"status": status(policy.quarantine)},
            "trustPolicy": {"type": "Notary", "status": "disabled"},
            "retentionPolicy": {
                "days": retention.map_or(7, |retention| retention.days),
                "lastUpdatedTime": retention.map(|retention| retention.changed_at.to_string()),
                "status": status(retention.is_some_and(|retention| retention.is_enabled)),
            },
            "softDeletePolicy": {
                "retentionDays": rules.soft_delete_days.unwrap_or(7),
                "status": status(rules.soft_delete_days.is_some()),
            },
            "exportPolicy": {"status": "enabled"},
            "azureADAuthenticationAsArmPolicy": {"status": status(!settings.refuses_arm_tokens)},
        },
    })
}
