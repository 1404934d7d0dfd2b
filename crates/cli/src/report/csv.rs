//! The findings as CSV, after RFC 4180.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula.
//! Package names and titles are foreign, so that such cells get a quote in front (attack B12).

use super::{Form, Report};
use crate::terminal::Terminal;
use anyhow::Result;

pub(super) const FORM: Form = Form { name: "csv", write };

const HEADER: &str =
    "target,digest,vulnerability,severity,score,package,version,fixed,path,layer,title,remediation";

fn write(report: &Report, _: Terminal) -> Result<String> {
    let mut text = String::from(HEADER);
    for finding in &report.findings {
        let score = finding.score.map(|score| score.to_string()).unwrap_or_default();
        let cells = [
            &report.target,
            &finding.digest,
            &finding.vulnerability,
            &finding.severity,
            &score,
            &finding.package,
            &finding.version,
            finding.fixed.as_ref().unwrap_or(&String::new()),
            &finding.path,
            &finding.layer,
            &finding.title,
            &finding.remediation,
        ]
        .map(|cell| escape(cell));
        text.push_str("\r\n");
        text.push_str(&cells.join(","));
    }
    Ok(text)
}

/// A cell: quoted where it must be, and never a formula.
pub(crate) fn escape(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !cell.contains([',', '"', '\n', '\r']) {
        return cell.to_owned();
    }
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_stays_text() {
        let terminal = Terminal { colour: false, progress: false };
        let text = write(&super::super::sample(), terminal).unwrap();
        let row = text.lines().nth(1).unwrap();
        assert!(row.contains(r#","'=busybox","#), "{row}");
        assert!(row.contains(r#""Malformed | gzip ""data""""#), "{row}");
    }
}
