//! Mutated layers and files: the indexer never panics, and never reads for ever.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "support/seeds.rs"]
mod seeds;

use indexer::build::{LongNames, media_type};
use indexer::codec::Codec;
use indexer::tar::{Bounds, Reader};
use indexer::{Limits, index_layer};
use inventory::{InventoryLimits, LayerInventory};
use proptest::collection::vec;
use proptest::prelude::*;
use seeds::{files, layer, read_as};

/// Small enough that a mutation that asks for much is noticed.
fn limits() -> Limits {
    Limits {
        uncompressed_bytes: 1 << 20,
        entries: 200,
        header_bytes: 4096,
        database_bytes: 1 << 16,
        binary_bytes: 1 << 16,
        inflated_bytes: 1 << 16,
        ..Limits::default()
    }
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Mutation {
    Set(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let interesting = prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(b'0'), Just(b'7'), Just(b'\n')];
    let one = prop_oneof![
        8 => (any::<usize>(), interesting).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        1 => (any::<usize>(), 1..600_usize).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (any::<usize>(), 1..600_usize).prop_map(|(at, count)| Mutation::Repeat(at, count)),
    ];
    vec(one, 1..12)
}

fn mutate(mut bytes: Vec<u8>, mutations: &[Mutation]) -> Vec<u8> {
    for mutation in mutations {
        if bytes.is_empty() {
            return bytes;
        }
        let (Mutation::Set(at, _) | Mutation::Remove(at, _) | Mutation::Repeat(at, _)) = mutation;
        let at = at % bytes.len();
        match mutation {
            Mutation::Set(_, byte) => bytes[at] = *byte,
            Mutation::Remove(_, count) => {
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Mutation::Repeat(_, count) => {
                let piece = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Gives every block that looks like a header its right checksum, so that mutations get past it.
fn reseal(archive: &mut [u8]) {
    for block in archive.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn mutated_archives_end(mutations in mutations(), gnu in any::<bool>()) {
        let names = if gnu { LongNames::Gnu } else { LongNames::Pax };
        let mut archive = mutate(layer(Codec::Plain, names), &mutations);
        reseal(&mut archive);
        if let Ok(inventory) = index_layer(&archive[..], media_type(Codec::Plain), &limits()) {
            prop_assert!(inventory.statistics.entries <= 200);
            prop_assert_eq!(inventory.statistics.uncompressed_bytes, archive.len() as u64);
        }
        let mut reader = Reader::new(&archive[..], Bounds::from(&limits()));
        let mut bodies = 0;
        while let Ok(true) = reader.advance() {
            while let Ok(Some(chunk)) = reader.next_chunk() {
                prop_assert!(!chunk.is_empty());
                bodies += chunk.len();
            }
        }
        prop_assert!(bodies <= archive.len());
    }

    #[test]
    fn mutated_streams_end(mutations in mutations(), zstd in any::<bool>()) {
        let codec = if zstd { Codec::Zstd } else { Codec::Gzip };
        let stream = mutate(layer(codec, LongNames::Pax), &mutations);
        // Whatever comes out: an inventory or an error, but an end.
        let _ = index_layer(&stream[..], media_type(codec), &limits());
    }

    #[test]
    fn mutated_files_are_read_or_refused(mutations in mutations(), which in any::<prop::sample::Index>()) {
        let seeds = files();
        let (_, path, content) = which.get(&seeds);
        let content = mutate(content.clone(), &mutations);
        read_as(path, &content, &limits());
    }

    #[test]
    fn mutated_inventories_are_decoded_or_refused(mutations in mutations()) {
        let bytes = mutate(seeds::inventory(), &mutations);
        if let Ok(inventory) = LayerInventory::from_json(&bytes, &InventoryLimits::default()) {
            inventory::coalesce(&[inventory.clone(), inventory]);
        }
    }
}

#[test]
fn the_seeds_are_read() {
    let inventory =
        index_layer(&layer(Codec::Plain, LongNames::Pax)[..], media_type(Codec::Plain), &limits()).unwrap();
    let packages: usize = inventory.databases.iter().map(|database| database.packages.len()).sum();
    assert_eq!(inventory.databases.len(), 8, "{:?}", inventory.databases);
    assert_eq!(packages, 9);
}

#[test]
fn every_seed_says_something_and_every_cut_of_it_ends() {
    for (target, path, content) in files() {
        assert!(read_as(path, &content, &Limits::default()) > 0, "{target}: nothing reads {path}");
        for length in 0..content.len().min(400) {
            read_as(path, &content[..length], &limits());
        }
    }
}
