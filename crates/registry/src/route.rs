//! The table of routes: what each method does on each endpoint, and which right it needs.
//!
//! A test walks it and refuses a route that lets somebody in without that right.

use crate::error::RegistryError;
use crate::{EndpointKind, Permission};
use http::Method;

/// What a route needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To be signed in.
    SignedIn,
    /// The right to list repositories.
    Catalog,
    /// The right to list repositories with something to restore.
    DeletedCatalog,
    /// A right in the repository of the path.
    Repository(Permission),
}

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Says that this is a registry, and that the caller is signed in.
    Version,
    /// Lists repositories.
    ListRepositories,
    /// Lists tags.
    ListTags,
    /// Reads a manifest.
    ReadManifest,
    /// Stores a manifest.
    PutManifest,
    /// Deletes a manifest or a tag.
    DeleteManifest,
    /// Reads a blob.
    ReadBlob,
    /// Takes a blob out of a repository.
    DeleteBlob,
    /// Begins an upload, mounts a blob, or uploads a blob at once.
    StartUpload,
    /// Says how far an upload is.
    ReadUpload,
    /// Continues an upload.
    ContinueUpload,
    /// Ends an upload: it becomes a blob.
    FinishUpload,
    /// Gives an upload up.
    CancelUpload,
    /// Lists what is about a manifest.
    ListReferrers,
    /// Lists repositories, by the metadata API.
    ListCatalog,
    /// Tells what is known of a repository.
    DescribeRepository,
    /// Changes what may be done with a repository.
    ChangeRepository,
    /// Deletes a repository.
    DeleteRepository,
    /// Tells what is known of tags.
    DescribeTags,
    /// Tells what is known of a tag.
    DescribeTag,
    /// Changes what may be done with a tag.
    ChangeTag,
    /// Deletes a tag, and not its manifest.
    Untag,
    /// Tells what is known of manifests.
    DescribeManifests,
    /// Tells what is known of a manifest.
    DescribeManifest,
    /// Changes what may be done with a manifest, and its quarantine.
    ChangeManifest,
    /// Lists repositories with something to restore.
    ListDeletedCatalog,
    /// Lists manifests that can be restored.
    ListDeletedManifests,
    /// Lists the tags that manifests had that can be restored.
    ListDeletedTags,
    /// Restores a manifest.
    RestoreManifest,
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The endpoint.
    pub endpoint: EndpointKind,
    /// What it does.
    pub operation: Operation,
    /// What it needs.
    pub need: Need,
}

const PULL: Need = Need::Repository(Permission::Pull);
const PUSH: Need = Need::Repository(Permission::Push);
const DELETE: Need = Need::Repository(Permission::Delete);
const DESCRIBE: Need = Need::Repository(Permission::MetadataRead);
const CHANGE: Need = Need::Repository(Permission::MetadataWrite);
const READ_DELETED: Need = Need::Repository(Permission::DeletedRead);
const RESTORE: Need = Need::Repository(Permission::DeletedRestore);

const fn route(method: Method, endpoint: EndpointKind, operation: Operation, need: Need) -> Route {
    Route { method, endpoint, operation, need }
}

/// Every route of `/v2/` and `/acr/v1/`.
pub static ROUTES: &[Route] = &[
    route(Method::GET, EndpointKind::Base, Operation::Version, Need::SignedIn),
    route(Method::HEAD, EndpointKind::Base, Operation::Version, Need::SignedIn),
    route(Method::GET, EndpointKind::Catalog, Operation::ListRepositories, Need::Catalog),
    route(Method::GET, EndpointKind::Tags, Operation::ListTags, PULL),
    route(Method::GET, EndpointKind::Manifest, Operation::ReadManifest, PULL),
    route(Method::HEAD, EndpointKind::Manifest, Operation::ReadManifest, PULL),
    route(Method::PUT, EndpointKind::Manifest, Operation::PutManifest, PUSH),
    route(Method::DELETE, EndpointKind::Manifest, Operation::DeleteManifest, DELETE),
    route(Method::GET, EndpointKind::Blob, Operation::ReadBlob, PULL),
    route(Method::HEAD, EndpointKind::Blob, Operation::ReadBlob, PULL),
    route(Method::DELETE, EndpointKind::Blob, Operation::DeleteBlob, DELETE),
    route(Method::POST, EndpointKind::Uploads, Operation::StartUpload, PUSH),
    route(Method::GET, EndpointKind::Upload, Operation::ReadUpload, PUSH),
    route(Method::PATCH, EndpointKind::Upload, Operation::ContinueUpload, PUSH),
    route(Method::PUT, EndpointKind::Upload, Operation::FinishUpload, PUSH),
    route(Method::DELETE, EndpointKind::Upload, Operation::CancelUpload, PUSH),
    route(Method::GET, EndpointKind::Referrers, Operation::ListReferrers, PULL),
    route(Method::GET, EndpointKind::MetadataCatalog, Operation::ListCatalog, Need::Catalog),
    route(Method::GET, EndpointKind::MetadataRepository, Operation::DescribeRepository, DESCRIBE),
    route(Method::PATCH, EndpointKind::MetadataRepository, Operation::ChangeRepository, CHANGE),
    route(Method::DELETE, EndpointKind::MetadataRepository, Operation::DeleteRepository, DELETE),
    route(Method::GET, EndpointKind::MetadataTags, Operation::DescribeTags, DESCRIBE),
    route(Method::GET, EndpointKind::MetadataTag, Operation::DescribeTag, DESCRIBE),
    route(Method::PATCH, EndpointKind::MetadataTag, Operation::ChangeTag, CHANGE),
    route(Method::DELETE, EndpointKind::MetadataTag, Operation::Untag, DELETE),
    route(Method::GET, EndpointKind::MetadataManifests, Operation::DescribeManifests, DESCRIBE),
    route(Method::GET, EndpointKind::MetadataManifest, Operation::DescribeManifest, DESCRIBE),
    route(Method::PATCH, EndpointKind::MetadataManifest, Operation::ChangeManifest, CHANGE),
    route(Method::GET, EndpointKind::DeletedCatalog, Operation::ListDeletedCatalog, Need::DeletedCatalog),
    route(Method::GET, EndpointKind::DeletedManifests, Operation::ListDeletedManifests, READ_DELETED),
    route(Method::GET, EndpointKind::DeletedTags, Operation::ListDeletedTags, READ_DELETED),
    route(Method::POST, EndpointKind::DeletedManifest, Operation::RestoreManifest, RESTORE),
];

/// The route of a request.
pub(crate) fn find(method: &Method, endpoint: EndpointKind) -> Result<&'static Route, RegistryError> {
    let of_endpoint = || ROUTES.iter().filter(|route| route.endpoint == endpoint);
    of_endpoint().find(|route| route.method == method).ok_or_else(|| RegistryError::Method {
        allowed: of_endpoint().map(|route| route.method.as_str()).collect::<Vec<_>>().join(", "),
    })
}
