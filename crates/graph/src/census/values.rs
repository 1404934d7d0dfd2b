//! The values of registries and images, each made once for all rows that share them.

use super::part::Part;
use super::plan::Plan;
use crate::documents::KnownRegistry;
use crate::tables::sub_assessments;
use kql::Value;

/// The values of a registry.
pub(super) struct Registry {
    pub(super) known: KnownRegistry,
    pub(super) host: Value,
    pub(super) subscription: Value,
    pub(super) group: Value,
    /// What stands before the names of its rows.
    pub(super) stem: String,
    /// The same, with a name that no row has.
    pub(super) nobody: Value,
    /// The first registry that the rows are not told apart from.
    pub(super) alike: usize,
    /// Texts that are the same in every row, each made once.
    pub(super) fixed: Vec<(&'static str, Value)>,
}

/// The values of an image, as far as they are asked for.
#[derive(Default)]
pub(super) struct Image {
    pub(super) registry: usize,
    pub(super) repository: Value,
    pub(super) digest: Value,
    pub(super) image: Value,
    pub(super) resource: Value,
}

impl Registry {
    pub(super) fn new(known: &KnownRegistry, plan: &Plan) -> Self {
        Self {
            fixed: plan.fixed(),
            host: Value::text(&known.registry.login_server),
            subscription: Value::text(known.registry.subscription.to_string()),
            group: Value::text(&known.registry.resource_group),
            stem: sub_assessments::stem(known),
            nobody: Value::from(format!("{}{}", sub_assessments::stem(known), uuid::Uuid::nil())),
            alike: 0,
            known: known.clone(),
        }
    }

    pub(super) fn value(&self, part: Part) -> Value {
        match part {
            Part::Fixed(text) => {
                self.fixed.iter().find(|(of, _)| *of == text).map_or(Value::Null, |(_, value)| value.clone())
            }
            Part::Host => self.host.clone(),
            Part::Subscription => self.subscription.clone(),
            Part::Group => self.group.clone(),
            Part::Nothing
            | Part::Tenant
            | Part::Repository
            | Part::Digest
            | Part::Image
            | Part::Resource
            | Part::Vulnerability
            | Part::Severity
            | Part::Score
            | Part::Ecosystem
            | Part::Code
            | Part::Name
            | Part::Id => Value::Null,
        }
    }
}

impl Image {
    pub(super) fn value(&self, part: Part) -> Value {
        match part {
            Part::Repository => self.repository.clone(),
            Part::Digest => self.digest.clone(),
            Part::Image => self.image.clone(),
            Part::Resource => self.resource.clone(),
            Part::Nothing
            | Part::Fixed(_)
            | Part::Tenant
            | Part::Host
            | Part::Subscription
            | Part::Group
            | Part::Vulnerability
            | Part::Severity
            | Part::Score
            | Part::Ecosystem
            | Part::Code
            | Part::Name
            | Part::Id => Value::Null,
        }
    }
}
