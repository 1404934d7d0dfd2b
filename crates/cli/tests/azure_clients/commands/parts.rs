//! What hangs on a registry: webhooks, imports, scope maps and tokens.

use super::{Covered, count, covered, has, is, keep, succeeds, text};

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "acr webhook create",
        "acr webhook create -r lazaretto -n harbourhook --uri http://127.0.0.1:9/hook --actions push delete --scope ill:*",
        "actions and scope",
        |_, answer| {
            is(answer, "/scope", "ill:*");
            count(&answer["actions"], 2);
            is(answer, "/status", "enabled");
        },
    ),
    covered("acr webhook list", "acr webhook list -r lazaretto", "it is there", |_, answer| {
        has(answer, "/name", "harbourhook");
    }),
    covered(
        "acr webhook update",
        "acr webhook update -r lazaretto -n harbourhook --status disabled",
        "status; everything else stays",
        |_, answer| {
            is(answer, "/status", "disabled");
            is(answer, "/scope", "ill:*");
        },
    ),
    covered(
        "acr webhook get-config",
        "acr webhook get-config -r lazaretto -n harbourhook",
        "where it calls",
        |_, answer| {
            is(answer, "/serviceUri", "http://127.0.0.1:9/hook");
        },
    ),
    covered("acr webhook ping", "acr webhook ping -r lazaretto -n harbourhook", "an id", |_, answer| {
        assert!(!text(answer, "/id").is_empty());
    }),
    covered(
        "acr webhook list-events",
        "acr webhook list-events -r lazaretto -n harbourhook",
        "the ping",
        |_, answer| {
            has(answer, "/eventRequestMessage/content/action", "ping");
        },
    ),
    covered("acr webhook delete", "acr webhook delete -r lazaretto -n harbourhook", "", succeeds),
    covered(
        "acr import --registry",
        "acr import -n secondone --source ill:1 --registry /subscriptions/{subscription}/resourceGroups/lazaretto/providers/Microsoft.ContainerRegistry/registries/lazaretto --image copied:1",
        "from one registry to the other; the command waits for the end",
        succeeds,
    ),
    covered(
        "acr scope-map create",
        "acr scope-map create -r lazaretto -n illreader --repository ill content/read metadata/read",
        "actions",
        |_, answer| count(&answer["actions"], 2),
    ),
    covered(
        "acr scope-map list",
        "acr scope-map list -r lazaretto",
        "it, and those that are built in",
        |_, answer| {
            has(answer, "/name", "illreader");
            has(answer, "/name", "_repositories_pull");
        },
    ),
    covered(
        "acr token create",
        "acr token create -r lazaretto -n illtoken --scope-map illreader",
        "two passwords",
        |world, answer| {
            keep(world, "token_password", text(answer, "/credentials/passwords/0/value"));
            count(&answer["credentials"]["passwords"], 2);
        },
    ),
    covered(
        "acr repository show-tags -u -p",
        "acr repository show-tags -n lazaretto --repository ill -u illtoken -p {token_password}",
        "the token opens what its scope map says",
        |_, answer| count(answer, 1),
    ),
    covered("acr token list", "acr token list -r lazaretto", "it is there", |_, answer| {
        has(answer, "/name", "illtoken")
    }),
    covered("acr token delete", "acr token delete -r lazaretto -n illtoken --yes", "", succeeds),
    covered("acr scope-map delete", "acr scope-map delete -r lazaretto -n illreader --yes", "", succeeds),
];
