//! Rules of reading everything of a kind at once.

use crate::scene::{Scene, actor, image_record, installation, package, second, snapshot, vulnerability};
use oci::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    AffectedPackage, EventKind, FindingFilter, FindingRow, FindingVerdict, Found, ImageState, ImageSummary,
    NewEvent, PackageFilter, PackageFindings, PackagePlace, PageRequest, RegistryId, Store, SummaryFilter,
};

/// What a census says is what the join says, row by row.
pub(crate) async fn a_census_counts_what_the_join_lists(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    furnish(&scene).await;
    let joined: BTreeSet<_> = store
        .findings(
            &FindingFilter { verdicts: vec![FindingVerdict::Affected], ..FindingFilter::default() },
            PageRequest::first(1000),
        )
        .await
        .unwrap()
        .items
        .into_iter()
        .map(|finding| {
            let vulnerability = finding.vulnerability;
            (finding.key.image.repository.name.to_string(), vulnerability.id, vulnerability.severity)
        })
        .collect();
    let filter = SummaryFilter {
        registries: Some(vec![scene.registry]),
        states: vec![ImageState::Unhealthy],
        ..SummaryFilter::default()
    };
    let (rows, counted) = count(&*store, &filter).await;
    assert_eq!(rows, 7, "{joined:?}");
    assert_eq!(counted, joined);
    assert!(counted.iter().all(|(_, vulnerability, _)| vulnerability != "CVE-4"));
    // By repository, and for nobody's registries.
    let one = SummaryFilter { repository: Some("web".parse().unwrap()), ..filter.clone() };
    assert_eq!(store.contents(&one, PageRequest::first(9)).await.unwrap().items.len(), 1);
    let none = SummaryFilter { registries: Some(vec![RegistryId(99)]), ..filter };
    assert_eq!(store.contents(&none, PageRequest::first(9)).await.unwrap().items, []);
}

