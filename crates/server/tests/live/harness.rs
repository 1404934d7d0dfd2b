//! A server in this process, and short words to talk to it.

use access::{RoleId, password};
use jiff::Timestamp;
use oci::Digest;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use server::{Configuration, Overrides, Running};
use std::sync::Arc;
use std::time::Duration;
use store::{Account, AccountKind, PrincipalId, Registry, RoleAssignment, SqliteStore, Store};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &[u8] = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

/// A running server. It scans nothing: that needs the jail, and is tested elsewhere.
pub(crate) struct Server {
    pub(crate) running: Option<Running>,
    pub(crate) url: String,
    /// The same records, opened once more.
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: Registry,
    pub(crate) http: reqwest::Client,
    _folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Overrides { outbound_allow: Some(vec!["127.0.0.0/8".into()]), ..Overrides::default() })
            .await
    }

    pub(crate) async fn with(overrides: Overrides) -> Self {
        Self::configured(overrides, |_| {}).await
    }

    /// One that waits for nobody for long, so that a test need not wait either until it gives somebody up. Whoever is slow
    /// because the machine is busy is given up as well: `serves` asks again.
    pub(crate) async fn impatient() -> Self {
        let configure = |configuration: &mut Configuration| {
            configuration.patience.headers = Duration::from_millis(700);
            configuration.patience.body = Duration::from_secs(2);
        };
        Self::configured(Overrides::default(), configure).await
    }

    /// One with a configuration that has no words among the options.
    pub(crate) async fn configured(overrides: Overrides, configure: impl FnOnce(&mut Configuration)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let given = Overrides {
            data: Some(folder.path().join("data")),
            listen: Some("127.0.0.1:0".parse().unwrap()),
            workers: Some(0),
            // No test reaches for the sources of advisories.
            advisory_update_hours: Some(0),
            ..overrides
        };
        let mut configuration = Configuration::from_overrides(given).unwrap();
        configuration.admin_password = Some(PASSWORD.into());
        configure(&mut configuration);
        let database = configuration.database.clone();
        let running = server::start(configuration).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&database).unwrap());
        let registry = store.registry_by_name("lazaretto").await.unwrap().unwrap();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url: running.url().to_owned(), running: Some(running), store, registry, http, _folder: folder }
    }

    pub(crate) fn host(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// An account with a role at the subscription; none, if no role is named.
    pub(crate) async fn account(&self, name: &str, role: Option<RoleId>) {
        let account = Account {
            principal: PrincipalId(Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes())),
            name: name.into(),
            secret_hash: password::hash(PASSWORD, &[7; 16]).unwrap().as_str().to_owned(),
            kind: AccountKind::User,
            created_at: Timestamp::UNIX_EPOCH,
            display_name: String::new(),
            enabled: true,
            generation: 0,
        };
        let account = self.store.put_account(account).await.unwrap();
        if let Some(role) = role {
            let scope = format!("/subscriptions/{}", self.registry.subscription);
            let role = store::RoleId(role.0);
            let assignment = RoleAssignment { principal: account.principal, role, scope };
            self.store.assign_role(assignment).await.unwrap();
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) fn as_user(&self, user: &str, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).basic_auth(user, Some(PASSWORD))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.as_user("admin", Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}"))
    }

    pub(crate) async fn push_blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::of_sha256(content);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        let answer = self.as_user("admin", Method::POST, &path).body(content.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        digest
    }

    pub(crate) async fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        kind: &str,
        body: &Value,
    ) -> Digest {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let text = body.to_string();
        let digest = Digest::of_sha256(text.as_bytes());
        let request = self.as_user("admin", Method::PUT, &path).header("content-type", kind);
        let answer = request.header("user-agent", "docker/27").body(text).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        digest
    }

    /// Pushes an image of one layer, and returns its digest.
    pub(crate) async fn push_image(&self, repository: &str, tag: &str, layer: &[u8]) -> Digest {
        let manifest = self.image(repository, layer).await;
        self.put_manifest(repository, tag, MANIFEST, &manifest).await
    }

    /// Pushes the blobs of an image, and returns its manifest.
    pub(crate) async fn image(&self, repository: &str, layer: &[u8]) -> Value {
        self.push_blob(repository, CONFIG).await;
        self.push_blob(repository, layer).await;
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
        })
    }
}

/// A descriptor of content.
pub(crate) fn descriptor(kind: &str, content: &[u8]) -> Value {
    json!({ "mediaType": kind, "digest": Digest::of_sha256(content), "size": content.len() })
}
