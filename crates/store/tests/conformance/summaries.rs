//! Rules of the verdicts on images.

use crate::scene::{Scene, actor, second};
use oci::Digest;
use std::sync::Arc;
use store::{
    Cause, EventKind, ImageState, ImageSummary, PageRequest, RegistryId, RegistryStanding, Removal, Store,
    SummaryFilter,
};

pub(crate) async fn summary_keeps_first_sight_and_last_change(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    let image = scene.image("app", &digest);
    assert_eq!(scene.store.summary(&image).await.unwrap(), None);
    let first = scene.summary("app", &digest, ImageState::Queued);
    assert!(scene.store.put_summary(first.clone()).await.unwrap());
    assert_eq!(scene.store.summary(&image).await.unwrap(), Some(first.clone()));
    let later = |state, at| ImageSummary {
        state,
        first_seen: second(at),
        changed_at: second(at),
        assessed_at: Some(second(at)),
        cause: Some(Cause { code: "NoFeed".to_owned(), sentence: "There is no feed.".to_owned() }),
        children: vec![Digest::of_sha256(b"child")],
        ..first.clone()
    };
    for (state, at, changed) in [
        (ImageState::Queued, 5, 1),
        (ImageState::NotApplicable, 6, 6),
        (ImageState::NotApplicable, 7, 6),
        (ImageState::Healthy, 8, 8),
    ] {
        assert!(scene.store.put_summary(later(state, at)).await.unwrap());
        let expected =
            ImageSummary { first_seen: second(1), changed_at: second(changed), ..later(state, at) };
        assert_eq!(scene.store.summary(&image).await.unwrap(), Some(expected));
    }
}

pub(crate) async fn summary_of_a_missing_image_is_not_kept(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"one").await;
    assert!(!scene.store.put_summary(scene.summary("other", &digest, ImageState::Healthy)).await.unwrap());
    let absent = Digest::of_sha256(b"absent");
    assert!(!scene.store.put_summary(scene.summary("app", &absent, ImageState::Healthy)).await.unwrap());
    assert_eq!(scene.store.summary(&scene.image("app", &absent)).await.unwrap(), None);
}

const IMAGES: [(&str, &[u8], ImageState); 6] = [
    ("a", b"one", ImageState::Healthy),
    ("a", b"two", ImageState::Unhealthy),
    ("a/b", b"one", ImageState::Unhealthy),
    ("b", b"one", ImageState::Queued),
    ("b", b"two", ImageState::Unhealthy),
    ("b", b"three", ImageState::Healthy),
];

async fn fleet(store: Arc<dyn Store>) -> Scene {
    let scene = Scene::new(store).await;
    for (repository, bytes, state) in IMAGES {
        let digest = scene.push(repository, "latest", bytes).await;
        assert!(scene.store.put_summary(scene.summary(repository, &digest, state)).await.unwrap());
    }
    scene
}

/// Reads all pages, and compares them with what the filter means, said in plain Rust.
async fn check(scene: &Scene, filter: SummaryFilter) {
    let mut expected: Vec<_> = IMAGES
        .iter()
        .map(|(repository, bytes, state)| (scene.image(repository, &Digest::of_sha256(bytes)), *state))
        .filter(|(image, state)| {
            filter.registries.as_ref().is_none_or(|ids| ids.contains(&image.repository.registry))
                && filter.repository.as_ref().is_none_or(|name| *name == image.repository.name)
                && filter.digest.as_ref().is_none_or(|digest| *digest == image.digest)
                && (filter.states.is_empty() || filter.states.contains(state))
        })
        .collect();
    expected.sort_unstable();
    for limit in [1, 2, 100] {
        let mut found = Vec::new();
        let mut page = PageRequest::first(limit);
        loop {
            let part = scene.store.summaries(&filter, page).await.unwrap();
            found.extend(part.items.into_iter().map(|summary| (summary.image, summary.state)));
            let Some(next) = part.next else { break };
            page = PageRequest::after(next, limit);
        }
        assert_eq!(found, expected, "{filter:?} in pages of {limit}");
    }
}

