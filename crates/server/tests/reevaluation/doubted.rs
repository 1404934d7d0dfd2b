//! Verdicts that become *cannot be assessed*, or that rules make something else of, shown before they are written.

use crate::harbour::{HIGH, Harbour, Said};
use advisory::Severity;
use assessment::rules::Conditions;
use jiff::Timestamp;
use serde_json::json;
use server::advisories::held;
use server::jobs::reevaluate::FlipLimit;
use store::{Found, ImageState, PullPolicy, QuarantineState};

const ONE: Said<'_> = ("CVE-2026-0001", "django", "2.0", HIGH);
const LOW: Said<'_> = ("CVE-2026-0002", "flask", "2.0", Severity::Low);
const MORE: Said<'_> = ("CVE-2026-0003", "flask", "3.0", Severity::Medium);

/// Installs advisories, and stops the server in the moment in which all verdicts show them.
async fn stopped_when_shown(harbour: &Harbour, said: &[Said<'_>]) {
    harbour.install(said, &[]);
    harbour.run_to_the_first_telling().await;
}

/// Images that have what the second advisory is about in a version that nobody can read, and others.
async fn fleet() -> Harbour {
    let harbour = Harbour::new().await;
    for name in ["sound", "fine"] {
        harbour.image(name, &[("flask", ""), ("requests", "1.0")], json!([])).await;
    }
    harbour.image("ill", &[("django", "1.0"), ("flask", "")], json!([])).await;
    harbour.image("hit", &[("flask", "1.0"), ("requests", "2.0")], json!([])).await;
    harbour.image("torn", &[("flask", "")], json!([{ "code": "EmptyImage" }])).await;
    harbour.image("other", &[("requests", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    harbour
}

async fn counts(harbour: &Harbour) -> Vec<(ImageState, u64)> {
    harbour.store.state_counts(None).await.unwrap()
}

#[tokio::test]
async fn what_cannot_be_decided_is_shown_before_it_is_written_and_told_once() {
    use ImageState::{Healthy, NotApplicable, Unhealthy};
    let harbour = fleet().await;
    assert_eq!(counts(&harbour).await, [(Healthy, 4), (Unhealthy, 1), (NotApplicable, 1)]);
    stopped_when_shown(&harbour, &[ONE, LOW]).await;
    let after = [(Healthy, 1), (Unhealthy, 2), (NotApplicable, 3)];
    assert_eq!(counts(&harbour).await, after);
    let mut shown = Vec::new();
    for name in ["sound", "fine"] {
        let written = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!((written.state, harbour.flips(name).await), (Healthy, 2), "{name}");
        let summary = harbour.summary(name).await;
        let cause = summary.cause.clone().unwrap();
        assert_eq!((summary.state, cause.code.as_str()), (NotApplicable, "VersionsUndetermined"));
        let in_force = harbour.workshop.shelf.current().unwrap().version().to_string();
        assert_eq!(summary.snapshot.as_ref().unwrap().0, in_force);
        let found = harbour.store.found(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!(found, Found::of(&summary));
        shown.push(summary);
    }
    assert_eq!(harbour.verdict("hit").await, "Unhealthy Low=1");
    // It goes on, and once more from the beginning.
    for _ in 0..2 {
        harbour.run().await;
        assert_eq!(counts(&harbour).await, after);
        for (name, before) in ["sound", "fine"].into_iter().zip(&shown) {
            let written = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
            assert_eq!(written, harbour.summary(name).await, "{name}");
            assert_eq!((&written.cause, written.state), (&before.cause, before.state), "in the same words");
            assert_eq!(harbour.flips(name).await, 3, "{name}");
        }
    }
    assert_eq!(harbour.flips("other").await, 2);
    assert_eq!(harbour.summary("ill").await.cause.unwrap().code, "VersionsUndetermined");
    assert_eq!(harbour.store.uncounted().await.unwrap(), []);
}

#[tokio::test]
async fn doubts_that_were_shown_are_written_with_the_advisories_that_come_next() {
    let harbour = fleet().await;
    stopped_when_shown(&harbour, &[ONE, LOW]).await;
    assert_eq!(harbour.summary("sound").await.state, ImageState::NotApplicable);
    harbour.run_with(&[ONE, LOW, ("CVE-2026-0009", "nobody", "1.0", HIGH)]).await;
    for name in ["sound", "fine"] {
        let written = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!((written.state, harbour.flips(name).await), (ImageState::NotApplicable, 3), "{name}");
    }
    // Taken back, they are healthy again.
    harbour.run_with(&[ONE]).await;
    assert_eq!((harbour.verdict("sound").await, harbour.flips("sound").await), ("Healthy".into(), 4));
}

#[tokio::test]
async fn doubts_that_are_taken_back_before_they_are_written_were_never_told() {
    let harbour = fleet().await;
    stopped_when_shown(&harbour, &[ONE, LOW]).await;
    harbour.run_with(&[ONE]).await;
    assert_eq!((harbour.verdict("sound").await, harbour.flips("sound").await), ("Healthy".into(), 2));
}

#[tokio::test]
async fn too_many_doubts_hold_a_snapshot() {
    let mut harbour = fleet().await;
    harbour.set_up().flip_limit = FlipLimit { share: 0.1, least: 2 };
    harbour.install(&[ONE, LOW], &[]);
    harbour.run().await;
    let held = held(&harbour.shelf()).unwrap().unwrap();
    assert_eq!(held.doubts, ["it would flip the verdict on 3 of 5 images"]);
    assert_eq!((harbour.verdict("sound").await, harbour.flips("sound").await), ("Healthy".into(), 2));
    assert_eq!(harbour.store.uncounted().await.unwrap(), []);
}

#[tokio::test]
async fn quarantine_follows_what_cannot_be_decided() {
    let harbour = fleet().await;
    let policy = PullPolicy { quarantine: true, ..PullPolicy::default() };
    let (actor, now) = (store::Actor("alice".into()), Timestamp::now());
    harbour.store.set_pull_policy(harbour.registry, policy, &actor, now).await.unwrap();
    let image = harbour.key("sound");
    let standing = async || {
        let facts = harbour.store.pull_facts(&image.repository, &image.digest, false).await.unwrap();
        let standing = facts.standings.into_iter().next().unwrap();
        (standing.verdict.map(|(state, _)| state), standing.quarantine)
    };
    stopped_when_shown(&harbour, &[ONE, LOW]).await;
    let shown = standing().await;
    assert_eq!(shown.0, Some(ImageState::NotApplicable));
    assert_ne!(shown.1, Some(QuarantineState::Passed));
    harbour.run().await;
    assert_eq!(standing().await, shown, "written, it is the same");
}

/// Which images are told apart by a rule about repositories, and by one about digests.
async fn under_a_rule(conditions: Conditions) {
    let harbour = Harbour::new().await;
    harbour.image("loud", &[("flask", "1.0")], json!([])).await;
    harbour.image("quiet", &[("flask", "1.0")], json!([])).await;
    harbour.image("quiet-ill", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.image("loud-ill", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    harbour.disable_by(conditions, true).await;
    stopped_when_shown(&harbour, &[ONE, LOW, MORE]).await;
    let expected = [
        ("loud", "Unhealthy Low=1 Medium=1", 3),
        ("quiet", "Unhealthy Medium=1", 3),
        ("quiet-ill", "Unhealthy High=1 Medium=1", 2),
        ("loud-ill", "Unhealthy High=1 Low=1 Medium=1", 2),
    ];
    for (name, verdict, _) in expected {
        assert_eq!(harbour.verdict(name).await, verdict, "{name}");
        let found = harbour.store.found(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!(found.counts, harbour.counted_findings(name).await, "what was found is whole: {name}");
    }
    for _ in 0..2 {
        harbour.run().await;
        for (name, verdict, flips) in expected {
            assert_eq!(
                (harbour.verdict(name).await, harbour.flips(name).await),
                (verdict.into(), flips),
                "{name}"
            );
            let written = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
            assert_eq!(written, harbour.summary(name).await, "{name}");
        }
    }
}

#[tokio::test]
async fn what_a_rule_about_repositories_hides_is_told_before_any_image_is_looked_at() {
    let repositories = vec!["quiet*".to_owned()];
    let severity_below = Some(Severity::Medium);
    under_a_rule(Conditions { severity_below, repositories, ..Conditions::default() }).await;
}

#[tokio::test]
async fn images_that_a_rule_tells_apart_are_looked_at_before_they_are_shown() {
    let digests = ["quiet", "quiet-ill"].map(|name| oci::Digest::of_sha256(name.as_bytes()));
    let ids = vec!["CVE-2026-0002".to_owned()];
    under_a_rule(Conditions { ids, digests: digests.into_iter().collect(), ..Conditions::default() }).await;
}

#[tokio::test]
async fn what_a_rule_hides_in_all_images_changes_none_of_their_verdicts() {
    let harbour = Harbour::new().await;
    harbour.image("well", &[("flask", "1.0")], json!([])).await;
    harbour.image("ill", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    harbour.disable("CVE-2026-0002", true).await;
    stopped_when_shown(&harbour, &[ONE, LOW]).await;
    for _ in 0..2 {
        assert_eq!((harbour.verdict("well").await, harbour.flips("well").await), ("Healthy".into(), 2));
        assert_eq!(
            (harbour.verdict("ill").await, harbour.flips("ill").await),
            ("Unhealthy High=1".into(), 2)
        );
        harbour.run().await;
    }
    assert_eq!(harbour.summary("well").await.cause.unwrap().code, "Exempt");
    harbour.disable("CVE-2026-0002", false).await;
    assert_eq!(harbour.verdict("well").await, "Unhealthy Low=1");
}
