//! Settings that faces keep in a form of their own, each with a kind, a scope and a name; and what was told of changes.
//!
//! The store does not read them. There are few: a kind is read as a whole.

use crate::{Actor, Error};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

/// More documents of a kind than this are not kept.
pub const MOST_DOCUMENTS: usize = 2000;

/// Which document. Scope and name have no case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKey {
    /// What it is: `governance-assignment`.
    pub kind: &'static str,
    /// Where it belongs: a resource id.
    pub scope: String,
    /// Its name there.
    pub name: String,
}

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptDocument {
    /// Where it belongs.
    pub scope: String,
    /// Its name there.
    pub name: String,
    /// What it says. It may hold secrets, and goes into no log.
    pub body: Value,
    /// Who last put it.
    pub author: Actor,
    /// When it was put for the first time.
    pub created_at: Timestamp,
    /// When it was last put.
    pub changed_at: Timestamp,
}

/// What became of a document that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentPut {
    /// It is new.
    Created,
    /// It takes the place of one of the same name.
    Replaced,
    /// There are so many of its kind already that no more are taken.
    TooMany,
}

/// Documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Puts a document, in place of one with the same key.
    async fn put_document(
        &self,
        key: DocumentKey,
        body: Value,
        author: Actor,
        at: Timestamp,
    ) -> Result<DocumentPut, Error>;

    /// A document.
    async fn document(&self, key: &DocumentKey) -> Result<Option<KeptDocument>, Error>;

    /// All documents of a kind, by scope and name.
    async fn documents(&self, kind: &'static str) -> Result<Vec<KeptDocument>, Error>;

    /// Deletes a document. `false` if there was none.
    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, Error>;

    /// What an automation last told of a resource.
    async fn told(&self, automation: &str, resource: &str) -> Result<Option<String>, Error>;

    /// Remembers what an automation told of resources: pairs of a resource and a fingerprint.
    async fn remember_told(
        &self,
        automation: &str,
        told: Vec<(String, String)>,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// Forgets everything that an automation told.
    async fn forget_told(&self, automation: &str) -> Result<(), Error>;
}
