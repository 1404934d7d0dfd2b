//! Sign-in of a device that has no browser (RFC 8628): it shows a code, and somebody enters it on our page together with
//! name and password.
//!
//! What waits is kept in the memory of one process, bounded and for a quarter of an hour.

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
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// How long somebody has to enter a code.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// How often a device may ask, in seconds.
const INTERVAL: u64 = 5;
/// More devices than this do not wait at a time.
const MOST: usize = 1000;
/// What a device wants is a few words.
const LONGEST_SCOPE: usize = 2048;
/// Consonants, so that no word comes of them: 20 letters, as RFC 8628 advises.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Where a device's sign-in stands.
#[derive(Debug, Clone)]
struct Waiting {
    device_code: String,
    application: String,
    /// What for, as the device said at the beginning.
    scope: String,
    expires: Timestamp,
    principal: Option<Principal>,
}

/// Sign-ins of devices, by the code that somebody enters.
#[derive(Debug, Clone, Default)]
pub struct DeviceCodes(Arc<Mutex<HashMap<String, Waiting>>>);

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

impl DeviceCodes {
    fn begin(&self, application: &str, scope: &str, now: Timestamp) -> Option<(String, String)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, waiting| now < waiting.expires);
        if all.len() >= MOST {
            return None;
        }
        let random = Uuid::new_v4().into_bytes();
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        let user_code: String =
            random.iter().take(6).chain(random.iter().skip(9).take(3)).map(letter).collect();
        let device_code = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let waiting = Waiting {
            device_code: device_code.clone(),
            application: application.to_owned(),
            scope: scope.to_owned(),
            expires: now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX),
            principal: None,
        };
        all.insert(user_code.clone(), waiting);
        Some((user_code, device_code))
    }

    fn approve(&self, user_code: &str, principal: Principal, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(user_code) {
            Some(waiting) if now < waiting.expires && waiting.principal.is_none() => {
                waiting.principal = Some(principal);
                true
            }
            Some(_) | None => false,
        }
    }

    /// What a device is told that asks with its code. A sign-in is told once.
    pub(super) fn ask(&self, device_code: &str, application: &str, now: Timestamp) -> Answer {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().find(|(_, waiting)| {
            waiting.device_code == device_code && waiting.application == application && now < waiting.expires
        });
        let Some((code, waiting)) = found.map(|(code, waiting)| (code.clone(), waiting.clone())) else {
            return Answer::Expired;
        };
        let Some(principal) = waiting.principal else { return Answer::Pending };
        all.remove(&code);
        Answer::Done { principal, scope: waiting.scope }
    }
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`.
pub(super) async fn begin(
    State(state): State<ArmState>,
    Path(tenant): Path<String>,
    body: Bytes,
) -> Response {
    if !is_tenant(&state, &tenant) {
        return unknown_tenant(&tenant);
    }
    let form: BTreeMap<String, String> = form_pairs(str::from_utf8(&body).unwrap_or_default()).collect();
    let Some(application) = form.get("client_id").filter(|id| !id.is_empty() && id.len() <= 128) else {
        let body = json!({
            "error": "invalid_request",
            "error_description": "AADSTS900144: The request body must contain the parameter 'client_id'.",
        });
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    };
    let scope: String = form.get("scope").map_or("", String::as_str).chars().take(LONGEST_SCOPE).collect();
    let begun = state.devices.begin(application, &scope, (state.clock)());
    let Some((user_code, device_code)) = begun else {
        let body = json!({
            "error": "temporarily_unavailable",
            "error_description": "Too many devices wait for a sign-in; try again later.",
        });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    };
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
    // The password is compared whether the code is right or not: a wrong code is not told to strangers.
    match state.entrance.password(field("name"), field("password"), address).await {
        Ok(principal) => {
            let code: String = field("code").chars().filter(char::is_ascii_alphabetic).collect();
            if state.devices.approve(&code.to_ascii_uppercase(), principal, (state.clock)()) {
                show(StatusCode::OK, "You have signed in on your device. You can close this page.")
            } else {
                show(
                    StatusCode::BAD_REQUEST,
                    "There is no such code, or it is too old. Begin again on your device.",
                )
            }
        }
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

/// The page. Nothing of a request stands in it.
fn show(status: StatusCode, sentence: &'static str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in a device</title>\
         <h1>Sign in a device</h1><p role=\"status\">{sentence}</p>\
         <form method=\"post\" action=\"/devicelogin\">\
         <p><label>Code <input name=\"code\" autocomplete=\"off\" required></label></p>\
         <p><label>User name <input name=\"name\" autocomplete=\"username\" required></label></p>\
         <p><label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label></p>\
         <p><button>Sign in</button></p></form></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::PrincipalKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn somebody() -> Principal {
        Principal { id: Uuid::from_u128(1), name: "owner".into(), kind: PrincipalKind::User }
    }

    #[test]
    fn a_sign_in_is_told_once_and_to_its_device() {
        let codes = DeviceCodes::default();
        let (user, device) = codes.begin("app", "openid", at(0)).unwrap();
        assert!(matches!(codes.ask(&device, "app", at(1)), Answer::Pending));
        assert!(!codes.approve("WRONG", somebody(), at(1)));
        assert!(codes.approve(&user, somebody(), at(1)));
        assert!(!codes.approve(&user, somebody(), at(1)), "nobody takes over a code that was entered");
        assert!(matches!(codes.ask(&device, "other", at(2)), Answer::Expired));
        assert!(matches!(codes.ask(&user, "app", at(2)), Answer::Expired));
        assert!(matches!(codes.ask(&device, "app", at(2)), Answer::Done { .. }));
        assert!(matches!(codes.ask(&device, "app", at(2)), Answer::Expired));
    }

    #[test]
    fn codes_grow_old_and_are_bounded() {
        let codes = DeviceCodes::default();
        let (user, device) = codes.begin("app", "openid", at(0)).unwrap();
        assert!(!codes.approve(&user, somebody(), at(900)));
        assert!(matches!(codes.ask(&device, "app", at(900)), Answer::Expired));
        for _ in 0..MOST {
            assert!(codes.begin("app", "openid", at(1000)).is_some());
        }
        assert!(codes.begin("app", "openid", at(1000)).is_none());
        assert!(codes.begin("app", "openid", at(2000)).is_some());
    }
}
