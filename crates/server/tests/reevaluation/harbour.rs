//! A registry with images and a shelf, without a server around it.

use crate::workshop::workshop;
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
use server::advisories::{Caution, Installed, install_file};
use server::jobs::reevaluate::{self, Outcome};
use server::jobs::{JobError, Workshop};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    Actor, FindingFilter, ImageKey, ImageRecord, ImageState, ImageSummary, PackagePlace, PackageVersion,
    PageRequest, RegistryId, RepositoryKey, Rule, RuleClass, RuleKey, SqliteStore, Store, testing,
};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// A registry with images and a shelf, without a server around it.
pub(crate) struct Harbour {
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) registry: RegistryId,
    pub(crate) workshop: Arc<Workshop>,
    pub(crate) snapshots: std::cell::Cell<i64>,
}

/// An advisory: its name, the package, the first version without the flaw, and a severity.
pub(crate) type Said<'a> = (&'a str, &'a str, &'a str, Severity);

pub(crate) const HIGH: Severity = Severity::High;

/// With each day all verdicts are made anew, by a way of its own, since distributions go out of support with a day: a test
/// that is about something else does not begin shortly before midnight.
async fn away_from_midnight() {
    let left = 86_400 - Timestamp::now().as_second().rem_euclid(86_400);
    if left <= 60 {
        tokio::time::sleep(Duration::from_secs(left.unsigned_abs())).await;
    }
}

impl Harbour {
    pub(crate) async fn new() -> Self {
        away_from_midnight().await;
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder.path().join("records")).unwrap());
        store.install(testing::installation("harbour"), Timestamp::now()).await.unwrap();
        let registry = store.registry_by_name("harbour").await.unwrap().unwrap().id;
        let workshop = Arc::new(workshop(folder.path(), store.clone()));
        Self { folder, store, registry, workshop, snapshots: std::cell::Cell::new(0) }
    }

    pub(crate) fn shelf(&self) -> PathBuf {
        self.folder.path().join("advisories")
    }

    /// Compiles advisories, an hour younger than the last time, and installs them.
    pub(crate) fn install(&self, said: &[Said<'_>], ecosystems: &[&str]) -> Installed {
        let number = self.snapshots.get() + 1;
        self.snapshots.set(number);
        let at = Timestamp::now() - SignedDuration::from_hours(100 - number);
        self.install_made_at(said, ecosystems, at)
    }

    pub(crate) fn install_made_at(&self, said: &[Said<'_>], ecosystems: &[&str], at: Timestamp) -> Installed {
        self.install_read_at(said, ecosystems, at, at)
    }

    /// The same with advisories of a source that was last read at another time.
    pub(crate) fn install_read_at(
        &self,
        said: &[Said<'_>],
        ecosystems: &[&str],
        at: Timestamp,
        read_at: Timestamp,
    ) -> Installed {
        let mut compiler = Compiler::new();
        compiler.begin_source("a source");
        compiler.source_read_at(read_at);
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

    pub(crate) async fn run(&self) -> Outcome {
        self.workshop.shelf.refresh().unwrap();
        reevaluate::run(&self.workshop).await.unwrap()
    }

    /// Starts a re-evaluation, on a thread of its own.
    ///
    /// While a test borrows the value of `workshop.changes`, it gets no further than to the first telling, which waits for
    /// that: there verdicts are shown, and no summary of theirs is written.
    pub(crate) fn begin(&self) -> JoinHandle<Result<Outcome, JobError>> {
        self.workshop.shelf.refresh().unwrap();
        let (workshop, runtime) = (self.workshop.clone(), Handle::current());
        tokio::task::spawn_blocking(move || runtime.block_on(reevaluate::run(&workshop)))
    }

    /// The workshop, for a test that sets it up otherwise. Nothing may run in it.
    pub(crate) fn set_up(&mut self) -> &mut Workshop {
        Arc::get_mut(&mut self.workshop).unwrap()
    }

    /// The server starts again, over the same records.
    pub(crate) fn restart(&mut self) {
        self.workshop = Arc::new(workshop(self.folder.path(), self.store.clone()));
    }

    /// Waits until a verdict is shown.
    pub(crate) async fn until(&self, name: &str, verdict: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.verdict(name).await != verdict {
            assert!(Instant::now() < end, "{name} is not {verdict}: {:?}", self.summary(name).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The same with other advisories.
    pub(crate) async fn run_with(&self, said: &[Said<'_>]) -> Outcome {
        self.install(said, &[]);
        self.run().await
    }

    pub(crate) fn key(&self, name: &str) -> ImageKey {
        let repository = RepositoryKey { registry: self.registry, name: name.parse().unwrap() };
        ImageKey { repository, digest: Digest::of_sha256(name.as_bytes()) }
    }

    /// An image with some packages of Python, and what speaks against it anyway.
    pub(crate) async fn image(&self, name: &str, packages: &[(&str, &str)], causes: Value) {
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

    pub(crate) async fn summary(&self, name: &str) -> ImageSummary {
        self.store.summary(&self.key(name)).await.unwrap().unwrap()
    }

    /// State and counts: `Unhealthy High=2`.
    pub(crate) async fn verdict(&self, name: &str) -> String {
        let summary = self.summary(name).await;
        let counts = summary.counts.iter().map(|(severity, count)| format!(" {severity}={count}"));
        format!("{}{}", summary.state.as_str(), counts.collect::<String>())
    }

    /// Puts a rule that disables a finding, or takes it away, and brings the verdicts to it.
    pub(crate) async fn disable(&self, finding: &str, is_there: bool) {
        self.disable_by(Conditions { ids: vec![finding.into()], ..Conditions::default() }, is_there).await;
    }

    /// The same with other conditions.
    pub(crate) async fn disable_by(&self, conditions: Conditions, is_there: bool) {
        let scope = format!("/subscriptions/{}", Uuid::from_u128(0xabc));
        let (now, author) = (Timestamp::now(), Actor("alice".into()));
        if is_there {
            let rule = Rule {
                kind: RuleKind::Disable,
                scope,
                name: "one".into(),
                display_name: "one".into(),
                conditions,
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
    pub(crate) async fn flips(&self, name: &str) -> usize {
        let events = self.store.image_events(&self.key(name), 100).await.unwrap();
        events.iter().filter(|event| event.event.kind.as_str() == "verdict-changed").count()
    }

    /// The counts of an image, read from its findings one by one.
    pub(crate) async fn counted_findings(&self, name: &str) -> BTreeMap<String, u64> {
        let filter = FindingFilter { digest: Some(self.key(name).digest), ..FindingFilter::default() };
        let page = self.store.findings(&filter, PageRequest::first(1000)).await.unwrap();
        let mut counts = BTreeMap::new();
        for finding in page.items {
            *counts.entry(finding.vulnerability.severity).or_default() += 1;
        }
        counts
    }
}
