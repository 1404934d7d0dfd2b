//! Rules of pushes, tags, blobs, uploads and history.

use crate::scene::{Scene, actor, job, second};
use oci::{Digest, Tag};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    Actor, EventKind, ImageState, JobKind, PageRequest, PutManifest, PutOutcome, Reference, ReferenceKind,
    Removal, Store, UploadId,
};

fn blob_reference(digest: &Digest, required: bool) -> Reference {
    Reference { kind: ReferenceKind::Blob, digest: digest.clone(), required }
}

pub(crate) async fn push_is_one_transaction(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let blob = Digest::of_sha256(b"blob");
    store.link_blob(&scene.repository("app"), &blob, 4, second(0)).await.unwrap();
    let push = PutManifest {
        tags: vec!["1".parse().unwrap(), "latest".parse().unwrap()],
        references: vec![blob_reference(&blob, true), blob_reference(&Digest::of_sha256(b"foreign"), false)],
        jobs: vec![job("scan", "app")],
        ..scene.manifest("app", b"manifest")
    };
    let outcome = store.put_manifest(push.clone()).await.unwrap();
    assert_eq!(outcome, PutOutcome::Stored { created: true });
    let tag: Tag = "latest".parse().unwrap();
    let tagged = store.resolve_tag(&scene.repository("app"), &tag).await.unwrap();
    assert_eq!(tagged, Some(push.digest.clone()));
    assert!(store.job(&JobKind::new("scan"), "app").await.unwrap().is_some());
    let events = store.events(PageRequest::first(10)).await.unwrap().items;
    let tags: Vec<Option<Tag>> = events.iter().map(|event| event.event.tag.clone()).collect();
    assert_eq!(tags, [Some("1".parse().unwrap()), Some(tag)]);
    assert!(events.iter().all(|event| event.event.kind == EventKind::MANIFEST_PUSHED
        && event.event.actor == actor()
        && event.event.digest.as_ref() == Some(&push.digest)));
}

pub(crate) async fn push_without_its_blobs_changes_nothing(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let (blob, child) = (Digest::of_sha256(b"blob"), Digest::of_sha256(b"child"));
    // The blob is linked elsewhere, which does not help.
    store.link_blob(&scene.repository("other"), &blob, 4, second(0)).await.unwrap();
    let child_reference = Reference { kind: ReferenceKind::Manifest, digest: child.clone(), required: true };
    let push = PutManifest {
        tags: vec!["latest".parse().unwrap()],
        references: vec![blob_reference(&blob, true), child_reference, blob_reference(&blob, true)],
        jobs: vec![job("scan", "app")],
        ..scene.manifest("app", b"manifest")
    };
    let digest = push.digest.clone();
    let outcome = store.put_manifest(push).await.unwrap();
    assert_eq!(outcome, PutOutcome::MissingReferences(vec![blob, child]));
    let repository = scene.repository("app");
    assert_eq!(store.manifest(&repository, &digest).await.unwrap(), None);
    assert_eq!(store.tags(&repository, PageRequest::first(10)).await.unwrap().items, []);
    assert!(!store.repository_exists(&repository).await.unwrap());
    assert_eq!(store.events(PageRequest::first(10)).await.unwrap().items, []);
    assert_eq!(store.job(&JobKind::new("scan"), "app").await.unwrap(), None);
}

pub(crate) async fn blob_is_seen_only_through_a_link(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, blob) = (&scene.store, Digest::of_sha256(b"blob"));
    let (mine, yours) = (scene.repository("mine"), scene.repository("yours"));
    assert!(!store.blob_is_linked(&blob).await.unwrap());
    store.link_blob(&mine, &blob, 4, second(0)).await.unwrap();
    store.link_blob(&mine, &blob, 4, second(1)).await.unwrap();
    assert_eq!(store.blob(&mine, &blob).await.unwrap(), Some(4));
    assert_eq!(store.blob(&yours, &blob).await.unwrap(), None);
    assert!(store.blob_is_linked(&blob).await.unwrap());
    assert_eq!(store.unlink_blob(&yours, &blob).await.unwrap(), Removal::Absent);
    assert_eq!(store.unlink_blob(&mine, &blob).await.unwrap(), Removal::Removed);
    assert_eq!(store.blob(&mine, &blob).await.unwrap(), None);
    assert!(!store.blob_is_linked(&blob).await.unwrap());
}

pub(crate) async fn mount_needs_a_link_in_the_source(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, blob) = (&scene.store, Digest::of_sha256(b"blob"));
    let (from, to) = (scene.repository("from"), scene.repository("to"));
    assert_eq!(store.mount_blob(&from, &to, &blob, second(0)).await.unwrap(), None);
    assert_eq!(store.blob(&to, &blob).await.unwrap(), None);
    store.link_blob(&from, &blob, 4, second(0)).await.unwrap();
    assert_eq!(store.mount_blob(&from, &to, &blob, second(0)).await.unwrap(), Some(4));
    assert_eq!(store.blob(&to, &blob).await.unwrap(), Some(4));
}

