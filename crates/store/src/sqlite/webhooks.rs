//! Webhooks in SQLite.

mod delivery;

use super::SqliteStore;
use super::column::{Columns, change, json_text, moment, row, rows, value};
use crate::{
    AttemptEnd, Delivery, DeliveryClaim, DeliveryExchange, DeliveryId, DueDelivery, Error, Page, PageRequest,
    RegistryId, Webhook, WebhookAction, WebhookId, WebhookPut, WebhookSettings, Webhooks,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

pub(super) use delivery::fan_out;
#[cfg(test)]
pub(super) use delivery::{LOG, WAITING};

#[async_trait]
impl Webhooks for SqliteStore {
    async fn put_webhook(
        &self,
        registry: RegistryId,
        name: &str,
        settings: WebhookSettings,
        at: Timestamp,
    ) -> Result<WebhookPut, Error> {
        let name = name.to_owned();
        let put = self.write(move |connection| put(connection, registry, &name, &settings, at)).await?;
        // One that was off may have deliveries that wait.
        self.announce_deliveries();
        Ok(put)
    }

    async fn webhook(&self, registry: RegistryId, name: &str) -> Result<Option<Webhook>, Error> {
        let name = name.to_owned();
        self.read(move |connection| find(connection, registry, &name)).await
    }

    async fn webhooks(&self, registry: RegistryId) -> Result<Vec<Webhook>, Error> {
        self.read(move |connection| {
            rows(connection, "SELECT * FROM webhook WHERE registry = ?1 ORDER BY name", [registry.0], webhook)
        })
        .await
    }

    async fn delete_webhook(&self, registry: RegistryId, name: &str) -> Result<bool, Error> {
        let name = name.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM webhook WHERE registry = ?1 AND name = ?2";
            Ok(change(connection, sql, params![registry.0, name])? > 0)
        })
        .await
    }

    async fn ping_webhook(&self, webhook: WebhookId, at: Timestamp) -> Result<DeliveryId, Error> {
        let ping = self.write(move |connection| delivery::ping(connection, webhook, at)).await?;
        self.announce_deliveries();
        Ok(ping)
    }

    async fn claim_deliveries(&self, claim: DeliveryClaim) -> Result<Vec<DueDelivery>, Error> {
        // Looked at by a reader first: most of the time nothing is due, and the writer is not asked.
        let due = self.read(move |connection| delivery::is_due(connection, claim.at)).await?;
        if !due {
            return Ok(Vec::new());
        }
        self.write(move |connection| delivery::claim(connection, claim)).await
    }

    async fn end_delivery(
        &self,
        delivery: DeliveryId,
        attempt: u32,
        exchange: DeliveryExchange,
        end: AttemptEnd,
        at: Timestamp,
    ) -> Result<bool, Error> {
        self.write(move |connection| delivery::end(connection, delivery, attempt, &exchange, end, at)).await
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        page: PageRequest<DeliveryId>,
    ) -> Result<Page<Delivery, DeliveryId>, Error> {
        self.read(move |connection| delivery::log(connection, webhook, &page)).await
    }

    async fn redeliver(&self, delivery: DeliveryId, at: Timestamp) -> Result<bool, Error> {
        let again = self.write(move |connection| delivery::again(connection, delivery, at)).await?;
        self.announce_deliveries();
        Ok(again)
    }

    async fn next_delivery(&self) -> Result<Option<Timestamp>, Error> {
        self.read(delivery::next).await
    }

    async fn forget_deliveries(&self, delivered: Timestamp, dead: Timestamp) -> Result<u64, Error> {
        self.write(move |connection| delivery::forget(connection, delivered, dead)).await
    }
}

fn put(
    connection: &Connection,
    registry: RegistryId,
    name: &str,
    settings: &WebhookSettings,
    at: Timestamp,
) -> Result<WebhookPut, Error> {
    if find(connection, registry, name)?.is_none() {
        let count = "SELECT count(*) FROM webhook WHERE registry = ?1";
        let count = value::<i64>(connection, count, [registry.0])?.unwrap_or_default();
        if usize::try_from(count).unwrap_or(usize::MAX) >= Webhook::MOST {
            return Ok(WebhookPut::TooMany);
        }
    }
    let sql =
        "INSERT INTO webhook (registry, name, location, tags, service_uri, headers, secret, actions, scope,
                                    enabled, created_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT (registry, name) DO UPDATE SET
                   location = excluded.location, tags = excluded.tags, service_uri = excluded.service_uri,
                   headers = excluded.headers, secret = excluded.secret, actions = excluded.actions,
                   scope = excluded.scope, enabled = excluded.enabled";
    let actions: Vec<&str> = settings.actions.iter().map(|action| action.as_str()).collect();
    let values = params![
        registry.0,
        name,
        settings.location,
        json_text(&settings.tags)?,
        settings.service_uri,
        json_text(&settings.headers)?,
        settings.secret,
        json_text(&actions)?,
        settings.scope.to_string(),
        settings.enabled,
        moment(at),
    ];
    change(connection, sql, values)?;
    find(connection, registry, name)?
        .map(|webhook| WebhookPut::Kept(Box::new(webhook)))
        .ok_or_else(|| Error::Unknown { what: "webhook", name: name.to_owned() })
}

fn find(connection: &Connection, registry: RegistryId, name: &str) -> Result<Option<Webhook>, Error> {
    let sql = "SELECT * FROM webhook WHERE registry = ?1 AND name = ?2";
    row(connection, sql, params![registry.0, name], webhook)
}

fn of_id(connection: &Connection, id: i64) -> Result<Option<Webhook>, Error> {
    row(connection, "SELECT * FROM webhook WHERE id = ?1", [id], webhook)
}

fn webhook(row: &Row<'_>) -> Result<Webhook, Error> {
    let actions: Vec<String> = row.json("actions")?;
    Ok(Webhook {
        id: WebhookId(row.plain("id")?),
        registry: RegistryId(row.plain("registry")?),
        name: row.plain("name")?,
        settings: WebhookSettings {
            service_uri: row.plain("service_uri")?,
            headers: row.json("headers")?,
            secret: row.plain("secret")?,
            actions: actions.iter().filter_map(|word| WebhookAction::from_word(word)).collect(),
            scope: row.parsed("scope")?,
            enabled: row.plain("enabled")?,
            location: row.plain("location")?,
            tags: row.json("tags")?,
        },
        created_at: row.moment("created_at")?,
    })
}
