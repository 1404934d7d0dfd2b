//! Which images a listing goes through, and in which order: registry, repository, digest.
//!
//! Each combination of conditions has its own statement with its own index, so that none of them reads rows that
//! it does not give. Registries are gone through one after the other, since they come first in the order.

use super::column::{Columns, rows};
use super::flipped::{self, unless_ahead};
use crate::{Error, ImageKey, ImageState, RegistryId, RepositoryKey};
use oci::{Digest, RepositoryName};
use rusqlite::{Connection, Row, params};

/// Conditions on images.
#[derive(Debug, Clone, Copy)]
pub(super) struct ImageFilter<'a> {
    /// Only these registries.
    pub(super) registries: Option<&'a [RegistryId]>,
    /// Only this repository.
    pub(super) repository: Option<&'a RepositoryName>,
    /// Only this digest.
    pub(super) digest: Option<&'a Digest>,
    /// Only these states; all if there are none.
    pub(super) states: &'a [ImageState],
}

/// All images of a registry.
pub(super) const OF_REGISTRY: &str = "SELECT registry, repository, digest, state FROM image_summary
     WHERE registry = ?1 AND (repository, digest) > (?2, ?3) ORDER BY repository, digest LIMIT ?4";

/// The images of a registry in one state; where some are shown in another one, which ?6 says, without these.
pub(super) const OF_STATE: &str = concat!(
    "SELECT registry, repository, digest, state FROM image_summary s
     WHERE registry = ?1 AND state = ?5 AND (repository, digest) > (?2, ?3) AND (?6 = 0 OR ",
    unless_ahead!("s"),
    ") ORDER BY repository, digest LIMIT ?4"
);

/// The images of a repository.
pub(super) const OF_REPOSITORY: &str = "SELECT registry, repository, digest, state FROM image_summary
     WHERE registry = ?1 AND repository = ?2 AND digest > ?3 ORDER BY digest LIMIT ?4";

/// The images of a repository in one state, in the same way.
pub(super) const OF_REPOSITORY_AND_STATE: &str = concat!(
    "SELECT registry, repository, digest, state FROM image_summary s
     WHERE registry = ?1 AND state = ?5 AND repository = ?2 AND digest > ?3 AND (?6 = 0 OR ",
    unless_ahead!("s"),
    ") ORDER BY digest LIMIT ?4"
);

/// The images of one digest in a registry: as many as repositories have it, which are few. Left to itself, the engine
/// goes through all images of the registry.
pub(super) const OF_DIGEST: &str = "SELECT registry, repository, digest, state FROM image_summary
     INDEXED BY image_summary_digest
     WHERE digest = ?4 AND registry = ?1 AND (repository, digest) > (?2, ?3)";

/// The next images after a key, at most `limit`.
pub(super) fn next_images(
    connection: &Connection,
    filter: ImageFilter<'_>,
    after: Option<&ImageKey>,
    limit: usize,
) -> Result<Vec<ImageKey>, Error> {
    Ok(next_states(connection, filter, after, limit)?.into_iter().map(|(image, _)| image).collect())
}

/// The same with their states.
pub(super) fn next_states(
    connection: &Connection,
    filter: ImageFilter<'_>,
    after: Option<&ImageKey>,
    limit: usize,
) -> Result<Vec<(ImageKey, ImageState)>, Error> {
    let mut images = Vec::new();
    for registry in registries(connection, filter.registries)? {
        if images.len() >= limit {
            break;
        }
        let (repository, digest) = match after {
            Some(key) if registry < key.repository.registry => continue,
            Some(key) if registry == key.repository.registry => {
                (key.repository.name.as_str(), key.digest.as_str())
            }
            _ => ("", ""),
        };
        let wanted = limit - images.len();
        images.extend(of_registry(connection, filter, registry, (repository, digest), wanted)?);
    }
    Ok(images)
}

/// The registries to go through, in order, each once.
fn registries(connection: &Connection, wanted: Option<&[RegistryId]>) -> Result<Vec<RegistryId>, Error> {
    match wanted {
        Some(registries) => {
            let mut registries = registries.to_vec();
            registries.sort_unstable();
            registries.dedup();
            Ok(registries)
        }
        None => rows(connection, "SELECT id FROM registry ORDER BY id", [], |row| {
            Ok(RegistryId(row.plain("id")?))
        }),
    }
}

fn of_registry(
    connection: &Connection,
    filter: ImageFilter<'_>,
    registry: RegistryId,
    after: (&str, &str),
    limit: usize,
) -> Result<Vec<(ImageKey, ImageState)>, Error> {
    let mut images = match filter.digest {
        Some(digest) => {
            let key = params![registry.0, after.0, after.1, digest.as_str()];
            let mut images = as_shown(connection, rows(connection, OF_DIGEST, key, image_and_state)?)?;
            images.retain(|(image, state)| {
                filter.repository.is_none_or(|name| *name == image.repository.name)
                    && (filter.states.is_empty() || filter.states.contains(state))
            });
            images
        }
        None => of_repositories(connection, filter, registry, after, limit)?,
    };
    images.sort_unstable();
    images.dedup();
    images.truncate(limit);
    Ok(images)
}

fn of_repositories(
    connection: &Connection,
    filter: ImageFilter<'_>,
    registry: RegistryId,
    after: (&str, &str),
    limit: usize,
) -> Result<Vec<(ImageKey, ImageState)>, Error> {
    let (all, in_state, start) = match filter.repository.map(RepositoryName::as_str) {
        None => (OF_REGISTRY, OF_STATE, after),
        Some(name) if name == after.0 => (OF_REPOSITORY, OF_REPOSITORY_AND_STATE, after),
        Some(name) if name > after.0 => (OF_REPOSITORY, OF_REPOSITORY_AND_STATE, (name, "")),
        Some(_) => return Ok(Vec::new()),
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    if filter.states.is_empty() {
        let key = params![registry.0, start.0, start.1, limit];
        return as_shown(connection, rows(connection, all, key, image_and_state)?);
    }
    let is_any_ahead = flipped::is_any(connection)?;
    let mut images = Vec::new();
    for state in filter.states {
        let key = params![registry.0, start.0, start.1, limit, state.as_str(), is_any_ahead];
        images.extend(rows(connection, in_state, key, image_and_state)?);
        if is_any_ahead {
            let ahead = flipped::next(connection, *state, registry, filter.repository, start, limit)?;
            images.extend(ahead.into_iter().map(|image| (image, *state)));
        }
    }
    Ok(images)
}

/// The same images in the states in which they are shown.
fn as_shown(
    connection: &Connection,
    mut images: Vec<(ImageKey, ImageState)>,
) -> Result<Vec<(ImageKey, ImageState)>, Error> {
    if flipped::is_any(connection)? {
        for (image, state) in &mut images {
            *state = flipped::shown(connection, image, *state)?;
        }
    }
    Ok(images)
}

fn image_and_state(row: &Row<'_>) -> Result<(ImageKey, ImageState), Error> {
    Ok((image_key(row)?, row.word("state", ImageState::from_word)?))
}

/// The image of a row that has its three columns.
pub(super) fn image_key(row: &Row<'_>) -> Result<ImageKey, Error> {
    Ok(ImageKey {
        repository: RepositoryKey {
            registry: RegistryId(row.plain("registry")?),
            name: row.parsed("repository")?,
        },
        digest: row.parsed("digest")?,
    })
}
