//! Migrations: numbered SQL files, applied once, in order, and never changed afterwards.
//!
//! The table `schema_migration` keeps the checksum of each file that was applied. A database that was made with
//! other content, or by a newer program, is refused: running on tables that are not the expected ones loses data.

use super::column::{Columns, rows};
use crate::Error;
use oci::Digest;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// One file of `migrations/sqlite`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    /// Its number. They ascend; gaps are fine.
    pub(super) number: u32,
    /// Its name.
    pub(super) name: &'static str,
    /// Its content.
    pub(super) sql: &'static str,
}

/// All migrations, in order. A new one is a new file and a new line here.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "registry", sql: include_str!("../../migrations/sqlite/0001_registry.sql") },
    Migration { number: 2, name: "queue", sql: include_str!("../../migrations/sqlite/0002_queue.sql") },
    Migration { number: 3, name: "findings", sql: include_str!("../../migrations/sqlite/0003_findings.sql") },
    Migration {
        number: 4,
        name: "attributes",
        sql: include_str!("../../migrations/sqlite/0004_attributes.sql"),
    },
    Migration { number: 5, name: "policies", sql: include_str!("../../migrations/sqlite/0005_policies.sql") },
    Migration {
        number: 10,
        name: "webhooks",
        sql: include_str!("../../migrations/sqlite/0010_webhooks.sql"),
    },
    Migration {
        number: 11,
        name: "scoped_tokens",
        sql: include_str!("../../migrations/sqlite/0011_scoped_tokens.sql"),
    },
    Migration { number: 12, name: "rules", sql: include_str!("../../migrations/sqlite/0012_rules.sql") },
    Migration { number: 13, name: "imports", sql: include_str!("../../migrations/sqlite/0013_imports.sql") },
    Migration {
        number: 20,
        name: "management",
        sql: include_str!("../../migrations/sqlite/0020_management.sql"),
    },
    Migration { number: 30, name: "rules", sql: include_str!("../../migrations/sqlite/0030_rules.sql") },
    Migration { number: 31, name: "plans", sql: include_str!("../../migrations/sqlite/0031_plans.sql") },
    Migration { number: 32, name: "meter", sql: include_str!("../../migrations/sqlite/0032_meter.sql") },
    Migration { number: 33, name: "audit", sql: include_str!("../../migrations/sqlite/0033_audit.sql") },
    Migration {
        number: 34,
        name: "documents",
        sql: include_str!("../../migrations/sqlite/0034_documents.sql"),
    },
    Migration {
        number: 40,
        name: "reevaluation",
        sql: include_str!("../../migrations/sqlite/0040_reevaluation.sql"),
    },
    Migration {
        number: 50,
        name: "upload_parts",
        sql: include_str!("../../migrations/sqlite/0050_upload_parts.sql"),
    },
    Migration { number: 60, name: "census", sql: include_str!("../../migrations/sqlite/0060_census.sql") },
    Migration {
        number: 61,
        name: "saved_queries",
        sql: include_str!("../../migrations/sqlite/0061_saved_queries.sql"),
    },
    Migration { number: 70, name: "lineage", sql: include_str!("../../migrations/sqlite/0070_lineage.sql") },
    Migration {
        number: 80,
        name: "attachments",
        sql: include_str!("../../migrations/sqlite/0080_attachments.sql"),
    },
    Migration { number: 100, name: "vex", sql: include_str!("../../migrations/sqlite/0100_vex.sql") },
    Migration {
        number: 101,
        name: "more_findings",
        sql: include_str!("../../migrations/sqlite/0101_more_findings.sql"),
    },
    Migration {
        number: 102,
        name: "architecture",
        sql: include_str!("../../migrations/sqlite/0102_architecture.sql"),
    },
    Migration {
        number: 110,
        name: "charged_registry",
        sql: include_str!("../../migrations/sqlite/0110_charged_registry.sql"),
    },
    Migration {
        number: 111,
        name: "registry_status",
        sql: include_str!("../../migrations/sqlite/0111_registry_status.sql"),
    },
    Migration { number: 112, name: "digest", sql: include_str!("../../migrations/sqlite/0112_digest.sql") },
    Migration {
        number: 120,
        name: "transients",
        sql: include_str!("../../migrations/sqlite/0120_transients.sql"),
    },
    Migration {
        number: 121,
        name: "conditions",
        sql: include_str!("../../migrations/sqlite/0121_conditions.sql"),
    },
    Migration {
        number: 140,
        name: "more_findings_since",
        sql: include_str!("../../migrations/sqlite/0140_more_findings_since.sql"),
    },
    Migration {
        number: 150,
        name: "custom_assessments",
        sql: include_str!("../../migrations/sqlite/0150_custom_assessments.sql"),
    },
    Migration {
        number: 160,
        name: "asked_again",
        sql: include_str!("../../migrations/sqlite/0160_asked_again.sql"),
    },
    Migration {
        number: 170,
        name: "flipped_ahead",
        sql: include_str!("../../migrations/sqlite/0170_flipped_ahead.sql"),
    },
    Migration {
        number: 171,
        name: "shown_ahead",
        sql: include_str!("../../migrations/sqlite/0171_shown_ahead.sql"),
    },
];

