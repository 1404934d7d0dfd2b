//! Rules and exemptions in SQLite.

use super::additions::Uncounted;
use super::column::{Columns, change, json_text, moment, row, rows, value, with_surplus};
use super::images::image_key;
use super::{SqliteStore, conclusion, events, queue, summaries};
use crate::{
    Actor, Cause, Conclusion, Error, EventKind, FindingRules, Found, ImageKey, ImageState, ImageSummary,
    MOST_RULES, NewEvent, NewJob, Page, PageRequest, Rule, RuleKey, RulePut,
};
use assessment::rules::RuleKind;
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;
use std::sync::atomic::Ordering;

#[async_trait]
impl FindingRules for SqliteStore {
    async fn put_rule(&self, rule: Rule) -> Result<RulePut, Error> {
        let put = self.write(move |connection| put(connection, rule)).await?;
        self.rules.fetch_add(1, Ordering::AcqRel);
        Ok(put)
    }

    async fn rule(&self, key: &RuleKey) -> Result<Option<Rule>, Error> {
        let key = key.clone();
        self.read(move |connection| find(connection, &key)).await
    }

    async fn rules(&self) -> Result<Vec<Rule>, Error> {
        self.read(|connection| rows(connection, "SELECT * FROM rule ORDER BY class, scope, name", [], rule))
            .await
    }

    async fn delete_rule(&self, key: &RuleKey, actor: &Actor, at: Timestamp) -> Result<Option<Rule>, Error> {
        let (key, actor) = (key.clone(), actor.clone());
        let deleted = self.write(move |connection| delete(connection, &key, actor, at)).await?;
        self.rules.fetch_add(1, Ordering::AcqRel);
        Ok(deleted)
    }

    fn rules_generation(&self) -> u64 {
        self.rules.load(Ordering::Acquire)
    }

    async fn settled_rules(&self) -> Result<Vec<Rule>, Error> {
        self.read(|connection| {
            let found = row(connection, "SELECT rules FROM settled_rules", [], |row| row.json("rules"))?;
            Ok(found.unwrap_or_default())
        })
        .await
    }

    async fn set_settled_rules(&self, rules: Vec<Rule>) -> Result<(), Error> {
        self.write(move |connection| {
            let sql = "INSERT INTO settled_rules (id, rules) VALUES (1, ?1)
                       ON CONFLICT (id) DO UPDATE SET rules = excluded.rules";
            change(connection, sql, [json_text(&rules)?])?;
            Ok(())
        })
        .await
    }

    async fn put_judged(
        &self,
        judged: Vec<(ImageSummary, Found)>,
        jobs: Vec<NewJob>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let has_jobs = !jobs.is_empty();
        self.write(move |connection| {
            for (summary, found) in &judged {
                conclusion::show(connection, summary, Some(found), None, at)?;
            }
            queue::enqueue(connection, &jobs, at).map(|_| ())
        })
        .await?;
        if has_jobs {
            self.announce_jobs();
        }
        Ok(())
    }

    async fn conclude_judged(
        &self,
        conclusion: Conclusion,
        found: Found,
        jobs: Vec<NewJob>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let has_jobs = !jobs.is_empty();
        self.write(move |connection| {
            conclusion::conclude_with(connection, &conclusion, Some(&found), at)?;
            queue::enqueue(connection, &jobs, at).map(|_| ())
        })
        .await?;
        if has_jobs {
            self.announce_jobs();
        }
        Ok(())
    }

    async fn found(&self, image: &ImageKey) -> Result<Option<Found>, Error> {
        let image = image.clone();
        self.read(move |connection| found(connection, &image)).await
    }