pub(crate) async fn manifest_comes_back_exactly(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let bytes: &[u8] = b"{ \"odd\":\r\n \xff\x00 }";
    let push = PutManifest {
        artifact_type: Some("application/example".to_owned()),
        subject: Some(Digest::of_sha256(b"subject")),
        config: Some(Digest::of_sha256(b"config")),
        ..scene.manifest("app", bytes)
    };
    let expected = push.clone();
    let _ = scene.store.put_manifest(push).await.unwrap();
    let found = scene.store.manifest(&expected.repository, &expected.digest).await.unwrap().unwrap();
    assert_eq!(found.bytes, bytes);
    assert_eq!(found.media_type, expected.media_type);
    assert_eq!(found.artifact_type, expected.artifact_type);
    assert_eq!((found.subject, found.config), (expected.subject, expected.config));
    assert_eq!(found.pushed_at, second(1));
    let elsewhere = scene.store.manifest(&scene.repository("other"), &expected.digest).await.unwrap();
    assert_eq!(elsewhere, None);
}

pub(crate) async fn pushing_again_keeps_the_first_moment_and_moves_the_tag(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, repository) = (&scene.store, scene.repository("app"));
    let first = scene.push("app", "latest", b"first").await;
    let second_digest = scene.push("app", "latest", b"second").await;
    let again = PutManifest {
        tags: vec!["latest".parse().unwrap()],
        at: second(9),
        ..scene.manifest("app", b"first")
    };
    let outcome = store.put_manifest(again).await.unwrap();
    assert_eq!(outcome, PutOutcome::Stored { created: false });
    let manifests = store.manifests(&repository, PageRequest::first(10)).await.unwrap().items;
    assert_eq!(manifests.len(), 2);
    assert!(manifests.iter().all(|manifest| manifest.pushed_at == second(1)));
    let untagged = manifests.iter().find(|manifest| manifest.digest == second_digest).unwrap();
    assert_eq!((untagged.tags.as_slice(), untagged.size), (&[][..], 6));
    let tags = store.tags(&repository, PageRequest::first(10)).await.unwrap().items;
    assert_eq!(tags.len(), 1);
    assert_eq!((&tags[0].digest, tags[0].created_at, tags[0].updated_at), (&first, second(1), second(9)));
}

pub(crate) async fn delete_takes_tags_and_summary_along(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, repository) = (&scene.store, scene.repository("app"));
    let digest = scene.push("app", "one", b"manifest").await;
    scene.push("app", "two", b"manifest").await;
    store.put_summary(scene.summary("app", &digest, ImageState::Healthy)).await.unwrap();
    assert_eq!(
        store.delete_tag(&repository, &"one".parse().unwrap(), &actor(), second(3)).await.unwrap(),
        Removal::Removed
    );
    assert_eq!(
        store.delete_tag(&repository, &"one".parse().unwrap(), &actor(), second(3)).await.unwrap(),
        Removal::Absent
    );
    assert!(store.manifest(&repository, &digest).await.unwrap().is_some());
    assert_eq!(
        store.delete_manifest(&repository, &digest, &actor(), second(4)).await.unwrap(),
        Removal::Removed
    );
    assert_eq!(
        store.delete_manifest(&repository, &digest, &actor(), second(4)).await.unwrap(),
        Removal::Absent
    );
    assert_eq!(store.tags(&repository, PageRequest::first(10)).await.unwrap().items, []);
    assert_eq!(store.summary(&scene.image("app", &digest)).await.unwrap(), None);
    assert!(!store.repository_exists(&repository).await.unwrap());
    let events = store.events(PageRequest::first(10)).await.unwrap().items;
    let kinds: Vec<_> = events.into_iter().skip(2).map(|event| event.event.kind).collect();
    let expected = [
        EventKind::VERDICT_CHANGED,
        EventKind::REGISTRY_STATUS_CHANGED,
        EventKind::TAG_DELETED,
        EventKind::MANIFEST_DELETED,
        EventKind::REGISTRY_STATUS_CHANGED,
    ];
    assert_eq!(kinds, expected);
}

pub(crate) async fn tags_and_repositories_are_listed_by_key(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    for name in ["b", "a/x", "c", "a"] {
        scene.push(name, "latest", b"manifest").await;
    }
    store.link_blob(&scene.repository("empty"), &Digest::of_sha256(b"x"), 1, second(0)).await.unwrap();
    let mut names = Vec::new();
    let mut page = PageRequest::first(3);
    loop {
        let found = store.repositories(scene.registry, page).await.unwrap();
        names.extend(found.items.iter().map(|name| name.as_str().to_owned()));
        let Some(next) = found.next else { break };
        page = PageRequest::after(next, 3);
    }
    assert_eq!(names, ["a", "a/x", "b", "c"]);
    for tag in ["v2", "V1", "v10", "v1"] {
        scene.push("b", tag, b"manifest").await;
    }
    let first = store.tags(&scene.repository("b"), PageRequest::first(3)).await.unwrap();
    let tags: Vec<_> = first.items.iter().map(|tagged| tagged.tag.as_str()).collect();
    assert_eq!(tags, ["V1", "latest", "v1"]);
    let rest = store.tags(&scene.repository("b"), PageRequest::after(first.next.unwrap(), 3)).await.unwrap();
    let tags: Vec<_> = rest.items.iter().map(|tagged| tagged.tag.as_str()).collect();
    assert_eq!((tags.as_slice(), rest.next), (&["v10", "v2"][..], None));
}

