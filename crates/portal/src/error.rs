//! What a visitor sees when a page cannot be shown.

use crate::frame::frame;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Nobody signed in.
    #[error("sign in first")]
    SignInFirst,
    /// The visitor may not see this.
    #[error("your roles do not let you see this; the owner can give you one that does")]
    Forbidden,
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The form came from somewhere else.
    #[error("this form was not sent from this portal")]
    ForeignForm,
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
            Self::SignInFirst => return Redirect::to("/portal/sign-in").into_response(),
            Self::Forbidden | Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Store(error) => {
                tracing::error!(%error, "a page could not be shown");
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Session => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let body = html! {
            section.notice {
                h1 { (status.canonical_reason().unwrap_or("Error")) }
                p { (self) }
                p { a href="/portal/" { "Back to the overview" } }
            }
        };
        (status, frame("Error", None, &body)).into_response()
    }
}
