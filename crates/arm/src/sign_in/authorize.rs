//! Sign-in in a browser: `GET /{tenant}/oauth2/v2.0/authorize` (RFC 6749, section 4.1; RFC 7636), and the code that it
//! leads to.
//!
//! Here the request of an application is checked, and above all the address that the code goes to: this machine of the
//! person (any port, RFC 8252), or an address that was registered for the application. The person is asked on a page of
//! the portal, which knows who they are.
//! A code is good once, for some minutes, for whoever has the secret behind its challenge; an application that is
//! registered as a web server has to prove itself too.

use super::discovery::unknown_tenant;
use super::is_tenant;
use super::token::{Form, TokenRefusal, field, proven_client, refused};
use crate::dispatch::form_pairs;
use crate::{ArmState, Refusal};
use access::{AuthorizationRequest, GrantedCode, PendingRequest, Principal, ResponseMode, is_loopback};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use store::{Application, objects};

/// Why an application is not led to the person.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error("AADSTS900144: The request must contain the parameter '{0}'.")]
    Missing(&'static str),
    #[error(
        "AADSTS50011: The redirect URI is not registered for the application, and is none of this computer, such as http://localhost:8400."
    )]
    Redirect,
    #[error("AADSTS700054: The response_type must be 'code'.")]
    ResponseType,
    #[error("AADSTS90023: The response_mode must be 'query' or 'form_post'.")]
    ResponseMode,
    #[error("AADSTS501471: A code_challenge of 43 characters with the code_challenge_method S256 is needed.")]
    Challenge,
    #[error("AADSTS50058: Somebody has to sign in, and prompt=none was asked for.")]
    Interaction,
    #[error("AADSTS90015: The request is too long.")]
    TooLong,
    #[error("The server could not look the application up; its log says why.")]
    Failed(#[from] store::Error),
}

impl RequestError {
    /// The word of OAuth for it.
    fn code(&self) -> &'static str {
        match self {
            Self::ResponseType => "unsupported_response_type",
            Self::Interaction => "interaction_required",
            Self::Failed(_) => "server_error",
            Self::Missing(_) | Self::Redirect | Self::ResponseMode | Self::Challenge | Self::TooLong => {
                "invalid_request"
            }
        }
    }
}

/// `GET /{tenant}/oauth2/v2.0/authorize`.
pub(super) async fn begin(
    State(state): State<ArmState>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    let asked: Form = form_pairs(query.as_deref().unwrap_or_default()).collect();
    // What is wrong with the address to go back to is told to the person alone: nobody is sent there.
    let target = match Target::of(&state, &asked).await {
        Ok(target) => target,
        Err(error) => return shown(&error),
    };
    match sealed(&state, &asked, &target) {
        Ok(sealed) => Redirect::to(&format!("/portal/authorize?request={sealed}")).into_response(),
        Err(error) if target.mode == Some(ResponseMode::Query) => told(&asked, &target, &error),
        Err(error) => shown(&error),
    }
}

/// To whom a code would go.
struct Target {
    client: String,
    client_name: Option<String>,
    is_confidential: bool,
    redirect: String,
    /// How; none if it is asked for in a way that is not known.
    mode: Option<ResponseMode>,
}

impl Target {
    /// # Errors
    /// When the address to go back to is not one that may be gone back to.
    async fn of(state: &ArmState, asked: &Form) -> Result<Self, RequestError> {
        let given = |name: &'static str| {
            let value = asked.get(name).filter(|value| !value.is_empty());
            value.ok_or(RequestError::Missing(name))
        };
        let (client, redirect) = (given("client_id")?, given("redirect_uri")?);
        if client.len() > 128 || redirect.len() > 1024 {
            return Err(RequestError::TooLong);
        }
        let registered = objects::all_of::<Application, _>(&*state.store, client).await?;
        let has = |kind: &str| registered.iter().any(|one| has_redirect(one, kind, redirect));
        let is_confidential = has("web");
        if !is_confidential && !is_loopback(redirect) && !has("publicClient") && !has("spa") {
            return Err(RequestError::Redirect);
        }
        Ok(Self {
            client: client.clone(),
            client_name: registered.into_iter().next().map(|one| one.display_name),
            is_confidential,
            redirect: redirect.clone(),
            mode: match asked.get("response_mode").map(String::as_str) {
                None | Some("query") => Some(ResponseMode::Query),
                Some("form_post") => Some(ResponseMode::FormPost),
                Some(_) => None,
            },
        })
    }
}

