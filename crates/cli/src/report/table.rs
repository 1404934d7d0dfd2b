//! The report for a person at a terminal.

use super::{Form, Report};
use crate::commands::findings;
use crate::terminal::{Terminal, clean};
use anyhow::Result;
use std::fmt::Write;

pub(super) const FORM: Form = Form { name: "table", write };

fn write(report: &Report, terminal: Terminal) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "{}: {}", clean(&report.target), terminal.state(&report.state))?;
    if let Some(cause) = &report.cause {
        writeln!(text, "{}", clean(&cause.description))?;
    }
    writeln!(
        text,
        "{} packages, {} findings{}",
        report.inventory.packages.len(),
        report.counts.total(),
        report.isolation.as_ref().map_or_else(String::new, |words| format!(", read in a jail ({words})")),
    )?;
    for note in &report.notes {
        writeln!(text, "note: {}", clean(note))?;
    }
    if !report.findings.is_empty() {
        write!(text, "\n{}", findings::table(&report.findings, terminal))?;
    }
    Ok(text)
}
