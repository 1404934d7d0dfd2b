//! SARIF 2.1.0, which code hosts show beside the code.
//!
//! See <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
//! A vulnerability is a rule and a finding is a result; `security-severity` is what code hosts sort by.

use super::{Form, Report};
use crate::terminal::Terminal;
use anyhow::Result;
use serde_json::{Value, json};
use server::api::view::FindingView;
use std::collections::BTreeMap;

pub(super) const FORM: Form = Form { name: "sarif", write };

fn write(report: &Report, _: Terminal) -> Result<String> {
    let mut rules: BTreeMap<&str, &FindingView> = BTreeMap::new();
    for finding in &report.findings {
        rules.entry(&finding.vulnerability).or_insert(finding);
    }
    let index: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(number, id)| (*id, number)).collect();
    let results: Vec<Value> = report.findings.iter().map(|finding| result(report, finding, &index)).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Lazaretto",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|finding| rule(finding)).collect::<Vec<_>>(),
            }},
            // An image that could not be assessed must not look like a clean run.
            "invocations": [{
                "executionSuccessful": report.state != "NotApplicable",
                "toolExecutionNotifications": report.cause.iter().map(|cause| json!({
                    "level": "error",
                    "descriptor": {"id": cause.code},
                    "message": {"text": cause.description},
                })).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&document)?)
}

fn rule(finding: &FindingView) -> Value {
    json!({
        "id": finding.vulnerability,
        "shortDescription": {"text": if finding.title.is_empty() { &finding.vulnerability } else { &finding.title }},
        "help": {"text": finding.remediation},
        "properties": {"security-severity": security_severity(finding), "tags": ["security", "vulnerability"]},
    })
}

fn result(report: &Report, finding: &FindingView, index: &BTreeMap<&str, usize>) -> Value {
    json!({
        "ruleId": finding.vulnerability,
        "ruleIndex": index.get(&*finding.vulnerability),
        "level": match &*finding.severity {
            "Critical" | "High" => "error",
            "Medium" => "warning",
            _ => "note",
        },
        "message": {"text": format!(
            "{} {} is affected by {}. {}",
            finding.package, finding.version, finding.vulnerability, finding.remediation
        )},
        "locations": [{
            "physicalLocation": {"artifactLocation": {"uri": uri(&finding.path)}, "region": {"startLine": 1}},
            "logicalLocations": [{"fullyQualifiedName": format!("{}:/{}", report.target, finding.path)}],
        }],
        "partialFingerprints": {
            "finding/v1": format!("{}|{}|{}", finding.vulnerability, finding.package, finding.path),
        },
    })
}

fn security_severity(finding: &FindingView) -> String {
    let fallback = match &*finding.severity {
        "Critical" => 9.0,
        "High" => 7.0,
        "Medium" => 4.0,
        "Low" => 0.1,
        _ => 0.0,
    };
    format!("{:.1}", finding.score.unwrap_or(fallback))
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    crate::commands::image::encode(path).replace(':', "%3A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_could_not_be_assessed_is_no_successful_run() {
        let terminal = Terminal { colour: false, progress: false };
        let mut report = super::super::sample();
        let text = write(&report, terminal).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["runs"][0]["invocations"][0]["executionSuccessful"], true);
        assert_eq!(value["runs"][0]["results"][0]["level"], "error");
        assert_eq!(value["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["security-severity"], "7.5");

        report.state = "NotApplicable".into();
        let value: Value = serde_json::from_str(&write(&report, terminal).unwrap()).unwrap();
        assert_eq!(value["runs"][0]["invocations"][0]["executionSuccessful"], false);
    }
}
