//! What was deleted can be restored as long as the rules say, and no longer.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{
    EventKind, ImageKey, LinkKey, PageRequest, PullPolicy, PutManifest, QuarantineState, Reference,
    ReferenceKind, RegistryRules, Removal, RepositoryRemoval, Restoration, Store,
};

const DAY: i64 = 86_400;

async fn soft(scene: &Scene) {
    let rules = RegistryRules { soft_delete_days: Some(7), ..RegistryRules::default() };
    scene.store.set_registry_rules(scene.registry, rules, &actor(), second(0)).await.unwrap();
}

fn needing(kind: ReferenceKind, digest: &Digest) -> Vec<Reference> {
    vec![Reference { kind, digest: digest.clone(), required: true }]
}

async fn restore(scene: &Scene, digest: &Digest, tag: Option<&str>, force: bool) -> Restoration {
    let image: ImageKey = scene.image("app", digest);
    let tag = tag.map(|tag| tag.parse().unwrap());
    scene.store.restore_manifest(&image, tag.as_ref(), force, &actor(), second(5)).await.unwrap()
}

pub(crate) async fn deleted_manifest_is_out_of_sight_and_comes_back(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    soft(&scene).await;
    let (app, layer) = (scene.repository("app"), Digest::of_sha256(b"layer"));
    store.link_blob(&app, &layer, 5, second(1)).await.unwrap();
    let push = PutManifest {
        tags: vec!["one".parse().unwrap()],
        references: needing(ReferenceKind::Blob, &layer),
        ..scene.manifest("app", b"image")
    };
    let digest = push.digest.clone();
    let _ = store.put_manifest(push).await.unwrap();
    assert_eq!(store.delete_manifest(&app, &digest, &actor(), second(2)).await.unwrap(), Removal::Removed);
    assert!(store::Manifests::manifest(&*store, &app, &digest).await.unwrap().is_none());
    assert!(!store.repository_exists(&app).await.unwrap());
    let repositories = store.deleted_repositories(scene.registry, PageRequest::first(10)).await.unwrap();
    assert_eq!(repositories.items, ["app".parse().unwrap()]);
    let deleted = store.deleted_manifests(&app, PageRequest::first(10)).await.unwrap().items.remove(0);
    assert_eq!((&deleted.digest, deleted.tags.as_slice()), (&digest, &["one".parse().unwrap()][..]));
    assert_eq!((deleted.deleted_at, deleted.until), (second(2), second(2 + 7 * DAY)));
    // Its layers stay, whatever their age.
    let links = store.unneeded_links(second(3 * DAY), PageRequest::<LinkKey>::first(10)).await.unwrap();
    assert!(links.items.is_empty());
    assert!(store.blob_is_needed(&layer, second(3 * DAY)).await.unwrap());
    assert_eq!(
        restore(&scene, &digest, Some("one"), false).await,
        Restoration::Restored(vec![digest.clone()])
    );
    assert_eq!(store.resolve_tag(&app, &"one".parse().unwrap()).await.unwrap(), Some(digest.clone()));
    let back = store::Manifests::manifest(&*store, &app, &digest).await.unwrap().unwrap();
    assert_eq!(&back.bytes[..], b"image");
    assert!(store.blob_is_needed(&layer, second(3 * DAY)).await.unwrap());
    assert_eq!(restore(&scene, &digest, None, false).await, Restoration::Absent);
    let events = store.events(PageRequest::first(100)).await.unwrap().items;
    assert_eq!(events.last().unwrap().event.kind, EventKind::MANIFEST_RESTORED);
}

pub(crate) async fn index_comes_back_with_its_children(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    soft(&scene).await;
    let child = scene.push("app", "child", b"child").await;
    let index = PutManifest {
        references: needing(ReferenceKind::Manifest, &child),
        ..scene.manifest("app", b"index")
    };
    let digest = index.digest.clone();
    let _ = store.put_manifest(index).await.unwrap();
    let app = scene.repository("app");
    assert!(matches!(
        store.delete_repository(&app, &actor(), second(2)).await.unwrap(),
        RepositoryRemoval::Removed(_)
    ));
    assert_eq!(
        restore(&scene, &digest, None, false).await,
        Restoration::Restored(vec![child.clone(), digest])
    );
    assert!(store::Manifests::manifest(&*store, &app, &child).await.unwrap().is_some());
}

pub(crate) async fn restoration_takes_no_tag_and_no_way_around_quarantine(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    soft(&scene).await;
    let app = scene.repository("app");
    let old = scene.push("app", "one", b"old").await;
    let _ = store.delete_manifest(&app, &old, &actor(), second(2)).await.unwrap();
    let new = scene.push("app", "one", b"new").await;
    assert_eq!(restore(&scene, &old, Some("one"), false).await, Restoration::TagTaken);
    assert_eq!(store.resolve_tag(&app, &"one".parse().unwrap()).await.unwrap(), Some(new));
    let on = PullPolicy { quarantine: true, ..PullPolicy::default() };
    store.set_pull_policy(scene.registry, on, &actor(), second(3)).await.unwrap();
    assert_eq!(restore(&scene, &old, Some("one"), true).await, Restoration::Restored(vec![old.clone()]));
    assert_eq!(store.resolve_tag(&app, &"one".parse().unwrap()).await.unwrap(), Some(old.clone()));
    let facts = store.pull_facts(&app, &old, false).await.unwrap();
    assert_eq!(facts.standings[0].quarantine, Some(QuarantineState::Quarantined));
}

pub(crate) async fn what_is_over_is_gone_for_good(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let app = scene.repository("app");
    let hard = scene.push("app", "one", b"hard").await;
    let _ = store.delete_manifest(&app, &hard, &actor(), second(2)).await.unwrap();
    assert_eq!(restore(&scene, &hard, None, false).await, Restoration::Absent, "no rule keeps it");
    soft(&scene).await;
    let layer = Digest::of_sha256(b"layer");
    store.link_blob(&app, &layer, 5, second(1)).await.unwrap();
    let push =
        PutManifest { references: needing(ReferenceKind::Blob, &layer), ..scene.manifest("app", b"soft") };
    let digest = push.digest.clone();
    let _ = store.put_manifest(push.clone()).await.unwrap();
    let _ = store.delete_manifest(&app, &digest, &actor(), second(2)).await.unwrap();
    // Pushing it again ends its deletion.
    let _ = store.put_manifest(push).await.unwrap();
    assert!(store.deleted_manifests(&app, PageRequest::first(10)).await.unwrap().items.is_empty());
    let _ = store.delete_manifest(&app, &digest, &actor(), second(2)).await.unwrap();
    // A layer that somebody takes away on purpose cannot come back with it.
    assert_eq!(store.forget_deleted(second(2 + 7 * DAY - 1)).await.unwrap(), 0);
    assert_eq!(store.unlink_blob(&app, &layer).await.unwrap(), Removal::Removed);
    assert_eq!(restore(&scene, &digest, None, false).await, Restoration::MissingReferences(vec![layer]));
    assert_eq!(store.forget_deleted(second(2 + 7 * DAY)).await.unwrap(), 1);
    assert_eq!(restore(&scene, &digest, None, false).await, Restoration::Absent);
}
