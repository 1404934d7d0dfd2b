//! Rules of inventories and of the join that findings are.

use crate::scene::{Scene, actor, findings, image_record, package, second, snapshot, vulnerability};
use inventory::Ecosystem;
use oci::Digest;
use serde_json::json;
use std::sync::Arc;
use store::{
    Finding, FindingFilter, FindingVerdict, LayerOutcome, LayerRecord, PackageOwner, PackagePlace,
    PackageVersion, PageRequest, RegistryId, Store, Vulnerability,
};

fn layer(outcome: LayerOutcome) -> LayerRecord {
    LayerRecord {
        digest: Digest::of_sha256(b"layer"),
        indexer_version: 1,
        outcome,
        isolation: json!({ "seccomp": true }),
        at: second(1),
    }
}

pub(crate) async fn layer_is_read_once_but_unreadable_is_tried_again(store: Arc<dyn Store>) {
    let unreadable = layer(LayerOutcome::Unreadable("the gzip stream ends early".to_owned()));
    let read = layer(LayerOutcome::Indexed(json!({ "databases": [] })));
    let other = layer(LayerOutcome::Indexed(json!({ "databases": ["other"] })));
    assert_eq!(store.layer(&read.digest, 1).await.unwrap(), None);
    store.put_layer(unreadable.clone()).await.unwrap();
    assert_eq!(store.layer(&read.digest, 1).await.unwrap(), Some(unreadable));
    store.put_layer(read.clone()).await.unwrap();
    store.put_layer(other).await.unwrap();
    assert_eq!(store.layer(&read.digest, 1).await.unwrap(), Some(read.clone()));
    assert_eq!(store.layer(&read.digest, 2).await.unwrap(), None);
}

pub(crate) async fn recording_an_image_again_replaces_its_packages(store: Arc<dyn Store>) {
    let digest = Digest::of_sha256(b"image");
    let place = |package, path: &str| PackagePlace {
        package,
        layer: Digest::of_sha256(b"layer"),
        path: path.to_owned(),
    };
    let (musl, curl) = (package("musl", "1.2.4-r0"), package("curl", "8.0-r0"));
    let first = vec![place(musl.clone(), "a"), place(musl.clone(), "b"), place(curl.clone(), "a")];
    let recorded = store.record_image(image_record(&digest, first)).await.unwrap();
    assert_eq!(recorded.versions.len(), 2);
    assert_eq!(store.image_packages(&digest).await.unwrap().len(), 3);
    let second = vec![place(curl.clone(), "a")];
    let again = store.record_image(image_record(&digest, second.clone())).await.unwrap();
    assert_eq!(again.versions, recorded.versions.into_iter().filter(|v| v.1 == curl).collect::<Vec<_>>());
    assert_eq!(store.image_packages(&digest).await.unwrap(), second);
    let image = store.image(&digest).await.unwrap().unwrap();
    assert_eq!(image.distribution, json!({ "id": "alpine" }));
    assert_eq!(store.image(&Digest::of_sha256(b"other")).await.unwrap(), None);
    // A source package is part of what a package version is.
    let source = inventory::SourcePackage { name: "curl".to_owned(), version: "8".to_owned() };
    let built = PackageVersion { source: Some(source), ecosystem: None, ..curl };
    store.record_image(image_record(&digest, vec![place(built.clone(), "a")])).await.unwrap();
    assert_eq!(store.image_packages(&digest).await.unwrap()[0].package, built);
}

/// Two images in three places, with two packages and three vulnerabilities.
async fn harbour(store: Arc<dyn Store>) -> Scene {
    let scene = Scene::new(store).await;
    let (one, two) = (scene.push("b", "1", b"one").await, scene.push("a", "2", b"two").await);
    scene.push("c", "1", b"one").await;
    let (musl, curl) = (package("musl", "1.2.4-r0"), package("curl", "8.0-r0"));
    let ids = scene.scan(&["b", "c"], &one, &[musl.clone(), curl]).await;
    scene.scan(&["a"], &two, &[musl]).await;
    scene.find("one", &[(ids[0], &["CVE-2", "CVE-1"]), (ids[1], &["CVE-3"])], second(5)).await;
    scene
}

