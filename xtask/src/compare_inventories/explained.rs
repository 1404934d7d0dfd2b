//! Differences between the inventories that were looked into, each with who is right and why.
//!
//! `docs/inventory-quality.md` tells the longer story. A line that explains nothing any more makes the command fail.

use super::listing::Row;

/// Who lists the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Only we do.
    Ours,
    /// Only another scanner does.
    Theirs,
}

/// A difference that was looked into.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The list it is in.
    pub(crate) image: &'static str,
    /// Who lists it.
    pub(crate) side: Side,
    /// The ecosystem.
    pub(crate) ecosystem: &'static str,
    /// The name, or `*` for all of the ecosystem in this image.
    pub(crate) name: &'static str,
    /// Why it is so.
    pub(crate) why: &'static str,
}

/// All of them.
pub(crate) const DIFFERENCES: &[Difference] = &[Difference {
    image: "app-node-alpine3.15",
    side: Side::Theirs,
    ecosystem: "npm",
    name: "vulnerable-demo",
    why: "the application's own package.json, which says that it is private: it comes from no registry",
}];

/// The number of the line that explains a difference.
pub(crate) fn find(differences: &[Difference], image: &str, row: &Row, side: Side) -> Option<usize> {
    differences.iter().position(|known| {
        known.image == image
            && known.side == side
            && known.ecosystem == row.ecosystem
            && (known.name == "*" || known.name == row.name)
    })
}
