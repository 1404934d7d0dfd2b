//! Assessments that somebody made, in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, row, rows, value, with_surplus};
use crate::{
    Actor, AssessmentKind, AssessmentKindPut, CustomAssessment, CustomAssessmentKey, CustomAssessmentPut,
    CustomAssessments, Error, ImageKey, MOST_ASSESSMENT_KINDS, MOST_CUSTOM_ASSESSMENTS, NewAssessment, Page,
    PageRequest, SubscriptionId,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

#[async_trait]
impl CustomAssessments for SqliteStore {
    async fn put_assessment_kind(
        &self,
        subscription: SubscriptionId,
        name: &str,
        body: Value,
        author: Actor,
        at: Timestamp,
    ) -> Result<AssessmentKindPut, Error> {
        let name = name.to_owned();
        self.write(move |connection| put_kind(connection, subscription, &name, &body, &author, at)).await
    }

    async fn assessment_kind(
        &self,
        subscription: SubscriptionId,
        name: &str,
    ) -> Result<Option<AssessmentKind>, Error> {
        let key = (subscription.to_string(), name.to_owned());
        self.read(move |connection| {
            let sql = "SELECT * FROM assessment_kind WHERE subscription = ?1 AND name = ?2";
            row(connection, sql, key, kind)
        })
        .await
    }

    async fn assessment_kinds(&self, subscription: SubscriptionId) -> Result<Vec<AssessmentKind>, Error> {
        let key = [subscription.to_string()];
        self.read(move |connection| {
            rows(connection, "SELECT * FROM assessment_kind WHERE subscription = ?1 ORDER BY name", key, kind)
        })
        .await
    }

    async fn delete_assessment_kind(&self, subscription: SubscriptionId, name: &str) -> Result<bool, Error> {
        let key = (subscription.to_string(), name.to_owned());
        self.write(move |connection| {
            let sql = "DELETE FROM assessment_kind WHERE subscription = ?1 AND name = ?2";
            Ok(change(connection, sql, key)? > 0)
        })
        .await
    }

    async fn put_custom_assessment(
        &self,
        assessment: NewAssessment,
        at: Timestamp,
    ) -> Result<CustomAssessmentPut, Error> {
        self.write(move |connection| put(connection, assessment, at)).await
    }

    async fn custom_assessment(&self, scope: &str, name: &str) -> Result<Option<CustomAssessment>, Error> {
        let (scope, name) = (scope.to_owned(), name.to_owned());
        self.read(move |connection| find(connection, &scope, &name)).await
    }

    async fn custom_assessments(
        &self,
        scope: &str,
        page: PageRequest<CustomAssessmentKey>,
    ) -> Result<Page<CustomAssessment, CustomAssessmentKey>, Error> {
        let scope = scope.trim_end_matches('/').to_owned();
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let (after_scope, after_name) = page.after.clone().unwrap_or_default();
            // Everything below a scope lies between `SCOPE/` and `SCOPE0`, the sign behind the slash.
            let (from, until) = (format!("{scope}/"), format!("{scope}0"));
            let key = params![scope, from, until, after_scope, after_name, with_surplus(limit)];
            let items = rows(connection, LIST, key, assessment)?;
            Ok(Page::from_surplus(items, limit, |last: &CustomAssessment| {
                (last.said.scope.to_ascii_lowercase(), last.said.name.to_ascii_lowercase())
            }))
        })
        .await
    }

    async fn delete_custom_assessment(&self, scope: &str, name: &str) -> Result<bool, Error> {
        let key = (scope.to_owned(), name.to_owned());
        self.write(move |connection| {
            let sql = "DELETE FROM custom_assessment WHERE scope = ?1 AND name = ?2";
            Ok(change(connection, sql, key)? > 0)
        })
        .await
    }
}

/// The assessments of a resource and of all below it.
pub(super) const LIST: &str = "SELECT * FROM custom_assessment
     WHERE (scope = ?1 OR (scope >= ?2 AND scope < ?3)) AND (scope, name) > (?4, ?5)
     ORDER BY scope, name LIMIT ?6";

/// Takes away the assessments of an image that is no more. Slashes of its repository's name are colons in its id.
pub(super) fn forget_image(connection: &Connection, image: &ImageKey) -> Result<(), Error> {
    let sql = "DELETE FROM custom_assessment WHERE scope =
               (SELECT '/subscriptions/' || subscription || '/resourceGroups/' || resource_group
                       || '/providers/Microsoft.ContainerRegistry/registries/' || name
                FROM registry WHERE id = ?1) || '/repositories/' || ?2 || '/images/' || ?3";
    let repository = image.repository.name.as_str().replace('/', ":");
    let key = params![image.repository.registry.0, repository, image.digest.as_str()];
    change(connection, sql, key).map(drop)
}

