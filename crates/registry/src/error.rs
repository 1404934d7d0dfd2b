//! Everything that a registry answers when it does not do what it was asked, in one table.
//!
//! Codes are those of the distribution specification, with a few that registries have added in practice.
//! The message is for the client. What broke inside is logged here, once, and not told.

use crate::challenge::Challenge;
use crate::{AuthorityError, CollectionError};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use oci::{Digest, DigestError, ManifestError, MediaTypeError, NameError, ReferenceError, TagError};
use serde_json::{Value, json};
use store::{AttributeTarget, BlobError, Lock};

/// The error codes of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    Denied,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PaginationNumberInvalid,
    RangeInvalid,
    SizeInvalid,
    TagInvalid,
    TagUnknown,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unsupported,
}

impl Code {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::Denied => "DENIED",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::PaginationNumberInvalid => "PAGINATION_NUMBER_INVALID",
            Self::RangeInvalid => "RANGE_INVALID",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::TagInvalid => "TAG_INVALID",
            Self::TagUnknown => "TAG_UNKNOWN",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Unsupported => "UNSUPPORTED",
        }
    }
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("there is no such endpoint")]
    NoSuchEndpoint,
    #[error("this endpoint does not have that method; it has {allowed}")]
    Method { allowed: String },
    #[error("there is no registry at this host")]
    NoSuchRegistry,
    #[error("the path is not percent-encoded correctly")]
    Encoding,
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Tag(#[from] TagError),
    #[error(transparent)]
    Digest(#[from] DigestError),
    #[error("the query cannot be read")]
    Query,
    #[error("`{0}` is needed in the query")]
    Parameter(&'static str),
    #[error("`n` must be a number that is not negative")]
    PageSize,
    #[error("authentication required, visit https://aka.ms/acr/authorization for more information.")]
    Unauthenticated(Box<Challenge>),
    #[error("you may not do this here; ask the owner of the registry for the role")]
    Denied,
    #[error("too many failed sign-in attempts; try again in {retry_after_seconds} seconds")]
    TooManyAttempts { retry_after_seconds: u64 },
    #[error(transparent)]
    TooManyRequests(#[from] access::TooManyRequests),
    #[error("user name, password or token is wrong")]
    WrongCredentials,
    #[error("the token request is not understood: {0}")]
    TokenRequest(&'static str),
    #[error("the image is held back: {0}")]
    Held(String),
    #[error("the operation is disallowed on this registry, repository or image")]
    Locked(Lock),
    #[error("the change of attributes cannot be read: {0}")]
    AttributeChange(String),
    #[error("there is no such tag")]
    TagUnknown,
    #[error("there is no repository of this name")]
    RepositoryUnknown,
    #[error("there is no such manifest")]
    ManifestUnknown,
    #[error("there is no such blob in this repository")]
    BlobUnknown,
    #[error("there is no such upload; begin a new one")]
    UploadUnknown,
    #[error("a manifest has at most {} bytes", oci::MAXIMUM_MANIFEST_BYTES)]
    ManifestLarge,
    #[error("the Content-Type is missing or no media type: {0}")]
    ContentType(MediaTypeError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the index lists {digest} with another media type or size than it has")]
    ChildDiffers { digest: Digest },
    #[error("indexes are nested too deeply or list too many others")]
    Nesting,
    #[error("the manifest refers to content that this repository does not have; push it first")]
    MissingReferences(Vec<Digest>),
    #[error("the content has the digest {actual}, not {expected}")]
    DigestMismatch { expected: Digest, actual: Digest },
    #[error("`Content-Range` is not of the form `start-end`")]
    ContentRange,
    #[error("the body does not have the length that `Content-Range` promises")]
    ChunkLength,
    #[error("the upload stands at offset {offset}; continue there")]
    OutOfOrder { location: String, upload: String, offset: u64 },
    #[error("the range lies outside of the blob, which has {size} bytes")]
    RangeUnsatisfiable { size: u64 },
    #[error("the body could not be read to its end")]
    BodyBroken,
    #[error("no bytes arrived for too long")]
    BodyIdle,
    #[error("the blob is larger than the {limit} bytes that are allowed")]
    BlobLarge { limit: u64 },
    #[error("another request is using this upload")]
    UploadBusy,
    #[error(transparent)]
    Quota(store::Error),
    #[error("the tag points at another manifest; restore with `force=true` to move it")]
    TagTaken,
    #[error("the wish to restore cannot be read: {0}")]
    RestoreRequest(&'static str),
    #[error("the records are out of order; try again later")]
    Store(#[source] store::Error),
    #[error("the blob storage is out of order; try again later")]
    Blobs(#[source] BlobError),
    #[error("a blob that is recorded is not in the storage")]
    BlobLost { digest: Digest },
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("no random numbers can be had")]
    Random(#[source] getrandom::Error),
}

impl From<store::Error> for RegistryError {
    fn from(error: store::Error) -> Self {
        let is_quota =
            matches!(error, store::Error::OverQuota { .. } | store::Error::TooManyReferrers { .. });
        if is_quota { Self::Quota(error) } else { Self::Store(error) }
    }
}

impl From<BlobError> for RegistryError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::UploadUnknown(_) => Self::UploadUnknown,
            BlobError::UploadBusy(_) => Self::UploadBusy,
            BlobError::TooLarge { limit } => Self::BlobLarge { limit },
            BlobError::DigestMismatch { expected, actual } => Self::DigestMismatch { expected, actual },
            BlobError::Body { source, .. } if source.kind() == std::io::ErrorKind::TimedOut => Self::BodyIdle,
            BlobError::Body { .. } => Self::BodyBroken,
            // Somebody else appended meanwhile.
            BlobError::OffsetMismatch { .. } => Self::UploadBusy,
            BlobError::Storage { .. } => Self::Blobs(error),
            _ => Self::Blobs(error),
        }
    }
}

impl From<CollectionError> for RegistryError {
    fn from(error: CollectionError) -> Self {
        match error {
            CollectionError::Store(error) => error.into(),
            CollectionError::Blobs(error) => error.into(),
        }
    }
}

impl RegistryError {
    /// The table: status and code of each error.
    fn answer(&self) -> (StatusCode, Code) {
        match self {
            Self::NoSuchEndpoint => (StatusCode::NOT_FOUND, Code::Unsupported),
            Self::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported),
            Self::NoSuchRegistry | Self::RepositoryUnknown => (StatusCode::NOT_FOUND, Code::NameUnknown),
            Self::Encoding | Self::Name(_) => (StatusCode::BAD_REQUEST, Code::NameInvalid),
            Self::Reference(ReferenceError::Tag(_)) | Self::Tag(_) => {
                (StatusCode::BAD_REQUEST, Code::TagInvalid)
            }
            Self::Reference(ReferenceError::Digest(_)) | Self::Digest(_) | Self::DigestMismatch { .. } => {
                (StatusCode::BAD_REQUEST, Code::DigestInvalid)
            }
            Self::Query | Self::Parameter(_) | Self::TokenRequest(_) => {
                (StatusCode::BAD_REQUEST, Code::Unsupported)
            }
            Self::PageSize => (StatusCode::BAD_REQUEST, Code::PaginationNumberInvalid),
            Self::Unauthenticated(_) | Self::WrongCredentials => {
                (StatusCode::UNAUTHORIZED, Code::Unauthorized)
            }
            Self::Denied | Self::Held(_) | Self::Quota(_) => (StatusCode::FORBIDDEN, Code::Denied),
            Self::TagTaken => (StatusCode::CONFLICT, Code::TagInvalid),
            Self::RestoreRequest(_) => (StatusCode::BAD_REQUEST, Code::Unsupported),
            Self::TooManyAttempts { .. } | Self::TooManyRequests(_) => {
                (StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests)
            }
            // Azure's registry answers so, and `az` does not try 405 again.
            Self::Locked(_) => (StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported),
            Self::AttributeChange(_) => (StatusCode::BAD_REQUEST, Code::Unsupported),
            Self::TagUnknown => (StatusCode::NOT_FOUND, Code::TagUnknown),
            Self::ManifestUnknown => (StatusCode::NOT_FOUND, Code::ManifestUnknown),
            Self::BlobUnknown => (StatusCode::NOT_FOUND, Code::BlobUnknown),
            Self::UploadUnknown => (StatusCode::NOT_FOUND, Code::BlobUploadUnknown),
            Self::ManifestLarge | Self::Manifest(ManifestError::Large(_)) => {
                (StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid)
            }
            Self::ContentType(_) | Self::Manifest(_) | Self::ChildDiffers { .. } | Self::Nesting => {
                (StatusCode::BAD_REQUEST, Code::ManifestInvalid)
            }
            Self::MissingReferences(_) => (StatusCode::NOT_FOUND, Code::ManifestBlobUnknown),
            Self::ContentRange | Self::BodyBroken => (StatusCode::BAD_REQUEST, Code::BlobUploadInvalid),
            Self::ChunkLength => (StatusCode::BAD_REQUEST, Code::SizeInvalid),
            Self::OutOfOrder { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, Code::BlobUploadInvalid),
            Self::RangeUnsatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, Code::RangeInvalid),
            Self::BodyIdle => (StatusCode::REQUEST_TIMEOUT, Code::BlobUploadInvalid),
            Self::BlobLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid),
            Self::UploadBusy => (StatusCode::CONFLICT, Code::BlobUploadInvalid),
            Self::Store(_)
            | Self::Blobs(_)
            | Self::BlobLost { .. }
            | Self::Authority(_)
            | Self::Random(_) => (StatusCode::INTERNAL_SERVER_ERROR, Code::Unavailable),
        }
    }

    /// The status that is answered.
    pub(crate) fn status(&self) -> StatusCode {
        self.answer().0
    }

    /// The code of the wire.
    #[cfg(test)]
    pub(crate) fn code(&self) -> Code {
        self.answer().1
    }

    /// What a program can read beside the message.
    fn detail(&self) -> Value {
        if let Self::Unauthenticated(challenge) = self {
            challenge.detail()
        } else if let Self::MissingReferences(digests) = self {
            digests.iter().map(|digest| json!({ "digest": digest })).collect()
        } else if let Self::Locked(lock) = self {
            let (kind, name) = match &lock.target {
                AttributeTarget::Repository => ("repository", ""),
                AttributeTarget::Manifest(digest) => ("manifest", digest.as_str()),
                AttributeTarget::Tag(tag) => ("tag", tag.as_str()),
            };
            json!({ "kind": kind, "name": name, "attribute": lock.switch.as_str() })
        } else if let Self::DigestMismatch { expected, actual } = self {
            json!({ "expected": expected, "actual": actual })
        } else {
            Value::Null
        }
    }

    /// The headers that belong to an error.
    fn headers(&self) -> Vec<(HeaderName, String)> {
        if let Self::Unauthenticated(challenge) = self {
            vec![(header::WWW_AUTHENTICATE, challenge.to_string())]
        } else if let Self::Method { allowed } = self {
            vec![(header::ALLOW, allowed.clone())]
        } else if let Self::TooManyAttempts { retry_after_seconds } = self {
            vec![(header::RETRY_AFTER, retry_after_seconds.to_string())]
        } else if let Self::TooManyRequests(many) = self {
            vec![(header::RETRY_AFTER, many.retry_after_seconds.to_string())]
        } else if let Self::OutOfOrder { location, upload, offset } = self {
            vec![
                (header::LOCATION, location.clone()),
                (header::RANGE, crate::upload::received(*offset)),
                (crate::upload::UPLOAD_ID, upload.clone()),
            ]
        } else if let Self::RangeUnsatisfiable { size } = self {
            vec![(header::CONTENT_RANGE, format!("bytes */{size}"))]
        } else {
            Vec::new()
        }
    }
}

impl IntoResponse for RegistryError {
    fn into_response(self) -> Response {
        let (status, code) = self.answer();
        if status.is_server_error() {
            tracing::error!(error = &self as &dyn std::error::Error, "a registry request failed");
        }
        let mut error = json!({ "code": code.as_str(), "message": self.to_string() });
        let detail = self.detail();
        if !detail.is_null() {
            error["detail"] = detail;
        }
        let mut response = Response::new(Body::from(json!({ "errors": [error] }).to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        for (name, value) in self.headers() {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
