//! Deliveries in SQLite: made with their events, given out, ended.

use super::{of_id, webhook};
use crate::sqlite::column::{Columns, change, corrupt, json_text, moment, row, rows, value, with_surplus};
use crate::sqlite::events;
use crate::{
    AttemptEnd, Delivery, DeliveryClaim, DeliveryExchange, DeliveryId, DeliveryState, DueDelivery, Error,
    NewEvent, Page, PageRequest, WebhookAction, WebhookId,
};
use jiff::Timestamp;
use oci::Tag;
use rusqlite::{Connection, Row, params};
use serde_json::Value;

const WAITING_STATE: i64 = 0;
const SENDING_STATE: i64 = 1;
const DELIVERED_STATE: i64 = 2;
const DEAD_STATE: i64 = 3;

/// The deliveries of a webhook, the latest first.
pub(in crate::sqlite) const LOG: &str =
    "SELECT * FROM delivery WHERE webhook = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

/// The deliveries of a webhook in a state that are due.
pub(in crate::sqlite) const WAITING: &str =
    "SELECT id FROM delivery WHERE webhook = ?1 AND state = ?2 AND due <= ?3 ORDER BY due, id LIMIT ?4";

/// Makes the deliveries of an event, in its transaction.
pub(in crate::sqlite) fn fan_out(
    connection: &Connection,
    sequence: i64,
    event: &NewEvent,
) -> Result<(), Error> {
    let actions = WebhookAction::of_event(event);
    let (Some(registry), Some(repository)) = (event.registry, &event.repository) else { return Ok(()) };
    if actions.is_empty() {
        return Ok(());
    }
    let listening = "SELECT * FROM webhook WHERE registry = ?1 AND enabled = 1 ORDER BY id";
    let named = tags(event);
    for webhook in rows(connection, listening, [registry.0], webhook)? {
        let settings = &webhook.settings;
        for action in actions.iter().filter(|action| settings.actions.contains(action)) {
            let tellings: Vec<Vec<Tag>> = if action.is_per_tag() && !named.is_empty() {
                named.iter().map(|tag| vec![tag.clone()]).collect()
            } else {
                vec![named.clone()]
            };
            for tags in tellings.iter().filter(|tags| settings.scope.covers(repository, tags)) {
                let tag = if let [tag] = tags.as_slice() { Some(tag) } else { None };
                make(connection, webhook.id, Some(sequence), *action, tag, event.at)?;
            }
        }
    }
    Ok(())
}

/// The tags that an event is about: its own, or those that it lists.
fn tags(event: &NewEvent) -> Vec<Tag> {
    let listed = event.detail.get("tags").and_then(Value::as_array).into_iter().flatten();
    let listed = listed.filter_map(|tag| tag.as_str()?.parse().ok());
    event.tag.iter().cloned().chain(listed).collect()
}

fn make(
    connection: &Connection,
    webhook: WebhookId,
    event: Option<i64>,
    action: WebhookAction,
    tag: Option<&Tag>,
    at: Timestamp,
) -> Result<DeliveryId, Error> {
    let sql = "INSERT INTO delivery (webhook, event, action, tag, state, attempts, due, created_at)
               VALUES (?1, ?2, ?3, ?4, 0, 0, ?5, ?5)";
    change(connection, sql, params![webhook.0, event, action.as_str(), tag.map(Tag::as_str), moment(at)])?;
    Ok(DeliveryId(connection.last_insert_rowid()))
}

pub(super) fn ping(connection: &Connection, id: WebhookId, at: Timestamp) -> Result<DeliveryId, Error> {
    if of_id(connection, id.0)?.is_none() {
        return Err(Error::Unknown { what: "webhook", name: id.0.to_string() });
    }
    make(connection, id, None, WebhookAction::Ping, None, at)
}

/// Whether anything may be due.
pub(super) fn is_due(connection: &Connection, at: Timestamp) -> Result<bool, Error> {
    Ok(next(connection)?.is_some_and(|due| due <= at))
}

pub(super) fn next(connection: &Connection) -> Result<Option<Timestamp>, Error> {
    // Of webhooks that are on: what waits for one that is off is never due.
    let sql = "SELECT min(due) FROM (
                   SELECT (SELECT min(due) FROM delivery d WHERE d.webhook = w.id AND d.state = 0) AS due
                   FROM webhook w WHERE w.enabled = 1
                   UNION ALL
                   SELECT (SELECT min(due) FROM delivery d WHERE d.webhook = w.id AND d.state = 1)
                   FROM webhook w WHERE w.enabled = 1)";
    let due = value::<Option<i64>>(connection, sql, [])?.flatten();
    due.map(|due| Timestamp::from_microsecond(due).map_err(|_| corrupt("due", &due.to_string()))).transpose()
}

