//! Rules of findings that are shown before they are counted.

use crate::scene::{Scene, findings, package, second, snapshot, vulnerability};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    Ahead, AttributeChange, AttributeTarget, Found, HoldSeverity, ImageState, MoreFindings, PackageVersion,
    PageRequest, PullPolicy, QuarantineState, ShownAhead, Store, SummaryFilter,
};

/// Shows more findings ahead, of which nothing else is recorded.
async fn show(store: &Arc<dyn Store>, with: &str, more: Vec<(store::SnapshotVersion, Vec<MoreFindings>)>) {
    let shown = store.show_ahead(ahead(with, more), second(50)).await.unwrap();
    assert_eq!(shown, ShownAhead::Shown(vec![]));
}

fn ahead(with: &str, more: Vec<(store::SnapshotVersion, Vec<MoreFindings>)>) -> Ahead {
    let (packages, vulnerabilities) = (Vec::new(), Vec::new());
    Ahead {
        snapshot: snapshot(with),
        packages,
        vulnerabilities,
        more,
        rulings: BTreeMap::new(),
        but: BTreeSet::new(),
        most_flips: None,
    }
}

pub(crate) async fn uncounted_findings_are_added_where_a_summary_is_older(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let (one, two, well) = (
        scene.push("app", "1", b"one").await,
        scene.push("app", "2", b"two").await,
        scene.push("app", "3", b"three").await,
    );
    let (musl, curl) = (package("musl", "1"), package("curl", "1"));
    let ids = scene.scan(&["app"], &one, &[musl.clone(), curl.clone()]).await;
    scene.scan(&["app"], &two, &[curl]).await;
    scene.scan(&["app"], &well, &[musl]).await;
    let mut newer = scene.summary("app", &well, ImageState::Unhealthy);
    newer.snapshot = Some(snapshot("two"));
    assert!(store.put_summary(newer).await.unwrap());
    let counts = async |digest| {
        let image = scene.image("app", digest);
        let summary = store.summary(&image).await.unwrap().unwrap();
        let found = store.found(&image).await.unwrap().unwrap();
        assert_eq!(found, Found::of(&summary), "both say the same");
        (summary.counts, summary.snapshot)
    };
    let before = [counts(&one).await, counts(&two).await, counts(&well).await];
    let more = MoreFindings::new(ids[0], BTreeMap::from([("Low".to_owned(), 2)]));
    show(store, "two", vec![(snapshot("one"), vec![more])]).await;
    let (mut expected, _) = before[0].clone();
    expected.insert("Low".to_owned(), 2 + expected.get("Low").copied().unwrap_or_default());
    assert_eq!(counts(&one).await, (expected.clone(), Some(snapshot("two"))));
    assert_eq!(counts(&two).await, before[1], "it has no such package");
    assert_eq!(counts(&well).await, before[2], "it was made with the new advisories");
    let page = store.summaries(&SummaryFilter::default(), PageRequest::first(10)).await.unwrap();
    assert!(page.items.iter().any(|summary| summary.counts == expected), "lists have them too");
    assert!(!store.is_all_matched_with(vec![snapshot("one")]).await.unwrap());
    assert_eq!(store.uncounted().await.unwrap(), [ids[0]]);
    store.findings_are_counted().await.unwrap();
    assert_eq!(store.uncounted().await.unwrap(), []);
    assert_eq!(counts(&one).await, before[0], "whoever wrote the summaries has counted them");
}

