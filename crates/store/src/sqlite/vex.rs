//! Attached documents in SQLite. Triggers keep the list of what has to be read, see the migration.

use super::column::{Columns, change, json_text, moment, rows, value};
use super::verdict_events::event_of;
use super::{SqliteStore, events, repositories};
use crate::{
    Error, EventKind, ImageKey, PageRequest, PendingVex, RegistryId, RepositoryKey, TrustedVex, VexReading,
    VexReadings,
};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// What is trusted, as it was last read, with the state of the rules that it belongs to.
#[derive(Debug, Default)]
pub(super) struct Trusted(Mutex<Option<(u64, Arc<TrustedVex>)>>);

#[async_trait]
impl VexReadings for SqliteStore {
    async fn pending_vex(&self, limit: usize) -> Result<Vec<PendingVex>, Error> {
        let limit = limit.clamp(1, PageRequest::<ImageKey>::MAX);
        self.read(move |connection| {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            rows(connection, PENDING, [limit], |row| {
                Ok(PendingVex { ticket: row.plain("ticket")?, image: subject(row)? })
            })
        })
        .await
    }

    async fn vex_done(&self, ticket: i64) -> Result<(), Error> {
        self.write(move |connection| {
            change(connection, "DELETE FROM vex_pending WHERE ticket = ?1", [ticket]).map(|_| ())
        })
        .await
    }

    async fn put_vex(
        &self,
        image: &ImageKey,
        readings: Vec<VexReading>,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let image = image.clone();
        let is_news = self.write(move |connection| put(connection, &image, &readings, at)).await?;
        if is_news {
            // Verdicts are shown by what rules make of them, and these documents are rules.
            self.rules.fetch_add(1, Ordering::AcqRel);
        }
        Ok(is_news)
    }

    async fn vex(&self, image: &ImageKey) -> Result<Vec<VexReading>, Error> {
        let image = image.clone();
        self.read(move |connection| match repositories::find(connection, &image.repository)? {
            Some(id) => of_image(connection, id, &image),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn trusted_vex(&self) -> Result<Arc<TrustedVex>, Error> {
        let generation = self.rules.load(Ordering::Acquire);
        let known = self.trusted.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, trusted)) = known.filter(|(of, _)| *of == generation) {
            return Ok(trusted);
        }
        let trusted = Arc::new(self.read(all_trusted).await?);
        *self.trusted.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, trusted.clone()));
        Ok(trusted)
    }

    async fn trust_vex(&self, trust: &str) -> Result<u64, Error> {
        let trust = trust.to_owned();
        self.write(move |connection| {
            let before: Option<String> = value(connection, "SELECT trust FROM vex_trust", [])?;
            if before.as_ref() == Some(&trust) {
                return Ok(0);
            }
            let sql = "INSERT INTO vex_trust (id, trust) VALUES (1, ?1)
                       ON CONFLICT (id) DO UPDATE SET trust = excluded.trust";
            change(connection, sql, [trust])?;
            let sql = "INSERT INTO vex_pending (repository, subject)
                       SELECT DISTINCT repository, subject FROM vex_reading WHERE true
                       ON CONFLICT (repository, subject) DO NOTHING";
            Ok(change(connection, sql, [])? as u64)
        })
        .await
    }
}

/// What waits longest.
const PENDING: &str = "SELECT p.ticket, r.registry, r.name, p.subject
     FROM vex_pending p JOIN repository r ON r.id = p.repository ORDER BY p.ticket LIMIT ?1";

fn subject(row: &Row<'_>) -> Result<ImageKey, Error> {
    let repository =
        RepositoryKey { registry: RegistryId(row.plain("registry")?), name: row.parsed("name")? };
    Ok(ImageKey { repository, digest: row.parsed("subject")? })
}

fn reading(row: &Row<'_>) -> Result<VexReading, Error> {
    Ok(VexReading {
        document: row.parsed("document")?,
        subject: row.parsed("subject")?,
        form: row.plain("form")?,
        signer: row.plain("signer")?,
        remark: row.plain("remark")?,
        statements: row.json("statements")?,
        read_at: row.moment("read_at")?,
    })
}

