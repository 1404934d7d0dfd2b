//! Roles are given, defined and taken away.

use super::{Covered, count, covered, has, is, keep, succeeds, text};

pub(super) const COMMANDS: &[Covered] = &[
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
    covered(
        "role assignment create --condition",
        "role assignment create --assignee-object-id {team} --assignee-principal-type Group --role 'Container Registry Repository Reader' --scope {second} --condition {condition} --condition-version 2.0",
        "for some repositories alone",
        |_, answer| {
            is(answer, "/conditionVersion", "2.0");
            assert!(text(answer, "/condition").contains("StringStartsWithIgnoreCase 'copied'"), "{answer:#}");
        },
    ),
    covered(
        "role assignment list --include-inherited",
        "role assignment list --scope /providers/Microsoft.Management/managementGroups/{tenant} --include-inherited",
        "those of the tenant at its root management group",
        |_, answer| has(answer, "/roleDefinitionName", "Owner"),
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
];
