//! `PolicyResources`: known, and empty: nothing of the kind is kept here yet.

use super::Table;
use super::absent::Nothing;
use super::resource_row::{hidden, shown};

pub(super) const TABLE: Table = Table {
    name: "PolicyResources",
    about: "Nothing yet: the table is there so that queries over it run.",
    columns: shown,
    hidden,
    stem: None,
    read: |_, _| Box::new(Nothing),
    folds: |_| false,
};
