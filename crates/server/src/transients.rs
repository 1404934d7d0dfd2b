//! Lets go of what was kept for a moment, once its moment is over.

use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;

/// How often. Nobody sees what is over: it only takes room.
const INTERVAL: Duration = Duration::from_secs(600);

/// Lets go until `stop` becomes true.
pub(crate) async fn keep_forgetting(store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = store.forget_transients(Timestamp::now()).await {
            tracing::warn!(%error, "what is over could not be let go");
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}
