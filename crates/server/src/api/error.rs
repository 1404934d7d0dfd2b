//! The error envelope of our own API: `{"error": {"code", "message"}}`, as Azure's clients know it.

use crate::installation::InstallationError;
use crate::sign_in::SignInError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nobody signed in, or with the wrong password.
    #[error("sign in: this needs an account (Basic authentication, or a token)")]
    Unauthenticated,
    /// Too many wrong passwords.
    #[error(transparent)]
    TooMany(#[from] access::TooManyAttempts),
    /// The caller may not do this.
    #[error("`{who}` may not perform `{action}` here; the owner can give a role that allows it")]
    Forbidden {
        /// The caller's name.
        who: String,
        /// The action.
        action: &'static str,
    },
    /// There is no such thing, or the caller may not know of it.
    #[error("there is no {0}")]
    NotFound(String),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The caller follows too much at the same time.
    #[error("too many streams are open; close one, or try again in a while")]
    TooManyStreams,
    /// It cannot be done as things stand now.
    #[error("{0}")]
    Conflict(String),
    /// The blobs failed.
    #[error("the server could not store this; its log says why")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No such method here.
    #[error("this path does not answer to that method")]
    Method,
    /// The records failed.
    #[error("the server could not read its records; its log says why")]
    Store(#[from] store::Error),
    /// The keys could not be changed.
    #[error("the signing keys could not be changed; the server's log says why")]
    Keys(#[source] InstallationError),
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::Unauthenticated,
            SignInError::TooMany(many) => Self::TooMany(many),
            SignInError::Store(error) => Self::Store(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "AuthenticationFailed"),
            Self::TooMany(_) | Self::TooManyStreams => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "AuthorizationFailed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "NotFound"),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "BadRequest"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "Conflict"),
            Self::Storage(error) => {
                tracing::error!(error = %chain(&**error), "something could not be stored");
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")
            }
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            Self::Store(_) | Self::Keys(_) => {
                tracing::error!(error = %chain(&self), "a request could not be answered");
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")
            }
        };
        let body = Json(json!({"error": {"code": code, "message": self.to_string()}}));
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        match &self {
            Self::Unauthenticated => {
                headers
                    .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"lazaretto\""));
            }
            Self::TooMany(many) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(many.retry_after_seconds));
            }
            Self::TooManyStreams => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            }
            Self::Forbidden { .. }
            | Self::NotFound(_)
            | Self::Invalid(_)
            | Self::Conflict(_)
            | Self::Storage(_)
            | Self::Method
            | Self::Store(_)
            | Self::Keys(_) => {}
        }
        response
    }
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// A body of JSON, with refusals in our own envelope.
pub(super) fn body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::Invalid(format!("the body is not the JSON that is needed: {error}")))
}

/// The parameters of a query, with refusals in our own envelope.
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> axum::extract::FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Self(query.0)).map_err(|error| ApiError::Invalid(error.body_text()))
    }
}

/// A name in the path, with refusals in our own envelope.
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut http::request::Parts, state: &S) -> Result<Self, ApiError> {
        let name = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        name.map(|name| Self(name.0)).map_err(|error| ApiError::Invalid(error.body_text()))
    }
}

pub(super) async fn not_found() -> ApiError {
    ApiError::NotFound("such path; /api/openapi.json lists them".into())
}

pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::Method
}
