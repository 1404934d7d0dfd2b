//! Rules of findings by software.

use crate::scene::{Scene, package, second};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{PackageVersionId, PageRequest, Store};

pub(crate) async fn findings_are_read_by_what_has_to_be_updated(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let packages = [
        package("musl", "1.2"),
        package("busybox", "1.31"),
        package("busybox", "1.33"),
        package("clean", "1"),
    ];
    let ids = scene.scan(&["app"], &digest, &packages).await;
    let found: [(PackageVersionId, &[&str]); 3] =
        [(ids[0], &["CVE-1"]), (ids[1], &["CVE-1", "CVE-2"]), (ids[2], &["CVE-2"])];
    scene.find("one", &found, second(2)).await;
    let software = scene.store.affected_software(&digest).await.unwrap();
    let lines: Vec<(String, Vec<PackageVersionId>, u64)> = software
        .iter()
        .map(|one| {
            let versions = one.versions.iter().map(|(id, _)| *id).collect();
            (one.name.clone(), versions, one.affected.values().sum())
        })
        .collect();
    assert_eq!(
        lines,
        [("busybox".to_owned(), vec![ids[1], ids[2]], 3), ("musl".to_owned(), vec![ids[0]], 1)],
        "by name, and without what has nothing"
    );
    assert_eq!(software[0].affected, BTreeMap::from([("High".to_owned(), 3)]));
    let first = scene.store.affected_versions(PageRequest::first(2)).await.unwrap();
    let rest = scene.store.affected_versions(PageRequest { after: first.next, limit: 2 }).await.unwrap();
    let all: Vec<PackageVersionId> =
        first.items.iter().chain(&rest.items).map(|standing| standing.id).collect();
    let mut affected = vec![ids[0], ids[1], ids[2]];
    affected.sort_unstable();
    assert_eq!((all, rest.next), (affected, None));
    let image = scene.image("app", &digest);
    let read = scene.store.findings_of_packages(&image, &[ids[1], ids[2]]).await.unwrap();
    let read: Vec<(&str, PackageVersionId)> =
        read.iter().map(|one| (one.key.vulnerability.as_str(), one.key.package_version)).collect();
    assert_eq!(read, [("CVE-1", ids[1]), ("CVE-2", ids[1]), ("CVE-2", ids[2])]);
    let absent = scene.image("other", &digest);
    assert_eq!(scene.store.findings_of_packages(&absent, &ids).await.unwrap(), []);
    assert_eq!(scene.store.affected_software(&oci::Digest::of_sha256(b"none")).await.unwrap(), []);
}
