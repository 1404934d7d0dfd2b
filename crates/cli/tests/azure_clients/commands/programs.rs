//! A program signs in and is refused what it may not; then everything is tidied up.

use super::{Covered, covered, has, is, refused, succeeds, text};

pub(super) const COMMANDS: &[Covered] = &[
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
    covered(
        "login --service-principal --certificate",
        "login --service-principal -u {sealed} --certificate {seal} --tenant {tenant}",
        "the program with a certificate",
        |world, answer| has(answer, "/user/name", world.name("sealed")),
    ),
    covered("logout", "logout", "", succeeds),
    covered(
        "login",
        "login --tenant {tenant}",
        "in a browser: the owner signs in on our page, and lets the application in",
        |world, answer| {
            has(answer, "/id", world.name("subscription"));
            has(answer, "/user/name", "admin");
        },
    ),
    covered(
        "ad sp credential reset",
        "ad sp credential reset --id {app}",
        "another secret",
        |world, answer| {
            assert_ne!(text(answer, "/password"), world.name("secret"));
        },
    ),
    covered("ad sp delete", "ad sp delete --id {app}", "", succeeds),
    covered("ad sp delete", "ad sp delete --id {sealed}", "", succeeds),
    covered("ad user delete", "ad user delete --id anna@example.com", "", succeeds),
    covered("ad group delete", "ad group delete -g team", "", succeeds),
    covered("acr delete", "acr delete -n secondone --yes", "", succeeds),
    covered("group delete", "group delete -n quay --yes", "", succeeds),
    covered("group exists", "group exists -n quay", "it is gone", |_, answer| assert_eq!(*answer, false)),
];
