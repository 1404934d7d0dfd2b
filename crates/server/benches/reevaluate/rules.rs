//! A rule in force.

use crate::advisories;
use crate::now;
use assessment::rules::{Conditions, RuleKind};
use graph::rulebook::Rulebook;
use graph::settlement::resettle;
use serde_json::Value;
use store::{Actor, Rule, Store};

/// Puts a rule that hides so many new advisories in every tenth repository, brings the verdicts to it, and says how these
/// repositories are told from others.
pub(crate) async fn put(store: &dyn Store, advisories: usize) -> fn(&str) -> bool {
    let conditions = Conditions {
        ids: (0..advisories).map(advisories::name).collect(),
        repositories: vec!["*0/app".into()],
        ..Conditions::default()
    };
    let rule = Rule {
        kind: RuleKind::Disable,
        scope: "/".into(),
        name: "quiet".into(),
        display_name: "quiet".into(),
        conditions,
        reason: "they are not deployed".into(),
        author: Actor("benchmark".into()),
        created_at: now(),
        updated_at: now(),
        expires_at: None,
        details: Value::Null,
    };
    store.put_rule(rule).await.unwrap();
    let book = Rulebook::load(store, now()).await.unwrap();
    resettle(store, &book, now()).await.unwrap();
    |repository| repository.ends_with("0/app")
}
