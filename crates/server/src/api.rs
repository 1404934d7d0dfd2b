//! Our own API under `/api`: images and their verdicts, findings, advisories, history.
//!
//! The owner signs in with Basic authentication, or with a token of the sign-in endpoint.
//! Rights are Azure's: reading a verdict needs `Microsoft.Security/assessments/read`, and what somebody may not see
//! is not in the answer.
//! Every route stands in [`ROUTES`] with the action it needs; a test asks each of them without the right.

mod advisories;
mod attached;
mod audit;
mod base;
pub mod collection;
mod error;
pub mod events;
pub mod explain;
mod finding_rules;
mod findings;
mod history;
mod identity;
mod images;
mod keys;
mod openapi;
mod query;
mod reference;
mod rules;
mod sbom;
mod usage;
pub mod view;

pub use audit::AuditView;
pub use finding_rules::{RuleBody, RuleView};
pub use identity::Caller;
pub use usage::UsageView;

use crate::advisories::Shelf;
use crate::jobs::collect::Collections;
use crate::keys::Keys;
use crate::sign_in::SignIn;
use access::Action;
use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, any};
use jiff::SignedDuration;
use registry::{RegistryState, Site};
use std::sync::Arc;
use store::{RegistryId, Store};
use tokio::sync::watch;

/// What the handlers need.
#[derive(Clone)]
pub struct ApiState {
    /// The records.
    pub store: Arc<dyn Store>,
    /// Who somebody is.
    pub sign_in: Arc<SignIn>,
    /// Checks tokens.
    pub keys: Arc<Keys>,
    /// The issuer of tokens.
    pub issuer: Arc<str>,
    /// For whom tokens may be made.
    pub audiences: Arc<[String]>,
    /// The registry that a name without a registry means.
    pub registry: RegistryId,
    /// The advisories in force.
    pub shelf: Arc<Shelf>,
    /// What an image costs, where somebody has said so.
    pub price: Option<assessment::plan::Price>,
    /// Takes away what nobody needs.
    pub collections: Arc<Collections>,
    /// Older advisories than this cannot call an image healthy.
    pub advisory_age_limit: SignedDuration,
    /// The registry that the names mean, as clients reach it.
    pub site: Arc<Site>,
    /// What attaching writes to.
    pub contents: RegistryState,
    /// Changes whenever a verdict may have changed.
    pub changes: watch::Receiver<u64>,
    /// Counts those who follow history.
    pub followers: events::Followers,
}

/// One route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, in the words of the router.
    pub path: &'static str,
    /// What the caller must be allowed to do; `None` for what needs no right: to anybody, or to whoever is signed in.
    pub action: Option<Action>,
    handler: fn() -> MethodRouter<ApiState>,
}

/// All routes.
pub const ROUTES: &[Route] = &[
    images::LIST,
    images::ONE,
    images::ATTACH,
    findings::LIST,
    advisories::SHOW,
    finding_rules::LIST,
    finding_rules::ONE,
    finding_rules::PUT,
    finding_rules::DELETE,
    finding_rules::EXEMPTIONS,
    finding_rules::EXEMPTION,
    finding_rules::PUT_EXEMPTION,
    finding_rules::DELETE_EXEMPTION,
    usage::SHOW,
    audit::LIST,
    events::LIST,
    rules::POLICY,
    rules::PUT_POLICY,
    rules::RULES,
    rules::PUT_RULES,
    rules::PASSES,
    collection::SHOW,
    collection::RUN,
    keys::ROTATE,
    query::FUNCTIONS,
    openapi::DOCUMENT,
];

/// The routes, ready to be served.
pub fn router(state: ApiState) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        router = router.route(route.path, (route.handler)());
    }
    router
        .route("/api/{*rest}", any(error::not_found))
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(state)
}