    async fn images_under_rules(
        &self,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageKey, ImageKey>, Error> {
        self.read(move |connection| under_rules(connection, &page)).await
    }
}

fn put(connection: &Connection, new: Rule) -> Result<RulePut, Error> {
    let key = new.key();
    let before = find(connection, &key)?;
    let count: i64 = value(connection, "SELECT count(*) FROM rule", [])?.unwrap_or(0);
    if before.is_none() && usize::try_from(count).unwrap_or(usize::MAX) >= MOST_RULES {
        return Ok(RulePut::TooMany);
    }
    let created_at = before.as_ref().map_or(new.created_at, |before| before.created_at);
    let new = Rule { created_at, ..new };
    let sql =
        "INSERT INTO rule (class, scope, name, kind, display_name, conditions, reason, author, created_at,
                                 updated_at, expires_at, details)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
               ON CONFLICT (class, scope, name) DO UPDATE SET
                   kind = excluded.kind, display_name = excluded.display_name,
                   conditions = excluded.conditions, reason = excluded.reason, author = excluded.author,
                   updated_at = excluded.updated_at, expires_at = excluded.expires_at,
                   details = excluded.details";
    let values = params![
        key.class.as_str(),
        new.scope,
        new.name,
        new.kind.as_str(),
        new.display_name,
        json_text(&new.conditions)?,
        new.reason,
        new.author.0,
        moment(new.created_at),
        moment(new.updated_at),
        new.expires_at.map(moment),
        json_text(&new.details)?,
    ];
    change(connection, sql, values)?;
    tell(connection, EventKind::RULE_PUT, &new, new.author.clone(), new.updated_at)?;
    Ok(if before.is_some() { RulePut::Replaced(new) } else { RulePut::Created(new) })
}

pub(super) fn delete(
    connection: &Connection,
    key: &RuleKey,
    actor: Actor,
    at: Timestamp,
) -> Result<Option<Rule>, Error> {
    let Some(rule) = find(connection, key)? else { return Ok(None) };
    let sql = "DELETE FROM rule WHERE class = ?1 AND scope = ?2 AND name = ?3";
    change(connection, sql, params![key.class.as_str(), key.scope, key.name])?;
    tell(connection, EventKind::RULE_DELETED, &rule, actor, at)?;
    Ok(Some(rule))
}

/// All that the rule says goes into history, so that it can be read there when the rule is gone.
fn tell(
    connection: &Connection,
    kind: EventKind,
    rule: &Rule,
    actor: Actor,
    at: Timestamp,
) -> Result<(), Error> {
    let event = NewEvent {
        kind,
        registry: None,
        repository: None,
        digest: None,
        tag: None,
        actor,
        at,
        detail: json!({ "rule": rule }),
    };
    events::append(connection, &event)?;
    Ok(())
}

fn find(connection: &Connection, key: &RuleKey) -> Result<Option<Rule>, Error> {
    let sql = "SELECT * FROM rule WHERE class = ?1 AND scope = ?2 AND name = ?3";
    row(connection, sql, params![key.class.as_str(), key.scope, key.name], rule)
}

pub(super) fn rule(row: &Row<'_>) -> Result<Rule, Error> {
    Ok(Rule {
        kind: row.word("kind", RuleKind::from_word)?,
        scope: row.plain("scope")?,
        name: row.plain("name")?,
        display_name: row.plain("display_name")?,
        conditions: row.json("conditions")?,
        reason: row.plain("reason")?,
        author: Actor(row.plain("author")?),
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        expires_at: row.maybe_moment("expires_at")?,
        details: row.json("details")?,
    })
}

fn found(connection: &Connection, image: &ImageKey) -> Result<Option<Found>, Error> {
    let sql = "SELECT * FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let ImageKey { repository, digest } = image;
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    row(connection, sql, key, |row| {
        let summary = summaries::summary(row)?;
        let written = if row.plain::<Option<String>>("found_state")?.is_none() {
            summary
        } else {
            let cause = match (row.plain("found_cause_code")?, row.plain("found_cause_sentence")?) {
                (Some(code), Some(sentence)) => Some(Cause { code, sentence }),
                _ => None,
            };
            let state = row.word("found_state", ImageState::from_word)?;
            Found { state, cause, counts: row.json("found_counts")? }.within(summary)
        };
        Uncounted::load(connection)?.found_now(connection, written)
    })
}

/// The images of which rules make something else than was found, from their own index.
pub(super) const UNDER_RULES: &str = "SELECT registry, repository, digest FROM image_summary
     WHERE found_state IS NOT NULL AND (registry, repository, digest) > (?1, ?2, ?3)
     ORDER BY registry, repository, digest LIMIT ?4";

fn under_rules(
    connection: &Connection,
    page: &PageRequest<ImageKey>,
) -> Result<Page<ImageKey, ImageKey>, Error> {
    let limit = page.bounded_limit();
    let (registry, repository, digest) = page.after.as_ref().map_or((i64::MIN, "", ""), |key| {
        (key.repository.registry.0, key.repository.name.as_str(), key.digest.as_str())
    });
    let key = params![registry, repository, digest, with_surplus(limit)];
    let images = rows(connection, UNDER_RULES, key, image_key)?;
    Ok(Page::from_surplus(images, limit, ImageKey::clone))
}
