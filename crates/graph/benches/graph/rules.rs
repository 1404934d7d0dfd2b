//! The same questions with rules in force: one about severities, one about a package, one about a vulnerability in some
//! repositories, and an exemption of a repository.

use super::{cve, milliseconds, now};
use assessment::rules::{Conditions, RuleKind};
use graph::rulebook::Rulebook;
use graph::settlement::resettle;
use jiff::SignedDuration;
use serde_json::Value;
use std::time::Instant;
use store::{Actor, Rule, RulePut, Store};

const REGISTRY: &str = "/subscriptions/00000000-0000-0000-0000-000000000abc/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/lazaretto";

fn rules() -> Vec<Rule> {
    let rule = |kind, name: &str, scope: String, conditions: String| {
        let conditions: Conditions = serde_json::from_str(&conditions).unwrap();
        assert_eq!(conditions.check(), Ok(()));
        Rule {
            kind,
            scope,
            name: name.into(),
            display_name: name.into(),
            conditions,
            reason: "it is measured".into(),
            author: Actor("bench".into()),
            created_at: now(),
            updated_at: now(),
            expires_at: None,
            details: Value::Null,
        }
    };
    vec![
        rule(RuleKind::Disable, "low", "/".into(), r#"{"severityBelow": "Medium"}"#.into()),
        rule(RuleKind::Disable, "package", REGISTRY.into(), r#"{"packages": ["package-17*"]}"#.into()),
        rule(
            RuleKind::Disable,
            "one",
            REGISTRY.into(),
            format!(r#"{{"ids": ["{}"], "repositories": ["team-3/*"]}}"#, cve(17)),
        ),
        rule(RuleKind::Waiver, "repository", format!("{REGISTRY}/repositories/team-1:app-1"), "{}".into()),
    ]
}

/// Puts the rules, and says how long it takes until all verdicts are what the rules make of them.
pub(super) async fn put(store: &dyn Store) {
    for rule in rules() {
        assert!(!matches!(store.put_rule(rule).await.unwrap(), RulePut::TooMany));
    }
    settle(store, "with rules in force").await;
}

/// Takes the rules away again.
pub(super) async fn delete(store: &dyn Store) {
    for rule in rules() {
        store.delete_rule(&rule.key(), &rule.author, now()).await.unwrap();
    }
    settle(store, "without rules").await;
}

async fn settle(store: &dyn Store, what: &str) {
    let begun = Instant::now();
    let later = now() + SignedDuration::from_secs(1);
    let book = Rulebook::load(store, later).await.unwrap();
    let changed = resettle(store, &book, later).await.unwrap();
    println!("\n{what}: {changed} verdicts changed in {:.0} ms", milliseconds(begun.elapsed()));
}
