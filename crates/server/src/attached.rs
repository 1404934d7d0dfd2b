//! Attached registries: when they are looked at, and how they tell us that it is time.
//!
//! What is done then are jobs: see [`jobs::attached`](crate::jobs::attached).

pub(crate) mod notification;

use crate::jobs::attached::poll_job;
use crate::remote::{Origin, RemoteError};
use crate::sender::{self, Reach};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;

/// How often it is looked whether something is due. No registry is polled more often than once a minute.
const INTERVAL: Duration = Duration::from_secs(5);

/// The host of an address, as it is shown: that of Docker Hub is shown by its name.
///
/// # Errors
/// When it is no address of a registry.
pub(crate) fn host(address: &str) -> Result<String, RemoteError> {
    let origin = Origin::registry(address)?;
    Ok(if origin.is_docker_hub() { "docker.io".to_owned() } else { origin.host() })
}

/// Whether an address may be written down: as far as it can be seen without asking for its name, it is open.
///
/// # Errors
/// When it is an address of a private network that nobody has allowed.
pub(crate) fn check_reach(address: &str, reach: &Reach) -> Result<(), RemoteError> {
    Ok(sender::check_literal(&Origin::registry(address)?.catalog()?, reach)?)
}

/// Asks for a look at each registry whose time has come, until `stop` becomes true.
pub(crate) async fn keep_polling(store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    loop {
        poll_due(&*store, Timestamp::now()).await;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// Asks for a look at each registry whose time has come. Where that fails, [`keep_polling`] does it again in a moment.
pub(crate) async fn poll_due(store: &dyn Store, now: Timestamp) {
    if let Err(error) = ask_for_due(store, now).await {
        tracing::warn!(%error, "attached registries could not be polled");
    }
}

/// A crash between the two steps costs one look: the next comes after the interval.
async fn ask_for_due(store: &dyn Store, now: Timestamp) -> Result<(), store::Error> {
    let due = store.take_due_attachments(now).await?;
    if !due.is_empty() {
        store.enqueue(due.iter().map(poll_job).collect(), now).await?;
    }
    Ok(())
}
