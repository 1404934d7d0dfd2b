//! Sign-in of a device that has no browser (RFC 8628): it shows a code, and somebody enters it on our page together with
//! name and password.
//!
//! What waits is kept in the records, bounded and for a quarter of an hour: a device may ask one server while somebody
//! enters its code at another, and a restart forgets nobody. The code that a device asks with stands there as a hash.

use super::discovery::unknown_tenant;
use super::is_tenant;
use crate::dispatch::form_pairs;
use crate::{ArmState, Refusal};
use access::Principal;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use store::{Transient, TransientBounds, TransientPut};
use uuid::Uuid;

/// How long somebody has to enter a code.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// How often a device may ask, in seconds.
const INTERVAL: u64 = 5;
/// More devices than this do not wait at a time, in all and from one address.
const BOUNDS: TransientBounds = TransientBounds { all: 10_000, of_owner: 100 };
/// What a device wants is a few words.
const LONGEST_SCOPE: usize = 2048;
/// Consonants, so that no word comes of them: 20 letters, as RFC 8628 advises.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// A code that somebody else's device shows already is made up anew; twice is chance, and more often is a fault.
const TRIES: usize = 4;

/// The kinds under which is kept: what a device waits for, by the hash of its code; that hash, by the code that somebody
/// enters; and who entered it, by that hash again.
const DEVICE: &str = "device-code";
const USER: &str = "user-code";
const APPROVAL: &str = "device-approval";

/// What a device waits for.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    application: String,
    /// What for, as the device said at the beginning.
    scope: String,
}

/// Who entered a device's code.
#[derive(Debug, Serialize, Deserialize)]
struct Approval {
    principal: Uuid,
    generation: i64,
}

/// What a device is told.
#[derive(Debug)]
pub(super) enum Answer {
    /// Nobody has entered the code yet.
    Pending,
    /// The code is too old, or was used, or never was.
    Expired,
    /// Somebody has.
    Done { principal: Principal, scope: String },
}

/// The codes of a device whose sign-in began: the one that somebody enters, and the one that it asks with.
struct Begun {
    user_code: String,
    device_code: String,
}

fn key(state: &ArmState, device_code: &str) -> String {
    state.seal.derived_secret(&[DEVICE, device_code])
}

/// Begins a sign-in; none if too many wait.
async fn start(
    state: &ArmState,
    waiting: Waiting,
    address: Option<IpAddr>,
) -> Result<Option<Begun>, Refusal> {
    let now = (state.clock)();
    let expires_at = now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
    let owner = address.map(|address| address.to_string()).unwrap_or_default();
    let device_code = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let key = key(state, &device_code);
    let body = serde_json::to_value(&waiting).map_err(|error| Refusal::Failed(error.into()))?;
    let device = Transient { key: key.clone(), owner: owner.clone(), body, expires_at };
    if state.store.add_transient(DEVICE, device, BOUNDS, now).await? != TransientPut::Kept {
        return Ok(None);
    }
    for _ in 0..TRIES {
        let user_code = user_code();
        let body = Value::String(key.clone());
        let user = Transient { key: user_code.clone(), owner: owner.clone(), body, expires_at };
        match state.store.add_transient(USER, user, BOUNDS, now).await? {
            TransientPut::Kept => return Ok(Some(Begun { user_code, device_code })),
            TransientPut::Exists => {}
            TransientPut::Full => break,
        }
    }
    Ok(None)
}

/// Nine letters: 38 bits for a quarter of an hour, each guess with a name and a password.
fn user_code() -> String {
    let random = Uuid::new_v4().into_bytes();
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    // The bytes between hold the version and the variant of the number.
    random.iter().take(6).chain(random.iter().skip(9).take(3)).map(letter).collect()
}

/// Says who entered a code. A code is taken by whoever is first: `false` if there is none.
async fn approve(state: &ArmState, user_code: &str, principal: &Principal) -> Result<bool, Refusal> {
    let now = (state.clock)();
    let Some(user) = state.store.take_transient(USER, user_code, now).await? else { return Ok(false) };
    let approval =
        Approval { principal: principal.id, generation: state.entrance.generation(principal).await? };
    let approval = Transient {
        key: user.body.as_str().unwrap_or_default().to_owned(),
        owner: principal.id.to_string(),
        body: serde_json::to_value(&approval).map_err(|error| Refusal::Failed(error.into()))?,
        expires_at: user.expires_at,
    };
    Ok(state.store.add_transient(APPROVAL, approval, BOUNDS, now).await? == TransientPut::Kept)
}

