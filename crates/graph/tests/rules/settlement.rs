//! Verdicts under rules: in force at the next read, ended to the second, and never deleted.

use crate::harbour::{Harbour, second};
use assessment::rules::RuleKind;
use std::collections::BTreeMap;
use store::{Cause, EventKind, Found, ImageState, PageRequest, PutOutcome, RuleClass, RuleKey};

const TWO: &[(&str, &str, &str)] =
    &[("busybox", "CVE-2021-1", "High"), ("musl", "CVE-2021-2", "Low"), ("musl", "CVE-2021-3", "Low")];

async fn delete(harbour: &Harbour, class: RuleClass, scope: String, name: &str, at: i64) {
    let key = RuleKey { class, scope, name: name.to_owned() };
    let actor = store::Actor("bob".into());
    assert!(harbour.store.delete_rule(&key, &actor, second(at)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_rule_is_in_force_at_the_next_read_and_gone_when_it_is_deleted() {
    let harbour = Harbour::new().await;
    let image = harbour.image("app", TWO).await;
    assert_eq!(harbour.stands(&image, 1).await, "Unhealthy  [High 1, Low 2]");
    harbour.put("low", RuleKind::Disable, "", r#"{"severityBelow": "Medium"}"#, None).await;
    assert_eq!(harbour.stands(&image, 2).await, "Unhealthy  [High 1]");
    harbour.put("one", RuleKind::Disable, "/", r#"{"ids": ["cve-2021-1"]}"#, None).await;
    assert_eq!(harbour.stands(&image, 3).await, "Healthy Exempt []");
    let found = harbour.store.found(&image).await.unwrap().unwrap();
    assert_eq!((found.state, found.counts.len()), (ImageState::Unhealthy, 2), "nothing is deleted");
    delete(&harbour, RuleClass::Rule, harbour.subscription(), "LOW", 4).await;
    assert_eq!(harbour.stands(&image, 4).await, "Unhealthy  [Low 2]");
    delete(&harbour, RuleClass::Rule, harbour.known.id.to_string(), "one", 5).await;
    assert_eq!(harbour.stands(&image, 5).await, "Unhealthy  [High 1, Low 2]");
    let summary = harbour.store.summary(&image).await.unwrap().unwrap();
    assert_eq!(summary.changed_at, second(4), "the state last changed when the image became unhealthy again");
}

#[tokio::test]
async fn an_end_is_honoured_to_the_second() {
    let harbour = Harbour::new().await;
    let image = harbour.image("app", TWO).await;
    harbour.put("all", RuleKind::Disable, "", r#"{"categories": ["alpine"]}"#, Some(60)).await;
    assert_eq!(harbour.stands(&image, 59).await, "Healthy Exempt []");
    assert_eq!(harbour.stands(&image, 60).await, "Unhealthy  [High 1, Low 2]");
    // A clock that went back brings it back.
    assert_eq!(harbour.stands(&image, 59).await, "Healthy Exempt []");
}

#[tokio::test]
async fn an_exemption_is_about_what_lies_at_its_scope() {
    let harbour = Harbour::new().await;
    let one = harbour.image("team/one", TWO).await;
    let two = harbour.image("team/two", TWO).await;
    let clean = harbour.image("clean", &[]).await;
    harbour.put("one", RuleKind::Waiver, "/repositories/team:one", "{}", None).await;
    assert_eq!(harbour.stands(&one, 1).await, "NotApplicable Exempt []");
    assert_eq!(harbour.stands(&two, 1).await, "Unhealthy  [High 1, Low 2]");
    let of_image = format!("/repositories/team:two/images/{}", two.digest);
    harbour.put("two", RuleKind::Mitigated, &of_image, r#"{"ids": ["CVE-2021-2"]}"#, None).await;
    assert_eq!(harbour.stands(&two, 2).await, "Unhealthy  [High 1, Low 1]");
    harbour.put("all", RuleKind::Waiver, "/", "{}", None).await;
    for image in [&one, &two, &clean] {
        assert_eq!(harbour.stands(image, 3).await, "NotApplicable Exempt []");
    }
    delete(&harbour, RuleClass::Exemption, harbour.known.id.to_string(), "all", 4).await;
    assert_eq!(harbour.stands(&clean, 4).await, "Healthy  []");
    assert_eq!(harbour.stands(&one, 4).await, "NotApplicable Exempt []");
}

#[tokio::test]
async fn an_exemption_is_bound_to_the_digest_and_not_to_what_a_tag_points_to() {
    let harbour = Harbour::new().await;
    let old = harbour.image("app", TWO).await;
    let of_image = format!("/repositories/app/images/{}", old.digest);
    harbour.put("old", RuleKind::Waiver, &of_image, "{}", None).await;
    let mut new = harbour.image("app2", TWO).await;
    // The same repository, and the same tag, with another digest.
    new.repository = old.repository.clone();
    assert!(matches!(harbour.store.put_manifest(manifest(&new)).await.unwrap(), PutOutcome::Stored { .. }));
    let counts = BTreeMap::from([("High".to_owned(), 1)]);
    harbour.summary(&new, ImageState::Unhealthy, None, counts, Vec::new()).await;
    assert_eq!(harbour.stands(&old, 1).await, "NotApplicable Exempt []");
    assert_eq!(harbour.stands(&new, 1).await, "Unhealthy  [High 1]");
}

fn manifest(image: &store::ImageKey) -> store::PutManifest {
    let store::RepositoryKey { registry, name } = &image.repository;
    store::PutManifest {
        digest: image.digest.clone(),
        tags: vec!["1".parse().unwrap()],
        ..store::testing::push(*registry, name.as_str(), "app2", second(0))
    }
}

#[tokio::test]
async fn what_could_not_be_read_stays_unknown() {
    let harbour = Harbour::new().await;
    let image = harbour.image("app", TWO).await;
    let cause = Cause { code: "Unread".into(), sentence: "A file was not read.".into() };
    let counts = BTreeMap::from([("High".to_owned(), 1), ("Low".to_owned(), 2)]);
    harbour.summary(&image, ImageState::Unhealthy, Some(cause), counts, Vec::new()).await;
    harbour.put("all", RuleKind::Disable, "", r#"{"categories": ["Alpine"]}"#, None).await;
    assert_eq!(harbour.stands(&image, 1).await, "NotApplicable Unread []");
}

#[tokio::test]
async fn an_index_follows_its_images() {
    let harbour = Harbour::new().await;
    let ill = harbour.image("app", TWO).await;
    let mut index = harbour.push("index").await;
    index.repository = ill.repository.clone();
    let push = store::PutManifest {
        bytes: b"index".to_vec().into(),
        references: vec![store::Reference {
            kind: store::ReferenceKind::Manifest,
            required: true,
            digest: ill.digest.clone(),
        }],
        ..manifest(&index)
    };
    assert!(matches!(harbour.store.put_manifest(push).await.unwrap(), PutOutcome::Stored { .. }));
    let counts = BTreeMap::from([("High".to_owned(), 1), ("Low".to_owned(), 2)]);
    harbour.summary(&index, ImageState::Unhealthy, None, counts, vec![ill.digest.clone()]).await;
    harbour.put("low", RuleKind::Disable, "", r#"{"severityBelow": "High"}"#, None).await;
    assert_eq!(harbour.stands(&index, 1).await, "Unhealthy  [High 1]");
    harbour
        .put("app", RuleKind::Waiver, &format!("/repositories/app/images/{}", ill.digest), "{}", None)
        .await;
    assert_eq!(harbour.stands(&index, 2).await, "NotApplicable Exempt []");
    delete(&harbour, RuleClass::Rule, harbour.subscription(), "low", 3).await;
    let of_image = format!("{}/repositories/app/images/{}", harbour.known.id, ill.digest);
    delete(&harbour, RuleClass::Exemption, of_image, "app", 3).await;
    assert_eq!(harbour.stands(&index, 3).await, "Unhealthy  [High 1, Low 2]");
    let shown = harbour.store.summary(&index).await.unwrap().unwrap();
    assert_eq!(harbour.store.found(&index).await.unwrap(), Some(Found::of(&shown)));
}

#[tokio::test]
async fn a_server_that_stopped_half_way_goes_on() {
    let harbour = Harbour::new().await;
    let image = harbour.image("app", TWO).await;
    harbour.put("low", RuleKind::Disable, "", r#"{"severityBelow": "Medium"}"#, None).await;
    // The rule is there, and nobody settled: what a kill between the two leaves.
    assert_eq!(harbour.resettle(1).await, 1);
    assert_eq!(harbour.resettle(1).await, 0, "settled is settled");
    assert_eq!(harbour.stands(&image, 1).await, "Unhealthy  [High 1]");
}

#[tokio::test]
async fn history_keeps_a_rule_that_is_gone() {
    let harbour = Harbour::new().await;
    harbour.put("low", RuleKind::Disable, "", r#"{"severityBelow": "Medium"}"#, Some(60)).await;
    delete(&harbour, RuleClass::Rule, harbour.subscription(), "low", 1).await;
    let events = harbour.store.events(PageRequest::first(10)).await.unwrap().items;
    let told: Vec<(&str, &str, &str)> = events
        .iter()
        .map(|event| {
            let event = &event.event;
            let reason = event.detail["rule"]["reason"].as_str().unwrap_or_default();
            (event.kind.as_str(), event.actor.0.as_str(), reason)
        })
        .collect();
    assert_eq!(
        told,
        [
            (EventKind::RULE_PUT.as_str(), "alice", "because"),
            (EventKind::RULE_DELETED.as_str(), "bob", "because")
        ]
    );
}
