//! The web portal: what the registry holds, what is wrong with it, and how to fix it.
//!
//! Pages are HTML made on the server, without scripts: they work in every browser, and there is nothing for a hostile
//! package name to be injected into.
//! Everything foreign is escaped by the template, and the content security policy allows no script at all
//! (attack B12).
//!
//! A page is one file and one line in [`PAGES`], with the action that it needs; a test asks for each of them without
//! the right.

mod authorize;
mod entrance;
mod error;
mod frame;
mod icon;
mod image;
mod overview;
mod provider;
mod query;
mod return_path;
mod session;
mod sign_in;
mod style;
mod usage;

pub use entrance::{Entrance, ProviderAttempt, ProviderError, ProviderTitle, Providers, Refusal};
pub use error::PageError;

use access::{Action, PageSeal};
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{MethodRouter, any, get};
use std::sync::Arc;
use store::Store;
use uuid::Uuid;

/// What the pages need.
#[derive(Clone)]
pub struct PortalState {
    /// The records.
    pub store: Arc<dyn Store>,
    /// Who somebody is.
    pub entrance: Arc<dyn Entrance>,
    /// Others who say who somebody is.
    pub providers: Arc<dyn Providers>,
    /// Where browsers reach the server, without a slash at the end.
    pub url: Arc<str>,
    /// Seals sessions.
    pub seal: PageSeal,
    /// Whether cookies may travel over HTTPS alone.
    pub secure: bool,
    /// The tenant's id, for queries.
    pub tenant: Uuid,
    /// What one image costs in a month, where somebody has said so.
    pub price: Option<assessment::plan::Price>,
    /// The plan that decides whether pushes are scanned.
    pub scan_plan: &'static str,
    /// A line about the advisories in force, and whether they can be trusted.
    pub advisories: Arc<dyn Fn() -> String + Send + Sync>,
}

/// One page.
pub struct Page {
    /// The path, in the words of the router.
    pub path: &'static str,
    /// What the visitor must be allowed to do; `None` for what anybody may see.
    pub action: Option<Action>,
    handler: fn() -> MethodRouter<PortalState>,
}

/// All pages.
pub const PAGES: &[Page] = &[
    overview::PAGE,
    image::PAGE,
    query::PAGE,
    usage::PAGE,
    usage::FILE,
    authorize::PAGE,
    sign_in::SIGN_IN,
    sign_in::SIGN_OUT,
    provider::BEGIN,
    provider::FINISH,
    style::SHEET,
    icon::PAGE,
];

/// Nothing but our own style sheet is loaded, nothing is run, nothing frames us.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// The pages, ready to be served.
pub fn router(state: PortalState) -> Router {
    let mut router = Router::new().route("/", get(|| async { Redirect::to("/portal/") }));
    router = router.route("/portal", get(|| async { Redirect::to("/portal/") }));
    let mut pages = Router::new();
    for page in PAGES {
        pages = pages.route(page.path, (page.handler)());
    }
    // What is below the portal and no page is told in a page: somebody followed a link.
    router = router
        .route("/portal/{*nothing}", any(|| async { PageError::NotFound("page at this address".into()) }));
    router.merge(pages.with_state(state)).layer(from_fn(guard))
}

/// Headers that every answer of the portal has.
async fn guard(request: axum::extract::Request, next: Next) -> impl IntoResponse {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Not `no-referrer`: with that, browsers say of our own forms that they come from nowhere (`Origin: null`).
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}
