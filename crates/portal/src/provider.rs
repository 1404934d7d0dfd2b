//! Signing in at a provider: the way there, and the way back.
//!
//! What belongs to a sign-in travels in a sealed cookie of this browser: so a stranger's code and state open nothing in
//! it (login CSRF), and nothing is kept for visitors who never come back. Number and secret of the sign-in are derived
//! from its state. A state is used up by the first success, whichever server sees it.

use crate::entrance::ProviderAttempt;
use crate::frame::frame;
use crate::return_path::ReturnPath;
use crate::session::{Session, cookie_value, random};
use crate::{Page, PageError, PortalState, ProviderError};
use access::Trail;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use maud::html;
use serde::Deserialize;
use serde_json::Value;
use std::net::SocketAddr;
use store::{Transient, TransientBounds, TransientPut};

pub(crate) const BEGIN: Page =
    Page { path: "/portal/sign-in/{provider}", action: None, handler: || get(begin) };
pub(crate) const FINISH: Page =
    Page { path: "/portal/sign-in/{provider}/callback", action: None, handler: finish_handler };

fn finish_handler() -> MethodRouter<PortalState> {
    get(finish)
}

/// How long somebody has to sign in at the provider.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
const COOKIE: &str = "lazaretto-sign-in";
const PURPOSE: &[&str] = &["portal-provider"];
/// The kind under which states are kept that were used up.
const USED: &str = "provider-state";
const USED_BOUNDS: TransientBounds = TransientBounds { all: 100_000, of_owner: 100_000 };

/// A sign-in that is on its way.
struct UnderWay {
    provider: String,
    state: String,
    expires: Timestamp,
    to: ReturnPath,
}

impl UnderWay {
    fn place(&self) -> String {
        format!("{}|{}|{}|{}", self.provider, self.state, self.expires.as_second(), self.to.as_str())
    }

    /// The sign-in of this browser, if it began here and is not too old.
    fn of(state: &PortalState, headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let place = state.seal.open(cookie_value(headers, COOKIE)?, PURPOSE)?;
        let mut parts = place.splitn(4, '|');
        let (provider, text) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let expires = Timestamp::from_second(parts.next()?.parse().ok()?).ok()?;
        let to = ReturnPath::parse(parts.next());
        (now < expires).then_some(Self { provider, state: text, expires, to })
    }

    /// Number and secret of the sign-in.
    fn secrets(&self, state: &PortalState) -> [String; 2] {
        ["nonce", "verifier"].map(|what| state.seal.derived_secret(&["provider", what, &self.state]))
    }
}

/// The page of a provider to which it sends the browser back.
fn redirect(state: &PortalState, provider: &str) -> String {
    format!("{}/portal/sign-in/{provider}/callback", state.url)
}

/// The cookie travels when the provider sends the browser back, which another site starts: so it is `Lax`, and opens
/// nothing by itself.
fn cookie(state: &PortalState, value: &str, seconds: i64) -> String {
    let secure = if state.secure { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/portal/sign-in; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
}

async fn begin(
    State(state): State<PortalState>,
    Path(provider): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let under_way = UnderWay {
        state: URL_SAFE_NO_PAD.encode(random::<32>()?),
        expires: Timestamp::now().checked_add(PATIENCE).map_err(|_| PageError::Session)?,
        to: ReturnPath::parse(wanted.to.as_deref()),
        provider,
    };
    let [nonce, verifier] = under_way.secrets(&state);
    let redirect = redirect(&state, &under_way.provider);
    let attempt =
        ProviderAttempt { redirect: &redirect, state: &under_way.state, nonce: &nonce, verifier: &verifier };
    let address = state.providers.begin(&under_way.provider, attempt).await?;
    let cookie = cookie(&state, &state.seal.seal(&under_way.place(), PURPOSE), PATIENCE.as_secs());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
}

/// What a provider sends the browser back with (RFC 6749, section 4.1.2).
#[derive(Deserialize)]
struct Brought {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn finish(
    State(state): State<PortalState>,
    Path(provider): Path<String>,
    Query(brought): Query<Brought>,
    info: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    trail: Option<axum::Extension<Trail>>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let under_way = UnderWay::of(&state, &headers, Timestamp::now())
        .filter(|under_way| under_way.provider == provider)
        .filter(|under_way| brought.state.as_deref() == Some(&*under_way.state))
        .ok_or(PageError::ForeignSignIn)?;
    if state.providers.is_mixed_up(&provider, brought.iss.as_deref()).await? {
        return Err(PageError::ForeignSignIn);
    }
    let code = code(&state, &provider, &brought)?;
    let [nonce, verifier] = under_way.secrets(&state);
    let redirect = redirect(&state, &provider);
    let attempt =
        ProviderAttempt { redirect: &redirect, state: &under_way.state, nonce: &nonce, verifier: &verifier };
    let address = info.map(|info| info.0.0.ip());
    let principal = state.providers.finish(&provider, attempt, code, address).await?;
    use_up(&state, &under_way).await?;
    if let Some(trail) = trail {
        trail.identified(&principal);
    }
    let session = Session::begin(&state, &principal, Some(&provider)).await?;
    // The session's cookie does not go along with what another site started, and a redirect still belongs to that: so
    // the way on begins on a page of ours.
    let body = html! {
        section.notice {
            h1 { "Signed in" }
            p { "You are signed in as " (principal.name) ". " a href=(under_way.to.as_str()) autofocus { "Continue" } }
        }
    };
    let cookies = AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, cookie(&state, "", 0))]);
    let on = [(header::REFRESH, format!("0; url={}", under_way.to.as_str()))];
    Ok((cookies, on, frame("Signed in", None, &body)).into_response())
}

/// The code, unless the provider sent an error.
fn code<'b>(state: &PortalState, provider: &str, brought: &'b Brought) -> Result<&'b str, PageError> {
    let refused = |why: String| {
        let title = state.providers.titles().into_iter().find(|one| one.name == provider);
        let title = title.map_or_else(|| provider.to_owned(), |one| one.title);
        PageError::Provider(ProviderError::Refused { title, why: why.chars().take(300).collect() })
    };
    match (&brought.error, &brought.code) {
        (Some(error), _) => Err(refused(match &brought.error_description {
            Some(description) => format!("{error}: {description}"),
            None => error.clone(),
        })),
        (None, Some(code)) if !code.is_empty() && code.len() <= 4096 => Ok(code),
        (None, _) => Err(refused("it sent no code".to_owned())),
    }
}

/// # Errors
/// When the state was used before, or the records fail.
async fn use_up(state: &PortalState, under_way: &UnderWay) -> Result<(), PageError> {
    let used = Transient {
        key: state.seal.derived_secret(&["provider", "used", &under_way.state]),
        owner: under_way.provider.clone(),
        body: Value::Null,
        expires_at: under_way.expires,
    };
    match state.store.add_transient(USED, used, USED_BOUNDS, Timestamp::now()).await? {
        TransientPut::Kept => Ok(()),
        TransientPut::Exists | TransientPut::Full => Err(PageError::ForeignSignIn),
    }
}
