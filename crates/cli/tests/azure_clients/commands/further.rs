//! More of what `az acr` does with a registry, its content and its tokens.

use super::{Covered, count, covered, has, is, keep, refused, succeeds, text, with};
use serde_json::Value;

pub(super) const COMMANDS: &[Covered] = &[
    with(
        "podman",
        covered("acr login", "acr login -n lazaretto", "`podman login`, by a token of the sign-in", succeeds),
    ),
    with(
        "podman",
        covered(
            "acr login -u -p",
            "acr login -n lazaretto -u admin -p '{password}'",
            "by name and password",
            succeeds,
        ),
    ),
    covered(
        "acr config soft-delete update",
        "acr config soft-delete update -r lazaretto --status enabled --days 5 --yes",
        "status and days",
        |_, answer| {
            is(answer, "/status", "enabled");
            assert_eq!(answer["retentionDays"], 5);
        },
    ),
    covered(
        "acr config soft-delete show",
        "acr config soft-delete show -r lazaretto",
        "the same",
        |_, answer| {
            is(answer, "/status", "enabled");
        },
    ),
    covered(
        "acr config authentication-as-arm update",
        "acr config authentication-as-arm update -r secondone --status disabled",
        "tokens of the resource manager open nothing",
        |_, answer| is(answer, "/status", "disabled"),
    ),
    covered(
        "acr config authentication-as-arm show",
        "acr config authentication-as-arm show -r secondone",
        "the same",
        |_, answer| is(answer, "/status", "disabled"),
    ),
    covered(
        "acr config authentication-as-arm update",
        "acr config authentication-as-arm update -r secondone --status enabled",
        "and open it again",
        |_, answer| is(answer, "/status", "enabled"),
    ),
    covered(
        "acr config content-trust show",
        "acr config content-trust show -r secondone",
        "there is none",
        |_, answer| is(answer, "/status", "disabled"),
    ),
    covered("acr network-rule list", "acr network-rule list -n secondone", "there are none", |_, answer| {
        count(&answer["ipRules"], 0);
    }),
    refused(
        "acr network-rule add",
        "acr network-rule add -n secondone --ip-address 10.0.0.1",
        "refused: no network would be kept out",
        |_, answer| assert!(answer.as_str().unwrap().contains("NotSupported"), "{answer}"),
    ),
    refused(
        "acr update --public-network-enabled",
        "acr update -n secondone --public-network-enabled false",
        "refused: the registry would not be closed",
        |_, answer| assert!(answer.as_str().unwrap().contains("NotSupported"), "{answer}"),
    ),
    covered(
        "acr update --anonymous-pull-enabled",
        "acr update -n secondone --anonymous-pull-enabled true",
        "everybody may pull",
        |_, answer| assert_eq!(answer["anonymousPullEnabled"], true),
    ),
    covered("acr encryption show", "acr encryption show -n secondone", "there is none", |_, answer| {
        is(answer, "/status", "disabled");
    }),
    covered("acr identity show", "acr identity show -n secondone", "there is none", |_, answer| {
        assert_eq!(*answer, Value::Null);
    }),
    covered("acr agentpool list", "acr agentpool list -r secondone", "there are none", |_, answer| {
        count(answer, 0);
    }),
    covered("acr task list-runs", "acr task list-runs -r secondone", "there are none", |_, answer| {
        count(answer, 0);
    }),
    covered("acr taskrun list", "acr taskrun list -r secondone -g quay", "there are none", |_, answer| {
        count(answer, 0);
    }),
    covered(
        "acr repository show --repository",
        "acr repository show -n lazaretto --repository ill",
        "how many manifests and tags",
        |_, answer| {
            assert_eq!((&answer["manifestCount"], &answer["tagCount"]), (&Value::from(1), &Value::from(1)));
        },
    ),
    covered(
        "acr repository update --repository",
        "acr repository update -n lazaretto --repository ill --delete-enabled false",
        "the repository is locked",
        |_, answer| assert_eq!(answer["changeableAttributes"]["deleteEnabled"], false),
    ),
    refused(
        "acr repository delete --repository",
        "acr repository delete -n lazaretto --repository ill --yes",
        "refused: it is locked",
        |_, _| {},
    ),
    covered(
        "acr repository update --repository",
        "acr repository update -n lazaretto --repository ill --delete-enabled true",
        "and unlocked",
        |_, answer| assert_eq!(answer["changeableAttributes"]["deleteEnabled"], true),
    ),
    covered(
        "acr repository show-tags --orderby",
        "acr repository show-tags -n lazaretto --repository ill --orderby time_desc --top 1",
        "the newest tag",
        |_, answer| assert_eq!(answer[0], "1"),
    ),
    covered(
        "acr manifest show-metadata",
        "acr manifest show-metadata -r lazaretto -n ill:1",
        "the digest",
        |world, answer| is(answer, "/digest", world.name("digest")),
    ),
    covered("acr manifest list", "acr manifest list -r lazaretto -n ill", "the manifests", |_, answer| {
        count(answer, 1);
    }),
    covered(
        "acr manifest update-metadata",
        "acr manifest update-metadata -r lazaretto -n ill:1 --write-enabled false",
        "the manifest is locked",
        |_, answer| assert_eq!(answer["changeableAttributes"]["writeEnabled"], false),
    ),
    refused(
        "acr manifest delete",
        "acr manifest delete -r lazaretto -n ill:1 --yes",
        "refused: the manifest is locked",
        |_, _| {},
    ),
    covered(
        "acr manifest update-metadata",
        "acr manifest update-metadata -r lazaretto -n ill:1 --write-enabled true",
        "and unlocked",
        |_, answer| assert_eq!(answer["changeableAttributes"]["writeEnabled"], true),
    ),
    covered("acr manifest delete", "acr manifest delete -r lazaretto -n ill:1 --yes", "", succeeds),
    covered(
        "acr repository list-deleted",
        "acr repository list-deleted -n lazaretto",
        "where it was",
        |_, answer| {
            assert!(answer.as_array().unwrap().contains(&"ill".into()), "{answer}");
        },
    ),
    covered(
        "acr manifest list-deleted",
        "acr manifest list-deleted -r lazaretto -n ill",
        "the digest",
        |world, answer| has(answer, "/digest", world.name("digest")),
    ),
    covered(
        "acr manifest list-deleted-tags",
        "acr manifest list-deleted-tags -r lazaretto -n ill",
        "the tag",
        |_, answer| has(answer, "/tag", "1"),
    ),
    covered(
        "acr manifest restore",
        "acr manifest restore -r lazaretto -n ill:1 --yes",
        "the same image again",
        |world, answer| is(answer, "/manifest/digest", world.name("digest")),
    ),
    covered(
        "acr scope-map create",
        "acr scope-map create -r lazaretto -n harbourmap --repository ill content/read",
        "one action",
        |_, answer| count(&answer["actions"], 1),
    ),
    covered(
        "acr scope-map update",
        "acr scope-map update -r lazaretto -n harbourmap --add-repository ill metadata/read",
        "one more",
        |_, answer| count(&answer["actions"], 2),
    ),
    covered(
        "acr scope-map show",
        "acr scope-map show -r lazaretto -n harbourmap",
        "the same",
        |_, answer| {
            count(&answer["actions"], 2);
        },
    ),
    covered(
        "acr token create --no-passwords",
        "acr token create -r lazaretto -n harbourtoken --scope-map harbourmap --no-passwords",
        "without passwords",
        |_, answer| count(&answer["credentials"]["passwords"], 0),
    ),
    covered(
        "acr token credential generate",
        "acr token credential generate -r lazaretto -n harbourtoken --password1 --expiration-in-days 30",
        "one that ends",
        |world, answer| {
            keep(world, "generated", text(answer, "/passwords/0/value"));
            assert!(!text(answer, "/passwords/0/expiry").is_empty(), "{answer:#}");
        },
    ),
    covered(
        "acr repository show -u -p",
        "acr repository show -n lazaretto --image ill:1 -u harbourtoken -p {generated}",
        "which opens what its scope map says",
        |_, _| {},
    ),
    covered(
        "acr token update",
        "acr token update -r lazaretto -n harbourtoken --status disabled",
        "switched off",
        |_, answer| is(answer, "/status", "disabled"),
    ),
    covered("acr token show", "acr token show -r lazaretto -n harbourtoken", "the same", |_, answer| {
        is(answer, "/status", "disabled");
    }),
    covered(
        "acr token credential delete",
        "acr token credential delete -r lazaretto -n harbourtoken --password1",
        "none is left",
        |_, answer| count(&answer["credentials"]["passwords"], 0),
    ),
    covered("acr token delete", "acr token delete -r lazaretto -n harbourtoken --yes", "", succeeds),
    covered("acr scope-map delete", "acr scope-map delete -r lazaretto -n harbourmap --yes", "", succeeds),
    covered(
        "acr webhook create",
        "acr webhook create -r secondone -n pierhook --uri http://127.0.0.1:9/hook --actions push",
        "in another registry",
        succeeds,
    ),
    covered("acr webhook show", "acr webhook show -r secondone -n pierhook", "status", |_, answer| {
        is(answer, "/status", "enabled");
    }),
    covered(
        "resource invoke-action",
        "resource invoke-action --ids {second} --action listCredentials",
        "it is taken; the command shows no answer",
        succeeds,
    ),
    covered(
        "resource create",
        "resource create -g quay -n thirdone -l local --resource-type Microsoft.ContainerRegistry/registries --properties '{}'",
        "a registry, without a word of its own kind",
        |world, answer| keep(world, "third", text(answer, "/id")),
    ),
    covered("resource delete", "resource delete --ids {third}", "", succeeds),
];
