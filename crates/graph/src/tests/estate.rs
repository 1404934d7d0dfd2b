//! A fixed estate: two tenants' subscriptions, registries, images in every state, findings that images share, plans,
//! people and their roles. Nothing in it depends on the clock or on chance.

use crate::rulebook::Rulebook;
use crate::settlement::resettle;
use crate::{Answer, GraphError, Settings, Viewer, run};
use access::{Assignment, Principal, PrincipalKind, ResourceId, RoleId};
use assessment::rules::RuleKind;
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    Account, AccountKind, Actor, Cause, FindingRow, FindingVerdict, ImageKey, ImageRecord, ImageState,
    ImageSummary, Installation, PackageFindings, PackagePlace, PackageVersion, PlanTier, PrincipalId,
    PutManifest, PutOutcome, RegistryId, RepositoryKey, RoleAssignment, Rule, RulePut, SnapshotVersion,
    SqliteStore, Store, SubscriptionId, Vulnerability, testing,
};
use tempfile::TempDir;
use uuid::Uuid;

/// The subscriptions: two of ours, one of another tenant.
pub(super) const HARBOUR: Uuid = Uuid::from_u128(0xa1);
pub(super) const MARSH: Uuid = Uuid::from_u128(0xb2);
pub(super) const ELSEWHERE: Uuid = Uuid::from_u128(0xee);

/// Subscription, resource group, name and host of each registry.
const REGISTRIES: &[(Uuid, &str, &str, &str)] = &[
    (HARBOUR, "quay", "Lazaretto", "lazaretto.test"),
    (HARBOUR, "Dock-East", "pratique", "pratique.test"),
    (MARSH, "quay", "marshland", "marshland.test"),
    (ELSEWHERE, "quay", "foreign", "foreign.test"),
];

/// The people, their roles, and where they have them.
const PEOPLE: &[(&str, AccountKind, RoleId, &str)] = &[
    ("owner", AccountKind::User, RoleId::OWNER, "/subscriptions/{harbour}"),
    ("owner", AccountKind::User, RoleId::OWNER, "/subscriptions/{marsh}"),
    ("second-owner", AccountKind::User, RoleId::OWNER, "/subscriptions/{harbour}"),
    ("reader", AccountKind::User, RoleId::READER, "/subscriptions/{harbour}"),
    ("security-reader", AccountKind::User, RoleId::SECURITY_READER, "/subscriptions/{harbour}"),
    ("marsh-reader", AccountKind::User, RoleId::READER, "/subscriptions/{marsh}"),
    ("group-reader", AccountKind::User, RoleId::READER, "/subscriptions/{harbour}/resourceGroups/DOCK-EAST"),
    ("registry-reader", AccountKind::Service, RoleId::READER, "{lazaretto}"),
    ("puller", AccountKind::Service, RoleId::ACR_PULL, "{lazaretto}"),
    ("foreigner", AccountKind::User, RoleId::OWNER, "/subscriptions/{elsewhere}"),
];

pub(super) fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

/// So many days before the present.
fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn principal(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes())
}

fn scope(pattern: &str) -> String {
    let lazaretto = format!(
        "/subscriptions/{HARBOUR}/resourceGroups/quay/providers/Microsoft.ContainerRegistry/registries/Lazaretto"
    );
    pattern
        .replace("{harbour}", &HARBOUR.to_string())
        .replace("{marsh}", &MARSH.to_string())
        .replace("{elsewhere}", &ELSEWHERE.to_string())
        .replace("{lazaretto}", &lazaretto)
}

pub(super) struct Estate {
    pub(super) store: Arc<dyn Store>,
    _folder: TempDir,
}

