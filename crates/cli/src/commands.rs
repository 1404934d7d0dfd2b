//! The commands, one file each.

pub(crate) mod advisories;
pub(crate) mod attached;
pub(crate) mod audit;
pub(crate) mod collection;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod findings;
pub(crate) mod image;
pub(crate) mod inventory;
pub(crate) mod keys;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod query;
pub(crate) mod registry;
mod resource;
pub(crate) mod roles;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod usage;
pub(crate) mod users;

use crate::exit::Exit;
use crate::terminal::Terminal;
use anyhow::Result;
use clap::Subcommand;

/// What a person can ask for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<serve::ServeArguments>),
    Demo(demo::DemoArguments),
    Scan(scan::ScanArguments),
    Inventory(inventory::InventoryArguments),
    Advisories(advisories::AdvisoriesArguments),
    Plan(plan::PlanArguments),
    Image(image::ImageArguments),
    Findings(findings::FindingsArguments),
    Rules(rules::RulesArguments),
    Exemptions(rules::ExemptionsArguments),
    Usage(usage::UsageArguments),
    Audit(audit::AuditArguments),
    Events(events::EventsArguments),
    Policy(policy::PolicyArguments),
    Explain(explain::ExplainArguments),
    Query(query::QueryArguments),
    Attached(attached::AttachedArguments),
    Collection(collection::CollectionArguments),
    Registry(registry::RegistryArguments),
    Roles(roles::RolesArguments),
    Users(users::UsersArguments),
    Keys(keys::KeysArguments),
    Login(login::LoginArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

impl Command {
    /// Runs the command.
    pub(crate) async fn run(self, terminal: Terminal) -> Result<Exit> {
        match self {
            Self::Serve(arguments) => serve::run(*arguments, terminal).await,
            Self::Demo(arguments) => demo::run(arguments, terminal).await,
            Self::Scan(arguments) => scan::run(arguments, terminal).await,
            Self::Inventory(arguments) => inventory::run(arguments, terminal).await,
            Self::Advisories(arguments) => advisories::run(arguments, terminal).await,
            Self::Plan(arguments) => plan::run(arguments, terminal).await,
            Self::Image(arguments) => image::run(arguments, terminal).await,
            Self::Explain(arguments) => explain::run(arguments, terminal).await,
            Self::Findings(arguments) => findings::run(arguments, terminal).await,
            Self::Rules(arguments) => rules::run(arguments, terminal).await,
            Self::Exemptions(arguments) => rules::run_exemptions(arguments, terminal).await,
            Self::Usage(arguments) => usage::run(arguments, terminal).await,
            Self::Audit(arguments) => audit::run(arguments).await,
            Self::Events(arguments) => events::run(arguments, terminal).await,
            Self::Policy(arguments) => policy::run(arguments, terminal).await,
            Self::Query(arguments) => query::run(arguments, terminal).await,
            Self::Attached(arguments) => attached::run(arguments, terminal).await,
            Self::Collection(arguments) => collection::run(arguments, terminal).await,
            Self::Registry(arguments) => registry::run(arguments, terminal).await,
            Self::Roles(arguments) => roles::run(arguments, terminal).await,
            Self::Users(arguments) => users::run(arguments, terminal).await,
            Self::Keys(arguments) => keys::run(arguments).await,
            Self::Login(arguments) => login::run(arguments).await,
            Self::Completions(arguments) => completions::run(&arguments),
            Self::Man(arguments) => man::run(&arguments),
        }
    }
}
