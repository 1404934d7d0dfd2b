//! Subscriptions and registries that come and go, in SQLite.

use super::column::{Columns, change, exists, moment, row, rows};
use super::{SqliteStore, events, scopes, tenancy};
use crate::{
    Actor, Error, EventKind, NewEvent, NewRegistry, Provisioning, Registry, RegistryId, RegistryRemoval,
    Subscription,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;
use std::sync::atomic::Ordering;

#[async_trait]
impl Provisioning for SqliteStore {
    async fn create_subscription(&self, subscription: Subscription) -> Result<bool, Error> {
        self.write(move |connection| {
            let sql =
                "INSERT INTO subscription (id, name, tenant) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            let Subscription { id, name, tenant } = subscription;
            Ok(change(connection, sql, params![id.to_string(), name, tenant.to_string()])? > 0)
        })
        .await
    }

    async fn create_registry(
        &self,
        registry: NewRegistry,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Option<Registry>, Error> {
        let actor = actor.clone();
        self.write(move |connection| create(connection, &registry, actor, at)).await
    }

    async fn delete_registry(
        &self,
        registry: RegistryId,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<RegistryRemoval, Error> {
        let actor = actor.clone();
        let removal = self.write(move |connection| delete(connection, registry, actor, at)).await?;
        // Rules may have gone with it.
        self.rules.fetch_add(1, Ordering::AcqRel);
        Ok(removal)
    }

    async fn forget_scope(&self, scope: &str, actor: &Actor, at: Timestamp) -> Result<usize, Error> {
        let (scope, actor) = (scope.to_owned(), actor.clone());
        let gone = self.write(move |connection| scopes::forget(connection, &scope, &actor, at)).await?;
        self.rules.fetch_add(1, Ordering::AcqRel);
        Ok(gone)
    }

    async fn registry_bytes(&self, registry: RegistryId) -> Result<u64, Error> {
        self.read(move |connection| {
            let sql = "SELECT coalesce(sum(size), 0) AS bytes FROM (
                           SELECT b.digest, max(b.size) AS size FROM blob_link b
                           JOIN repository r ON r.id = b.repository WHERE r.registry = ?1 GROUP BY b.digest)";
            Ok(row(connection, sql, [registry.0], |row| row.count("bytes"))?.unwrap_or_default())
        })
        .await
    }

    async fn set_registry_suffix(&self, suffix: &str) -> Result<(), Error> {
        let suffix = suffix.to_owned();
        self.write(move |connection| {
            let sql = "UPDATE registry SET login_server = lower(name) || '.' || ?1
                       WHERE attached_to IS NULL AND id NOT IN (SELECT registry FROM installation)";
            change(connection, sql, [suffix]).map(drop)
        })
        .await
    }
}

fn create(
    connection: &Connection,
    new: &NewRegistry,
    actor: Actor,
    at: Timestamp,
) -> Result<Option<Registry>, Error> {
    let subscription = new.subscription.to_string();
    if !exists(connection, "SELECT 1 FROM subscription WHERE id = ?1", [&subscription])? {
        return Err(Error::Unknown { what: "subscription", name: subscription });
    }
    let sql = "INSERT INTO registry (subscription, resource_group, name, login_server, location, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO NOTHING";
    let NewRegistry { resource_group, name, login_server, location, .. } = new;
    let values = params![subscription, resource_group, name, login_server, location, moment(at)];
    if change(connection, sql, values)? == 0 {
        return Ok(None);
    }
    let id = RegistryId(connection.last_insert_rowid());
    tell(connection, EventKind::REGISTRY_CREATED, id, name, actor, at)?;
    row(connection, "SELECT * FROM registry WHERE id = ?1", [id.0], tenancy::registry)
}

/// Tells in history what became of a registry.
pub(super) fn tell(
    connection: &Connection,
    kind: EventKind,
    registry: RegistryId,
    name: &str,
    actor: Actor,
    at: Timestamp,
) -> Result<(), Error> {
    let event = NewEvent {
        kind,
        registry: Some(registry),
        repository: None,
        digest: None,
        tag: None,
        actor,
        at,
        detail: json!({ "name": name }),
    };
    events::append(connection, &event).map(drop)
}

/// What is deleted with a registry, in this order: what points to something before what it points to.
///
/// A table that names registries or repositories and is not here keeps registries from being deleted, or keeps rows of
/// registries that are gone; a test looks for such tables.
const DELETIONS: &[&str] = &[
    // Packages go with the last manifest of their image.
    "DELETE FROM image WHERE digest IN (
         SELECT m.digest FROM manifest m JOIN repository r ON r.id = m.repository WHERE r.registry = ?1)
     AND NOT EXISTS (
         SELECT 1 FROM manifest m JOIN repository r ON r.id = m.repository
         WHERE m.digest = image.digest AND r.registry <> ?1)",
    "DELETE FROM image_summary WHERE registry = ?1",
    // Triggers have done so already.
    "DELETE FROM image_census WHERE registry = ?1",
    "DELETE FROM flipped_ahead WHERE registry = ?1",
    "DELETE FROM ruling_ahead WHERE registry = ?1",
    "DELETE FROM registry_status WHERE registry = ?1",
    "DELETE FROM pull_pass WHERE registry = ?1",
    "DELETE FROM pull_policy WHERE registry = ?1",
    "DELETE FROM registry_rules WHERE registry = ?1",
    "DELETE FROM plan_setting WHERE registry = ?1",
    "DELETE FROM webhook WHERE registry = ?1",
    "DELETE FROM scoped_token WHERE registry = ?1",
    "DELETE FROM scope_map WHERE registry = ?1",
    "DELETE FROM import WHERE registry = ?1",
    "DELETE FROM attached_repository WHERE registry = ?1",
    "DELETE FROM attachment WHERE registry = ?1",
    "DELETE FROM deleted_manifest WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM upload WHERE registry = ?1",
    "DELETE FROM attribute WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM tag WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM manifest WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM blob_link WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM vex_reading WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM vex_pending WHERE repository IN (SELECT id FROM repository WHERE registry = ?1)",
    "DELETE FROM repository WHERE registry = ?1",
    "DELETE FROM object WHERE owner = 'registry/' || ?1",
];

fn delete(
    connection: &Connection,
    id: RegistryId,
    actor: Actor,
    at: Timestamp,
) -> Result<RegistryRemoval, Error> {
    let found = row(connection, "SELECT * FROM registry WHERE id = ?1", [id.0], tenancy::registry)?;
    let Some(registry) = found else { return Ok(RegistryRemoval::Absent) };
    if exists(connection, "SELECT 1 FROM installation WHERE registry = ?1", [id.0])? {
        return Ok(RegistryRemoval::First);
    }
    // What is attached goes with what it is attached to. Nothing is attached to something attached.
    let attached = "SELECT * FROM registry WHERE attached_to = ?1";
    for attached in rows(connection, attached, [id.0], tenancy::registry)? {
        remove(connection, &attached, actor.clone(), at)?;
    }
    remove(connection, &registry, actor, at)?;
    Ok(RegistryRemoval::Removed)
}

fn remove(connection: &Connection, registry: &Registry, actor: Actor, at: Timestamp) -> Result<(), Error> {
    let scope = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
        registry.subscription, registry.resource_group, registry.name
    );
    scopes::forget(connection, &scope, &actor, at)?;
    for sql in DELETIONS {
        change(connection, sql, [registry.id.0])?;
    }
    change(connection, "DELETE FROM registry WHERE id = ?1", [registry.id.0])?;
    tell(connection, EventKind::REGISTRY_DELETED, registry.id, &registry.name, actor, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::migration::{MIGRATIONS, migrate};

    /// Tables whose rows outlive a registry on purpose, as bills do, or name another one than their own.
    const KEPT: &[&str] = &["charge", "event", "installation", "registry"];

    #[test]
    fn every_table_of_a_registry_is_emptied_with_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let tables: Vec<String> = rows(&connection, tables, [], |row| Ok(row.get::<_, String>(0)?)).unwrap();
        for table in tables {
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns: Vec<String> =
                rows(&connection, &columns, [], |row| Ok(row.get::<_, String>(0)?)).unwrap();
            let cascades = format!(
                "SELECT \"from\" FROM pragma_foreign_key_list('{table}') WHERE on_delete = 'CASCADE'"
            );
            let cascades: Vec<String> =
                rows(&connection, &cascades, [], |row| Ok(row.get::<_, String>(0)?)).unwrap();
            let hangs = columns
                .iter()
                .any(|column| ["registry", "repository"].contains(&&**column) && !cascades.contains(column));
            let begins = format!("DELETE FROM {table} ");
            let is_named = DELETIONS.iter().any(|sql| sql.starts_with(&begins));
            assert!(
                !hangs || is_named || KEPT.contains(&&*table),
                "{table} names a registry or a repository: say in DELETIONS how its rows go"
            );
        }
    }
}
