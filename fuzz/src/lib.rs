//! What each fuzz target does with its bytes, and the seeds that it begins with.
//!
//! The seeds are those of the ordinary tests of `indexer`, `kql`, `advisory` and `access`; `cargo run --bin seeds` writes them
//! into `corpus/`. A target that finds something leaves it in `artifacts/`; it becomes a fixture with its fix.

#[path = "../../crates/advisory/tests/support/seeds.rs"]
mod advisories;
#[path = "../../crates/access/tests/support/conditions.rs"]
mod conditions;
pub mod documents;
#[path = "../../crates/kql/tests/support/fuzzed.rs"]
mod queries;
#[path = "../../crates/indexer/tests/support/seeds.rs"]
mod seeds;

use indexer::build::{LongNames, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use inventory::{InventoryLimits, LayerInventory, coalesce};

/// Small, so that what asks for much is noticed.
pub fn limits() -> Limits {
    Limits {
        uncompressed_bytes: 1 << 22,
        entries: 10_000,
        header_bytes: 1 << 16,
        database_bytes: 1 << 20,
        binary_bytes: 1 << 20,
        inflated_bytes: 1 << 20,
        archive_members: 10_000,
        ..Limits::default()
    }
}

/// A layer as it is, or compressed in one of two ways: the first byte of the input chooses.
pub fn layer_of(codec: Codec, bytes: &[u8]) {
    if let Ok(inventory) = index_layer(bytes, media_type(codec), &limits()) {
        coalesce(&[inventory]);
    }
}

/// Reads bytes as each of the files of a target.
pub fn files_of(target: &str, bytes: &[u8]) {
    for (_, path, _) in seeds::files().iter().filter(|(name, ..)| *name == target) {
        seeds::read_as(path, bytes, &limits());
    }
}

/// Decodes what an indexer wrote, and lays it over itself.
pub fn inventory_of(bytes: &[u8]) {
    if let Ok(inventory) = LayerInventory::from_json(bytes, &InventoryLimits::default()) {
        coalesce(&[inventory.clone(), inventory]);
    }
}

/// Reads bytes as what a target of the advisories reads: a feed, a snapshot, statements of a user, records of the jail.
pub fn advisories_of(target: &str, bytes: &[u8]) {
    for (_, read) in advisories::TARGETS.iter().filter(|(name, _)| *name == target) {
        read(bytes);
    }
}

/// Reads a text as a query.
pub fn read_query(text: &str) {
    queries::read(text);
}

/// Reads a text as a query and plans it.
pub fn plan_query(text: &str) {
    queries::plan(text);
}

/// Reads a text as a query, plans it and runs it.
pub fn run_query(text: &str) {
    queries::run(text);
}

/// Reads a text as the condition of a role, and asks it.
pub fn read_condition(text: &str) {
    conditions::read(text);
}

/// Each target with its seeds.
pub fn corpora() -> Vec<(&'static str, Vec<u8>)> {
    let mut corpora: Vec<(&str, Vec<u8>)> =
        seeds::files().into_iter().map(|(target, _, content)| (target, content)).collect();
    for names in [LongNames::Pax, LongNames::Gnu] {
        corpora.push(("tar", seeds::layer(Codec::Plain, names)));
    }
    for (flag, codec) in [(0, Codec::Gzip), (1, Codec::Zstd)] {
        let mut bytes = vec![flag];
        bytes.extend(seeds::layer(codec, LongNames::Pax));
        corpora.push(("codec", bytes));
    }
    corpora.push(("layer_inventory", seeds::inventory()));
    corpora.extend(advisories::seeds());
    corpora.extend(documents::SEEDS.iter().map(|(target, text)| (*target, text.as_bytes().to_vec())));
    corpora.extend(conditions::seeds().into_iter().map(|text| ("role_conditions", text.into_bytes())));
    for target in ["kql_parser", "kql_planner", "kql_evaluation"] {
        corpora.extend(queries::seeds().into_iter().map(|query| (target, query.into_bytes())));
    }
    corpora
}
