//! What can be asked for, each kind of resource in a file of its own, and the right that each route needs.

mod assessment;
mod assessment_metadata;
mod automation;
mod cloud_resource;
mod custom_assessment;
mod governance_assignment;
mod governance_rule;
mod import;
mod management_group;
pub(crate) mod management_lock;
mod nothing;
mod policy_exemption;
mod pricing;
mod provider;
mod provider_operation;
mod registry;
mod registry_account;
mod registry_name;
mod registry_part;
mod registry_token;
mod registry_usage;
pub(crate) mod resource_graph;
mod resource_group;
mod role_assignment;
mod role_definition;
mod saved_query;
mod scope_map;
mod secure_score;
mod security_location;
mod sub_assessment;
mod subscription;
mod subscription_alias;
mod tag;
mod tenant;
mod webhook;

use crate::DirectoryRight;
use crate::dispatch::Handler;
use access::Action;
use http::Method;

/// The right that a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To be signed in. What is shown depends on the caller's roles.
    SignedIn,
    /// The action at the scope before the pattern.
    At(Action),
    /// The action on the resource that the whole path names.
    On(Action),
    /// The action on the resource that the path names before its last segment, which says what is done with it.
    Of(Action),
    /// The action at the scope or at something below it. What is shown is what the caller may.
    Within(Action),
    /// A right in the directory.
    Directory(DirectoryRight),
}

/// One route.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path: `{scope}` stands for any resource id, other names in braces for one segment.
    pub pattern: &'static str,
    /// The right that it needs.
    pub right: Right,
    pub(crate) handler: Handler,
}

/// A kind of resource.
#[derive(Debug)]
pub struct Resource {
    /// Its type, in Azure's words.
    pub kind: &'static str,
    /// The routes that answer for it.
    pub routes: &'static [Route],
}

pub use registry_account::registry_passwords;

/// All kinds of resources.
pub const RESOURCES: &[Resource] = &[
    tenant::RESOURCE,
    management_group::RESOURCE,
    subscription::RESOURCE,
    resource_group::RESOURCE,
    cloud_resource::RESOURCE,
    provider::RESOURCE,
    registry::RESOURCE,
    registry_name::RESOURCE,
    registry_account::RESOURCE,
    registry_usage::RESOURCE,
    import::RESOURCE,
    import::OPERATIONS,
    webhook::RESOURCE,
    scope_map::RESOURCE,
    registry_token::RESOURCE,
    registry_part::REPLICATIONS,
    registry_part::CACHE_RULES,
    registry_part::CREDENTIAL_SETS,
    registry_part::CONNECTED_REGISTRIES,
    registry_part::TASKS,
    registry_part::RUNS,
    registry_part::TASK_RUNS,
    registry_part::AGENT_POOLS,
    registry_part::EXPORT_PIPELINES,
    registry_part::IMPORT_PIPELINES,
    registry_part::PIPELINE_RUNS,
    registry_part::PRIVATE_ENDPOINTS,
    registry_part::PRIVATE_LINKS,
    management_lock::RESOURCE,
    tag::RESOURCE,
    provider_operation::RESOURCE,
    nothing::DENIALS,
    nothing::POLICY,
    nothing::SECURITY,
    security_location::RESOURCE,
    role_definition::RESOURCE,
    role_assignment::RESOURCE,
    subscription_alias::RESOURCE,
    pricing::RESOURCE,
    assessment_metadata::RESOURCE,
    assessment::RESOURCE,
    sub_assessment::RESOURCE,
    policy_exemption::RESOURCE,
    secure_score::RESOURCE,
    governance_assignment::RESOURCE,
    governance_rule::RESOURCE,
    automation::RESOURCE,
    resource_graph::RESOURCE,
    saved_query::RESOURCE,
];
