//! A registry for one test: SQLite and a folder, an authority in memory, and requests without a network.

use access::token::RegistryAccess;
use access::{Principal, PrincipalKind};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use oci::{Digest, MediaType, RepositoryName};
use registry::{
    Authority, AuthorityError, Grant, IssuedToken, Permission, RegistryState, SignIn, SingleRegistry, Site,
    router,
};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use store::{Blobs, FolderBlobs, Installation, SqliteStore, Store, SubscriptionId, TenantId};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt;
use uuid::Uuid;

/// The password of everybody.
const PASSWORD: &str = "open sesame";

/// Who does not sign in. This one may pull where somebody has given the right to pull from `public`.
pub(crate) const NOBODY: &str = "nobody";

/// Who may do what, and the tokens that were given, in memory.
#[derive(Default)]
pub(crate) struct Roll {
    /// User, repository (`*` for all, empty for the registry itself) and right.
    rights: Mutex<HashSet<(String, String, Permission)>>,
    tokens: Mutex<HashMap<String, Grant>>,
    refreshing: Mutex<HashMap<String, Principal>>,
}

impl Roll {
    pub(crate) fn give(&self, user: &str, repository: &str, permission: Permission) {
        self.rights.lock().unwrap().insert((user.into(), repository.into(), permission));
    }

    pub(crate) fn take(&self, user: &str, repository: &str, permission: Permission) {
        self.rights.lock().unwrap().remove(&(user.into(), repository.into(), permission));
    }
}

fn principal(user: &str) -> Principal {
    Principal {
        id: Uuid::new_v5(&Uuid::NAMESPACE_DNS, user.as_bytes()),
        name: user.into(),
        kind: PrincipalKind::User,
    }
}

#[async_trait]
impl Authority for Roll {
    async fn authenticate_basic(
        &self,
        _: &Site,
        user: &str,
        password: &str,
        _: Option<IpAddr>,
    ) -> Result<SignIn, AuthorityError> {
        Ok(match password {
            PASSWORD => SignIn::Known(principal(user)),
            "too often" => SignIn::TooMany { retry_after_seconds: 7 },
            _ => SignIn::Wrong,
        })
    }

    async fn allowed(
        &self,
        _: &Site,
        principal: &Principal,
        permission: Permission,
        repository: Option<&RepositoryName>,
    ) -> Result<bool, AuthorityError> {
        let rights = self.rights.lock().unwrap();
        let name = repository.map_or("", RepositoryName::as_str);
        let has = |name: &str| rights.contains(&(principal.name.clone(), name.to_owned(), permission));
        Ok(has(name) || (repository.is_some() && has("*")))
    }

    async fn issue_access(
        &self,
        _: &Site,
        principal: &Principal,
        access: Vec<RegistryAccess>,
    ) -> Result<IssuedToken, AuthorityError> {
        let token = format!("access-{}", Uuid::new_v4());
        let grant = Grant { principal: principal.clone(), access };
        self.tokens.lock().unwrap().insert(token.clone(), grant);
        Ok(IssuedToken { token, expires_in: 4500 })
    }

    async fn issue_refresh(&self, _: &Site, principal: &Principal) -> Result<IssuedToken, AuthorityError> {
        let token = format!("refresh-{}", Uuid::new_v4());
        self.refreshing.lock().unwrap().insert(token.clone(), principal.clone());
        Ok(IssuedToken { token, expires_in: 10_800 })
    }

    async fn verify_access(&self, _: &Site, token: &str) -> Result<Option<Grant>, AuthorityError> {
        Ok(self.tokens.lock().unwrap().get(token).cloned())
    }

    async fn verify_refresh(&self, _: &Site, token: &str) -> Result<Option<Principal>, AuthorityError> {
        Ok(self.refreshing.lock().unwrap().get(token).cloned())
    }

    async fn anonymous(&self, site: &Site) -> Result<Option<Principal>, AuthorityError> {
        let nobody = principal(NOBODY);
        let pulls = self.allowed(site, &nobody, Permission::Pull, Some(&"public".parse().unwrap())).await?;
        Ok(pulls.then_some(nobody))
    }

    async fn verify_identity_refresh(
        &self,
        _: &Site,
        token: &str,
    ) -> Result<Option<Principal>, AuthorityError> {
        Ok(token.strip_prefix("renew-").map(principal))
    }

    async fn verify_identity(&self, _: &Site, token: &str) -> Result<Option<Principal>, AuthorityError> {
        Ok(token.strip_prefix("identity-").map(principal))
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }

