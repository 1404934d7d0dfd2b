//! Mounts: a blob of one repository appears in another without being sent again.
//!
//! Who mounts must be able to pull from the source; a digest alone opens nothing (attack C4). Absent, invisible and
//! forbidden look the same, and take the same steps: the answer is an ordinary upload session.
//! Without a source, the repositories are asked that have the blob, but not more than a few, and of these only those
//! that the caller may pull from.

use crate::authority::Permission;
use crate::error::RegistryError;
use crate::router::Admitted;
use oci::{Digest, RepositoryName};

/// How many repositories are asked for a blob when the client names none.
const MAXIMUM_SOURCES: usize = 32;

/// Mounts the blob, if that is possible and allowed.
pub(crate) async fn mount(
    admitted: &Admitted<'_>,
    target: &RepositoryName,
    source: Option<&str>,
    digest: &Digest,
) -> Result<bool, RegistryError> {
    let sources = match source.map(str::parse::<RepositoryName>) {
        Some(Ok(source)) => vec![source],
        Some(Err(_)) => return Ok(false),
        None => {
            let Admitted { state, site, .. } = admitted;
            state.store.repositories_of_blob(site.registry.id, digest, MAXIMUM_SOURCES).await?
        }
    };
    for source in &sources {
        if mount_from(admitted, target, source, digest).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn mount_from(
    admitted: &Admitted<'_>,
    target: &RepositoryName,
    source: &RepositoryName,
    digest: &Digest,
) -> Result<bool, RegistryError> {
    let Admitted { state, site, caller, .. } = admitted;
    let may = caller.may(state, site, Permission::Pull, Some(source)).await?;
    let from = admitted.key(source);
    let blob = state.store.pull_blob(&from, digest).await?;
    let is_readable = blob.is_some_and(|blob| blob.lock.is_none());
    if !may || !is_readable {
        return Ok(false);
    }
    let mounted = state.store.mount_blob(&from, &admitted.key(target), digest, state.now()).await?;
    Ok(mounted.is_some())
}
