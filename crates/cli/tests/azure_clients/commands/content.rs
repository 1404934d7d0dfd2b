//! Repositories, tags and manifests.

use super::{Covered, count, covered, has, is, keep, refused, succeeds, text};
use serde_json::Value;

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "acr login --expose-token",
        "acr login -n lazaretto --expose-token",
        "a refresh token",
        |world, answer| {
            is(answer, "/loginServer", world.name("host"));
            keep(world, "refresh", text(answer, "/refreshToken"));
        },
    ),
    covered(
        "acr repository list",
        "acr repository list -n lazaretto",
        "the pushed repositories",
        |_, answer| {
            let names: Vec<&str> = answer.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(names, ["ill", "well"]);
        },
    ),
    covered(
        "acr repository show-tags --detail",
        "acr repository show-tags -n lazaretto --repository ill --detail",
        "tag and digest",
        |world, answer| {
            has(answer, "/name", "1");
            has(answer, "/digest", world.name("digest"));
        },
    ),
    covered(
        "acr repository show --image",
        "acr repository show -n lazaretto --image ill:1",
        "the digest",
        |world, answer| {
            is(answer, "/digest", world.name("digest"));
        },
    ),
    covered(
        "acr manifest list-metadata",
        "acr manifest list-metadata -r lazaretto -n ill",
        "the digest",
        |world, answer| {
            has(answer, "/digest", world.name("digest"));
        },
    ),
    covered("acr manifest show", "acr manifest show -r lazaretto -n ill:1", "the manifest", |_, answer| {
        is(answer, "/mediaType", "application/vnd.oci.image.manifest.v1+json");
    }),
    covered(
        "acr manifest list-referrers",
        "acr manifest list-referrers -r lazaretto -n ill:1",
        "nothing refers to the image",
        |_, answer| count(&answer["manifests"], 0),
    ),
    covered(
        "acr repository list -u -p",
        "acr repository list -n lazaretto -u admin -p '{password}'",
        "by name and password",
        |_, answer| count(answer, 2),
    ),
    covered(
        "acr repository update --write-enabled",
        "acr repository update -n lazaretto --image ill:1 --write-enabled false",
        "the tag is locked",
        |_, answer| assert_eq!(answer["changeableAttributes"]["writeEnabled"], false),
    ),
    refused(
        "acr repository delete",
        "acr repository delete -n lazaretto --image ill:1 --yes",
        "refused: the tag is locked",
        |_, _| {},
    ),
    covered(
        "acr repository update --write-enabled",
        "acr repository update -n lazaretto --image ill:1 --write-enabled true",
        "and unlocked",
        |_, answer| assert_eq!(answer["changeableAttributes"]["writeEnabled"], true),
    ),
    covered("acr repository untag", "acr repository untag -n lazaretto --image well:1", "", succeeds),
    covered(
        "acr repository show-tags",
        "acr repository show-tags -n lazaretto --repository well",
        "none is left",
        |_, answer| {
            count(answer, 0);
        },
    ),
    covered(
        "acr repository delete",
        "acr repository delete -n lazaretto --repository well --yes",
        "",
        succeeds,
    ),
];
