//! Pull policies: kept, told in history, and answered with facts.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{
    AttributeChange, AttributeTarget, EventKind, HoldSeverity, ImageState, PageRequest, PullFacts, PullPass,
    PullPolicy, PutManifest, QuarantineState, Reference, ReferenceKind, Removal, Store,
};

const STRICT: PullPolicy = PullPolicy {
    quarantine: true,
    hold_severity: Some(HoldSeverity::High),
    hold_unassessed: true,
    grace_seconds: 60,
};

pub(crate) async fn policy_is_kept_and_told_in_history(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    assert_eq!(store.pull_policy(scene.registry).await.unwrap(), PullPolicy::default());
    assert!(!PullPolicy::default().holds());
    for policy in [STRICT, PullPolicy::default(), STRICT] {
        store.set_pull_policy(scene.registry, policy, &actor(), second(1)).await.unwrap();
        assert_eq!(store.pull_policy(scene.registry).await.unwrap(), policy);
    }
    let events = store.events(PageRequest::first(100)).await.unwrap().items;
    assert_eq!(events.iter().filter(|event| event.event.kind == EventKind::PULL_POLICY_CHANGED).count(), 3);
}

pub(crate) async fn facts_are_those_of_every_manifest_of_a_blob(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let (repository, layer) = (scene.repository("app"), Digest::of_sha256(b"layer"));
    store.link_blob(&repository, &layer, 5, second(1)).await.unwrap();
    let mut digests = Vec::new();
    for bytes in [b"one" as &[u8], b"two"] {
        let reference = Reference { kind: ReferenceKind::Blob, digest: layer.clone(), required: true };
        let push = PutManifest { references: vec![reference], ..scene.manifest("app", bytes) };
        digests.push(push.digest.clone());
        let _ = store.put_manifest(push).await.unwrap();
    }
    digests.sort();
    let facts =
        async |digest: &Digest, is_blob| store.pull_facts(&repository, digest, is_blob).await.unwrap();
    // A policy that holds nothing needs no facts.
    assert_eq!(facts(&layer, true).await, PullFacts::default());
    store.set_pull_policy(scene.registry, STRICT, &actor(), second(1)).await.unwrap();
    let summary = scene.summary("app", &digests[0], ImageState::Unhealthy);
    assert!(store.put_summary(summary.clone()).await.unwrap());
    let of_blob = facts(&layer, true).await.standings;
    assert_eq!(
        of_blob.iter().map(|standing| &standing.digest).collect::<Vec<_>>(),
        [&digests[0], &digests[1]]
    );
    assert_eq!(of_blob[0].verdict, Some((ImageState::Unhealthy, summary.counts)));
    assert_eq!((&of_blob[1].verdict, of_blob[1].quarantine, of_blob[1].pass), (&None, None, None));
    assert_eq!(facts(&digests[0], false).await.standings, of_blob[..1]);
    for digest in [&layer, &Digest::of_sha256(b"absent")] {
        assert!(facts(digest, false).await.standings.is_empty());
    }
}

pub(crate) async fn new_manifest_goes_into_quarantine_where_the_policy_says_so(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let repository = scene.repository("app");
    let before = scene.push("app", "before", b"before").await;
    store.set_pull_policy(scene.registry, STRICT, &actor(), second(1)).await.unwrap();
    let after = scene.push("app", "after", b"after").await;
    let state = async |digest: &Digest| {
        let target = AttributeTarget::Manifest(digest.clone());
        store.attributes(&repository, &target).await.unwrap().unwrap().quarantine
    };
    assert_eq!((state(&before).await, state(&after).await), (None, Some(QuarantineState::Quarantined)));
    let change = AttributeChange { quarantine: Some(QuarantineState::Passed), ..AttributeChange::default() };
    let target = AttributeTarget::Manifest(after.clone());
    store.change_attributes(&repository, &target, change, &actor(), second(2)).await.unwrap().unwrap();
    // The same content again is no new manifest.
    scene.push("app", "again", b"after").await;
    assert_eq!(state(&after).await, Some(QuarantineState::Passed));
}

pub(crate) async fn pass_ends_with_its_image(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    store.set_pull_policy(scene.registry, STRICT, &actor(), second(1)).await.unwrap();
    let digest = scene.push("app", "one", b"one").await;
    let repository = scene.repository("app");
    let pass = |digest: &Digest| PullPass {
        image: scene.image("app", digest),
        reason: "the bridge is down".to_owned(),
        actor: actor(),
        until: second(100),
    };
    assert!(!store.give_pull_pass(pass(&Digest::of_sha256(b"absent")), second(2)).await.unwrap());
    assert!(store.give_pull_pass(pass(&digest), second(2)).await.unwrap());
    let until = async || store.pull_facts(&repository, &digest, false).await.unwrap().standings[0].pass;
    assert_eq!(until().await, Some(second(100)));
    let events = store.events(PageRequest::first(100)).await.unwrap().items;
    let told = events.iter().find(|event| event.event.kind == EventKind::PULL_PASS_GIVEN).unwrap();
    assert_eq!(told.event.detail["reason"], "the bridge is down");
    let removed = store.delete_manifest(&repository, &digest, &actor(), second(3)).await.unwrap();
    assert_eq!(removed, Removal::Removed);
    scene.push("app", "one", b"one").await;
    assert_eq!(until().await, None);
}
