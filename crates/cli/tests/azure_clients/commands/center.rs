//! Scores, automations, single findings, queries; and what there is none of.

use super::{Covered, count, covered, has, is, keep, succeeds, text};
use serde_json::Value;

fn none(list: &Value) {
    count(list, 0);
}

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "security secure-scores list",
        "security secure-scores list",
        "of the subscription",
        |_, answer| {
            has(answer, "/name", "ascScore");
        },
    ),
    covered(
        "security secure-scores show",
        "security secure-scores show -n ascScore",
        "half of the images are healthy",
        |_, answer| {
            // Of two images of one registry, one is healthy: three of six points.
            assert_eq!(answer["max"], 6, "{answer:#}");
            assert_eq!(answer["current"], 3.0, "{answer:#}");
        },
    ),
    covered(
        "security secure-score-controls list",
        "security secure-score-controls list",
        "vulnerabilities",
        |_, answer| has(answer, "/displayName", "Remediate vulnerabilities"),
    ),
    covered(
        "security secure-score-controls list_by_score",
        "security secure-score-controls list_by_score -n ascScore",
        "the same",
        |_, answer| has(answer, "/displayName", "Remediate vulnerabilities"),
    ),
    covered(
        "security secure-score-control-definitions list",
        "security secure-score-control-definitions list",
        "which assessments count",
        |_, answer| count(answer, 1),
    ),
    covered(
        "security sub-assessment list",
        "security sub-assessment list --assessment-name c0b7cfc6-3172-465a-b378-53c7ff2cc0d5 --assessed-resource-id {first}",
        "the form of 2023, with scores and packages",
        |world, answer| {
            let rows = answer.as_array().unwrap();
            let of_2023 = rows.iter().find(|row| row["status"]["code"] == "Unhealthy").unwrap();
            assert!(text(of_2023, "/id").contains("c0b7cfc6"), "{of_2023:#}");
            keep(world, "row", text(of_2023, "/name"));
        },
    ),
    covered(
        "security sub-assessment show",
        "security sub-assessment show -n {row} --assessment-name c0b7cfc6-3172-465a-b378-53c7ff2cc0d5 --assessed-resource-id {first}",
        "one finding",
        |world, answer| {
            is(answer, "/name", world.name("row"));
            is(answer, "/status/code", "Unhealthy");
        },
    ),
    covered(
        "security automation create_or_update",
        "security automation create_or_update -g quay -n tell -l local --scopes '[{\"description\": \"all\", \"scopePath\": \"/subscriptions/{subscription}\"}]' --sources '[{\"eventSource\": \"SubAssessments\", \"ruleSets\": []}]' --actions '[{\"actionType\": \"LogicApp\", \"logicAppResourceId\": \"/none\", \"uri\": \"https://example.com/told\"}]'",
        "sources and scopes",
        |_, answer| {
            is(answer, "/sources/0/eventSource", "SubAssessments");
            assert!(!answer.to_string().contains("example.com"), "an address is shown again: {answer:#}");
        },
    ),
    covered(
        "security automation validate",
        "security automation validate -g quay -n tell -l local --scopes '[{\"description\": \"all\", \"scopePath\": \"/subscriptions/{subscription}\"}]' --sources '[{\"eventSource\": \"SubAssessments\", \"ruleSets\": []}]' --actions '[{\"actionType\": \"LogicApp\", \"logicAppResourceId\": \"/none\", \"uri\": \"https://example.com/told\"}]'",
        "it would be taken",
        |_, answer| assert_eq!(answer["isValid"], true, "{answer:#}"),
    ),
    covered("security automation list", "security automation list", "it is there", |_, answer| {
        has(answer, "/name", "tell");
    }),
    covered(
        "security automation show",
        "security automation show -g quay -n tell",
        "the same",
        |_, answer| {
            is(answer, "/name", "tell");
        },
    ),
    covered("security automation delete", "security automation delete -g quay -n tell", "", succeeds),
    covered("security location list", "security location list", "the server's location", |_, answer| {
        has(answer, "/name", "local");
    }),
    covered("security location show", "security location show -n local", "the same", |_, answer| {
        is(answer, "/name", "local");
    }),
    covered("security alert list", "security alert list", "there are none", |_, list| none(list)),
    covered("security task list", "security task list", "there are none", |_, list| none(list)),
    covered("security contact list", "security contact list", "there are none", |_, list| none(list)),
    covered(
        "security alerts-suppression-rule list",
        "security alerts-suppression-rule list",
        "there are none",
        |_, list| none(list),
    ),
    covered(
        "security regulatory-compliance-standards list",
        "security regulatory-compliance-standards list",
        "there are none",
        |_, list| none(list),
    ),
    covered(
        "security security-connector list",
        "security security-connector list",
        "there are none",
        |_, list| {
            none(list);
        },
    ),
    covered(
        "graph query",
        "graph query -q 'SecurityResources | where type == \"microsoft.security/assessments/subassessments\" | where properties.status.code == \"Unhealthy\" | project cve = tostring(properties.id), digest = tostring(properties.additionalData.imageDigest)'",
        "the finding of the pushed image, by digest",
        |world, answer| {
            assert_eq!(answer["count"], 1, "{answer:#}");
            is(answer, "/data/0/cve", "CVE-2099-0001");
            is(answer, "/data/0/digest", world.name("digest"));
        },
    ),
];
