//! What a census needs beside itself where rules are in force, in SQLite.

use super::SqliteStore;
use super::census::{CONTENT, IMAGE_CONTENT, begins, content};
use super::column::{Columns, rows, value, with_surplus};
use super::flipped::{self, unless_ahead};
use super::images::{ImageFilter, image_key, next_images};
use crate::{
    AffectedPackage, Distributions, Error, ImageContent, ImageKey, ImageState, PackageList, PackageVersionId,
    Page, PageRequest, RuledCensus, SummaryFilter,
};
use async_trait::async_trait;
use inventory::Ecosystem;
use oci::Digest;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// The states in which an image shows nothing of what was found in it.
const HIDING: [ImageState; 2] = [ImageState::Healthy, ImageState::NotApplicable];

#[async_trait]
impl RuledCensus for SqliteStore {
    async fn affected_packages(
        &self,
        page: PageRequest<(PackageVersionId, String)>,
    ) -> Result<Page<AffectedPackage, (PackageVersionId, String)>, Error> {
        self.read(move |connection| affected_packages(connection, &page)).await
    }

    async fn vulnerability_records(
        &self,
        page: PageRequest<(String, Ecosystem)>,
    ) -> Result<Page<((String, Ecosystem), String), (String, Ecosystem)>, Error> {
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let (id, ecosystem) =
                page.after.as_ref().map_or(("", ""), |(id, ecosystem)| (id.as_str(), ecosystem.as_str()));
            let key = params![id, ecosystem, with_surplus(limit)];
            let found = rows(connection, RECORDS, key, |row| {
                let key = (row.plain("id")?, Ecosystem::new(row.plain::<String>("ecosystem")?));
                Ok((key, row.plain("record")?))
            })?;
            Ok(Page::from_surplus(found, limit, |(key, _): &((String, Ecosystem), String)| key.clone()))
        })
        .await
    }

    async fn distributions(&self) -> Result<Distributions, Error> {
        self.read(distributions).await
    }

    async fn package_lists(&self, images: &[Digest]) -> Result<Vec<Option<PackageList>>, Error> {
        let images = images.to_vec();
        self.read(move |connection| {
            let list = |digest: &Digest| value::<Vec<u8>>(connection, CONTENT, [digest.as_str()]);
            images.iter().map(|digest| Ok(list(digest)?.map(PackageList::from_bytes))).collect()
        })
        .await
    }

    async fn hidden_contents(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageContent, ImageKey>, Error> {
        let filter = filter.clone();
        self.read(move |connection| hidden_contents(connection, &filter, &page)).await
    }
}

/// The affected package versions with their names and their evidence.
pub(super) const AFFECTED_PACKAGES: &str =
    "SELECT f.package_version, f.vulnerability, p.name, p.version, f.evidence
     FROM package_finding f INDEXED BY package_finding_verdict
     CROSS JOIN package_version p ON p.id = f.package_version
     WHERE f.verdict = 'Affected' AND (f.package_version, f.vulnerability) > (?1, ?2)
     ORDER BY f.package_version, f.vulnerability LIMIT ?3";

fn affected_packages(
    connection: &Connection,
    page: &PageRequest<(PackageVersionId, String)>,
) -> Result<Page<AffectedPackage, (PackageVersionId, String)>, Error> {
    let limit = page.bounded_limit();
    let (package, vulnerability) =
        page.after.as_ref().map_or((i64::MIN, ""), |(package, id)| (package.0, id.as_str()));
    let key = params![package, vulnerability, with_surplus(limit)];
    // By position: there are as many rows as findings of package versions.
    let found = rows(connection, AFFECTED_PACKAGES, key, |row| {
        Ok(AffectedPackage {
            package_version: PackageVersionId(row.get(0)?),
            vulnerability: row.get(1)?,
            name: row.get(2)?,
            version: row.get(3)?,
            evidence: row.get(4)?,
        })
    })?;
    Ok(Page::from_surplus(found, limit, |one| (one.package_version, one.vulnerability.clone())))
}

/// The records of vulnerabilities, in the order of the table.
pub(super) const RECORDS: &str = "SELECT id, ecosystem, record FROM vulnerability
     WHERE (id, ecosystem) > (?1, ?2) ORDER BY id, ecosystem LIMIT ?3";