/// What a device is told that asks with its code. A sign-in is told once, and to the application that began it.
pub(super) async fn ask(state: &ArmState, device_code: &str, application: &str) -> Result<Answer, Refusal> {
    let (key, now) = (key(state, device_code), (state.clock)());
    let Some(device) = state.store.transient(DEVICE, &key, now).await? else { return Ok(Answer::Expired) };
    let waiting: Waiting =
        serde_json::from_value(device.body).map_err(|error| Refusal::Failed(error.into()))?;
    if waiting.application != application {
        return Ok(Answer::Expired);
    }
    let Some(approval) = state.store.take_transient(APPROVAL, &key, now).await? else {
        return Ok(Answer::Pending);
    };
    state.store.take_transient(DEVICE, &key, now).await?;
    let approval: Approval =
        serde_json::from_value(approval.body).map_err(|error| Refusal::Failed(error.into()))?;
    let principal = state.entrance.session(approval.principal, approval.generation).await?;
    Ok(principal.map_or(Answer::Expired, |principal| Answer::Done { principal, scope: waiting.scope }))
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(super) async fn begin(
    State(state): State<ArmState>,
    Path(tenant): Path<String>,
    address: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    body: Bytes,
) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    let form: BTreeMap<String, String> = form_pairs(str::from_utf8(&body).unwrap_or_default()).collect();
    let Some(application) = form.get("client_id").filter(|id| !id.is_empty() && id.len() <= 128) else {
        let description = "AADSTS900144: The request body must contain the parameter 'client_id'.";
        return oauth_error(StatusCode::BAD_REQUEST, "invalid_request", description);
    };
    let scope: String = form.get("scope").map_or("", String::as_str).chars().take(LONGEST_SCOPE).collect();
    let waiting = Waiting { application: application.clone(), scope };
    let address = address.map(|axum::Extension(ConnectInfo(address))| address.ip());
    match start(&state, waiting, address).await {
        Ok(Some(begun)) => told(&state, &begun),
        Ok(None) => {
            let description = "Too many devices wait for a sign-in; try again later.";
            oauth_error(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description)
        }
        Err(error) => {
            tracing::error!(%error, "the sign-in of a device could not begin");
            let description = "The server could not keep the sign-in; its log says why.";
            oauth_error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
        }
    }
}

fn oauth_error(status: StatusCode, code: &str, description: &str) -> Response {
    (status, Json(json!({ "error": code, "error_description": description }))).into_response()
}

/// What a device is told that begins.
fn told(state: &ArmState, begun: &Begun) -> Response {
    let Begun { user_code, device_code } = begun;
    let page = format!("{}/devicelogin", state.url);
    let message = format!(
        "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
    );
    let mut response = Json(json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "expires_in": LIFETIME.as_secs(),
        "interval": INTERVAL,
        "message": message,
    }))
    .into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `GET /devicelogin`.
pub(super) async fn page() -> Response {
    show(StatusCode::OK, "Enter the code that your device shows. Do not enter a code that somebody sent you.")
}

/// `POST /devicelogin`. Name and password come with the form, so that no other site can send it for somebody.
pub(super) async fn enter(
    State(state): State<ArmState>,
    address: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    body: Bytes,
) -> Response {
    let form: BTreeMap<String, String> = form_pairs(str::from_utf8(&body).unwrap_or_default()).collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str).trim();
    let address = address.map(|axum::Extension(ConnectInfo(address))| address.ip());
    let code: String = field("code").chars().filter(char::is_ascii_alphabetic).collect();
    // The password is compared whether the code is right or not: a wrong code is not told to strangers.
    let entered = match state.entrance.password(field("name"), field("password"), address).await {
        Ok(principal) => approve(&state, &code.to_ascii_uppercase(), &principal).await,
        Err(refusal) => Err(refusal),
    };
    match entered {
        Ok(true) => show(StatusCode::OK, "You have signed in on your device. You can close this page."),
        Ok(false) => show(
            StatusCode::BAD_REQUEST,
            "There is no such code, or it is too old. Begin again on your device.",
        ),
        Err(Refusal::Wrong) => show(StatusCode::UNAUTHORIZED, "The user name or the password is wrong."),
        Err(Refusal::TooMany(_)) => {
            show(StatusCode::TOO_MANY_REQUESTS, "Too many wrong passwords. Try again in some minutes.")
        }
        Err(Refusal::Failed(error)) => {
            tracing::error!(%error, "a device could not be signed in");
            show(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The server could not check who you are; its log says why.",
            )
        }
    }
}

/// The page, in the portal's style. Nothing of a request stands in it.
fn show(status: StatusCode, sentence: &'static str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Sign in a device · Lazaretto</title><link rel=\"stylesheet\" href=\"/portal/style.css\"></head>\
         <body><main><section class=\"notice\"><h1>Sign in a device</h1><p role=\"status\">{sentence}</p>\
         <form class=\"sign-in\" method=\"post\" action=\"/devicelogin\">\
         <label>Code <input name=\"code\" autocomplete=\"off\" autocapitalize=\"characters\" required autofocus></label>\
         <label>User name <input name=\"name\" autocomplete=\"username\" autocapitalize=\"none\" required></label>\
         <label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label>\
         <button class=\"primary\">Sign in</button></form></section></main></body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_made_of_letters_that_make_no_words() {
        let (first, second) = (user_code(), user_code());
        assert_ne!(first, second);
        assert_eq!(first.len(), 9);
        assert!(first.bytes().all(|letter| LETTERS.contains(&letter)), "{first}");
    }
}
