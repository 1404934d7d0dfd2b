//! Attached registries in SQLite.

use super::column::{Columns, change, exists, json_text, moment, row, rows, value, with_surplus};
use super::{SqliteStore, provisioning, tenancy};
use crate::{
    Actor, Attached, AttachedRepository, Attachment, AttachmentChange, AttachmentSettings, Attachments,
    Error, EventKind, ImportCredentials, NewAttachment, Page, PageRequest, RegistryId, RepositoryKey, Sight,
};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use oci::RepositoryName;
use rusqlite::{Connection, Row, params};

#[async_trait]
impl Attachments for SqliteStore {
    async fn attach(&self, new: NewAttachment, actor: &Actor, at: Timestamp) -> Result<Attached, Error> {
        let actor = actor.clone();
        self.write(move |connection| attach(connection, &new, actor, at)).await
    }

    async fn change_attachment(
        &self,
        registry: RegistryId,
        change: AttachmentChange,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let actor = actor.clone();
        self.write(move |connection| alter(connection, registry, &change, actor, at)).await
    }

    async fn attachment(&self, registry: RegistryId) -> Result<Option<Attachment>, Error> {
        self.read(move |connection| find(connection, registry)).await
    }

    async fn attachment_by_name(&self, name: &str) -> Result<Option<Attachment>, Error> {
        let name = name.to_owned();
        self.read(move |connection| {
            row(connection, &format!("{ATTACHMENT} WHERE r.name = ?1"), [name], attachment)
        })
        .await
    }

    async fn attachments(&self, to: RegistryId) -> Result<Vec<Attachment>, Error> {
        self.read(move |connection| {
            let sql = format!("{ATTACHMENT} WHERE r.attached_to = ?1 ORDER BY r.name");
            rows(connection, &sql, [to.0], attachment)
        })
        .await
    }

    async fn take_due_attachments(&self, at: Timestamp) -> Result<Vec<Attachment>, Error> {
        let due = "SELECT 1 FROM attachment WHERE next_poll <= ?1 LIMIT 1";
        // Looked at by a reader first: most of the time nothing is due, and the writer is not asked.
        if !self.read(move |connection| exists(connection, due, [moment(at)])).await? {
            return Ok(Vec::new());
        }
        self.write(move |connection| {
            let due = format!("{ATTACHMENT} WHERE a.next_poll <= ?1 ORDER BY a.next_poll LIMIT 100");
            let due = rows(connection, &due, [moment(at)], attachment)?;
            for one in &due {
                let pause = SignedDuration::from_secs(one.settings.poll_seconds.into());
                let next = at.saturating_add(pause).unwrap_or(Timestamp::MAX);
                let sql = "UPDATE attachment SET next_poll = ?2 WHERE registry = ?1";
                change(connection, sql, params![one.registry.id.0, moment(next)])?;
            }
            Ok(due)
        })
        .await
    }

    async fn next_attachment(&self) -> Result<Option<Timestamp>, Error> {
        self.read(|connection| {
            let sql = "SELECT min(next_poll) AS next_poll FROM attachment";
            Ok(row(connection, sql, [], |row| row.maybe_moment("next_poll"))?.flatten())
        })
        .await
    }

    async fn attachment_seen(
        &self,
        registry: RegistryId,
        outcome: Result<(), String>,
        at: Timestamp,
    ) -> Result<(), Error> {
        self.write(move |connection| {
            match outcome {
                Ok(()) => change(
                    connection,
                    "UPDATE attachment SET polled_at = ?2, failed_at = NULL, error = NULL WHERE registry = ?1",
                    params![registry.0, moment(at)],
                )?,
                Err(error) => change(
                    connection,
                    "UPDATE attachment SET failed_at = ?2, error = ?3 WHERE registry = ?1",
                    params![registry.0, moment(at), error],
                )?,
            };
            Ok(())
        })
        .await
    }

    async fn repository_seen(
        &self,
        repository: &RepositoryKey,
        outcome: Result<(), String>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let RepositoryKey { registry, name } = repository.clone();
        self.write(move |connection| {
            if !exists(connection, "SELECT 1 FROM attachment WHERE registry = ?1", [registry.0])? {
                return Ok(());
            }
            match outcome {
                Ok(()) => change(
                    connection,
                    "INSERT INTO attached_repository (registry, name, seen_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (registry, name) DO UPDATE
                     SET seen_at = excluded.seen_at, failed_at = NULL, error = NULL",
                    params![registry.0, name.as_str(), moment(at)],
                )?,
                Err(error) => change(
                    connection,
                    "INSERT INTO attached_repository (registry, name, failed_at, error) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (registry, name) DO UPDATE
                     SET failed_at = excluded.failed_at, error = excluded.error",
                    params![registry.0, name.as_str(), moment(at), error],
                )?,
            };
            Ok(())
        })
        .await
    }

    async fn forget_attached_repository(&self, repository: &RepositoryKey) -> Result<(), Error> {
        let RepositoryKey { registry, name } = repository.clone();
        self.write(move |connection| {
            let sql = "DELETE FROM attached_repository WHERE registry = ?1 AND name = ?2";
            change(connection, sql, params![registry.0, name.as_str()]).map(drop)
        })
        .await
    }

    async fn attached_repository(
        &self,
        repository: &RepositoryKey,
    ) -> Result<Option<AttachedRepository>, Error> {
        let RepositoryKey { registry, name } = repository.clone();
        self.read(move |connection| {
            let sql = "SELECT * FROM attached_repository WHERE registry = ?1 AND name = ?2";
            row(connection, sql, params![registry.0, name.as_str()], attached_repository)
        })
        .await
    }