/// What conditions of rules look at is there for everything that a census counts.
pub(crate) async fn a_census_tells_what_rules_look_at(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    furnish(&scene).await;
    let mut affected = Vec::new();
    let mut after = None;
    loop {
        let page = store.affected_packages(PageRequest { after, limit: 2 }).await.unwrap();
        affected.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let key = |one: &AffectedPackage| (one.package_version, one.vulnerability.clone());
    assert!(
        affected.is_sorted_by_key(key) && affected.iter().all(|one| !one.name.is_empty()),
        "{affected:?}"
    );
    let judgements = store.judgements().await.unwrap();
    assert_eq!(affected.len(), judgements.pairs().len());
    for one in &affected {
        let of = judgements.of(one.package_version).iter().map(|rating| *rating as usize);
        assert!(of.map(|at| &judgements.ratings[at]).any(|rating| rating.vulnerability == one.vulnerability));
    }
    let records = store.vulnerability_records(PageRequest::first(100)).await.unwrap();
    assert!(records.next.is_none() && records.items.is_sorted_by_key(|(key, _)| key.clone()));
    assert!(judgements.ratings.iter().all(|rating| {
        let key = (rating.vulnerability.clone(), rating.ecosystem.clone());
        records.items.iter().any(|(one, _)| *one == key)
    }));
    // The images by their states, and the same one by one.
    let filter = SummaryFilter { registries: Some(vec![scene.registry]), ..SummaryFilter::default() };
    let counts = store.image_counts(&filter).await.unwrap();
    let states = store.image_states(&filter, PageRequest::first(3)).await.unwrap();
    assert_eq!((states.items.len(), states.next.is_some()), (3, true));
    let rest = store.image_states(&filter, PageRequest { after: states.next, limit: 100 }).await.unwrap();
    let images: u64 = counts.iter().map(|count| count.images).sum();
    assert_eq!(images, (states.items.len() + rest.items.len()) as u64);
    assert!(store.image_counts(&SummaryFilter::default()).await.unwrap().is_empty(), "no registry, no image");
    let distributions = store.distributions().await.unwrap();
    let (image, _) = &states.items[0];
    assert!(distributions.known.get(distributions.of[&image.digest]).is_some());
    // An image of which rules hide everything, and its packages.
    let unknown = Digest::of_sha256(b"nobody");
    let lists = store.package_lists(&[image.digest.clone(), unknown]).await.unwrap();
    assert!(matches!(lists.as_slice(), [Some(_), None]), "{lists:?}");
    assert_eq!(store.hidden_contents(&filter, PageRequest::first(9)).await.unwrap().items, []);
    let summary = store.summary(image).await.unwrap().unwrap();
    let found = Found { state: ImageState::Unhealthy, ..Found::of(&summary) };
    let shown = ImageSummary { state: ImageState::Healthy, ..summary };
    store.put_judged(vec![(shown, found)], Vec::new(), second(9)).await.unwrap();
    let one = SummaryFilter { digest: Some(image.digest.clone()), ..filter.clone() };
    for filter in [&filter, &one] {
        let hidden = store.hidden_contents(filter, PageRequest::first(9)).await.unwrap();
        let [content] = hidden.items.as_slice() else { panic!("{hidden:?}") };
        assert_eq!((&content.image, content.state), (image, ImageState::Healthy));
        assert_eq!(content.packages, lists[0]);
    }
}

/// Three images with packages and findings, and one with the same package in two places.
async fn furnish(scene: &Scene) {
    let (musl, curl, busybox) = (package("musl", "1.2"), package("curl", "8.0"), package("busybox", "1.36"));
    for (repository, bytes, packages) in [
        ("app", &b"one"[..], vec![musl, curl.clone()]),
        ("web", b"two", vec![curl.clone(), busybox]),
        ("bare", b"three", vec![]),
    ] {
        let digest = scene.push(repository, "latest", bytes).await;
        let ids = scene.scan(&[repository], &digest, &packages).await;
        if let [first, second_one] = ids.as_slice() {
            scene.find("one", &[(*first, &["CVE-1", "CVE-2"]), (*second_one, &["CVE-2"])], second(3)).await;
        }
    }
    // One package in two places counts twice; what does not affect it does not count.
    let digest = scene.push("twice", "latest", b"four").await;
    let place = |path: &str| PackagePlace {
        package: curl.clone(),
        layer: Digest::of_sha256(b"layer"),
        path: path.to_owned(),
    };
    let record = image_record(&digest, vec![place("a"), place("b")]);
    let recorded = scene.store.record_image(record).await.unwrap();
    let summary = scene.summary("twice", &digest, ImageState::Unhealthy);
    assert!(scene.store.put_summary(summary).await.unwrap());
    let row = |id: &str, verdict| FindingRow {
        vulnerability: id.to_owned(),
        verdict,
        fixed: None,
        advisories: Vec::new(),
        evidence: serde_json::Value::Null,
    };
    let findings = PackageFindings {
        reasons: BTreeMap::new(),
        package_version: recorded.versions[0].0,
        findings: vec![row("CVE-3", FindingVerdict::Affected), row("CVE-4", FindingVerdict::Undetermined)],
    };
    let known = vec![vulnerability("CVE-3", "Low"), vulnerability("CVE-4", "Low")];
    scene.store.record_findings(&snapshot("two"), vec![findings], known, second(4)).await.unwrap();
}

/// The rows of a census, and what they are about: repository, vulnerability and severity.
async fn count(store: &dyn Store, filter: &SummaryFilter) -> (u64, BTreeSet<(String, String, String)>) {
    let judgements = store.judgements().await.unwrap();
    let (mut rows, mut counted, mut after) = (0, BTreeSet::new(), None);
    loop {
        let page = store.contents(filter, PageRequest { after, limit: 1 }).await.unwrap();
        for content in page.items {
            for (package, places) in content.packages.unwrap().iter() {
                for rating in judgements.of(package) {
                    let rating = &judgements.ratings[*rating as usize];
                    rows += places;
                    let repository = content.image.repository.name.to_string();
                    counted.insert((repository, rating.vulnerability.clone(), rating.severity.clone()));
                }
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return (rows, counted),
        }
    }
}

pub(crate) async fn packages_are_found_by_name(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (musl, curl) = (package("musl", "1.2"), package("curl", "8.0"));
    let one = scene.push("app", "latest", b"one").await;
    let two = scene.push("web", "latest", b"two").await;
    scene.scan(&["app"], &one, &[musl.clone(), curl.clone()]).await;
    scene.scan(&["web"], &two, std::slice::from_ref(&musl)).await;
    let of = async |filter: PackageFilter| {
        let page = store.packages(&filter, PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|(_, places)| places.len()).collect::<Vec<_>>()
    };
    let registries =
        |ids: &[RegistryId]| SummaryFilter { registries: Some(ids.to_vec()), ..SummaryFilter::default() };
    let named = |name: &str, ids: &[RegistryId]| PackageFilter {
        images: registries(ids),
        name: Some(name.to_owned()),
    };
    assert_eq!(of(PackageFilter { images: registries(&[scene.registry]), name: None }).await, [2, 1]);
    assert_eq!(of(named("musl", &[scene.registry])).await, [1, 1]);
    assert_eq!(of(named("curl", &[scene.registry])).await, [1]);
    assert_eq!(of(named("curl", &[RegistryId(99)])).await, [0; 0]);
}

pub(crate) async fn history_is_that_of_the_registries(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    scene.push("app", "latest", b"one").await;
    let foreign = NewEvent {
        kind: EventKind::MANIFEST_PUSHED,
        registry: Some(RegistryId(99)),
        repository: None,
        digest: None,
        tag: None,
        actor: actor(),
        at: second(5),
        detail: serde_json::Value::Null,
    };
    let last = store.append_event(foreign).await.unwrap();
    let own = store.history(&[scene.registry], PageRequest::first(10)).await.unwrap();
    assert!(!own.items.is_empty() && own.items.iter().all(|event| event.sequence < last));
    let all = store.history(&[RegistryId(99), scene.registry], PageRequest::first(10)).await.unwrap();
    assert_eq!(all.items.last().unwrap().sequence, last);
    assert_eq!(store.history(&[], PageRequest::first(10)).await.unwrap().items, []);
    assert_eq!(installation(1).subscription, crate::scene::subscription(1));
}

/// The lists are kept by the database itself, whoever writes the rest, and in whatever order.
pub(crate) async fn a_census_follows_images_wherever_they_go(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (musl, curl) = (package("musl", "1.2"), package("curl", "8.0"));
    let seen = async |state| {
        let filter = SummaryFilter {
            registries: Some(vec![scene.registry]),
            states: vec![state],
            ..SummaryFilter::default()
        };
        let page = store.contents(&filter, PageRequest::first(10)).await.unwrap();
        let line = |content: store::ImageContent| {
            let packages = content.packages.map(|packages| packages.iter().count());
            (content.image.repository.name.to_string(), packages)
        };
        page.items.into_iter().map(line).collect::<Vec<_>>()
    };
    let line = |name: &str, packages| (name.to_owned(), packages);
    let digest = scene.push("app", "latest", b"one").await;
    // The summary comes before the image is read, and stays while it changes its state.
    assert!(store.put_summary(scene.summary("app", &digest, ImageState::Queued)).await.unwrap());
    assert_eq!(seen(ImageState::Queued).await, [line("app", None)]);
    scene.scan(&["app"], &digest, &[musl.clone(), curl.clone()]).await;
    assert_eq!(seen(ImageState::Queued).await, []);
    assert_eq!(seen(ImageState::Unhealthy).await, [line("app", Some(2))]);
    // Read again, and in a second repository.
    scene.push("mirror", "latest", b"one").await;
    scene.scan(&["mirror"], &digest, &[musl]).await;
    assert_eq!(seen(ImageState::Unhealthy).await, [line("app", Some(1)), line("mirror", Some(1))]);
    let gone = scene.repository("app");
    let removal = store.delete_manifest(&gone, &digest, &actor(), second(9)).await.unwrap();
    assert_eq!(removal, store::Removal::Removed);
    assert_eq!(seen(ImageState::Unhealthy).await, [line("mirror", Some(1))]);
}
