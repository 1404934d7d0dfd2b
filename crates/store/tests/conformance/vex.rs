//! Rules of documents that are attached to images.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{EventKind, PutManifest, Reference, ReferenceKind, Removal, Store, VexReading};

fn reading(document: &[u8], signer: Option<&str>) -> VexReading {
    VexReading {
        document: Digest::of_sha256(document),
        subject: Digest::of_sha256(b"image"),
        form: "OpenVEX".to_owned(),
        signer: signer.map(str::to_owned),
        remark: if signer.is_some() { String::new() } else { "it is not signed".to_owned() },
        statements: Vec::new(),
        read_at: second(5),
    }
}

/// The digests of what waits, in the order in which it waits.
async fn pending(scene: &Scene) -> Vec<Digest> {
    let pending = scene.store.pending_vex(10).await.unwrap();
    pending.into_iter().map(|pending| pending.image.digest).collect()
}

async fn work_off(scene: &Scene) {
    for pending in scene.store.pending_vex(10).await.unwrap() {
        scene.store.vex_done(pending.ticket).await.unwrap();
    }
}

async fn attach(scene: &Scene, subject: &Digest, bytes: &'static [u8]) -> Digest {
    let push = PutManifest { subject: Some(subject.clone()), ..scene.manifest("app", bytes) };
    let digest = push.digest.clone();
    let _ = scene.store.put_manifest(push).await.unwrap();
    digest
}

pub(crate) async fn whatever_is_attached_or_taken_away_is_to_be_read(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let image = scene.push("app", "1", b"image").await;
    assert_eq!(pending(&scene).await, [], "an image is attached to nothing");
    let document = attach(&scene, &image, b"document").await;
    assert_eq!(pending(&scene).await, std::slice::from_ref(&image));
    work_off(&scene).await;
    // A signature of a document changes what the document is worth.
    let signature = attach(&scene, &document, b"signature").await;
    assert_eq!(pending(&scene).await, [document.clone(), image.clone()]);
    work_off(&scene).await;
    let removed =
        scene.store.delete_manifest(&scene.repository("app"), &signature, &actor(), second(2)).await;
    assert_eq!(removed.unwrap(), Removal::Removed);
    assert_eq!(pending(&scene).await, [document, image.clone()]);
    work_off(&scene).await;
    // Older tools name it in a tag.
    for tag in [format!("sha256-{}.att", image.hex()), format!("sha256-{}.sig", image.hex())] {
        scene.push("app", &tag, b"attestation").await;
        assert_eq!(pending(&scene).await, std::slice::from_ref(&image), "{tag}");
        work_off(&scene).await;
    }
    for tag in ["sha256-0.att", "v1", "sha256-x.sig"] {
        scene.push("app", tag, b"attestation").await;
        assert_eq!(pending(&scene).await, [], "{tag}");
    }
}

pub(crate) async fn what_comes_meanwhile_is_read_again(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let image = scene.push("app", "1", b"image").await;
    attach(&scene, &image, b"one").await;
    let first = scene.store.pending_vex(10).await.unwrap().remove(0);
    attach(&scene, &image, b"two").await;
    scene.store.vex_done(first.ticket).await.unwrap();
    assert_eq!(pending(&scene).await, [image]);
}

pub(crate) async fn documents_are_kept_and_told_in_history(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let image = scene.image("app", &scene.push("app", "1", b"image").await);
    let store = &scene.store;
    let generation = store.rules_generation();
    let both = vec![reading(b"a", Some("release")), reading(b"b", None)];
    assert!(store.put_vex(&image, both.clone(), second(5)).await.unwrap());
    assert!(store.rules_generation() > generation, "verdicts may be others");
    let later = both.iter().map(|reading| VexReading { read_at: second(9), ..reading.clone() }).collect();
    assert!(!store.put_vex(&image, later, second(9)).await.unwrap(), "the same again is no news");
    assert_eq!(store.vex(&image).await.unwrap().len(), 2);
    let trusted = store.trusted_vex().await.unwrap();
    assert_eq!(trusted[&image], [both[0].clone()]);
    assert!(store.put_vex(&image, vec![both[1].clone()], second(6)).await.unwrap());
    assert!(store.trusted_vex().await.unwrap().is_empty());
    let events = store.image_events(&image, 10).await.unwrap();
    let told: Vec<&str> = events
        .iter()
        .filter(|event| event.event.kind == EventKind::VEX_CHANGED)
        .map(|event| event.event.detail["reason"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["VexGone", "VexRefused", "VexAccepted"], "the newest first");
}

pub(crate) async fn what_is_attached_to_an_index_is_about_its_images(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let child = scene.image("app", &scene.push("app", "amd64", b"image").await);
    let reference =
        Reference { kind: ReferenceKind::Manifest, digest: child.digest.clone(), required: false };
    let push = PutManifest { references: vec![reference], ..scene.manifest("app", b"index") };
    let index = scene.image("app", &push.digest.clone());
    let _ = scene.store.put_manifest(push).await.unwrap();
    let said = VexReading { subject: index.digest.clone(), ..reading(b"a", Some("release")) };
    scene.store.put_vex(&index, vec![said.clone()], second(5)).await.unwrap();
    let trusted = scene.store.trusted_vex().await.unwrap();
    assert_eq!(trusted.len(), 2);
    assert_eq!((&trusted[&child], &trusted[&index]), (&vec![said.clone()], &vec![said]));
}

pub(crate) async fn other_keys_ask_for_all_documents_again(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let image = scene.image("app", &scene.push("app", "1", b"image").await);
    let store = &scene.store;
    assert_eq!(store.trust_vex("one").await.unwrap(), 0, "there are none yet");
    store.put_vex(&image, vec![reading(b"a", None)], second(5)).await.unwrap();
    assert_eq!(store.trust_vex("one").await.unwrap(), 0);
    assert_eq!(store.trust_vex("two").await.unwrap(), 1);
    assert_eq!(pending(&scene).await, [image.digest]);
}
