//! The meter, through the queue and the jobs that the server runs: whatever happens, each image is charged once for each
//! subscription and calendar month in which somebody asked for it, if it was scanned, and never otherwise.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

#[path = "support/workshop.rs"]
mod workshop;

use assessment::plan::Month;
use graph::plans::backfill_jobs;
use inventory::{INDEXER_VERSION, LayerInventory};
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use proptest::prelude::*;
use serde_json::{Value, json};
use server::jobs::{JOBS, Workshop, assess, step};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use store::{
    Actor, Holder, ImageKey, LayerOutcome, LayerRecord, NewRegistry, PlanSetting, PlanTier, Registry,
    SqliteStore, Store, Subscription, SubscriptionId, TenantId, UploadId, UsageFilter, testing,
};
use tempfile::TempDir;
use uuid::Uuid;

const CONFIG: &[u8] = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
const LAYER: &[u8] = b"a layer that was read before";
const PLAN: &str = "ContainerRegistry";

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// An image is pushed, perhaps once more, perhaps to another registry or by another subscription.
    Push { registry: usize, image: u8 },
    /// An image is deleted; it may be pushed again.
    Delete { registry: usize, image: u8 },
    /// The plan of a subscription goes on or off; on with what was pushed before, if that is wanted.
    Plan { subscription: usize, is_on: bool, backfill: bool },
    /// A registry gets a plan of its own.
    Own { registry: usize, is_on: bool },
    /// The next job runs to its end.
    Work,
    /// The next job is dropped after so many steps; then the records are opened again.
    Crash { after: usize },
    /// Hours go by, or the clock is set back.
    Clock { hours: i64 },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..3_usize, 0..3_u8).prop_map(|(registry, image)| Happening::Push { registry, image }),
        1 => (0..3_usize, 0..3_u8).prop_map(|(registry, image)| Happening::Delete { registry, image }),
        2 => (0..2_usize, any::<bool>(), any::<bool>())
            .prop_map(|(subscription, is_on, backfill)| Happening::Plan { subscription, is_on, backfill }),
        1 => (0..3_usize, any::<bool>()).prop_map(|(registry, is_on)| Happening::Own { registry, is_on }),
        6 => Just(Happening::Work),
        2 => (0..40_usize).prop_map(|after| Happening::Crash { after }),
        2 => (-24 * 20..24 * 25_i64).prop_map(|hours| Happening::Clock { hours }),
    ]
}

/// What a charge is for: the subscription, the month, the image.
type Due = (SubscriptionId, String, Digest);

/// Two subscriptions, the first with two registries, and a clock.
struct Harbour {
    folder: TempDir,
    path: PathBuf,
    workshop: Workshop,
    registries: Vec<Registry>,
    clock: Timestamp,
    latest: Timestamp,
    /// Every month in which somebody asked for an image: by a push, or by switching the plan on for what is there.
    asked: BTreeSet<Due>,
    /// What was scanned under a plan: a run for it went to its end.
    scanned: BTreeSet<Due>,
}

