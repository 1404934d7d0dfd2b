//! The tables: those of Resource Graph, and our own with plain columns.
//!
//! A table is a list of stages, each of one type of resources. A stage is passed over when the query asks for another
//! type; of the others it is handed what else the query compares, to narrow what the store reads.

mod authorization;
mod findings;
mod images;
mod policy;
mod resource_containers;
mod resource_row;
mod resources;
mod security_resources;

use crate::source::Narrowed;
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, TableSchema};

/// The rows of a page, and whether there may be more.
pub(crate) struct Pulled {
    pub(crate) batch: Batch,
    pub(crate) is_last: bool,
}

/// Reads a table from its beginning to its end.
pub(crate) trait Reading {
    /// The next rows.
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error>;
}

/// A table.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What it holds, for people.
    pub about: &'static str,
    pub(crate) columns: fn() -> Vec<Column>,
    pub(crate) hidden: fn() -> Vec<Column>,
    pub(crate) read: fn(&Narrowed) -> Box<dyn Reading>,
}

/// All tables.
pub const TABLES: &[Table] = &[
    resources::TABLE,
    resource_containers::TABLE,
    security_resources::TABLE,
    authorization::TABLE,
    policy::TABLE,
    images::TABLE,
    findings::TABLE,
];

/// The table of a query that names none.
pub(crate) const DEFAULT: &str = "Resources";

impl Table {
    pub(crate) fn schema(&self) -> TableSchema {
        TableSchema { name: self.name.into(), columns: (self.columns)(), hidden: (self.hidden)() }
    }

    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

/// Columns from names and kinds.
pub(crate) fn columns(list: &[(&str, Kind)]) -> Vec<Column> {
    list.iter().map(|(name, kind)| Column::new(name, *kind)).collect()
}
