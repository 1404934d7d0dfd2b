//! What was deleted and can be restored: `/acr/v1/_deleted/…`, as `az acr manifest` asks for it.

use crate::error::RegistryError;
use crate::listing::rows;
use crate::router::{Admitted, add, json};
use crate::{Permission, PushedManifest, body};
use axum::body::Body;
use axum::response::Response;
use http::header;
use oci::{Digest, Manifest, MediaType, RepositoryName, Tag};
use serde_json::{Value, json};
use store::{ImageKey, Manifests, PageRequest, Restoration};

/// A wish to restore is small.
const WISH_BYTES: usize = 4096;

/// The repositories with something to restore, of those that the caller may see.
pub(crate) async fn catalog(admitted: &Admitted<'_>) -> Result<Response, RegistryError> {
    let Admitted { state, site, caller, .. } = admitted;
    let rows = rows(admitted)?;
    let mut after = last::<RepositoryName>(admitted)?;
    let mut names: Vec<RepositoryName> = Vec::new();
    let mut is_over = rows == 0;
    while !is_over && names.len() <= rows {
        let request = PageRequest { after: after.take(), limit: state.limits.page_rows };
        let page = state.store.deleted_repositories(site.registry.id, request).await?;
        for name in page.items {
            let right = Permission::DeletedRead;
            if state.authority.allowed(site, &caller.principal, right, Some(&name)).await? {
                names.push(name);
            }
        }
        is_over = page.next.is_none();
        after = page.next;
    }
    let has_more = names.len() > rows;
    names.truncate(rows);
    let mut response = json(&json!({ "repositories": names }));
    if let (true, Some(last)) = (has_more, names.last()) {
        let last = last.as_str().replace('/', "%2F");
        link(&mut response, &format!("/acr/v1/_deleted/_catalog?last={last}&n={rows}"));
    }
    Ok(response)
}

/// The manifests of a repository that can be restored.
pub(crate) async fn manifests(
    admitted: &Admitted<'_>,
    name: RepositoryName,
) -> Result<Response, RegistryError> {
    let rows = rows(admitted)?;
    let request = PageRequest { after: last::<Digest>(admitted)?, limit: rows };
    let page = admitted.state.store.deleted_manifests(&admitted.key(&name), request).await?;
    let items: Vec<Value> = page
        .items
        .iter()
        .take(rows)
        .map(|manifest| {
            json!({
                "digest": manifest.digest,
                "mediaType": manifest.media_type,
                "tags": manifest.tags,
                "createdTime": manifest.pushed_at.to_string(),
                "deletedAt": manifest.deleted_at.to_string(),
            })
        })
        .collect();
    let document = json!({
        "registry": admitted.site.registry.login_server, "imageName": name, "manifests": items,
    });
    let mut response = json(&document);
    if let Some(next) = page.next.filter(|_| rows > 0) {
        link(&mut response, &format!("/acr/v1/_deleted/{name}/_manifests?last={next}&n={rows}"));
    }
    Ok(response)
}

/// The tags of manifests that can be restored, the longest deleted first: clients take the last of a name.
pub(crate) async fn tags(admitted: &Admitted<'_>, name: RepositoryName) -> Result<Response, RegistryError> {
    let request = PageRequest::first(PageRequest::<Digest>::MAX);
    let mut deleted = admitted.state.store.deleted_manifests(&admitted.key(&name), request).await?.items;
    deleted.sort_by_key(|manifest| manifest.deleted_at);
    let items: Vec<Value> = deleted
        .iter()
        .flat_map(|manifest| manifest.tags.iter().map(move |tag| (manifest, tag)))
        .map(|(manifest, tag)| {
            json!({ "tag": tag, "digest": manifest.digest, "deletedAt": manifest.deleted_at.to_string() })
        })
        .collect();
    let document =
        json!({ "registry": admitted.site.registry.login_server, "imageName": name, "tags": items });
    Ok(json(&document))
}

/// Restores a manifest: under the tag of the body, or else without one.
pub(crate) async fn restore(
    admitted: &Admitted<'_>,
    name: RepositoryName,
    digest: Digest,
    content: Body,
) -> Result<Response, RegistryError> {
    let Admitted { state, caller, .. } = admitted;
    let force = match admitted.query.first("force") {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("false") => false,
        Some(word) if word.eq_ignore_ascii_case("true") => true,
        Some(_) => return Err(RegistryError::RestoreRequest("`force` is true or false")),
    };
    let content = body::read(content, state.limits.body_idle, WISH_BYTES).await?;
    let tag = wish(&content.ok_or(RegistryError::RestoreRequest("the body is too large"))?)?;
    let image = ImageKey { repository: admitted.key(&name), digest };
    let at = state.now();
    let restored = state.store.restore_manifest(&image, tag.as_ref(), force, &caller.actor(), at).await?;
    match restored {
        Restoration::Restored(digests) => {
            for digest in &digests {
                ask_again(admitted, &name, digest).await?;
            }
        }
        Restoration::Absent => return Err(RegistryError::ManifestUnknown),
        Restoration::TagTaken => return Err(RegistryError::TagTaken),
        Restoration::MissingReferences(missing) => return Err(RegistryError::MissingReferences(missing)),
        Restoration::Locked(lock) => return Err(RegistryError::Locked(lock)),
    }
    let mut answer = json!({ "registry": admitted.site.registry.login_server, "imageName": name });
    answer["manifest"] = json!({ "digest": image.digest, "tags": tag.iter().collect::<Vec<_>>() });
    Ok(json(&answer))
}

/// What is asked for a manifest that arrives is asked for one that comes back.
async fn ask_again(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<(), RegistryError> {
    let Admitted { state, site, .. } = admitted;
    let stored = Manifests::manifest(&*state.store, &admitted.key(name), digest).await?;
    let Some(stored) = stored else { return Ok(()) };
    let Ok(media_type) = stored.media_type.parse::<MediaType>() else { return Ok(()) };
    let Ok(manifest) = Manifest::parse(&media_type, &stored.bytes) else { return Ok(()) };
    let at = state.now();
    let pushed = PushedManifest { site, repository: name, digest, manifest: &manifest, at };
    state.store.enqueue((state.after_push)(&pushed), at).await?;
    Ok(())
}

/// The tag that a body asks for; none if there is no body.
fn wish(bytes: &[u8]) -> Result<Option<Tag>, RegistryError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let document: Value = serde_json::from_slice(bytes)
        .map_err(|_| RegistryError::RestoreRequest("the body is {\"tag\": TAG}, or empty"))?;
    match document.get("tag") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.parse()?)),
        Some(_) => Err(RegistryError::RestoreRequest("`tag` is a text")),
    }
}

/// The last row of the page before.
fn last<T: std::str::FromStr>(admitted: &Admitted<'_>) -> Result<Option<T>, RegistryError> {
    let last = admitted.query.first("last").filter(|text| !text.is_empty());
    last.map(|text| text.parse().map_err(|_| RegistryError::Query)).transpose()
}

fn link(response: &mut Response, target: &str) {
    add(response, [(header::LINK, format!("<{target}>; rel=\"next\""))]);
}
