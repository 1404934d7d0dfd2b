//! One registry with one image that has one finding, visitors with different roles, and requests without a network.

use access::{
    Assignment, AuthorizationRequest, PageSeal, PendingRequest, Principal, PrincipalKind, ResourceId,
    ResponseMode, RoleId,
};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use oci::Digest;
use portal::{Entrance, PortalState, ProviderAttempt, ProviderError, ProviderTitle, Providers, Refusal};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use store::{
    Charge, FindingRow, FindingVerdict, ImageRecord, ImageState, ImageSummary, PackageFindings, PackagePlace,
    PackageVersion, PutManifest, PutOutcome, SnapshotVersion, SqliteStore, Store, SubscriptionId,
    Vulnerability, testing,
};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const PASSWORD: &str = "open-sesame";

/// The visitors, their roles, and in which subscription they have them.
const VISITORS: &[(&str, RoleId, &str)] = &[
    ("security-reader", RoleId::SECURITY_READER, "00000000-0000-0000-0000-000000000abc"),
    ("puller", RoleId::ACR_PULL, "00000000-0000-0000-0000-000000000abc"),
    ("foreigner", RoleId::OWNER, "00000000-0000-0000-0000-00000000beef"),
];

struct Visitors;

fn principal(name: &str) -> Principal {
    Principal {
        id: Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes()),
        name: name.into(),
        kind: PrincipalKind::User,
    }
}

#[async_trait]
impl Entrance for Visitors {
    async fn password(&self, name: &str, word: &str, _: Option<IpAddr>) -> Result<Principal, Refusal> {
        if word == PASSWORD { Ok(principal(name)) } else { Err(Refusal::Wrong) }
    }

    async fn generation(&self, _: &Principal) -> Result<i64, store::Error> {
        Ok(0)
    }

    async fn session(&self, id: Uuid, _: i64) -> Result<Option<Principal>, store::Error> {
        let names = VISITORS.iter().map(|(name, ..)| *name).chain(["owner", "nobody"]);
        Ok(names.map(principal).find(|principal| principal.id == id))
    }

    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, store::Error> {
        let own = VISITORS.iter().filter(|(name, ..)| *name == principal.name);
        let assignment = |(_, role, subscription): &(&str, RoleId, &str)| {
            let scope = ResourceId::parse(&format!("/subscriptions/{subscription}")).unwrap();
            Assignment::new(principal.id, *role, scope)
        };
        Ok(own.map(assignment).collect())
    }
}

/// A provider that knows everybody by the name that they bring as their code.
struct Corporation;

#[async_trait]
impl Providers for Corporation {
    fn titles(&self) -> Vec<ProviderTitle> {
        vec![ProviderTitle { name: "corp".into(), title: "Example Corporation".into() }]
    }

    async fn begin(&self, provider: &str, attempt: ProviderAttempt<'_>) -> Result<String, ProviderError> {
        match provider {
            "corp" => Ok(format!(
                "https://login.example.com/?state={}&nonce={}&verifier={}&redirect={}",
                attempt.state, attempt.nonce, attempt.verifier, attempt.redirect
            )),
            _ => Err(ProviderError::Unknown),
        }
    }

    async fn finish(
        &self,
        _: &str,
        attempt: ProviderAttempt<'_>,
        code: &str,
        _: Option<IpAddr>,
    ) -> Result<Principal, ProviderError> {
        // As a real one does, it holds what comes against what began.
        match code.strip_prefix(attempt.nonce) {
            Some(name) => Ok(principal(name)),
            None => Err(ProviderError::Refused { title: "Example Corporation".into(), why: "no".into() }),
        }
    }

    async fn is_mixed_up(&self, _: &str, issuer: Option<&str>) -> Result<bool, ProviderError> {
        Ok(issuer.is_some_and(|issuer| issuer != "https://login.example.com"))
    }

    async fn leave(&self, _: &str) -> Option<String> {
        Some("https://login.example.com/leave".into())
    }
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    /// The first cookie, as a browser sends it back.
    pub(crate) cookie: Option<String>,
    /// All of them, as they came.
    pub(crate) cookies: Vec<String>,
    pub(crate) refresh: Option<String>,
    pub(crate) policy: String,
    pub(crate) referrer: Option<String>,
    pub(crate) body: String,
}

