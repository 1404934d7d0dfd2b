//! Whether the keys in a snapshot are those that this program makes.
//!
//! A snapshot holds version keys, and they mean something only beside keys made in the same way. The header has a
//! hash of the keys of some telling versions in every scheme; if a scheme changes its keys, the hash changes.

use inventory::version::SCHEMES;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Versions that use the corners of most schemes.
const SAMPLES: &[&str] = &[
    "0",
    "1.2.3",
    "1:2.3.4-5ubuntu1~bpo12+1",
    "1.1.1d-r2",
    "1.0_rc1_p2-r3",
    "1.0.0-rc.1+build.5",
    "v1.2.3-0.20200101120000-abcdef123456",
    "2!1.0rc1.post2.dev3+local",
    "1.0-SNAPSHOT",
    "10.0.0.pre1",
    "1.0^git1~2",
    "2.x-dev",
];

static PROBE: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    let mut schemes: Vec<_> = SCHEMES.iter().collect();
    schemes.sort_by_key(|scheme| scheme.name);
    for scheme in schemes {
        hash.update(scheme.name);
        for sample in SAMPLES {
            match (scheme.key)(sample) {
                Ok(key) => {
                    hash.update([1]);
                    hash.update((key.as_bytes().len() as u64).to_le_bytes());
                    hash.update(key.as_bytes());
                }
                Err(_) => hash.update([0]),
            }
        }
    }
    hash.finalize().into()
});

/// The hash of the keys that this program makes.
pub(super) fn probe() -> [u8; 32] {
    *PROBE
}
