//! What the store keeps, worded as resources: identifier, name, type and properties.

pub mod assessment;
pub mod authorization;
pub mod custom_assessment;
pub mod metadata;
pub mod policy_exemption;
pub mod pricing;
pub mod registry;
pub mod secure_score;
pub mod software;
pub mod sub_assessment;

use access::{ResourceId, ResourceIdError};
use serde_json::{Value, json};
use store::Registry;

/// A resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its resource id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its type, in Azure's spelling.
    pub kind: &'static str,
    /// Its properties.
    pub properties: Value,
}

impl Document {
    /// The form of the resource manager.
    pub fn to_rest(&self) -> Value {
        json!({"id": self.id, "name": self.name, "type": self.kind, "properties": self.properties})
    }
}

/// A registry with its resource id, in the spelling in which it was created.
#[derive(Debug, Clone)]
pub struct KnownRegistry {
    /// The registry.
    pub registry: Registry,
    /// Its resource id.
    pub id: ResourceId,
}

impl KnownRegistry {
    /// A registry with its id.
    ///
    /// # Errors
    /// When one of its names holds what no resource id may hold.
    pub fn new(registry: Registry) -> Result<Self, ResourceIdError> {
        let id = ResourceId::parse(&format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
            registry.subscription, registry.resource_group, registry.name
        ))?;
        Ok(Self { registry, id })
    }
}
