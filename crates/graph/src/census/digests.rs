//! Which digests were counted, where images come in no order of digests.
//!
//! Images of one digest have the same packages, so that the first of them counts for all of its classes, and no further
//! one for any. A row that an image has of its own is of one class, in which there are no findings; which classes a
//! digest was counted for by such rows is kept.

use oci::Digest;
use std::collections::HashSet;

/// The digests that were counted in each registry.
#[derive(Debug, Default)]
pub(super) struct Digests {
    /// Those with findings.
    whole: HashSet<(usize, Digest)>,
    /// Those with a row of their own, by its class.
    single: HashSet<(usize, Digest, usize)>,
}

impl Digests {
    /// Whether a digest with findings is there for the first time.
    pub(super) fn is_fresh(&mut self, registry: usize, digest: &Digest) -> bool {
        self.whole.insert((registry, digest.clone()))
    }

    /// Whether a digest with a row of its own is there for the first time in a class.
    pub(super) fn is_fresh_in(&mut self, registry: usize, digest: &Digest, class: usize) -> bool {
        self.single.insert((registry, digest.clone(), class))
    }
}
