//! A small estate: one registry with images in every state, people with different roles, and requests without a network.

use access::token::ArmTokenUse;
use access::{Assignment, PageSeal, Principal, PrincipalKind, RateLimiter, RatePolicy, ResourceId, RoleId};
use arm::{ArmState, Entrance, IssuedTokens, Refusal};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use store::{
    Actor, Cause, FindingRow, FindingVerdict, ImageKey, ImageRecord, ImageState, ImageSummary, NewRegistry,
    PackageFindings, PackagePlace, PackageVersion, PrincipalId, PutManifest, PutOutcome, RegistryId,
    SnapshotVersion, SqliteStore, Store, Subscription, SubscriptionId, TenantId, Vulnerability, testing,
};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) const URL: &str = "https://lazaretto.test";
pub(crate) const KEY: &str = "dbd0cb49-b563-45e7-9724-889e799fa648";
/// The kind of assessments that is defined in an estate that is furnished.
pub(crate) const DEFINED: &str = "00000000-0000-0000-0000-0000000000cc";
const PASSWORD: &str = "open sesame";

/// The people, their roles, and where they have them; `{registry}` is the registry.
const PEOPLE: &[(&str, RoleId, &str)] = &[
    ("admin", RoleId::OWNER, "/"),
    ("owner", RoleId::OWNER, "{subscription}"),
    ("reader", RoleId::READER, "{subscription}"),
    ("security-reader", RoleId::SECURITY_READER, "{subscription}"),
    ("security-admin", RoleId::SECURITY_ADMIN, "{subscription}"),
    ("registry-reader", RoleId::READER, "{registry}"),
    ("puller", RoleId::ACR_PULL, "{registry}"),
    ("foreigner", RoleId::OWNER, "/subscriptions/00000000-0000-0000-0000-00000000beef"),
];

/// The moment at which everything happens.
pub(crate) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// Their roles, and what the records give them beside.
struct People(Arc<dyn Store>);

pub(crate) fn principal(name: &str) -> Principal {
    Principal {
        id: Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes()),
        name: name.into(),
        kind: PrincipalKind::User,
    }
}

pub(crate) fn subscription() -> String {
    format!("/subscriptions/{}", Uuid::from_u128(0xabc))
}

pub(crate) fn group() -> String {
    format!("{}/resourceGroups/rg", subscription())
}

pub(crate) fn registry() -> String {
    format!("{}/providers/Microsoft.ContainerRegistry/registries/Lazaretto", group())
}

#[async_trait]
impl Entrance for People {
    async fn password(&self, name: &str, word: &str, _: Option<IpAddr>) -> Result<Principal, Refusal> {
        match word {
            PASSWORD => Ok(principal(name)),
            "too often" => Err(Refusal::TooMany(7)),
            "broken" => Err(Refusal::Failed("the records are gone".into())),
            _ => Err(Refusal::Wrong),
        }
    }

    async fn token(
        &self,
        token: &str,
        kind: ArmTokenUse,
        audiences: &[&str],
    ) -> Result<Option<Principal>, Refusal> {
        // A token of these tests is for the resource manager, unless it says that it is for the directory.
        let (token, audience) = match token.strip_prefix("graph-") {
            Some(token) => (token, format!("{URL}/graph")),
            None => (token, URL.to_owned()),
        };
        if !audiences.contains(&audience.as_str()) {
            return Ok(None);
        }
        let mark = match kind {
            ArmTokenUse::Access => "access-",
            ArmTokenUse::Refresh => "refresh-",
        };
        Ok(token.strip_prefix(mark).map(principal))
    }

    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, Refusal> {
        let own = PEOPLE.iter().filter(|(name, ..)| *name == principal.name);
        let assignment = |(_, role, scope): &(&str, RoleId, &str)| {
            let scope = scope.replace("{subscription}", &subscription()).replace("{registry}", &registry());
            Assignment::new(principal.id, *role, ResourceId::parse(&scope).unwrap())
        };
        let mut all: Vec<Assignment> = own.map(assignment).collect();
        for given in self.0.role_assignments(PrincipalId(principal.id)).await? {
            let scope = ResourceId::parse(&given.scope).unwrap();
            all.push(Assignment::new(principal.id, RoleId(given.role.0), scope));
        }
        Ok(all)
    }

    async fn issue(&self, principal: &Principal, audience: &str) -> Result<Option<IssuedTokens>, Refusal> {
        let name = &principal.name;
        Ok((audience == URL).then(|| IssuedTokens {
            access: format!("access-{name}"),
            refresh: Some(format!("refresh-{name}")),
            expires_in: 4500,
        }))
    }

    async fn session(&self, id: Uuid, generation: i64) -> Result<Option<Principal>, Refusal> {
        let found = PEOPLE.iter().map(|(name, ..)| principal(name)).find(|principal| principal.id == id);
        Ok(found.filter(|_| generation == 0))
    }

