//! What jobs are run in, over records in a folder and without a server around it.

use jiff::SignedDuration;
use server::advisories::Shelf;
use server::exports::Exports;
use server::inspect::Inspector;
use server::jobs::reevaluate::FlipLimit;
use server::jobs::{Readers, Workshop};
use server::sender::Sender;
use std::path::Path;
use std::sync::Arc;
use store::{FolderBlobs, Store};
use tokio::sync::watch;

/// A workshop over records, with its blobs and advisories in a folder.
pub(crate) fn workshop(folder: &Path, store: Arc<dyn Store>) -> Workshop {
    Workshop {
        store,
        blobs: Arc::new(FolderBlobs::open(&folder.join("blobs")).unwrap()),
        inspector: Inspector::new(sandbox::Requirement::BestEffort),
        readers: Readers::new(1),
        errands: Readers::new(1),
        scratch: folder.to_owned(),
        shelf: Arc::new(Shelf::open(&folder.join("advisories")).unwrap()),
        advisory_age_limit: SignedDuration::from_hours(24 * 30),
        flip_limit: FlipLimit { share: 0.5, least: 3 },
        changes: watch::channel(0).0,
        sender: Sender::new(Arc::default()).unwrap(),
        reach: Arc::default(),
        registry: None,
        url: "http://localhost".into(),
        exports: Exports::new(folder.join("exports")),
    }
}
