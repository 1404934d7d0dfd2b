//! Mutated feeds, snapshots, statements and records: nothing panics, and nothing reads for ever.

#[path = "support/seeds.rs"]
mod seeds;

use proptest::prelude::*;
use seeds::{TARGETS, seeds};

/// The seeds of a target with what is done with them.
fn each(mut with: impl FnMut(&[u8], fn(&[u8]))) {
    for (target, seed) in seeds() {
        let Some((_, read)) = TARGETS.iter().find(|(name, _)| *name == target) else {
            panic!("{target} is no target");
        };
        with(&seed, *read);
    }
}

#[test]
fn every_target_has_seeds_and_reads_them() {
    let seeds = seeds();
    for (target, _) in TARGETS {
        assert!(seeds.iter().any(|(name, seed)| name == target && seed.len() > 100), "{target}");
    }
    each(|seed, read| read(seed));
}

#[test]
fn every_cut_of_a_seed_is_read() {
    each(|seed, read| {
        // A compiled snapshot is long, and every cut of it is refused by its header alone.
        let step = 1 + seed.len() / 2_000;
        for at in (0..seed.len()).step_by(step) {
            read(&seed[..at]);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn changed_seeds_are_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        repeated in any::<prop::sample::Index>(),
        length in 0..200_usize,
    ) {
        each(|seed, read| {
            let mut bytes = seed.to_vec();
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            read(&bytes);
            let at = repeated.index(bytes.len());
            let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
            bytes.splice(at..at, piece);
            read(&bytes);
        });
    }
}
