//! Plans and findings.

use super::{Covered, covered, has, is};

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "security pricing list",
        "security pricing list",
        "Standard from the first start",
        |_, answer| {
            has(&answer["value"], "/pricingTier", "Standard");
        },
    ),
    covered(
        "security pricing create",
        "security pricing create -n ContainerRegistry --tier free",
        "Free",
        |_, answer| {
            is(answer, "/pricingTier", "Free");
        },
    ),
    covered(
        "security pricing show",
        "security pricing show -n Containers",
        "Free under its later name",
        |_, answer| {
            is(answer, "/pricingTier", "Free");
        },
    ),
    covered(
        "security pricing create",
        "security pricing create -n Containers --tier standard",
        "Standard",
        |_, answer| {
            is(answer, "/pricingTier", "Standard");
        },
    ),
    covered(
        "security assessment-metadata list",
        "security assessment-metadata list",
        "the assessment of images",
        |_, answer| {
            has(answer, "/name", "dbd0cb49-b563-45e7-9724-889e799fa648");
        },
    ),
    covered(
        "security assessment list",
        "security assessment list",
        "unhealthy, as an image is",
        |_, answer| {
            has(answer, "/status/code", "Unhealthy");
        },
    ),
    covered(
        "security assessment-metadata show",
        "security assessment-metadata show -n dbd0cb49-b563-45e7-9724-889e799fa648",
        "its name",
        |_, answer| is(answer, "/name", "dbd0cb49-b563-45e7-9724-889e799fa648"),
    ),
    covered(
        "security assessment show",
        "security assessment show -n dbd0cb49-b563-45e7-9724-889e799fa648 --assessed-resource-id /subscriptions/{subscription}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto",
        "unhealthy, as an image is",
        |_, answer| is(answer, "/status/code", "Unhealthy"),
    ),
    covered(
        "security sub-assessment list --assessed-resource-id",
        "security sub-assessment list --assessment-name dbd0cb49-b563-45e7-9724-889e799fa648 --assessed-resource-id /subscriptions/{subscription}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto",
        "the same findings at the registry",
        |_, answer| has(answer, "/idPropertiesId", "CVE-2099-0001"),
    ),
    covered(
        "security sub-assessment list",
        "security sub-assessment list",
        "the finding of the pushed image, by digest",
        |world, answer| {
            has(answer, "/idPropertiesId", "CVE-2099-0001");
            has(answer, "/additionalData/imageDigest", world.name("digest"));
            has(answer, "/status/code", "Healthy");
        },
    ),
];
