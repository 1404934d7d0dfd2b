//! Everything of a kind at once, in SQLite: statements that read an index from end to end, and nothing beside it.

use super::SqliteStore;
use super::column::{Columns, change, corrupt, rows, value, with_surplus};
use super::flipped::{self, Moved, unless_ahead};
use super::images::{ImageFilter, image_key, next_images, next_states};
use super::scans::{IMAGE_PACKAGES, package_version};
use crate::{
    Census, Error, Event, ImageContent, ImageCount, ImageKey, ImageState, Judgements, PackageFilter,
    PackageList, PackagePlace, PackageVersionId, Page, PageRequest, Rating, RegistryId, RepositoryKey,
    SummaryFilter,
};
use async_trait::async_trait;
use inventory::Ecosystem;
use oci::RepositoryName;
use rusqlite::{Connection, params};
use std::collections::HashMap;

#[async_trait]
impl Census for SqliteStore {
    async fn judgements(&self) -> Result<Judgements, Error> {
        self.read(judgements).await
    }

    async fn contents(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageContent, ImageKey>, Error> {
        let filter = filter.clone();
        self.read(move |connection| contents(connection, &filter, &page)).await
    }

    async fn image_counts(&self, filter: &SummaryFilter) -> Result<Vec<ImageCount>, Error> {
        let filter = filter.clone();
        self.read(move |connection| image_counts(connection, &filter)).await
    }

    async fn image_states(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<(ImageKey, ImageState), ImageKey>, Error> {
        let filter = filter.clone();
        self.read(move |connection| {
            let limit = page.bounded_limit();
            let found =
                next_states(connection, images(&filter), page.after.as_ref(), limit.saturating_add(1))?;
            Ok(Page::from_surplus(found, limit, |(image, _)| image.clone()))
        })
        .await
    }

    async fn packages(
        &self,
        filter: &PackageFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<(ImageKey, Vec<PackagePlace>), ImageKey>, Error> {
        let filter = filter.clone();
        self.read(move |connection| packages(connection, &filter, &page)).await
    }

    async fn history(
        &self,
        registries: &[RegistryId],
        page: PageRequest<i64>,
    ) -> Result<Page<Event, i64>, Error> {
        let registries = registries.to_vec();
        self.read(move |connection| history(connection, &registries, &page)).await
    }
}

/// Which package versions are affected by what: the index alone.
pub(super) const AFFECTED: &str = "SELECT package_version, vulnerability FROM package_finding
     INDEXED BY package_finding_verdict WHERE verdict = 'Affected' ORDER BY package_version, vulnerability";

/// Whose package versions are: the index alone.
pub(super) const ECOSYSTEMS: &str =
    "SELECT id, ecosystem FROM package_version INDEXED BY package_version_ecosystem ORDER BY id";

/// How vulnerabilities are rated: the index alone.
pub(super) const RATINGS: &str = "SELECT id, ecosystem, severity, score FROM vulnerability
     INDEXED BY vulnerability_rating ORDER BY id, ecosystem";

fn judgements(connection: &Connection) -> Result<Judgements, Error> {
    let sql = ECOSYSTEMS;
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut ecosystem_of: Vec<u32> = Vec::new();
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let id = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        let ecosystem = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let number = match known.get(ecosystem) {
            Some(number) => *number,
            None => {
                known.insert(ecosystem.to_owned(), next);
                next
            }
        };
        ecosystem_of.resize(id, u32::MAX);
        ecosystem_of.push(number);
    }
    let mut ratings = Vec::new();
    // By vulnerability the place of its first rating, and by place the number of its ecosystem.
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut numbers: Vec<u32> = Vec::new();
    let mut statement = connection.prepare_cached(RATINGS)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let vulnerability: String = row.get(0)?;
        let ecosystem: String = row.get(1)?;
        // What no package version comes from affects none.
        let Some(number) = known.get(&ecosystem) else { continue };
        first.entry(vulnerability.clone()).or_insert(ratings.len());
        numbers.push(*number);
        ratings.push(Rating {
            vulnerability,
            ecosystem: Ecosystem::new(ecosystem),
            severity: row.get(2)?,
            score: row.get(3)?,
        });
    }
    let mut pairs = Vec::new();
    let mut statement = connection.prepare_cached(AFFECTED)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let package = row.get::<_, i64>(0)?;
        let vulnerability = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        let ecosystem = usize::try_from(package).ok().and_then(|at| ecosystem_of.get(at));
        let place = first.get(vulnerability).and_then(|first| {
            let same =
                |at: &usize| ratings.get(*at).is_some_and(|rating| rating.vulnerability == vulnerability);
            (*first..).take_while(same).find(|at| numbers.get(*at) == ecosystem)
        });
        if let Some(place) = place.and_then(|place| u32::try_from(place).ok()) {
            pairs.push((PackageVersionId(package), place));
        }
    }
    Ok(Judgements::new(ratings, pairs))
}

