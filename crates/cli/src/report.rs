//! What a scan says, in the form that was asked for.
//!
//! A form is one file and one line in [`FORMS`].

pub(crate) mod csv;
mod json;
mod markdown;
mod sarif;
pub(crate) mod sbom;
mod table;

use crate::terminal::Terminal;
use anyhow::{Result, bail};
use inventory::ImageInventory;
use serde::Serialize;
use server::api::view::{CauseView, Counts, FindingView};

/// The result of scanning one image.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// What was scanned, as it was named.
    pub(crate) target: String,
    /// The digest of the manifest, where there is one.
    pub(crate) digest: Option<String>,
    /// `linux/amd64`.
    pub(crate) platform: Option<String>,
    /// `Healthy`, `Unhealthy` or `NotApplicable`.
    pub(crate) state: String,
    /// Why it could not be assessed.
    pub(crate) cause: Option<CauseView>,
    /// What a reader must know besides.
    pub(crate) notes: Vec<String>,
    /// Findings by severity.
    pub(crate) counts: Counts,
    /// The findings.
    pub(crate) findings: Vec<FindingView>,
    /// The snapshot of advisories.
    pub(crate) snapshot: Option<String>,
    /// What the jail achieved.
    pub(crate) isolation: Option<String>,
    /// When.
    pub(crate) scanned_at: jiff::Timestamp,
    /// What is in it.
    #[serde(skip)]
    pub(crate) inventory: ImageInventory,
}

/// One form of output.
pub(crate) struct Form {
    /// The word for `--format`.
    pub(crate) name: &'static str,
    /// Writes the report.
    pub(crate) write: fn(&Report, Terminal) -> Result<String>,
}

/// All forms; the first is the default.
pub(crate) const FORMS: &[Form] =
    &[table::FORM, json::FORM, sarif::FORM, sbom::CYCLONEDX, sbom::SPDX, csv::FORM, markdown::FORM];

/// The form of this name.
pub(crate) fn form(name: &str) -> Result<&'static Form> {
    match FORMS.iter().find(|form| form.name == name) {
        Some(form) => Ok(form),
        None => {
            let names: Vec<&str> = FORMS.iter().map(|form| form.name).collect();
            bail!("there is no format `{name}`; there are: {}", names.join(", "))
        }
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Report {
    Report {
        target: "oci:image".into(),
        digest: Some(format!("sha256:{}", "ab".repeat(32))),
        platform: Some("linux/amd64".into()),
        state: "Unhealthy".into(),
        cause: None,
        notes: vec!["one thing".into()],
        counts: Counts { high: 1, ..Counts::default() },
        findings: vec![FindingView {
            registry: None,
            repository: "oci:image".into(),
            digest: format!("sha256:{}", "ab".repeat(32)),
            vulnerability: "CVE-2021-28831".into(),
            aliases: Vec::new(),
            severity: "High".into(),
            score: Some(7.5),
            title: "Malformed | gzip \"data\"".into(),
            package: "=busybox".into(),
            version: "1.30.1-r2".into(),
            path: "lib/apk/db/installed".into(),
            layer: "sha256:cd".into(),
            layer_number: Some(1),
            step: Some("ADD rootfs.tar /".into()),
            inherited: None,
            fixed: Some("1.30.1-r5".into()),
            remediation: "apk add --upgrade 'busybox>=1.30.1-r5'".into(),
            advisories: vec!["ALPINE-CVE-2021-28831".into()],
            evidence: "1.30.1-r2 is below 1.30.1-r5".into(),
            exempt: None,
            risk: Default::default(),
        }],
        snapshot: None,
        isolation: None,
        scanned_at: jiff::Timestamp::UNIX_EPOCH,
        inventory: inventory::coalesce(&[]),
    }
}
