//! The laws of order, and that nothing panics, for random versions and random bytes.

use super::{LENGTH_LIMIT, SCHEMES};
use crate::LayerPath;
use proptest::prelude::*;

/// Text made of what versions are made of.
fn version() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,3}",
        "[.~^_+:!#-]",
        "[a-zA-Z]",
        "0",
        "00",
        "alpha",
        "beta",
        "rc",
        "dev",
        "post",
        "final",
        "sp",
        "ga",
        "-r",
        "_p",
        "snapshot",
        "pl",
        "v",
        "go",
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn order_is_total_and_transitive(a in version(), b in version(), c in version()) {
        for scheme in SCHEMES {
            let Ok(ab) = scheme.compare(&a, &b) else { continue };
            prop_assert_eq!(scheme.compare(&b, &a), Ok(ab.reverse()));
            prop_assert!(scheme.compare(&a, &a).unwrap().is_eq());
            if scheme.comparable.is_some() {
                // A package manager that compares parts of two versions has no order; our keys have one anyhow.
                continue;
            }
            let (Ok(bc), Ok(ac)) = (scheme.compare(&b, &c), scheme.compare(&a, &c)) else { continue };
            if ab == bc {
                prop_assert_eq!(ac, ab, "{}: {} {} {}", scheme.name, a, b, c);
            }
        }
    }

    #[test]
    fn key_order_is_the_comparison(a in version(), b in version()) {
        for scheme in SCHEMES.iter().filter(|scheme| scheme.comparable.is_none()) {
            let (Ok(left), Ok(right)) = ((scheme.key)(&a), (scheme.key)(&b)) else { continue };
            prop_assert_eq!(left.as_bytes().cmp(right.as_bytes()), scheme.compare(&a, &b).unwrap());
        }
    }

    #[test]
    fn no_bytes_make_a_key_panic_or_grow(bytes in proptest::collection::vec(any::<u8>(), 0..LENGTH_LIMIT)) {
        let text = String::from_utf8_lossy(&bytes);
        for scheme in SCHEMES {
            if let Ok(key) = (scheme.key)(&text) {
                prop_assert!(key.as_bytes().len() <= 16 * text.len() + 64, "{}", scheme.name);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_path_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        if let Some(path) = LayerPath::from_bytes(&bytes) {
            prop_assert!(!path.as_str().split('/').any(|part| part == ".." || part == "."));
            prop_assert!(!path.as_str().starts_with('/') && !path.as_str().ends_with('/'));
            prop_assert!(path.as_str().len() <= 4 * bytes.len());
        }
    }
}

#[test]
fn longest_versions_of_one_sign_are_read_quickly() {
    for sign in ["0", "9", "a", ".", "-", "~", "_", "1.", "0.", "a.", "1a", "-0", ".0-", "-r", "!", "#", "*"]
    {
        let long = sign.repeat(LENGTH_LIMIT / sign.len());
        for scheme in SCHEMES {
            if let Ok(key) = (scheme.key)(&long) {
                assert!(key.as_bytes().len() <= 16 * LENGTH_LIMIT + 64, "{}: {sign}", scheme.name);
            }
        }
    }
}
