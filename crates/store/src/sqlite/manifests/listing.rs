//! The listings of manifests, tags, referrers and parents, page by page.

use crate::sqlite::column::{Columns, rows, with_surplus};
use crate::sqlite::repositories;
use crate::{Error, ManifestSummary, Page, PageRequest, Referrer, RepositoryKey, Tagged};
use oci::{Digest, Tag};
use rusqlite::{Connection, params};

/// The manifests of a repository. The columns are named, so that the bytes are not read.
pub(in crate::sqlite) const MANIFESTS: &str =
    "SELECT digest, media_type, size, artifact_type, subject, config, pushed_at
     FROM manifest WHERE repository = ?1 AND digest > ?2 ORDER BY digest LIMIT ?3";

/// Manifests that are about another one.
pub(in crate::sqlite) const REFERRERS: &str = "SELECT digest, media_type, size, artifact_type, annotations
     FROM manifest WHERE repository = ?1 AND subject = ?2 AND digest > ?3
     AND (?4 IS NULL OR artifact_type = ?4) ORDER BY digest LIMIT ?5";

/// The tags of a repository.
pub(in crate::sqlite) const TAGS: &str = "SELECT name, digest, created_at, updated_at FROM tag
     WHERE repository = ?1 AND name > ?2 ORDER BY name LIMIT ?3";

/// Indexes that have a manifest as their child. CROSS JOIN keeps the order: first who points there at all.
pub(in crate::sqlite) const PARENTS: &str =
    "SELECT m.digest FROM manifest_reference r CROSS JOIN manifest m ON m.id = r.manifest
     WHERE r.digest = ?2 AND r.kind = 'manifest' AND m.repository = ?1 ORDER BY m.digest";

/// A page of manifests.
pub(super) fn manifests(
    connection: &Connection,
    repository: &RepositoryKey,
    page: &PageRequest<Digest>,
) -> Result<Page<ManifestSummary, Digest>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(nothing()) };
    let limit = page.bounded_limit();
    let after = page.after.as_ref().map_or("", Digest::as_str);
    let tags = "SELECT name FROM tag WHERE repository = ?1 AND digest = ?2 ORDER BY name";
    let items = rows(connection, MANIFESTS, params![id, after, with_surplus(limit)], |row| {
        let digest: Digest = row.parsed("digest")?;
        Ok(ManifestSummary {
            tags: rows(connection, tags, params![id, digest.as_str()], |row| row.parsed("name"))?,
            digest,
            media_type: row.plain("media_type")?,
            size: row.count("size")?,
            artifact_type: row.plain("artifact_type")?,
            subject: row.maybe_parsed("subject")?,
            config: row.maybe_parsed("config")?,
            pushed_at: row.moment("pushed_at")?,
        })
    })?;
    Ok(Page::from_surplus(items, limit, |item| item.digest.clone()))
}

/// A page of referrers.
pub(super) fn referrers(
    connection: &Connection,
    repository: &RepositoryKey,
    subject: &Digest,
    artifact_type: Option<&str>,
    page: &PageRequest<Digest>,
) -> Result<Page<Referrer, Digest>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(nothing()) };
    let limit = page.bounded_limit();
    let after = page.after.as_ref().map_or("", Digest::as_str);
    let wanted = params![id, subject.as_str(), after, artifact_type, with_surplus(limit)];
    let items = rows(connection, REFERRERS, wanted, |row| {
        Ok(Referrer {
            digest: row.parsed("digest")?,
            media_type: row.plain("media_type")?,
            size: row.count("size")?,
            artifact_type: row.plain("artifact_type")?,
            annotations: row.json("annotations")?,
        })
    })?;
    Ok(Page::from_surplus(items, limit, |item| item.digest.clone()))
}

/// A page of tags.
pub(super) fn tags(
    connection: &Connection,
    repository: &RepositoryKey,
    page: &PageRequest<Tag>,
) -> Result<Page<Tagged, Tag>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(nothing()) };
    let limit = page.bounded_limit();
    let after = page.after.as_ref().map_or("", Tag::as_str);
    let items = rows(connection, TAGS, params![id, after, with_surplus(limit)], |row| {
        Ok(Tagged {
            tag: row.parsed("name")?,
            digest: row.parsed("digest")?,
            created_at: row.moment("created_at")?,
            updated_at: row.moment("updated_at")?,
        })
    })?;
    Ok(Page::from_surplus(items, limit, |item| item.tag.clone()))
}

/// The indexes that have a manifest as their child.
pub(in crate::sqlite) fn parents(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<Vec<Digest>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(Vec::new()) };
    rows(connection, PARENTS, params![id, digest.as_str()], |row| row.parsed("digest"))
}

fn nothing<T, K>() -> Page<T, K> {
    Page { items: Vec::new(), next: None }
}