impl Harbour {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        // 2020-09-13, in the middle of a month.
        let clock = Timestamp::from_second(1_600_000_000).unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).unwrap());
        store.install(testing::installation("harbour"), clock).await.unwrap();
        let first = store.registry_by_name("harbour").await.unwrap().unwrap();
        let other = SubscriptionId(Uuid::from_u128(0xdef));
        let tenant = TenantId(Uuid::from_u128(0x777));
        let subscription = Subscription { id: other, name: "Other".into(), tenant };
        assert!(store.create_subscription(subscription).await.unwrap());
        let mut registries = vec![first.clone()];
        for (name, subscription) in [("second", first.subscription), ("third", other)] {
            let new = NewRegistry {
                subscription,
                resource_group: "rg".into(),
                name: name.into(),
                login_server: format!("{name}.test"),
                location: "local".into(),
            };
            registries.push(store.create_registry(new, &actor(), clock).await.unwrap().unwrap());
        }
        let workshop = workshop::workshop(folder.path(), store);
        let (asked, scanned) = Default::default();
        let harbour = Self { folder, path, workshop, registries, clock, latest: clock, asked, scanned };
        harbour.furnish().await;
        harbour
    }

    /// The configuration of all images, and their layer as the jail read it.
    async fn furnish(&self) {
        let upload = UploadId::from_random([1; 16]);
        self.workshop.blobs.begin(upload).await.unwrap();
        let body = futures_util::stream::iter([Ok(CONFIG.into())]);
        self.workshop.blobs.append(upload, 0, Box::pin(body), 1 << 20).await.unwrap();
        self.workshop.blobs.finish(upload, &Digest::of_sha256(CONFIG)).await.unwrap();
        let inventory = serde_json::to_value(LayerInventory::empty()).unwrap();
        let layer = LayerRecord {
            digest: Digest::of_sha256(LAYER),
            indexer_version: INDEXER_VERSION,
            outcome: LayerOutcome::Indexed(inventory),
            isolation: Value::Null,
            at: self.clock,
        };
        self.workshop.store.put_layer(layer).await.unwrap();
    }

    fn due(&self, registry: usize, digest: &Digest, at: Timestamp) -> Due {
        (self.registries[registry].subscription, Month::of(at).to_string(), digest.clone())
    }

    async fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Push { registry, image } => self.push(registry, image).await,
            Happening::Delete { registry, image } => {
                let image = self.image(registry, image);
                let store = &self.workshop.store;
                let _ = store
                    .delete_manifest(&image.repository, &image.digest, &actor(), self.clock)
                    .await
                    .unwrap();
            }
            Happening::Plan { subscription, is_on, backfill } => {
                self.plan(subscription, is_on, backfill).await
            }
            Happening::Own { registry, is_on } => {
                let own = self.registries[registry].clone();
                self.set(own.subscription, Some(&own), is_on).await;
            }
            Happening::Work => {
                self.work().await;
            }
            Happening::Crash { after } => self.crash(after).await,
            Happening::Clock { hours } => self.set_clock(self.clock + SignedDuration::from_hours(hours)),
        }
    }

    fn set_clock(&mut self, to: Timestamp) {
        self.clock = to;
        self.latest = self.latest.max(to);
    }

    fn manifest(image: u8) -> String {
        let descriptor = |kind: &str, content: &[u8]| json!({"mediaType": kind, "digest": Digest::of_sha256(content), "size": content.len()});
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", CONFIG),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", LAYER)],
            "annotations": {"number": image.to_string()},
        })
        .to_string()
    }

    fn image(&self, registry: usize, image: u8) -> ImageKey {
        testing::image_of(&testing::push(
            self.registries[registry].id,
            "app",
            Self::manifest(image),
            self.clock,
        ))
    }

    async fn push(&mut self, registry: usize, image: u8) {
        let own = &self.registries[registry];
        let mut push = testing::push(own.id, "app", Self::manifest(image), self.clock);
        let key = testing::image_of(&push);
        push.jobs = vec![assess::job(&key, own.subscription, 0)];
        let _ = self.workshop.store.put_manifest(push).await.unwrap();
        self.asked.insert(self.due(registry, &key.digest, self.clock));
    }

    async fn set(&self, subscription: SubscriptionId, registry: Option<&Registry>, is_on: bool) {
        let setting = PlanSetting {
            subscription,
            registry: registry.map(|registry| registry.id),
            name: PLAN.into(),
            tier: if is_on { PlanTier::Standard } else { PlanTier::Free },
            enforce: false,
            sub_plan: None,
            extensions: json!([]),
            enabled_at: None,
            changed_at: self.clock,
        };
        self.workshop.store.put_plan(setting, self.clock).await.unwrap();
    }

    async fn plan(&mut self, which: usize, is_on: bool, backfill: bool) {
        let subscription = self.registries[[0, 2][which]].subscription;
        self.set(subscription, None, is_on).await;
        if is_on && backfill {
            let own = self.registries.iter().filter(|registry| registry.subscription == subscription);
            let jobs = backfill_jobs(&own.cloned().collect::<Vec<Registry>>());
            self.workshop.store.enqueue(jobs, self.clock).await.unwrap();
        }
    }

    /// The images that the next run may be for, if it goes to its end under a plan.
    async fn next(&self) -> BTreeMap<String, Due> {
        let mut waiting = BTreeMap::new();
        for (number, registry) in self.registries.iter().enumerate() {
            for image in 0..3 {
                let image = self.image(number, image);
                let job = assess::job(&image, registry.subscription, 0);
                let found = self.workshop.store.job(&job.kind, &job.key).await.unwrap();
                if let Some(found) = found {
                    waiting.insert(job.key, self.due(number, &image.digest, found.enqueued_at));
                }
            }
        }
        waiting
    }

    /// Runs the next job to its end; `false` if none is due.
    async fn work(&mut self) -> bool {
        // No two runs are at the same moment: by it, a scan is known.
        self.set_clock(self.clock + SignedDuration::from_secs(1));
        let before = self.next().await;
        let clock = self.clock;
        let did = step(&self.workshop, JOBS, &Holder("one".into()), &|| clock).await.unwrap();
        let after = self.next().await;
        // What a backfill asks for, it asks for when it runs.
        self.asked
            .extend(after.iter().filter(|(key, _)| !before.contains_key(*key)).map(|(_, due)| due.clone()));
        let ended = before.iter().filter(|(key, due)| after.get(*key) != Some(due)).map(|(_, due)| due);
        for (subscription, month, digest) in ended {
            // Under no plan, an image ends unscanned: what has a verdict was scanned.
            let store = &self.workshop.store;
            if store.image(digest).await.unwrap().is_some_and(|image| image.at == clock) {
                self.scanned.insert((*subscription, month.clone(), digest.clone()));
            }
        }
        did
    }

    /// Drops the next run after so many steps, as a crash does, and opens the records again.
    async fn crash(&mut self, after: usize) {
        let before = self.next().await;
        {
            let clock = self.clock;
            let now = move || clock;
            let holder = Holder("crashed".into());
            let mut run = pin!(step(&self.workshop, JOBS, &holder, &now));
            for _ in 0..after {
                let mut context = Context::from_waker(Waker::noop());
                if let Poll::Ready(ended) = run.as_mut().poll(&mut context) {
                    ended.unwrap();
                    break;
                }
                // So that the database answers meanwhile.
                tokio::time::sleep(Duration::from_micros(300)).await;
            }
        }
        // What was on its way to the thread that writes may still be written, as by a crash a moment later: before this, which
        // changes nothing, is answered.
        self.workshop.store.release_holder(&Holder("nobody".into()), self.clock).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&self.path).unwrap());
        self.workshop = workshop::workshop(self.folder.path(), store);
        let after = self.next().await;
        self.asked
            .extend(after.iter().filter(|(key, _)| !before.contains_key(*key)).map(|(_, due)| due.clone()));
        self.set_clock(self.clock + SignedDuration::from_secs(61));
    }

    /// Everything that waits is done.
    async fn drain(&mut self) {
        self.set_clock(self.latest + SignedDuration::from_hours(1));
        for _ in 0..200 {
            if !self.work().await {
                // Retries and the next wave of a backfill pause, and leases of crashed runs end.
                self.set_clock(self.clock + SignedDuration::from_secs(61));
                if !self.work().await {
                    return;
                }
            }
        }
        panic!("there is no end of jobs");
    }

    /// The ledger: how often each subscription was charged in each month.
    async fn charged(&self, subscription: SubscriptionId) -> BTreeMap<String, u64> {
        let filter = UsageFilter {
            subscription,
            registries: None,
            from: jiff::civil::date(2000, 1, 1),
            until: jiff::civil::date(2099, 1, 1),
        };
        let mut by_month = BTreeMap::new();
        for row in self.workshop.store.metered(&filter).await.unwrap() {
            *by_month.entry(row.day.to_string()[..7].to_owned()).or_default() += row.images + row.in_trial;
        }
        by_month
    }

    /// What the ledger must be.
    async fn check(&self) {
        for subscription in [self.registries[0].subscription, self.registries[2].subscription] {
            let mut charged: BTreeMap<String, u64> = BTreeMap::new();
            for (who, month, digest) in &self.asked {
                let is = self.workshop.store.is_charged(*who, month.parse().unwrap(), digest).await.unwrap();
                let due = (*who, month.clone(), digest.clone());
                assert!(is || !self.scanned.contains(&due), "{due:?} was scanned and not charged");
                if is && *who == subscription {
                    *charged.entry(month.clone()).or_default() += 1;
                }
            }
            assert_eq!(self.charged(subscription).await, charged, "only what was asked for, each once");
        }
    }
}

