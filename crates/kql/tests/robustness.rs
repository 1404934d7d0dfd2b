//! What a fuzzer does, for machines without one: every seed, cut at every place, with pieces of others, is read, planned
//! and run. Nothing panics, and nothing goes on without end.

#[path = "support/fuzzed.rs"]
mod fuzzed;

use fuzzed::{plan, read, run, seeds};

#[test]
fn every_seed_is_read_planned_and_run() {
    for seed in seeds() {
        read(&seed);
        plan(&seed);
        run(&seed);
    }
}

#[test]
fn every_cut_of_a_seed_is_read_and_planned() {
    for seed in seeds() {
        for (at, _) in seed.char_indices().step_by(3) {
            plan(&seed[..at]);
            read(&seed[at..]);
        }
    }
}

/// Numbers that look like chance, and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

#[test]
fn pieces_of_seeds_put_together_are_planned_and_run() {
    let seeds = seeds();
    let mut chance = Chance(7);
    let piece = |chance: &mut Chance| -> Vec<char> {
        let letters: Vec<char> = seeds[chance.below(seeds.len())].chars().collect();
        let from = chance.below(letters.len());
        let to = from + chance.below(letters.len() - from + 1);
        letters[from..to].to_vec()
    };
    for _ in 0..4_000 {
        let mut letters: Vec<char> = seeds[chance.below(seeds.len())].chars().collect();
        for _ in 0..=chance.below(3) {
            let at = chance.below(letters.len() + 1);
            let until = (at + chance.below(8)).min(letters.len());
            let new = if chance.below(3) == 0 { vec!['|', ' '] } else { piece(&mut chance) };
            letters.splice(at..until, new);
        }
        let query: String = letters.into_iter().collect();
        read(&query);
        plan(&query);
        run(&query);
    }
    // Whole operators behind each other are mostly right, and reach further than rubbish.
    let steps: Vec<&str> = seeds.iter().filter_map(|seed| seed.strip_prefix("T |")).collect();
    for _ in 0..4_000 {
        let count = 1 + chance.below(4);
        let steps: Vec<&str> = (0..count).map(|_| steps[chance.below(steps.len())]).collect();
        run(&format!("T |{}", steps.join("|")));
    }
}
