//! New findings that stand in the verdicts before their summaries are written.

use crate::harbour::{HIGH, Harbour, Said};
use advisory::Severity;
use assessment::rules::Conditions;
use jiff::Timestamp;
use serde_json::json;
use store::{Actor, AttributeTarget, HoldSeverity, PullPolicy, QuarantineState};

const ONE: Said<'_> = ("CVE-2026-0001", "django", "2.0", HIGH);
const LOW: Said<'_> = ("CVE-2026-0002", "flask", "2.0", Severity::Low);

/// An image that is unhealthy by the first advisory and has what the second one is about.
async fn unhealthy() -> Harbour {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
    harbour
}

#[tokio::test]
async fn more_findings_are_shown_ahead_of_their_writing() {
    let harbour = unhealthy().await;
    harbour.install(&[ONE, LOW], &[]);
    assert!(harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1 Low=1");
    assert_eq!(harbour.summary("app").await.counts, harbour.counted_findings("app").await);
    let written = harbour.store.written_summary(&harbour.key("app")).await.unwrap().unwrap();
    assert_eq!(written, harbour.summary("app").await, "in the end they are written");
    // Fewer findings, or others, are not shown ahead but at once: there are few images.
    harbour.install(&[ONE, ("CVE-2026-0002", "flask", "2.0", HIGH)], &[]);
    assert!(harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=2");
    harbour.install(&[LOW], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("app").await, "Unhealthy Low=1");
}

#[tokio::test]
async fn rules_about_something_else_are_no_reason_to_wait() {
    let harbour = unhealthy().await;
    harbour.disable("CVE-2026-7777", true).await;
    harbour.install(&[ONE, LOW], &[]);
    assert!(harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1 Low=1");
}

#[tokio::test]
async fn what_a_rule_hides_is_not_shown_ahead() {
    let harbour = unhealthy().await;
    harbour.disable("CVE-2026-0002", true).await;
    harbour.install(&[ONE, LOW], &[]);
    assert!(harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
    // Nor does a rule that covers it by a word that is not its name.
    harbour
        .disable_by(Conditions { severity_below: Some(Severity::Medium), ..Conditions::default() }, true)
        .await;
    harbour.install(&[ONE, LOW, ("CVE-2026-0003", "flask", "3.0", Severity::Low)], &[]);
    assert!(harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
}

#[tokio::test]
async fn quarantine_follows_what_is_shown_ahead() {
    let harbour = unhealthy().await;
    let policy =
        PullPolicy { quarantine: true, hold_severity: Some(HoldSeverity::Critical), ..PullPolicy::default() };
    let (actor, now) = (Actor("alice".into()), Timestamp::now());
    harbour.store.set_pull_policy(harbour.registry, policy, &actor, now).await.unwrap();
    let (image, worse) = (harbour.key("app"), ("CVE-2026-0003", "flask", "2.0", Severity::Critical));
    harbour.install(&[ONE, worse], &[]);
    assert!(harbour.run().await.is_ahead);
    let facts = harbour.store.pull_facts(&image.repository, &image.digest, false).await.unwrap();
    assert_eq!(facts.standings[0].quarantine, Some(QuarantineState::Failed));
    let target = AttributeTarget::Manifest(image.digest);
    let kept = harbour.store.attributes(&image.repository, &target).await.unwrap().unwrap();
    assert_eq!(kept.quarantine, Some(QuarantineState::Failed));
    let details: serde_json::Value = serde_json::from_str(&kept.quarantine_details.unwrap()).unwrap();
    assert_eq!(details["result"]["summary"][0], json!({ "severity": "Critical", "count": 1 }));
}

/// Another advisory comes as soon as the first one is shown, and before any summary is written.
#[tokio::test]
async fn the_next_advisory_does_not_wait_for_the_summaries_of_the_last() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.image("other", &[("django", "1.0")], json!([])).await;
    harbour.image("well", &[("flask", "1.0"), ("requests", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("well").await, "Healthy");
    harbour.install(&[ONE, LOW], &[]);
    let changes = harbour.workshop.changes.subscribe();
    let standstill = changes.borrow();
    let running = harbour.begin();
    harbour.until("app", "Unhealthy High=1 Low=1").await;
    harbour.until("well", "Unhealthy Low=1").await;
    let written = harbour.store.written_summary(&harbour.key("app")).await.unwrap().unwrap();
    assert_eq!(written.counts.get("Low"), None, "it is not written yet");
    assert_eq!(harbour.flips("well").await, 2, "another state is told when it is written");
    harbour.install(&[ONE, LOW, ("CVE-2026-0003", "django", "2.0", Severity::Medium)], &[]);
    harbour.workshop.shelf.refresh().unwrap();
    drop(standstill);
    assert!(running.await.unwrap().unwrap().is_ahead);
    for (name, verdict) in [
        ("app", "Unhealthy High=1 Low=1 Medium=1"),
        ("other", "Unhealthy High=1 Medium=1"),
        ("well", "Unhealthy Low=1"),
    ] {
        assert_eq!(harbour.verdict(name).await, verdict, "{name}");
        let summary = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!(summary.counts, harbour.counted_findings(name).await, "{name}");
        let in_force = harbour.workshop.shelf.current().unwrap().version().to_string();
        assert_eq!(summary.snapshot.unwrap().0, in_force, "{name}");
    }
    assert_eq!(harbour.store.uncounted().await.unwrap(), []);
    assert_eq!(harbour.flips("well").await, 3, "nothing is told twice: new, healthy, unhealthy");
}

/// The server stops when other verdicts are shown and none of them is written.
#[tokio::test]
async fn verdicts_that_are_shown_ahead_are_written_and_told_once_whenever_the_server_stops() {
    let mut harbour = Harbour::new().await;
    for name in ["one", "two", "three"] {
        harbour.image(name, &[("flask", "1.0")], json!([])).await;
    }
    harbour.image("other", &[("requests", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    harbour.install(&[ONE, LOW], &[]);
    let changes = harbour.workshop.changes.subscribe();
    let standstill = changes.borrow();
    let stopped = harbour.begin();
    let after = [(store::ImageState::Healthy, 1), (store::ImageState::Unhealthy, 3)];
    for name in ["one", "two", "three"] {
        harbour.until(name, "Unhealthy Low=1").await;
        assert_eq!(harbour.flips(name).await, 2, "{name}");
        let written = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!(written.state, store::ImageState::Healthy, "{name}");
        assert_eq!(harbour.summary(name).await.counts, harbour.counted_findings(name).await, "{name}");
    }
    assert_eq!(harbour.store.state_counts(None).await.unwrap(), after);
    harbour.restart();
    for _ in 0..2 {
        harbour.run().await;
        told_once(&harbour, &after).await;
    }
    // One that only stood still, and comes back when others have done its work, does none of it again.
    drop(standstill);
    stopped.await.unwrap().unwrap();
    told_once(&harbour, &after).await;
    assert_eq!((harbour.verdict("other").await, harbour.flips("other").await), ("Healthy".into(), 2));
    assert_eq!(harbour.store.uncounted().await.unwrap(), []);
}

/// All summaries are written as they were shown, and each has told of it once.
async fn told_once(harbour: &Harbour, states: &[(store::ImageState, u64)]) {
    assert_eq!(harbour.store.state_counts(None).await.unwrap(), states);
    for name in ["one", "two", "three"] {
        assert_eq!(harbour.flips(name).await, 3, "{name}");
        let written = harbour.store.written_summary(&harbour.key(name)).await.unwrap().unwrap();
        assert_eq!(written, harbour.summary(name).await);
    }
}

/// The advisory that changed other verdicts is taken back before these are written.
#[tokio::test]
async fn what_is_taken_back_before_it_is_written_was_never_told() {
    let harbour = Harbour::new().await;
    harbour.image("well", &[("flask", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    harbour.install(&[ONE, LOW], &[]);
    let changes = harbour.workshop.changes.subscribe();
    let standstill = changes.borrow();
    let running = harbour.begin();
    harbour.until("well", "Unhealthy Low=1").await;
    harbour.install(&[ONE], &[]);
    harbour.workshop.shelf.refresh().unwrap();
    drop(standstill);
    running.await.unwrap().unwrap();
    assert_eq!(harbour.verdict("well").await, "Healthy");
    assert_eq!(harbour.store.state_counts(None).await.unwrap(), [(store::ImageState::Healthy, 1)]);
    assert_eq!(harbour.flips("well").await, 2);
}

/// The advisory that changed other verdicts is taken back when these are written.
#[tokio::test]
async fn what_is_taken_back_when_it_is_written_was_told_both_ways() {
    let harbour = Harbour::new().await;
    harbour.image("well", &[("flask", "1.0")], json!([])).await;
    for said in [&[ONE][..], &[ONE, LOW], &[ONE]] {
        harbour.install(said, &[]);
        harbour.run().await;
    }
    assert_eq!((harbour.verdict("well").await, harbour.flips("well").await), ("Healthy".into(), 4));
}

/// Somebody pushes between the import of an advisory and the moment at which verdicts show it.
#[tokio::test]
async fn what_is_pushed_meanwhile_delays_nobody() {
    let harbour = Harbour::new().await;
    harbour.image("app", &[("django", "1.0"), ("flask", "1.0")], json!([])).await;
    harbour.image("well", &[("flask", "1.0"), ("requests", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    harbour.install(&[ONE, LOW], &[]);
    harbour.workshop.shelf.refresh().unwrap();
    let snapshot = harbour.workshop.shelf.current().unwrap();
    let version = store::SnapshotVersion(snapshot.version().to_string());
    let left = harbour.store.package_versions_to_match(&version, 100).await.unwrap();
    let flask = left.into_iter().filter(|(_, package)| package.name == "flask");
    let matched = flask.map(|(id, package)| {
        let (findings, known) = server::judge::findings_of(&snapshot, &package);
        (store::PackageFindings { package_version: id, findings, reasons: Default::default() }, known)
    });
    let (packages, known): (Vec<_>, Vec<_>) = matched.unzip();
    harbour.store.record_findings(&version, packages, known.concat(), Timestamp::now()).await.unwrap();
    assert!(harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1 Low=1");
    assert_eq!((harbour.verdict("well").await, harbour.flips("well").await), ("Unhealthy Low=1".into(), 3));
}

/// An advisory about a package that some have in a version that nobody can read.
#[tokio::test]
async fn what_cannot_be_decided_is_not_called_healthy_and_keeps_nobody_waiting() {
    let harbour = Harbour::new().await;
    harbour.image("sound", &[("flask", "")], json!([])).await;
    harbour.image("ill", &[("django", "1.0"), ("flask", "")], json!([])).await;
    harbour.image("hit", &[("flask", "1.0")], json!([])).await;
    harbour.install(&[ONE], &[]);
    harbour.run().await;
    assert_eq!(harbour.verdict("sound").await, "Healthy");
    harbour.install(&[ONE, LOW], &[]);
    let changes = harbour.workshop.changes.subscribe();
    let standstill = changes.borrow();
    let running = harbour.begin();
    harbour.until("hit", "Unhealthy Low=1").await;
    harbour.until("sound", "NotApplicable").await;
    let written = harbour.store.written_summary(&harbour.key("ill")).await.unwrap().unwrap();
    assert_eq!(written.cause, None, "a remark on what is unhealthy anyway can wait");
    drop(standstill);
    assert!(running.await.unwrap().unwrap().is_ahead);
    for name in ["sound", "ill"] {
        assert_eq!(harbour.summary(name).await.cause.unwrap().code, "VersionsUndetermined", "{name}");
    }
    assert_eq!(harbour.verdict("ill").await, "Unhealthy High=1");
    assert_eq!(harbour.flips("sound").await, 3);
}