/// Whether an address is registered for an application, letter by letter. Only addresses that nobody on the way can
/// read from are good for that, and only signs that mean the same to everybody.
fn has_redirect(application: &Application, kind: &str, redirect: &str) -> bool {
    let uris = application.further.get(kind).and_then(|kind| kind["redirectUris"].as_array());
    let is_listed = uris.into_iter().flatten().any(|uri| uri.as_str() == Some(redirect));
    let is_plain = redirect.bytes().all(|b| b.is_ascii_graphic() && !b"\\\"'#;,<>".contains(&b));
    let is_protected = redirect.strip_prefix("https://").is_some_and(|rest| !rest.starts_with('/'));
    is_listed && is_plain && (is_protected || is_loopback(redirect))
}

/// The request, sealed for its way to the portal's page.
fn sealed(state: &ArmState, asked: &Form, target: &Target) -> Result<String, RequestError> {
    let text = |name: &str| asked.get(name).filter(|value| !value.is_empty()).cloned();
    if text("response_type").as_deref() != Some("code") {
        return Err(RequestError::ResponseType);
    }
    let mode = target.mode.ok_or(RequestError::ResponseMode)?;
    let challenge = text("code_challenge").filter(|challenge| {
        let is_base64url = challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        challenge.len() == 43 && is_base64url
    });
    if challenge.is_none() || text("code_challenge_method").as_deref() != Some("S256") {
        return Err(RequestError::Challenge);
    }
    if text("prompt").is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")) {
        return Err(RequestError::Interaction);
    }
    let request = AuthorizationRequest {
        client: target.client.clone(),
        client_name: target.client_name.clone(),
        is_confidential: target.is_confidential,
        redirect: target.redirect.clone(),
        mode,
        state: text("state"),
        scope: text("scope").unwrap_or_default(),
        nonce: text("nonce"),
        challenge,
    };
    PendingRequest::new(request, (state.clock)()).seal(&state.seal).ok_or(RequestError::TooLong)
}

/// An error for the person.
fn shown(error: &RequestError) -> Response {
    let status = if let RequestError::Failed(source) = error {
        tracing::error!(error = %source, "an application could not be looked up");
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    };
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, error.to_string()).into_response()
}

/// An error for the application, at its address.
fn told(asked: &Form, target: &Target, error: &RequestError) -> Response {
    let description = error.to_string();
    let mut pairs = vec![("error", error.code()), ("error_description", &description)];
    pairs.extend(asked.get("state").map(|state| ("state", state.as_str())));
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    let sign = if target.redirect.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{}{sign}{}", target.redirect, pairs.collect::<Vec<_>>().join("&"))).into_response()
}

/// Whom a code stands for, if it holds and whoever brings it is the one who asked for it.
pub(super) async fn redeem(
    state: &ArmState,
    form: &mut Form,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Principal, TokenRefusal> {
    let (code, client) = (field(form, "code")?, field(form, "client_id")?);
    let (redirect, verifier) = (field(form, "redirect_uri")?, field(form, "code_verifier")?);
    let key = GrantedCode::key(&state.seal, code);
    // It is gone now, whatever becomes of it: a second attempt is never the first one's owner.
    let taken = state.store.take_transient(GrantedCode::KIND, &key, (state.clock)()).await;
    let taken =
        taken.map_err(Refusal::from).map_err(refused(TokenRefusal::Code))?.ok_or(TokenRefusal::Code)?;
    let granted: GrantedCode =
        serde_json::from_value(taken.body).map_err(|error| TokenRefusal::Failed(error.into()))?;
    let request = granted.request;
    let is_theirs = request.client == client && request.redirect == redirect;
    // RFC 7636, section 4.1.
    let is_secret = (43..=128).contains(&verifier.len())
        && request.is_verified_by(&Sha256::digest(verifier.as_bytes()).into());
    if !is_theirs || !is_secret {
        return Err(TokenRefusal::Code);
    }
    if request.is_confidential {
        proven_client(state, form, headers, address).await?;
    }
    let principal = state.entrance.session(granted.principal, granted.generation).await;
    let principal = principal.map_err(refused(TokenRefusal::Code))?.ok_or(TokenRefusal::Code)?;
    // What was asked for when the person was, and not what is said now.
    form.remove("nonce");
    if let Some(nonce) = request.nonce {
        form.insert("nonce".to_owned(), nonce);
    }
    form.entry("scope".to_owned()).or_insert(request.scope);
    Ok(principal)
}