pub(crate) async fn package_versions_are_found_by_the_names_of_their_advisories(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let source = inventory::SourcePackage { name: "openssl".into(), version: "3".into() };
    let built = PackageVersion { source: Some(source), ..package("libssl3", "3") };
    let python = PackageVersion {
        ecosystem: Some(inventory::Ecosystem::new("PyPI")),
        kind: inventory::PackageKind::PyPi,
        ..package("Ruamel_YAML", "1")
    };
    let nobodys = PackageVersion { ecosystem: None, ..package("mystery", "1") };
    let ids = scene.scan(&["app"], &digest, &[built.clone(), python.clone(), nobodys]).await;
    let named = async |name: &str| {
        let found = scene.store.standings_named(vec![name.to_owned()]).await.unwrap();
        found.into_iter().map(|standing| standing.package).collect::<Vec<_>>()
    };
    assert_eq!(named("openssl").await, [built]);
    assert_eq!(named("ruamel-yaml").await, [python]);
    assert_eq!((named("libssl3").await, named("mystery").await), (vec![], vec![]));
    assert_eq!(scene.store.standings_of(vec![ids[2]]).await.unwrap().len(), 1);
    assert!(!scene.store.is_all_matched_with(vec![snapshot("one")]).await.unwrap());
    let all: Vec<_> = ids.iter().map(|id| findings(*id, &[])).collect();
    let known = vec![vulnerability("CVE-1", "High")];
    scene.store.record_findings(&snapshot("one"), all, known, second(1)).await.unwrap();
    assert!(scene.store.is_all_matched_with(vec![snapshot("one")]).await.unwrap());
    assert!(!scene.store.is_all_matched_with(vec![snapshot("two")]).await.unwrap());
}

pub(crate) async fn machines_tell_package_versions_apart(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let here = PackageVersion { architecture: Some("x86_64".into()), ..package("musl", "1") };
    let there = PackageVersion { architecture: Some("aarch64".into()), ..package("musl", "1") };
    let ids = scene.scan(&["app"], &digest, &[here.clone(), there.clone(), here.clone()]).await;
    assert_eq!((ids[0] == ids[2], ids[0] == ids[1]), (true, false));
    let places = scene.store.image_packages(&digest).await.unwrap();
    let mut read: Vec<_> = places.into_iter().map(|place| place.package).collect();
    read.sort();
    read.dedup();
    assert_eq!(read, [there, here]);
}

pub(crate) async fn uncounted_findings_hold_an_image_in_quarantine(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let ids = scene.scan(&["app"], &digest, &[package("musl", "1")]).await;
    let image = scene.image("app", &digest);
    let policy =
        PullPolicy { quarantine: true, hold_severity: Some(HoldSeverity::Critical), ..PullPolicy::default() };
    scene.store.set_pull_policy(scene.registry, policy, &crate::scene::actor(), second(1)).await.unwrap();
    let passed = AttributeChange { quarantine: Some(QuarantineState::Passed), ..AttributeChange::default() };
    let target = AttributeTarget::Manifest(digest.clone());
    let (repository, actor) = (&image.repository, crate::scene::actor());
    scene.store.change_attributes(repository, &target, passed, &actor, second(2)).await.unwrap();
    let quarantine = async || {
        let facts = scene.store.pull_facts(repository, &digest, false).await.unwrap();
        facts.standings[0].quarantine
    };
    assert_eq!(quarantine().await, Some(QuarantineState::Passed));
    let more = |severity: &str| MoreFindings::new(ids[0], BTreeMap::from([(severity.to_owned(), 1)]));
    show(&scene.store, "two", vec![(snapshot("one"), vec![more("Critical")])]).await;
    assert_eq!(quarantine().await, Some(QuarantineState::Failed), "before its summary is written");
    let written = scene.store.written_summary(&image).await.unwrap().unwrap();
    assert_eq!(written.counts.get("Critical"), None);
    // Writing it has the consequences that showing it had not.
    let shown = scene.store.summary(&image).await.unwrap().unwrap();
    assert_eq!(shown.counts.get("Critical"), Some(&1));
    scene.store.put_judged(vec![(shown.clone(), Found::of(&shown))], vec![], second(3)).await.unwrap();
    scene.store.findings_are_counted().await.unwrap();
    assert_eq!(quarantine().await, Some(QuarantineState::Failed));
    let told = scene.store.attributes(repository, &target).await.unwrap().unwrap();
    assert_eq!(told.quarantine, Some(QuarantineState::Failed), "the attribute has followed");
}