    async fn generation(&self, _: &Principal) -> Result<i64, Refusal> {
        Ok(0)
    }

    async fn assertion(
        &self,
        program: &str,
        assertion: &str,
        audiences: &[&str],
    ) -> Result<Principal, Refusal> {
        let endpoint = format!("{URL}/common/oauth2/v2.0/token");
        match assertion == "signed" && audiences.contains(&endpoint.as_str()) {
            true => Ok(principal(program)),
            false => Err(Refusal::Wrong),
        }
    }

    async fn identity_token(
        &self,
        principal: &Principal,
        application: &str,
        nonce: Option<&str>,
    ) -> Result<String, Refusal> {
        Ok(format!("id of {} for {application} {}", principal.name, nonce.unwrap_or_default()))
    }

    async fn hash(&self, word: &str) -> Result<String, Refusal> {
        Ok(format!("hash of {word}"))
    }

    fn jwks(&self) -> Value {
        json!({"keys": [{"kid": "one"}]})
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:#?}");
        self
    }

    /// The code of the error.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

pub(crate) struct Estate {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: RegistryId,
    pub(crate) seal: PageSeal,
    router: Router,
    _folder: TempDir,
}

impl Estate {
    /// An empty registry.
    pub(crate) async fn new() -> Self {
        Self::limited(None).await
    }

    /// An empty registry, of whose management one may ask so much.
    pub(crate) async fn limited(rates: Option<RatePolicy>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records.sqlite");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file).unwrap());
        let installation = testing::installation("Lazaretto");
        let installation = store.install(installation, now()).await.unwrap();
        let registry = store.registry_by_name("lazaretto").await.unwrap().unwrap().id;
        let seal = PageSeal::new(&[7; 32]);
        let router = arm::router(ArmState {
            store: store.clone(),
            entrance: Arc::new(People(store.clone())),
            seal: seal.clone(),
            desk: Arc::default(),
            url: URL.into(),
            issuer: format!("{URL}/{}/", installation.tenant).into(),
            installation: Arc::new(installation),
            registry_suffix: "lazaretto.test".into(),
            scan_plan: "ContainerRegistry",
            sends_mail: true,
            rates: rates.map(|policy| Arc::new(Mutex::new(RateLimiter::new(policy)))),
            clock: now,
        });
        Self { store, registry, seal, router, _folder: folder }
    }

    /// The same with a second subscription, of which the foreigner is the owner, and a registry in it.
    pub(crate) async fn with_foreign() -> Self {
        let estate = Self::furnished().await;
        let id = SubscriptionId(Uuid::from_u128(0xbeef));
        let tenant = TenantId(Uuid::from_u128(0x777));
        let foreign = Subscription { id, name: "Elsewhere".into(), tenant };
        assert!(estate.store.create_subscription(foreign).await.unwrap());
        let registry = NewRegistry {
            subscription: id,
            resource_group: "rg".into(),
            name: "Foreign".into(),
            login_server: "foreign.lazaretto.test".into(),
            location: "local".into(),
        };
        let created = estate.store.create_registry(registry, &Actor("foreigner".into()), now()).await;
        assert!(created.unwrap().is_some());
        estate
    }

    /// A registry with one image in each state.
    pub(crate) async fn furnished() -> Self {
        let estate = Self::new().await;
        estate.image("clean", ImageState::Healthy, None).await;
        estate.image("queued", ImageState::Queued, None).await;
        let why = Cause { code: "EmptyImage".into(), sentence: "The image has no layers.".into() };
        estate.image("void", ImageState::NotApplicable, Some(why)).await;
        let ill = estate.image("team/app", ImageState::Unhealthy, None).await;
        estate
            .findings(
                &ill,
                &[
                    ("busybox", "CVE-2021-28831"),
                    ("ssl_client", "CVE-2021-28831"),
                    ("musl", "CVE-2020-28928"),
                ],
            )
            .await;
        // A kind of assessments that somebody defined.
        let kind = json!({"displayName": "Signed", "severity": "Low", "assessmentType": "CustomerManaged"});
        let (subscription, actor) = (SubscriptionId(Uuid::from_u128(0xabc)), Actor("owner".into()));
        estate.store.put_assessment_kind(subscription, DEFINED, kind, actor, now()).await.unwrap();
        estate
    }