/// A vulnerability of the estate: identifier, ecosystem, severity, score.
type Known = (&'static str, &'static str, &'static str, Option<f64>);

const ALPINE: &str = "Alpine:v3.13";
const DEBIAN: &str = "Debian:11";

const VULNERABILITIES: &[Known] = &[
    ("CVE-2021-28831", ALPINE, "High", Some(7.5)),
    ("CVE-2020-28928", ALPINE, "Medium", Some(5.5)),
    ("CVE-2022-0778", ALPINE, "High", Some(7.5)),
    // The same one is rated differently where Debian built the package.
    ("CVE-2022-0778", DEBIAN, "Low", Some(7.5)),
    ("CVE-2021-3711", DEBIAN, "Critical", Some(9.8)),
    ("CVE-2011-3374", DEBIAN, "Low", Some(3.7)),
    ("TEMP-0000001", DEBIAN, "Unknown", None),
    ("GHSA-aaaa-bbbb-cccc", "npm", "Medium", Some(5.3)),
];

/// A package of the estate: name, version, ecosystem, kind, and what it has.
type Package = (&'static str, &'static str, &'static str, inventory::PackageKind, &'static [&'static str]);

const PACKAGES: &[Package] = &[
    ("busybox", "1.32.1-r0", ALPINE, inventory::PackageKind::Apk, &["CVE-2021-28831"]),
    ("ssl_client", "1.32.1-r0", ALPINE, inventory::PackageKind::Apk, &["CVE-2021-28831"]),
    ("musl", "1.2.1-r0", ALPINE, inventory::PackageKind::Apk, &["CVE-2020-28928"]),
    ("zlib", "1.2.11-r3", ALPINE, inventory::PackageKind::Apk, &[]),
    ("libcrypto1.1", "1.1.1k-r0", ALPINE, inventory::PackageKind::Apk, &["CVE-2022-0778"]),
    ("libssl1.1", "1.1.1k-1", DEBIAN, inventory::PackageKind::Deb, &["CVE-2022-0778", "CVE-2021-3711"]),
    ("apt", "2.2.4", DEBIAN, inventory::PackageKind::Deb, &["CVE-2011-3374", "TEMP-0000001"]),
    ("minimist", "1.2.0", "npm", inventory::PackageKind::Npm, &["GHSA-aaaa-bbbb-cccc"]),
];

/// An image of the estate: registry, repository, what it is made of, its state, its packages.
struct Image(&'static str, &'static str, &'static str, ImageState, &'static [&'static str]);

const IMAGES: &[Image] = &[
    Image("Lazaretto", "team/app", "app", ImageState::Unhealthy, &["busybox", "ssl_client", "musl", "zlib"]),
    Image("Lazaretto", "team/web", "web", ImageState::Unhealthy, &["busybox", "libcrypto1.1", "minimist"]),
    // The same image in two repositories, and in a registry of another subscription.
    Image("Lazaretto", "mirror", "web", ImageState::Unhealthy, &["busybox", "libcrypto1.1", "minimist"]),
    Image("marshland", "mirror", "web", ImageState::Unhealthy, &["busybox", "libcrypto1.1", "minimist"]),
    Image("Lazaretto", "both", "both", ImageState::Unhealthy, &["libcrypto1.1", "libssl1.1", "musl"]),
    Image("Lazaretto", "clean", "clean", ImageState::Healthy, &["zlib"]),
    Image("Lazaretto", "void", "void", ImageState::NotApplicable, &[]),
    Image("Lazaretto", "queued", "queued", ImageState::Queued, &[]),
    Image("pratique", "debian", "debian", ImageState::Unhealthy, &["apt", "libssl1.1"]),
    Image("pratique", "unscanned", "unscanned", ImageState::Unscanned, &[]),
    Image("marshland", "clean", "clean", ImageState::Healthy, &["zlib"]),
    Image("foreign", "secret", "secret", ImageState::Unhealthy, &["busybox", "apt"]),
];

impl Estate {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("records.sqlite");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file).unwrap());
        let (subscription, group, registry, host) = REGISTRIES[0];
        let installation = Installation {
            subscription: SubscriptionId(subscription),
            resource_group: group.into(),
            login_server: host.into(),
            ..testing::installation(registry)
        };
        store.install(installation, days_ago(90)).await.unwrap();
        add_places(&file);
        let estate = Self { store, _folder: folder };
        for image in IMAGES {
            estate.push(image).await;
        }
        estate.index().await;
        estate.find().await;
        estate.people().await;
        let harbour = SubscriptionId(HARBOUR);
        estate.store.set_plan(harbour, "ContainerRegistry", PlanTier::Standard, days_ago(10)).await.unwrap();
        estate
    }

    async fn registry(&self, name: &str) -> RegistryId {
        self.store.registry_by_name(name).await.unwrap().unwrap().id
    }

    pub(super) async fn key(&self, registry: &str, repository: &str, content: &str) -> ImageKey {
        let registry = self.registry(registry).await;
        let repository = RepositoryKey { registry, name: repository.parse().unwrap() };
        ImageKey { repository, digest: Digest::of_sha256(manifest(content).as_bytes()) }
    }

    async fn put(&self, key: &ImageKey, bytes: String, tag: &str) {
        let RepositoryKey { registry, name } = &key.repository;
        let put = PutManifest {
            digest: key.digest.clone(),
            tags: vec![tag.parse().unwrap()],
            ..testing::push(*registry, name.as_str(), bytes, days_ago(5))
        };
        assert!(matches!(self.store.put_manifest(put).await.unwrap(), PutOutcome::Stored { .. }));
    }

    async fn push(&self, Image(registry, repository, content, state, packages): &Image) {
        let key = self.key(registry, repository, content).await;
        self.put(&key, manifest(content), "latest").await;
        let place = |name: &&str| PackagePlace {
            package: package(name),
            layer: Digest::of_sha256(format!("{content} 1").as_bytes()),
            path: "lib/apk/db/installed".into(),
        };
        let mut places: Vec<PackagePlace> = packages.iter().map(place).collect();
        if *content == "web" {
            // One package that is there twice.
            let again = places.iter().find(|place| place.package.name == "minimist").unwrap().clone();
            places.push(PackagePlace { path: "srv/node_modules/minimist/package.json".into(), ..again });
        }
        if !matches!(state, ImageState::Queued | ImageState::Unscanned | ImageState::NotApplicable) {
            let record = ImageRecord {
                digest: key.digest.clone(),
                distribution: if *content == "debian" {
                    json!({"id": "debian", "version": "11"})
                } else {
                    json!({"id": "alpine", "version": "3.13"})
                },
                platform: Some("linux/amd64".into()),
                obstacles: json!([]),
                basis: serde_json::json!({ "causes": [] }),
                indexer_version: 1,
                isolation: Value::Null,
                at: days_ago(5),
                lineage: store::Lineage::default(),
                packages: places,
            };
            self.store.record_image(record).await.unwrap();
        }
        let cause = (*state == ImageState::NotApplicable)
            .then(|| Cause { code: "EmptyImage".into(), sentence: "The image has no layers.".into() });
        self.summarise(key, *state, cause, Vec::new()).await;
    }

    async fn summarise(
        &self,
        image: ImageKey,
        state: ImageState,
        cause: Option<Cause>,
        children: Vec<Digest>,
    ) {
        let counts: &[(&str, u64)] =
            if state == ImageState::Unhealthy { &[("High", 1), ("Medium", 1)] } else { &[] };
        let summary = ImageSummary {
            image,
            state,
            cause,
            counts: counts.iter().map(|(severity, count)| ((*severity).to_owned(), *count)).collect(),
            platform: Some("linux/amd64".into()),
            isolation: Value::Null,
            first_seen: days_ago(5),
            changed_at: days_ago(4),
            assessed_at: Some(days_ago(3)),
            snapshot: Some(SnapshotVersion("one".into())),
            children,
        };
        assert!(self.store.put_summary(summary).await.unwrap());
    }

    /// An index over an image that is ill and one that is well.
    async fn index(&self) {
        let child = self.key("Lazaretto", "team/web", "web").await.digest;
        let key = self.key("Lazaretto", "team/web", "index").await;
        self.put(&key, manifest("index"), "multi").await;
        self.summarise(key, ImageState::Unhealthy, None, vec![child]).await;
    }

    async fn find(&self) {
        let snapshot = SnapshotVersion("one".into());
        let versions = self.store.package_versions_to_match(&snapshot, 100).await.unwrap();
        let found = versions.into_iter().map(|(id, version)| {
            let (name, _, _, _, has) = PACKAGES.iter().find(|package| package.0 == version.name).unwrap();
            PackageFindings {
                reasons: BTreeMap::new(),
                package_version: id,
                findings: has.iter().map(|vulnerability| finding(name, vulnerability)).collect(),
            }
        });
        let found = found.collect();
        let known = VULNERABILITIES.iter().map(vulnerability).collect();
        self.store.record_findings(&snapshot, found, known, days_ago(3)).await.unwrap();
    }

    /// Puts rules in place of others, and makes all verdicts anew.
    pub(super) async fn set_rules(&self, before: &[Rule], rules: &[Rule]) {
        for rule in before {
            self.store.delete_rule(&rule.key(), &rule.author, now()).await.unwrap();
        }
        for rule in rules {
            assert!(!matches!(self.store.put_rule(rule.clone()).await.unwrap(), RulePut::TooMany));
        }
        let book = Rulebook::load(&*self.store, now()).await.unwrap();
        resettle(&*self.store, &book, now()).await.unwrap();
    }

    async fn people(&self) {
        for (name, kind, role, at) in PEOPLE {
            let account = Account {
                principal: PrincipalId(principal(name)),
                name: (*name).to_owned(),
                secret_hash: String::new(),
                kind: *kind,
                created_at: days_ago(30),
                display_name: (*name).to_owned(),
                enabled: true,
                generation: 0,
            };
            self.store.put_account(account).await.unwrap();
            let assignment = RoleAssignment {
                principal: PrincipalId(principal(name)),
                role: store::RoleId(role.0),
                scope: scope(at),
            };
            self.store.assign_role(assignment).await.unwrap();
        }
    }

    pub(super) async fn ask(&self, who: &str, query: &str) -> Result<Answer, GraphError> {
        self.ask_in(who, query, None).await
    }

    /// Asks for some subscriptions alone.
    pub(super) async fn ask_in(
        &self,
        who: &str,
        query: &str,
        subscriptions: Option<&[Uuid]>,
    ) -> Result<Answer, GraphError> {
        let settings = settings(subscriptions);
        run(self.store.clone(), viewer(who), query.to_owned(), settings).await
    }

    /// The answer as text: a line of columns, and a line of each row.
    pub(super) async fn text(&self, who: &str, query: &str) -> String {
        let answer = match self.ask(who, query).await {
            Ok(answer) => answer,
            Err(error) => return format!("{error}\n"),
        };
        let mut text = answer
            .columns
            .iter()
            .map(|column| format!("{}:{}", column.name, column.kind))
            .collect::<Vec<_>>()
            .join(" | ");
        text.push('\n');
        for row in answer.page(0, 10_000) {
            let cells: Vec<String> = row.iter().map(Value::to_string).collect();
            let _ = writeln!(text, "{}", cells.join(" | "));
        }
        text
    }

    /// The rows alone, in an order of their own.
    pub(super) async fn rows(&self, who: &str, query: &str) -> Vec<String> {
        let text = self.text(who, query).await;
        let mut rows: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
        rows.sort();
        rows
    }
}

pub(super) fn settings(subscriptions: Option<&[Uuid]>) -> Settings {
    Settings {
        tenant: Uuid::from_u128(0x777).to_string(),
        scan_plan: "ContainerRegistry",
        now: now(),
        deadline: Instant::now() + Duration::from_secs(60),
        subscriptions: subscriptions.map(|all| all.iter().map(Uuid::to_string).collect()),
        first: 0,
        facets: Vec::new(),
        interval: None,
    }
}

pub(super) fn viewer(who: &str) -> Viewer {
    let assignments = PEOPLE.iter().filter(|(name, ..)| *name == who).map(|(name, _, role, at)| {
        Assignment::new(principal(name), *role, ResourceId::parse(&scope(at)).unwrap())
    });
    Viewer {
        assignments: assignments.collect(),
        principal: Principal { id: principal(who), name: who.to_owned(), kind: PrincipalKind::User },
    }
}

/// A rule or an exemption; its scope and its conditions may name places and images of the estate.
pub(super) fn rule(name: &str, kind: RuleKind, at: &str, conditions: &str) -> Rule {
    let filled = |text: &str| scope(text).replace("{web}", &digest("web")).replace("{app}", &digest("app"));
    Rule {
        kind,
        scope: filled(at),
        name: name.to_owned(),
        display_name: name.to_owned(),
        conditions: serde_json::from_str(&filled(conditions)).unwrap(),
        reason: String::new(),
        author: Actor("owner".into()),
        created_at: days_ago(1),
        updated_at: days_ago(1),
        expires_at: None,
        details: Value::Null,
    }
}

/// The digest of an image of the estate.
pub(super) fn digest(content: &str) -> String {
    Digest::of_sha256(manifest(content).as_bytes()).to_string()
}

fn manifest(content: &str) -> String {
    let descriptor = |kind: &str, bytes: &str, size: usize| {
        json!({
            "mediaType": format!("application/vnd.oci.image.{kind}"),
            "digest": Digest::of_sha256(bytes.as_bytes()).to_string(),
            "size": size,
        })
    };
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("config.v1+json", &format!("{content} config"), 100),
        "layers": [
            descriptor("layer.v1.tar+gzip", &format!("{content} 1"), 4000),
            descriptor("layer.v1.tar+gzip", &format!("{content} 2"), 70),
        ],
    })
    .to_string()
}

