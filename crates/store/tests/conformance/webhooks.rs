//! Webhooks: deliveries come with their events, are given to one sender at a time, and end once.

use crate::scene::{Scene, actor, second};
use jiff::SignedDuration;
use oci::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    AttemptEnd, AttributeChange, AttributeTarget, Conclusion, DeliveryClaim, DeliveryExchange, DeliveryState,
    DueDelivery, EventFilter, EventKind, ImageState, PageRequest, PullPolicy, QuarantineState, Removal,
    Store, Webhook, WebhookAction, WebhookPut, WebhookSettings,
};

fn settings(actions: &[WebhookAction], scope: &str) -> WebhookSettings {
    WebhookSettings {
        service_uri: "https://hook.test/in".to_owned(),
        headers: BTreeMap::from([("Authorization".to_owned(), "secret".to_owned())]),
        secret: "whsec_c2VjcmV0".to_owned(),
        actions: actions.iter().copied().collect(),
        scope: scope.parse().unwrap(),
        enabled: true,
        location: "local".to_owned(),
        tags: BTreeMap::new(),
    }
}

async fn hook(scene: &Scene, name: &str, actions: &[WebhookAction], scope: &str) -> Webhook {
    let settings = settings(actions, scope);
    match scene.store.put_webhook(scene.registry, name, settings, second(0)).await.unwrap() {
        WebhookPut::Kept(webhook) => *webhook,
        WebhookPut::TooMany => panic!("too many"),
    }
}

fn claim(at: i64) -> DeliveryClaim {
    DeliveryClaim { limit: 100, per_webhook: 100, lease: SignedDuration::from_secs(30), at: second(at) }
}

/// What is due at a moment, in one line each.
async fn due(scene: &Scene, at: i64) -> Vec<String> {
    let due = scene.store.claim_deliveries(claim(at)).await.unwrap();
    let mut lines: Vec<String> = due.iter().map(line).collect();
    lines.sort();
    for delivery in due {
        end(scene, &delivery, AttemptEnd::Delivered, at).await;
    }
    lines
}

fn line(due: &DueDelivery) -> String {
    let tag = due.tag.as_ref().map_or("-", |tag| tag.as_str());
    format!("{} {} {tag}", due.webhook.name, due.action.as_str())
}

async fn end(scene: &Scene, delivery: &DueDelivery, end: AttemptEnd, at: i64) -> bool {
    let exchange = DeliveryExchange { status: Some(200), ..DeliveryExchange::default() };
    scene.store.end_delivery(delivery.id, delivery.attempt, exchange, end, second(at)).await.unwrap()
}

pub(crate) async fn webhook_is_kept_and_changed_by_its_name(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let first = hook(&scene, "Bell", &[WebhookAction::Push], "app:*").await;
    assert_eq!(store.webhook(scene.registry, "bell").await.unwrap(), Some(first.clone()));
    assert!(!format!("{first:?}").contains("secret"), "{first:?}");
    let again = hook(&scene, "bell", &WebhookAction::CHOICES, "").await;
    assert_eq!((again.id, again.name.as_str(), again.created_at), (first.id, "Bell", first.created_at));
    assert_eq!(again.settings.actions, BTreeSet::from(WebhookAction::CHOICES));
    assert_eq!(store.webhooks(scene.registry).await.unwrap(), [again]);
    assert!(store.delete_webhook(scene.registry, "BELL").await.unwrap());
    assert!(!store.delete_webhook(scene.registry, "BELL").await.unwrap());
    for number in 0..Webhook::MOST {
        hook(&scene, &format!("hook{number}"), &[], "").await;
    }
    let one_more = store.put_webhook(scene.registry, "more", settings(&[], ""), second(0)).await.unwrap();
    assert_eq!(one_more, WebhookPut::TooMany);
    hook(&scene, "hook0", &[], "").await;
}

pub(crate) async fn events_are_told_to_those_who_listen(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    hook(&scene, "all", &WebhookAction::CHOICES, "").await;
    hook(&scene, "app", &[WebhookAction::Push, WebhookAction::Delete], "app:*").await;
    hook(&scene, "one", &[WebhookAction::Push, WebhookAction::Delete], "app:one").await;
    let off = hook(&scene, "off", &[WebhookAction::Push], "").await;
    let silent = WebhookSettings { enabled: false, ..off.settings };
    store.put_webhook(scene.registry, "off", silent, second(0)).await.unwrap();
    let digest = scene.push("app", "one", b"app").await;
    assert_eq!(due(&scene, 2).await, ["all push one", "all quarantine one", "app push one", "one push one"]);
    scene.push("app", "two", b"other").await;
    scene.push("base", "one", b"base").await;
    let rest = due(&scene, 2).await;
    assert_eq!(
        rest,
        ["all push one", "all push two", "all quarantine one", "all quarantine two", "app push two"]
    );
    // Taking a tag away is told to nobody; the manifest still knows its tags when it goes.
    scene.push("app", "other", b"app").await;
    due(&scene, 2).await;
    let repository = scene.repository("app");
    let removed =
        store.delete_tag(&repository, &"other".parse().unwrap(), &actor(), second(3)).await.unwrap();
    assert_eq!(removed, Removal::Removed);
    assert!(due(&scene, 3).await.is_empty());
    let removed = store.delete_manifest(&repository, &digest, &actor(), second(4)).await.unwrap();
    assert_eq!(removed, Removal::Removed);
    assert_eq!(due(&scene, 4).await, ["all delete one", "app delete one", "one delete one"]);
}

