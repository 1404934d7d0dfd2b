//! Saved queries in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, row, rows, with_surplus};
use crate::{Error, Page, PageRequest, SavedQueries, SavedQuery, SavedQueryKey};
use async_trait::async_trait;
use rusqlite::{Row, params};

#[async_trait]
impl SavedQueries for SqliteStore {
    async fn put_saved_query(&self, query: SavedQuery) -> Result<bool, Error> {
        self.write(move |connection| {
            let there = "SELECT 1 FROM saved_query WHERE scope = ?1 AND name = ?2";
            let is_new = !exists(connection, there, params![query.scope, query.name])?;
            let sql = "INSERT INTO saved_query (scope, name, query, description, tags, modified_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                       ON CONFLICT (scope, name) DO UPDATE
                       SET query = excluded.query, description = excluded.description,
                           tags = excluded.tags, modified_at = excluded.modified_at";
            let SavedQuery { scope, name, query, description, tags, modified_at } = &query;
            let values = params![scope, name, query, description, json_text(tags)?, moment(*modified_at)];
            change(connection, sql, values)?;
            Ok(is_new)
        })
        .await
    }

    async fn saved_query(&self, scope: &str, name: &str) -> Result<Option<SavedQuery>, Error> {
        let key = (scope.to_owned(), name.to_owned());
        self.read(move |connection| {
            row(connection, "SELECT * FROM saved_query WHERE scope = ?1 AND name = ?2", key, saved_query)
        })
        .await
    }

    async fn saved_queries(
        &self,
        scope: &str,
        page: PageRequest<SavedQueryKey>,
    ) -> Result<Page<SavedQuery, SavedQueryKey>, Error> {
        let scope = scope.trim_end_matches('/').to_owned();
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let (after_scope, after_name) = page.after.clone().unwrap_or_default();
            // Everything below a scope lies between `SCOPE/` and `SCOPE0`, the sign behind the slash.
            let key = params![
                scope,
                format!("{scope}/"),
                format!("{scope}0"),
                after_scope,
                after_name,
                with_surplus(limit)
            ];
            let items = rows(connection, LIST, key, saved_query)?;
            Ok(Page::from_surplus(items, limit, |query| {
                (query.scope.to_ascii_lowercase(), query.name.to_ascii_lowercase())
            }))
        })
        .await
    }

    async fn delete_saved_query(&self, scope: &str, name: &str) -> Result<bool, Error> {
        let key = (scope.to_owned(), name.to_owned());
        self.write(move |connection| {
            Ok(change(connection, "DELETE FROM saved_query WHERE scope = ?1 AND name = ?2", key)? > 0)
        })
        .await
    }
}

/// The queries at a scope and below it.
const LIST: &str = "SELECT * FROM saved_query
     WHERE (scope = ?1 OR (scope >= ?2 AND scope < ?3)) AND (scope, name) > (?4, ?5)
     ORDER BY scope, name LIMIT ?6";

fn saved_query(row: &Row<'_>) -> Result<SavedQuery, Error> {
    Ok(SavedQuery {
        scope: row.plain("scope")?,
        name: row.plain("name")?,
        query: row.plain("query")?,
        description: row.plain("description")?,
        tags: row.json("tags")?,
        modified_at: row.moment("modified_at")?,
    })
}
