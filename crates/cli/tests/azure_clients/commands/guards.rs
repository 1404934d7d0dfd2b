//! What guards registries: locks, tags by which they are found, exemptions; and what there is to be granted.

use super::{Covered, count, covered, has, is, keep, refused, succeeds, text};
use serde_json::Value;

/// The names of a list.
fn names(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|row| text(row, "/name")).collect()
}

pub(super) const COMMANDS: &[Covered] = &[
    covered("account set", "account set -s {subscription}", "", succeeds),
    covered(
        "account management-group show",
        "account management-group show -n {tenant} --expand",
        "the subscription is its child",
        |world, answer| has(&answer["children"], "/name", world.name("subscription")),
    ),
    covered(
        "account management-group entities list",
        "account management-group entities list",
        "the root group and the subscription",
        |world, answer| {
            has(answer, "/name", world.name("tenant"));
            has(answer, "/name", world.name("subscription"));
        },
    ),
    covered("provider list", "provider list", "what is served here", |_, answer| {
        has(answer, "/namespace", "Microsoft.Security");
        has(answer, "/namespace", "Microsoft.ContainerRegistry");
    }),
    covered("provider show", "provider show -n Microsoft.Security", "registered", |_, answer| {
        is(answer, "/registrationState", "Registered");
    }),
    covered("provider register", "provider register -n Microsoft.Security", "", succeeds),
    covered(
        "provider operation show",
        "provider operation show --namespace Microsoft.ContainerRegistry",
        "actions and data actions of the registry",
        |_, answer| {
            let kinds = answer["resourceTypes"].as_array().unwrap();
            let all: Vec<&Value> =
                kinds.iter().flat_map(|kind| kind["operations"].as_array().unwrap()).collect();
            let find = |name: &str| all.iter().find(|one| one["name"] == name).unwrap();
            assert_eq!(find("Microsoft.ContainerRegistry/registries/pull/read")["isDataAction"], false);
            let data = "Microsoft.ContainerRegistry/registries/repositories/content/read";
            assert_eq!(find(data)["isDataAction"], true);
        },
    ),
    covered("provider operation list", "provider operation list", "by provider", |_, answer| {
        has(answer, "/name", "Microsoft.Security");
    }),
    covered("group show", "group show -n quay", "its tags", |_, answer| is(answer, "/tags/team", "harbour")),
    covered("group update", "group update -n quay --set tags.cost=7", "a tag more", |_, answer| {
        is(answer, "/tags/cost", "7");
        is(answer, "/tags/team", "harbour");
    }),
    covered("group wait", "group wait -n quay --exists", "", succeeds),
    covered("group list --tag", "group list --tag team=harbour", "found by its tag", |_, answer| {
        assert_eq!(names(answer), ["quay"]);
    }),
    covered(
        "tag create",
        "tag create --resource-id {second} --tags pier=east",
        "the tags of a registry",
        |_, answer| is(answer, "/properties/tags/pier", "east"),
    ),
    covered(
        "tag update",
        "tag update --resource-id {second} --operation Merge --tags ship=big",
        "a tag more",
        |_, answer| {
            is(answer, "/properties/tags/pier", "east");
            is(answer, "/properties/tags/ship", "big");
        },
    ),
    covered("tag list --resource-id", "tag list --resource-id {second}", "the same", |_, answer| {
        is(answer, "/properties/tags/ship", "big");
    }),
    covered("tag list", "tag list", "names of tags, with how often each is there", |_, answer| {
        has(answer, "/tagName", "pier");
        has(answer, "/tagName", "cost");
    }),
    covered("resource list --tag", "resource list --tag pier=east", "found by its tag", |_, answer| {
        assert_eq!(names(answer), ["secondone"]);
    }),
    covered("resource tag", "resource tag --ids {second} --tags pier=west", "other tags", |_, answer| {
        is(answer, "/tags/pier", "west");
    }),
    covered("resource wait", "resource wait --ids {second} --exists", "", succeeds),
    covered("tag delete", "tag delete --resource-id {second} --yes", "none is left", succeeds),
    covered("resource list --tag", "resource list --tag pier=west", "none is left", |_, answer| {
        count(answer, 0);
    }),
    covered(
        "lock create",
        "lock create -n keep --lock-type CanNotDelete -g quay --resource secondone --resource-type Microsoft.ContainerRegistry/registries --notes 'the harbour needs it'",
        "at a registry",
        |_, answer| {
            is(answer, "/level", "CanNotDelete");
            is(answer, "/notes", "the harbour needs it");
        },
    ),
    covered("lock list", "lock list", "all of the subscription", |_, answer| has(answer, "/name", "keep")),
    refused("acr delete", "acr delete -n secondone --yes", "refused: the registry is locked", |_, answer| {
        assert!(answer.as_str().unwrap().contains("ScopeLocked"), "{answer}");
    }),
    refused(
        "group delete",
        "group delete -n quay --yes",
        "refused: a registry in it is locked",
        |_, answer| {
            assert!(answer.as_str().unwrap().contains("ScopeLocked"), "{answer}");
        },
    ),
    covered(
        "lock delete",
        "lock delete -n keep -g quay --resource secondone --resource-type Microsoft.ContainerRegistry/registries",
        "",
        succeeds,
    ),
    covered(
        "group lock create",
        "group lock create -n still --lock-type CanNotDelete -g quay",
        "at a group",
        |_, answer| is(answer, "/level", "CanNotDelete"),
    ),
    covered(
        "group lock update",
        "group lock update -n still --lock-type ReadOnly -g quay",
        "another level",
        |_, answer| is(answer, "/level", "ReadOnly"),
    ),
    covered("group lock show", "group lock show -n still -g quay", "the same", |_, answer| {
        is(answer, "/level", "ReadOnly");
    }),
    refused(
        "acr update",
        "acr update -n secondone --tags a=b",
        "refused: what is in the group may only be read",
        |_, answer| assert!(answer.as_str().unwrap().contains("ScopeLocked"), "{answer}"),
    ),
    covered("group lock list", "group lock list -g quay", "it is there", |_, answer| {
        has(answer, "/name", "still");
    }),
    covered("group lock delete", "group lock delete -n still -g quay", "", succeeds),
    covered(
        "account lock create",
        "account lock create -n whole --lock-type CanNotDelete",
        "at the subscription",
        |_, answer| is(answer, "/level", "CanNotDelete"),
    ),
    covered("account lock list", "account lock list", "it is there", |_, answer| {
        has(answer, "/name", "whole")
    }),
    covered("account lock show", "account lock show -n whole", "the same", |_, answer| {
        is(answer, "/level", "CanNotDelete");
    }),
    covered("account lock delete", "account lock delete -n whole", "", succeeds),
    covered("policy assignment list", "policy assignment list", "there are none", |_, answer| {
        count(answer, 0)
    }),
    covered("policy definition list", "policy definition list", "there are none", |_, answer| {
        count(answer, 0)
    }),
    covered("policy set-definition list", "policy set-definition list", "there are none", |_, answer| {
        count(answer, 0);
    }),
    covered(
        "policy exemption create",
        "policy exemption create -n spare --scope {second} --exemption-category Waiver --policy-assignment /subscriptions/{subscription}/providers/Microsoft.Authorization/policyAssignments/images --description 'moves next week'",
        "category and reason",
        |world, answer| {
            is(answer, "/exemptionCategory", "Waiver");
            is(answer, "/description", "moves next week");
            keep(world, "exemption", text(answer, "/id"));
        },
    ),
    covered(
        "policy exemption update",
        "policy exemption update -n spare --scope {second} --exemption-category Mitigated",
        "another category; the reason stays",
        |_, answer| {
            is(answer, "/exemptionCategory", "Mitigated");
            is(answer, "/description", "moves next week");
        },
    ),
    covered(
        "policy exemption show",
        "policy exemption show -n spare --scope {second}",
        "the same",
        |_, answer| {
            is(answer, "/exemptionCategory", "Mitigated");
        },
    ),
    covered(
        "policy exemption list",
        "policy exemption list -g quay --disable-scope-strict-match",
        "it is there",
        |_, answer| {
            has(answer, "/name", "spare");
        },
    ),
    covered("policy exemption delete", "policy exemption delete -n spare --scope {second}", "", succeeds),
    covered(
        "role deny-assignment list",
        "role deny-assignment list --scope {second}",
        "there are none",
        |_, answer| {
            count(answer, 0);
        },
    ),
];