pub(crate) async fn quarantine_is_told_before_the_push(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let on = PullPolicy { quarantine: true, ..PullPolicy::default() };
    store.set_pull_policy(scene.registry, on, &actor(), second(0)).await.unwrap();
    hook(&scene, "all", &[WebhookAction::Push, WebhookAction::Quarantine], "").await;
    let digest = scene.push("app", "one", b"app").await;
    scene.push("app", "two", b"app").await;
    assert_eq!(due(&scene, 2).await, ["all quarantine one", "all quarantine two"]);
    let target = AttributeTarget::Manifest(digest);
    for state in [QuarantineState::Failed, QuarantineState::Passed, QuarantineState::Passed] {
        let change = AttributeChange { quarantine: Some(state), ..AttributeChange::default() };
        store
            .change_attributes(&scene.repository("app"), &target, change, &actor(), second(3))
            .await
            .unwrap();
    }
    assert_eq!(due(&scene, 3).await, ["all push one", "all push two"]);
    // What passed is pushed again as anything else.
    scene.push("app", "one", b"app").await;
    assert_eq!(due(&scene, 4).await, ["all push one", "all quarantine one"]);
}

pub(crate) async fn verdict_is_told_with_what_it_changes(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let actions = [WebhookAction::ScanCompleted, WebhookAction::ImageHealthy, WebhookAction::ImageUnhealthy];
    hook(&scene, "all", &actions, "app:one").await;
    let digest = scene.push("app", "one", b"app").await;
    let on = PullPolicy { quarantine: true, ..PullPolicy::default() };
    store.set_pull_policy(scene.registry, on, &actor(), second(0)).await.unwrap();
    let target = AttributeTarget::Manifest(digest.clone());
    let conclude = async |state, is_asked_for| {
        let summary = scene.summary("app", &digest, state);
        let conclusion = Conclusion { summary, is_asked_for, link: "https://here".to_owned() };
        assert!(store.conclude(conclusion, second(2)).await.unwrap());
        let attributes = store.attributes(&scene.repository("app"), &target).await.unwrap().unwrap();
        (due(&scene, 2).await, attributes.quarantine, attributes.quarantine_details)
    };
    let (passed, failed) = (QuarantineState::Passed, QuarantineState::Failed);
    assert!(store.put_summary(scene.summary("app", &digest, ImageState::Scanning)).await.unwrap());
    let first = conclude(ImageState::Healthy, true).await;
    assert_eq!(first.0, ["all image_healthy one", "all scan_completed one"]);
    assert_eq!(first.1, Some(passed));
    assert!(first.2.unwrap().contains("\"link\":\"https://here\""));
    let nothing_new = conclude(ImageState::Healthy, false).await;
    assert!(nothing_new.0.is_empty());
    let asked_for = conclude(ImageState::Healthy, true).await;
    assert_eq!(asked_for.0, ["all scan_completed one"]);
    let worse = conclude(ImageState::Unhealthy, false).await;
    assert_eq!(worse.0, ["all image_unhealthy one", "all scan_completed one"]);
    assert_eq!(worse.1, Some(failed));
    // Somebody lets it pass; that holds until there is something new to say.
    let change = AttributeChange { quarantine: Some(passed), ..AttributeChange::default() };
    store.change_attributes(&scene.repository("app"), &target, change, &actor(), second(3)).await.unwrap();
    assert_eq!(conclude(ImageState::Unhealthy, true).await.1, Some(passed));
    assert_eq!(conclude(ImageState::NotApplicable, false).await.1, Some(failed));
    let absent = Conclusion {
        summary: scene.summary("app", &Digest::of_sha256(b"absent"), ImageState::Healthy),
        is_asked_for: true,
        link: String::new(),
    };
    assert!(!store.conclude(absent, second(4)).await.unwrap());
}

