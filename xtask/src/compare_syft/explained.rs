//! Differences between us and Syft that were looked into.

use crate::compare_inventories::explained::Difference;

/// All of them.
pub(super) const DIFFERENCES: &[Difference] = &[];
