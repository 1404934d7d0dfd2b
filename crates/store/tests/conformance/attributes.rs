//! Changeable attributes, and what they forbid in the calls that change and read things.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{
    AttributeChange, AttributeTarget, ChangeableAttributes, Lock, PutManifest, PutOutcome, QuarantineState,
    Reference, ReferenceKind, Removal, RepositoryRemoval, Store, Switch,
};

impl Scene {
    /// Turns one switch of something off.
    pub(crate) async fn turn_off(&self, repository: &str, target: AttributeTarget, switch: Switch) -> Lock {
        self.turn(repository, &target, switch, false).await;
        Lock { target, switch }
    }

    async fn turn(&self, repository: &str, target: &AttributeTarget, switch: Switch, on: bool) {
        let mut change = AttributeChange::default();
        match switch {
            Switch::Delete => change.delete = Some(on),
            Switch::Write => change.write = Some(on),
            Switch::List => change.list = Some(on),
            Switch::Read => change.read = Some(on),
        }
        let repository = self.repository(repository);
        let changed = self.store.change_attributes(&repository, target, change, &actor(), second(5)).await;
        assert_eq!(changed.unwrap().unwrap().allows(switch), on);
    }

    async fn delete_tag(&self, repository: &str, tag: &str) -> Removal {
        let repository = self.repository(repository);
        self.store.delete_tag(&repository, &tag.parse().unwrap(), &actor(), second(9)).await.unwrap()
    }

    async fn delete_manifest(&self, repository: &str, digest: &Digest) -> Removal {
        let repository = self.repository(repository);
        self.store.delete_manifest(&repository, digest, &actor(), second(9)).await.unwrap()
    }
}

pub(crate) fn tag(name: &str) -> AttributeTarget {
    AttributeTarget::Tag(name.parse().unwrap())
}

pub(crate) async fn everything_is_allowed_until_somebody_says_otherwise(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let digest = scene.push("app", "one", b"manifest").await;
    let repository = scene.repository("app");
    let manifest = AttributeTarget::Manifest(digest);
    for target in [AttributeTarget::Repository, tag("one"), manifest.clone()] {
        let attributes = store.attributes(&repository, &target).await.unwrap();
        assert_eq!(attributes, Some(ChangeableAttributes::default()));
    }
    let absent = AttributeTarget::Manifest(Digest::of_sha256(b"absent"));
    for (name, target) in [("app", tag("two")), ("app", absent), ("other", AttributeTarget::Repository)] {
        let repository = scene.repository(name);
        assert_eq!(store.attributes(&repository, &target).await.unwrap(), None);
        let change = AttributeChange { write: Some(false), ..AttributeChange::default() };
        let changed = store.change_attributes(&repository, &target, change, &actor(), second(2)).await;
        assert_eq!(changed.unwrap(), None);
    }
    // What a change does not name stays.
    for change in [
        AttributeChange { delete: Some(false), ..AttributeChange::default() },
        AttributeChange { quarantine: Some(QuarantineState::Passed), ..AttributeChange::default() },
        AttributeChange { quarantine_details: Some("{}".to_owned()), ..AttributeChange::default() },
    ] {
        store.change_attributes(&repository, &manifest, change, &actor(), second(2)).await.unwrap().unwrap();
    }
    let expected = ChangeableAttributes {
        delete: false,
        quarantine: Some(QuarantineState::Passed),
        quarantine_details: Some("{}".to_owned()),
        ..ChangeableAttributes::default()
    };
    assert_eq!(store.attributes(&repository, &manifest).await.unwrap(), Some(expected));
    let events = store.events(store::PageRequest::first(100)).await.unwrap().items;
    let changes = events.iter().filter(|event| event.event.kind == store::EventKind::ATTRIBUTES_CHANGED);
    assert_eq!(changes.count(), 3);
}

pub(crate) async fn locked_tag_is_neither_moved_nor_deleted(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let digest = scene.push("app", "one", b"manifest").await;
    let lock = scene.turn_off("app", tag("one"), Switch::Write).await;
    let other = PutManifest {
        tags: vec!["free".parse().unwrap(), "one".parse().unwrap()],
        ..scene.manifest("app", b"other")
    };
    assert_eq!(store.put_manifest(other.clone()).await.unwrap(), PutOutcome::Locked(lock.clone()));
    // One locked tag refuses the whole push.
    let repository = scene.repository("app");
    assert_eq!(store.resolve_tag(&repository, &"free".parse().unwrap()).await.unwrap(), None);
    assert_eq!(store.manifest(&repository, &other.digest).await.unwrap(), None);
    assert_eq!(scene.delete_tag("app", "one").await, Removal::Locked(lock.clone()));
    // The manifest would take the tag along.
    assert_eq!(scene.delete_manifest("app", &digest).await, Removal::Locked(lock));
    scene.turn("app", &tag("one"), Switch::Write, true).await;
    let lock = scene.turn_off("app", tag("one"), Switch::Delete).await;
    assert!(matches!(store.put_manifest(other).await.unwrap(), PutOutcome::Stored { .. }));
    assert_eq!(scene.delete_tag("app", "one").await, Removal::Locked(lock));
    assert_eq!(scene.delete_tag("app", "free").await, Removal::Removed);
}

