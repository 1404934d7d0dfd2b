//! How verdicts follow advisories and rules.

use crate::harbour::{HIGH, Harbour};
use advisory::Severity;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use server::advisories::{Installed, accept, discard, held};
use std::collections::BTreeMap;
use store::ImageState;

#[tokio::test]
async fn verdicts_follow_the_difference_of_two_snapshots() {
    let harbour = Harbour::new().await;
    harbour.image("old", &[("Django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.image("new", &[("Django", "3.0")], json!([])).await;
    harbour.image("other", &[("requests", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    let first = harbour.run().await;
    assert_eq!(first.matched, 4, "everything, for the first time");
    assert_eq!(harbour.verdict("old").await, "Unhealthy High=1");
    assert_eq!(harbour.verdict("new").await, "Healthy");
    assert_eq!(harbour.run().await.matched, 0, "nothing to catch up with");

    let more = [("CVE-2026-0001", "django", "2.0", HIGH), ("CVE-2026-0002", "django", "4.0", Severity::Low)];
    harbour.install(&more, &[]);
    let second = harbour.run().await;
    assert_eq!(
        second.matched, 2,
        "both versions of Django, whatever way its name is written, and nothing else"
    );
    assert_eq!((second.images.changed, second.images.flipped), (2, 1));
    assert_eq!(harbour.verdict("old").await, "Unhealthy High=1 Low=1");
    assert_eq!(harbour.verdict("new").await, "Unhealthy Low=1");
    assert_eq!(harbour.verdict("other").await, "Healthy");
    let in_force = harbour.workshop.shelf.current().unwrap().version().to_string();
    for name in ["old", "new", "other"] {
        assert_eq!(
            harbour.summary(name).await.snapshot.unwrap().0,
            in_force,
            "{name} holds with the new one"
        );
        assert_eq!(harbour.summary(name).await.counts, harbour.counted_findings(name).await, "{name}");
    }
    let left = harbour.store.package_versions_to_match(&store::SnapshotVersion(in_force), 10).await.unwrap();
    assert_eq!(left, []);
}

#[tokio::test]
async fn history_says_why_findings_appeared_and_went() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    let one = ("CVE-2026-0001", "django", "2.0", HIGH);
    harbour.install(&[one, ("CVE-2026-0002", "flask", "2.0", HIGH)], &[]);
    harbour.run().await;
    harbour.install(&[one, ("CVE-2026-0003", "flask", "1.5", HIGH)], &[]);
    harbour.run().await;
    harbour
        .install(&[("CVE-2026-0001", "django", "1.0", HIGH), ("CVE-2026-0003", "flask", "1.6", HIGH)], &[]);
    harbour.run().await;
    let changes = harbour.store.finding_changes(&harbour.key("app"), 100).await.unwrap();
    let mut told: Vec<String> = changes
        .iter()
        .map(|change| format!("{} {} {}", change.vulnerability, change.kind.as_str(), change.reason.code))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "CVE-2026-0001 Gone NoLongerAffected",
            "CVE-2026-0002 Gone Withdrawn",
            "CVE-2026-0003 Appeared NewAdvisory",
            "CVE-2026-0003 Changed AdvisoryChanged",
        ]
    );
    let gone = changes.iter().find(|change| change.vulnerability == "CVE-2026-0001").unwrap();
    assert_eq!(gone.reason.sentence, "1.0 is not below the fixed 1.0 of PyPI django.");
}

#[tokio::test]
async fn nothing_is_told_twice_however_often_it_runs() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "other", "2.0", HIGH)], &[]);
    harbour.run().await;
    assert_eq!((harbour.verdict("app").await, harbour.flips("app").await), ("Healthy".into(), 2));
    let first = harbour.store.reevaluated().await.unwrap().unwrap();
    harbour
        .install(&[("CVE-2026-0001", "other", "2.0", HIGH), ("CVE-2026-0002", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    assert_eq!((harbour.verdict("app").await, harbour.flips("app").await), ("Unhealthy High=1".into(), 3));
    // As if it had stopped before its last line: the whole of it runs again.
    harbour.store.set_reevaluated(first, Timestamp::now()).await.unwrap();
    let again = harbour.run().await;
    assert_eq!((again.images.changed, again.images.flipped), (0, 0));
    assert_eq!(harbour.flips("app").await, 3);
    assert_eq!(harbour.store.finding_changes(&harbour.key("app"), 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_matched_but_not_judged_is_judged_by_the_next_run() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "other", "2.0", HIGH)], &[]);
    harbour.run().await;
    let before = harbour.summary("app").await;
    let first = harbour.store.reevaluated().await.unwrap().unwrap();
    harbour
        .install(&[("CVE-2026-0001", "other", "2.0", HIGH), ("CVE-2026-0002", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    // As if the power had failed between the findings and the verdicts.
    harbour.store.set_reevaluated(first, Timestamp::now()).await.unwrap();
    harbour.store.put_summary(before).await.unwrap();
    assert_eq!(harbour.verdict("app").await, "Healthy");
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn what_speaks_against_an_image_anyway_stays() {
    let harbour = Harbour::new().await;
    let causes = json!([{ "code": "LayerUnreadable", "layer": 2, "detail": "it is cut off" }]);
    harbour.image("torn", &[("django", "3.0")], causes).await;
    harbour.image("foreign", &[], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    let torn = harbour.summary("torn").await;
    assert_eq!(torn.state, ImageState::NotApplicable);
    assert_eq!(torn.cause.unwrap().code, "LayerUnreadable");
    assert_eq!(harbour.verdict("foreign").await, "Healthy", "no package, and nothing against it");
}

#[tokio::test]
async fn advisories_that_grow_too_old_call_nothing_healthy() {
    let mut harbour = Harbour::new().await;
    harbour.image("sound", &[("django", "3.0")], json!([])).await;
    harbour.image("flawed", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
    harbour.set_up().advisory_age_limit = SignedDuration::from_hours(1);
    harbour.run().await;
    let sound = harbour.summary("sound").await;
    assert_eq!(
        (sound.state, sound.cause.unwrap().code.as_str()),
        (ImageState::NotApplicable, "AdvisoriesTooOld")
    );
    assert_eq!(harbour.verdict("flawed").await, "Unhealthy High=1");
    assert_eq!(harbour.flips("sound").await, 3);
    harbour.set_up().advisory_age_limit = SignedDuration::from_hours(1000);
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
}

#[tokio::test]
async fn an_ecosystem_that_nobody_speaks_for_any_more_is_not_healthy() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "3.0")], json!([])).await;
    harbour.install(&[], &["npm"]);
    harbour.run().await;
    assert_eq!(harbour.summary("app").await.cause.unwrap().code, "EcosystemNotCovered");
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &["npm"]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Healthy");
    harbour.install(&[], &["npm"]);
    harbour.run().await;
    assert_eq!(harbour.summary("app").await.cause.unwrap().code, "EcosystemNotCovered");
}

#[tokio::test]
async fn an_ecosystem_whose_source_was_not_read_for_too_long_is_not_healthy() {
    let mut harbour = Harbour::new().await;
    harbour.set_up().advisory_age_limit = SignedDuration::from_hours(24 * 30);
    harbour.image("sound", &[("django", "3.0")], json!([])).await;
    harbour.image("flawed", &[("django", "1.0")], json!([])).await;
    let said = [("CVE-2026-0001", "django", "2.0", HIGH)];
    let ago = |hours| Timestamp::now() - SignedDuration::from_hours(hours);
    harbour.install_read_at(&said, &[], ago(3), ago(4));
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
    // Others were read, and there is a new snapshot; that of Python was not.
    harbour.install_read_at(&said, &[], ago(2), ago(24 * 31));
    harbour.run().await;
    assert_eq!(harbour.summary("sound").await.cause.unwrap().code, "EcosystemNotCovered");
    assert_eq!(harbour.verdict("flawed").await, "Unhealthy High=1");
    harbour.install_read_at(&said, &[], ago(1), ago(1));
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
}

/// A fleet of sound images, and a feed that says "affected" of every version of what all of them have (attack F2).
async fn poisoned() -> (Harbour, String, String) {
    let harbour = Harbour::new().await;
    for number in 0..8 {
        harbour.image(&format!("app-{number}"), &[("glibc", "9.0"), ("django", "3.0")], json!([])).await;
    }
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    let good = harbour.workshop.shelf.current().unwrap().version().to_string();
    let poison = [("CVE-2026-0001", "django", "2.0", HIGH), ("CVE-2026-6666", "glibc", "999", HIGH)];
    let Installed::InForce(bad) = harbour.install(&poison, &[]) else {
        panic!("nothing speaks against it yet")
    };
    harbour.run().await;
    (harbour, good, bad)
}

#[tokio::test]
async fn poisoned_advisories_are_held_and_change_nothing() {
    let (harbour, good, bad) = poisoned().await;
    for number in 0..8 {
        let name = format!("app-{number}");
        assert_eq!((harbour.verdict(&name).await, harbour.flips(&name).await), ("Healthy".into(), 2));
    }
    assert_eq!(harbour.workshop.shelf.current().unwrap().version().to_string(), good);
    let held = held(&harbour.shelf()).unwrap().unwrap();
    assert_eq!(
        (held.snapshot, held.doubts),
        (bad, vec!["it would flip the verdict on 8 of 8 images".into()])
    );
    assert_eq!(discard(&harbour.shelf()).unwrap().len(), 64);
    assert!(harbour.workshop.shelf.held().is_none());
    assert_eq!(harbour.run().await.matched, 0);
}

#[tokio::test]
async fn what_a_person_accepts_comes_into_force() {
    let (harbour, _, bad) = poisoned().await;
    assert_eq!(accept(&harbour.shelf()).unwrap(), bad);
    harbour.run().await;
    assert_eq!(harbour.verdict("app-0").await, "Unhealthy High=1");
    assert_eq!(harbour.flips("app-0").await, 3);
    assert!(harbour.workshop.shelf.held().is_none());
}

#[tokio::test]
async fn snapshot_that_was_made_earlier_is_held() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0")], json!([])).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    let in_force = harbour.workshop.shelf.current().unwrap().version();
    let at = Timestamp::now() - SignedDuration::from_hours(5000);
    let older = harbour.install_made_at(&[("CVE-2026-0001", "django", "0.1", HIGH)], &[], at);
    let Installed::Held(held) = older else { panic!("it is older than the one in force") };
    assert!(held.doubts[0].contains("before the one in force"), "{:?}", held.doubts);
    harbour.run().await;
    assert_eq!(harbour.workshop.shelf.current().unwrap().version(), in_force);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn what_a_rule_hides_stays_hidden_when_advisories_change() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    let one = ("CVE-2026-0001", "django", "2.0", HIGH);
    harbour.install(&[one], &[]);
    harbour.run().await;
    harbour.disable("CVE-2026-0001", true).await;
    assert_eq!(harbour.verdict("app").await, "Healthy");
    let events = harbour.store.image_events(&harbour.key("app"), 100).await.unwrap();
    assert!(events.iter().any(|event| event.event.detail["reason"] == "RulesChanged"), "{events:?}");

    let other = ("CVE-2026-0002", "flask", "2.0", Severity::Low);
    harbour.install(&[one, other], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy Low=1");
    let found = harbour.store.found(&harbour.key("app")).await.unwrap().unwrap();
    assert_eq!(found.counts, BTreeMap::from([("High".to_owned(), 1), ("Low".to_owned(), 1)]));
    harbour.install(&[one], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Healthy");
    harbour.disable("CVE-2026-0001", false).await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn what_rules_hide_is_no_flip_when_advisories_change() {
    let harbour = Harbour::new().await;
    for name in ["a", "b", "c", "d", "e"] {
        harbour.image(name, &[("django", "1.0")], json!([])).await;
    }
    harbour.install(&[("CVE-2026-0001", "django", "2.0", HIGH)], &[]);
    harbour.run().await;
    harbour.disable("CVE-2026-0001", true).await;
    harbour.install(&[("CVE-2026-0001", "django", "2.0", Severity::Low)], &[]);
    let outcome = harbour.run().await;
    assert_eq!(outcome.images.flipped, 0);
    assert!(held(&harbour.shelf()).unwrap().is_none(), "nothing that anybody sees has changed");
    assert_eq!(harbour.verdict("a").await, "Healthy");
}
