//! What a verdict means for the quarantine pattern, and the details that Azure's tools read beside it.

use registry::quarantine_after;
use serde_json::{Value, json};
use store::{ImageSummary, PullPolicy, QuarantineState};

/// The severities of the details, with our word and theirs.
const SEVERITIES: [(&str, &str); 5] =
    [("Critical", "Critical"), ("High", "High"), ("Medium", "Medium"), ("Low", "Low"), ("Unknown", "None")];

/// State and details for a verdict.
pub(super) fn decide(
    policy: PullPolicy,
    summary: &ImageSummary,
    url: &str,
) -> (Option<QuarantineState>, String) {
    let state = quarantine_after(policy, summary.state, &summary.counts);
    (state, details(state, summary, url).to_string())
}

/// The form that Security Center writes: a document as text.
fn details(state: Option<QuarantineState>, summary: &ImageSummary, url: &str) -> Value {
    let said = if state == Some(QuarantineState::Passed) { "Scan Passed" } else { "Scan Failed" };
    let counts: Vec<Value> = SEVERITIES
        .iter()
        .filter_map(|(ours, theirs)| {
            let count = summary.counts.get(*ours).copied().unwrap_or_default();
            (count > 0).then(|| json!({ "severity": theirs, "count": count }))
        })
        .collect();
    let image = &summary.image;
    json!({
        "state": said,
        "link": format!("{url}/portal/images/{}@{}", image.repository.name, image.digest),
        "scanner": super::SCANNER,
        "result": {
            "version": summary.assessed_at.map(|at| at.to_string()),
            "summary": counts,
        },
    })
}