pub(super) fn claim(connection: &Connection, claim: DeliveryClaim) -> Result<Vec<DueDelivery>, Error> {
    let webhooks = rows(connection, "SELECT * FROM webhook WHERE enabled = 1 ORDER BY id", [], webhook)?;
    let now = moment(claim.at);
    let mut candidates = Vec::new();
    for webhook in &webhooks {
        let sending = "SELECT count(*) FROM delivery WHERE webhook = ?1 AND state = 1 AND due > ?2";
        let sending = value::<i64>(connection, sending, params![webhook.id.0, now])?.unwrap_or_default();
        let free = claim.per_webhook.saturating_sub(usize::try_from(sending).unwrap_or(usize::MAX));
        let mut found: Vec<i64> = Vec::new();
        for state in [SENDING_STATE, WAITING_STATE] {
            let wanted = params![webhook.id.0, state, now, i64::try_from(free - found.len()).unwrap_or(0)];
            found.extend(rows(connection, WAITING, wanted, |row| row.plain::<i64>("id"))?);
        }
        // The first of every webhook comes before the second of any.
        candidates.extend(found.into_iter().enumerate().map(|(place, id)| (place, id, webhook)));
    }
    candidates.sort_by_key(|(place, id, _)| (*place, *id));
    let until = claim.at.checked_add(claim.lease).unwrap_or(Timestamp::MAX);
    let mut claimed = Vec::new();
    for (_, id, webhook) in candidates.into_iter().take(claim.limit) {
        let sql =
            "UPDATE delivery SET state = 1, attempts = attempts + 1, due = ?2 WHERE id = ?1 RETURNING *";
        let delivery = row(connection, sql, params![id, moment(until)], delivery)?;
        let Some(delivery) = delivery else { continue };
        let event = match delivery.event {
            Some(sequence) => events::at(connection, sequence)?,
            None => None,
        };
        claimed.push(DueDelivery {
            id: delivery.id,
            attempt: delivery.attempts,
            webhook: webhook.clone(),
            action: delivery.action,
            tag: delivery.tag,
            event,
            created_at: delivery.created_at,
        });
    }
    Ok(claimed)
}

pub(super) fn end(
    connection: &Connection,
    delivery: DeliveryId,
    attempt: u32,
    exchange: &DeliveryExchange,
    end: AttemptEnd,
    at: Timestamp,
) -> Result<bool, Error> {
    let (state, due) = match end {
        AttemptEnd::Delivered => (DELIVERED_STATE, at),
        AttemptEnd::Again(then) => (WAITING_STATE, then),
        AttemptEnd::Dead => (DEAD_STATE, at),
    };
    let sql = "UPDATE delivery SET state = ?3, due = ?4, exchange = ?5
               WHERE id = ?1 AND attempts = ?2 AND state = 1";
    let values = params![delivery.0, attempt, state, moment(due), json_text(exchange)?];
    Ok(change(connection, sql, values)? > 0)
}

pub(super) fn log(
    connection: &Connection,
    webhook: WebhookId,
    page: &PageRequest<DeliveryId>,
) -> Result<Page<Delivery, DeliveryId>, Error> {
    let limit = page.bounded_limit();
    let before = page.after.map_or(i64::MAX, |delivery| delivery.0);
    let items = rows(connection, LOG, params![webhook.0, before, with_surplus(limit)], delivery)?;
    Ok(Page::from_surplus(items, limit, |delivery| delivery.id))
}

/// The attempts go on counting: an end that somebody still reports for an old one fits none that follows.
pub(super) fn again(connection: &Connection, delivery: DeliveryId, at: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE delivery SET state = 0, due = ?2 WHERE id = ?1 AND state = 3";
    Ok(change(connection, sql, params![delivery.0, moment(at)])? > 0)
}

pub(super) fn forget(connection: &Connection, delivered: Timestamp, dead: Timestamp) -> Result<u64, Error> {
    let sql = "DELETE FROM delivery WHERE state = ?1 AND due < ?2";
    let forgotten = change(connection, sql, params![DELIVERED_STATE, moment(delivered)])?
        + change(connection, sql, params![DEAD_STATE, moment(dead)])?;
    Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
}

fn delivery(row: &Row<'_>) -> Result<Delivery, Error> {
    let exchange: Option<String> = row.plain("exchange")?;
    let state: i64 = row.plain("state")?;
    Ok(Delivery {
        id: DeliveryId(row.plain("id")?),
        action: row.word("action", WebhookAction::from_word)?,
        tag: row.maybe_parsed("tag")?,
        event: row.plain("event")?,
        state: match state {
            WAITING_STATE => DeliveryState::Waiting,
            SENDING_STATE => DeliveryState::Sending,
            DELIVERED_STATE => DeliveryState::Delivered,
            DEAD_STATE => DeliveryState::Dead,
            other => return Err(corrupt("state", &other.to_string())),
        },
        attempts: row.count("attempts")?,
        due: row.moment("due")?,
        created_at: row.moment("created_at")?,
        exchange: match exchange {
            Some(_) => Some(row.json("exchange")?),
            None => None,
        },
    })
}
