//! The error envelope of the resource manager, and the one table from errors to codes and statuses.
//!
//! `{"error": {"code", "message"}}`, with the codes that Azure's clients and scripts branch on.

use crate::Refusal;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArmError {
    #[error("Authentication failed. The 'Authorization' header is missing or its credentials do not hold.")]
    Unauthenticated,
    #[error("Too many wrong passwords. Try again in {0} seconds.")]
    TooMany(u64),
    /// The caller may not, or there is no such scope: which of the two is not told.
    #[error(
        "The client '{who}' with object id '{object}' does not have authorization to perform action '{action}' over \
         scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )]
    Forbidden { who: String, object: uuid::Uuid, action: &'static str, scope: String },
    /// The directory refuses: whether there is such an object is not told.
    #[error("Insufficient privileges to complete the operation.")]
    DirectoryDenied,
    #[error(
        "Resource '{0}' does not exist or one of its queried reference-property objects are not present."
    )]
    DirectoryNotFound(String),
    /// Something stands in the way.
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// Something is wrong that clients know by its code.
    #[error("{message}")]
    Refused { code: &'static str, message: String },
    #[error("The specified role definition with ID '{0}' does not exist.")]
    RoleDefinitionNotFound(String),
    #[error("The role assignment '{0}' is not found.")]
    RoleAssignmentNotFound(String),
    #[error("The subscription '{0}' could not be found.")]
    SubscriptionNotFound(String),
    #[error("Resource group '{0}' could not be found.")]
    ResourceGroupNotFound(String),
    #[error("The resource '{0}' was not found.")]
    ResourceNotFound(String),
    #[error("The assessment '{0}' was not found.")]
    AssessmentNotFound(String),
    #[error("There is no such path here: '{0}'.")]
    NoRoute(String),
    #[error("The resource namespace '{0}' is invalid.")]
    NoNamespace(String),
    #[error("The resource type '{kind}' could not be found in the namespace '{namespace}'.")]
    NoType { namespace: String, kind: String },
    #[error("'{0}' does not answer to this method.")]
    Method(String),
    #[error("The api-version query parameter (?api-version=) is required for all requests.")]
    MissingApiVersion,
    #[error(
        "The api-version '{0}' is invalid. It must be a date from '2014-04-01' on, such as '2021-06-01', with or without \
         '-preview'."
    )]
    InvalidApiVersion(String),
    #[error(
        "No registered resource provider found for API version '{version}' for type '{kind}'. Any version since \
         '{first}' is supported."
    )]
    OldApiVersion { version: String, kind: String, first: &'static str },
    /// The caller sends more requests than one may.
    #[error("Number of requests exceeded the limit. Please try again after '{seconds}' seconds.")]
    Throttled { is_in_subscription: bool, seconds: u64 },
    #[error("The resource id is invalid: {0}.")]
    InvalidId(#[from] access::ResourceIdError),
    #[error("{0}")]
    Invalid(String),
    #[error("The continuation token is not one that this list gave to this caller.")]
    InvalidSkipToken,
    /// The caller has asked Resource Graph as often as one may for now.
    #[error(
        "Your queries used up what one may ask for now. Try again in {} seconds, or ask for more rows at a time.",
        whole_seconds(.0.resets_after)
    )]
    QuotaSpent(graph::Quota),
    /// A query of Resource Graph that is wrong, or that was stopped.
    #[error("{0}")]
    Query(Box<graph::GraphError>),
    #[error("The server could not read its records; its log says why.")]
    Store(#[from] store::Error),
    #[error("The server could not check who this is; its log says why.")]
    Entrance(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Refusal> for ArmError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong => Self::Unauthenticated,
            Refusal::TooMany(seconds) => Self::TooMany(seconds),
            Refusal::Failed(source) => Self::Entrance(source),
        }
    }
}

