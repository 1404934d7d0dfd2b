//! Repositories and blob links in SQLite.

use super::column::{Columns, change, exists, moment, row, rows, size, with_surplus};
use super::{SqliteStore, attributes, rules};
use crate::{Error, Page, PageRequest, RegistryId, Removal, Repositories, RepositoryKey};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, RepositoryName};
use rusqlite::{Connection, params};

#[async_trait]
impl Repositories for SqliteStore {
    async fn repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<RepositoryName, RepositoryName>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let after = page.after.as_ref().map_or("", RepositoryName::as_str);
            let names = rows(connection, LIST, params![registry.0, after, with_surplus(limit)], |row| {
                row.parsed("name")
            })?;
            Ok(Page::from_surplus(names, limit, RepositoryName::clone))
        })
        .await
    }

    async fn repository_exists(&self, repository: &RepositoryKey) -> Result<bool, Error> {
        let repository = repository.clone();
        self.read(move |connection| {
            let Some(id) = find(connection, &repository)? else { return Ok(false) };
            exists(connection, "SELECT 1 FROM manifest WHERE repository = ?1 LIMIT 1", [id])
        })
        .await
    }

    async fn blob(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Option<u64>, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.read(move |connection| blob(connection, &repository, &digest)).await
    }

    async fn link_blob(
        &self,
        repository: &RepositoryKey,
        digest: &Digest,
        size: u64,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.write(move |connection| link(connection, &repository, &digest, size, at)).await
    }

    async fn mount_blob(
        &self,
        from: &RepositoryKey,
        to: &RepositoryKey,
        digest: &Digest,
        at: Timestamp,
    ) -> Result<Option<u64>, Error> {
        let (from, to, digest) = (from.clone(), to.clone(), digest.clone());
        self.write(move |connection| {
            let Some(size) = blob(connection, &from, &digest)? else { return Ok(None) };
            link(connection, &to, &digest, size, at)?;
            Ok(Some(size))
        })
        .await
    }

    async fn unlink_blob(&self, repository: &RepositoryKey, digest: &Digest) -> Result<Removal, Error> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.write(move |connection| {
            let Some(id) = find(connection, &repository)? else { return Ok(Removal::Absent) };
            if let Some(lock) = attributes::lock_on_blob(connection, id, &digest)? {
                return Ok(Removal::Locked(lock));
            }
            let sql = "DELETE FROM blob_link WHERE repository = ?1 AND digest = ?2";
            let was_there = change(connection, sql, params![id, digest.as_str()])? > 0;
            Ok(if was_there { Removal::Removed } else { Removal::Absent })
        })
        .await
    }

    async fn blob_is_linked(&self, digest: &Digest) -> Result<bool, Error> {
        let digest = digest.clone();
        self.read(move |connection| {
            exists(connection, "SELECT 1 FROM blob_link WHERE digest = ?1 LIMIT 1", [digest.as_str()])
        })
        .await
    }
}

/// The repositories of a registry that hold a manifest.
pub(super) const LIST: &str = "SELECT name FROM repository r WHERE registry = ?1 AND name > ?2
     AND EXISTS (SELECT 1 FROM manifest m WHERE m.repository = r.id) ORDER BY name LIMIT ?3";

/// The row of a repository, if it has one.
pub(super) fn find(connection: &Connection, repository: &RepositoryKey) -> Result<Option<i64>, Error> {
    let sql = "SELECT id FROM repository WHERE registry = ?1 AND name = ?2";
    row(connection, sql, params![repository.registry.0, repository.name.as_str()], |row| row.plain("id"))
}

/// The row of a repository; it is made if there is none.
pub(super) fn find_or_create(connection: &Connection, repository: &RepositoryKey) -> Result<i64, Error> {
    if let Some(id) = find(connection, repository)? {
        return Ok(id);
    }
    if !exists(connection, "SELECT 1 FROM registry WHERE id = ?1", [repository.registry.0])? {
        return Err(Error::Unknown { what: "registry", name: repository.registry.0.to_string() });
    }
    let sql = "INSERT INTO repository (registry, name) VALUES (?1, ?2)";
    change(connection, sql, params![repository.registry.0, repository.name.as_str()])?;
    Ok(connection.last_insert_rowid())
}

fn blob(connection: &Connection, repository: &RepositoryKey, digest: &Digest) -> Result<Option<u64>, Error> {
    let sql = "SELECT b.size FROM repository r JOIN blob_link b ON b.repository = r.id AND b.digest = ?3
               WHERE r.registry = ?1 AND r.name = ?2";
    let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
    row(connection, sql, key, |row| row.count("size"))
}

/// The size of a blob and the moment of its link, if the repository with this row has one.
pub(super) fn linked(
    connection: &Connection,
    repository: i64,
    digest: &Digest,
) -> Result<Option<(u64, Timestamp)>, Error> {
    let sql = "SELECT size, linked_at FROM blob_link WHERE repository = ?1 AND digest = ?2";
    row(connection, sql, params![repository, digest.as_str()], |row| {
        Ok((row.count("size")?, row.moment("linked_at")?))
    })
}

fn link(
    connection: &Connection,
    repository: &RepositoryKey,
    digest: &Digest,
    bytes: u64,
    at: Timestamp,
) -> Result<(), Error> {
    let id = find_or_create(connection, repository)?;
    let sql = "INSERT INTO blob_link (repository, digest, size, linked_at) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (repository, digest) DO UPDATE
               SET size = excluded.size, linked_at = max(linked_at, excluded.linked_at)";
    change(connection, sql, params![id, digest.as_str(), size(bytes), moment(at)])?;
    rules::keep_quota(connection, repository)
}