/// Places that no first start creates: a second registry, a second subscription, and another tenant.
fn add_places(file: &std::path::Path) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let at = days_ago(60).as_microsecond();
    for (id, name, tenant) in [(MARSH, "Marsh", 0x777u128), (ELSEWHERE, "Elsewhere", 0x999)] {
        let values = (id.to_string(), name, Uuid::from_u128(tenant).to_string());
        let sql = "INSERT INTO subscription (id, name, tenant) VALUES (?1, ?2, ?3)";
        connection.execute(sql, values).unwrap();
    }
    for (subscription, group, name, host) in &REGISTRIES[1..] {
        let sql =
            "INSERT INTO registry (subscription, resource_group, name, login_server, location, created_at)
                   VALUES (?1, ?2, ?3, ?4, 'local', ?5)";
        connection.execute(sql, (subscription.to_string(), group, name, host, at)).unwrap();
    }
}

fn package(wanted: &str) -> PackageVersion {
    let (name, version, ecosystem, kind, _) = PACKAGES.iter().find(|package| package.0 == wanted).unwrap();
    PackageVersion {
        ecosystem: Some(inventory::Ecosystem::new(*ecosystem)),
        kind: *kind,
        name: (*name).to_owned(),
        version: (*version).to_owned(),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    }
}

