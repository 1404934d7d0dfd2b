//! What is in the image, as a software bill of materials.

use super::{Form, Report};
use anyhow::{Context, Result};
use inventory::ImageInventory;
use inventory::sbom::{FORMATS, Format, Subject};

pub(super) const CYCLONEDX: Form = Form { name: "cyclonedx", write: |report, _| named(report, "cyclonedx") };
pub(super) const SPDX: Form = Form { name: "spdx", write: |report, _| named(report, "spdx") };

fn named(report: &Report, name: &str) -> Result<String> {
    let format = FORMATS.iter().find(|format| format.name == name);
    let format = format.with_context(|| format!("there is no SBOM format `{name}`"))?;
    write(format, &report.target, report.digest.as_deref(), &report.inventory)
}

/// Writes a bill of materials.
pub(crate) fn write(
    format: &Format,
    target: &str,
    digest: Option<&str>,
    inventory: &ImageInventory,
) -> Result<String> {
    let now = jiff::Timestamp::now().to_string();
    let serial = uuid::Uuid::new_v4().to_string();
    // An image without a manifest, such as a folder, has no digest of its own.
    let digest = digest.unwrap_or("");
    let subject = Subject {
        name: target,
        digest,
        timestamp: &now,
        serial: &serial,
        tool_version: env!("CARGO_PKG_VERSION"),
    };
    Ok((format.write)(inventory, &subject))
}
