//! The report as Markdown, for a comment on a merge request.

use super::{Form, Report};
use crate::terminal::{Terminal, clean};
use anyhow::Result;
use std::fmt::Write;

pub(super) const FORM: Form = Form { name: "markdown", write };

fn write(report: &Report, _: Terminal) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "## {}: {}\n", escape(&report.target), report.state)?;
    if let Some(cause) = &report.cause {
        writeln!(text, "{}\n", escape(&cause.description))?;
    }
    for note in &report.notes {
        writeln!(text, "* {}", escape(note))?;
    }
    if report.findings.is_empty() {
        write!(text, "No findings.")?;
        return Ok(text);
    }
    writeln!(text, "| severity | vulnerability | package | version | fixed | remediation |")?;
    write!(text, "|---|---|---|---|---|---|")?;
    for finding in &report.findings {
        write!(
            text,
            "\n| {} | {} | {} | {} | {} | {} |",
            escape(&finding.severity),
            escape(&finding.vulnerability),
            escape(&finding.package),
            escape(&finding.version),
            escape(finding.fixed.as_deref().unwrap_or("–")),
            escape(&finding.remediation),
        )?;
    }
    Ok(text)
}

/// Foreign text with every letter that Markdown or HTML would take for a mark made plain.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in clean(text).chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_leave_its_cell() {
        assert_eq!(escape("a|b <img> [x](y) `z`\n"), "a\\|b &lt;img> \\[x\\](y) \\`z\\`\u{fffd}");
    }
}
