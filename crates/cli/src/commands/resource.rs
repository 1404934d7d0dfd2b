//! What the commands of the resource manager share: subscriptions, paths and lists.

use crate::client::Client;
use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The version of the forms that these commands send.
pub(super) const REGISTRY_VERSION: &str = "api-version=2025-11-01";
/// The version of groups and subscriptions.
pub(super) const RESOURCE_VERSION: &str = "api-version=2022-12-01";

/// The subscription that was named, or the first one that this account sees.
pub(super) async fn subscription(client: &Client, given: Option<&str>) -> Result<String> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let page: Value = client.get(&format!("/subscriptions?{RESOURCE_VERSION}")).await?;
    page["value"][0]["subscriptionId"]
        .as_str()
        .map(str::to_owned)
        .context("this account sees no subscription; name one with --subscription")
}

/// All rows of a list.
pub(super) async fn list(client: &Client, path: &str) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    let mut next = path.to_owned();
    loop {
        let page: Value = client.get(&next).await?;
        rows.extend(page["value"].as_array().cloned().unwrap_or_default());
        let Some(link) = page["nextLink"].as_str() else { return Ok(rows) };
        // Only where the list came from is asked for its next page: the password goes nowhere else.
        next = link.strip_prefix(client.server()).context("the server links to another server")?.to_owned();
    }
}

/// The id of a registry, by its name, among those that this account sees.
pub(super) async fn registry(client: &Client, subscription: &str, name: &str) -> Result<String> {
    let path = format!(
        "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/registries?{REGISTRY_VERSION}"
    );
    let found = list(client, &path).await?;
    let named = |row: &&Value| row["name"].as_str().is_some_and(|here| here.eq_ignore_ascii_case(name));
    match found.iter().find(named).and_then(|row| row["id"].as_str()) {
        Some(id) => Ok(id.to_owned()),
        None => {
            bail!("this account sees no registry named {name}; `lazaretto registry list` shows those it sees")
        }
    }
}

/// A member of a row as text; empty if it is not there.
pub(super) fn text<'a>(row: &'a Value, pointer: &str) -> &'a str {
    row.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
