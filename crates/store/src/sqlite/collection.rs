//! Collecting in SQLite.

use super::column::{Columns, change, exists, moment, rows, with_surplus};
use super::{SqliteStore, attributes, deleted, manifests, repositories};
use crate::{
    Actor, Collection, Error, ImageKey, LinkKey, Page, PageRequest, RegistryId, Removal, RepositoryKey,
};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::Digest;
use rusqlite::{Connection, params};

#[async_trait]
impl Collection for SqliteStore {
    async fn unneeded_links(
        &self,
        before: Timestamp,
        page: PageRequest<LinkKey>,
    ) -> Result<Page<LinkKey, LinkKey>, Error> {
        self.read(move |connection| unneeded_links(connection, before, &page)).await
    }

    async fn unlink_unneeded(&self, links: Vec<LinkKey>, before: Timestamp) -> Result<u64, Error> {
        self.write(move |connection| {
            let mut unlinked = 0;
            for link in &links {
                if is_needed(connection, link)? {
                    continue;
                }
                let sql = "DELETE FROM blob_link WHERE repository = ?1 AND digest = ?2 AND linked_at < ?3";
                let key = params![link.repository, link.digest.as_str(), moment(before)];
                unlinked += change(connection, sql, key)? as u64;
            }
            Ok(unlinked)
        })
        .await
    }

    async fn renew_link(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.write(move |connection| {
            let Some(id) = repositories::find(connection, &repository)? else { return Ok(false) };
            let sql = "UPDATE blob_link SET linked_at = max(linked_at, ?3)
                       WHERE repository = ?1 AND digest = ?2";
            Ok(change(connection, sql, params![id, digest.as_str(), moment(at)])? > 0)
        })
        .await
    }

    async fn blob_is_needed(&self, digest: &Digest, before: Timestamp) -> Result<bool, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            let sql = "SELECT repository, linked_at FROM blob_link WHERE digest = ?1";
            let links = rows(connection, sql, [digest.as_str()], |row| {
                let link = LinkKey { repository: row.plain("repository")?, digest: digest.clone() };
                Ok((link, row.moment("linked_at")?))
            })?;
            for (link, linked_at) in links {
                if linked_at >= before || is_needed(connection, &link)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    async fn unheld_manifests(
        &self,
        registry: RegistryId,
        before: Timestamp,
        page: PageRequest<i64>,
    ) -> Result<Page<ImageKey, i64>, Error> {
        self.read(move |connection| unheld_manifests(connection, registry, before, &page)).await
    }

    async fn delete_unheld(
        &self,
        image: &ImageKey,
        before: Timestamp,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<Removal, Error> {
        let (image, actor) = (image.clone(), actor.clone());
        self.write(move |connection| {
            let ImageKey { repository, digest } = &image;
            let Some(id) = repositories::find(connection, repository)? else { return Ok(Removal::Absent) };
            if !exists(connection, UNHELD, params![id, digest.as_str(), moment(before)])? {
                return Ok(Removal::Absent);
            }
            if let Some(lock) = attributes::lock_on_manifest(connection, id, repository, digest)? {
                return Ok(Removal::Locked(lock));
            }
            manifests::remove(connection, id, repository, digest, actor, at)?;
            Ok(Removal::Removed)
        })
        .await
    }
}

/// The next links, needed or not.
pub(super) const LINKS: &str = "SELECT repository, digest, linked_at FROM blob_link
     WHERE (repository, digest) > (?1, ?2) ORDER BY repository, digest LIMIT ?3";

/// The next manifests, held or not. The columns are named, so that the bytes are not read.
pub(super) const MANIFESTS: &str = "SELECT m.id, m.repository, r.registry, r.name, m.digest FROM manifest m
     JOIN repository r ON r.id = m.repository WHERE m.id > ?1 ORDER BY m.id LIMIT ?2";

/// A manifest that nothing holds: no tag, no index above it, and no subject that is there. A signature goes after its
/// image and not before it.
const UNHELD: &str = "SELECT 1 FROM manifest m WHERE m.repository = ?1 AND m.digest = ?2 AND m.pushed_at < ?3
     AND NOT EXISTS (SELECT 1 FROM manifest_release l WHERE l.manifest = m.id AND l.at >= ?3)
     AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.repository = ?1 AND t.digest = ?2)
     AND NOT EXISTS (SELECT 1 FROM manifest_reference p JOIN manifest i ON i.id = p.manifest
                     WHERE p.digest = ?2 AND p.kind = 'manifest' AND i.repository = ?1)
     AND NOT EXISTS (SELECT 1 FROM manifest s WHERE s.repository = ?1 AND s.digest = m.subject)";

fn unneeded_links(
    connection: &Connection,
    before: Timestamp,
    page: &PageRequest<LinkKey>,
) -> Result<Page<LinkKey, LinkKey>, Error> {
    let limit = page.bounded_limit();
    let after = page.after.as_ref().map_or((0, ""), |key| (key.repository, key.digest.as_str()));
    let seen = rows(connection, LINKS, params![after.0, after.1, with_surplus(limit)], |row| {
        let link = LinkKey { repository: row.plain("repository")?, digest: row.parsed("digest")? };
        Ok((link, row.moment("linked_at")?))
    })?;
    let seen = Page::from_surplus(seen, limit, |(link, _)| link.clone());
    let mut items = Vec::new();
    for (link, linked_at) in seen.items {
        if linked_at < before && !is_needed(connection, &link)? {
            items.push(link);
        }
    }
    Ok(Page { items, next: seen.next })
}

/// Whether a manifest of the link's repository points to the blob, or one that can be restored.
fn is_needed(connection: &Connection, link: &LinkKey) -> Result<bool, Error> {
    let key = params![link.repository, link.digest.as_str()];
    Ok(exists(connection, attributes::MANIFESTS_OF_BLOB, key)? || exists(connection, deleted::OF_BLOB, key)?)
}

fn unheld_manifests(
    connection: &Connection,
    registry: RegistryId,
    before: Timestamp,
    page: &PageRequest<i64>,
) -> Result<Page<ImageKey, i64>, Error> {
    let limit = page.bounded_limit();
    let after = page.after.unwrap_or(0);
    let seen = rows(connection, MANIFESTS, params![after, with_surplus(limit)], |row| {
        let name = row.parsed("name")?;
        let repository = RepositoryKey { registry: RegistryId(row.plain("registry")?), name };
        let image = ImageKey { repository, digest: row.parsed("digest")? };
        Ok((row.plain::<i64>("id")?, row.plain::<i64>("repository")?, image))
    })?;
    let seen = Page::from_surplus(seen, limit, |(id, ..)| *id);
    let mut items = Vec::new();
    for (_, repository, image) in seen.items {
        let key = params![repository, image.digest.as_str(), moment(before)];
        if image.repository.registry == registry && exists(connection, UNHELD, key)? {
            items.push(image);
        }
    }
    Ok(Page { items, next: seen.next })
}
