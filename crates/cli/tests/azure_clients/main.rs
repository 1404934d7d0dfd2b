//! Azure's own clients, unmodified, against the built binary: the command line `az`, the Python SDKs and the JavaScript
//! SDKs. `cargo xtask azure-clients` installs them; where one is missing, the test says what it skipped.
//!
//! Every command that is covered stands in a table, with what is compared; the table of
//! `docs/azure-compatibility.md` is written from it, and only by a run in which every command did what it should.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]
#![expect(clippy::print_stderr, reason = "a test that could not run has to say so")]

mod az;
mod commands;
mod document;
mod paging;
mod sdk;
#[expect(dead_code, reason = "the other end-to-end tests use more of it")]
#[path = "../end_to_end/support/mod_of_clients.rs"]
mod support;
mod world;

use world::World;

/// One server, and all clients one after the other: `az` needs a second for each command, and what one makes the next
/// one reads.
#[tokio::test(flavor = "multi_thread")]
async fn azures_clients_do_what_they_do_at_azure() {
    document::is_the_one_of_the_table();
    let Some(mut world) = World::begin().await else { return };
    let ran_az = az::run(&mut world);
    let ran_python = sdk::python(&world);
    let ran_javascript = sdk::javascript(&world);
    if ran_az && ran_python && ran_javascript {
        document::update_if_wanted();
    }
}