fn lines(found: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let repository = &finding.key.image.repository.name;
        format!("{repository} {} {}", finding.vulnerability.id, finding.package.name)
    };
    found.iter().map(line).collect()
}

async fn all(scene: &Scene, filter: &FindingFilter) -> Vec<String> {
    lines(&scene.store.findings(filter, PageRequest::first(100)).await.unwrap().items)
}

const EVERYTHING: [&str; 8] = [
    "a CVE-1 musl",
    "a CVE-2 musl",
    "b CVE-1 musl",
    "b CVE-2 musl",
    "b CVE-3 curl",
    "c CVE-1 musl",
    "c CVE-2 musl",
    "c CVE-3 curl",
];

pub(crate) async fn findings_are_joined_in_order_and_paged(store: Arc<dyn Store>) {
    let scene = harbour(store).await;
    for limit in [1, 2, 3, 8, 100] {
        let mut found = Vec::new();
        let mut page = PageRequest::first(limit);
        loop {
            let part = scene.store.findings(&FindingFilter::default(), page).await.unwrap();
            assert!(part.items.len() <= limit);
            found.extend(part.items);
            let Some(next) = part.next else { break };
            page = PageRequest::after(next, limit);
        }
        assert_eq!(lines(&found), EVERYTHING, "in pages of {limit}");
        assert!(found.is_sorted_by(|a, b| a.key < b.key));
        let first = &found[0];
        assert_eq!((first.path.as_str(), first.verdict), ("lib/apk/db/installed", FindingVerdict::Affected));
        assert_eq!((first.fixed.as_deref(), first.first_seen), (Some("2.0-r0"), second(5)));
        assert_eq!((&first.snapshot, &first.evidence), (&snapshot("one"), &json!({ "range": "<2.0-r0" })));
        assert_eq!(first.vulnerability, vulnerability("CVE-1", "High"));
    }
}

pub(crate) async fn findings_are_filtered(store: Arc<dyn Store>) {
    let scene = harbour(store).await;
    let none = FindingFilter::default;
    let repository = FindingFilter { repository: Some("b".parse().unwrap()), ..none() };
    assert_eq!(all(&scene, &repository).await, EVERYTHING[2..5]);
    let digest = FindingFilter { digest: Some(Digest::of_sha256(b"one")), ..none() };
    assert_eq!(all(&scene, &digest).await, EVERYTHING[2..]);
    let cve = FindingFilter { vulnerability: Some("CVE-3".to_owned()), ..none() };
    assert_eq!(all(&scene, &cve).await, ["b CVE-3 curl", "c CVE-3 curl"]);
    let cve_in = FindingFilter { repository: Some("c".parse().unwrap()), ..cve };
    assert_eq!(all(&scene, &cve_in).await, ["c CVE-3 curl"]);
    let severity = FindingFilter { severities: vec!["Low".to_owned()], ..none() };
    assert_eq!(all(&scene, &severity).await, [""; 0]);
    let severity = FindingFilter { severities: vec!["Low".to_owned(), "High".to_owned()], ..none() };
    assert_eq!(all(&scene, &severity).await, EVERYTHING);
    let verdict = FindingFilter { verdicts: vec![FindingVerdict::Undetermined], ..none() };
    assert_eq!(all(&scene, &verdict).await, [""; 0]);
    for (registries, expected) in
        [(vec![scene.registry], &EVERYTHING[..]), (vec![RegistryId(99)], &[]), (vec![], &[])]
    {
        let registries = FindingFilter { registries: Some(registries), ..none() };
        assert_eq!(all(&scene, &registries).await, expected);
        let with_cve = FindingFilter { vulnerability: Some("CVE-1".to_owned()), ..registries };
        assert_eq!(all(&scene, &with_cve).await.is_empty(), expected.is_empty());
    }
}