pub(crate) async fn locked_manifest_keeps_its_tags_and_its_blobs(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (repository, layer) = (scene.repository("app"), Digest::of_sha256(b"layer"));
    store.link_blob(&repository, &layer, 5, second(1)).await.unwrap();
    let push = PutManifest {
        references: vec![Reference { kind: ReferenceKind::Blob, digest: layer.clone(), required: true }],
        tags: vec!["one".parse().unwrap()],
        ..scene.manifest("app", b"manifest")
    };
    assert!(matches!(store.put_manifest(push.clone()).await.unwrap(), PutOutcome::Stored { .. }));
    let target = AttributeTarget::Manifest(push.digest.clone());
    let lock = scene.turn_off("app", target.clone(), Switch::Delete).await;
    assert_eq!(scene.delete_manifest("app", &push.digest).await, Removal::Locked(lock.clone()));
    assert_eq!(store.unlink_blob(&repository, &layer).await.unwrap(), Removal::Locked(lock));
    let lock = scene.turn_off("app", target, Switch::Write).await;
    assert_eq!(store.put_manifest(push).await.unwrap(), PutOutcome::Locked(lock));
    assert_eq!(scene.delete_tag("app", "one").await, Removal::Removed);
}

pub(crate) async fn locked_repository_takes_and_loses_nothing(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let digest = scene.push("app", "one", b"manifest").await;
    let repository = scene.repository("app");
    let blob = Digest::of_sha256(b"blob");
    store.link_blob(&repository, &blob, 4, second(1)).await.unwrap();
    let lock = scene.turn_off("app", AttributeTarget::Repository, Switch::Write).await;
    let push = scene.manifest("app", b"other");
    assert_eq!(store.put_manifest(push).await.unwrap(), PutOutcome::Locked(lock.clone()));
    assert_eq!(scene.delete_tag("app", "one").await, Removal::Locked(lock.clone()));
    assert_eq!(scene.delete_manifest("app", &digest).await, Removal::Locked(lock.clone()));
    assert_eq!(store.unlink_blob(&repository, &blob).await.unwrap(), Removal::Locked(lock.clone()));
    let removal = store.delete_repository(&repository, &actor(), second(9)).await.unwrap();
    assert_eq!(removal, RepositoryRemoval::Locked(lock));
    // Other repositories are not concerned.
    scene.push("other", "one", b"manifest").await;
}

pub(crate) async fn what_may_not_be_read_says_so(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (repository, layer) = (scene.repository("app"), Digest::of_sha256(b"layer"));
    store.link_blob(&repository, &layer, 5, second(1)).await.unwrap();
    let with_layer = |bytes: &'static [u8], name: &str| PutManifest {
        references: vec![Reference { kind: ReferenceKind::Blob, digest: layer.clone(), required: true }],
        tags: vec![name.parse().unwrap()],
        ..scene.manifest("app", bytes)
    };
    let (one, two) = (with_layer(b"one", "one"), with_layer(b"two", "two"));
    for push in [&one, &two] {
        let _ = store.put_manifest(push.clone()).await.unwrap();
    }
    let locks = async |reference: &str| {
        let reference = reference.parse().unwrap();
        let manifest = store.pull_manifest(&repository, &reference).await.unwrap().unwrap();
        let blob = store.pull_blob(&repository, &layer).await.unwrap().unwrap();
        (manifest.lock, blob.lock)
    };
    assert_eq!(locks("one").await, (None, None));
    let by_tag = scene.turn_off("app", tag("one"), Switch::Read).await;
    assert_eq!(locks("one").await, (Some(by_tag), None));
    assert_eq!(locks(one.digest.as_str()).await, (None, None));
    let first = scene.turn_off("app", AttributeTarget::Manifest(one.digest.clone()), Switch::Read).await;
    // The other manifest still opens the layer that both have.
    assert_eq!(locks(one.digest.as_str()).await, (Some(first), None));
    assert_eq!(locks("two").await, (None, None));
    let second = scene.turn_off("app", AttributeTarget::Manifest(two.digest.clone()), Switch::Read).await;
    let (manifest, blob) = locks("two").await;
    assert_eq!(manifest, Some(second));
    assert!(blob.is_some());
    scene.turn("app", &AttributeTarget::Manifest(two.digest.clone()), Switch::Read, true).await;
    let all = scene.turn_off("app", AttributeTarget::Repository, Switch::Read).await;
    assert_eq!(locks("two").await, (Some(all.clone()), Some(all)));
    assert_eq!(store.pull_manifest(&repository, &"none".parse().unwrap()).await.unwrap(), None);
    assert_eq!(store.pull_blob(&scene.repository("other"), &layer).await.unwrap(), None);
}

pub(crate) async fn attributes_end_with_what_they_belong_to(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let digest = scene.push("app", "one", b"manifest").await;
    let repository = scene.repository("app");
    let targets = [AttributeTarget::Repository, tag("one"), AttributeTarget::Manifest(digest.clone())];
    for target in &targets {
        scene.turn_off("app", target.clone(), Switch::Read).await;
    }
    assert_eq!(scene.delete_manifest("app", &digest).await, Removal::Removed);
    scene.push("app", "one", b"manifest").await;
    for target in &targets {
        let attributes = store.attributes(&repository, target).await.unwrap();
        assert_eq!(attributes, Some(ChangeableAttributes::default()), "{target:?}");
    }
}