fn put_kind(
    connection: &Connection,
    subscription: SubscriptionId,
    name: &str,
    body: &Value,
    author: &Actor,
    at: Timestamp,
) -> Result<AssessmentKindPut, Error> {
    let subscription = subscription.to_string();
    let there = "SELECT 1 FROM assessment_kind WHERE subscription = ?1 AND name = ?2";
    let is_new = !exists(connection, there, params![subscription, name])?;
    let count = "SELECT count(*) FROM assessment_kind WHERE subscription = ?1";
    let count: i64 = value(connection, count, [&subscription])?.unwrap_or(0);
    if is_new && usize::try_from(count).unwrap_or(usize::MAX) >= MOST_ASSESSMENT_KINDS {
        return Ok(AssessmentKindPut::TooMany);
    }
    let sql = "INSERT INTO assessment_kind (subscription, name, body, author, created_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?5)
               ON CONFLICT (subscription, name) DO UPDATE
               SET body = excluded.body, author = excluded.author, changed_at = excluded.changed_at";
    change(connection, sql, params![subscription, name, json_text(body)?, author.0, moment(at)])?;
    Ok(if is_new { AssessmentKindPut::Created } else { AssessmentKindPut::Replaced })
}

fn put(connection: &Connection, said: NewAssessment, at: Timestamp) -> Result<CustomAssessmentPut, Error> {
    let subscription = said.subscription.to_string();
    let kind = "SELECT 1 FROM assessment_kind WHERE subscription = ?1 AND name = ?2";
    if !exists(connection, kind, params![subscription, said.name])? {
        return Ok(CustomAssessmentPut::NoKind);
    }
    let before = find(connection, &said.scope, &said.name)?;
    let count = "SELECT count(*) FROM custom_assessment WHERE subscription = ?1";
    let count: i64 = value(connection, count, [&subscription])?.unwrap_or(0);
    if before.is_none() && u64::try_from(count).unwrap_or(0) >= MOST_CUSTOM_ASSESSMENTS {
        return Ok(CustomAssessmentPut::TooMany);
    }
    let sql =
        "INSERT INTO custom_assessment (scope, name, subscription, code, cause, description, additional,
                                              author, first_at, status_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?9)
               ON CONFLICT (scope, name) DO UPDATE
               SET code = excluded.code, cause = excluded.cause, description = excluded.description,
                   additional = excluded.additional, author = excluded.author,
                   status_at = CASE code WHEN excluded.code THEN status_at ELSE excluded.status_at END,
                   changed_at = excluded.changed_at";
    let NewAssessment { scope, name, code, cause, description, additional, author, .. } = &said;
    let additional = json_text(additional)?;
    let key = params![scope, name, subscription, code, cause, description, additional, author.0, moment(at)];
    change(connection, sql, key)?;
    let kept = find(connection, scope, name)?;
    Ok(match (kept, before.is_none()) {
        (Some(kept), true) => CustomAssessmentPut::Created(kept),
        (Some(kept), false) => CustomAssessmentPut::Replaced(kept),
        // It was written in this very transaction.
        (None, _) => CustomAssessmentPut::NoKind,
    })
}

fn find(connection: &Connection, scope: &str, name: &str) -> Result<Option<CustomAssessment>, Error> {
    let sql = "SELECT * FROM custom_assessment WHERE scope = ?1 AND name = ?2";
    row(connection, sql, [scope, name], assessment)
}

fn kind(row: &Row<'_>) -> Result<AssessmentKind, Error> {
    Ok(AssessmentKind {
        subscription: SubscriptionId(row.parsed("subscription")?),
        name: row.plain("name")?,
        body: row.json("body")?,
        author: Actor(row.plain("author")?),
        created_at: row.moment("created_at")?,
        changed_at: row.moment("changed_at")?,
    })
}

fn assessment(row: &Row<'_>) -> Result<CustomAssessment, Error> {
    Ok(CustomAssessment {
        said: NewAssessment {
            subscription: SubscriptionId(row.parsed("subscription")?),
            scope: row.plain("scope")?,
            name: row.plain("name")?,
            code: row.plain("code")?,
            cause: row.plain("cause")?,
            description: row.plain("description")?,
            additional: row.json("additional")?,
            author: Actor(row.plain("author")?),
        },
        first_at: row.moment("first_at")?,
        status_at: row.moment("status_at")?,
        changed_at: row.moment("changed_at")?,
    })
}
