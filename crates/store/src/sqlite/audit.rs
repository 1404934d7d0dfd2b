//! The audit log in SQLite. Triggers refuse every change of an entry.

use super::SqliteStore;
use super::column::{Columns, change, moment, rows, with_surplus};
use crate::{Audit, AuditEntry, AuditFilter, Error, NewAuditEntry, Page, PageRequest};
use async_trait::async_trait;
use rusqlite::{Row, params};

#[async_trait]
impl Audit for SqliteStore {
    async fn append_audit(&self, entry: NewAuditEntry) -> Result<i64, Error> {
        self.write(move |connection| {
            let sql =
                "INSERT INTO audit (at, actor, actor_id, address, face, method, resource, status, request,
                                          agent, detail)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
            let values = params![
                moment(entry.at),
                entry.actor.unwrap_or_default(),
                entry.actor_id,
                entry.address,
                entry.face,
                entry.method,
                entry.resource,
                entry.status,
                entry.request,
                entry.agent,
                entry.detail,
            ];
            change(connection, sql, values)?;
            Ok(connection.last_insert_rowid())
        })
        .await
    }

    async fn audit(
        &self,
        filter: &AuditFilter,
        page: PageRequest<i64>,
    ) -> Result<Page<AuditEntry, i64>, Error> {
        let filter = filter.clone();
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let key = params![
                page.after.unwrap_or(0),
                filter.actor,
                filter.since.map(moment),
                filter.until.map(moment),
                filter.resource.map(|prefix| prefix.to_lowercase()),
                filter.only_failures,
                with_surplus(limit),
            ];
            let sql = if filter.actor.is_some() { OF_ACTOR } else { ALL };
            let entries = rows(connection, sql, key, entry)?;
            Ok(Page::from_surplus(entries, limit, |entry| entry.sequence))
        })
        .await
    }
}

/// Entries in their order.
pub(super) const ALL: &str = "SELECT * FROM audit WHERE sequence > ?1 AND (?2 IS NULL OR actor = ?2)
       AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
       AND (?5 IS NULL OR substr(lower(resource), 1, length(?5)) = ?5) AND (?6 = 0 OR status >= 400)
     ORDER BY sequence LIMIT ?7";

/// The entries of one person, from their own index.
pub(super) const OF_ACTOR: &str = "SELECT * FROM audit WHERE actor = ?2 AND sequence > ?1
       AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4)
       AND (?5 IS NULL OR substr(lower(resource), 1, length(?5)) = ?5) AND (?6 = 0 OR status >= 400)
     ORDER BY sequence LIMIT ?7";

fn entry(row: &Row<'_>) -> Result<AuditEntry, Error> {
    let actor: String = row.plain("actor")?;
    Ok(AuditEntry {
        sequence: row.plain("sequence")?,
        entry: NewAuditEntry {
            at: row.moment("at")?,
            actor: (!actor.is_empty()).then_some(actor),
            actor_id: row.plain("actor_id")?,
            address: row.plain("address")?,
            face: row.plain("face")?,
            method: row.plain("method")?,
            resource: row.plain("resource")?,
            status: row.count("status")?,
            request: row.plain("request")?,
            agent: row.plain("agent")?,
            detail: row.plain("detail")?,
        },
    })
}
