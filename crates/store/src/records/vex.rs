//! What documents that are attached to images say of their vulnerabilities.
//!
//! The store notices by itself that something was attached to an image, or taken away from it, and keeps a list of the
//! images whose documents have to be read again. Whoever reads them decides whom to trust; what was refused is kept with
//! the reason.

use crate::{Error, ImageKey};
use advisory::VexStatement;
use async_trait::async_trait;
use jiff::Timestamp;
use oci::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An image whose attached documents have to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingVex {
    /// Tells this request from a later one about the same image.
    pub ticket: i64,
    /// The image; whether it is here or not.
    pub image: ImageKey,
}

/// A document that is attached to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexReading {
    /// The manifest that carries it.
    pub document: Digest,
    /// What it is attached to: the image, or an index that it is part of.
    pub subject: Digest,
    /// What it is: `OpenVEX`, `CSAF`, `CycloneDX`.
    pub form: String,
    /// The name of the key that signed it; none if it was refused.
    pub signer: Option<String>,
    /// Why it was refused, or what of it was left out; may be empty.
    pub remark: String,
    /// What it says; nothing if it was refused.
    pub statements: Vec<VexStatement>,
    /// When it was read.
    pub read_at: Timestamp,
}

/// What is trusted of the documents of all images that have some. What is attached to an index is about its images.
pub type TrustedVex = BTreeMap<ImageKey, Vec<VexReading>>;

/// Documents that are attached to images.
#[async_trait]
pub trait VexReadings: Send + Sync {
    /// Images whose documents have to be read, the one that has waited longest first.
    async fn pending_vex(&self, limit: usize) -> Result<Vec<PendingVex>, Error>;

    /// Says that the documents of an image were read. What was attached after the ticket was given stays to be read.
    async fn vex_done(&self, ticket: i64) -> Result<(), Error>;

    /// Keeps what the documents of an image say, in place of what they said before, and tells history of what became
    /// another one. Whether anything did.
    async fn put_vex(
        &self,
        image: &ImageKey,
        readings: Vec<VexReading>,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// The documents of an image, by digest, also those that were refused.
    async fn vex(&self, image: &ImageKey) -> Result<Vec<VexReading>, Error>;

    /// The documents that were not refused, of all images.
    async fn trusted_vex(&self) -> Result<Arc<TrustedVex>, Error>;

    /// Asks for all documents to be read again if the keys are others than those that they were last read with.
    /// `trust` stands for the keys. Returns how many images have documents to be read again.
    async fn trust_vex(&self, trust: &str) -> Result<u64, Error>;
}