/// Brings a database up to date, in one transaction.
pub(super) fn migrate(connection: &mut Connection, migrations: &[Migration]) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migration (
            number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL
        ) STRICT",
    )?;
    let applied: BTreeMap<u32, String> =
        rows(&transaction, "SELECT number, checksum FROM schema_migration", [], |row| {
            Ok((row.count("number")?, row.plain("checksum")?))
        })?
        .into_iter()
        .collect();
    let known = migrations.last().map_or(0, |migration| migration.number);
    if let Some(&found) = applied.keys().next_back().filter(|&&found| found > known) {
        return Err(Error::Newer { found, known });
    }
    for migration in migrations {
        let checksum = Digest::of_sha256(migration.sql.as_bytes()).to_string();
        match applied.get(&migration.number) {
            Some(then) if *then == checksum => {}
            Some(_) => {
                return Err(Error::MigrationChanged {
                    number: migration.number,
                    name: migration.name.to_owned(),
                });
            }
            None => apply(&transaction, migration, &checksum)?,
        }
    }
    Ok(transaction.commit()?)
}

fn apply(connection: &Connection, migration: &Migration, checksum: &str) -> Result<(), Error> {
    tracing::debug!(migration.number, migration.name, "applying a migration");
    connection.execute_batch(migration.sql)?;
    connection.execute(
        "INSERT INTO schema_migration (number, name, checksum) VALUES (?1, ?2, ?3)",
        (migration.number, migration.name, checksum),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration { number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER)" };
    const SECOND: Migration = Migration { number: 2, name: "two", sql: "CREATE TABLE two (a INTEGER)" };

    #[test]
    fn every_file_is_registered_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let registered: Vec<String> = MIGRATIONS
            .iter()
            .map(|migration| format!("{:04}_{}.sql", migration.number, migration.name))
            .collect();
        assert_eq!(files, registered);
        assert!(MIGRATIONS.windows(2).all(|pair| pair[0].number < pair[1].number));
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let count: i64 =
            connection.query_row("SELECT count(*) FROM schema_migration", [], |row| row.get(0)).unwrap();
        assert_eq!(count, i64::try_from(MIGRATIONS.len()).unwrap());
    }

    #[test]
    fn later_migration_is_applied_to_an_older_database() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST]).unwrap();
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();
        connection.execute("INSERT INTO two VALUES (1)", []).unwrap();
    }

    #[test]
    fn changed_migration_is_refused_by_name() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST]).unwrap();
        let changed = Migration { sql: "CREATE TABLE one (b INTEGER)", ..FIRST };
        let error = migrate(&mut connection, &[changed]).unwrap_err();
        assert!(matches!(error, Error::MigrationChanged { number: 1, .. }));
        assert!(error.to_string().starts_with("migration 0001 (one) was applied with other content"));
    }

    #[test]
    fn newer_database_is_refused_with_what_to_do() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();
        let error = migrate(&mut connection, &[FIRST]).unwrap_err();
        assert!(matches!(error, Error::Newer { found: 2, known: 1 }));
        assert!(error.to_string().contains("use that one again"));
    }

    #[test]
    fn failing_migration_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = Migration { sql: "CREATE TABLE two (a INTEGER); CREATE TABLE broken (", ..SECOND };
        assert!(migrate(&mut connection, &[FIRST, broken]).is_err());
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();
    }
}
