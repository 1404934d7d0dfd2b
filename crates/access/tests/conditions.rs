//! What a fuzzer does with conditions of roles, for machines without one: every seed, cut at every place and with pieces of
//! others, is read and asked.

#[path = "support/conditions.rs"]
mod conditions;

use conditions::{read, seeds};
use proptest::prelude::*;

#[test]
fn every_seed_and_every_cut_of_one_is_read_or_refused() {
    let mut read_whole = 0;
    for seed in seeds() {
        read_whole += usize::from(seed.parse::<access::Condition>().is_ok());
        for (at, _) in seed.char_indices() {
            read(&seed[..at]);
            read(&seed[at..]);
        }
        read(&seed);
    }
    assert!(read_whole > 10, "only {read_whole} seeds are conditions");
}

fn pieces() -> impl Strategy<Value = String> {
    let words =
        [" AND ", " OR ", "!", "(", ")", "{", "}", "'", "Exists ", "ActionMatches", ", ", "@Request[", "]"];
    let word = prop::sample::select(words.to_vec()).prop_map(str::to_owned);
    let piece = (prop::sample::select(seeds()), any::<prop::sample::Index>(), any::<prop::sample::Index>())
        .prop_map(|(seed, from, to)| {
            let letters: Vec<char> = seed.chars().collect();
            let (from, to) = (from.index(letters.len() + 1), to.index(letters.len() + 1));
            letters[from.min(to)..from.max(to)].iter().collect()
        });
    let whole = prop::sample::select(seeds());
    let part = prop_oneof![3 => word, 2 => piece, 3 => whole, 1 => any::<String>()];
    prop::collection::vec(part, 0..12).prop_map(|parts: Vec<String>| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn pieces_put_together_are_read_or_refused(text in pieces()) {
        read(&text);
    }
}

/// Depth and number of parts are bounded, whatever is written.
#[test]
fn what_is_deep_or_long_is_refused_quickly() {
    let exists = seeds().into_iter().find(|seed| seed.starts_with("Exists")).unwrap();
    for text in [
        "(".repeat(4_000),
        "!".repeat(8_000),
        format!("{}{exists}{}", "(".repeat(2_000), ")".repeat(2_000)),
        vec![exists.as_str(); 90].join(" AND "),
        format!("{exists} AND ").repeat(500),
        "'".repeat(8_192),
    ] {
        read(&text);
    }
}
