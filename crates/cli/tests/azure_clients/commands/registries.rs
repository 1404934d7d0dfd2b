//! Groups and registries.

use super::{Covered, count, covered, has, is, keep, refused, text};

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "group create",
        "group create -n quay -l local --tags team=harbour",
        "name, place, tags",
        |_, answer| {
            is(answer, "/name", "quay");
            is(answer, "/tags/team", "harbour");
        },
    ),
    covered("group exists", "group exists -n quay", "it is there", |_, answer| assert_eq!(*answer, true)),
    covered("group list", "group list", "the new one is among them", |_, answer| {
        has(answer, "/name", "quay")
    }),
    covered("acr check-name", "acr check-name -n secondone", "the name is free", |_, answer| {
        assert_eq!(answer["nameAvailable"], true);
    }),
    covered(
        "acr create",
        "acr create -g quay -n secondone --sku Premium",
        "login server below the server's domain, tier",
        |_, answer| {
            is(answer, "/provisioningState", "Succeeded");
            is(answer, "/sku/name", "Premium");
            assert!(text(answer, "/loginServer").starts_with("secondone.localhost:"), "{answer:#}");
        },
    ),
    covered("acr check-name", "acr check-name -n SecondOne", "the name is taken", |_, answer| {
        is(answer, "/reason", "AlreadyExists");
    }),
    covered("acr list", "acr list", "both registries", |_, answer| count(answer, 2)),
    covered("acr show", "acr show -n secondone", "group and location", |_, answer| {
        is(answer, "/resourceGroup", "quay");
        is(answer, "/location", "local");
    }),
    covered("resource list", "resource list -g quay", "the registry in its group", |_, answer| {
        has(answer, "/name", "secondone");
    }),
    covered(
        "acr update",
        "acr update -n secondone --admin-enabled true --tags a=b",
        "account and tags",
        |_, answer| {
            assert_eq!(answer["adminUserEnabled"], true);
            is(answer, "/tags/a", "b");
        },
    ),
    covered("acr credential show", "acr credential show -n secondone", "two passwords", |world, answer| {
        is(answer, "/username", "secondone");
        keep(world, "first_password", text(answer, "/passwords/0/value"));
        count(&answer["passwords"], 2);
    }),
    covered(
        "acr credential renew",
        "acr credential renew -n secondone --password-name password",
        "the first one is another one",
        |world, answer| {
            assert_ne!(text(answer, "/passwords/0/value"), world.name("first_password"));
        },
    ),
    covered("acr show-usage", "acr show-usage -n lazaretto", "bytes were pushed", |_, answer| {
        is(answer, "/value/0/name", "Size");
        assert!(answer["value"][0]["currentValue"].as_u64() > Some(100), "{answer:#}");
    }),
    covered(
        "acr config retention update",
        "acr config retention update -r secondone --status enabled --days 3 --type UntaggedManifests",
        "days and status",
        |_, answer| {
            is(answer, "/status", "enabled");
            assert_eq!(answer["days"], 3);
        },
    ),
    covered(
        "acr config retention show",
        "acr config retention show -r secondone",
        "the same",
        |_, answer| {
            assert_eq!(answer["days"], 3);
        },
    ),
    covered(
        "resource update",
        "resource update -g quay -n secondone --resource-type Microsoft.ContainerRegistry/registries --set properties.policies.quarantinePolicy.status=enabled",
        "quarantine is on; everything else stays",
        |_, answer| {
            is(answer, "/properties/policies/quarantinePolicy/status", "enabled");
            assert_eq!(answer["properties"]["adminUserEnabled"], true);
            assert_eq!(answer["properties"]["policies"]["retentionPolicy"]["days"], 3);
        },
    ),
    covered(
        "acr update --role-assignment-mode",
        "acr update -n secondone --role-assignment-mode rbac-abac",
        "rights in repositories come from data actions",
        |_, answer| is(answer, "/roleAssignmentMode", "AbacRepositoryPermissions"),
    ),
    covered("acr replication list", "acr replication list -r secondone", "there are none", |_, answer| {
        count(answer, 0);
    }),
    covered("acr cache list", "acr cache list -r secondone", "there are none", |_, answer| count(answer, 0)),
    refused(
        "acr cache create",
        "acr cache create -r secondone -n hub --source-repo docker.io/library/alpine --target-repo alpine",
        "refused, with what to do instead",
        |_, answer| assert!(answer.as_str().unwrap().contains("by importing them"), "{answer}"),
    ),
    covered(
        "acr credential-set list",
        "acr credential-set list -r secondone",
        "there are none",
        |_, answer| {
            count(answer, 0);
        },
    ),
    covered("acr task list", "acr task list -r secondone", "there are none", |_, answer| count(answer, 0)),
    covered(
        "acr connected-registry list",
        "acr connected-registry list -r secondone",
        "there are none",
        |_, answer| {
            count(answer, 0);
        },
    ),
    covered(
        "acr private-endpoint-connection list",
        "acr private-endpoint-connection list -r secondone",
        "there are none",
        |_, answer| count(answer, 0),
    ),
    covered(
        "resource show",
        "resource show -g quay -n secondone --resource-type Microsoft.ContainerRegistry/registries",
        "the registry",
        |world, answer| {
            keep(world, "second", text(answer, "/id"));
        },
    ),
];
