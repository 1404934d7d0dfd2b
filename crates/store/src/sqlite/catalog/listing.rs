//! Lists of tags and manifests, in three orders, without what may not be listed.

use crate::sqlite::attributes;
use crate::sqlite::column::{Columns, moment, row, rows, value, with_surplus};
use crate::sqlite::repositories;
use crate::{
    AttributeTarget, Error, ManifestDetails, Order, Page, PageRequest, RepositoryKey, TagDetails, TagFilter,
    TimedKey,
};
use oci::{Digest, Tag};
use rusqlite::{Connection, Row, params};

/// The orders of tags: by name, oldest first, newest first. `?4` is the moment, `?5` the digest that is wanted.
pub(in crate::sqlite) const TAGS: [&str; 3] = [
    "SELECT name, digest, created_at, updated_at FROM tag t
     WHERE repository = ?1 AND name > ?2 AND ?4 IS NOT NULL AND (?5 IS NULL OR digest = ?5)
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = ?1 AND a.kind = 'tag'
                     AND a.name = t.name AND a.can_list = 0)
     ORDER BY name LIMIT ?3",
    "SELECT name, digest, created_at, updated_at FROM tag t
     WHERE repository = ?1 AND (updated_at, name) > (?4, ?2) AND (?5 IS NULL OR digest = ?5)
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = ?1 AND a.kind = 'tag'
                     AND a.name = t.name AND a.can_list = 0)
     ORDER BY updated_at, name LIMIT ?3",
    "SELECT name, digest, created_at, updated_at FROM tag t
     WHERE repository = ?1 AND (updated_at, name) < (?4, ?2) AND (?5 IS NULL OR digest = ?5)
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = ?1 AND a.kind = 'tag'
                     AND a.name = t.name AND a.can_list = 0)
     ORDER BY updated_at DESC, name DESC LIMIT ?3",
];

/// The same orders of manifests. The columns are named, so that the bytes are not read.
pub(in crate::sqlite) const MANIFESTS: [&str; 3] = [
    "SELECT id, digest, media_type, config, pushed_at FROM manifest m
     WHERE repository = ?1 AND digest > ?2 AND ?4 IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = ?1 AND a.kind = 'manifest'
                     AND a.name = m.digest AND a.can_list = 0)
     ORDER BY digest LIMIT ?3",
    "SELECT id, digest, media_type, config, pushed_at FROM manifest m
     WHERE repository = ?1 AND (pushed_at, digest) > (?4, ?2)
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = ?1 AND a.kind = 'manifest'
                     AND a.name = m.digest AND a.can_list = 0)
     ORDER BY pushed_at, digest LIMIT ?3",
    "SELECT id, digest, media_type, config, pushed_at FROM manifest m
     WHERE repository = ?1 AND (pushed_at, digest) < (?4, ?2)
     AND NOT EXISTS (SELECT 1 FROM attribute a WHERE a.repository = ?1 AND a.kind = 'manifest'
                     AND a.name = m.digest AND a.can_list = 0)
     ORDER BY pushed_at DESC, digest DESC LIMIT ?3",
];

/// The bytes of a manifest and of all under it. UNION ends where a manifest was met before.
const IMAGE_SIZE: &str = "WITH RECURSIVE tree (id) AS (
         SELECT ?2
         UNION
         SELECT m.id FROM tree JOIN manifest_reference r ON r.manifest = tree.id AND r.kind = 'manifest'
         JOIN manifest m ON m.repository = ?1 AND m.digest = r.digest)
     SELECT coalesce(sum(size), 0) FROM (
         SELECT DISTINCT b.digest, b.size FROM tree
         JOIN manifest_reference r ON r.manifest = tree.id AND r.kind = 'blob'
         JOIN blob_link b ON b.repository = ?1 AND b.digest = r.digest)";