/// The images of a registry in one state with their packages, in the order of the table; where some are shown in another
/// state, which ?6 says, without these.
pub(super) const CONTENTS: &str = concat!(
    "SELECT repository, digest, packages FROM image_census c
     WHERE registry = ?1 AND state = ?2 AND (repository, digest) > (?3, ?4) AND (?6 = 0 OR ",
    unless_ahead!("c"),
    ") ORDER BY repository, digest LIMIT ?5"
);

fn contents(
    connection: &Connection,
    filter: &SummaryFilter,
    page: &PageRequest<ImageKey>,
) -> Result<Page<ImageContent, ImageKey>, Error> {
    let limit = page.bounded_limit();
    let mut items = match (filter.registries.as_deref(), filter.states.as_slice()) {
        (Some(registries), [state]) if filter.repository.is_none() && filter.digest.is_none() => {
            of_state(connection, registries, *state, page)?
        }
        _ => of_few(connection, filter, page)?,
    };
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(|content| content.image.clone()) } else { None };
    Ok(Page { items, next })
}

/// Where to go on in each of some registries, in their order: behind this repository and digest.
pub(super) fn begins<'p>(
    registries: &[RegistryId],
    after: Option<&'p ImageKey>,
) -> Vec<(RegistryId, &'p str, &'p str)> {
    let mut registries = registries.to_vec();
    registries.sort_unstable();
    registries.dedup();
    let begin = |registry: RegistryId| match after {
        Some(key) if registry < key.repository.registry => None,
        Some(key) if registry == key.repository.registry => {
            Some((registry, key.repository.name.as_str(), key.digest.as_str()))
        }
        _ => Some((registry, "", "")),
    };
    registries.into_iter().filter_map(begin).collect()
}

fn of_state(
    connection: &Connection,
    registries: &[RegistryId],
    state: ImageState,
    page: &PageRequest<ImageKey>,
) -> Result<Vec<ImageContent>, Error> {
    let wanted = page.bounded_limit().saturating_add(1);
    let is_any_ahead = flipped::is_any(connection)?;
    let mut items = Vec::new();
    for begin @ (registry, repository, digest) in begins(registries, page.after.as_ref()) {
        let (before, left) = (items.len(), with_surplus(wanted - items.len()) - 1);
        let key = params![registry.0, state.as_str(), repository, digest, left, is_any_ahead];
        // By position, and each name parsed once: there are as many rows as images.
        let mut last: Option<RepositoryName> = None;
        items.extend(rows(connection, CONTENTS, key, |row| {
            let name = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let name = match &last {
                Some(last) if last.as_str() == name => last.clone(),
                _ => last.insert(name.parse().map_err(|_| corrupt("repository", name))?).clone(),
            };
            let digest = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            let digest = digest.parse().map_err(|_| corrupt("digest", digest))?;
            let image = ImageKey { repository: RepositoryKey { registry, name }, digest };
            Ok(content(image, state, row.get(2)?))
        })?);
        if is_any_ahead {
            items.extend(flipped::contents(connection, state, begin, left)?);
            items[before..].sort_unstable_by(|one, other| one.image.cmp(&other.image));
            items.truncate(wanted);
        }
        if items.len() >= wanted {
            break;
        }
    }
    Ok(items)
}

/// The packages of an image in a state.
pub(super) const IMAGE_CONTENT: &str = "SELECT packages FROM image_census
     WHERE registry = ?1 AND state = ?2 AND repository = ?3 AND digest = ?4";

/// An image with its packages, which are none if it was never read.
pub(super) fn content(image: ImageKey, state: ImageState, packages: Option<Vec<u8>>) -> ImageContent {
    ImageContent { image, state, packages: packages.map(PackageList::from_bytes) }
}

/// The packages of an image.
pub(super) const CONTENT: &str =
    "SELECT c.packages FROM image i JOIN image_content c ON c.image = i.id WHERE i.digest = ?1";

fn of_few(
    connection: &Connection,
    filter: &SummaryFilter,
    page: &PageRequest<ImageKey>,
) -> Result<Vec<ImageContent>, Error> {
    let wanted = page.bounded_limit().saturating_add(1);
    let mut items = Vec::new();
    for (image, state) in next_states(connection, images(filter), page.after.as_ref(), wanted)? {
        let packages = value::<Vec<u8>>(connection, CONTENT, [image.digest.as_str()])?;
        items.push(content(image, state, packages));
    }
    Ok(items)
}

/// How many images of a registry stand in which state, by repository: the index alone.
pub(super) const IMAGE_COUNTS: &str = "SELECT state, repository, count(*) AS count FROM image_summary
     INDEXED BY image_summary_state WHERE registry = ?1 GROUP BY state, repository";