pub(crate) async fn key_outside_the_filter_opens_nothing(store: Arc<dyn Store>) {
    let scene = harbour(store).await;
    let page = scene.store.findings(&FindingFilter::default(), PageRequest::first(1)).await.unwrap();
    let key = page.next.unwrap();
    let forbidden = FindingFilter { registries: Some(vec![RegistryId(99)]), ..FindingFilter::default() };
    let found = scene.store.findings(&forbidden, PageRequest::after(key.clone(), 100)).await.unwrap();
    assert_eq!((found.items, found.next), (vec![], None));
    let elsewhere = FindingFilter { repository: Some("b".parse().unwrap()), ..FindingFilter::default() };
    let found = scene.store.findings(&elsewhere, PageRequest::after(key, 100)).await.unwrap();
    assert_eq!(lines(&found.items), EVERYTHING[2..5]);
}

pub(crate) async fn new_findings_reach_every_image_of_the_package(store: Arc<dyn Store>) {
    let scene = harbour(store).await;
    let to_match = scene.store.package_versions_to_match(&snapshot("two"), 10).await.unwrap();
    let musl = to_match.iter().find(|(_, package)| package.name == "musl").unwrap().0;
    scene.find("two", &[(musl, &["CVE-1", "CVE-9"])], second(7)).await;
    let found = scene.store.findings(&FindingFilter::default(), PageRequest::first(100)).await.unwrap().items;
    let of_musl: Vec<_> = found.iter().filter(|finding| finding.package.name == "musl").collect();
    assert_eq!(of_musl.len(), 6);
    for finding in of_musl {
        let expected = if finding.vulnerability.id == "CVE-1" { second(5) } else { second(7) };
        assert_eq!((finding.first_seen, &finding.snapshot), (expected, &snapshot("two")));
    }
    let first = scene.store.affected_images(&[musl], PageRequest::first(2)).await.unwrap();
    let names: Vec<_> = first.items.iter().map(|image| image.repository.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let rest =
        scene.store.affected_images(&[musl], PageRequest::after(first.next.unwrap(), 2)).await.unwrap();
    assert_eq!((rest.items[0].repository.name.as_str(), rest.items.len(), rest.next), ("c", 1, None));
}

pub(crate) async fn owner_and_module_tell_package_versions_apart(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let plain = package("requests", "2.20.0");
    let owner = PackageOwner { ecosystem: Ecosystem::new("Debian:12"), name: "python3-requests".into() };
    let owned = PackageVersion { owner: Some(owner), ..plain.clone() };
    let module = PackageVersion { module: Some("python39:3.9".into()), ..plain.clone() };
    let all = [plain, owned, module];
    let ids = scene.scan(&["app"], &digest, &all).await;
    assert_eq!(ids.len(), 3);
    let mut kept: Vec<_> =
        scene.store.image_packages(&digest).await.unwrap().into_iter().map(|place| place.package).collect();
    kept.sort();
    let mut expected = all.to_vec();
    expected.sort();
    assert_eq!(kept, expected);
}

pub(crate) async fn recording_tells_what_changed(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let ids = scene.scan(&["app"], &digest, &[package("musl", "1"), package("curl", "1")]).await;
    let both: [(_, &[&str]); 2] = [(ids[0], &["CVE-1"]), (ids[1], &[])];
    assert_eq!(scene.find("one", &both, second(1)).await, [ids[0]]);
    assert_eq!(scene.find("two", &both, second(2)).await, []);
    assert_eq!(scene.find("three", &[(ids[0], &[]), (ids[1], &["CVE-1"])], second(3)).await, ids);
    // A vulnerability that is classified anew changes whoever has it, matched again or not.
    let worse = vulnerability("CVE-1", "Critical");
    let changed = scene.store.record_findings(&snapshot("four"), vec![], vec![worse], second(4)).await;
    assert_eq!(changed.unwrap(), [ids[1]]);
    assert_eq!(scene.store.vulnerabilities("CVE-1").await.unwrap(), [vulnerability("CVE-1", "Critical")]);
    assert_eq!(scene.store.vulnerabilities("CVE-404").await.unwrap(), []);
    // What another distribution says of it is another matter: nobody here is changed by it.
    let elsewhere = Ecosystem::new("Debian:12");
    let elsewhere = Vulnerability { ecosystem: elsewhere, ..vulnerability("CVE-1", "Low") };
    let changed = scene.store.record_findings(&snapshot("four"), vec![], vec![elsewhere], second(4)).await;
    assert_eq!(changed.unwrap(), []);
    assert_eq!(scene.store.vulnerabilities("CVE-1").await.unwrap().len(), 2);
    let findings_now = scene.store.findings(&FindingFilter::default(), PageRequest::first(9)).await.unwrap();
    assert_eq!(findings_now.items[0].vulnerability.severity, "Critical");
    // A vulnerability that nobody knows is refused, and nothing of the call is kept.
    let packages = vec![findings(ids[1], &[]), findings(ids[0], &["CVE-404"])];
    assert!(scene.store.record_findings(&snapshot("five"), packages, vec![], second(5)).await.is_err());
    assert_eq!(all(&scene, &FindingFilter::default()).await, ["app CVE-1 curl"]);
}

pub(crate) async fn matching_goes_on_where_it_stopped(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let packages: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| package(name, "1")).to_vec();
    let ids = scene.scan(&[], &Digest::of_sha256(b"image"), &packages).await;
    for (earlier, name) in [("m", "m"), ("a", "m"), ("z", "m")] {
        scene.find(earlier, &[(ids[0], &[]), (ids[1], &[])], second(1)).await;
        let mut matched = 0;
        loop {
            let batch = scene.store.package_versions_to_match(&snapshot(name), 2).await.unwrap();
            if batch.is_empty() {
                break;
            }
            matched += batch.len();
            let answers: Vec<_> = batch.iter().map(|(id, _)| (*id, &[][..])).collect();
            scene.find(name, &answers, second(2)).await;
        }
        assert_eq!(scene.store.unmatched(&snapshot(name), &ids).await.unwrap(), []);
        assert_eq!(scene.store.unmatched(&snapshot("x"), &ids[..2]).await.unwrap().len(), 2);
        assert!(matched >= 2);
    }
}

