//! Rules of a registry: quotas and tags that never move.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{
    AttributeTarget, Error, EventKind, Lock, PageRequest, PutManifest, PutOutcome, RegistryRules, Removal,
    RepositoryRemoval, Store, Switch,
};

async fn set(scene: &Scene, rules: RegistryRules) {
    scene.store.set_registry_rules(scene.registry, rules, &actor(), second(0)).await.unwrap();
}

pub(crate) async fn rules_are_kept_and_told_in_history(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    assert_eq!(store.registry_rules(scene.registry).await.unwrap(), RegistryRules::default());
    let rules = RegistryRules { anonymous_pull: true, soft_delete_days: Some(7), ..RegistryRules::default() };
    set(&scene, rules.clone()).await;
    assert_eq!(store.registry_rules(scene.registry).await.unwrap(), rules);
    let events = store.events(PageRequest::first(10)).await.unwrap().items;
    assert_eq!(events[0].event.kind, EventKind::REGISTRY_RULES_CHANGED);
    assert_eq!(events[0].event.detail["anonymousPull"], true);
}

pub(crate) async fn nothing_is_stored_beyond_the_quota(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (app, other) = (scene.repository("app"), scene.repository("other"));
    let blob = |number: u8| Digest::of_sha256(&[number]);
    let rules = RegistryRules {
        quota_bytes: Some(150),
        repository_quota_bytes: Some(100),
        ..RegistryRules::default()
    };
    set(&scene, rules).await;
    let used = async || {
        let of = async |name| store.stored(scene.registry, name).await.unwrap().bytes;
        (of(Some(&app.name)).await, of(None).await)
    };
    store.link_blob(&app, &blob(1), 100, second(1)).await.unwrap();
    store.link_blob(&app, &blob(1), 100, second(1)).await.unwrap();
    assert_eq!(used().await, (100, 100), "a blob counts once");
    let refused = store.link_blob(&app, &blob(2), 1, second(1)).await;
    assert!(matches!(refused, Err(Error::OverQuota { what: "repository", limit: 100 })), "{refused:?}");
    let refused = store.put_manifest(scene.manifest("app", b"m")).await;
    assert!(matches!(refused, Err(Error::OverQuota { .. })), "{refused:?}");
    assert!(store.manifest_is_absent(&app, b"m").await);
    store.link_blob(&other, &blob(2), 50, second(1)).await.unwrap();
    let refused = store.link_blob(&other, &blob(3), 1, second(1)).await;
    assert!(matches!(refused, Err(Error::OverQuota { what: "registry", limit: 150 })), "{refused:?}");
    assert_eq!(store.mount_blob(&app, &other, &blob(1), second(1)).await.err().map(|_| ()), Some(()));
    assert_eq!(store.unlink_blob(&app, &blob(1)).await.unwrap(), Removal::Removed);
    assert_eq!(used().await, (0, 50));
    store.link_blob(&other, &blob(3), 1, second(1)).await.unwrap();
    let _ = store.put_manifest(scene.manifest("app", b"manifest")).await.unwrap();
    assert_eq!(used().await, (8, 59));
    let digest = Digest::of_sha256(b"manifest");
    assert_eq!(store.delete_manifest(&app, &digest, &actor(), second(2)).await.unwrap(), Removal::Removed);
    assert_eq!(used().await, (0, 51));
}

/// Short words for looking.
trait Looks {
    async fn manifest_is_absent(&self, repository: &store::RepositoryKey, bytes: &[u8]) -> bool;
}

impl Looks for Arc<dyn Store> {
    async fn manifest_is_absent(&self, repository: &store::RepositoryKey, bytes: &[u8]) -> bool {
        let digest = Digest::of_sha256(bytes);
        store::Manifests::manifest(&**self, repository, &digest).await.unwrap().is_none()
    }
}

pub(crate) async fn immutable_tag_is_set_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    set(&scene, RegistryRules { immutable_tags: vec!["app:v*".into()], ..RegistryRules::default() }).await;
    let first = scene.push("app", "v1", b"first").await;
    scene.push("app", "v1", b"first").await;
    scene.push("app", "latest", b"first").await;
    let again = PutManifest {
        tags: ["latest", "v1"].map(|tag| tag.parse().unwrap()).to_vec(),
        ..scene.manifest("app", b"second")
    };
    let locked = Lock { target: AttributeTarget::Tag("v1".parse().unwrap()), switch: Switch::Write };
    assert_eq!(store.put_manifest(again).await.unwrap(), PutOutcome::Locked(locked.clone()));
    let app = scene.repository("app");
    assert_eq!(store.resolve_tag(&app, &"latest".parse().unwrap()).await.unwrap(), Some(first.clone()));
    let deleted = store.delete_tag(&app, &"v1".parse().unwrap(), &actor(), second(2)).await.unwrap();
    assert_eq!(deleted, Removal::Locked(locked.clone()));
    let deleted = store.delete_manifest(&app, &first, &actor(), second(2)).await.unwrap();
    assert_eq!(deleted, Removal::Locked(locked.clone()));
    let deleted = store.delete_repository(&app, &actor(), second(2)).await.unwrap();
    assert_eq!(deleted, RepositoryRemoval::Locked(locked));
    // Other tags and other repositories move as ever.
    scene.push("app", "latest", b"second").await;
    scene.push("base", "v1", b"first").await;
    scene.push("base", "v1", b"second").await;
}