fn actor() -> Actor {
    Actor("anna".to_owned())
}

fn run(happenings: Vec<Happening>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut harbour = Harbour::new().await;
        for happening in happenings {
            harbour.happen(happening).await;
        }
        harbour.drain().await;
        harbour.check().await;
        // The same again changes nothing: every image that is there was charged for what it was asked for.
        let before = harbour.asked.clone();
        harbour.drain().await;
        assert_eq!(harbour.asked, before);
        harbour.check().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Pushes, deletions, retries, crashes, plans that flap and clocks that jump (attack D8).
    #[test]
    fn each_image_is_charged_once_whatever_happens(happenings in prop::collection::vec(happening(), 1..40)) {
        run(happenings);
    }
}

/// The same over many more cases, for whoever changes the meter: `LAZARETTO_CASES=5000`.
#[test]
fn each_image_is_charged_once_whatever_happens_for_long() {
    let Some(cases) = std::env::var_os("LAZARETTO_CASES") else { return };
    let cases = cases.to_string_lossy().parse().unwrap();
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
    runner
        .run(&prop::collection::vec(happening(), 1..60), |happenings| {
            run(happenings);
            Ok(())
        })
        .unwrap();
}

const ON: Happening = Happening::Plan { subscription: 0, is_on: true, backfill: true };
const OFF: Happening = Happening::Plan { subscription: 0, is_on: false, backfill: false };
const PUSH: Happening = Happening::Push { registry: 0, image: 0 };

/// What the property is about, told once in full: so that it is not kept by charging nothing.
#[tokio::test]
async fn a_plan_that_flaps_charges_once_and_another_month_once_more() {
    let mut harbour = Harbour::new().await;
    for happening in [ON, PUSH, Happening::Work, OFF, PUSH, Happening::Work, ON, Happening::Work, PUSH] {
        harbour.happen(happening).await;
    }
    harbour.drain().await;
    let who = harbour.registries[0].subscription;
    let once = BTreeMap::from([("2020-09".to_owned(), 1)]);
    assert_eq!(harbour.charged(who).await, once);
    // The clock is set back into the month before, and then goes on into the one after.
    for (hours, months) in [(-24 * 20, 2), (24 * 40, 3)] {
        harbour.happen(Happening::Clock { hours }).await;
        harbour.happen(PUSH).await;
        harbour.happen(Happening::Work).await;
        assert_eq!(harbour.charged(who).await.len(), months, "{hours}");
    }
    harbour.check().await;
    let another = harbour.registries[2].subscription;
    assert!(harbour.charged(another).await.is_empty());
}
