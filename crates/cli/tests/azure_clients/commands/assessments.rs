//! Assessments that somebody makes, and the kind that they are of.

use super::{Covered, covered, has, is, succeeds};

const REGISTRY: &str = "/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto";

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "security assessment-metadata create",
        "security assessment-metadata create -n 8f211ea8-777b-45c4-8631-776d535afd62 --display-name Signed --severity Medium --description Signature --remediation-description Sign",
        "a kind of one's own",
        |_, answer| {
            is(answer, "/displayName", "Signed");
            is(answer, "/assessmentType", "CustomerManaged");
        },
    ),
    covered(
        "security assessment create --assessed-resource-id",
        "security assessment create -n 8f211ea8-777b-45c4-8631-776d535afd62 --status-code unhealthy --status-cause NoSignature --assessed-resource-id /subscriptions/{subscription}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto",
        "what was said, of a registry",
        |_, answer| {
            is(answer, "/status/code", "Unhealthy");
            is(answer, "/status/cause", "NoSignature");
            assert!(super::text(answer, "/resourceDetails/id").ends_with(REGISTRY), "{answer:#}");
        },
    ),
    covered(
        "security assessment create",
        "security assessment create -n 8f211ea8-777b-45c4-8631-776d535afd62 --status-code Healthy",
        "the same of the subscription",
        |_, answer| is(answer, "/status/code", "Healthy"),
    ),
    covered(
        "security assessment list",
        "security assessment list",
        "both, and what is to be updated in an image",
        |_, answer| {
            has(answer, "/name", "8f211ea8-777b-45c4-8631-776d535afd62");
            has(answer, "/displayName", "Update busybox");
        },
    ),
    covered(
        "security assessment delete",
        "security assessment delete -n 8f211ea8-777b-45c4-8631-776d535afd62 --assessed-resource-id /subscriptions/{subscription}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto",
        "",
        succeeds,
    ),
    covered(
        "security assessment-metadata delete",
        "security assessment-metadata delete -n 8f211ea8-777b-45c4-8631-776d535afd62",
        "",
        succeeds,
    ),
];
