//! `PolicyResources`: known, and empty: nothing of the kind is kept here yet.

use super::resource_row::{hidden, shown};
use super::{Pulled, Reading, Table};
use crate::viewer::View;
use kql::{Batch, ScanRequest};

pub(super) const TABLE: Table = Table {
    name: "PolicyResources",
    about: "Nothing yet: the table is there so that queries over it run.",
    columns: shown,
    hidden,
    read: |_| Box::new(Nothing),
};

struct Nothing;

impl Reading for Nothing {
    fn pull(&mut self, _: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        Ok(Pulled { batch: Batch::new(request.needs.len()), is_last: true })
    }
}
