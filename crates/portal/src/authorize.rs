//! The page on which somebody lets an application sign them in: `az login` in a browser.
//!
//! The endpoint of the sign-in checked the request and sealed it; here the visitor is known, and sees who asks. The
//! code is in a form that goes to the application itself when they agree: one step, without a script. It is worth
//! nothing to anybody who has not the secret behind the request (RFC 7636), and for some minutes only.
//!
//! Another site cannot agree in the visitor's place: the session's cookie does not go along with what it starts, and no
//! page of ours is shown in a frame.

use crate::frame::{encode_value, frame};
use crate::return_path::ReturnPath;
use crate::session::{Visitor, random};
use crate::{POLICY, Page, PageError, PortalState};
use access::{AuthorizationRequest, GrantedCode, PendingRequest, ResponseMode};
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;
use store::{Transient, TransientBounds, TransientPut};

pub(crate) const PAGE: Page = Page { path: "/portal/authorize", action: None, handler };

/// Whoever reloads the page has a code more.
const BOUNDS: TransientBounds = TransientBounds { all: 10_000, of_owner: 50 };

fn handler() -> MethodRouter<PortalState> {
    get(ask)
}

#[derive(Deserialize)]
struct Asked {
    request: String,
}

async fn ask(
    State(state): State<PortalState>,
    Query(asked): Query<Asked>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let now = Timestamp::now();
    let request = PendingRequest::open(&asked.request, &state.seal, now).ok_or(PageError::ForeignSignIn)?;
    let code = grant(&state, &request, &visitor, now).await?;
    let body = page(&request, &visitor, &code, &asked.request);
    let mut response = frame("Sign in an application", Some(visitor.name()), &body).into_response();
    // The form goes to the application; that address was checked before it was sealed, and holds no sign that could
    // end the policy.
    let policy = POLICY.replace("form-action 'self'", &format!("form-action 'self' {}", request.origin()));
    let policy = HeaderValue::from_str(&policy).map_err(|_| PageError::ForeignSignIn)?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Makes a code and keeps what it is for.
async fn grant(
    state: &PortalState,
    request: &AuthorizationRequest,
    visitor: &Visitor,
    now: Timestamp,
) -> Result<String, PageError> {
    let code = URL_SAFE_NO_PAD.encode(random::<32>()?);
    let granted = GrantedCode {
        request: request.clone(),
        principal: visitor.principal.id,
        generation: visitor.session.generation,
    };
    let kept = Transient {
        key: GrantedCode::key(&state.seal, &code),
        owner: visitor.principal.id.to_string(),
        body: serde_json::to_value(&granted).map_err(|_| PageError::Session)?,
        expires_at: now.checked_add(GrantedCode::LIFETIME).map_err(|_| PageError::Session)?,
    };
    match state.store.add_transient(GrantedCode::KIND, kept, BOUNDS, now).await? {
        TransientPut::Kept => Ok(code),
        TransientPut::Exists | TransientPut::Full => Err(PageError::TooManyCodes),
    }
}

fn page(request: &AuthorizationRequest, visitor: &Visitor, code: &str, sealed: &str) -> Markup {
    let application = request.client_name.as_deref().unwrap_or(&request.client);
    let here = format!("/portal/authorize?request={}", encode_value(sealed));
    let agree = format!("Continue as {}", visitor.name());
    html! {
        section.notice {
            h1 { "Sign in an application" }
            p { b { (application) } " at " code { (request.origin()) } " asks to act here in your name." }
            p.faint { "Continue only if you have just started it yourself, on this computer." }
            div.choices {
                (go(request, &agree, "primary", &[("code", code)]))
                (go(request, "Cancel", "", &[
                    ("error", "access_denied"),
                    ("error_description", "AADSTS65004: The person did not let the application sign them in."),
                ]))
            }
            p { a href=(ReturnPath::parse(Some(&here)).sign_in()) { "Use another account" } }
        }
    }
}

/// A way back to the application, with what is told to it.
fn go(request: &AuthorizationRequest, label: &str, class: &str, told: &[(&str, &str)]) -> Markup {
    let state = request.state.as_deref().map(|state| ("state", state));
    let told = || told.iter().copied().chain(state);
    match request.mode {
        ResponseMode::FormPost => html! {
            form method="post" action=(request.redirect) {
                @for (name, value) in told() { input type="hidden" name=(name) value=(value); }
                button class=(class) { (label) }
            }
        },
        ResponseMode::Query => {
            let sign = if request.redirect.contains('?') { '&' } else { '?' };
            let pairs: Vec<String> =
                told().map(|(name, value)| format!("{name}={}", encode_value(value))).collect();
            html! {
                a class={ "button " (class) } href={ (request.redirect) (sign) (pairs.join("&")) } rel="noreferrer" { (label) }
            }
        }
    }
}
