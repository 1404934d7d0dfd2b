//! Attached registries: they have rows like every registry, and nobody finds them by a host.

use crate::scene::{Scene, actor, second};
use std::sync::Arc;
use store::{
    Attached, Attachment, AttachmentChange, AttachmentSettings, ImageState, ImportCredentials, NewAttachment,
    PageRequest, RegistryRemoval, Sight, Store,
};

fn settings(patterns: &[&str]) -> AttachmentSettings {
    AttachmentSettings {
        address: "hub.test".into(),
        patterns: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
        poll_seconds: 600,
    }
}

fn wish(scene: &Scene, name: &str) -> NewAttachment {
    NewAttachment {
        to: scene.registry,
        name: name.into(),
        host: "hub.test".into(),
        settings: settings(&["team/*"]),
        login: Some(ImportCredentials { user: "reader".into(), password: "pass-word".into() }),
        secret: "notify-secret".into(),
    }
}

async fn attach(scene: &Scene, name: &str, at: i64) -> Attachment {
    match scene.store.attach(wish(scene, name), &actor(), second(at)).await.unwrap() {
        Attached::Now(attachment) => *attachment,
        other @ (Attached::NameTaken | Attached::TooMany) => panic!("{other:?}"),
    }
}

pub(crate) async fn attached_registry_is_one_that_no_host_leads_to(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let own = store.registry(scene.registry).await.unwrap().unwrap();
    let hub = attach(&scene, "Hub", 1).await;
    assert!(!format!("{hub:?} {:?}", hub.login).contains("pass-word"), "{hub:?}");
    assert!(!format!("{hub:?}").contains("notify-secret"), "{hub:?}");
    assert_eq!(hub.registry.attached_to, Some(own.id));
    assert_eq!(
        (&hub.registry.subscription, &hub.registry.resource_group),
        (&own.subscription, &own.resource_group)
    );
    assert_eq!(hub.registry.login_server, "hub.test");
    assert_eq!(store.registry_by_name("hub").await.unwrap(), None);
    assert_eq!(store.attachment_by_name("hub").await.unwrap(), Some(hub.clone()));
    assert_eq!(store.attachment(hub.registry.id).await.unwrap(), Some(hub.clone()));
    assert_eq!(store.attachment(own.id).await.unwrap(), None);
    assert_eq!(store.attachments(own.id).await.unwrap(), std::slice::from_ref(&hub));
    assert_eq!(store.registries(own.subscription).await.unwrap().len(), 2);
    // Another address of the server moves none of those elsewhere.
    store.set_registry_suffix("moved.test").await.unwrap();
    assert_eq!(store.attachment_by_name("hub").await.unwrap().unwrap().registry.login_server, "hub.test");
    for taken in ["hub", own.name.as_str()] {
        let refused = store.attach(wish(&scene, taken), &actor(), second(2)).await.unwrap();
        assert_eq!(refused, Attached::NameTaken, "{taken}");
    }
    let upon = NewAttachment { to: hub.registry.id, ..wish(&scene, "upon") };
    assert!(
        store.attach(upon, &actor(), second(2)).await.is_err(),
        "nothing is attached to something attached"
    );
}

pub(crate) async fn attachment_is_due_once_and_again_when_it_is_changed(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let hub = attach(&scene, "hub", 10).await;
    let due = async |at| {
        let due = store.take_due_attachments(second(at)).await.unwrap();
        due.into_iter().map(|one| one.registry.name).collect::<Vec<_>>()
    };
    assert_eq!(store.next_attachment().await.unwrap(), Some(second(10)));
    assert_eq!(due(9).await, Vec::<String>::new());
    assert_eq!(due(10).await, ["hub"]);
    assert_eq!(due(10).await, Vec::<String>::new());
    assert_eq!(store.next_attachment().await.unwrap(), Some(second(610)));
    let change = AttachmentChange {
        settings: Some(("other.test".into(), settings(&["a", "b"]))),
        login: Some(None),
        secret: Some("another".into()),
    };
    let id = hub.registry.id;
    assert!(store.change_attachment(id, change, &actor(), second(20)).await.unwrap());
    let changed = store.attachment(id).await.unwrap().unwrap();
    assert_eq!(changed.registry.login_server, "other.test");
    assert_eq!((changed.login, changed.secret.as_str()), (None, "another"));
    assert_eq!(changed.settings, settings(&["a", "b"]));
    assert_eq!(due(20).await, ["hub"]);
    let nothing = AttachmentChange::default();
    assert!(!store.change_attachment(scene.registry, nothing, &actor(), second(20)).await.unwrap());
}

