//! Rules of where images come from.

use crate::scene::{Scene, image_record, package, second};
use oci::Digest;
use std::sync::Arc;
use store::{ClaimedBase, ImageLayer, ImageRecord, Lineage, Origin, PackagePlace, PageRequest, Store};

/// Layers by single letters: the chain of each is made of the letters so far.
fn layers(letters: &str) -> Vec<ImageLayer> {
    (1..=letters.len())
        .map(|end| ImageLayer {
            digest: Digest::of_sha256(&letters.as_bytes()[end - 1..end]),
            chain: Some(Digest::of_sha256(&letters.as_bytes()[..end])),
            step: Some(format!("RUN {}", &letters[end - 1..end])),
        })
        .collect()
}

async fn record(scene: &Scene, repository: &str, bytes: &'static [u8], letters: &str) -> Digest {
    let digest = scene.push(repository, "1", bytes).await;
    let lineage = Lineage { layers: layers(letters), claimed_base: None };
    let record = ImageRecord { lineage, ..image_record(&digest, Vec::new()) };
    scene.store.record_image(record).await.unwrap();
    digest
}

pub(crate) async fn lineage_comes_back_and_is_replaced(store: Arc<dyn Store>) {
    let digest = Digest::of_sha256(b"image");
    assert_eq!(store.lineage(&digest).await.unwrap(), Lineage::default());
    let claimed_base = Some(ClaimedBase {
        name: Some("registry.example/base:1".to_owned()),
        digest: Some(Digest::of_sha256(b"base")),
    });
    let odd = ImageLayer { digest: Digest::of_sha256(b"x"), chain: None, step: None };
    let first = Lineage { layers: [layers("ab"), vec![odd]].concat(), claimed_base };
    let second = Lineage { layers: layers("c"), claimed_base: None };
    for lineage in [first, second] {
        let record = ImageRecord { lineage: lineage.clone(), ..image_record(&digest, Vec::new()) };
        store.record_image(record).await.unwrap();
        assert_eq!(store.lineage(&digest).await.unwrap(), lineage);
    }
}

pub(crate) async fn base_is_the_longest_beginning_in_the_registry(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let app = record(&scene, "app", b"app", "abcd").await;
    let base = async || scene.store.base_image(scene.registry, &app).await.unwrap();
    assert_eq!(base().await, None);
    record(&scene, "small", b"small", "a").await;
    let long = record(&scene, "long", b"long", "abc").await;
    record(&scene, "other", b"other", "abx").await;
    record(&scene, "longer", b"longer", "abcde").await;
    record(&scene, "twin", b"twin", "abcd").await;
    let found = base().await.unwrap();
    assert_eq!((found.image, found.layers), (scene.image("long", &long), 3));
    // What is deleted is nobody's base any more.
    let actor = crate::scene::actor();
    let removed = scene.store.delete_manifest(&scene.repository("long"), &long, &actor, second(9)).await;
    assert_eq!(removed.unwrap(), store::Removal::Removed);
    assert_eq!(base().await.unwrap().layers, 1);
    // An image whose configuration does not fit its manifest has no chains, and no base.
    let lineage =
        Lineage { layers: vec![ImageLayer { chain: None, ..layers("a").remove(0) }], claimed_base: None };
    let record = ImageRecord { lineage, ..image_record(&app, Vec::new()) };
    scene.store.record_image(record).await.unwrap();
    assert_eq!(base().await, None);
}

pub(crate) async fn equal_layers_are_a_base_only_where_the_image_says_so(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let base = record(&scene, "base", b"base", "ab").await;
    let app = record(&scene, "app", b"app", "ab").await;
    assert_eq!(scene.store.base_image(scene.registry, &app).await.unwrap(), None);
    let claimed_base = Some(ClaimedBase { name: None, digest: Some(base.clone()) });
    let lineage = Lineage { layers: layers("ab"), claimed_base };
    scene.store.record_image(ImageRecord { lineage, ..image_record(&app, Vec::new()) }).await.unwrap();
    let found = scene.store.base_image(scene.registry, &app).await.unwrap().unwrap();
    assert_eq!((found.image, found.layers), (scene.image("base", &base), 2));
}

pub(crate) async fn findings_tell_their_layer_and_whether_it_is_inherited(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let app = scene.push("app", "1", b"app").await;
    let place = |name: &str, layer: &[u8]| PackagePlace {
        package: package(name, "1"),
        layer: Digest::of_sha256(layer),
        path: "lib/apk/db/installed".to_owned(),
    };
    let packages = vec![place("old", b"a"), place("own", b"b"), place("nowhere", b"z")];
    let lineage = Lineage { layers: layers("ab"), claimed_base: None };
    let recorded = ImageRecord { lineage, ..image_record(&app, packages) };
    let recorded = scene.store.record_image(recorded).await.unwrap();
    scene.store.put_summary(scene.summary("app", &app, store::ImageState::Unhealthy)).await.unwrap();
    let cves = ["CVE-1", "CVE-2", "CVE-3"];
    let found: Vec<(store::PackageVersionId, &[&str])> =
        recorded.versions.iter().zip(cves.chunks(1)).map(|((id, _), cve)| (*id, cve)).collect();
    scene.find("one", &found, second(5)).await;
    let origins = async || {
        let page = PageRequest { after: None, limit: 10 };
        let found = scene.store.findings(&store::FindingFilter::default(), page).await.unwrap().items;
        found.into_iter().map(|finding| (finding.package.name, finding.origin)).collect::<Vec<_>>()
    };
    let origin = |number, step: &str, inherited| Origin {
        layer_number: Some(number),
        step: Some(step.to_owned()),
        inherited,
    };
    let mut before = origins().await;
    before.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(before[0], ("nowhere".to_owned(), Origin::default()));
    assert_eq!(before[1], ("old".to_owned(), origin(1, "RUN a", None)));
    record(&scene, "base", b"base", "a").await;
    let mut after = origins().await;
    after.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(after[1], ("old".to_owned(), origin(1, "RUN a", Some(true))));
    assert_eq!(after[2], ("own".to_owned(), origin(2, "RUN b", Some(false))));
}