fn finding(package: &str, vulnerability: &str) -> FindingRow {
    FindingRow {
        vulnerability: vulnerability.to_owned(),
        verdict: FindingVerdict::Affected,
        fixed: Some("9.9".into()),
        advisories: vec![format!("ADVISORY-{vulnerability}")],
        evidence: json!({
            "rule": "before 9.9",
            "remediation": format!("Upgrade {package} to 9.9."),
            "patchable": !vulnerability.starts_with("TEMP"),
            "aliases": ["GHSA-aaaa-bbbb-dddd"],
            "category": if package.starts_with("lib") { "Libraries" } else { "Programs" },
            "advisories": [],
        }),
    }
}

fn vulnerability((id, ecosystem, severity, score): &Known) -> Vulnerability {
    let cvss = score.map_or(
        json!({}),
        |base| json!({"3.1": {"base": base, "vector": "CVSS:3.1/AV:N/AC:L", "source": "NVD"}}),
    );
    Vulnerability {
        id: (*id).to_owned(),
        ecosystem: inventory::Ecosystem::new(*ecosystem),
        severity: (*severity).to_owned(),
        score: *score,
        record: json!({
            "id": id,
            "aliases": [],
            "title": format!("{id} in words"),
            "description": format!("What {id} is about."),
            "published": "2021-03-19T05:15:00Z",
            "modified": null,
            "references": [{"kind": "ADVISORY", "url": format!("https://security.test/ADVISORY-{id}")}],
            "ratings": [],
            "classification": {
                "severity": severity,
                "score": score,
                "vector": null,
                "cvss": cvss,
            },
            "category": "Alpine",
            "known_exploit": null,
            "prediction": null,
        }),
    }
}
