//! What becomes of verdicts when advisories change, through the parts that the server is made of.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

#[path = "support/workshop.rs"]
mod workshop;

use advisory::{
    Advisory, AdvisoryId, AffectedPackage, Compiler, End, Extent, Range, Rating, Record, Severity,
    write_snapshot,
};
use assessment::rules::{Conditions, RuleKind};
use graph::rulebook::Rulebook;
use graph::settlement::resettle;
use inventory::{Ecosystem, PackageKind};
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use serde_json::{Value, json};
use server::advisories::{Caution, Installed, accept, discard, held, install_file};
use server::jobs::Workshop;
use server::jobs::reevaluate::{self, Outcome};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use store::{
    Actor, FindingFilter, ImageKey, ImageRecord, ImageState, ImageSummary, PackagePlace, PackageVersion,
    PageRequest, RegistryId, RepositoryKey, Rule, RuleClass, RuleKey, SqliteStore, Store, testing,
};
use tempfile::TempDir;
use uuid::Uuid;

/// A registry with images and a shelf, without a server around it.
struct Harbour {
    folder: TempDir,
    store: Arc<dyn Store>,
    registry: RegistryId,
    workshop: Workshop,
    snapshots: std::cell::Cell<i64>,
}

/// An advisory: its name, the package, the first version without the flaw, and a severity.
type Said<'a> = (&'a str, &'a str, &'a str, Severity);

const HIGH: Severity = Severity::High;