pub(crate) async fn indexes_have_the_uncounted_findings_of_their_images(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (one, two) = (scene.push("app", "1", b"one").await, scene.push("app", "2", b"two").await);
    let ids = scene.scan(&["app"], &one, &[package("musl", "1")]).await;
    scene.scan(&["app"], &two, &[package("curl", "1")]).await;
    let index = scene.push("app", "all", b"index").await;
    let mut summary = scene.summary("app", &index, ImageState::Unhealthy);
    summary.children = vec![one.clone(), two.clone()];
    let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
    let shown =
        async |digest| sum(&scene.store.summary(&scene.image("app", digest)).await.unwrap().unwrap().counts);
    summary.counts = BTreeMap::from([("High".to_owned(), shown(&one).await + shown(&two).await)]);
    let before = sum(&summary.counts);
    assert!(scene.store.put_summary(summary).await.unwrap());
    let more = MoreFindings::new(ids[0], BTreeMap::from([("Low".to_owned(), 3)]));
    show(&scene.store, "two", vec![(snapshot("one"), vec![more])]).await;
    assert_eq!(shown(&index).await, before + 3);
    scene.store.findings_are_counted().await.unwrap();
    assert_eq!(shown(&index).await, before);
}

pub(crate) async fn of_many_uncounted_findings_each_image_has_its_own(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let many: Vec<PackageVersion> = (0..40).map(|number| package(&format!("p{number}"), "1")).collect();
    let (all, few) = (scene.push("app", "1", b"one").await, scene.push("app", "2", b"two").await);
    let ids = scene.scan(&["app"], &all, &many).await;
    scene.scan(&["app"], &few, &many[10..13]).await;
    let shown = async |digest| {
        let summary = scene.store.summary(&scene.image("app", digest)).await.unwrap().unwrap();
        summary.counts.values().sum::<u64>()
    };
    let before = (shown(&all).await, shown(&few).await);
    let more = ids.iter().map(|id| MoreFindings::new(*id, BTreeMap::from([("Low".to_owned(), 1)])));
    show(&scene.store, "two", vec![(snapshot("one"), more.collect())]).await;
    assert_eq!((shown(&all).await, shown(&few).await), (before.0 + 40, before.1 + 3));
}

pub(crate) async fn uncounted_findings_are_those_since_a_summary_was_made(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (early, late) = (scene.push("app", "1", b"one").await, scene.push("app", "2", b"two").await);
    let ids = scene.scan(&["app"], &early, &[package("musl", "1")]).await;
    scene.scan(&["app"], &late, &[package("musl", "1")]).await;
    let mut counted = scene.store.summary(&scene.image("app", &late)).await.unwrap().unwrap();
    counted.snapshot = Some(snapshot("two"));
    *counted.counts.entry("Low".to_owned()).or_default() += 1;
    let low = counted.counts["Low"];
    assert!(scene.store.put_summary(counted).await.unwrap());
    let more = |low, high| {
        let counts = BTreeMap::from([("Low".to_owned(), low), ("High".to_owned(), high)]);
        vec![MoreFindings::new(ids[0], counts)]
    };
    // The first of two advisories is counted in one of the images when the second one comes.
    show(&scene.store, "two", vec![(snapshot("one"), more(1, 0))]).await;
    let both = vec![(snapshot("one"), more(1, 5)), (snapshot("two"), more(0, 5))];
    show(&scene.store, "three", both).await;
    let shown = async |digest| scene.store.summary(&scene.image("app", digest)).await.unwrap().unwrap();
    let (one, two) = (shown(&early).await, shown(&late).await);
    assert_eq!((one.counts["Low"], two.counts["Low"]), (low, low));
    assert_eq!(one.counts.get("High"), two.counts.get("High"));
    assert_eq!((one.snapshot.clone(), two.snapshot), (Some(snapshot("three")), one.snapshot));
    let all = [snapshot("one"), snapshot("two")];
    let known = vec![vulnerability("CVE-1", "High")];
    scene.store.record_findings(&all[1], vec![findings(ids[0], &[])], known, second(1)).await.unwrap();
    assert!(scene.store.is_all_matched_with(all.to_vec()).await.unwrap());
    assert!(
        !scene.store.is_all_matched_with(vec![snapshot("two")]).await.unwrap(),
        "some are shown to others"
    );
    assert!(!scene.store.is_all_matched_with(vec![]).await.unwrap());
}
