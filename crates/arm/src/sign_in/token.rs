//! `POST /{tenant}/oauth2/v2.0/token`: tokens for programs by secret or signed assertion (RFC 6749, section 4.4;
//! RFC 7523), for people by name and password (section 4.3), by a code from the browser (section 4.1), by a code that
//! somebody entered (RFC 8628), and for a refresh token (section 6).
//!
//! People get an identity token too, where they ask for `openid`.

use super::discovery::unknown_tenant;
use super::{authorize, device, is_tenant};
use crate::dispatch::form_pairs;
use crate::{ArmState, Refusal};
use access::token::ArmTokenUse;
use access::{Principal, PrincipalKind};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// A form is a few settings and a token.
const LONGEST_FORM: usize = 64 << 10;

/// Why no token was made: an error code of OAuth, and a sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenRefusal {
    #[error("AADSTS7000215: Invalid client secret provided: the name or the secret is wrong.")]
    Client,
    #[error(
        "AADSTS700027: The client assertion does not hold: no registered certificate verifies it, or it is too old."
    )]
    Assertion,
    #[error(
        "AADSTS70008: The authorization code does not hold: it was used, is too old, or belongs to another request. Sign in again."
    )]
    Code,
    #[error("AADSTS70016: Nobody has entered the code yet.")]
    Pending,
    #[error("AADSTS70020: The device code has expired, or was used. Begin again.")]
    Expired,
    #[error("AADSTS50126: Invalid username or password.")]
    Password,
    #[error("AADSTS700082: The refresh token does not hold any more; sign in again.")]
    Refresh,
    #[error(
        "AADSTS70003: The grant type '{0}' is not supported; use authorization_code, client_credentials, password, refresh_token or a device code."
    )]
    Grant(String),
    #[error("AADSTS900144: The request body must contain the parameter '{0}'.")]
    Missing(&'static str),
    #[error("AADSTS500011: No token is made for '{0}'; ask for '<url of the server>/.default'.")]
    Audience(String),
    #[error("AADSTS50053: Too many wrong passwords; try again in {0} seconds.")]
    TooMany(u64),
    #[error("The server could not check who this is; its log says why.")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IntoResponse for TokenRefusal {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::Client | Self::Assertion => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::Pending => (StatusCode::BAD_REQUEST, "authorization_pending"),
            Self::Expired => (StatusCode::BAD_REQUEST, "expired_token"),
            Self::Code | Self::Password | Self::Refresh => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::Grant(_) => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Missing(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::Audience(_) => (StatusCode::BAD_REQUEST, "invalid_resource"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            Self::Failed(source) => {
                tracing::error!(error = %source, "a token could not be made");
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error")
            }
        };
        let body = Json(json!({"error": code, "error_description": self.to_string()}));
        let mut response = (status, body).into_response();
        if let Self::TooMany(seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(super) type Form = BTreeMap<String, String>;

pub(super) async fn issue(
    State(state): State<ArmState>,
    Path(tenant): Path<String>,
    address: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    let text = match str::from_utf8(&body) {
        Ok(text) if body.len() <= LONGEST_FORM => text,
        _ => return TokenRefusal::Missing("grant_type").into_response(),
    };
    let mut form: Form = form_pairs(text).collect();
    let address = address.map(|axum::Extension(ConnectInfo(address))| address);
    match answer(&state, &mut form, &headers, address).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

/// RFC 7523, section 2.2.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// RFC 8628, section 3.4.
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What MSAL for JavaScript calls the same, from before RFC 8628.
const DEVICE_OF_JAVASCRIPT: &str = "device_code";

async fn answer(
    state: &ArmState,
    form: &mut Form,
    headers: &HeaderMap,
    address: Option<SocketAddr>,
) -> Result<Response, TokenRefusal> {
    let principal = principal(state, form, headers, address).await?;
    let form = &*form;
    let audience = audience(state, form);
    let issued = state.entrance.issue(&principal, &audience).await;
    let issued = issued.map_err(refused(TokenRefusal::Refresh))?;
    let issued = issued.ok_or_else(|| TokenRefusal::Audience(audience.chars().take(200).collect()))?;
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "ext_expires_in": issued.expires_in,
        "access_token": issued.access,
    });
    // Programs have their secret; people get what they come back with.
    let is_program = form.get("grant_type").is_some_and(|grant| grant == "client_credentials");
    if principal.kind == PrincipalKind::User && !is_program {
        person(state, form, &principal, &mut body).await?;
        if let Some(refresh) = issued.refresh {
            body["refresh_token"] = refresh.into();
        }
    }
    let mut response = Json(body).into_response();
    // RFC 6749, section 5.1: no cache may keep a token.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What a person's application gets beside the token: who signed in, and how the application may name them.
async fn person(
    state: &ArmState,
    form: &Form,
    principal: &Principal,
    body: &mut serde_json::Value,
) -> Result<(), TokenRefusal> {
    let scope = form.get("scope").map_or("", String::as_str);
    body["scope"] = scope.into();
    let application = form.get("client_id").map_or("", String::as_str);
    if scope.split_whitespace().any(|word| word == "openid") && !application.is_empty() {
        let nonce = form.get("nonce").map(String::as_str);
        let token = state.entrance.identity_token(principal, application, nonce).await;
        body["id_token"] = token.map_err(refused(TokenRefusal::Refresh))?.into();
    }
    if form.contains_key("client_info") {
        let info = json!({"uid": principal.id.to_string(), "utid": state.tenant().to_string()});
        body["client_info"] = URL_SAFE_NO_PAD.encode(info.to_string()).into();
    }
    Ok(())
}

/// Who asks for a token, by the grant that they show.
async fn principal(
    state: &ArmState,
    form: &mut Form,
    headers: &HeaderMap,
    address: Option<SocketAddr>,
) -> Result<Principal, TokenRefusal> {
    let address = address.map(|address| address.ip());
    match field(form, "grant_type")? {
        "client_credentials" => proven_client(state, form, headers, address).await,
        "authorization_code" => authorize::redeem(state, form, headers, address).await,
        "password" => {
            let (name, word) = (field(form, "username")?, field(form, "password")?);
            known(state.entrance.password(name, word, address).await, TokenRefusal::Password)
        }
        "refresh_token" => {
            let token = field(form, "refresh_token")?;
            let found = state.entrance.token(token, ArmTokenUse::Refresh, &[&state.url]).await;
            found.map_err(refused(TokenRefusal::Refresh))?.ok_or(TokenRefusal::Refresh)
        }
        DEVICE | DEVICE_OF_JAVASCRIPT => {
            let (code, application) = (field(form, "device_code")?, field(form, "client_id")?);
            let answer = device::ask(state, code, application).await;
            match answer.map_err(refused(TokenRefusal::Expired))? {
                device::Answer::Pending => Err(TokenRefusal::Pending),
                device::Answer::Expired => Err(TokenRefusal::Expired),
                device::Answer::Done { principal, scope } => {
                    // A device says what for when it begins, and need not say it again.
                    form.entry("scope".to_owned()).or_insert(scope);
                    Ok(principal)
                }
            }
        }
        other => Err(TokenRefusal::Grant(other.chars().take(80).collect())),
    }
}

/// The program that proves itself, by a signed assertion or a secret.
pub(super) async fn proven_client(
    state: &ArmState,
    form: &Form,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Principal, TokenRefusal> {
    if !form.contains_key("client_assertion") {
        let (id, secret) = client(form, headers)?;
        return known(state.entrance.password(&id, &secret, address).await, TokenRefusal::Client);
    }
    if form.get("client_assertion_type").is_none_or(|kind| kind != ASSERTION) {
        return Err(TokenRefusal::Missing("client_assertion_type"));
    }
    let (program, assertion) = (field(form, "client_id")?, field(form, "client_assertion")?);
    let endpoints = endpoints(state);
    let endpoints: Vec<&str> = endpoints.iter().map(String::as_str).collect();
    known(state.entrance.assertion(program, assertion, &endpoints).await, TokenRefusal::Assertion)
}

/// For whom an assertion may be: the token endpoint, by any of its addresses.
fn endpoints(state: &ArmState) -> Vec<String> {
    let tenant = state.tenant().to_string();
    let words = super::TENANT_WORDS.into_iter().chain([tenant.as_str()]);
    words.map(|tenant| format!("{}/{tenant}/oauth2/v2.0/token", state.url)).collect()
}

pub(super) fn field<'a>(form: &'a Form, name: &'static str) -> Result<&'a str, TokenRefusal> {
    form.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(TokenRefusal::Missing(name))
}

/// The client's name and secret: from the form, or from Basic authentication.
fn client(form: &Form, headers: &HeaderMap) -> Result<(String, String), TokenRefusal> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|credentials| String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok());
    if let Some((id, secret)) = basic.as_deref().and_then(|text| text.split_once(':')) {
        return Ok((id.to_owned(), secret.to_owned()));
    }
    Ok((field(form, "client_id")?.to_owned(), field(form, "client_secret")?.to_owned()))
}

fn known(found: Result<Principal, Refusal>, wrong: TokenRefusal) -> Result<Principal, TokenRefusal> {
    found.map_err(refused(wrong))
}

pub(super) fn refused(wrong: TokenRefusal) -> impl FnOnce(Refusal) -> TokenRefusal {
    |refusal| match refusal {
        Refusal::Wrong => wrong,
        Refusal::TooMany(seconds) => TokenRefusal::TooMany(seconds),
        Refusal::Failed(source) => TokenRefusal::Failed(source),
    }
}

/// For whom the token is: the first scope that names a resource, without `/.default`; in older forms `resource`; the
/// server itself where nothing is named. `az` writes two slashes where the resource ends with one.
fn audience(state: &ArmState, form: &Form) -> String {
    let named = form.get("scope").into_iter().flat_map(|scopes| scopes.split_whitespace());
    let named =
        named.filter(|scope| scope.contains("://")).map(|scope| match scope.strip_suffix(".default") {
            Some(resource) => resource,
            None => scope.rsplit_once('/').map_or(scope, |(resource, _)| resource),
        });
    let wanted = named.chain(form.get("resource").map(String::as_str)).next();
    wanted.map_or_else(|| state.url.to_string(), |resource| resource.trim_end_matches('/').to_owned())
}
