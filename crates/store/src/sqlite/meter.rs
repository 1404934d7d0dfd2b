//! The ledger in SQLite. Triggers refuse every change of an entry.

use super::SqliteStore;
use super::column::{Columns, change, exists, json_text, moment, rows};
use crate::{Charge, Charged, Error, Meter, RegistryId, SubscriptionId, UsageFilter, UsageRow};
use assessment::plan::Month;
use async_trait::async_trait;
use jiff::tz::TimeZone;
use oci::Digest;
use rusqlite::params;

#[async_trait]
impl Meter for SqliteStore {
    async fn charge(&self, charge: Charge) -> Result<Charged, Error> {
        self.write(move |connection| {
            let sql =
                "INSERT INTO charge (subscription, month, digest, registry, repository, day, in_trial, at,
                                     registry_name)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                         coalesce((SELECT name FROM registry WHERE id = ?4), '')) ON CONFLICT DO NOTHING";
            let day = TimeZone::UTC.to_datetime(charge.at).date().to_string();
            let values = params![
                charge.subscription.to_string(),
                Month::of(charge.at).to_string(),
                charge.digest.as_str(),
                charge.registry.0,
                charge.repository.as_str(),
                day,
                charge.in_trial,
                moment(charge.at),
            ];
            Ok(if change(connection, sql, values)? > 0 { Charged::Now } else { Charged::Before })
        })
        .await
    }

    async fn is_charged(
        &self,
        subscription: SubscriptionId,
        month: Month,
        digest: &Digest,
    ) -> Result<bool, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            let sql = "SELECT 1 FROM charge WHERE subscription = ?1 AND month = ?2 AND digest = ?3";
            exists(connection, sql, params![subscription.to_string(), month.to_string(), digest.as_str()])
        })
        .await
    }

    async fn metered(&self, filter: &UsageFilter) -> Result<Vec<UsageRow>, Error> {
        let filter = filter.clone();
        self.read(move |connection| {
            let registries = filter.registries.as_ref().map(json_text).transpose()?;
            let key = params![
                filter.subscription.to_string(),
                filter.from.to_string(),
                filter.until.to_string(),
                registries
            ];
            rows(connection, USAGE, key, |row| {
                Ok(UsageRow {
                    registry: RegistryId(row.plain("registry")?),
                    registry_name: row.plain("registry_name")?,
                    day: row.parsed("day")?,
                    images: row.count("images")?,
                    in_trial: row.count("in_trial")?,
                })
            })
        })
        .await
    }
}

/// What was charged in a range of days.
pub(super) const USAGE: &str =
    "SELECT registry, max(registry_name) AS registry_name, day, sum(1 - in_trial) AS images, sum(in_trial) AS in_trial FROM charge
     WHERE subscription = ?1 AND day BETWEEN ?2 AND ?3
       AND (?4 IS NULL OR registry IN (SELECT value FROM json_each(?4)))
     GROUP BY day, registry ORDER BY day, registry";

#[cfg(test)]
mod tests {
    use super::super::SqliteStore;

    #[tokio::test]
    async fn entries_of_ledger_audit_and_trial_are_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("records.sqlite")).unwrap();
        let fill = "INSERT INTO charge VALUES ('s', '2026-01', 'd', 1, 'app', '2026-01-01', 0, 0, 'r');
                    INSERT INTO audit VALUES (1, 0, '', NULL, NULL, 'arm', 'PUT', '/', 200, 'r', NULL, NULL);
                    INSERT INTO plan_trial VALUES ('s', 'p', 0)";
        store.write(move |connection| Ok(connection.execute_batch(fill)?)).await.unwrap();
        for sql in [
            "UPDATE charge SET in_trial = 1",
            "DELETE FROM charge",
            "UPDATE audit SET actor = 'x'",
            "DELETE FROM audit",
            "UPDATE plan_trial SET began_at = 1",
            "DELETE FROM plan_trial",
        ] {
            let changed = store.write(move |connection| Ok(connection.execute(sql, [])?)).await;
            assert!(changed.is_err(), "{sql}");
        }
    }
}