pub(crate) async fn referrers_are_filtered_and_paged(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, repository) = (&scene.store, scene.repository("app"));
    let subject = Digest::of_sha256(b"subject");
    let annotations = BTreeMap::from([("made".to_owned(), "today".to_owned())]);
    for (bytes, kind) in [(&b"1"[..], "sbom"), (b"2", "signature"), (b"3", "sbom")] {
        let push = PutManifest {
            subject: Some(subject.clone()),
            artifact_type: Some(kind.to_owned()),
            annotations: annotations.clone(),
            ..scene.manifest("app", bytes)
        };
        let _ = store.put_manifest(push).await.unwrap();
    }
    let all = store.referrers(&repository, &subject, None, PageRequest::first(2)).await.unwrap();
    let after = PageRequest::after(all.next.unwrap(), 2);
    let rest = store.referrers(&repository, &subject, None, after).await.unwrap();
    assert_eq!((all.items.len(), rest.items.len(), rest.next), (2, 1, None));
    assert_eq!(all.items[0].annotations, annotations);
    let sboms = store.referrers(&repository, &subject, Some("sbom"), PageRequest::first(9)).await.unwrap();
    assert_eq!(sboms.items.len(), 2);
    let other = scene.repository("other");
    assert_eq!(store.referrers(&other, &subject, None, PageRequest::first(9)).await.unwrap().items, []);
}

pub(crate) async fn index_is_the_parent_of_its_children(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, repository) = (&scene.store, scene.repository("app"));
    let child = scene.push("app", "child", b"child").await;
    let reference = Reference { kind: ReferenceKind::Manifest, digest: child.clone(), required: true };
    let index = PutManifest { references: vec![reference], ..scene.manifest("app", b"index") };
    let parent = index.digest.clone();
    let _ = store.put_manifest(index).await.unwrap();
    assert_eq!(store.parents(&repository, &child).await.unwrap(), std::slice::from_ref(&parent));
    assert_eq!(store.parents(&scene.repository("other"), &child).await.unwrap(), []);
    assert_eq!(
        store.delete_manifest(&repository, &parent, &actor(), second(2)).await.unwrap(),
        Removal::Removed
    );
    assert_eq!(store.parents(&repository, &child).await.unwrap(), []);
}

pub(crate) async fn upload_belongs_to_repository_and_person(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, repository) = (&scene.store, scene.repository("app"));
    let upload = UploadId::from_random([7; 16]);
    store.create_upload(upload, &repository, &actor(), second(1)).await.unwrap();
    let session = store.upload(upload, &repository, &actor()).await.unwrap().unwrap();
    assert_eq!((session.offset, session.started_at), (0, second(1)));
    assert_eq!(store.upload(upload, &scene.repository("other"), &actor()).await.unwrap(), None);
    assert_eq!(store.upload(upload, &repository, &Actor("bob".to_owned())).await.unwrap(), None);
    assert!(!store.repository_exists(&repository).await.unwrap());
}

pub(crate) async fn upload_advances_only_from_where_it_stands(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let (store, repository) = (&scene.store, scene.repository("app"));
    let (old, new) = (UploadId::from_random([7; 16]), UploadId::from_random([8; 16]));
    store.create_upload(old, &repository, &actor(), second(1)).await.unwrap();
    store.create_upload(new, &repository, &actor(), second(1)).await.unwrap();
    assert!(store.advance_upload(new, 0, 10, second(5)).await.unwrap());
    assert!(!store.advance_upload(new, 0, 20, second(6)).await.unwrap());
    let session = store.upload(new, &repository, &actor()).await.unwrap().unwrap();
    assert_eq!((session.offset, session.touched_at), (10, second(5)));
    assert_eq!(store.expire_uploads(second(5)).await.unwrap(), [old]);
    assert!(!store.remove_upload(old).await.unwrap());
    assert!(store.remove_upload(new).await.unwrap());
}

pub(crate) async fn events_are_read_in_order(store: Arc<dyn Store>) {
    let mut sequences = Vec::new();
    for number in 0..5 {
        let event = store::NewEvent {
            kind: EventKind::new("image-assessed"),
            registry: None,
            repository: None,
            digest: None,
            tag: None,
            actor: actor(),
            at: second(number),
            detail: serde_json::json!({ "number": number }),
        };
        sequences.push(store.append_event(event).await.unwrap());
    }
    assert!(sequences.is_sorted_by(|a, b| a < b));
    let first = store.events(PageRequest::first(2)).await.unwrap();
    assert_eq!(first.next, Some(sequences[1]));
    let rest = store.events(PageRequest::after(sequences[1], 10)).await.unwrap();
    let numbers: Vec<_> = rest.items.iter().map(|event| event.event.detail["number"].clone()).collect();
    assert_eq!(numbers, [2, 3, 4]);
    assert_eq!(rest.next, None);
}