fn of_image(connection: &Connection, repository: i64, image: &ImageKey) -> Result<Vec<VexReading>, Error> {
    let sql = "SELECT * FROM vex_reading WHERE repository = ?1 AND subject = ?2 ORDER BY document";
    rows(connection, sql, params![repository, image.digest.as_str()], reading)
}

/// The documents that are believed, and whom they are about: what they are attached to, and its images if it is an index.
const TRUSTED: [&str; 2] = [
    "SELECT v.*, r.registry, r.name, v.subject AS about
     FROM vex_reading v CROSS JOIN repository r ON r.id = v.repository WHERE v.signer IS NOT NULL",
    "SELECT v.*, r.registry, r.name, c.digest AS about
     FROM vex_reading v CROSS JOIN repository r ON r.id = v.repository
     CROSS JOIN manifest m ON m.repository = v.repository AND m.digest = v.subject
     CROSS JOIN manifest_reference c ON c.manifest = m.id AND c.kind = 'manifest'
     WHERE v.signer IS NOT NULL",
];

fn all_trusted(connection: &Connection) -> Result<TrustedVex, Error> {
    let mut trusted = TrustedVex::new();
    for sql in TRUSTED {
        for (image, reading) in rows(connection, sql, [], |row| {
            let name = row.parsed("name")?;
            let repository = RepositoryKey { registry: RegistryId(row.plain("registry")?), name };
            Ok((ImageKey { repository, digest: row.parsed("about")? }, reading(row)?))
        })? {
            trusted.entry(image).or_default().push(reading);
        }
    }
    for readings in trusted.values_mut() {
        readings.sort_by(|one, other| one.document.cmp(&other.document));
    }
    Ok(trusted)
}

fn put(
    connection: &Connection,
    image: &ImageKey,
    readings: &[VexReading],
    at: Timestamp,
) -> Result<bool, Error> {
    let Some(repository) = repositories::find(connection, &image.repository)? else { return Ok(false) };
    let before = of_image(connection, repository, image)?;
    let mut gone: BTreeMap<_, _> = before.iter().map(|reading| (&reading.document, reading)).collect();
    let mut is_news = false;
    for reading in readings {
        let known = gone.remove(&reading.document);
        let is_same =
            known.is_some_and(|known| *known == VexReading { read_at: known.read_at, ..reading.clone() });
        if is_same {
            continue;
        }
        is_news = true;
        let sql = "INSERT INTO vex_reading (repository, subject, document, form, signer, remark, statements, read_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ON CONFLICT (repository, subject, document) DO UPDATE SET
                       form = excluded.form, signer = excluded.signer, remark = excluded.remark,
                       statements = excluded.statements, read_at = excluded.read_at";
        let values = params![
            repository,
            image.digest.as_str(),
            reading.document.as_str(),
            reading.form,
            reading.signer,
            reading.remark,
            json_text(&reading.statements)?,
            moment(reading.read_at),
        ];
        change(connection, sql, values)?;
        let code = if reading.signer.is_some() { "VexAccepted" } else { "VexRefused" };
        tell(connection, image, reading, code, at)?;
    }
    for reading in gone.into_values() {
        is_news = true;
        let sql = "DELETE FROM vex_reading WHERE repository = ?1 AND subject = ?2 AND document = ?3";
        change(connection, sql, params![repository, image.digest.as_str(), reading.document.as_str()])?;
        tell(connection, image, reading, "VexGone", at)?;
    }
    Ok(is_news)
}

fn tell(
    connection: &Connection,
    image: &ImageKey,
    reading: &VexReading,
    code: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let VexReading { document, form, signer, remark, statements, .. } = reading;
    let count = statements.len();
    let sentence = match (code, signer) {
        ("VexGone", _) => format!("The {form} document {document} is not attached any more."),
        (_, Some(signer)) => {
            let more = if remark.is_empty() { String::new() } else { format!(" Left out: {remark}.") };
            format!("The {form} document {document}, signed by `{signer}`, makes {count} statements.{more}")
        }
        (_, None) => format!("The {form} document {document} is not believed: {remark}."),
    };
    let event = event_of(
        EventKind::VEX_CHANGED,
        image,
        at,
        json!({
            "reason": code,
            "cause": sentence,
            "document": document,
            "form": form,
            "signer": signer,
            "statements": count,
        }),
    );
    events::append(connection, &event)?;
    Ok(())
}