pub(crate) async fn what_could_not_be_seen_keeps_when_it_was(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let id = attach(&scene, "hub", 1).await.registry.id;
    let there = scene.elsewhere(id);
    let key = there.repository("team/app");
    assert_eq!(store.attached_repository(&key).await.unwrap(), None);
    store.repository_seen(&key, Ok(()), second(5)).await.unwrap();
    store.repository_seen(&key, Err("nobody answers".into()), second(6)).await.unwrap();
    let failed = Sight { seen_at: Some(second(5)), failure: Some((second(6), "nobody answers".into())) };
    assert_eq!(store.attached_repository(&key).await.unwrap().unwrap().sight, failed);
    store.repository_seen(&key, Ok(()), second(7)).await.unwrap();
    let seen = Sight { seen_at: Some(second(7)), failure: None };
    assert_eq!(store.attached_repository(&key).await.unwrap().unwrap().sight, seen);
    store.attachment_seen(id, Err("refused".into()), second(8)).await.unwrap();
    let sight = store.attachment(id).await.unwrap().unwrap().sight;
    assert_eq!(sight, Sight { seen_at: None, failure: Some((second(8), "refused".into())) });
    store.attachment_seen(id, Ok(()), second(9)).await.unwrap();
    let sight = store.attachment(id).await.unwrap().unwrap().sight;
    assert_eq!(sight, Sight { seen_at: Some(second(9)), failure: None });
    store.repository_seen(&there.repository("team/b"), Ok(()), second(9)).await.unwrap();
    let page = store.attached_repositories(id, PageRequest::first(1)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let rest = PageRequest { after: page.next, limit: 10 };
    assert_eq!(store.attached_repositories(id, rest).await.unwrap().items[0].name.as_str(), "team/b");
    store.forget_attached_repository(&key).await.unwrap();
    assert_eq!(store.attached_repository(&key).await.unwrap(), None);
    // Of a registry that is none of those, nothing is noted.
    store.repository_seen(&scene.repository("own"), Ok(()), second(9)).await.unwrap();
    assert_eq!(store.attached_repository(&scene.repository("own")).await.unwrap(), None);
}

pub(crate) async fn what_is_attached_goes_with_everything_in_it(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let id = attach(&scene, "hub", 1).await.registry.id;
    let there = scene.elsewhere(id);
    // No blob is there, and nothing asks for one.
    let mut push = there.manifest("team/app", b"{}");
    push.references.clear();
    let digest = push.digest.clone();
    let _ = store.put_manifest(push).await.unwrap();
    let summary = there.summary("team/app", &digest, ImageState::Healthy);
    store.put_summary(summary).await.unwrap();
    store.repository_seen(&there.repository("team/app"), Ok(()), second(2)).await.unwrap();
    assert_eq!(store.delete_registry(id, &actor(), second(3)).await.unwrap(), RegistryRemoval::Removed);
    assert_eq!(store.attachment(id).await.unwrap(), None);
    assert_eq!(store.registry(id).await.unwrap(), None);
    assert_eq!(store.summary(&there.image("team/app", &digest)).await.unwrap(), None);
    assert_eq!(store.attached_repository(&there.repository("team/app")).await.unwrap(), None);
    assert_eq!(store.next_attachment().await.unwrap(), None);
}
