//! The tables: those of Resource Graph, and our own with plain columns.
//!
//! A table is handed what a query asks for: which columns and paths, and what it compares. It narrows by that what the
//! store reads, and makes no more than was asked for.

mod absent;
mod asked_forms;
mod authorization;
mod custom_assessments;
mod events;
mod findings;
mod history;
mod images;
mod layers;
mod packages;
mod past;
mod past_findings;
mod past_verdicts;
mod policy;
mod resource_changes;
mod resource_containers;
pub(crate) mod resource_row;
mod resources;
mod security_resources;
mod software;
pub(crate) mod sub_assessments;

use crate::documents::KnownRegistry;
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, TableSchema};
use store::ImageKey;

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
    /// The column whose values many rows share up to the last slash.
    pub(crate) stem: Option<&'static str>,
    pub(crate) read: fn(&View, &ScanRequest) -> Box<dyn Reading>,
    /// Whether rows that are alike can come as one.
    pub(crate) folds: fn(&View, &ScanRequest) -> bool,
}

/// The tables that have rows.
pub const TABLES: &[Table] = &[
    resources::TABLE,
    resource_containers::TABLE,
    security_resources::TABLE,
    authorization::TABLE,
    policy::TABLE,
    images::TABLE,
    packages::TABLE,
    findings::TABLE,
    layers::TABLE,
    events::TABLE,
    history::TABLE,
    resource_changes::TABLE,
];

/// The names of the tables that are known and always empty.
pub fn absent_tables() -> impl Iterator<Item = &'static str> {
    absent::TABLES.iter().map(|table| table.name)
}

/// The table of a query that names none.
pub(crate) const DEFAULT: &str = "Resources";

/// The same of a query about the past.
pub(crate) const PAST: &str = "ResourcesHistory";

/// Its part about resources.
const PAST_RESOURCES: &str = "ResourcesHistory of Resources";

/// Its part about assessments.
const PAST_SECURITY_RESOURCES: &str = "ResourcesHistory of SecurityResources";

/// What a query about the past means by the names of tables of the present.
static PAST_TABLES: [(&str, Table); 2] =
    [("Resources", history::RESOURCES), ("SecurityResources", history::SECURITY_RESOURCES)];

/// The table that a query about the past means by a name.
pub(crate) fn past_name(name: &str) -> &str {
    let meant = PAST_TABLES.iter().find(|(present, _)| present.eq_ignore_ascii_case(name));
    meant.map_or(name, |(_, table)| table.name)
}

impl Table {
    /// Its columns with their kinds, in the words of the language. Those that no `*` shows are left out.
    pub fn columns(&self) -> Vec<(String, &'static str)> {
        (self.columns)().iter().map(|column| (column.name.to_string(), column.kind.as_str())).collect()
    }

    pub(crate) fn schema(&self) -> TableSchema {
        TableSchema { name: self.name.into(), columns: (self.columns)(), hidden: (self.hidden)() }
    }

    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        let is_it = |table: &&Self| table.name.eq_ignore_ascii_case(name);
        let past = || PAST_TABLES.iter().map(|(_, table)| table).find(is_it);
        TABLES.iter().find(is_it).or_else(|| absent::TABLES.iter().find(is_it)).or_else(past)
    }
}

/// Columns from names and kinds.
pub(crate) fn columns(list: &[(&str, Kind)]) -> Vec<Column> {
    list.iter().map(|(name, kind)| Column::new(name, *kind)).collect()
}

/// Host, repository and digest of an image in one: by it an image can be pulled.
pub(crate) fn image_text(known: &KnownRegistry, image: &ImageKey) -> String {
    format!("{}/{}@{}", known.registry.login_server, image.repository.name, image.digest)
}
