//! The routes, and the way of a request through them.

use crate::caller::{self, Caller};
use crate::endpoint::Endpoint;
use crate::error::RegistryError;
use crate::query::Parameters;
use crate::route::{self, Operation};
use crate::{
    RegistryState, Site, blob, body, deleted, listing, manifest, metadata, referrers, token, upload,
};
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode, header};
use oci::RepositoryName;
use std::sync::Arc;
use store::RepositoryKey;

/// By this header clients recognise a registry.
const VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
/// Forms of the token service are small.
const FORM_BYTES: usize = 64 * 1024;

/// The routes of the registry: `/v2/…`, `/acr/v1/…` and `/oauth2/…`.
pub fn router(state: RegistryState) -> Router {
    let tokens = Router::new()
        .route("/oauth2/token", get(token::with_basic).post(token::with_form))
        .route("/oauth2/exchange", post(token::exchange))
        .layer(DefaultBodyLimit::max(FORM_BYTES));
    Router::new()
        .route("/v2", any(answer))
        .route("/v2/", any(answer))
        .route("/v2/{*rest}", any(answer))
        .route("/acr/v1/{*rest}", any(answer))
        .merge(tokens)
        .with_state(Arc::new(state))
}

/// An admitted request, with everything that an operation needs.
pub(crate) struct Admitted<'a> {
    pub(crate) state: &'a RegistryState,
    pub(crate) site: &'a Site,
    pub(crate) caller: Caller,
    pub(crate) parts: Parts,
    pub(crate) query: Parameters,
}

impl Admitted<'_> {
    /// A repository of this registry.
    pub(crate) fn key(&self, name: &RepositoryName) -> RepositoryKey {
        RepositoryKey { registry: self.site.registry.id, name: name.clone() }
    }

    /// Whether only the headers of the answer are wanted.
    pub(crate) fn is_head(&self) -> bool {
        self.parts.method == Method::HEAD
    }
}

async fn answer(State(state): State<Arc<RegistryState>>, request: Request) -> Response {
    let is_head = request.method() == Method::HEAD;
    let mut response = match serve(&state, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    if is_head {
        *response.body_mut() = Body::empty();
    }
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static("registry/2.0"));
    // Content is chosen by whoever pushed it; no browser may guess that it is a page.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn serve(state: &RegistryState, request: Request) -> Result<Response, RegistryError> {
    let (parts, body) = request.into_parts();
    let site = site(state, &parts).await?;
    let endpoint = Endpoint::parse(parts.uri.path())?;
    let route = route::find(&parts.method, endpoint.kind())?;
    let caller = match caller::admit(state, &site, &parts, route.need, endpoint.repository()).await {
        Ok(caller) => caller,
        Err(refusal) => {
            // Who waits for leave before the body sends none.
            if !parts.headers.contains_key(header::EXPECT) {
                body::drain(body, state.limits.body_idle).await;
            }
            return Err(refusal);
        }
    };
    state.count(&caller.principal.id.to_string())?;
    let query = Parameters::of(&parts.uri)?;
    let admitted = Admitted { state, site: &site, caller, parts, query };
    operate(&admitted, route.operation, endpoint, body).await
}

async fn operate(
    admitted: &Admitted<'_>,
    operation: Operation,
    endpoint: Endpoint,
    body: Body,
) -> Result<Response, RegistryError> {
    match (endpoint, operation) {
        (Endpoint::Base, Operation::Version) => Ok(version()),
        (Endpoint::Catalog, Operation::ListRepositories) => listing::repositories(admitted).await,
        (Endpoint::Tags(name), Operation::ListTags) => listing::tags(admitted, name).await,
        (Endpoint::Manifest(name, reference), Operation::ReadManifest) => {
            manifest::read(admitted, name, reference).await
        }
        (Endpoint::Manifest(name, reference), Operation::PutManifest) => {
            manifest::put(admitted, name, reference, body).await
        }
        (Endpoint::Manifest(name, reference), Operation::DeleteManifest) => {
            manifest::delete(admitted, name, reference).await
        }
        (Endpoint::Blob(name, digest), Operation::ReadBlob) => blob::read(admitted, name, digest).await,
        (Endpoint::Blob(name, digest), Operation::DeleteBlob) => blob::delete(admitted, name, digest).await,
        (Endpoint::Uploads(name), Operation::StartUpload) => upload::start(admitted, name, body).await,
        (Endpoint::Upload(name, id), Operation::ReadUpload) => upload::status(admitted, name, id).await,
        (Endpoint::Upload(name, id), Operation::ContinueUpload) => {
            upload::append(admitted, name, id, body).await
        }
        (Endpoint::Upload(name, id), Operation::FinishUpload) => {
            upload::finish(admitted, name, id, body).await
        }
        (Endpoint::Upload(name, id), Operation::CancelUpload) => upload::cancel(admitted, name, id).await,
        (Endpoint::Referrers(name, digest), Operation::ListReferrers) => {
            referrers::list(admitted, name, digest).await
        }
        (endpoint, operation) => describe(admitted, operation, endpoint, body).await,
    }
}

