//! Owners, certificates and memberships of the directory; roles that change.

use super::{Covered, count, covered, has, is, keep, refused, succeeds, text};

pub(super) const COMMANDS: &[Covered] = &[
    covered("ad app create", "ad app create --display-name crane", "an application", |world, answer| {
        keep(world, "crane", text(answer, "/appId"));
    }),
    covered("ad app update", "ad app update --id {crane} --display-name derrick", "", succeeds),
    covered("ad app show", "ad app show --id {crane}", "its other name", |_, answer| {
        is(answer, "/displayName", "derrick");
    }),
    covered("ad app owner list", "ad app owner list --id {crane}", "who made it", |world, answer| {
        has(answer, "/id", world.name("admin"));
    }),
    covered("ad app owner add", "ad app owner add --id {crane} --owner-object-id {anna}", "", succeeds),
    covered("ad app owner list", "ad app owner list --id {crane}", "one more", |world, answer| {
        has(answer, "/id", world.name("anna"));
    }),
    covered("ad app owner remove", "ad app owner remove --id {crane} --owner-object-id {anna}", "", succeeds),
    covered(
        "ad app credential reset --create-cert",
        "ad app credential reset --id {crane} --create-cert",
        "a certificate, whose key stays on this side",
        |_, answer| assert!(text(answer, "/fileWithCertAndPrivateKey").ends_with(".pem"), "{answer:#}"),
    ),
    covered(
        "ad app credential list --cert",
        "ad app credential list --id {crane} --cert",
        "it is there",
        |world, answer| {
            count(answer, 1);
            keep(world, "certificate", text(answer, "/0/keyId"));
        },
    ),
    covered(
        "ad app credential delete",
        "ad app credential delete --id {crane} --key-id {certificate} --cert",
        "",
        succeeds,
    ),
    covered(
        "ad app permission list",
        "ad app permission list --id {crane}",
        "there are none",
        |_, answer| {
            count(answer, 0);
        },
    ),
    covered("ad sp create", "ad sp create --id {crane}", "a program", |world, answer| {
        is(answer, "/appId", world.name("crane"));
    }),
    covered("ad sp update", "ad sp update --id {crane} --set displayName=lift", "", succeeds),
    covered("ad sp owner list", "ad sp owner list --id {crane}", "who made it", |world, answer| {
        has(answer, "/id", world.name("admin"));
    }),
    covered("ad sp credential list", "ad sp credential list --id {crane}", "there are none", |_, answer| {
        count(answer, 0);
    }),
    covered("ad sp list --show-mine", "ad sp list --show-mine", "what one owns", |world, answer| {
        has(answer, "/appId", world.name("crane"));
    }),
    covered(
        "ad signed-in-user list-owned-objects",
        "ad signed-in-user list-owned-objects",
        "the same",
        |world, answer| has(answer, "/appId", world.name("crane")),
    ),
    covered(
        "ad group member check",
        "ad group member check -g team --member-id {anna}",
        "she is a member",
        |_, answer| assert_eq!(answer["value"], true),
    ),
    covered(
        "ad user get-member-groups",
        "ad user get-member-groups --id anna@example.com",
        "her group",
        |_, answer| has(answer, "/displayName", "team"),
    ),
    covered("ad group owner add", "ad group owner add -g team --owner-object-id {anna}", "", succeeds),
    covered("ad group owner list", "ad group owner list -g team", "the owner", |world, answer| {
        has(answer, "/id", world.name("anna"));
    }),
    covered("ad group owner remove", "ad group owner remove -g team --owner-object-id {anna}", "", succeeds),
    covered("ad group show", "ad group show -g team", "its id", |world, answer| {
        is(answer, "/id", world.name("team"));
    }),
    covered("ad user update", "ad user update --id anna@example.com --display-name Anne", "", succeeds),
    covered("ad user show", "ad user show --id anna@example.com", "another name", |_, answer| {
        is(answer, "/displayName", "Anne");
    }),
    covered("ad group member remove", "ad group member remove -g team --member-id {anna}", "", succeeds),
    covered(
        "ad group member check",
        "ad group member check -g team --member-id {anna}",
        "she is none",
        |_, answer| assert_eq!(answer["value"], false),
    ),
    covered("ad group member add", "ad group member add -g team --member-id {anna}", "", succeeds),
    covered(
        "ad sp create-for-rbac --create-cert",
        "ad sp create-for-rbac -n sealed --create-cert --role Reader --scopes {second}",
        "a program that signs in with a certificate",
        |world, answer| {
            keep(world, "sealed", text(answer, "/appId"));
            keep(world, "seal", text(answer, "/fileWithCertAndPrivateKey"));
        },
    ),
    covered(
        "role assignment list --all",
        "role assignment list --assignee {sealed} --all",
        "its role",
        |_, answer| has(answer, "/roleDefinitionName", "Reader"),
    ),
    covered(
        "role assignment delete --assignee",
        "role assignment delete --assignee {sealed} --scope {second}",
        "",
        succeeds,
    ),
    covered(
        "role assignment create --assignee",
        "role assignment create --assignee {sealed} --role AcrPull --scope {second}",
        "another, by application id",
        |_, answer| is(answer, "/principalType", "ServicePrincipal"),
    ),
    covered(
        "role definition create",
        "role definition create --role-definition '{\"Name\": \"Pier Master\", \"Description\": \"Reads\", \"Actions\": [\"Microsoft.ContainerRegistry/registries/read\"], \"AssignableScopes\": [\"/subscriptions/{subscription}\"]}'",
        "a role of one's own",
        |world, answer| keep(world, "pier_master", text(answer, "/name")),
    ),
    covered(
        "role definition update",
        "role definition update --role-definition '{\"Name\": \"{pier_master}\", \"roleName\": \"Pier Master\", \"Description\": \"Reads locks too\", \"Actions\": [\"Microsoft.ContainerRegistry/registries/read\", \"Microsoft.Authorization/locks/read\"], \"AssignableScopes\": [\"/subscriptions/{subscription}\"]}'",
        "with one action more",
        |_, answer| count(&answer["permissions"][0]["actions"], 2),
    ),
    covered(
        "role definition show",
        "role definition show --name {pier_master} --scope /subscriptions/{subscription}",
        "the same",
        |_, answer| count(&answer["permissions"][0]["actions"], 2),
    ),
    refused(
        "role definition delete",
        "role definition delete --name 'Security Reader'",
        "refused: it is built in",
        |_, _| {},
    ),
    covered("role definition delete", "role definition delete --name 'Pier Master'", "", succeeds),
];
