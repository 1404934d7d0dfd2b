//! Collecting: what is needed stays, what is not goes, and what changed in between is looked at again.

use crate::attributes::tag;
use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{LinkKey, PageRequest, PutManifest, Reference, ReferenceKind, Removal, Store, Switch};

/// All links that nobody needs, page by page.
async fn unneeded(store: &Arc<dyn Store>, before: i64) -> Vec<LinkKey> {
    let (mut links, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 1 };
        let page = store.unneeded_links(second(before), page).await.unwrap();
        links.extend(page.items);
        let Some(next) = page.next else { return links };
        after = Some(next);
    }
}

async fn unheld(scene: &Scene, before: i64) -> Vec<Digest> {
    let (mut digests, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 1 };
        let page = scene.store.unheld_manifests(scene.registry, second(before), page).await.unwrap();
        digests.extend(page.items.into_iter().map(|image| image.digest));
        let Some(next) = page.next else { return digests };
        after = Some(next);
    }
}

fn needing(scene: &Scene, repository: &str, blob: &Digest) -> PutManifest {
    let reference = Reference { kind: ReferenceKind::Blob, digest: blob.clone(), required: true };
    PutManifest { references: vec![reference], ..scene.manifest(repository, b"manifest") }
}

pub(crate) async fn link_goes_when_no_manifest_needs_it(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let [needed, spare] = [b"needed" as &[u8], b"spare"].map(Digest::of_sha256);
    let (app, other) = (scene.repository("app"), scene.repository("other"));
    for (repository, digest) in [(&app, &needed), (&app, &spare), (&other, &needed)] {
        store.link_blob(repository, digest, 5, second(1)).await.unwrap();
    }
    let push = needing(&scene, "app", &needed);
    let _ = store.put_manifest(push.clone()).await.unwrap();
    assert!(unneeded(&store, 1).await.is_empty(), "they were made at that moment");
    let links = unneeded(&store, 2).await;
    let digests: Vec<&Digest> = links.iter().map(|link| &link.digest).collect();
    assert_eq!(digests, [&spare, &needed]);
    assert!(store.blob_is_needed(&needed, second(2)).await.unwrap());
    assert!(!store.blob_is_needed(&spare, second(2)).await.unwrap());
    assert!(store.blob_is_needed(&spare, second(1)).await.unwrap(), "it was made at that moment");
    assert_eq!(store.unlink_unneeded(links.clone(), second(2)).await.unwrap(), 2);
    assert_eq!(store.unlink_unneeded(links, second(2)).await.unwrap(), 0);
    assert!(store.blob(&app, &needed).await.unwrap().is_some());
    assert!(store.blob(&other, &needed).await.unwrap().is_none());
    assert!(!store.blob_is_linked(&spare).await.unwrap());
    let removed = store.delete_manifest(&app, &push.digest, &actor(), second(3)).await.unwrap();
    assert_eq!(removed, Removal::Removed);
    assert_eq!(unneeded(&store, 4).await.len(), 1);
}

pub(crate) async fn link_that_is_relied_on_again_stays(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (app, blob) = (scene.repository("app"), Digest::of_sha256(b"blob"));
    assert!(!store.renew_link(&app, &blob, second(1)).await.unwrap());
    store.link_blob(&app, &blob, 5, second(1)).await.unwrap();
    let since = async || store.pull_blob(&app, &blob).await.unwrap().unwrap().unneeded_since;
    assert_eq!(since().await, Some(second(1)));
    // Found, then renewed, then to be taken away: it stays.
    let links = unneeded(&store, 5).await;
    assert!(store.renew_link(&app, &blob, second(6)).await.unwrap());
    assert_eq!(store.unlink_unneeded(links.clone(), second(5)).await.unwrap(), 0);
    // So does a link that was pushed to again, or that a manifest has come to need.
    store.link_blob(&app, &blob, 5, second(8)).await.unwrap();
    assert_eq!(since().await, Some(second(8)));
    assert_eq!(store.unlink_unneeded(links.clone(), second(8)).await.unwrap(), 0);
    let _ = store.put_manifest(needing(&scene, "app", &blob)).await.unwrap();
    assert_eq!(since().await, None);
    assert_eq!(store.unlink_unneeded(links, second(100)).await.unwrap(), 0);
}

pub(crate) async fn manifest_goes_when_nothing_holds_it(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let app = scene.repository("app");
    let tagged = scene.push("app", "one", b"tagged").await;
    let mut spare = Vec::new();
    for bytes in [b"child" as &[u8], b"spare", b"about"] {
        let subject = (bytes == b"about").then(|| tagged.clone());
        let push = PutManifest { subject, ..scene.manifest("app", bytes) };
        spare.push(push.digest.clone());
        let _ = store.put_manifest(push).await.unwrap();
    }
    let [child, spare, about] = spare.try_into().unwrap();
    let reference = Reference { kind: ReferenceKind::Manifest, digest: child.clone(), required: true };
    let index = PutManifest {
        references: vec![reference],
        tags: vec!["index".parse().unwrap()],
        ..scene.manifest("app", b"index")
    };
    let _ = store.put_manifest(index).await.unwrap();
    assert!(unheld(&scene, 1).await.is_empty(), "they were pushed at that moment");
    assert_eq!(unheld(&scene, 2).await, std::slice::from_ref(&spare));
    let delete = async |digest: &Digest, before| {
        let image = scene.image("app", digest);
        store.delete_unheld(&image, second(before), &actor(), second(9)).await.unwrap()
    };
    assert_eq!(delete(&spare, 1).await, Removal::Absent);
    for held in [&tagged, &child, &about] {
        assert_eq!(delete(held, 2).await, Removal::Absent);
    }
    let manifest = store::AttributeTarget::Manifest(spare.clone());
    let lock = scene.turn_off("app", manifest, Switch::Delete).await;
    assert_eq!(delete(&spare, 2).await, Removal::Locked(lock));
    // A tag that came in between holds it.
    let _ = scene.turn_off("app", tag("one"), Switch::Read).await;
    assert_eq!(
        store.delete_tag(&app, &"one".parse().unwrap(), &actor(), second(3)).await.unwrap(),
        Removal::Removed
    );
    assert_eq!(delete(&tagged, 2).await, Removal::Absent, "its time begins with the loss of its tag");
    assert_eq!(delete(&tagged, 4).await, Removal::Removed);
    // What was about it is held by nothing any more.
    assert_eq!(delete(&about, 2).await, Removal::Removed);
}
