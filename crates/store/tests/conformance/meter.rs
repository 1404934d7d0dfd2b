//! The ledger: each image once for each subscription and calendar month.

use crate::scene::{Scene, second, subscription};
use assessment::plan::Month;
use jiff::{SignedDuration, Timestamp};
use oci::Digest;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Charge, Charged, RegistryId, SqliteStore, Store, UsageFilter};

fn charge(who: u128, image: u8, at: Timestamp) -> Charge {
    Charge {
        subscription: subscription(who),
        digest: Digest::of_sha256(&[image]),
        registry: RegistryId(1),
        repository: "app".parse().unwrap(),
        in_trial: false,
        at,
    }
}

fn year(who: u128) -> UsageFilter {
    UsageFilter {
        subscription: subscription(who),
        registries: None,
        from: jiff::civil::date(2020, 1, 1),
        until: jiff::civil::date(2021, 12, 31),
    }
}

pub(crate) async fn image_is_charged_once_in_a_month(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    // 2020-09-13.
    let at = second(0);
    assert_eq!(store.charge(charge(1, 1, at)).await.unwrap(), Charged::Now);
    assert_eq!(store.charge(charge(1, 1, at)).await.unwrap(), Charged::Before);
    let elsewhere = Charge { registry: RegistryId(2), ..charge(1, 1, second(60)) };
    assert_eq!(store.charge(elsewhere).await.unwrap(), Charged::Before);
    assert_eq!(store.charge(charge(2, 1, at)).await.unwrap(), Charged::Now, "another pays for itself");
    let next = at + SignedDuration::from_hours(24 * 20);
    assert_eq!(store.charge(charge(1, 1, next)).await.unwrap(), Charged::Now, "another month");
    let trial = Charge { in_trial: true, ..charge(1, 2, at) };
    assert_eq!(store.charge(trial).await.unwrap(), Charged::Now);
    let rows = store.metered(&year(1)).await.unwrap();
    let seen: Vec<(String, u64, u64)> =
        rows.iter().map(|row| (row.day.to_string(), row.images, row.in_trial)).collect();
    assert_eq!(seen, [("2020-09-13".to_owned(), 1, 1), ("2020-10-03".to_owned(), 1, 0)]);
    let none = UsageFilter { registries: Some(vec![RegistryId(7)]), ..year(1) };
    assert!(store.metered(&none).await.unwrap().is_empty());
    assert!(store.is_charged(subscription(1), Month::of(at), &Digest::of_sha256(&[1])).await.unwrap());
    assert!(!store.is_charged(subscription(1), Month::of(at), &Digest::of_sha256(&[9])).await.unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is asked for, in whichever order, however often, with clocks that jump and servers that are opened
    /// again in between: the ledger has each image once for each subscription and month, and forgets none.
    #[test]
    fn ledger_is_a_set(
        asked in prop::collection::vec((1_u128..3, 0_u8..4, -40_i64..120, 0_u8..10), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("records.sqlite");
            let mut store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).unwrap());
            let mut expected: BTreeSet<(u128, String, u8)> = BTreeSet::new();
            for (who, image, days, chance) in asked {
                let at = second(0) + SignedDuration::from_hours(24 * days);
                let is_new = expected.insert((who, Month::of(at).to_string(), image));
                let became = store.charge(charge(who, image, at)).await.unwrap();
                prop_assert_eq!(became == Charged::Now, is_new);
                // A retry, as after an answer that was lost.
                prop_assert_eq!(store.charge(charge(who, image, at)).await.unwrap(), Charged::Before);
                if chance == 0 {
                    // A crash: the same file, opened again without having been closed.
                    store = Arc::new(SqliteStore::open(&path).unwrap());
                }
            }
            for who in 1..3 {
                let mut by_month: BTreeMap<String, u64> = BTreeMap::new();
                for row in store.metered(&year(who)).await.unwrap() {
                    *by_month.entry(row.day.to_string()[..7].to_owned()).or_default() += row.images;
                }
                let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
                for (_, month, _) in expected.iter().filter(|(owner, ..)| *owner == who) {
                    *wanted.entry(month.clone()).or_default() += 1;
                }
                prop_assert_eq!(by_month, wanted);
            }
            Ok(())
        })?;
    }
}
