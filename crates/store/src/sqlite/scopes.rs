//! What somebody set at a scope goes with the scope: another resource of the same name begins anew.

use super::column::{change, rows};
use super::{events, finding_rules};
use crate::{Actor, Error, EventKind, NewEvent};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;

/// What stands at a scope or below it. Names may hold signs that `LIKE` takes for others.
const WITHIN: &str = "(scope = ?1 COLLATE NOCASE
      OR substr(scope, 1, length(?1) + 1) = ?1 || '/' COLLATE NOCASE)";

/// Deletes rules, exemptions, documents and assessments that somebody made at a scope and below it, and forgets what was
/// told of resources there.
/// Each rule and document is told in history. Returns how many there were.
pub(super) fn forget(
    connection: &Connection,
    scope: &str,
    actor: &Actor,
    at: Timestamp,
) -> Result<usize, Error> {
    let sql = format!("SELECT * FROM rule WHERE {WITHIN} ORDER BY class, scope, name");
    let rules = rows(connection, &sql, [scope], finding_rules::rule)?;
    for rule in &rules {
        finding_rules::delete(connection, &rule.key(), actor.clone(), at)?;
    }
    let sql = format!("SELECT kind, scope, name FROM document WHERE {WITHIN} ORDER BY kind, scope, name");
    let kept = rows(connection, &sql, [scope], named)?;
    for (kind, scope, name) in &kept {
        let sql = "DELETE FROM document WHERE kind = ?1 AND scope = ?2 AND name = ?3";
        change(connection, sql, params![kind, scope, name])?;
        // What the document said may be a secret.
        tell(connection, json!({ "kind": kind, "scope": scope, "name": name }), actor, at)?;
    }
    for (table, column) in [
        ("custom_assessment", "scope"),
        ("automation_told", "automation"),
        ("automation_told", "resource"),
        ("digest_entry", "sink"),
        ("digest_entry", "resource"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE {}", WITHIN.replace("scope", column));
        change(connection, &sql, [scope])?;
    }
    Ok(rules.len() + kept.len())
}

fn named(row: &Row<'_>) -> Result<(String, String, String), Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn tell(
    connection: &Connection,
    detail: serde_json::Value,
    actor: &Actor,
    at: Timestamp,
) -> Result<(), Error> {
    let event = NewEvent {
        kind: EventKind::SETTING_DELETED,
        registry: None,
        repository: None,
        digest: None,
        tag: None,
        actor: actor.clone(),
        at,
        detail,
    };
    events::append(connection, &event)?;
    Ok(())
}