/// The statement of an order, and where a list of that order begins.
fn ordered(statements: [&'static str; 3], order: Order) -> (&'static str, i64, &'static str) {
    let [by_name, oldest_first, newest_first] = statements;
    match order {
        Order::Name => (by_name, i64::MIN, ""),
        Order::OldestFirst => (oldest_first, i64::MIN, ""),
        Order::NewestFirst => (newest_first, i64::MAX, ""),
    }
}

/// A page of tags.
pub(super) fn tags(
    connection: &Connection,
    repository: &RepositoryKey,
    filter: &TagFilter,
    page: &PageRequest<TimedKey<Tag>>,
) -> Result<Page<TagDetails, TimedKey<Tag>>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(nothing()) };
    let limit = page.bounded_limit();
    let (sql, at, name) = ordered(TAGS, filter.order);
    let (at, name) = page.after.as_ref().map_or((at, name), |key| (moment(key.at), key.name.as_str()));
    let digest = filter.digest.as_ref().map(Digest::as_str);
    let items = rows(connection, sql, params![id, name, with_surplus(limit), at, digest], |row| {
        read_tag(connection, id, row)
    })?;
    Ok(Page::from_surplus(items, limit, |item| TimedKey { at: item.updated_at, name: item.tag.clone() }))
}

/// A tag.
pub(super) fn tag(
    connection: &Connection,
    repository: &RepositoryKey,
    tag: &Tag,
) -> Result<Option<TagDetails>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(None) };
    let sql = "SELECT name, digest, created_at, updated_at FROM tag WHERE repository = ?1 AND name = ?2";
    row(connection, sql, params![id, tag.as_str()], |row| read_tag(connection, id, row))
}

fn read_tag(connection: &Connection, repository: i64, row: &Row<'_>) -> Result<TagDetails, Error> {
    let (tag, digest): (Tag, Digest) = (row.parsed("name")?, row.parsed("digest")?);
    let mut attributes = attributes::of(connection, repository, &AttributeTarget::Tag(tag.clone()))?;
    let of_manifest = attributes::of(connection, repository, &AttributeTarget::Manifest(digest.clone()))?;
    attributes.quarantine = of_manifest.quarantine;
    attributes.quarantine_details = of_manifest.quarantine_details;
    Ok(TagDetails {
        tag,
        digest,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
        attributes,
    })
}

/// A page of manifests.
pub(super) fn manifests(
    connection: &Connection,
    repository: &RepositoryKey,
    order: Order,
    page: &PageRequest<TimedKey<Digest>>,
) -> Result<Page<ManifestDetails, TimedKey<Digest>>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(nothing()) };
    let limit = page.bounded_limit();
    let (sql, at, name) = ordered(MANIFESTS, order);
    let (at, name) = page.after.as_ref().map_or((at, name), |key| (moment(key.at), key.name.as_str()));
    let items = rows(connection, sql, params![id, name, with_surplus(limit), at], |row| {
        read_manifest(connection, id, row)
    })?;
    Ok(Page::from_surplus(items, limit, |item| TimedKey { at: item.pushed_at, name: item.digest.clone() }))
}

/// A manifest.
pub(super) fn manifest(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
) -> Result<Option<ManifestDetails>, Error> {
    let Some(id) = repositories::find(connection, repository)? else { return Ok(None) };
    let sql = "SELECT id, digest, media_type, config, pushed_at FROM manifest
               WHERE repository = ?1 AND digest = ?2";
    row(connection, sql, params![id, digest.as_str()], |row| read_manifest(connection, id, row))
}

fn read_manifest(connection: &Connection, repository: i64, row: &Row<'_>) -> Result<ManifestDetails, Error> {
    let digest: Digest = row.parsed("digest")?;
    let id: i64 = row.plain("id")?;
    let size: i64 = value(connection, IMAGE_SIZE, params![repository, id])?.unwrap_or_default();
    let tags = "SELECT name FROM tag WHERE repository = ?1 AND digest = ?2 ORDER BY name";
    Ok(ManifestDetails {
        media_type: row.plain("media_type")?,
        image_size: size.unsigned_abs(),
        config: row.maybe_parsed("config")?,
        pushed_at: row.moment("pushed_at")?,
        tags: rows(connection, tags, params![repository, digest.as_str()], |row| row.parsed("name"))?,
        attributes: attributes::of(connection, repository, &AttributeTarget::Manifest(digest.clone()))?,
        digest,
    })
}

fn nothing<T, K>() -> Page<T, K> {
    Page { items: Vec::new(), next: None }
}
