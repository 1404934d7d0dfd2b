//! The commands of `az` that are covered, in the order in which they run, and what is compared with what.

use crate::world::World;
use serde_json::Value;

/// A command.
pub(crate) struct Covered {
    /// As the document names it.
    pub(crate) command: &'static str,
    /// Its words; in braces, what the world and earlier commands have said.
    pub(crate) arguments: &'static str,
    /// What is compared, for the document.
    pub(crate) compared: &'static str,
    /// Whether it has to be refused.
    pub(crate) is_refused: bool,
    pub(crate) check: fn(&mut World, &Value),
}

const fn covered(
    command: &'static str,
    arguments: &'static str,
    compared: &'static str,
    check: fn(&mut World, &Value),
) -> Covered {
    Covered { command, arguments, compared, is_refused: false, check }
}

const fn refused(
    command: &'static str,
    arguments: &'static str,
    compared: &'static str,
    check: fn(&mut World, &Value),
) -> Covered {
    Covered { command, arguments, compared, is_refused: true, check }
}

/// Nothing but that it succeeds.
fn succeeds(_: &mut World, _: &Value) {}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[track_caller]
fn is(value: &Value, pointer: &str, expected: &str) {
    assert_eq!(text(value, pointer), expected, "{pointer} in {value:#}");
}

#[track_caller]
fn has(list: &Value, pointer: &str, expected: &str) {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list:#}"));
    assert!(rows.iter().any(|row| text(row, pointer) == expected), "no {expected} in {list:#}");
}

#[track_caller]
fn count(list: &Value, expected: usize) {
    assert_eq!(list.as_array().map(Vec::len), Some(expected), "{list:#}");
}

fn keep(world: &mut World, name: &str, value: &str) {
    assert!(!value.is_empty(), "{name} is not in the answer");
    world.names.insert(name.to_owned(), value.to_owned());
}

