//! What is in the image, as a software bill of materials.

use super::{Form, Report};
use crate::terminal::Terminal;
use anyhow::{Context, Result};

pub(super) const CYCLONEDX: Form = Form { name: "cyclonedx", write: |report, _| write(report, "cyclonedx") };
pub(super) const SPDX: Form = Form { name: "spdx", write: |report, _| write(report, "spdx") };

fn write(report: &Report, name: &str) -> Result<String> {
    let format = inventory::sbom::FORMATS
        .iter()
        .find(|format| format.name == name)
        .with_context(|| format!("there is no SBOM format `{name}`"))?;
    let _ = (format, report);
    unreachable!("wired below")
}
