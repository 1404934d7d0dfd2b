//! Queries that somebody has given a name.

use crate::{Error, Page, PageRequest};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A query with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// The resource group it stands in, by its id, in the spelling in which it was put.
    pub scope: String,
    /// Its name there.
    pub name: String,
    /// The query.
    pub query: String,
    /// What it is for.
    pub description: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was last put.
    pub modified_at: Timestamp,
}

/// The place of a query in the order of all: scope and name, in small letters.
pub type SavedQueryKey = (String, String);

/// Saved queries. Scopes and names are compared without regard to the case of ASCII letters.
#[async_trait]
pub trait SavedQueries: Send + Sync {
    /// Puts a query, in place of the one of its name. `true` if there was none.
    async fn put_saved_query(&self, query: SavedQuery) -> Result<bool, Error>;

    /// The query of a name in a resource group.
    async fn saved_query(&self, scope: &str, name: &str) -> Result<Option<SavedQuery>, Error>;

    /// The queries at a scope and below it, by scope and name.
    async fn saved_queries(
        &self,
        scope: &str,
        page: PageRequest<SavedQueryKey>,
    ) -> Result<Page<SavedQuery, SavedQueryKey>, Error>;

    /// Takes a query away. `false` if there was none.
    async fn delete_saved_query(&self, scope: &str, name: &str) -> Result<bool, Error>;
}
