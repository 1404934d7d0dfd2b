//! Lists of tags and of repositories, page by page.
//!
//! Pages continue after a name, not after a number, and `n` is clamped: a client's number never sizes our memory
//! (attack C3). The list of repositories holds those that the caller may pull from.

use crate::authority::Permission;
use crate::error::RegistryError;
use crate::router::{Admitted, add, json};
use axum::response::Response;
use http::header;
use jiff::Timestamp;
use oci::{RepositoryName, Tag};
use serde_json::json;
use store::{PageRequest, TagFilter, TimedKey};

/// GET of the tags of a repository.
pub(crate) async fn tags(admitted: &Admitted<'_>, name: RepositoryName) -> Result<Response, RegistryError> {
    let rows = rows(admitted)?;
    let after = admitted.query.first("last").map(str::parse::<Tag>).transpose()?;
    let key = admitted.key(&name);
    let store = &admitted.state.store;
    if !store.repository_exists(&key).await? {
        return Err(RegistryError::RepositoryUnknown);
    }
    if rows == 0 {
        return Ok(json(&json!({ "name": name, "tags": [] })));
    }
    // By name the moment of a key does not count.
    let after = after.map(|name| TimedKey { at: Timestamp::UNIX_EPOCH, name });
    let page = store.listed_tags(&key, &TagFilter::default(), PageRequest { after, limit: rows }).await?;
    let tags: Vec<&Tag> = page.items.iter().map(|tagged| &tagged.tag).collect();
    let mut response = json(&json!({ "name": name, "tags": tags }));
    if let Some(next) = page.next {
        link(&mut response, &format!("/v2/{name}/tags/list"), next.name.as_str(), rows);
    }
    Ok(response)
}

/// GET of the catalog.
pub(crate) async fn repositories(admitted: &Admitted<'_>) -> Result<Response, RegistryError> {
    catalog_at(admitted, "/v2/_catalog").await
}

/// GET of the catalog by the metadata API. It is the same list.
pub(crate) async fn catalog(admitted: &Admitted<'_>) -> Result<Response, RegistryError> {
    catalog_at(admitted, "/acr/v1/_catalog").await
}

async fn catalog_at(admitted: &Admitted<'_>, path: &str) -> Result<Response, RegistryError> {
    let rows = rows(admitted)?;
    let after = admitted.query.first("last").map(str::parse::<RepositoryName>).transpose()?;
    if rows == 0 {
        return Ok(json(&json!({ "repositories": [] })));
    }
    // One more than asked for tells whether there is a next page.
    let mut names = visible(admitted, after, rows + 1).await?;
    let has_more = names.len() > rows;
    names.truncate(rows);
    let mut response = json(&json!({ "repositories": names }));
    if let (true, Some(last)) = (has_more, names.last()) {
        link(&mut response, path, last.as_str(), rows);
    }
    Ok(response)
}

/// The next repositories that the caller may pull from.
async fn visible(
    admitted: &Admitted<'_>,
    mut after: Option<RepositoryName>,
    count: usize,
) -> Result<Vec<RepositoryName>, RegistryError> {
    let Admitted { state, site, caller, .. } = admitted;
    let mut names = Vec::new();
    loop {
        let request = PageRequest { after, limit: state.limits.page_rows };
        let page = state.store.listed_repositories(site.registry.id, request).await?;
        for name in page.items {
            // The token opens the catalog; which repositories stand in it is a matter of rights alone.
            let may = state.authority.allowed(site, &caller.principal, Permission::Pull, Some(&name)).await?;
            if may {
                names.push(name);
            }
            if names.len() == count {
                return Ok(names);
            }
        }
        let Some(next) = page.next else { return Ok(names) };
        after = Some(next);
    }
}

/// How many rows are asked for, within the limit.
pub(crate) fn rows(admitted: &Admitted<'_>) -> Result<usize, RegistryError> {
    let limit = admitted.state.limits.page_rows;
    let Some(text) = admitted.query.first("n") else { return Ok(limit) };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RegistryError::PageSize);
    }
    // More digits than a number holds are more rows than the limit, too.
    Ok(text.parse().map_or(limit, |rows: usize| rows.min(limit)))
}

/// Points to the next page. Names and tags need no escaping in a query, but for the slash.
fn link(response: &mut Response, path: &str, last: &str, rows: usize) {
    let last = last.replace('/', "%2F");
    add(response, [(header::LINK, format!("<{path}?last={last}&n={rows}>; rel=\"next\""))]);
}
