//! What the routes work with, and which registry a request means.

use crate::error::RegistryError;
use crate::{Authority, Gate, OpenGate};
use access::RateLimiter;
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{Digest, Manifest, RepositoryName};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Blobs, NewJob, Registry, Store};
use tokio::sync::RwLock;

/// A registry as clients reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The registry.
    pub registry: Registry,
    /// Scheme, host and port under which clients reach it, without a slash at the end. The challenge names it.
    pub base_url: String,
}

/// Finds the registry that a request means.
#[async_trait]
pub trait RegistryDirectory: Send + Sync {
    /// The registry of a host, as the request names it; `None` if there is none of that name.
    async fn site(&self, host: Option<&str>) -> Result<Option<Arc<Site>>, store::Error>;
}

/// One registry under every host.
#[derive(Debug, Clone)]
pub struct SingleRegistry(pub Arc<Site>);

#[async_trait]
impl RegistryDirectory for SingleRegistry {
    async fn site(&self, _: Option<&str>) -> Result<Option<Arc<Site>>, store::Error> {
        Ok(Some(self.0.clone()))
    }
}

/// What a client may ask of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest blob.
    pub blob_bytes: u64,
    /// How long a body may be silent.
    pub body_idle: Duration,
    /// The most rows of one page of a listing.
    pub page_rows: usize,
}

impl Default for Limits {
    /// 64 GiB, a minute, a thousand rows.
    fn default() -> Self {
        Self { blob_bytes: 64 << 30, body_idle: Duration::from_secs(60), page_rows: 1000 }
    }
}

/// A manifest that is about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct PushedManifest<'a> {
    /// The registry.
    pub site: &'a Site,
    /// The repository.
    pub repository: &'a RepositoryName,
    /// Its digest.
    pub digest: &'a Digest,
    /// Its content.
    pub manifest: &'a Manifest,
    /// Now.
    pub at: Timestamp,
}

/// A blob that arrived completely, was found to have its digest, and is linked in its repository.
#[derive(Debug, Clone, Copy)]
pub struct PushedBlob<'a> {
    /// The registry.
    pub site: &'a Site,
    /// Its digest.
    pub digest: &'a Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// Tells the time.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// Names the jobs for a manifest that arrives.
pub type AfterPush = dyn Fn(&PushedManifest<'_>) -> Vec<NewJob> + Send + Sync;

/// Is told of a blob that arrived. It returns at once: whatever it wants done, it lets others do.
pub type AfterBlob = dyn Fn(&PushedBlob<'_>) + Send + Sync;

/// Everything that the routes work with.
#[derive(Clone)]
pub struct RegistryState {
    /// The records.
    pub store: Arc<dyn Store>,
    /// The bytes.
    pub blobs: Arc<dyn Blobs>,
    /// Who may do what.
    pub authority: Arc<dyn Authority>,
    /// Asked before a pull.
    pub gate: Arc<dyn Gate>,
    /// Which registry a request means.
    pub directory: Arc<dyn RegistryDirectory>,
    /// The time.
    pub clock: Arc<Clock>,
    /// What has to be done for a manifest that arrives. The jobs are stored with it, in one transaction.
    pub after_push: Arc<AfterPush>,
    /// Told of each blob that arrives, before the client is. The push does not wait for what comes of it.
    pub after_blob: Arc<AfterBlob>,
    /// Limits.
    pub limits: Limits,
    /// How much one caller may ask; none: as much as they like.
    pub rates: Option<Arc<Mutex<RateLimiter>>>,
    /// Held for reading while bytes become visible, and for writing while unlinked bytes are deleted: without it, a
    /// blob could be deleted between being stored again and being linked again (attack C17).
    pub(crate) publication: Arc<RwLock<()>>,
}

impl RegistryState {
    /// Counts a request of a caller.
    pub(crate) fn count(&self, caller: &str) -> Result<(), RegistryError> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let mut rates = rates.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(rates.take(caller, self.now())?)
    }

    /// A registry with an open gate, the system's clock, default limits and no jobs. Set the fields to change that.
    pub fn new(
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        authority: Arc<dyn Authority>,
        directory: Arc<dyn RegistryDirectory>,
    ) -> Self {
        Self {
            store,
            blobs,
            authority,
            gate: Arc::new(OpenGate),
            directory,
            clock: Arc::new(Timestamp::now),
            after_push: Arc::new(|_| Vec::new()),
            after_blob: Arc::new(|_| {}),
            limits: Limits::default(),
            rates: None,
            publication: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
