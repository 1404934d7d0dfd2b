//! Collecting what nobody needs: uploads that were left, links without a manifest, bytes without a link.
//!
//! It runs beside everything else, every hour and whenever somebody asks, from the beginning each time: most of what it
//! looks at is needed, and looking is cheap. What stops it half-way, a full disk for example, is met again the next
//! time. One collection runs at a time, and everybody can see how far it is.

use jiff::{SignedDuration, Timestamp};
use registry::{Collected, CollectionMode, CollectionPolicy, Collector, Phase, RegistryState};
use std::sync::Arc;
use std::time::Duration;
use store::{Occupancy, RegistryId, RegistrySettings, Store, objects};
use tokio::sync::watch;

/// How often somebody looks.
const INTERVAL: Duration = Duration::from_secs(3600);
/// A push whose blobs were sent has so long to send its manifest.
const LINK_PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// An upload that was silent for so long is given up; clients begin anew.
const UPLOAD_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// How a collection is doing, or how the last one did.
#[derive(Debug, Clone)]
pub struct CollectionStatus {
    /// Whether it changes anything.
    pub mode: CollectionMode,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it runs.
    pub ended_at: Option<Timestamp>,
    /// What it looks at, or looked at last.
    pub phase: Phase,
    /// What it has collected so far, or would have.
    pub collected: Collected,
    /// Why it stopped before its end.
    pub error: Option<String>,
}

impl CollectionStatus {
    fn begun(mode: CollectionMode, at: Timestamp) -> Self {
        Self {
            mode,
            started_at: at,
            ended_at: None,
            phase: Phase::Uploads,
            collected: Collected::default(),
            error: None,
        }
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// The collections of a server.
pub struct Collections {
    state: RegistryState,
    /// The use of a storage that others could use as well: nothing is deleted there while somebody else might.
    occupancy: Option<Arc<Occupancy>>,
    status: watch::Sender<Option<CollectionStatus>>,
    stop: watch::Receiver<bool>,
}

impl Collections {
    /// Over all registries, until `stop` becomes true.
    pub fn new(state: RegistryState, occupancy: Option<Arc<Occupancy>>, stop: watch::Receiver<bool>) -> Self {
        Self { state, occupancy, status: watch::Sender::new(None), stop }
    }

    /// How the last collection is doing; none if there was none since the server started.
    pub fn status(&self) -> Option<CollectionStatus> {
        self.status.borrow().clone()
    }

    /// Begins a collection beside everything else, unless one is running, and tells how that one is doing.
    pub fn start(self: &Arc<Self>, mode: CollectionMode) -> Option<CollectionStatus> {
        if self.begin(mode) {
            let this = self.clone();
            tokio::spawn(async move { this.run(mode).await });
        }
        self.status()
    }

    /// Collects now and then.
    pub async fn keep_collecting(self: Arc<Self>) {
        let mut stop = self.stop.clone();
        loop {
            if self.begin(CollectionMode::Collect) {
                self.run(CollectionMode::Collect).await;
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    }

    /// Takes the turn. `false` if another collection has it.
    fn begin(&self, mode: CollectionMode) -> bool {
        self.status.send_if_modified(|status| {
            let is_free = !status.as_ref().is_some_and(CollectionStatus::is_running);
            if is_free {
                *status = Some(CollectionStatus::begun(mode, Timestamp::now()));
            }
            is_free
        })
    }

    /// Runs to the end, or to the step after which the server stops.
    async fn run(&self, mode: CollectionMode) {
        let (mut collected, mut error) = (Collected::default(), None);
        let retention = retention(&*self.state.store).await.unwrap_or_else(|failure| {
            error = Some(failure.to_string());
            Vec::new()
        });
        let policy =
            CollectionPolicy { links_after: LINK_PATIENCE, uploads_after: UPLOAD_PATIENCE, retention, mode };
        let collector = Collector::new(self.state.clone(), policy);
        let mut phase = error.is_none().then_some(Phase::Uploads);
        while let Some(next) = phase.filter(|_| !*self.stop.borrow()) {
            let holds = self.occupancy.as_ref().is_none_or(|occupancy| occupancy.holds(Timestamp::now()));
            if !holds && mode == CollectionMode::Collect {
                error = Some("another server may use the blob storage now".to_owned());
                break;
            }
            phase = match collector.step(next, &mut collected).await {
                Ok(next) => next,
                Err(failure) => {
                    let failure = &failure as &dyn std::error::Error;
                    tracing::warn!(error = failure, "the collection stopped; it begins again later");
                    error = Some(failure.to_string());
                    None
                }
            };
            self.tell(|status| {
                status.collected = collected;
                status.phase = phase.clone().unwrap_or_else(|| status.phase.clone());
            });
        }
        self.tell(|status| {
            status.ended_at = Some(Timestamp::now());
            status.error = error;
        });
        if collected != Collected::default() && mode == CollectionMode::Collect {
            let Collected { links, blobs, bytes, uploads, manifests } = collected;
            tracing::info!(links, blobs, bytes, uploads, manifests, "collected what nobody needs");
        }
    }

    fn tell(&self, change: impl FnOnce(&mut CollectionStatus)) {
        self.status.send_modify(|status| {
            if let Some(status) = status {
                change(status);
            }
        });
    }
}

/// Lets go for good what was deleted and can no longer be restored, now and then, until `stop` becomes true.
pub async fn keep_forgetting(store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match store.forget_deleted(Timestamp::now()).await {
            // There may be more than one call takes.
            Ok(forgotten) if forgotten > 0 => {
                tracing::info!(manifests = forgotten, "the time to restore is over");
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what was deleted could not be let go"
                );
            }
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// The registries whose manifests without a tag go, and after how long. Those of the others stay: nobody has said that
/// they should go.
async fn retention(store: &dyn Store) -> Result<Vec<(RegistryId, SignedDuration)>, store::Error> {
    let mut retention = Vec::new();
    for settings in objects::all::<RegistrySettings, _>(store).await? {
        if let Some(wanted) = settings.retention.filter(|wanted| wanted.is_enabled) {
            retention.push((settings.registry, SignedDuration::from_hours(i64::from(wanted.days) * 24)));
        }
    }
    Ok(retention)
}