    /// An image in a state.
    pub(crate) async fn image(&self, repository: &str, state: ImageState, cause: Option<Cause>) -> ImageKey {
        let manifest = PutManifest {
            tags: vec!["1".parse().unwrap()],
            ..testing::push(self.registry, repository, format!("manifest of {repository}"), now())
        };
        let image = testing::image_of(&manifest);
        let outcome = self.store.put_manifest(manifest).await.unwrap();
        assert!(matches!(outcome, PutOutcome::Stored { .. }));
        let counts: &[(&str, u64)] =
            if state == ImageState::Unhealthy { &[("Critical", 1), ("Medium", 2)] } else { &[] };
        let counts = counts.iter().map(|(severity, count)| ((*severity).to_owned(), *count)).collect();
        let summary = ImageSummary {
            image: image.clone(),
            state,
            cause,
            counts,
            platform: Some("linux/amd64".into()),
            isolation: Value::Null,
            first_seen: now(),
            changed_at: now() + SignedDuration::from_mins(1),
            assessed_at: Some(now()),
            snapshot: None,
            children: Vec::new(),
        };
        assert!(self.store.put_summary(summary).await.unwrap());
        image
    }

    /// Packages in an image, each with a vulnerability.
    pub(crate) async fn findings(&self, image: &ImageKey, found: &[(&str, &str)]) {
        let package = |name: &str| PackageVersion {
            ecosystem: Some(inventory::Ecosystem::new("Alpine:v3.13")),
            kind: inventory::PackageKind::Apk,
            name: name.to_owned(),
            version: "1.0-r0".to_owned(),
            source: None,
            module: None,
            owner: None,
            architecture: None,
        };
        let place = |(name, _): &(&str, &str)| PackagePlace {
            package: package(name),
            layer: Digest::of_sha256(b"layer"),
            path: "lib/apk/db/installed".into(),
        };
        let record = ImageRecord {
            digest: image.digest.clone(),
            distribution: json!({"id": "alpine", "version": "3.13", "pretty_name": "Alpine Linux v3.13", "ecosystem": "Alpine:v3.13"}),
            platform: Some("linux/amd64".into()),
            obstacles: json!([]),
            basis: json!({ "causes": [] }),
            indexer_version: 1,
            isolation: Value::Null,
            at: now(),
            lineage: store::Lineage::default(),
            packages: found.iter().map(place).collect(),
        };
        let recorded = self.store.record_image(record).await.unwrap();
        let mut packages: BTreeMap<_, Vec<FindingRow>> = BTreeMap::new();
        for (name, vulnerability) in found {
            let (id, _) = recorded.versions.iter().find(|(_, version)| version.name == *name).unwrap();
            packages.entry(*id).or_default().push(finding(name, vulnerability));
        }
        let packages = packages.into_iter().map(|(package_version, findings)| PackageFindings {
            package_version,
            findings,
            reasons: BTreeMap::new(),
        });
        let vulnerabilities = found.iter().map(|(_, id)| vulnerability(id)).collect();
        let snapshot = SnapshotVersion("one".into());
        self.store.record_findings(&snapshot, packages.collect(), vulnerabilities, now()).await.unwrap();
    }

    /// Asks as somebody; as nobody for an empty name.
    pub(crate) async fn ask(&self, who: &str, method: Method, path: &str, body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !who.is_empty() {
            request = request.header("authorization", format!("Bearer access-{who}"));
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(who, Method::GET, path, Value::Null).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// A package that nobody fixes.
pub(crate) const ORPHAN: &str = "orphan";
/// A vulnerability of low severity; all others are critical.
pub(crate) const SLIGHT: &str = "CVE-2020-9999";

fn finding(package: &str, vulnerability: &str) -> FindingRow {
    FindingRow {
        vulnerability: vulnerability.to_owned(),
        verdict: FindingVerdict::Affected,
        fixed: Some("2.0-r0".into()),
        advisories: vec![format!("ALPINE-{vulnerability}")],
        evidence: json!({
            "rule": "1.0-r0 is before 2.0-r0",
            "remediation": format!("apk add --upgrade '{package}>=2.0-r0'"),
            "patchable": package != ORPHAN,
            "aliases": ["GHSA-aaaa-bbbb-cccc"],
            "category": "Alpine",
            "advisories": [],
        }),
    }
}

fn vulnerability(id: &str) -> Vulnerability {
    let (severity, score) = if id == SLIGHT { ("Low", 3.1) } else { ("Critical", 9.8) };
    Vulnerability {
        id: id.to_owned(),
        ecosystem: inventory::Ecosystem::new("Alpine:v3.13"),
        severity: severity.into(),
        score: Some(score),
        record: json!({
            "id": id,
            "aliases": [],
            "title": format!("{id} in words"),
            "description": "Something long.",
            "published": "2021-03-19T05:15:00Z",
            "modified": null,
            "references": [
                {"kind": "ADVISORY", "url": format!("https://security.test/ALPINE-{id}")},
                {"kind": "WEB", "url": "javascript:alert(1)"},
            ],
            "ratings": [],
            "classification": {
                "severity": "Critical",
                "score": 9.8,
                "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                "cvss": {
                    "3.1": {"base": 9.8, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "source": "NVD"},
                },
            },
            "category": "Alpine",
            "known_exploit": null,
            "prediction": null,
        }),
    }
}