pub(crate) async fn summaries_are_filtered_and_paged(store: Arc<dyn Store>) {
    let scene = fleet(store).await;
    let registries = [None, Some(vec![]), Some(vec![scene.registry, RegistryId(99), scene.registry])];
    let repositories = [None, Some("a".parse().unwrap()), Some("b".parse().unwrap())];
    let digests = [None, Some(Digest::of_sha256(b"one")), Some(Digest::of_sha256(b"nothing"))];
    let states = [vec![], vec![ImageState::Unhealthy], vec![ImageState::Healthy, ImageState::Queued]];
    for registries in &registries {
        for repository in &repositories {
            for digest in &digests {
                for states in &states {
                    let filter = SummaryFilter {
                        registries: registries.clone(),
                        repository: repository.clone(),
                        digest: digest.clone(),
                        states: states.clone(),
                    };
                    check(&scene, filter).await;
                }
            }
        }
    }
}

pub(crate) async fn states_are_counted(store: Arc<dyn Store>) {
    let scene = fleet(store).await;
    let expected = [(ImageState::Queued, 1), (ImageState::Healthy, 2), (ImageState::Unhealthy, 3)];
    assert_eq!(scene.store.state_counts(None).await.unwrap(), expected);
    assert_eq!(scene.store.state_counts(Some(&[scene.registry])).await.unwrap(), expected);
    assert_eq!(scene.store.state_counts(Some(&[])).await.unwrap(), []);
}

pub(crate) async fn standing_and_marks_are_found(store: Arc<dyn Store>) {
    let scene = fleet(store).await;
    let standing = scene.store.standing(RegistryId(1)).await.unwrap();
    let counts: Vec<_> = standing.counts.into_iter().collect();
    assert_eq!(counts, [(ImageState::Queued, 1), (ImageState::Healthy, 2), (ImageState::Unhealthy, 3)]);
    assert!(standing.first_evaluated.is_some() && standing.first_evaluated <= standing.status_changed);
    assert_eq!(scene.store.standing(RegistryId(404)).await.unwrap(), RegistryStanding::default());
    for (repository, bytes, state) in IMAGES {
        let image = scene.image(repository, &Digest::of_sha256(bytes));
        let found = scene.store.summaries_by_mark(image.mark()).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|summary| (summary.image, summary.state)).collect();
        assert_eq!(found, [(image, state)]);
    }
    assert_eq!(scene.store.summaries_by_mark(u64::MAX).await.unwrap(), []);
}

/// A registry is as bad as its worst image, since the moment at which that came to be; history tells each step.
pub(crate) async fn status_of_a_registry_follows_its_images(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let dates = async || {
        let standing = scene.store.standing(scene.registry).await.unwrap();
        (standing.first_evaluated, standing.status_changed)
    };
    let image = scene.push("app", "1", b"one").await;
    let put = async |image: &Digest, state, at| {
        let at = second(at);
        let summary =
            ImageSummary { changed_at: at, assessed_at: Some(at), ..scene.summary("app", image, state) };
        assert!(scene.store.put_summary(summary).await.unwrap());
    };
    put(&image, ImageState::Queued, 1).await;
    assert_eq!(dates().await, (None, None), "nobody has said anything yet");
    put(&image, ImageState::Healthy, 2).await;
    assert_eq!(dates().await, (Some(second(2)), Some(second(2))));
    let other = scene.push("app", "2", b"two").await;
    put(&other, ImageState::Unhealthy, 3).await;
    put(&image, ImageState::NotApplicable, 4).await;
    put(&other, ImageState::Unhealthy, 5).await;
    assert_eq!(dates().await, (Some(second(2)), Some(second(3))), "it was as bad before");
    let app = scene.repository("app");
    let delete = async |digest: &Digest, at| {
        let removal = scene.store.delete_manifest(&app, digest, &actor(), second(at)).await.unwrap();
        assert_eq!(removal, Removal::Removed);
    };
    delete(&other, 6).await;
    assert_eq!(dates().await, (Some(second(2)), Some(second(6))));
    delete(&image, 7).await;
    assert_eq!(
        dates().await,
        (Some(second(2)), Some(second(6))),
        "without an image nothing can be said either"
    );
    let events = scene.store.events(PageRequest::first(100)).await.unwrap().items;
    let told = events.iter().filter(|event| event.event.kind == EventKind::REGISTRY_STATUS_CHANGED);
    let told: Vec<(String, i64)> = told
        .map(|event| {
            let detail = &event.event.detail;
            let at = event.event.at.duration_since(second(0)).as_secs();
            (format!("{} {}", detail["from"].as_str().unwrap_or("-"), detail["to"].as_str().unwrap()), at)
        })
        .collect();
    let expected = [("- Healthy", 2), ("Healthy Unhealthy", 3), ("Unhealthy NotApplicable", 6)];
    assert_eq!(told, expected.map(|(text, at)| (text.to_owned(), at)));
}
