//! The gate: asked before content is handed out.
//!
//! It is one decision for every way to the content: by tag or digest, with HEAD or GET, and for blobs as for manifests.
//! Only HEAD of a blob does not ask. It tells nothing but a size, and pushes need it to know what to send.

mod policy;

pub use policy::PolicyGate;

use crate::Site;
use access::Principal;
use async_trait::async_trait;
use oci::{Digest, RepositoryName};

/// What somebody wants to pull.
#[derive(Debug, Clone, Copy)]
pub struct Pull<'a> {
    /// The registry.
    pub site: &'a Site,
    /// The repository.
    pub repository: &'a RepositoryName,
    /// The content.
    pub digest: &'a Digest,
    /// Whether it is a blob and not a manifest.
    pub is_blob: bool,
    /// Who pulls.
    pub principal: &'a Principal,
}

/// The gate's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// It may be pulled.
    Allowed,
    /// It is held back.
    Held {
        /// Why, in a sentence for the client.
        reason: String,
    },
}

/// Decides whether content may be pulled.
#[async_trait]
pub trait Gate: Send + Sync {
    /// The decision. A gate that cannot find out decides by its own policy; there is no third answer.
    async fn may_pull(&self, pull: Pull<'_>) -> Passage;
}

/// A gate that is always open.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

#[async_trait]
impl Gate for OpenGate {
    async fn may_pull(&self, _: Pull<'_>) -> Passage {
        Passage::Allowed
    }
}
