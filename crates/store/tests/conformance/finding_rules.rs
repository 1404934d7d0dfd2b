//! Rules, and what was found beside what they make of it.

use crate::scene::{Scene, actor, job, second};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{
    Actor, Cause, EventKind, Found, ImageState, PageRequest, Rule, RuleClass, RuleKey, RulePut, Store,
};

pub(crate) fn rule(name: &str) -> Rule {
    Rule {
        kind: assessment::rules::RuleKind::Disable,
        scope: "/subscriptions/S".to_owned(),
        name: name.to_owned(),
        display_name: name.to_owned(),
        conditions: serde_json::from_value(json!({"ids": ["CVE-1"], "severityBelow": "High"})).unwrap(),
        reason: "because".to_owned(),
        author: Actor("alice".to_owned()),
        created_at: second(1),
        updated_at: second(1),
        expires_at: Some(second(60)),
        details: json!({"kept": true}),
    }
}

fn key(name: &str) -> RuleKey {
    RuleKey { class: RuleClass::Rule, scope: "/SUBSCRIPTIONS/s".to_owned(), name: name.to_owned() }
}

pub(crate) async fn rules_are_put_replaced_and_told_in_history(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let store = &scene.store;
    let before = store.rules_generation();
    assert_eq!(store.put_rule(rule("one")).await.unwrap(), RulePut::Created(rule("one")));
    assert!(store.rules_generation() > before);
    let again =
        Rule { reason: "else".to_owned(), created_at: second(2), updated_at: second(2), ..rule("ONE") };
    let put = store.put_rule(again.clone()).await.unwrap();
    let kept = Rule { created_at: second(1), ..again };
    assert_eq!(put, RulePut::Replaced(kept.clone()));
    let found = store.rule(&key("oNe")).await.unwrap().unwrap();
    assert_eq!((found.reason.as_str(), found.created_at), ("else", second(1)));
    assert_eq!(found.conditions, kept.conditions);
    assert_eq!(store.rules().await.unwrap().len(), 1);
    let other = RuleKey { class: RuleClass::Exemption, ..key("one") };
    assert_eq!(store.rule(&other).await.unwrap(), None, "exemptions have names of their own");
    assert!(store.delete_rule(&key("one"), &actor(), second(3)).await.unwrap().is_some());
    assert_eq!(store.delete_rule(&key("one"), &actor(), second(3)).await.unwrap(), None);
    let events = store.events(PageRequest::first(10)).await.unwrap().items;
    let kinds: Vec<&EventKind> = events.iter().map(|event| &event.event.kind).collect();
    assert_eq!(kinds, [&EventKind::RULE_PUT, &EventKind::RULE_PUT, &EventKind::RULE_DELETED]);
}

pub(crate) async fn what_was_found_stays_beside_what_is_shown(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    let digest = scene.push("app", "1", b"manifest").await;
    let shown = scene.summary("app", &digest, ImageState::Healthy);
    let image = shown.image.clone();
    let found = Found {
        state: ImageState::Unhealthy,
        cause: Some(Cause { code: "Unread".into(), sentence: "A file was not read.".into() }),
        counts: BTreeMap::from([("High".to_owned(), 2)]),
    };
    scene
        .store
        .put_judged(vec![(shown.clone(), found.clone())], vec![job("tell", "one")], second(1))
        .await
        .unwrap();
    assert_eq!(scene.store.summary(&image).await.unwrap(), Some(shown.clone()));
    assert!(scene.store.job(&store::JobKind::new("tell"), "one").await.unwrap().is_some());
    assert_eq!(scene.store.found(&image).await.unwrap(), Some(found));
    let under = scene.store.images_under_rules(PageRequest::first(10)).await.unwrap();
    assert_eq!((under.items, under.next), (vec![image.clone()], None));
    let same = Found::of(&shown);
    scene.store.put_judged(vec![(shown.clone(), same.clone())], Vec::new(), second(1)).await.unwrap();
    assert_eq!(scene.store.found(&image).await.unwrap(), Some(same));
    assert!(scene.store.images_under_rules(PageRequest::first(10)).await.unwrap().items.is_empty());
    let gone = scene.summary("gone", &digest, ImageState::Healthy);
    scene.store.put_judged(vec![(gone.clone(), Found::of(&gone))], Vec::new(), second(1)).await.unwrap();
    assert_eq!(scene.store.found(&gone.image).await.unwrap(), None, "an image that is gone is passed over");
}

pub(crate) async fn settled_rules_are_remembered(store: Arc<dyn Store>) {
    let scene = Scene::new(store).await;
    assert!(scene.store.settled_rules().await.unwrap().is_empty());
    scene.store.set_settled_rules(vec![rule("one"), rule("two")]).await.unwrap();
    scene.store.set_settled_rules(vec![rule("two")]).await.unwrap();
    assert_eq!(scene.store.settled_rules().await.unwrap(), [rule("two")]);
}