fn distributions(connection: &Connection) -> Result<Distributions, Error> {
    let mut found = Distributions::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT digest, distribution FROM image")?;
    let mut images = statement.query([])?;
    while let Some(row) = images.next()? {
        let text = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let place = match places.get(text) {
            Some(place) => *place,
            None => {
                found.known.push(serde_json::from_str(text)?);
                places.insert(text.to_owned(), found.known.len() - 1);
                found.known.len() - 1
            }
        };
        found.of.insert(row.parsed("digest")?, place);
    }
    Ok(found)
}

/// The images of a registry of which rules make something else than was found, but for those that show something of it
/// by now.
pub(super) const HIDDEN: &str = concat!(
    "SELECT registry, repository, digest, state FROM image_summary s
     INDEXED BY image_summary_found
     WHERE registry = ?1 AND found_state = 'Unhealthy' AND state IN ('Healthy', 'NotApplicable')
       AND (repository, digest) > (?2, ?3) AND ",
    unless_ahead!("s", " AND f.shown = 'Unhealthy'"),
    " ORDER BY repository, digest LIMIT ?4"
);

fn hidden_contents(
    connection: &Connection,
    filter: &SummaryFilter,
    page: &PageRequest<ImageKey>,
) -> Result<Page<ImageContent, ImageKey>, Error> {
    let limit = page.bounded_limit();
    let mut hidden = if filter.repository.is_none() && filter.digest.is_none() {
        of_registries(connection, filter, page)?
    } else {
        of_few(connection, filter, page)?
    };
    let more = hidden.len() > limit;
    hidden.truncate(limit);
    let next = if more { hidden.last().map(|(image, _)| image.clone()) } else { None };
    let mut items = Vec::new();
    for (image, state) in hidden {
        let registry = image.repository.registry.0;
        let key = params![registry, state.as_str(), image.repository.name.as_str(), image.digest.as_str()];
        let packages = value::<Option<Vec<u8>>>(connection, IMAGE_CONTENT, key)?;
        let shown = flipped::shown(connection, &image, state)?;
        items.push(content(image, shown, packages.flatten()));
    }
    Ok(Page { items, next })
}

fn of_registries(
    connection: &Connection,
    filter: &SummaryFilter,
    page: &PageRequest<ImageKey>,
) -> Result<Vec<(ImageKey, ImageState)>, Error> {
    let wanted = page.bounded_limit().saturating_add(1);
    let registries = filter.registries.as_deref().unwrap_or_default();
    let mut found = Vec::new();
    for (registry, repository, digest) in begins(registries, page.after.as_ref()) {
        let left = with_surplus(wanted - found.len()) - 1;
        found.extend(rows(connection, HIDDEN, params![registry.0, repository, digest, left], |row| {
            Ok((image_key(row)?, row.word("state", ImageState::from_word)?))
        })?);
        if found.len() >= wanted {
            break;
        }
    }
    Ok(found)
}

/// What is shown of an image that was found to be unhealthy, where it is something else.
const SHOWN: &str = "SELECT state FROM image_summary
     WHERE registry = ?1 AND repository = ?2 AND digest = ?3 AND found_state = 'Unhealthy'";

fn of_few(
    connection: &Connection,
    filter: &SummaryFilter,
    page: &PageRequest<ImageKey>,
) -> Result<Vec<(ImageKey, ImageState)>, Error> {
    let images = ImageFilter {
        registries: filter.registries.as_deref(),
        repository: filter.repository.as_ref(),
        digest: filter.digest.as_ref(),
        states: &HIDING,
    };
    let wanted = page.bounded_limit().saturating_add(1);
    let mut found = Vec::new();
    let mut after = page.after.clone();
    // Few images are hidden, so that some stretches may have none.
    while found.len() < wanted {
        let stretch = next_images(connection, images, after.as_ref(), wanted)?;
        let is_last = stretch.len() < wanted;
        for image in stretch {
            let key =
                params![image.repository.registry.0, image.repository.name.as_str(), image.digest.as_str()];
            let state = value::<String>(connection, SHOWN, key)?;
            after = Some(image.clone());
            found.extend(state.as_deref().and_then(ImageState::from_word).map(|state| (image, state)));
        }
        if is_last {
            break;
        }
    }
    found.truncate(wanted);
    Ok(found)
}
