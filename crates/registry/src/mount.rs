//! Mounts: a blob of one repository appears in another without being sent again.
//!
//! Who mounts must be able to pull from the source; a digest alone opens nothing (attack C4). Absent, invisible and
//! forbidden look the same, and take the same steps: the answer is an ordinary upload session.
//! Without a source, only the target itself is looked at.

use crate::authority::Permission;
use crate::error::RegistryError;
use crate::router::Admitted;
use oci::{Digest, RepositoryName};

/// Mounts the blob, if that is possible and allowed.
pub(crate) async fn mount(
    admitted: &Admitted<'_>,
    target: &RepositoryName,
    source: Option<&str>,
    digest: &Digest,
) -> Result<bool, RegistryError> {
    let Admitted { state, site, caller, .. } = admitted;
    let Ok(source) = source.map_or_else(|| Ok(target.clone()), str::parse::<RepositoryName>) else {
        return Ok(false);
    };
    let may = caller.may(state, site, Permission::Pull, Some(&source)).await?;
    let from = admitted.key(&source);
    let blob = state.store.pull_blob(&from, digest).await?;
    let is_readable = blob.is_some_and(|blob| blob.lock.is_none());
    if !may || !is_readable {
        return Ok(false);
    }
    let mounted = state.store.mount_blob(&from, &admitted.key(target), digest, state.now()).await?;
    Ok(mounted.is_some())
}
