//! Queries, with the extension `resource-graph`.

use super::{Covered, covered, has, is, keep, refused, text};

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "graph query",
        "graph query -q 'securityresources | where type == \"microsoft.security/assessments/subassessments\" | where properties.status.code == \"Unhealthy\" | project id, cve = tostring(properties.id), digest = tostring(properties.additionalData.imageDigest)'",
        "the finding of the pushed image, by a query",
        |world, answer| {
            has(&answer["data"], "/cve", "CVE-2099-0001");
            has(&answer["data"], "/digest", world.name("digest"));
        },
    ),
    covered(
        "graph query --first",
        "graph query -q 'securityresources | where type endswith \"subassessments\" | order by id asc | project id' --first 1",
        "the first of two rows, and a token",
        |world, answer| {
            assert_eq!((&answer["count"], &answer["total_records"]), (&1.into(), &2.into()), "{answer:#}");
            keep(world, "skipToken", text(answer, "/skip_token"));
            keep(world, "firstRow", text(answer, "/data/0/id"));
        },
    ),
    covered(
        "graph query --skip-token",
        "graph query -q 'securityresources | where type endswith \"subassessments\" | order by id asc | project id' --first 1 --skip-token {skipToken}",
        "the second row, and no token",
        |world, answer| {
            assert!(answer["skip_token"].is_null(), "{answer:#}");
            let row = text(answer, "/data/0/id");
            assert!(!row.is_empty() && row != world.name("firstRow"), "{answer:#}");
        },
    ),
    refused(
        "graph query",
        "graph query -q 'securityresources | where severty == 1'",
        "a wrong name, with its place",
        |_, answer| {
            let said = answer.as_str().unwrap_or_default();
            assert!(said.contains("severty") && said.contains("characterPositionInLine"), "{said}");
        },
    ),
    covered(
        "graph shared-query create",
        "graph shared-query create -g lazaretto -n by-severity -d 'Findings by severity' -q 'Findings | summarize count() by severity'",
        "its text",
        |_, answer| {
            is(answer, "/query", "Findings | summarize count() by severity");
        },
    ),
    covered("graph shared-query list", "graph shared-query list -g lazaretto", "its name", |_, answer| {
        has(answer, "/name", "by-severity");
    }),
    covered(
        "graph shared-query delete",
        "graph shared-query delete -g lazaretto -n by-severity",
        "",
        super::succeeds,
    ),
];
