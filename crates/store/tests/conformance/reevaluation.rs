//! Rules of judging images again, and of history.

use crate::scene::{Scene, findings, package, second, snapshot, subscription, vulnerability};
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    FindingChangeKind, FindingReason, ImageKey, ImageState, JobKind, JudgedImage, NewJob, PackageFindings,
    PageRequest, PutManifest, Reevaluated, Reference, ReferenceKind, Store, SubscriptionId,
};

pub(crate) fn parent_job(image: &ImageKey, subscription: SubscriptionId) -> NewJob {
    NewJob {
        kind: JobKind::new("assess"),
        key: image.digest.to_string(),
        subscription: Some(subscription),
        priority: 0,
        payload: Value::Null,
        not_before: None,
    }
}

fn judged(image: &ImageKey, state: ImageState, high: u64) -> JudgedImage {
    JudgedImage {
        image: image.clone(),
        state,
        cause: None,
        counts: BTreeMap::from([("High".to_owned(), high)]),
    }
}

pub(crate) async fn standings_count_what_is_found(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let packages = [package("musl", "1"), package("curl", "1"), package("zlib", "1")];
    let ids = scene.scan(&["app"], &digest, &packages).await;
    scene.find("one", &[(ids[0], &["CVE-1", "CVE-2"]), (ids[1], &[])], second(1)).await;
    let standings = async || {
        let mut all = Vec::new();
        let mut page = PageRequest::first(2);
        loop {
            let part = scene.store.package_standings(page).await.unwrap();
            all.extend(part.items);
            let Some(next) = part.next else { return all };
            page = PageRequest::after(next, 2);
        }
    };
    let found = standings().await;
    assert_eq!(found.iter().map(|standing| standing.id).collect::<Vec<_>>(), ids);
    assert_eq!(found[0].affected, BTreeMap::from([("High".to_owned(), 2)]));
    assert_eq!((&found[0].matched, &found[0].package), (&Some(snapshot("one")), &packages[0]));
    assert_eq!((&found[2].matched, found[1].affected.len()), (&None, 0));
    // Another rating of a vulnerability is counted where it is had, matched again or not.
    let worse = vulnerability("CVE-2", "Critical");
    scene.store.record_findings(&snapshot("one"), vec![], vec![worse], second(2)).await.unwrap();
    let mut unsure = findings(ids[0], &["CVE-2", "CVE-4", "CVE-3"]);
    for finding in &mut unsure.findings[1..] {
        finding.verdict = store::FindingVerdict::Undetermined;
    }
    let known = vec![vulnerability("CVE-3", "Low"), vulnerability("CVE-4", "High")];
    scene.store.record_findings(&snapshot("two"), vec![unsure], known, second(3)).await.unwrap();
    let found = standings().await;
    assert_eq!(found[0].affected, BTreeMap::from([("Critical".to_owned(), 1)]));
    assert_eq!((found[0].undetermined, found[0].first_undetermined.as_deref()), (2, Some("CVE-3")));
    scene.find("three", &[(ids[0], &[])], second(4)).await;
    let found = standings().await;
    assert_eq!((found[0].affected.len(), found[0].undetermined), (0, 0));
}

pub(crate) async fn images_are_given_with_their_packages(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (one, two) = (scene.push("b", "1", b"one").await, scene.push("a", "2", b"two").await);
    scene.push("c", "1", b"one").await;
    let (musl, curl) = (package("musl", "1"), package("curl", "1"));
    let ids = scene.scan(&["b", "c"], &one, &[musl.clone(), curl]).await;
    scene.scan(&["a"], &two, &[musl]).await;
    let mut given = Vec::new();
    let mut page = PageRequest::first(2);
    loop {
        let part = scene.store.images_to_judge(page).await.unwrap();
        given.extend(part.items);
        let Some(next) = part.next else { break };
        page = PageRequest::after(next, 2);
    }
    let expected = [("a", &two, &ids[..1]), ("b", &one, &ids[..]), ("c", &one, &ids[..])];
    assert_eq!(given.len(), 3);
    for (image, (repository, digest, packages)) in given.iter().zip(expected) {
        assert_eq!((&image.image, &*image.packages), (&scene.image(repository, digest), packages));
        assert_eq!(image.basis, json!({ "causes": [] }));
    }
    let numbers = scene.store.images_having(vec![ids[1]]).await.unwrap();
    assert_eq!(scene.store.numbered_images(numbers).await.unwrap(), given[1..]);
    let numbers = scene.store.images_having(ids).await.unwrap();
    assert_eq!(numbers.len(), 2, "each image once");
    assert_eq!(scene.store.numbered_images(numbers).await.unwrap(), given);
}

