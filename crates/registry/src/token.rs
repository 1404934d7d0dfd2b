//! The token service: `/oauth2/token` and `/oauth2/exchange`.
//!
//! docker, skopeo and containerd ask with GET and a password; Azure's clients, and docker with an identity token, with
//! a form. What is granted is the wish cut down to the rights, never an error for what is too much; only wrong
//! credentials are refused. Who shows no credentials at all gets a token where the registry lets anybody pull.
//! `service` is not read: a token is made for the registry whose host was asked, and holds nowhere else.

use crate::caller::{self, Credentials};
use crate::error::RegistryError;
use crate::query::Parameters;
use crate::router::{json, site};
use crate::{RegistryState, Site, scope};
use access::Principal;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, header};
use serde_json::{Value, json};
use std::sync::Arc;

type FormPairs = Result<Form<Vec<(String, String)>>, FormRejection>;

/// `GET /oauth2/token` with Basic authentication.
pub(crate) async fn with_basic(State(state): State<Arc<RegistryState>>, parts: Parts) -> Response {
    answer(basic_token(&state, &parts).await)
}

/// `POST /oauth2/token` with a form.
pub(crate) async fn with_form(
    State(state): State<Arc<RegistryState>>,
    parts: Parts,
    form: FormPairs,
) -> Response {
    answer(form_token(&state, &parts, form).await)
}

/// `POST /oauth2/exchange`: a token of the sign-in endpoints for a refresh token of the registry.
pub(crate) async fn exchange(
    State(state): State<Arc<RegistryState>>,
    parts: Parts,
    form: FormPairs,
) -> Response {
    answer(exchanged(&state, &parts, form).await)
}

/// Tokens are secrets: no cache may keep them.
fn answer(result: Result<Value, RegistryError>) -> Response {
    let mut response = match result {
        Ok(value) => json(&value),
        Err(error) => error.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Who asks for a token is not known yet: requests are counted by where they come from.
fn count(state: &RegistryState, parts: &Parts) -> Result<(), RegistryError> {
    caller::address(parts).map_or(Ok(()), |address| state.count(&address.to_string()))
}

async fn basic_token(state: &RegistryState, parts: &Parts) -> Result<Value, RegistryError> {
    count(state, parts)?;
    let site = site(state, parts).await?;
    let query = Parameters::of(&parts.uri)?;
    let principal = match caller::basic_credentials(parts) {
        Some(credentials) => caller::sign_in(state, &site, &credentials, caller::address(parts)).await?,
        // Credentials that cannot be read are wrong ones; who shows none is nobody.
        None if parts.headers.contains_key(header::AUTHORIZATION) => None,
        None => state.authority.anonymous(&site).await?,
    };
    let principal = principal.ok_or(RegistryError::WrongCredentials)?;
    let mut answer = access_token(state, &site, &principal, &query).await?;
    // Older clients read `token`, newer ones `access_token`.
    answer["token"] = answer["access_token"].clone();
    Ok(answer)
}

async fn form_token(state: &RegistryState, parts: &Parts, form: FormPairs) -> Result<Value, RegistryError> {
    count(state, parts)?;
    let site = site(state, parts).await?;
    let form = read_form(form)?;
    let field = |name| form.first(name);
    let principal = match field("grant_type") {
        Some("password") => match (field("username"), field("password")) {
            (Some(user), Some(password)) => {
                let credentials = Credentials { user: user.to_owned(), password: password.to_owned() };
                caller::sign_in(state, &site, &credentials, caller::address(parts)).await?
            }
            // Azure's SDK asks so where it has no credentials.
            (None, None) => state.authority.anonymous(&site).await?,
            _ => None,
        },
        Some("refresh_token") => {
            let token = field("refresh_token")
                .ok_or(RegistryError::TokenRequest("`refresh_token` is missing in the form"))?;
            state.authority.verify_refresh(&site, token).await?
        }
        Some(_) | None => {
            return Err(RegistryError::TokenRequest("`grant_type` must be password or refresh_token"));
        }
    };
    let principal = principal.ok_or(RegistryError::WrongCredentials)?;
    let mut answer = access_token(state, &site, &principal, &form).await?;
    // Who shows a refresh token gets it back: docker keeps what it receives here.
    if let Some(token) = field("refresh_token") {
        answer["refresh_token"] = json!(token);
    }
    Ok(answer)
}

async fn exchanged(state: &RegistryState, parts: &Parts, form: FormPairs) -> Result<Value, RegistryError> {
    count(state, parts)?;
    let site = site(state, parts).await?;
    let form = read_form(form)?;
    let field = |name| form.first(name).filter(|value| !value.is_empty());
    let (access, renew) = match field("grant_type") {
        Some("access_token") => (true, false),
        Some("access_token_refresh_token") => (true, true),
        Some("refresh_token") => (false, true),
        Some(_) | None => {
            return Err(RegistryError::TokenRequest(
                "`grant_type` must be access_token, refresh_token or access_token_refresh_token",
            ));
        }
    };
    let principal = match (field("access_token").filter(|_| access), field("refresh_token").filter(|_| renew))
    {
        (Some(token), _) => state.authority.verify_identity(&site, token).await?,
        (None, Some(token)) => state.authority.verify_identity_refresh(&site, token).await?,
        (None, None) => {
            return Err(RegistryError::TokenRequest(
                "`access_token` or `refresh_token` is missing in the form",
            ));
        }
    };
    let principal = principal.ok_or(RegistryError::WrongCredentials)?;
    let refresh = state.authority.issue_refresh(&site, &principal).await?;
    Ok(json!({ "refresh_token": refresh.token }))
}

fn read_form(form: FormPairs) -> Result<Parameters, RegistryError> {
    match form {
        Ok(Form(pairs)) => Ok(Parameters::from_pairs(pairs)),
        Err(_) => Err(RegistryError::TokenRequest("the body is not a form, or is too large")),
    }
}

/// An access token for the scopes of a request, cut down to what the principal may do.
async fn access_token(
    state: &RegistryState,
    site: &Site,
    principal: &Principal,
    request: &Parameters,
) -> Result<Value, RegistryError> {
    let scopes = scope::parse(request.all("scope"))?;
    let access = scope::grant(state, site, principal, scopes).await?;
    let issued = state.authority.issue_access(site, principal, access).await?;
    Ok(json!({
        "access_token": issued.token,
        "expires_in": issued.expires_in,
        "issued_at": state.now().to_string(),
    }))
}
