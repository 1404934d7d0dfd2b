//! The sign-in of federation services, which knows no tenants: name and password on the command line.

use super::{Covered, covered, has, is, succeeds};

pub(super) const COMMANDS: &[Covered] = &[
    covered(
        "cloud register --endpoint-active-directory",
        "cloud register -n Federated --endpoint-resource-manager {url} --endpoint-active-directory {url}/adfs",
        "the same server by its form for federation services",
        succeeds,
    ),
    covered("cloud set", "cloud set -n Federated", "", succeeds),
    covered("cloud show", "cloud show -n Federated", "where it signs in", |world, answer| {
        is(answer, "/endpoints/activeDirectory", &format!("{}/adfs", world.name("url")));
    }),
    covered(
        "login -u -p",
        "login -u admin -p '{password}'",
        "by name and password, on any port",
        |world, answer| {
            has(answer, "/id", world.name("subscription"));
            has(answer, "/user/name", "admin");
        },
    ),
    covered("acr show", "acr show -n lazaretto", "what the owner may see", |world, answer| {
        is(answer, "/loginServer", world.name("host"));
    }),
    covered(
        "account get-access-token --resource-type",
        "account get-access-token --resource-type arm",
        "a token of that sign-in",
        |world, answer| is(answer, "/subscription", world.name("subscription")),
    ),
    covered("logout", "logout", "", succeeds),
    covered("cloud set", "cloud set -n Lazaretto", "", succeeds),
    covered("cloud unregister", "cloud unregister -n Federated", "", succeeds),
];