pub(crate) async fn adopting_a_snapshot_leaves_what_changed(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let packages = ["musl", "curl", "zlib", "tar"].map(|name| package(name, "1"));
    let ids = scene.scan(&[], &Digest::of_sha256(b"image"), &packages).await;
    scene.find("one", &[(ids[0], &[]), (ids[1], &[])], second(1)).await;
    scene.find("other", &[(ids[2], &[])], second(1)).await;
    // What was never matched, or with a third snapshot, is not taken for matched.
    let same = vec![ids[0], ids[2], ids[3]];
    let adopted = scene.store.adopt_snapshot(&snapshot("one"), &snapshot("two"), same).await.unwrap();
    assert_eq!(adopted, 1);
    let left = scene.store.package_versions_to_match(&snapshot("two"), 10).await.unwrap();
    let mut names: Vec<_> = left.iter().map(|(_, package)| package.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["curl", "tar", "zlib"]);
}

pub(crate) async fn deleted_image_has_no_findings(store: Arc<dyn Store>) {
    let scene = harbour(store).await;
    let one = Digest::of_sha256(b"one");
    let delete = async |repository: &str| {
        let repository = scene.repository(repository);
        assert_eq!(
            scene.store.delete_manifest(&repository, &one, &actor(), second(9)).await.unwrap(),
            store::Removal::Removed
        );
    };
    delete("b").await;
    assert_eq!(all(&scene, &FindingFilter::default()).await, [&EVERYTHING[..2], &EVERYTHING[5..]].concat());
    assert!(scene.store.image(&one).await.unwrap().is_some());
    delete("c").await;
    assert_eq!(all(&scene, &FindingFilter::default()).await, EVERYTHING[..2]);
    assert_eq!(scene.store.image(&one).await.unwrap(), None);
    assert_eq!(scene.store.image_packages(&one).await.unwrap(), []);
}
