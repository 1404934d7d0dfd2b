//! Laying layers over each other, as an overlay file system would.
//!
//! The layers of an image are applied bottom first to a small tree that holds only the watched paths: package databases,
//! release files, and the links and obstacles on the way to them. What remains visible at the end is the image.
//!
//! The rules are those of <https://github.com/opencontainers/image-spec/blob/main/layer.md>:
//!
//! * A whiteout takes away the path and all below it; an opaque folder takes away all below it. Both speak only of
//!   lower layers, in whatever order the entries of their own layer stand.
//! * Something other than a folder takes the place of a folder with all that is in it.
//! * An entry below a symbolic link of a lower layer goes where the link leads, as container runtimes unpack it.
//!
//! Nothing quiet: a database that vanished, a link that leads to where nobody looked, a file that could not be
//! read, each becomes an [`Obstacle`].

mod locks;
mod outcome;
mod ownership;
#[cfg(test)]
mod tests;
mod tree;

use crate::{ImageInventory, LayerInventory};
use tree::Tree;

/// Lays the layers of an image over each other, bottom first.
pub fn coalesce(layers: &[LayerInventory]) -> ImageInventory {
    let mut tree = Tree::default();
    for (number, layer) in layers.iter().enumerate() {
        tree.apply(number, layer);
    }
    tree.finish();
    outcome::inventory(&tree, layers)
}

#[cfg(doc)]
use crate::Obstacle;
