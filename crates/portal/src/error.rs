//! What a visitor sees when a page cannot be shown.

use crate::ProviderError;
use crate::frame::frame;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nobody signed in; the address of the page to do it.
    #[error("sign in first")]
    SignInFirst(String),
    /// The visitor may not see this.
    #[error("your roles do not let you see this; the owner can give you one that does")]
    Forbidden,
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The form came from somewhere else.
    #[error("this form was not sent from this portal")]
    ForeignForm,
    /// What was asked for makes no sense; a sentence.
    #[error("{0}")]
    Invalid(String),
    /// A sign-in that did not begin here, or is over.
    #[error("this sign-in was not begun in this browser, is too old, or was used already; begin again")]
    ForeignSignIn,
    /// A provider let the visitor not in.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The visitor has too many codes for applications at a time.
    #[error("too many applications ask for you at a time; try again in some minutes")]
    TooManyCodes,
    /// The records failed.
    #[error("the server could not read its records; its log says why")]
    Store(#[from] store::Error),
    /// The system has no randomness, or a seal could not be made.
    #[error("the sign-in could not be kept")]
    Session,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::SignInFirst(page) => return Redirect::to(page).into_response(),
            Self::Forbidden | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::ForeignSignIn | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::TooManyCodes => StatusCode::TOO_MANY_REQUESTS,
            Self::Provider(error) => provider(error),
            Self::Store(error) => {
                tracing::error!(%error, "a page could not be shown");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Session => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = html! {
            section.notice {
                h1 { (status.canonical_reason().unwrap_or("Error")) }
                p role="alert" { (sentence(&self.to_string())) }
                // Whoever may see nothing would come back here from the overview.
                @if matches!(self, Self::Forbidden) {
                    p { a href="/portal/sign-in" { "Sign in as somebody else" } }
                } @else {
                    p { a href="/portal/" { "Back to the overview" } }
                }
            }
        };
        (status, frame("Error", None, &body)).into_response()
    }
}

fn provider(error: &ProviderError) -> StatusCode {
    match error {
        ProviderError::Unknown => StatusCode::NOT_FOUND,
        ProviderError::Unusable { title, why } => {
            tracing::warn!(provider = title, why, "a sign-in provider cannot be used");
            StatusCode::BAD_GATEWAY
        }
        ProviderError::Untrusted { title, source } => {
            tracing::warn!(provider = title, error = %source, "an identity token is not trusted");
            StatusCode::FORBIDDEN
        }
        ProviderError::Refused { .. } | ProviderError::NotAdmitted { .. } | ProviderError::Disabled(_) => {
            StatusCode::FORBIDDEN
        }
        ProviderError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        ProviderError::Store(error) => {
            tracing::error!(%error, "a sign-in at a provider could not be finished");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// An error as a sentence for people.
fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