    async fn attached_repositories(
        &self,
        registry: RegistryId,
        page: PageRequest<RepositoryName>,
    ) -> Result<Page<AttachedRepository, RepositoryName>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let after = page.after.as_ref().map_or("", RepositoryName::as_str);
            let sql =
                "SELECT * FROM attached_repository WHERE registry = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
            let key = params![registry.0, after, with_surplus(limit)];
            let found = rows(connection, sql, key, attached_repository)?;
            Ok(Page::from_surplus(found, limit, |one| one.name.clone()))
        })
        .await
    }
}

/// The columns of a registry, and beside them those of its attachment.
const ATTACHMENT: &str = "SELECT r.*, a.address, a.patterns, a.poll_seconds, a.user, a.password, a.secret,
            a.next_poll, a.polled_at AS seen_at, a.failed_at, a.error
     FROM attachment a JOIN registry r ON r.id = a.registry";

fn find(connection: &Connection, registry: RegistryId) -> Result<Option<Attachment>, Error> {
    row(connection, &format!("{ATTACHMENT} WHERE a.registry = ?1"), [registry.0], attachment)
}

fn attachment(row: &Row<'_>) -> Result<Attachment, Error> {
    let user: Option<String> = row.plain("user")?;
    let password: Option<String> = row.plain("password")?;
    Ok(Attachment {
        registry: tenancy::registry(row)?,
        settings: AttachmentSettings {
            address: row.plain("address")?,
            patterns: row.json("patterns")?,
            poll_seconds: row.count("poll_seconds")?,
        },
        login: user.zip(password).map(|(user, password)| ImportCredentials { user, password }),
        secret: row.plain("secret")?,
        next_poll: row.moment("next_poll")?,
        sight: sight(row)?,
    })
}

fn sight(row: &Row<'_>) -> Result<Sight, Error> {
    let error: Option<String> = row.plain("error")?;
    Ok(Sight { seen_at: row.maybe_moment("seen_at")?, failure: row.maybe_moment("failed_at")?.zip(error) })
}

fn attached_repository(row: &Row<'_>) -> Result<AttachedRepository, Error> {
    Ok(AttachedRepository { name: row.parsed("name")?, sight: sight(row)? })
}

fn attach(
    connection: &Connection,
    new: &NewAttachment,
    actor: Actor,
    at: Timestamp,
) -> Result<Attached, Error> {
    let count = "SELECT count(*) FROM registry WHERE attached_to = ?1";
    let count = value::<i64>(connection, count, [new.to.0])?.unwrap_or_default();
    if usize::try_from(count).unwrap_or(usize::MAX) >= Attachment::MOST {
        return Ok(Attached::TooMany);
    }
    let sql = "INSERT INTO registry (subscription, resource_group, name, login_server, location, created_at, attached_to)
               SELECT subscription, resource_group, ?2, ?3, location, ?4, id FROM registry
               WHERE id = ?1 AND attached_to IS NULL ON CONFLICT (name) DO NOTHING";
    if change(connection, sql, params![new.to.0, new.name, new.host, moment(at)])? == 0 {
        let sql = "SELECT 1 FROM registry WHERE id = ?1 AND attached_to IS NULL";
        if !exists(connection, sql, [new.to.0])? {
            return Err(Error::Unknown { what: "registry", name: new.to.0.to_string() });
        }
        return Ok(Attached::NameTaken);
    }
    let id = RegistryId(connection.last_insert_rowid());
    let AttachmentSettings { address, patterns, poll_seconds } = &new.settings;
    let (user, password) = halves(new.login.as_ref());
    let sql = "INSERT INTO attachment (registry, address, patterns, poll_seconds, user, password, secret, next_poll)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let patterns = json_text(patterns)?;
    let values = params![id.0, address, patterns, poll_seconds, user, password, new.secret, moment(at)];
    change(connection, sql, values)?;
    provisioning::tell(connection, EventKind::REGISTRY_ATTACHED, id, &new.name, actor, at)?;
    let attached = find(connection, id)?;
    let attached = attached.ok_or_else(|| Error::Unknown { what: "registry", name: new.name.clone() })?;
    Ok(Attached::Now(Box::new(attached)))
}

fn halves(login: Option<&ImportCredentials>) -> (Option<&str>, Option<&str>) {
    (login.map(|login| &*login.user), login.map(|login| &*login.password))
}

fn alter(
    connection: &Connection,
    registry: RegistryId,
    wish: &AttachmentChange,
    actor: Actor,
    at: Timestamp,
) -> Result<bool, Error> {
    let Some(present) = find(connection, registry)? else { return Ok(false) };
    if let Some((host, settings)) = &wish.settings {
        let AttachmentSettings { address, patterns, poll_seconds } = settings;
        let sql = "UPDATE attachment SET address = ?2, patterns = ?3, poll_seconds = ?4 WHERE registry = ?1";
        change(connection, sql, params![registry.0, address, json_text(patterns)?, poll_seconds])?;
        change(connection, "UPDATE registry SET login_server = ?2 WHERE id = ?1", params![registry.0, host])?;
    }
    if let Some(login) = &wish.login {
        let (user, password) = halves(login.as_ref());
        let sql = "UPDATE attachment SET user = ?2, password = ?3 WHERE registry = ?1";
        change(connection, sql, params![registry.0, user, password])?;
    }
    if let Some(secret) = &wish.secret {
        let sql = "UPDATE attachment SET secret = ?2 WHERE registry = ?1";
        change(connection, sql, params![registry.0, secret])?;
    }
    let sql = "UPDATE attachment SET next_poll = ?2 WHERE registry = ?1";
    change(connection, sql, params![registry.0, moment(at)])?;
    provisioning::tell(connection, EventKind::REGISTRY_CHANGED, registry, &present.registry.name, actor, at)?;
    Ok(true)
}