pub(crate) struct House {
    pub(crate) digest: Digest,
    pub(crate) store: Arc<dyn Store>,
    router: Router,
    _folder: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        store.install(testing::installation("Lazaretto"), now()).await.unwrap();
        let digest = furnish(&*store).await;
        let router = portal::router(PortalState {
            store: store.clone(),
            entrance: Arc::new(Visitors),
            providers: Arc::new(Corporation),
            url: "http://lazaretto.test".into(),
            seal: seal(),
            secure: false,
            tenant: Uuid::from_u128(0x777),
            price: Some("0.25 EUR".parse().unwrap()),
            scan_plan: "ContainerRegistry",
            advisories: Arc::new(|| "one advisory is in force".into()),
        });
        Self { digest, store, router, _folder: folder }
    }

    /// The cookie of somebody's session.
    pub(crate) async fn sign_in(&self, name: &str) -> String {
        let form = format!("name={name}&password={PASSWORD}");
        self.post("/portal/sign-in", &form, None).await.cookie.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, session: Option<&str>) -> Answer {
        let mut request = Request::get(path);
        if let Some(session) = session {
            request = request.header("cookie", session);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, form: &str, origin: Option<&str>) -> Answer {
        self.send_form(path, form, origin, None).await
    }

    pub(crate) async fn send_form(
        &self,
        path: &str,
        form: &str,
        origin: Option<&str>,
        session: Option<&str>,
    ) -> Answer {
        let mut request = Request::post(path)
            .header("host", "lazaretto.test")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(session) = session {
            request = request.header("cookie", session);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A form over HTTP/2: the host stands in the address alone.
    pub(crate) async fn post_to(&self, address: &str, form: &str, origin: &str) -> Answer {
        let request = Request::post(address)
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let header = |name: &str| text(&parts.headers, name);
        let cookies = parts.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap().to_owned());
        let cookies: Vec<String> = cookies.collect();
        let cookie = cookies.first().and_then(|cookie| cookie.split(';').next().map(str::to_owned));
        Answer {
            status: parts.status,
            location: header("location"),
            cookie,
            cookies,
            refresh: header("refresh"),
            referrer: header("referrer-policy"),
            policy: header("content-security-policy").unwrap_or_default(),
            body: String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        }
    }
}

pub(crate) fn seal() -> PageSeal {
    PageSeal::new(&[7; 32])
}

/// What an application asks for, as the endpoint of the sign-in seals it.
pub(crate) fn sealed_request(mode: ResponseMode) -> String {
    let request = AuthorizationRequest {
        client: "az".into(),
        client_name: Some("Azure <CLI>".into()),
        is_confidential: false,
        redirect: "http://localhost:8400/back?x=1".into(),
        mode,
        state: Some("a state".into()),
        scope: "openid".into(),
        nonce: None,
        challenge: None,
    };
    PendingRequest::new(request, Timestamp::now()).seal(&seal()).unwrap()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// Puts `team/app:1` into the registry: an image with one package that has one finding.
async fn furnish(store: &dyn Store) -> Digest {
    let registry = store.registry_by_name("lazaretto").await.unwrap().unwrap().id;
    let manifest = PutManifest {
        tags: vec!["1".parse().unwrap()],
        ..testing::push(registry, "team/app", "a manifest", now())
    };
    let image = testing::image_of(&manifest);
    let digest = image.digest.clone();
    let outcome = store.put_manifest(manifest).await.unwrap();
    assert!(matches!(outcome, PutOutcome::Stored { .. }));
    let summary = ImageSummary {
        counts: BTreeMap::from([("Unknown".to_owned(), 1)]),
        platform: Some("linux/amd64".into()),
        assessed_at: Some(now()),
        ..ImageSummary::begun(image, ImageState::Unhealthy, now())
    };
    store.put_summary(summary).await.unwrap();
    add_finding(store, &digest).await;
    let charge = Charge {
        subscription: SubscriptionId(Uuid::from_u128(0xabc)),
        digest: digest.clone(),
        registry,
        repository: "team/app".parse().unwrap(),
        in_trial: false,
        at: now(),
    };
    store.charge(charge).await.unwrap();
    digest
}

/// Gives the image one package with one finding.
async fn add_finding(store: &dyn Store, digest: &Digest) {
    let ecosystem = inventory::Ecosystem::new("Alpine:v3.99");
    let package = PackageVersion {
        ecosystem: Some(ecosystem.clone()),
        kind: inventory::PackageKind::Apk,
        name: "busybox".into(),
        version: "1.0-r0".into(),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    };
    let place =
        PackagePlace { package, layer: Digest::of_sha256(b"layer"), path: "lib/apk/db/installed".into() };
    let record = ImageRecord {
        digest: digest.clone(),
        distribution: Value::Null,
        platform: Some("linux/amd64".into()),
        obstacles: json!([]),
        basis: serde_json::json!({ "causes": [] }),
        indexer_version: 1,
        isolation: Value::Null,
        at: now(),
        lineage: store::Lineage::default(),
        packages: vec![place],
    };
    let (package_version, _) = store.record_image(record).await.unwrap().versions.remove(0);
    let finding = FindingRow {
        vulnerability: "CVE-2099-0001".into(),
        verdict: FindingVerdict::Affected,
        fixed: Some("2.0-r0".into()),
        advisories: vec!["ALPINE-CVE-2099-0001".into()],
        evidence: json!({
            "rule": "1.0-r0 is before 2.0-r0", "remediation": "apk add --upgrade 'busybox>=2.0-r0'",
            "patchable": true, "aliases": [], "category": "Alpine", "advisories": [],
        }),
    };
    let vulnerability = Vulnerability {
        id: "CVE-2099-0001".into(),
        ecosystem,
        severity: "Unknown".into(),
        score: None,
        record: json!({"id": "CVE-2099-0001", "title": "<script>alert(1)</script>"}),
    };
    let findings =
        vec![PackageFindings { package_version, findings: vec![finding], reasons: BTreeMap::new() }];
    let snapshot = SnapshotVersion("one".into());
    store.record_findings(&snapshot, findings, vec![vulnerability], now()).await.unwrap();
}
