//! Reading ahead: the store reads the next images while these are counted.

use super::MANY;
use crate::viewer::View;
use store::{ImageContent, ImageKey, Page, PageRequest, SummaryFilter};
use tokio::task::JoinHandle;

type Contents = Page<ImageContent, ImageKey>;

/// A page that is being read.
pub(super) struct Ahead {
    pub(super) state: usize,
    pub(super) after: Option<ImageKey>,
    reading: JoinHandle<Result<Contents, store::Error>>,
}

impl Ahead {
    /// Begins to read the images behind one, of one of the states.
    pub(super) fn begin(view: &View, filter: SummaryFilter, state: usize, after: Option<ImageKey>) -> Self {
        let store = view.store.clone();
        let page = PageRequest { after: after.clone(), limit: MANY };
        let reading = view.runtime.spawn(async move { store.contents(&filter, page).await });
        Self { state, after, reading }
    }

    /// The page, when it is read.
    pub(super) fn page(self, view: &View) -> Result<Contents, store::Error> {
        match view.runtime.block_on(self.reading) {
            Ok(page) => page,
            // The task is gone: the server is ending.
            Err(_) => Err(store::Error::Closed),
        }
    }
}