async fn describe(
    admitted: &Admitted<'_>,
    operation: Operation,
    endpoint: Endpoint,
    body: Body,
) -> Result<Response, RegistryError> {
    match (endpoint, operation) {
        (Endpoint::MetadataCatalog, Operation::ListCatalog) => listing::catalog(admitted).await,
        (Endpoint::MetadataRepository(name), Operation::DescribeRepository) => {
            metadata::repository(admitted, name).await
        }
        (Endpoint::MetadataRepository(name), Operation::ChangeRepository) => {
            metadata::change_repository(admitted, name, body).await
        }
        (Endpoint::MetadataRepository(name), Operation::DeleteRepository) => {
            metadata::delete_repository(admitted, name).await
        }
        (Endpoint::MetadataTags(name), Operation::DescribeTags) => metadata::tags(admitted, name).await,
        (Endpoint::MetadataTag(name, tag), Operation::DescribeTag) => {
            metadata::tag(admitted, name, tag).await
        }
        (Endpoint::MetadataTag(name, tag), Operation::ChangeTag) => {
            metadata::change_tag(admitted, name, tag, body).await
        }
        (Endpoint::MetadataTag(name, tag), Operation::Untag) => metadata::untag(admitted, name, tag).await,
        (Endpoint::MetadataManifests(name), Operation::DescribeManifests) => {
            metadata::manifests(admitted, name).await
        }
        (Endpoint::MetadataManifest(name, digest), Operation::DescribeManifest) => {
            metadata::manifest(admitted, name, digest).await
        }
        (Endpoint::MetadataManifest(name, digest), Operation::ChangeManifest) => {
            metadata::change_manifest(admitted, name, digest, body).await
        }
        (Endpoint::DeletedCatalog, Operation::ListDeletedCatalog) => deleted::catalog(admitted).await,
        (Endpoint::DeletedManifests(name), Operation::ListDeletedManifests) => {
            deleted::manifests(admitted, name).await
        }
        (Endpoint::DeletedTags(name), Operation::ListDeletedTags) => deleted::tags(admitted, name).await,
        (Endpoint::DeletedManifest(name, digest), Operation::RestoreManifest) => {
            deleted::restore(admitted, name, digest, body).await
        }
        // The table of routes pairs every operation with its endpoint.
        _ => Err(RegistryError::NoSuchEndpoint),
    }
}

/// The registry that a request means, by its host.
pub(crate) async fn site(state: &RegistryState, parts: &Parts) -> Result<Arc<Site>, RegistryError> {
    let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    state.directory.site(host).await?.ok_or(RegistryError::NoSuchRegistry)
}

fn version() -> Response {
    json(&serde_json::json!({}))
}

/// An answer in JSON.
pub(crate) fn json(value: &serde_json::Value) -> Response {
    let content_type = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, content_type)], value.to_string()).into_response()
}

/// An answer without a body.
pub(crate) fn empty<const N: usize>(status: StatusCode, headers: [(HeaderName, String); N]) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    add(&mut response, headers);
    response
}

/// Adds headers. What we put into them is made of digests, names and numbers, all of which headers can hold.
pub(crate) fn add<const N: usize>(response: &mut Response, headers: [(HeaderName, String); N]) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(name, value);
        }
    }
}
