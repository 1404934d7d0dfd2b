//! The catalog: lists in three orders, counts, and whole repositories that go.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{
    AttributeTarget, DeletedRepository, Order, PageRequest, PutManifest, Reference, ReferenceKind,
    RepositoryRemoval, Store, Switch, TagFilter, TimedKey,
};

const ORDERS: [Order; 3] = [Order::Name, Order::OldestFirst, Order::NewestFirst];

/// All tags of a repository, page by page.
async fn tags(scene: &Scene, filter: &TagFilter) -> Vec<String> {
    let repository = scene.repository("app");
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 2 };
        let page = scene.store.listed_tags(&repository, filter, page).await.unwrap();
        assert!(page.items.len() <= 2);
        names.extend(page.items.into_iter().map(|item| item.tag.to_string()));
        let Some(next) = page.next else { return names };
        after = Some(next);
    }
}

async fn manifests(scene: &Scene, order: Order) -> Vec<Digest> {
    let repository = scene.repository("app");
    let (mut digests, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { after, limit: 1 };
        let page = scene.store.listed_manifests(&repository, order, page).await.unwrap();
        digests.extend(page.items.into_iter().map(|item| item.digest));
        let Some(next) = page.next else { return digests };
        after = Some(next);
    }
}

pub(crate) async fn lists_go_by_name_and_by_time_and_page(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    // Names, contents and moments; two tags share a moment, and then their names decide.
    let pushes: [(&str, &'static [u8], i64); 4] =
        [("b", b"one", 1), ("d", b"two", 2), ("a", b"three", 3), ("c", b"three", 3)];
    let mut digests = Vec::new();
    for (tag, bytes, at) in pushes {
        let push =
            PutManifest { tags: vec![tag.parse().unwrap()], at: second(at), ..scene.manifest("app", bytes) };
        if digests.last() != Some(&push.digest) {
            digests.push(push.digest.clone());
        }
        let _ = store.put_manifest(push).await.unwrap();
    }
    let filter = |order| TagFilter { digest: None, order };
    assert_eq!(tags(&scene, &filter(Order::Name)).await, ["a", "b", "c", "d"]);
    assert_eq!(tags(&scene, &filter(Order::OldestFirst)).await, ["b", "d", "a", "c"]);
    assert_eq!(tags(&scene, &filter(Order::NewestFirst)).await, ["c", "a", "d", "b"]);
    for order in ORDERS {
        let filter = TagFilter { digest: digests.last().cloned(), order };
        let mut names = tags(&scene, &filter).await;
        names.sort();
        assert_eq!(names, ["a", "c"]);
    }
    assert_eq!(manifests(&scene, Order::OldestFirst).await, digests);
    digests.reverse();
    assert_eq!(manifests(&scene, Order::NewestFirst).await, digests);
    digests.sort();
    assert_eq!(manifests(&scene, Order::Name).await, digests);
    // A page continues after a row that is gone.
    let key = TimedKey { at: second(2), name: "zzz".parse().unwrap() };
    let page = PageRequest::after(key, 10);
    let repository = scene.repository("app");
    let rest = store.listed_tags(&repository, &filter(Order::OldestFirst), page).await.unwrap();
    assert_eq!(rest.items.len(), 2);
}

pub(crate) async fn what_may_not_be_listed_is_found_by_name(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let digest = scene.push("app", "shown", b"shown").await;
    let hidden = scene.push("app", "hidden", b"hidden").await;
    let tag = AttributeTarget::Tag("hidden".parse().unwrap());
    scene.turn_off("app", tag, Switch::List).await;
    scene.turn_off("app", AttributeTarget::Manifest(hidden.clone()), Switch::List).await;
    for order in ORDERS {
        assert_eq!(tags(&scene, &TagFilter { digest: None, order }).await, ["shown"]);
        assert_eq!(manifests(&scene, order).await, std::slice::from_ref(&digest));
    }
    let repository = scene.repository("app");
    assert!(store.tag_details(&repository, &"hidden".parse().unwrap()).await.unwrap().is_some());
    assert!(store.manifest_details(&repository, &hidden).await.unwrap().is_some());
    let listed = async || {
        let page = store.listed_repositories(scene.registry, PageRequest::first(10)).await.unwrap();
        page.items.len()
    };
    assert_eq!(listed().await, 1);
    scene.turn_off("app", AttributeTarget::Repository, Switch::List).await;
    assert_eq!(listed().await, 0);
    assert!(store.repository_details(&repository).await.unwrap().is_some());
}

pub(crate) async fn repository_counts_and_times(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let repository = scene.repository("app");
    assert_eq!(store.repository_details(&repository).await.unwrap(), None);
    scene.push("app", "one", b"one").await;
    scene.push("app", "two", b"two").await;
    let push = PutManifest {
        tags: vec!["two".parse().unwrap(), "three".parse().unwrap()],
        at: second(7),
        ..scene.manifest("app", b"one")
    };
    let _ = store.put_manifest(push).await.unwrap();
    let details = store.repository_details(&repository).await.unwrap().unwrap();
    assert_eq!((details.manifests, details.tags), (2, 3));
    assert_eq!((details.created_at, details.updated_at), (second(1), second(7)));
}

pub(crate) async fn size_of_an_index_counts_each_blob_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let repository = scene.repository("app");
    let [shared, one, two] = [b"shared" as &[u8], b"one", b"two"].map(Digest::of_sha256);
    for (digest, size) in [(&shared, 100), (&one, 10), (&two, 1)] {
        store.link_blob(&repository, digest, size, second(1)).await.unwrap();
    }
    let reference = |kind, digest: &Digest| Reference { kind, digest: digest.clone(), required: false };
    let blob = |digest| reference(ReferenceKind::Blob, digest);
    let absent = Digest::of_sha256(b"elsewhere");
    let mut children = Vec::new();
    for (bytes, own) in [(b"first" as &[u8], &one), (b"second", &two)] {
        let references = vec![blob(&shared), blob(own), blob(&absent)];
        let push = PutManifest { references, ..scene.manifest("app", bytes) };
        children.push(push.digest.clone());
        let _ = store.put_manifest(push).await.unwrap();
    }
    let references = children.iter().map(|child| reference(ReferenceKind::Manifest, child)).collect();
    let index = PutManifest { references, ..scene.manifest("app", b"index") };
    let digest = index.digest.clone();
    let _ = store.put_manifest(index).await.unwrap();
    let size = async |digest: &Digest| {
        store.manifest_details(&repository, digest).await.unwrap().unwrap().image_size
    };
    assert_eq!(size(&digest).await, 111);
    assert_eq!(size(&children[0]).await, 110);
}

pub(crate) async fn repository_goes_with_everything_in_it(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let repository = scene.repository("app");
    let mut manifests = vec![scene.push("app", "one", b"one").await, scene.push("app", "two", b"two").await];
    manifests.sort();
    let blob = Digest::of_sha256(b"blob");
    store.link_blob(&repository, &blob, 4, second(1)).await.unwrap();
    scene.turn_off("app", AttributeTarget::Manifest(manifests[0].clone()), Switch::Read).await;
    let removal = store.delete_repository(&repository, &actor(), second(9)).await.unwrap();
    let tags = ["one", "two"].map(|tag| tag.parse().unwrap()).to_vec();
    assert_eq!(removal, RepositoryRemoval::Removed(DeletedRepository { manifests, tags }));
    assert!(!store.repository_exists(&repository).await.unwrap());
    assert_eq!(store.blob(&repository, &blob).await.unwrap(), None);
    let again = store.delete_repository(&repository, &actor(), second(9)).await.unwrap();
    assert_eq!(again, RepositoryRemoval::Absent);
}

pub(crate) async fn blob_is_found_where_it_is_linked(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let blob = Digest::of_sha256(b"blob");
    for name in ["c", "a", "b"] {
        store.link_blob(&scene.repository(name), &blob, 4, second(1)).await.unwrap();
    }
    let found = async |limit| {
        let names = store.repositories_of_blob(scene.registry, &blob, limit).await.unwrap();
        names.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found(10).await, ["a", "b", "c"]);
    assert_eq!(found(2).await, ["a", "b"]);
    let absent = Digest::of_sha256(b"absent");
    assert!(store.repositories_of_blob(scene.registry, &absent, 9).await.unwrap().is_empty());
}