pub(crate) async fn verdict_that_flips_is_told_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    scene.scan(&["app"], &digest, &[package("musl", "1")]).await;
    let image = scene.image("app", &digest);
    let told = async || {
        let events = scene.store.image_events(&image, 100).await.unwrap();
        let verdicts = events.into_iter().filter(|event| event.event.kind.as_str() == "verdict-changed");
        verdicts
            .map(|event| {
                let detail = event.event.detail;
                format!("{} to {}: {}", detail["from"], detail["to"], detail["reason"])
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(told().await, ["null to \"Unhealthy\": \"NewImage\""]);
    for _ in 0..2 {
        let images = vec![judged(&image, ImageState::Healthy, 0)];
        scene.store.judge_again(images, snapshot("two"), parent_job, second(5)).await.unwrap();
    }
    let flipped = "\"Unhealthy\" to \"Healthy\": \"AdvisoriesChanged\"";
    assert_eq!(told().await[..1], [flipped]);
    assert_eq!(told().await.len(), 2);
    let summary = scene.store.summary(&image).await.unwrap().unwrap();
    assert_eq!((summary.state, summary.changed_at), (ImageState::Healthy, second(5)));
    assert_eq!((summary.snapshot, summary.assessed_at), (Some(snapshot("two")), Some(second(5))));
    // More of the same is a change of the counts, and no other verdict.
    let worse = |high| vec![judged(&image, ImageState::Unhealthy, high)];
    let judge = async |high| {
        scene.store.judge_again(worse(high), snapshot("three"), parent_job, second(6)).await.unwrap()
    };
    let (first, second, third) = (judge(1).await, judge(2).await, judge(2).await);
    assert_eq!([first.flipped, first.changed, second.flipped, second.changed], [1, 1, 0, 1]);
    assert_eq!([third.flipped, third.changed], [0, 0]);
    assert_eq!(told().await.len(), 3);
    // The same through the other door.
    scene.store.put_summary(scene.summary("app", &digest, ImageState::Unhealthy)).await.unwrap();
    assert_eq!(told().await.len(), 3);
    scene.store.put_summary(scene.summary("app", &digest, ImageState::Scanning)).await.unwrap();
    assert_eq!(told().await.len(), 3, "waiting is no verdict");
}

pub(crate) async fn index_is_judged_after_its_image(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    scene.scan(&["app"], &digest, &[package("musl", "1")]).await;
    let reference = Reference { kind: ReferenceKind::Manifest, digest: digest.clone(), required: true };
    let index = PutManifest { references: vec![reference], ..scene.manifest("app", b"index") };
    let parent = index.digest.clone();
    let _ = scene.store.put_manifest(index).await.unwrap();
    let image = scene.image("app", &digest);
    let kind = JobKind::new("assess");
    let same = vec![judged(&image, ImageState::Unhealthy, 1)];
    scene.store.judge_again(same, snapshot("two"), parent_job, second(5)).await.unwrap();
    assert_eq!(scene.store.job(&kind, parent.as_str()).await.unwrap(), None);
    let other = vec![judged(&image, ImageState::Unhealthy, 2)];
    scene.store.judge_again(other, snapshot("two"), parent_job, second(6)).await.unwrap();
    let job = scene.store.job(&kind, parent.as_str()).await.unwrap().unwrap();
    assert_eq!(job.subscription, Some(subscription(1)));
}

pub(crate) async fn what_waits_or_is_gone_is_left_alone(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    scene.scan(&[], &digest, &[package("musl", "1")]).await;
    let image = scene.image("app", &digest);
    scene.store.put_summary(scene.summary("app", &digest, ImageState::Queued)).await.unwrap();
    assert!(scene.store.images_to_judge(PageRequest::first(9)).await.unwrap().items.is_empty());
    let absent = ImageKey { digest: Digest::of_sha256(b"absent"), ..image.clone() };
    let images = vec![judged(&image, ImageState::Healthy, 0), judged(&absent, ImageState::Healthy, 0)];
    let came_to = scene.store.judge_again(images, snapshot("two"), parent_job, second(5)).await.unwrap();
    assert_eq!((came_to.changed, came_to.flipped), (0, 0));
    assert_eq!(scene.store.summary(&image).await.unwrap().unwrap().state, ImageState::Queued);
    assert_eq!(scene.store.summary(&absent).await.unwrap(), None);
}

pub(crate) async fn confirmed_verdicts_name_the_snapshot(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    for (repository, state) in
        [("a", ImageState::Healthy), ("b", ImageState::Unhealthy), ("c", ImageState::Scanning)]
    {
        let digest = scene.push(repository, "1", b"one").await;
        scene.store.put_summary(scene.summary(repository, &digest, state)).await.unwrap();
    }
    let mut after = None;
    let mut pages = 0;
    loop {
        let page = PageRequest { after, limit: 1 };
        after = scene.store.confirm_verdicts(snapshot("two"), page, second(9)).await.unwrap();
        pages += 1;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    let one = Digest::of_sha256(b"one");
    for (repository, with, changed) in [("a", "two", 1), ("b", "two", 1), ("c", "one", 1)] {
        let summary = scene.store.summary(&scene.image(repository, &one)).await.unwrap().unwrap();
        assert_eq!((summary.snapshot, summary.changed_at), (Some(snapshot(with)), second(changed)));
    }
    assert_eq!(scene.store.reevaluated().await.unwrap(), None);
    for too_old in [true, false] {
        let done = Reevaluated { snapshot: snapshot("two"), too_old, day: 20_000 };
        scene.store.set_reevaluated(done.clone(), second(9)).await.unwrap();
        assert_eq!(scene.store.reevaluated().await.unwrap(), Some(done));
    }
}

pub(crate) async fn history_says_what_became_of_a_finding(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let ids = scene.scan(&["app"], &digest, &[package("musl", "1"), package("curl", "1")]).await;
    let image = scene.image("app", &digest);
    // What a package version begins with is no change of it.
    scene.find("one", &[(ids[0], &["CVE-1"]), (ids[1], &[])], second(1)).await;
    assert_eq!(scene.store.finding_changes(&image, 100).await.unwrap(), []);
    let reason = FindingReason { code: "NewAdvisory".into(), sentence: "ALPINE-CVE-2 is new.".into() };
    let appeared = PackageFindings {
        reasons: BTreeMap::from([("CVE-2".to_owned(), reason.clone())]),
        ..findings(ids[1], &["CVE-2"])
    };
    let record = async |name: &str, found: PackageFindings, at| {
        let known = vec![vulnerability("CVE-1", "High"), vulnerability("CVE-2", "High")];
        scene.store.record_findings(&snapshot(name), vec![found], known, second(at)).await.unwrap()
    };
    record("two", appeared.clone(), 2).await;
    record("two", appeared, 3).await;
    let mut fixed = findings(ids[1], &["CVE-2"]);
    fixed.findings[0].fixed = Some("3".into());
    record("three", fixed.clone(), 4).await;
    fixed.findings[0].evidence = json!("said otherwise");
    record("three", fixed, 5).await;
    record("four", findings(ids[0], &[]), 6).await;
    let changes = scene.store.finding_changes(&image, 100).await.unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.kind, change.vulnerability.as_str(), change.package.name.as_str(), change.at))
        .collect();
    assert_eq!(
        told,
        [
            (FindingChangeKind::Gone, "CVE-1", "musl", second(6)),
            (FindingChangeKind::Changed, "CVE-2", "curl", second(4)),
            (FindingChangeKind::Appeared, "CVE-2", "curl", second(2)),
        ]
    );
    assert_eq!((&changes[2].reason, &changes[2].before), (&reason, &None));
    assert_eq!(changes[1].after.as_ref().and_then(|after| after.fixed.as_deref()), Some("3"));
    assert_eq!((changes[0].reason.code.as_str(), &changes[0].after), ("AdvisoriesChanged", &None));
    assert_eq!(scene.store.finding_changes(&image, 1).await.unwrap().len(), 1);
    let elsewhere = scene.image("app", &Digest::of_sha256(b"two"));
    assert_eq!(scene.store.finding_changes(&elsewhere, 100).await.unwrap(), []);
}