impl ArmError {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "AuthenticationFailed"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
            Self::QuotaSpent(_) => (StatusCode::TOO_MANY_REQUESTS, "RateLimiting"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "AuthorizationFailed"),
            Self::DirectoryDenied => (StatusCode::FORBIDDEN, "Authorization_RequestDenied"),
            Self::DirectoryNotFound(_) => (StatusCode::NOT_FOUND, "Request_ResourceNotFound"),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, code),
            Self::Refused { code, .. } => (StatusCode::BAD_REQUEST, code),
            Self::RoleDefinitionNotFound(_) => (StatusCode::NOT_FOUND, "RoleDefinitionDoesNotExist"),
            Self::RoleAssignmentNotFound(_) => (StatusCode::NOT_FOUND, "RoleAssignmentNotFound"),
            Self::SubscriptionNotFound(_) => (StatusCode::NOT_FOUND, "SubscriptionNotFound"),
            Self::ResourceGroupNotFound(_) => (StatusCode::NOT_FOUND, "ResourceGroupNotFound"),
            Self::ResourceNotFound(_) => (StatusCode::NOT_FOUND, "ResourceNotFound"),
            Self::AssessmentNotFound(_) => (StatusCode::NOT_FOUND, "AssessmentNotFound"),
            Self::NoRoute(_) => (StatusCode::NOT_FOUND, "NotFound"),
            Self::NoNamespace(_) => (StatusCode::NOT_FOUND, "InvalidResourceNamespace"),
            Self::NoType { .. } => (StatusCode::NOT_FOUND, "InvalidResourceType"),
            Self::OldApiVersion { .. } => (StatusCode::BAD_REQUEST, "NoRegisteredProviderFound"),
            Self::Throttled { is_in_subscription: true, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "SubscriptionRequestsThrottled")
            }
            Self::Throttled { is_in_subscription: false, .. } => {
                (StatusCode::TOO_MANY_REQUESTS, "TenantRequestsThrottled")
            }
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            Self::MissingApiVersion => (StatusCode::BAD_REQUEST, "MissingApiVersionParameter"),
            Self::InvalidApiVersion(_) => (StatusCode::BAD_REQUEST, "InvalidApiVersionParameter"),
            Self::InvalidId(_) => (StatusCode::BAD_REQUEST, "InvalidResourceId"),
            Self::Invalid(_) | Self::Query(_) => (StatusCode::BAD_REQUEST, "BadRequest"),
            Self::InvalidSkipToken => (StatusCode::BAD_REQUEST, "InvalidSkipToken"),
            Self::Store(_) | Self::Entrance(_) => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        }
    }

    /// The answer. `authorization` says where to sign in: some clients find the tenant by it.
    pub(crate) fn answer(&self, authorization: &str) -> Response {
        let (status, code) = self.status_and_code();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %chain(self), "a request could not be answered");
        }
        let mut body = json!({"error": {"code": code, "message": self.to_string()}});
        if let Self::Query(error) = self {
            body["error"]["details"] = query_details(error);
        }
        let body = Json(body);
        let mut response = (status, body).into_response();
        if let Self::QuotaSpent(quota) = self {
            crate::resources::resource_graph::add_quota(&mut response, *quota);
            let seconds = HeaderValue::from(whole_seconds(quota.resets_after));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = format!(
                "Bearer authorization_uri=\"{authorization}\", error=\"invalid_token\", \
                 error_description=\"The token is missing or does not hold.\""
            );
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
        }
        if let Self::TooMany(seconds) | Self::Throttled { seconds, .. } = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
        response
    }
}

/// Seconds until a time is over: a client that waits so long is not early.
pub(crate) fn whole_seconds(time: std::time::Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// What is wrong with a query, in the form of Resource Graph: the first detail says so, the others say where.
fn query_details(error: &graph::GraphError) -> Value {
    let mut details = vec![json!({
        "code": "InvalidQuery",
        "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying.",
    })];
    match error {
        graph::GraphError::Query(diagnostics) => details.extend(diagnostics.iter().map(|diagnostic| {
            let is_syntax = diagnostic.code == kql::DiagnosticCode::Syntax;
            json!({
                "code": if is_syntax { "ParserFailure" } else { diagnostic.code.as_str() },
                "message": diagnostic.to_string(),
                "line": diagnostic.line,
                // Resource Graph counts letters from 0, and lines from 1.
                "characterPositionInLine": diagnostic.column.saturating_sub(1),
                "token": diagnostic.token,
                "expectedToken": diagnostic.expected.join(", "),
            })
        })),
        graph::GraphError::Evaluation(error) => {
            details.push(json!({"code": "ExecutionFailure", "message": error.to_string()}));
        }
        graph::GraphError::Store(_) => {}
    }
    Value::Array(details)
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
