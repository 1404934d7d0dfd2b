//! The report for programs, with everything in it.

use super::{Form, Report};
use crate::terminal::Terminal;
use anyhow::Result;

pub(super) const FORM: Form = Form { name: "json", write };

fn write(report: &Report, _: Terminal) -> Result<String> {
    Ok(serde_json::to_string_pretty(report)?)
}
