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
    assert!(!harbour.run().await.is_ahead);
    assert_eq!(harbour.verdict("app").await, "Unhealthy High=1");
    // Nor does a rule that covers it by a word that is not its name.
    harbour
        .disable_by(Conditions { severity_below: Some(Severity::Medium), ..Conditions::default() }, true)
        .await;
    harbour.install(&[ONE, LOW, ("CVE-2026-0003", "flask", "3.0", Severity::Low)], &[]);
    assert!(!harbour.run().await.is_ahead);
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
