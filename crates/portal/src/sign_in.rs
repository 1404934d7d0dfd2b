//! The pages on which somebody signs in, by name and password or at a provider, and out.

use crate::entrance::Refusal;
use crate::frame::{encode_value, frame};
use crate::return_path::ReturnPath;
use crate::session::{SentTo, Session, no_session};
use crate::{Page, PageError, PortalState};
use access::Trail;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use jiff::Timestamp;
use maud::html;
use serde::Deserialize;
use std::net::SocketAddr;

pub(crate) const SIGN_IN: Page = Page { path: "/portal/sign-in", action: None, handler: sign_in_handler };
pub(crate) const SIGN_OUT: Page = Page { path: "/portal/sign-out", action: None, handler: sign_out_handler };

fn sign_in_handler() -> MethodRouter<PortalState> {
    get(show).post(sign_in)
}

fn sign_out_handler() -> MethodRouter<PortalState> {
    post(sign_out)
}

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
}

async fn show(State(state): State<PortalState>, Query(wanted): Query<Wanted>) -> Response {
    form(&state, &ReturnPath::parse(wanted.to.as_deref()), None)
}

/// The page, with what is wrong and after how many seconds it may be tried again.
fn form(state: &PortalState, to: &ReturnPath, refusal: Option<&Refusal>) -> Response {
    let providers = state.providers.titles();
    let body = html! {
        section.notice {
            h1 { "Sign in" }
            @if let Some(refusal) = refusal { p.wrong role="alert" { (refusal) } }
            @if !providers.is_empty() {
                div.providers {
                    @for provider in &providers {
                        a.button.primary href={ "/portal/sign-in/" (encode_value(&provider.name)) "?to=" (encode_value(to.as_str())) } {
                            "Sign in with " (provider.title)
                        }
                    }
                }
                p.faint { "Or with an account of this server:" }
            }
            form.sign-in method="post" action="/portal/sign-in" {
                @if to.as_str() != "/portal/" { input type="hidden" name="to" value=(to.as_str()); }
                label { "User name" input name="name" autocomplete="username" autocapitalize="none" required autofocus; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required; }
                button.primary { "Sign in" }
            }
        }
    };
    let page = frame("Sign in", None, &body);
    match refusal {
        None => page.into_response(),
        Some(Refusal::TooMany(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], page)
                .into_response()
        }
        Some(Refusal::Wrong | Refusal::Store(_)) => (StatusCode::UNAUTHORIZED, page).into_response(),
    }
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    to: Option<String>,
}

async fn sign_in(
    State(state): State<PortalState>,
    info: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    trail: Option<axum::Extension<Trail>>,
    sent: SentTo,
    Form(given): Form<Credentials>,
) -> Result<Response, PageError> {
    sent.own(&state)?;
    let to = ReturnPath::parse(given.to.as_deref());
    let address = info.map(|info| info.0.0.ip());
    let principal = match state.entrance.password(&given.name, &given.password, address).await {
        Ok(principal) => principal,
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(refusal) => return Ok(form(&state, &to, Some(&refusal))),
    };
    if let Some(trail) = trail {
        trail.identified(&principal);
    }
    let cookie = Session::begin(&state, &principal, None).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to.as_str())).into_response())
}

/// Ends the session here. Where a provider said who it was, the visitor is shown the way out there: it may have been a
/// computer that others use.
async fn sign_out(
    State(state): State<PortalState>,
    sent: SentTo,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    sent.own(&state)?;
    let session = Session::of(&state, &headers, Timestamp::now());
    let mut provider = None;
    if let Some(session) = session {
        session.end(&state).await?;
        provider = session.provider;
    }
    let gone = [(header::SET_COOKIE, no_session(&state))];
    let Some(provider) = provider else {
        return Ok((gone, Redirect::to("/portal/sign-in")).into_response());
    };
    let title = state.providers.titles().into_iter().find(|one| one.name == provider).map(|one| one.title);
    let (title, elsewhere) = (title.unwrap_or(provider.clone()), state.providers.leave(&provider).await);
    let body = html! {
        section.notice {
            h1 { "Signed out" }
            p { "You are signed out here, and still signed in at " (title) "." }
            @if let Some(address) = elsewhere { p { a.button href=(address) rel="noreferrer" { "Sign out of " (title) " too" } } }
            p { a href="/portal/sign-in" { "Sign in again" } }
        }
    };
    Ok((gone, frame("Signed out", None, &body)).into_response())
}
