//! Software bills of materials: an inventory in the forms that other tools read.
//!
//! One form is one file in `sbom/` and one line in [`FORMATS`]; a test fails if the line is missing.
//! Time and serial number are given by the caller, so that the same inventory gives the same text.
//! What stands in the way of trusting the inventory is written into the document: a bill that conceals that it is
//! incomplete would be worse than none.

mod cyclonedx;
mod reading;
mod spdx;
#[cfg(test)]
mod tests;

use crate::ImageInventory;
pub use reading::{Bill, BillError, BillLimits, read};

/// A form of a bill of materials.
#[derive(Debug)]
pub struct Format {
    /// The word for it on the command line: `cyclonedx`, `spdx`.
    pub name: &'static str,
    /// Its media type, as it is stored beside an image.
    pub media_type: &'static str,
    /// Writes the document as JSON.
    pub write: fn(&ImageInventory, &Subject<'_>) -> String,
}

/// All forms.
pub const FORMATS: &[&Format] = &[&cyclonedx::FORMAT, &spdx::FORMAT];

/// What the bill is about, and when it was made.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The image, as the reader knows it: `registry.example.com/app:1.0`.
    pub name: &'s str,
    /// The digest of its manifest: `sha256:...`.
    pub digest: &'s str,
    /// When the bill was made: `2026-11-24T08:30:00Z`.
    pub timestamp: &'s str,
    /// A UUID of its own for this document, without a prefix.
    pub serial: &'s str,
    /// The version of this product.
    pub tool_version: &'s str,
}
