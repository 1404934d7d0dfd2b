//! Role assignments by name in SQLite.

use super::SqliteStore;
use super::column::{Columns, change, moment, row, rows};
use crate::{AssignmentOutcome, Authorization, Error, NamedAssignment, PrincipalId, RoleAssignment, RoleId};
use async_trait::async_trait;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

#[async_trait]
impl Authorization for SqliteStore {
    async fn put_role_assignment(&self, assignment: NamedAssignment) -> Result<AssignmentOutcome, Error> {
        self.write(move |connection| put(connection, &assignment)).await
    }

    async fn role_assignment(&self, id: Uuid) -> Result<Option<NamedAssignment>, Error> {
        self.read(move |connection| by_name(connection, id)).await
    }

    async fn named_assignments(&self, principal: Option<PrincipalId>) -> Result<Vec<NamedAssignment>, Error> {
        self.read(move |connection| match principal {
            Some(principal) => {
                let sql = "SELECT * FROM role_assignment WHERE principal = ?1 ORDER BY scope, id";
                rows(connection, sql, [principal.to_string()], assignment)
            }
            None => rows(connection, "SELECT * FROM role_assignment ORDER BY scope, id", [], assignment),
        })
        .await
    }

    async fn delete_role_assignment(&self, id: Uuid) -> Result<bool, Error> {
        self.write(move |connection| {
            Ok(change(connection, "DELETE FROM role_assignment WHERE id = ?1", [id.to_string()])? > 0)
        })
        .await
    }

    async fn delete_role_assignments_of(&self, principal: PrincipalId) -> Result<u64, Error> {
        self.write(move |connection| {
            let sql = "DELETE FROM role_assignment WHERE principal = ?1";
            Ok(change(connection, sql, [principal.to_string()])? as u64)
        })
        .await
    }
}

fn by_name(connection: &Connection, id: Uuid) -> Result<Option<NamedAssignment>, Error> {
    row(connection, "SELECT * FROM role_assignment WHERE id = ?1", [id.to_string()], assignment)
}

fn put(connection: &Connection, new: &NamedAssignment) -> Result<AssignmentOutcome, Error> {
    let RoleAssignment { principal, role, scope } = &new.assignment;
    let (principal, role) = (principal.to_string(), role.to_string());
    let sql = "SELECT * FROM role_assignment WHERE principal = ?1 AND role = ?2 AND scope = ?3";
    if let Some(present) = row(connection, sql, params![principal, role, scope], assignment)? {
        if present.id != new.id {
            return Ok(AssignmentOutcome::Exists(present.id));
        }
        let sql = "UPDATE role_assignment SET description = ?2, condition = ?3 WHERE id = ?1";
        change(connection, sql, params![new.id.to_string(), new.description, new.condition])?;
        return Ok(AssignmentOutcome::Updated);
    }
    if by_name(connection, new.id)?.is_some() {
        return Ok(AssignmentOutcome::NameTaken);
    }
    let sql = "INSERT INTO role_assignment
                   (id, principal, role, scope, principal_kind, description, created_at, created_by, condition)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let by = new.created_by.map(|by| by.to_string());
    let at = new.created_at.map(moment);
    let id = new.id.to_string();
    let values =
        params![id, principal, role, scope, new.principal_kind, new.description, at, by, new.condition];
    change(connection, sql, values)?;
    Ok(AssignmentOutcome::Created)
}

/// The name of an assignment that nobody named: the same for the same principal, role and scope.
pub(super) fn derived_name(assignment: &RoleAssignment) -> Uuid {
    let RoleAssignment { principal, role, scope } = assignment;
    Uuid::new_v5(&principal.0, format!("{role} {}", scope.to_ascii_lowercase()).as_bytes())
}

fn assignment(row: &Row<'_>) -> Result<NamedAssignment, Error> {
    Ok(NamedAssignment {
        id: row.parsed("id")?,
        assignment: RoleAssignment {
            principal: PrincipalId(row.parsed("principal")?),
            role: RoleId(row.parsed("role")?),
            scope: row.plain("scope")?,
        },
        principal_kind: row.plain("principal_kind")?,
        condition: row.plain("condition")?,
        description: row.plain("description")?,
        created_at: row.maybe_moment("created_at")?,
        created_by: row.maybe_parsed("created_by")?.map(PrincipalId),
    })
}