pub(crate) async fn delivery_is_held_by_one_and_ends_once(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let webhook = hook(&scene, "bell", &[], "").await;
    let ping = store.ping_webhook(webhook.id, second(1)).await.unwrap();
    assert_eq!(store.next_delivery().await.unwrap(), Some(second(1)));
    assert!(store.claim_deliveries(claim(0)).await.unwrap().is_empty());
    let first = store.claim_deliveries(claim(1)).await.unwrap().remove(0);
    assert_eq!((first.id, first.attempt, first.action), (ping, 1, WebhookAction::Ping));
    assert!(store.claim_deliveries(claim(30)).await.unwrap().is_empty(), "it is held");
    let second_holder = store.claim_deliveries(claim(31)).await.unwrap().remove(0);
    assert_eq!((second_holder.id, second_holder.attempt), (ping, 2));
    assert!(!end(&scene, &first, AttemptEnd::Delivered, 32).await, "the lease was lost");
    assert!(end(&scene, &second_holder, AttemptEnd::Again(second(40)), 32).await);
    assert!(!end(&scene, &second_holder, AttemptEnd::Delivered, 32).await, "it ended before");
    assert!(store.claim_deliveries(claim(39)).await.unwrap().is_empty());
    let third = store.claim_deliveries(claim(40)).await.unwrap().remove(0);
    assert!(end(&scene, &third, AttemptEnd::Dead, 41).await);
    assert_eq!(store.next_delivery().await.unwrap(), None);
    let log = store.deliveries(webhook.id, PageRequest::first(10)).await.unwrap().items;
    assert_eq!((log.len(), log[0].state, log[0].attempts), (1, DeliveryState::Dead, 3));
    assert_eq!(log[0].exchange.as_ref().unwrap().status, Some(200));
    assert!(store.redeliver(ping, second(50)).await.unwrap());
    assert!(!store.redeliver(ping, second(50)).await.unwrap());
    assert_eq!(due(&scene, 50).await, ["bell ping -"]);
    assert_eq!(store.forget_deliveries(second(50), second(50)).await.unwrap(), 0);
    assert_eq!(store.forget_deliveries(second(51), second(0)).await.unwrap(), 1);
}

pub(crate) async fn one_webhook_holds_back_no_other(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    let loud = hook(&scene, "loud", &[], "").await;
    let quiet = hook(&scene, "quiet", &[], "").await;
    for at in 0..20 {
        store.ping_webhook(loud.id, second(at)).await.unwrap();
    }
    store.ping_webhook(quiet.id, second(25)).await.unwrap();
    let few = DeliveryClaim { limit: 3, per_webhook: 2, ..claim(30) };
    let names = async || {
        let due = store.claim_deliveries(few).await.unwrap();
        due.into_iter().map(|due| due.webhook.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["loud", "quiet", "loud"]);
    assert!(names().await.is_empty(), "two are being sent");
    let log = async |after| {
        let page = store.deliveries(loud.id, PageRequest { after, limit: 8 }).await.unwrap();
        (page.items.len(), page.next)
    };
    let (first, next) = log(None).await;
    let (second_page, next) = (first, log(next).await.1);
    assert_eq!((first, second_page, log(next).await), (8, 8, (4, None)));
}

pub(crate) async fn history_is_looked_through_and_waited_for(store: Arc<dyn Store>) {
    let scene = Scene::new(store.clone()).await;
    assert_eq!(store.latest_event().await.unwrap(), 0);
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.wait_for_events(0).await })
    };
    for (repository, bytes) in [("a", b"a" as &[u8]), ("b", b"b"), ("a", b"c")] {
        scene.push(repository, "one", bytes).await;
    }
    waiting.await.unwrap();
    let ticket = store.wait_for_deliveries(0).await;
    let latest = store.latest_event().await.unwrap();
    let all = EventFilter { registries: vec![scene.registry], ..EventFilter::default() };
    let stretch = store.wanted_events(&all, 0, 2).await.unwrap();
    assert_eq!((stretch.events.len(), stretch.is_end), (2, false));
    let rest = store.wanted_events(&all, stretch.seen, 2).await.unwrap();
    assert_eq!((rest.events.len(), rest.seen, rest.is_end), (1, latest, true));
    let of_b = EventFilter { repository: Some("b".parse().unwrap()), ..all.clone() };
    let found = store.wanted_events(&of_b, 0, 10).await.unwrap();
    assert_eq!((found.events.len(), found.seen, found.is_end), (1, latest, true));
    let deleted = EventFilter { kinds: vec![EventKind::MANIFEST_DELETED], ..all };
    assert!(store.wanted_events(&deleted, 0, 10).await.unwrap().events.is_empty());
    let nobody = store.wanted_events(&EventFilter::default(), 0, 10).await.unwrap();
    assert_eq!((nobody.events.len(), nobody.seen), (0, latest));
    let webhook = hook(&scene, "bell", &[], "").await;
    store.ping_webhook(webhook.id, second(1)).await.unwrap();
    assert_ne!(store.wait_for_deliveries(ticket).await, ticket);
}
