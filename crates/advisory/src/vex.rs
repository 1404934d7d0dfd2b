//! VEX: what the user says of vulnerabilities in their own images, and what becomes of matches by it.
//!
//! Three forms are read: OpenVEX (<https://github.com/openvex/spec>), CSAF VEX
//! (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>) and CycloneDX VEX (<https://cyclonedx.org/capabilities/vex/>).
//! Each becomes a list of [`VexStatement`]s, which [`apply`] lays over matches:
//!
//! * `not_affected` and `fixed` take a finding away, with the reason; `affected` makes one of what could not be told;
//!   `under_investigation` is kept beside the finding and changes nothing.
//! * "Not affected" must say why, as the specifications demand; a statement without a reason is skipped and named.
//! * A statement counts for a package if it names it by package URL, or names the image and the package in it, or
//!   the image alone. A URL without a version means every version.
//! * Of several statements the newest counts; of the same age the later one in the list.
//!
//! What this module does not do: decide whom to trust. The caller hands in the documents it has verified.

mod attached;
mod csaf;
mod cyclonedx;
pub mod envelope;
mod openvex;
mod purl;

pub use attached::{AttachedSubject, decisive};

use crate::{Match, Skip, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest document that is read, in bytes.
pub const DOCUMENT_BYTES: usize = 32 << 20;

/// The most statements of one document.
const STATEMENTS: usize = 100_000;

/// What a statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
    /// The product does not have the vulnerability.
    NotAffected,
    /// The product has it.
    Affected,
    /// The product had it, and this version does not.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

impl VexStatus {
    /// The word, as OpenVEX writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }
}

/// What a statement is about: a product, and where it is an image, the packages in it that are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VexProduct {
    /// A package URL, a digest, or whatever else the document calls it by.
    pub id: String,
    /// The parts that are meant; empty for all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

/// One statement of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VexStatement {
    /// The names of the vulnerability.
    pub vulnerabilities: Vec<String>,
    /// What it is about.
    pub products: Vec<VexProduct>,
    /// What it says.
    pub status: VexStatus,
    /// Why, in a word of the specification: `vulnerable_code_not_in_execute_path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// Why, or what is to be done, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// When it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Timestamp>,
    /// Who says so.
    pub author: String,
    /// The document.
    pub document: String,
}

/// A document, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VexDocument {
    /// What it is: `OpenVEX`, `CSAF`, `CycloneDX`.
    pub form: &'static str,
    /// Its statements.
    pub statements: Vec<VexStatement>,
    /// Statements that were not taken, with the reason.
    pub skips: Vec<Skip>,
}

/// Why a document was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VexError {
    /// It is too large.
    #[error("the document is {length} bytes long, and no more than {DOCUMENT_BYTES} are read")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
    },
    /// It has too many statements.
    #[error("the document has more than the {STATEMENTS} statements that are read")]
    TooMany,
    /// It is none of the forms.
    #[error("the document is neither OpenVEX nor CSAF nor CycloneDX")]
    UnknownForm,
    /// It is broken.
    #[error("the document is not readable as {form}: {why}")]
    Broken {
        /// The form.
        form: &'static str,
        /// What is wrong.
        why: String,
    },
}

/// One form of documents.
struct Form {
    name: &'static str,
    /// A word that only documents of this form have near their beginning.
    mark: &'static [u8],
    read: fn(&[u8]) -> Result<VexDocument, serde_json::Error>,
}

/// All forms.
const FORMS: &[&Form] = &[&openvex::FORM, &csaf::FORM, &cyclonedx::FORM];

/// Reads a document of any form.
///
/// # Errors
///
/// If it is too large, of no known form, or broken.
pub fn read_document(document: &[u8]) -> Result<VexDocument, VexError> {
    if document.len() > DOCUMENT_BYTES {
        return Err(VexError::TooLarge { length: document.len() });
    }
    let form = FORMS.iter().find(|form| memchr::memmem::find(document, form.mark).is_some());
    let form = form.ok_or(VexError::UnknownForm)?;
    let mut read = (form.read)(document)
        .map_err(|error| VexError::Broken { form: form.name, why: error.to_string() })?;
    read.form = form.name;
    if read.statements.len() > STATEMENTS {
        return Err(VexError::TooMany);
    }
    let has_reason = |statement: &VexStatement| {
        statement.status != VexStatus::NotAffected
            || statement.justification.is_some()
            || statement.remark.is_some()
    };
    for statement in read.statements.iter().filter(|statement| !has_reason(statement)) {
        let why = "it says \"not affected\" and not why".to_owned();
        read.skips.push(Skip { place: statement.vulnerabilities.join(", "), why });
    }
    read.statements.retain(has_reason);
    Ok(read)
}

/// What matches are of: a package, and the image it is in.
#[derive(Debug, Clone, Copy)]
pub struct VexSubject<'s> {
    /// The package URL of the package.
    pub package: &'s str,
    /// The names of the image: package URLs, digests, references.
    pub image: &'s [&'s str],
}

/// Lays statements over the matches of a package.
pub fn apply(matches: &mut [Match], subject: &VexSubject<'_>, statements: &[VexStatement]) {
    for found in matches {
        let about = |statement: &&VexStatement| {
            statement.vulnerabilities.iter().any(|name| found.is_about(name)) && statement.concerns(subject)
        };
        // The last of the newest, because `max_by_key` gives the last of equals.
        let Some(statement) = statements.iter().filter(about).max_by_key(|statement| statement.said) else {
            continue;
        };
        if let Some(verdict) = statement.verdict(&found.verdict) {
            found.verdict = verdict;
        }
        found.vex = Some(statement.clone());
    }
}

impl VexStatement {
    fn concerns(&self, subject: &VexSubject<'_>) -> bool {
        let is_image = |id: &str| subject.image.iter().any(|name| *name == id || purl::covers(id, name));
        self.products.iter().any(|product| {
            let is_part = product.parts.iter().any(|part| purl::covers(part, subject.package));
            if is_image(&product.id) {
                product.parts.is_empty() || is_part
            } else {
                product.parts.is_empty() && purl::covers(&product.id, subject.package)
            }
        })
    }

    /// The verdict after the statement; `None` if it changes nothing.
    fn verdict(&self, before: &Verdict) -> Option<Verdict> {
        match (self.status, before) {
            (VexStatus::NotAffected | VexStatus::Fixed, Verdict::Affected | Verdict::Undetermined { .. }) => {
                Some(Verdict::NotAffected { why: self.to_string() })
            }
            (VexStatus::Affected, Verdict::Undetermined { .. }) => Some(Verdict::Affected),
            (VexStatus::NotAffected | VexStatus::Fixed, Verdict::NotAffected { .. })
            | (VexStatus::Affected, Verdict::Affected | Verdict::NotAffected { .. })
            | (VexStatus::UnderInvestigation, _) => None,
        }
    }
}

impl fmt::Display for VexStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} says {} in {}", self.author, self.status.as_str(), self.document)?;
        for reason in [&self.justification, &self.remark].into_iter().flatten() {
            write!(f, ": {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
