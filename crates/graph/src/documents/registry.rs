//! Registries as resources.

use super::KnownRegistry;
use serde_json::{Value, json};

/// The type.
pub const KIND: &str = "Microsoft.ContainerRegistry/registries";

/// What lists of all kinds of resources show.
pub fn brief(known: &KnownRegistry) -> Value {
    json!({
        "id": known.id.as_str(),
        "name": known.registry.name,
        "type": KIND,
        "location": known.registry.location,
        "sku": sku(),
        "tags": {},
    })
}

/// The whole resource.
pub fn whole(known: &KnownRegistry) -> Value {
    let mut view = brief(known);
    view["properties"] = properties(known);
    view
}

/// Its tier. `az` signs in to a registry only where it knows the tier's name.
pub fn sku() -> Value {
    json!({"name": "Premium", "tier": "Premium"})
}

/// Its properties.
pub fn properties(known: &KnownRegistry) -> Value {
    json!({
        "loginServer": known.registry.login_server,
        "creationDate": known.registry.created_at.to_string(),
        "provisioningState": "Succeeded",
        "adminUserEnabled": false,
        "anonymousPullEnabled": false,
        "dataEndpointEnabled": false,
        "dataEndpointHostNames": [],
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled",
        "privateEndpointConnections": [],
        "policies": {
            "quarantinePolicy": {"status": "disabled"},
            "trustPolicy": {"type": "Notary", "status": "disabled"},
            "retentionPolicy": {"days": 7, "status": "disabled"},
            "softDeletePolicy": {"retentionDays": 7, "status": "disabled"},
            "exportPolicy": {"status": "enabled"},
            "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
        },
    })
}
