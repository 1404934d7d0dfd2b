//! What is in the image, as a software bill of materials.

use super::{Form, Report};
use anyhow::{Context, Result};
use inventory::ImageInventory;
use inventory::sbom::{FORMATS, Format};

pub(super) const CYCLONEDX: Form = Form { name: "cyclonedx", write: |report, _| named(report, "cyclonedx") };
pub(super) const SPDX: Form = Form { name: "spdx", write: |report, _| named(report, "spdx") };

fn named(report: &Report, name: &str) -> Result<String> {
    let format = FORMATS.iter().find(|format| format.name == name);
    let format = format.with_context(|| format!("there is no SBOM format `{name}`"))?;
    write(format, &report.target, report.digest.as_deref(), &report.inventory)
}