/// All commands.
pub(crate) const COMMANDS: &[Covered] = &[
    covered(
        "cloud register",
        "cloud register -n Lazaretto --endpoint-resource-manager {url}",
        "the cloud's metadata are read",
        succeeds,
    ),
    covered("cloud set", "cloud set -n Lazaretto", "", succeeds),
    covered(
        "config set",
        "config set core.instance_discovery=false core.collect_telemetry=false core.login_experience_v2=off",
        "as every cloud of one's own needs it",
        succeeds,
    ),
    covered(
        "login --use-device-code",
        "login --use-device-code",
        "the code is entered on our page; the subscription is the server's",
        |world, answer| {
            has(answer, "/id", world.name("subscription"));
            has(answer, "/tenantId", world.name("tenant"));
            has(answer, "/user/name", "admin");
        },
    ),
    covered("account show", "account show", "subscription and tenant", |world, answer| {
        is(answer, "/id", world.name("subscription"));
        is(answer, "/environmentName", "Lazaretto");
    }),
    covered("account list-locations", "account list-locations", "the server's location", |_, answer| {
        has(answer, "/name", "local");
    }),
    covered("ad signed-in-user show", "ad signed-in-user show", "the owner", |world, answer| {
        is(answer, "/userPrincipalName", "admin");
        keep(world, "admin", text(answer, "/id"));
    }),
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
        "resource show",
        "resource show -g quay -n secondone --resource-type Microsoft.ContainerRegistry/registries",
        "the registry",
        |world, answer| {
            keep(world, "second", text(answer, "/id"));
        },
    ),
    covered(
        "ad sp create-for-rbac",
        "ad sp create-for-rbac -n robot --role AcrPull --scopes {second}",
        "application, program, secret and role are made",
        |world, answer| {
            keep(world, "app", text(answer, "/appId"));
            keep(world, "secret", text(answer, "/password"));
            is(answer, "/tenant", world.name("tenant"));
        },
    ),
    covered("ad sp show", "ad sp show --id {app}", "the program of the application", |world, answer| {
        is(answer, "/appId", world.name("app"));
        keep(world, "robot", text(answer, "/id"));
    }),
    covered("ad sp list", "ad sp list --display-name robot", "found by name", |world, answer| {
        has(answer, "/appId", world.name("app"));
    }),
    covered("ad app list", "ad app list --app-id {app}", "found by application id", |world, answer| {
        has(answer, "/appId", world.name("app"));
    }),
    covered(
        "ad app create",
        "ad app create --display-name notes",
        "an application without a program",
        |world, answer| {
            keep(world, "notes", text(answer, "/appId"));
        },
    ),
    covered("ad app credential reset", "ad app credential reset --id {notes}", "a secret", |_, answer| {
        assert!(!text(answer, "/password").is_empty());
    }),
    covered(
        "ad app credential list",
        "ad app credential list --id {notes}",
        "one, without its secret",
        |_, answer| {
            count(answer, 1);
            assert_eq!(answer[0]["secretText"], Value::Null);
        },
    ),
    covered("ad app delete", "ad app delete --id {notes}", "", succeeds),
    covered(
        "ad user create",
        "ad user create --display-name Anna --user-principal-name anna@example.com --password 'correct horse battery'",
        "a person",
        |world, answer| keep(world, "anna", text(answer, "/id")),
    ),
    covered("ad user list", "ad user list --upn anna@example.com", "found by name", |world, answer| {
        has(answer, "/id", world.name("anna"));
    }),
    covered("ad user show", "ad user show --id anna@example.com", "found by name", |world, answer| {
        is(answer, "/id", world.name("anna"));
    }),
    covered(
        "ad group create",
        "ad group create --display-name team --mail-nickname team",
        "a group",
        |world, answer| {
            keep(world, "team", text(answer, "/id"));
        },
    ),
    covered("ad group member add", "ad group member add -g team --member-id {anna}", "", succeeds),
    covered("ad group member list", "ad group member list -g team", "the member", |world, answer| {
        has(answer, "/id", world.name("anna"));
    }),
    covered("ad group list", "ad group list --display-name team", "found by name", |world, answer| {
        has(answer, "/id", world.name("team"));
    }),
    covered(
        "role definition list --name",
        "role definition list --name 'Security Reader'",
        "Azure's identifier",
        |_, answer| has(answer, "/name", "39bc4728-0917-49c7-9d2c-d95423bc2eb4"),
    ),
    covered(
        "role assignment create --assignee",
        "role assignment create --assignee anna@example.com --role 'Security Reader' --scope /subscriptions/{subscription}",
        "by the name of a person",
        |world, answer| {
            is(answer, "/principalId", world.name("anna"));
            keep(world, "given", text(answer, "/id"));
        },
    ),
    covered(
        "role assignment create --assignee-object-id",
        "role assignment create --assignee-object-id {team} --assignee-principal-type Group --role Reader --scope {second}",
        "a group",
        |world, answer| is(answer, "/principalId", world.name("team")),
    ),
    covered(
        "role assignment list",
        "role assignment list --scope {second}",
        "with names of people and roles",
        |_, answer| {
            has(answer, "/principalName", "team");
            has(answer, "/roleDefinitionName", "AcrPull");
        },
    ),
    covered(
        "role assignment list --assignee",
        "role assignment list --assignee {app} --scope {second}",
        "those of a program",
        |world, answer| {
            has(answer, "/principalId", world.name("robot"));
            count(answer, 1);
        },
    ),
    covered("role assignment delete", "role assignment delete --ids {given}", "", succeeds),
    covered(
        "role definition create",
        "role definition create --role-definition '{\"Name\": \"Image Lister\", \"Description\": \"Lists\", \"Actions\": [\"Microsoft.ContainerRegistry/registries/read\"], \"AssignableScopes\": [\"/subscriptions/{subscription}\"]}'",
        "a role of one's own",
        |_, answer| is(answer, "/roleType", "CustomRole"),
    ),
    covered(
        "role definition list --custom-role-only",
        "role definition list --custom-role-only true",
        "it is there",
        |_, answer| {
            has(answer, "/roleName", "Image Lister");
        },
    ),
    covered("role definition delete", "role definition delete --name 'Image Lister'", "", succeeds),
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
        "security sub-assessment list",
        "security sub-assessment list",
        "the finding of the pushed image, by digest",
        |world, answer| {
            has(answer, "/idPropertiesId", "CVE-2099-0001");
            has(answer, "/additionalData/imageDigest", world.name("digest"));
            has(answer, "/status/code", "Healthy");
        },
    ),
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
    covered(
        "login --service-principal",
        "login --service-principal -u {app} -p {secret} --tenant {tenant}",
        "the program that was made above",
        |world, answer| has(answer, "/user/name", world.name("app")),
    ),
    covered(
        "account get-access-token",
        "account get-access-token",
        "a token for the subscription",
        |world, answer| {
            is(answer, "/subscription", world.name("subscription"));
        },
    ),
    refused("acr show", "acr show -n secondone", "refused: AcrPull reads no resources", |_, _| {}),
    refused("ad user list", "ad user list", "refused: whoever only pulls learns no names", |_, answer| {
        assert!(answer.as_str().unwrap().contains("Insufficient privileges"), "{answer}");
    }),
    covered("logout", "logout", "", succeeds),
    covered("login --use-device-code", "login --use-device-code", "the owner again", succeeds),
    covered(
        "ad sp credential reset",
        "ad sp credential reset --id {app}",
        "another secret",
        |world, answer| {
            assert_ne!(text(answer, "/password"), world.name("secret"));
        },
    ),
    covered("ad sp delete", "ad sp delete --id {app}", "", succeeds),
    covered("ad user delete", "ad user delete --id anna@example.com", "", succeeds),
    covered("ad group delete", "ad group delete -g team", "", succeeds),
    covered("acr delete", "acr delete -n secondone --yes", "", succeeds),
    covered("group delete", "group delete -n quay --yes", "", succeeds),
    covered("group exists", "group exists -n quay", "it is gone", |_, answer| assert_eq!(*answer, false)),
];
