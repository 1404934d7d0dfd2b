//! The cloud is made known, and somebody signs in.

use super::{Covered, covered, has, is, keep, succeeds, text};

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
    covered("account list --refresh", "account list --refresh", "the subscription", |world, answer| {
        has(answer, "/id", world.name("subscription"));
    }),
    covered(
        "account management-group list",
        "account management-group list",
        "the root of the tenant",
        |world, answer| has(answer, "/name", world.name("tenant")),
    ),
    covered(
        "rest",
        "rest --method get --url {url}/subscriptions/{subscription}?api-version=2022-12-01",
        "any path with the token of the sign-in",
        |world, answer| is(answer, "/subscriptionId", world.name("subscription")),
    ),
    covered("account list-locations", "account list-locations", "the server's location", |_, answer| {
        has(answer, "/name", "local");
    }),
    covered("ad signed-in-user show", "ad signed-in-user show", "the owner", |world, answer| {
        is(answer, "/userPrincipalName", "admin");
        keep(world, "admin", text(answer, "/id"));
    }),
];
