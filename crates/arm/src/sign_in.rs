//! Sign-in as Azure's identity libraries speak it: discovery, keys and tokens. The routes are open to everybody: they
//! are where somebody becomes known.
//!
//! A tenant's part of the path may be its id, `common`, `organizations` or `adfs`: there is one tenant, and all lead
//! to it. Any other id is no tenant here.

mod authorize;
mod device;
mod discovery;
mod token;

use crate::ArmState;
use axum::Router;
use axum::routing::{get, post};

/// Words that stand for the one tenant.
const TENANT_WORDS: [&str; 3] = ["common", "organizations", "adfs"];

/// The open routes.
pub(crate) fn routes() -> Router<ArmState> {
    Router::new()
        .route("/metadata/endpoints", get(discovery::cloud))
        .route("/{tenant}/discovery/instance", get(discovery::instance))
        .route("/{tenant}/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::begin))
        .route("/{tenant}/oauth2/v2.0/token", post(token::issue))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
        .route("/devicelogin", get(device::page).post(device::enter))
}

/// Whether this part of a path means the tenant.
fn is_tenant(state: &ArmState, text: &str) -> bool {
    TENANT_WORDS.contains(&text.to_ascii_lowercase().as_str())
        || text.eq_ignore_ascii_case(&state.tenant().to_string())
}