    /// Status and code in one line, to compare with.
    pub(crate) fn refusal(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.code())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

/// A registry with its folder.
pub(crate) struct Harness {
    pub(crate) state: RegistryState,
    pub(crate) roll: Arc<Roll>,
    pub(crate) folder: Option<TempDir>,
}

impl Harness {
    /// A registry in which `owner` may do everything, `reader` may pull, and `pusher` may pull and push.
    pub(crate) async fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap()).await
    }

    /// A registry over a folder that may have been used before.
    pub(crate) async fn in_folder(folder: TempDir) -> Self {
        let harness = Self::over(folder.path()).await;
        Self { folder: Some(folder), ..harness }
    }

    /// The same over a folder that somebody else takes away.
    pub(crate) async fn over(folder: &Path) -> Self {
        let roll = Arc::new(Roll::default());
        roll.give("owner", "", Permission::Catalog);
        roll.give("owner", "", Permission::DeletedCatalog);
        for permission in Permission::OF_REPOSITORY {
            roll.give("owner", "*", permission);
        }
        for user in ["reader", "pusher"] {
            roll.give(user, "*", Permission::MetadataRead);
        }
        roll.give("reader", "*", Permission::Pull);
        roll.give("pusher", "*", Permission::Pull);
        roll.give("pusher", "*", Permission::Push);
        let state = state(folder, "http://registry.test", roll.clone()).await;
        Self { state, roll, folder: None }
    }

    /// A registry that listens on a port of this machine, and the host under which it does.
    pub(crate) async fn listening() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let mut harness = Self::new().await;
        let folder = harness.folder.as_ref().unwrap().path().join("served");
        std::fs::create_dir(&folder).unwrap();
        harness.state = state(&folder, &format!("http://{host}"), harness.roll.clone()).await;
        let router = harness.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (harness, host)
    }

    pub(crate) fn router(&self) -> Router {
        router(self.state.clone())
    }

    /// Sends a request with everything given.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request of a user, with a password.
    pub(crate) async fn call(
        &self,
        user: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let basic = basic(user);
        let request = Request::builder().method(method).uri(path).header("authorization", basic);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("owner", Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.call("owner", Method::HEAD, path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.call("owner", Method::POST, path, &[], body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("owner", Method::DELETE, path, &[], Body::empty()).await
    }

    pub(crate) async fn patch(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        self.call("owner", Method::PATCH, path, headers, body).await
    }

    pub(crate) async fn put(&self, path: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        self.call("owner", Method::PUT, path, &[("content-type", media_type)], body).await
    }

    /// Begins an upload and returns where it goes on.
    pub(crate) async fn begin(&self, repository: &str) -> String {
        let path = format!("/v2/{repository}/blobs/uploads/");
        self.post(&path, "").await.expect(202).header("location").to_owned()
    }

    pub(crate) async fn push_blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::of_sha256(content);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        self.post(&path, content.to_vec()).await.expect(201);
        digest
    }

    /// Pushes an image of one layer under a tag, and returns its digest and bytes.
    pub(crate) async fn push_image(&self, repository: &str, tag: &str, layer: &[u8]) -> (Digest, String) {
        let manifest = self.prepare_image(repository, layer, &json!({})).await;
        let path = format!("/v2/{repository}/manifests/{tag}");
        self.put(&path, MediaType::OCI_MANIFEST, manifest.clone()).await.expect(201);
        (Digest::of_sha256(manifest.as_bytes()), manifest)
    }

    /// Pushes the blobs of an image, and returns its manifest with more members.
    pub(crate) async fn prepare_image(&self, repository: &str, layer: &[u8], members: &Value) -> String {
        self.push_blob(repository, b"{}").await;
        self.push_blob(repository, layer).await;
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_MANIFEST,
            "config": descriptor(MediaType::OCI_CONFIG, b"{}"),
            "layers": [descriptor(MediaType::OCI_LAYER_GZIP, layer)],
        });
        for (key, value) in members.as_object().unwrap() {
            manifest[key] = value.clone();
        }
        manifest.to_string()
    }
}

/// A descriptor of content.
pub(crate) fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of_sha256(content), "size": content.len() })
}

/// The Basic header of a user.
pub(crate) fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{PASSWORD}")))
}

/// A registry's state over a folder.
pub(crate) async fn state(folder: &Path, base_url: &str, roll: Arc<Roll>) -> RegistryState {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.join("records.db")).unwrap());
    let blobs: Arc<dyn Blobs> = Arc::new(FolderBlobs::open(&folder.join("blobs")).unwrap());
    let subscription = SubscriptionId(Uuid::from_u128(2));
    let installation = Installation {
        tenant: TenantId(Uuid::from_u128(1)),
        subscription,
        subscription_name: "test".into(),
        resource_group: "test".into(),
        registry: "harbour".into(),
        login_server: "registry.test".into(),
        location: "local".into(),
    };
    store.install(installation, Timestamp::UNIX_EPOCH).await.unwrap();
    let registry = store.registry_by_name("harbour").await.unwrap().unwrap();
    let site = Site { registry, base_url: base_url.into() };
    RegistryState::new(store, blobs, roll, Arc::new(SingleRegistry(Arc::new(site))))
}