impl Harbour {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("records")).unwrap());
        store.install(testing::installation("harbour"), Timestamp::now()).await.unwrap();
        let registry = store.registry_by_name("harbour").await.unwrap().unwrap().id;
        let workshop = workshop::workshop(folder.path(), store.clone());
        Self { folder, store, registry, workshop, snapshots: std::cell::Cell::new(0) }
    }

    fn shelf(&self) -> PathBuf {
        self.folder.path().join("advisories")
    }

    /// Compiles advisories, an hour younger than the last time, and installs them.
    fn install(&self, said: &[Said<'_>], ecosystems: &[&str]) -> Installed {
        let number = self.snapshots.get() + 1;
        self.snapshots.set(number);
        let at = Timestamp::now() - SignedDuration::from_hours(100 - number);
        self.install_made_at(said, ecosystems, at)
    }

    fn install_made_at(&self, said: &[Said<'_>], ecosystems: &[&str], at: Timestamp) -> Installed {
        let mut compiler = Compiler::new();
        compiler.begin_source("a source");
        let own = said.iter().map(|said| ("PyPI", *said));
        let others = ecosystems.iter().map(|ecosystem| (*ecosystem, ("X-1", "nothing", "0.1", HIGH)));
        for (ecosystem, (id, name, fixed, severity)) in own.chain(others) {
            let mut advisory = Advisory::new(AdvisoryId::new(id).unwrap());
            let range = Range { introduced: None, end: End::Fixed(fixed.into()) };
            let extent = Extent::Versions { ranges: vec![range], versions: Vec::new() };
            let package = AffectedPackage::new(Ecosystem::new(ecosystem), name, extent);
            advisory.affected.push(package);
            advisory.ratings.push(Rating::Word { severity, source: "a source".into() });
            compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
        }
        let file = self.folder.path().join(format!("snapshot-{}", at.as_microsecond()));
        write_snapshot(&file, &compiler.finish(at).unwrap()).unwrap();
        install_file(&self.shelf(), &file, Caution::Hold).unwrap()
    }

    async fn run(&self) -> Outcome {
        self.workshop.shelf.refresh().unwrap();
        reevaluate::run(&self.workshop).await.unwrap()
    }

    fn key(&self, name: &str) -> ImageKey {
        let repository = RepositoryKey { registry: self.registry, name: name.parse().unwrap() };
        ImageKey { repository, digest: Digest::of_sha256(name.as_bytes()) }
    }

    /// An image with some packages of Python, and what speaks against it anyway.
    async fn image(&self, name: &str, packages: &[(&str, &str)], causes: Value) {
        let image = self.key(name);
        let manifest = testing::push(self.registry, name, name.to_owned(), Timestamp::now());
        let _ = self.store.put_manifest(manifest).await.unwrap();
        let place = |(name, version): &(&str, &str)| PackagePlace {
            package: PackageVersion {
                ecosystem: Some(Ecosystem::new("PyPI")),
                kind: PackageKind::PyPi,
                name: (*name).into(),
                version: (*version).into(),
                source: None,
                module: None,
                owner: None,
                architecture: None,
            },
            layer: Digest::of_sha256(b"layer"),
            path: "METADATA".into(),
        };
        let record = ImageRecord {
            digest: image.digest.clone(),
            distribution: Value::Null,
            platform: None,
            obstacles: json!([]),
            basis: json!({ "causes": causes }),
            indexer_version: 1,
            isolation: Value::Null,
            at: Timestamp::now(),
            lineage: store::Lineage::default(),
            packages: packages.iter().map(place).collect(),
        };
        self.store.record_image(record).await.unwrap();
        let summary = ImageSummary::begun(image, ImageState::NotApplicable, Timestamp::now());
        assert!(self.store.put_summary(summary).await.unwrap());
    }

    async fn summary(&self, name: &str) -> ImageSummary {
        self.store.summary(&self.key(name)).await.unwrap().unwrap()
    }

    /// State and counts: `Unhealthy High=2`.
    async fn verdict(&self, name: &str) -> String {
        let summary = self.summary(name).await;
        let counts = summary.counts.iter().map(|(severity, count)| format!(" {severity}={count}"));
        format!("{}{}", summary.state.as_str(), counts.collect::<String>())
    }

    /// Puts a rule that disables a finding, or takes it away, and brings the verdicts to it.
    async fn disable(&self, finding: &str, is_there: bool) {
        let scope = format!("/subscriptions/{}", Uuid::from_u128(0xabc));
        let (now, author) = (Timestamp::now(), Actor("alice".into()));
        if is_there {
            let rule = Rule {
                kind: RuleKind::Disable,
                scope,
                name: "one".into(),
                display_name: "one".into(),
                conditions: Conditions { ids: vec![finding.into()], ..Conditions::default() },
                reason: "not used".into(),
                author,
                created_at: now,
                updated_at: now,
                expires_at: None,
                details: Value::Null,
            };
            self.store.put_rule(rule).await.unwrap();
        } else {
            let key = RuleKey { class: RuleClass::Rule, scope, name: "one".into() };
            self.store.delete_rule(&key, &author, now).await.unwrap();
        }
        let book = Rulebook::load(&*self.store, now).await.unwrap();
        resettle(&*self.store, &book, now).await.unwrap();
    }

    /// How often the verdict on an image became another one.
    async fn flips(&self, name: &str) -> usize {
        let events = self.store.image_events(&self.key(name), 100).await.unwrap();
        events.iter().filter(|event| event.event.kind.as_str() == "verdict-changed").count()
    }

    /// The counts of an image, read from its findings one by one.
    async fn counted_findings(&self, name: &str) -> BTreeMap<String, u64> {
        let filter = FindingFilter { digest: Some(self.key(name).digest), ..FindingFilter::default() };
        let page = self.store.findings(&filter, PageRequest::first(1000)).await.unwrap();
        let mut counts = BTreeMap::new();
        for finding in page.items {
            *counts.entry(finding.vulnerability.severity).or_default() += 1;
        }
        counts
    }
}

#[tokio::test]
async fn verdicts_follow_the_difference_of_two_snapshots() {
    let harbour = Harbour::new().await;
    harbour.image("old", &[("Django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.image("new", &[("Django", "3.0")], json!([])).await;
    harbour.image("other", &[("requests", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    let first = harbour.run().await;
    assert_eq!(first.matched, 4, "everything, for the first time");
    assert_eq!(harbour.verdict("old").await, "Unhealthy High=1");
    assert_eq!(harbour.verdict("new").await, "Healthy");
    assert_eq!(harbour.run().await.matched, 0, "nothing to catch up with");

    let more = [("CVE-2026-0001", "django", "2.0", HIGH), ("CVE-2026-0002", "django", "4.0", Severity::Low)];
    harbour.install(&more, &[]);
    let second = harbour.run().await;
    assert_eq!(
        second.matched, 2,
        "both versions of Django, whatever way its name is written, and nothing else"
    );
    assert_eq!((second.images.changed, second.images.flipped), (2, 1));
    assert_eq!(harbour.verdict("old").await, "Unhealthy High=1 Low=1");
    assert_eq!(harbour.verdict("new").await, "Unhealthy Low=1");
    assert_eq!(harbour.verdict("other").await, "Healthy");
    let in_force = harbour.workshop.shelf.current().unwrap().version().to_string();
    for name in ["old", "new", "other"] {
        assert_eq!(
            harbour.summary(name).await.snapshot.unwrap().0,
            in_force,
            "{name} holds with the new one"
        );
        assert_eq!(harbour.summary(name).await.counts, harbour.counted_findings(name).await, "{name}");
    }
    let left = harbour.store.package_versions_to_match(&store::SnapshotVersion(in_force), 10).await.unwrap();
    assert_eq!(left, []);
}

#[tokio::test]
async fn history_says_why_findings_appeared_and_went() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    let one = ("CVE-2026-0001", "django", "2.0", HIGH);
    harbour.install(&[one, ("CVE-2026-0002", "flask", "2.0", HIGH)], &[]);
    harbour.run().await;
    harbour.install(&[one, ("CVE-2026-0003", "flask", "1.5", HIGH)], &[]);
    harbour.run().await;
    harbour
        .install(&[("CVE-2026-0001", "django", "1.0", HIGH), ("CVE-2026-0003", "flask", "1.6", HIGH)], &[]);
    harbour.run().await;
    let changes = harbour.store.finding_changes(&harbour.key("app"), 100).await.unwrap();
    let mut told: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {} {}", change.vulnerability, change.kind.as_str(), change.reason.code))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "CVE-2026-0001 Gone NoLongerAffected",
            "CVE-2026-0002 Gone Withdrawn",
            "CVE-2026-0003 Appeared NewAdvisory",
            "CVE-2026-0003 Changed AdvisoryChanged",
        ]
    );
    let gone = changes.iter().find(|change| change.vulnerability == "CVE-2026-0001").unwrap();
    assert_eq!(gone.reason.sentence, "1.0 is not below the fixed 1.0 of PyPI django.");
}

#[tokio::test]
async fn nothing_is_told_twice_however_often_it_runs() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "other", "2.0", HIGH)], &[]);
    harbour.run().await;
    assert_eq!((harbour.verdict("app").await, harbour.flips("app").await), ("Healthy".into(), 2));
    let first = harbour.store.reevaluated().await.unwrap().unwrap();
    harbour
        .install(&[("CVE-2026-0001", "other", "2.0", HIGH), ("CVE-2026-0002", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    assert_eq!((harbour.verdict("app").await, harbour.flips("app").await), ("Unhealthy High=1".into(), 3));
    // As if it had stopped before its last line: the whole of it runs again.
    harbour.store.set_reevaluated(first, Timestamp::now()).await.unwrap();
    let again = harbour.run().await;
    assert_eq!((again.images.changed, again.images.flipped), (0, 0));
    assert_eq!(harbour.flips("app").await, 3);
    assert_eq!(harbour.store.finding_changes(&harbour.key("app"), 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_matched_but_not_judged_is_judged_by_the_next_run() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "other", "2.0", HIGH)], &[]);
    harbour.run().await;
    let before = harbour.summary("app").await;
    let first = harbour.store.reevaluated().await.unwrap().unwrap();
    harbour
        .install(&[("CVE-2026-0001", "other", "2.0", HIGH), ("CVE-2026-0002", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    // As if the power had failed between the findings and the verdicts.
    harbour.store.set_reevaluated(first, Timestamp::now()).await.unwrap();
    harbour.store.put_summary(before).await.unwrap();
    assert_eq!(harbour.verdict("app").await, "Healthy");
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn what_speaks_against_an_image_anyway_stays() {
    let harbour = Harbour::new().await;
    let causes = json!([{ "code": "LayerUnreadable", "layer": 2, "detail": "it is cut off" }]);
    harbour.image("torn", &[("django", "3.0")], causes).await;
    harbour.image("foreign", &[], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    let torn = harbour.summary("torn").await;
    assert_eq!(torn.state, ImageState::NotApplicable);
    assert_eq!(torn.cause.unwrap().code, "LayerUnreadable");
    assert_eq!(harbour.verdict("foreign").await, "Healthy", "no package, and nothing against it");
}

#[tokio::test]
async fn advisories_that_grow_too_old_call_nothing_healthy() {
    let mut harbour = Harbour::new().await;
    harbour.image("sound", &[("django", "3.0")], json!([])).await;
    harbour.image("flawed", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
    harbour.workshop.advisory_age_limit = SignedDuration::from_hours(1);
    harbour.run().await;
    let sound = harbour.summary("sound").await;
    assert_eq!(
        (sound.state, sound.cause.unwrap().code.as_str()),
        (ImageState::NotApplicable, "AdvisoriesTooOld")
    );
    assert_eq!(harbour.verdict("flawed").await, "Unhealthy High=1");
    assert_eq!(harbour.flips("sound").await, 3);
    harbour.workshop.advisory_age_limit = SignedDuration::from_hours(1000);
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
}

#[tokio::test]
async fn an_ecosystem_that_nobody_speaks_for_any_more_is_not_healthy() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "3.0")], json!([])).await;
    harbour.install(&[], &["npm"]);
    harbour.run().await;
    assert_eq!(harbour.summary("app").await.cause.unwrap().code, "EcosystemNotCovered");
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &["npm"]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Healthy");
    harbour.install(&[], &["npm"]);
    harbour.run().await;
    assert_eq!(harbour.summary("app").await.cause.unwrap().code, "EcosystemNotCovered");
}

/// A fleet of sound images, and a feed that says "affected" of every version of what all of them have (attack F2).
async fn poisoned() -> (Harbour, String, String) {
    let harbour = Harbour::new().await;
    for number in 0..8 {
        harbour.image(&format!("app-{number}"), &[("glibc", "9.0"), ("django", "3.0")], json!([])).await;
    }
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    let good = harbour.workshop.shelf.current().unwrap().version().to_string();
    let poison = [("CVE-2026-0001", "django", "2.0", HIGH), ("CVE-2026-6666", "glibc", "999", HIGH)];
    let Installed::InForce(bad) = harbour.install(&poison, &[]) else {
        panic!("nothing speaks against it yet")
    };
    harbour.run().await;
    (harbour, good, bad)
}

#[tokio::test]
async fn poisoned_advisories_are_held_and_change_nothing() {
    let (harbour, good, bad) = poisoned().await;
    for number in 0..8 {
        let name = format!("app-{number}");
        assert_eq!((harbour.verdict(&name).await, harbour.flips(&name).await), ("Healthy".into(), 2));
    }
    assert_eq!(harbour.workshop.shelf.current().unwrap().version().to_string(), good);
    let held = held(&harbour.shelf()).unwrap().unwrap();
    assert_eq!(
        (held.snapshot, held.doubts),
        (bad, vec!["it would flip the verdict on 8 of 8 images".into()])
    );
    assert_eq!(discard(&harbour.shelf()).unwrap().len(), 64);
    assert!(harbour.workshop.shelf.held().is_none());
    assert_eq!(harbour.run().await.matched, 0);
}

#[tokio::test]
async fn what_a_person_accepts_comes_into_force() {
    let (harbour, _, bad) = poisoned().await;
    assert_eq!(accept(&harbour.shelf()).unwrap(), bad);
    harbour.run().await;
    assert_eq!(harbour.verdict("app-0").await, "Unhealthy High=1");
    assert_eq!(harbour.flips("app-0").await, 3);
    assert!(harbour.workshop.shelf.held().is_none());
}

#[tokio::test]
async fn snapshot_that_was_made_earlier_is_held() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    let in_force = harbour.workshop.shelf.current().unwrap().version();
    let at = Timestamp::now() - SignedDuration::from_hours(5000);
    let older = harbour.install_made_at(&[("CVE-2026-0001", "django", "0.1", HIGH)], &[], at);
    let Installed::Held(held) = older else { panic!("it is older than the one in force") };
    assert!(held.doubts[0].contains("before the one in force"), "{:?}", held.doubts);
    harbour.run().await;
    assert_eq!(harbour.workshop.shelf.current().unwrap().version(), in_force);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn what_a_rule_hides_stays_hidden_when_advisories_change() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    let one = ("CVE-2026-0001", "django", "2.0", HIGH);
    harbour.install(&[one], &[]);
    harbour.run().await;
    harbour.disable("CVE-2026-0001", true).await;
    assert_eq!(harbour.verdict("app").await, "Healthy");
    let events = harbour.store.image_events(&harbour.key("app"), 100).await.unwrap();
    assert!(events.iter().any(|event| event.event.detail["reason"] == "RulesChanged"), "{events:?}");

    let other = ("CVE-2026-0002", "flask", "2.0", Severity::Low);
    harbour.install(&[one, other], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy Low=1");
    let found = harbour.store.found(&harbour.key("app")).await.unwrap().unwrap();
    assert_eq!(found.counts, BTreeMap::from([("High".to_owned(), 1), ("Low".to_owned(), 1)]));
    harbour.install(&[one], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Healthy");
    harbour.disable("CVE-2026-0001", false).await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn what_rules_hide_is_no_flip_when_advisories_change() {
    let harbour = Harbour::new().await;
    for name in ["a", "b", "c", "d", "e"] {
        harbour.image(name, &[("django", "1.0")], json!([])).await;
    }
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    harbour.disable("CVE-2026-0001", true).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", Severity::Low)], &[]);
    let outcome = harbour.run().await;
    assert_eq!(outcome.images.flipped, 0);
    assert!(held(&harbour.shelf()).unwrap().is_none(), "nothing that anybody sees has changed");
    assert_eq!(harbour.verdict("a").await, "Healthy");
}
