//! Programs, people and groups of the directory.

use super::{Covered, count, covered, has, is, keep, succeeds, text};
use serde_json::Value;

pub(super) const COMMANDS: &[Covered] = &[
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
];