fn image_counts(connection: &Connection, filter: &SummaryFilter) -> Result<Vec<ImageCount>, Error> {
    let mut registries = filter.registries.clone().unwrap_or_default();
    registries.sort_unstable();
    registries.dedup();
    let mut counts = Vec::new();
    for registry in registries {
        counts.extend(rows(connection, IMAGE_COUNTS, [registry.0], |row| {
            Ok(ImageCount {
                repository: RepositoryKey { registry, name: row.parsed("repository")? },
                state: row.word("state", ImageState::from_word)?,
                images: row.count("count")?,
            })
        })?);
        for Moved { repository: name, written, shown, images } in flipped::counts(connection, registry)? {
            let repository = RepositoryKey { registry, name };
            let of_written =
                counts.iter_mut().find(|count| count.repository == repository && count.state == written);
            if let Some(count) = of_written {
                count.images = count.images.saturating_sub(images);
            }
            counts.push(ImageCount { repository, state: shown, images });
        }
    }
    counts.retain(|count| count.images > 0);
    counts.retain(|count| {
        (filter.states.is_empty() || filter.states.contains(&count.state))
            && filter.repository.as_ref().is_none_or(|name| *name == count.repository.name)
    });
    Ok(counts)
}

fn images(filter: &SummaryFilter) -> ImageFilter<'_> {
    ImageFilter {
        registries: filter.registries.as_deref(),
        repository: filter.repository.as_ref(),
        digest: filter.digest.as_ref(),
        states: &filter.states,
    }
}

/// Keeps the packages of an image in one value.
pub(super) fn put_content(
    connection: &Connection,
    image: i64,
    packages: impl IntoIterator<Item = (PackageVersionId, u64)>,
) -> Result<(), Error> {
    let sql = "INSERT INTO image_content (image, packages) VALUES (?1, ?2)
               ON CONFLICT (image) DO UPDATE SET packages = excluded.packages";
    change(connection, sql, params![image, PackageList::new(packages).as_bytes()])?;
    Ok(())
}

/// The images that have a package of a name.
pub(super) const IMAGES_OF_PACKAGE: &str = "SELECT DISTINCT s.registry, s.repository, s.digest
     FROM package_version p
     CROSS JOIN image_package ip ON ip.package_version = p.id
     CROSS JOIN image i ON i.id = ip.image
     CROSS JOIN image_summary s ON s.digest = i.digest
     WHERE p.name = ?1 AND (s.registry, s.repository, s.digest) > (?2, ?3, ?4)
     ORDER BY s.registry, s.repository, s.digest LIMIT ?5";

fn packages(
    connection: &Connection,
    filter: &PackageFilter,
    page: &PageRequest<ImageKey>,
) -> Result<Page<(ImageKey, Vec<PackagePlace>), ImageKey>, Error> {
    let limit = page.bounded_limit();
    let wanted = limit.saturating_add(1);
    let narrow = filter.images.digest.is_none() && filter.images.repository.is_none();
    let keys = match &filter.name {
        Some(name) if narrow => {
            let (registry, repository, digest) = page.after.as_ref().map_or((i64::MIN, "", ""), |key| {
                (key.repository.registry.0, key.repository.name.as_str(), key.digest.as_str())
            });
            let key = params![name, registry, repository, digest, with_surplus(limit)];
            rows(connection, IMAGES_OF_PACKAGE, key, image_key)?
        }
        _ => next_images(connection, images(&filter.images), page.after.as_ref(), wanted)?,
    };
    let page = Page::from_surplus(keys, limit, ImageKey::clone);
    let mut items = Vec::new();
    for image in page.items {
        let registries = filter.images.registries.as_ref();
        if registries.is_some_and(|registries| !registries.contains(&image.repository.registry)) {
            continue;
        }
        let mut places = rows(connection, IMAGE_PACKAGES, [image.digest.as_str()], |row| {
            Ok(PackagePlace {
                package: package_version(row)?,
                layer: row.parsed("layer")?,
                path: row.plain("path")?,
            })
        })?;
        places.retain(|place| filter.name.as_ref().is_none_or(|name| place.package.name == *name));
        if !places.is_empty() {
            items.push((image, places));
        }
    }
    Ok(Page { items, next: page.next })
}

/// The history of a registry.
pub(super) const HISTORY: &str =
    "SELECT * FROM event WHERE registry = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3";

fn history(
    connection: &Connection,
    registries: &[RegistryId],
    page: &PageRequest<i64>,
) -> Result<Page<Event, i64>, Error> {
    let limit = page.bounded_limit();
    let mut registries = registries.to_vec();
    registries.sort_unstable();
    registries.dedup();
    let mut found = Vec::new();
    for registry in registries {
        let key = params![registry.0, page.after.unwrap_or(0), with_surplus(limit)];
        found.extend(rows(connection, HISTORY, key, super::events::event)?);
    }
    found.sort_by_key(|event| event.sequence);
    Ok(Page::from_surplus(found, limit, |event| event.sequence))
}
