//! The object storage is this server's alone: taken at the start, renewed while it runs, left at its end.
//!
//! A folder needs none of this: it is in the data folder, which is locked, or at a place that the operator answers for.

use crate::StartError;
use jiff::Timestamp;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Installation, ObjectBlobs, Occupancy, OccupancyError, Occupant};
use tokio::sync::watch;

/// How often it is renewed: a few may fail before anybody else may come.
const INTERVAL: Duration = Duration::from_secs(20);

/// Takes the storage, if it is one that others could use as well.
///
/// # Errors
/// When another server uses it, or the storage or the data folder fails.
pub(crate) async fn take(
    objects: Option<Arc<ObjectBlobs>>,
    installation: &Installation,
    data: &Path,
) -> Result<Option<Arc<Occupancy>>, StartError> {
    let Some(objects) = objects else { return Ok(None) };
    let node = node(data).map_err(|source| StartError::Data { path: data.into(), source })?;
    // The tenant is drawn at the first start, with the records.
    let occupant = Occupant { installation: installation.tenant.to_string(), node };
    Ok(Some(Arc::new(Occupancy::take(objects, occupant, Timestamp::now()).await?)))
}

/// The name of this server among others: random, and kept in its data folder, which is locked. Whoever finds this name in the
/// storage is the one that was here before, and is gone.
fn node(data: &Path) -> io::Result<String> {
    let path = data.join("node");
    match std::fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => return Ok(name.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let name = uuid::Uuid::new_v4().simple().to_string();
    std::fs::write(&path, &name)?;
    Ok(name)
}

/// Renews it until `stop` becomes true, and leaves it then.
pub(crate) async fn keep(occupancy: Arc<Occupancy>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => break,
        }
        match occupancy.renew(Timestamp::now()).await {
            Ok(()) => {}
            Err(error @ OccupancyError::InUse { .. }) => {
                tracing::error!(%error, "another server has taken the blob storage; nothing is collected here any more");
                return;
            }
            Err(error) => tracing::warn!(%error, "the blob storage could not be told that we are still here"),
        }
    }
    if let Err(error) = occupancy.leave().await {
        tracing::warn!(%error, "the blob storage could not be left; the next server on another data folder waits");
    }
}
