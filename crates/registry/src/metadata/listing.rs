//! Lists of tags and manifests, page by page.

use super::document;
use crate::error::RegistryError;
use crate::listing::rows;
use crate::router::{Admitted, add, json};
use axum::response::Response;
use http::header;
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use serde_json::Value;
use std::fmt::Display;
use std::str::FromStr;
use store::{Order, PageRequest, TagFilter, TimedKey};

/// A page of manifests is shorter than one of tags: for each row the manifest and its configuration are read.
const MANIFEST_ROWS: usize = 100;

/// GET of the tags of a repository.
pub(crate) async fn tags(admitted: &Admitted<'_>, name: RepositoryName) -> Result<Response, RegistryError> {
    let digest = admitted.query.first("digest").map(str::parse::<Digest>).transpose()?;
    let (order, rows) = (order(admitted)?, rows(admitted)?);
    let key = admitted.key(&name);
    let store = &admitted.state.store;
    if !store.repository_exists(&key).await? {
        return Err(RegistryError::RepositoryUnknown);
    }
    let last = last(admitted)?;
    let after = match last {
        Some((tag, None)) if order != Order::Name => {
            let found = store.tag_details(&key, &tag).await?.ok_or(RegistryError::Query)?;
            Some(TimedKey { at: found.updated_at, name: tag })
        }
        last => last.map(|(name, at)| TimedKey { at: at.unwrap_or_default(), name }),
    };
    let filter = TagFilter { digest: digest.clone(), order };
    let page = store.listed_tags(&key, &filter, PageRequest { after, limit: rows }).await?;
    let items = if rows == 0 { Vec::new() } else { page.items.iter().map(document::tag).collect() };
    let more = digest.map(|digest| format!("&digest={digest}")).unwrap_or_default();
    let next = page.next.filter(|_| rows > 0);
    Ok(answer(admitted, &name, ("tags", "_tags"), items, next.as_ref(), (rows, order, &more)))
}

/// GET of the manifests of a repository.
pub(crate) async fn manifests(
    admitted: &Admitted<'_>,
    name: RepositoryName,
) -> Result<Response, RegistryError> {
    let (order, rows) = (order(admitted)?, rows(admitted)?.min(MANIFEST_ROWS));
    let key = admitted.key(&name);
    let store = &admitted.state.store;
    if !store.repository_exists(&key).await? {
        return Err(RegistryError::RepositoryUnknown);
    }
    let last = last(admitted)?;
    let after = match last {
        Some((digest, None)) if order != Order::Name => {
            let found = store.manifest_details(&key, &digest).await?.ok_or(RegistryError::Query)?;
            Some(TimedKey { at: found.pushed_at, name: digest })
        }
        last => last.map(|(name, at)| TimedKey { at: at.unwrap_or_default(), name }),
    };
    let page = store.listed_manifests(&key, order, PageRequest { after, limit: rows }).await?;
    let mut items = Vec::new();
    for details in page.items.iter().take(rows) {
        items.push(document::manifest(admitted, &key, details).await?);
    }
    let next = page.next.filter(|_| rows > 0);
    Ok(answer(admitted, &name, ("manifests", "_manifests"), items, next.as_ref(), (rows, order, "")))
}

/// A list, with where it goes on.
fn answer<T: Display>(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    (member, segment): (&str, &str),
    items: Vec<Value>,
    next: Option<&TimedKey<T>>,
    (rows, order, more): (usize, Order, &str),
) -> Response {
    let mut document = document::head(admitted.site, name);
    document[member] = Value::Array(items);
    let mut response = json(&document);
    if let Some(next) = next {
        // Names, digests and moments in microseconds need no escaping in a query.
        let (last, at, order) = (&next.name, next.at.as_microsecond(), word(order));
        let query = format!("last={last}&n={rows}&orderby={order}&at={at}{more}");
        let link = format!("</acr/v1/{name}/{segment}?{query}>; rel=\"next\"");
        add(&mut response, [(header::LINK, link)]);
    }
    response
}

fn order(admitted: &Admitted<'_>) -> Result<Order, RegistryError> {
    match admitted.query.first("orderby") {
        None | Some("" | "none") => Ok(Order::Name),
        Some("timeasc") => Ok(Order::OldestFirst),
        Some("timedesc") => Ok(Order::NewestFirst),
        Some(_) => Err(RegistryError::Query),
    }
}

fn word(order: Order) -> &'static str {
    match order {
        Order::Name => "",
        Order::OldestFirst => "timeasc",
        Order::NewestFirst => "timedesc",
    }
}

/// The last row of the page before, with its moment where the client brings it back.
fn last<T: FromStr>(admitted: &Admitted<'_>) -> Result<Option<(T, Option<Timestamp>)>, RegistryError> {
    let Some(text) = admitted.query.first("last").filter(|text| !text.is_empty()) else { return Ok(None) };
    let name = text.parse().map_err(|_| RegistryError::Query)?;
    let at = admitted.query.first("at").map(|text| {
        let micros = text.parse().map_err(|_| RegistryError::Query)?;
        Timestamp::from_microsecond(micros).map_err(|_| RegistryError::Query)
    });
    Ok(Some((name, at.transpose()?)))
}
