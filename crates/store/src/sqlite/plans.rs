//! Plans with all that belongs to them, in SQLite.

use super::column::{Columns, change, json_text, moment, row, rows};
use super::{SqliteStore, tenancy};
use crate::{Error, PlanSetting, PlanTier, Plans, RegistryId, SubscriptionId};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;

#[async_trait]
impl Plans for SqliteStore {
    async fn put_plan(&self, setting: PlanSetting, at: Timestamp) -> Result<PlanSetting, Error> {
        self.write(move |connection| put(connection, &setting, at)).await
    }

    async fn plan_setting(
        &self,
        subscription: SubscriptionId,
        registry: Option<RegistryId>,
        name: &str,
    ) -> Result<Option<PlanSetting>, Error> {
        let name = name.to_owned();
        self.read(move |connection| match registry {
            Some(registry) => find(connection, subscription, registry, &name),
            None => of_subscription(connection, subscription, &name),
        })
        .await
    }

    async fn registry_plans(
        &self,
        subscription: SubscriptionId,
        name: &str,
    ) -> Result<Vec<PlanSetting>, Error> {
        let name = name.to_owned();
        self.read(move |connection| {
            let sql = "SELECT * FROM plan_setting WHERE subscription = ?1 AND name = ?2 AND registry > 0
                       ORDER BY registry";
            rows(connection, sql, params![subscription.to_string(), name], setting)
        })
        .await
    }

    async fn delete_registry_plan(
        &self,
        subscription: SubscriptionId,
        registry: RegistryId,
        name: &str,
    ) -> Result<bool, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM plan_setting
                       WHERE subscription = ?1 AND name = ?2 AND registry = ?3 AND registry > 0";
            Ok(change(connection, sql, params![subscription.to_string(), name, registry.0])? > 0)
        })
        .await
    }

    async fn trial_began(
        &self,
        subscription: SubscriptionId,
        name: &str,
    ) -> Result<Option<Timestamp>, Error> {
        let name = name.to_owned();
        self.read(move |connection| {
            let sql = "SELECT began_at FROM plan_trial WHERE subscription = ?1 AND name = ?2";
            row(connection, sql, params![subscription.to_string(), name], |row| row.moment("began_at"))
        })
        .await
    }
}

/// The subscription itself, in the column of registries, whose numbers begin at 1.
const SUBSCRIPTION: RegistryId = RegistryId(0);

/// The trial of a plan begins, if it did not before.
pub(super) fn begin_trial(
    connection: &Connection,
    subscription: SubscriptionId,
    name: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO plan_trial (subscription, name, began_at) VALUES (?1, ?2, ?3)
               ON CONFLICT DO NOTHING";
    change(connection, sql, params![subscription.to_string(), name, moment(at)])?;
    Ok(())
}

fn put(connection: &Connection, new: &PlanSetting, at: Timestamp) -> Result<PlanSetting, Error> {
    let registry = new.registry.unwrap_or(SUBSCRIPTION);
    let (enabled_at, changed_at) = if new.registry.is_none() {
        let plan = tenancy::set_plan(connection, new.subscription, &new.name, new.tier, at)?;
        (plan.enabled_at, plan.changed_at)
    } else {
        let before = find(connection, new.subscription, registry, &new.name)?;
        match before.filter(|before| before.tier == new.tier) {
            Some(before) => (before.enabled_at, before.changed_at),
            None => ((new.tier == PlanTier::Standard).then_some(at), at),
        }
    };
    if new.tier == PlanTier::Standard {
        begin_trial(connection, new.subscription, &new.name, at)?;
    }
    let sql = "INSERT INTO plan_setting (subscription, registry, name, tier, enforce, sub_plan, extensions,
                                         enabled_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT (subscription, name, registry) DO UPDATE SET
                   tier = excluded.tier, enforce = excluded.enforce, sub_plan = excluded.sub_plan,
                   extensions = excluded.extensions, enabled_at = excluded.enabled_at,
                   changed_at = excluded.changed_at";
    let values = params![
        new.subscription.to_string(),
        registry.0,
        new.name,
        tenancy::tier_word(new.tier),
        new.enforce,
        new.sub_plan,
        json_text(&new.extensions)?,
        enabled_at.map(moment),
        moment(changed_at),
    ];
    change(connection, sql, values)?;
    Ok(PlanSetting { enabled_at, changed_at, ..new.clone() })
}

/// The tier stands with the plan, what else there is beside it.
fn of_subscription(
    connection: &Connection,
    subscription: SubscriptionId,
    name: &str,
) -> Result<Option<PlanSetting>, Error> {
    let Some(plan) = tenancy::find_plan(connection, subscription, name)? else { return Ok(None) };
    let further = find(connection, subscription, SUBSCRIPTION, name)?;
    let (enforce, sub_plan, extensions) = further
        .map_or((false, None, json!([])), |further| (further.enforce, further.sub_plan, further.extensions));
    Ok(Some(PlanSetting {
        subscription,
        registry: None,
        name: plan.name,
        tier: plan.tier,
        enforce,
        sub_plan,
        extensions,
        enabled_at: plan.enabled_at,
        changed_at: plan.changed_at,
    }))
}

fn find(
    connection: &Connection,
    subscription: SubscriptionId,
    registry: RegistryId,
    name: &str,
) -> Result<Option<PlanSetting>, Error> {
    let sql = "SELECT * FROM plan_setting WHERE subscription = ?1 AND name = ?2 AND registry = ?3";
    row(connection, sql, params![subscription.to_string(), name, registry.0], setting)
}

fn setting(row: &Row<'_>) -> Result<PlanSetting, Error> {
    let registry = RegistryId(row.plain("registry")?);
    Ok(PlanSetting {
        subscription: SubscriptionId(row.parsed("subscription")?),
        registry: (registry != SUBSCRIPTION).then_some(registry),
        name: row.plain("name")?,
        tier: row.word("tier", tenancy::tier_of_word)?,
        enforce: row.plain("enforce")?,
        sub_plan: row.plain("sub_plan")?,
        extensions: row.json("extensions")?,
        enabled_at: row.maybe_moment("enabled_at")?,
        changed_at: row.moment("changed_at")?,
    })
}
