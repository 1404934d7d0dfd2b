//! What is in an image: packages, distributions, version order, and the inventories of layers and images.
//!
//! This crate is pure: bytes and strings in, values out.
//! It knows the words of package managers, and nothing of vulnerabilities.
//!
//! * [`LayerInventory`] is what the jailed indexer says about one layer.
//! * [`coalesce()`] folds the layers of an image into its [`ImageInventory`], as a runtime's overlay would.
//! * [`distribution`] recognises distributions and holds what the product knows of each.
//! * [`version`] says in which order versions stand, as keys that sort by their bytes.
//! * [`package_url`] names a package for other tools, and [`sbom`] writes the whole inventory for them.
//! * [`InventoryLimits`] bounds what is believed of an inventory that leaves the jail.

mod coalesce;
mod cpe;
pub mod distribution;
mod ecosystem;
mod footprint;
mod image;
mod layer;
mod limits;
mod package;
mod purl;
pub mod sbom;
pub mod version;

pub use coalesce::coalesce;
pub use cpe::{PROGRAMS as PROGRAM_CPES, cpe};
pub use distribution::{Distribution, KnownDistribution, ReleaseFile};
pub use ecosystem::Ecosystem;
pub use footprint::{Footprint, PathNumber};
pub use image::{ImageInventory, InstalledPackage, Obstacle, OwnedBy};
pub use layer::{
    Displacement, INDEXER_VERSION, LayerInventory, LayerPath, LayerStatistics, Link, LinkKind, Owner,
    Ownership, PackageDatabase, Presence, Removal, SkipReason, Skipped,
};
pub use limits::{InventoryError, InventoryLimits};
pub use package::{Package, PackageKind, SourcePackage, UNTAGGED};
pub use purl::{package_url, parse_package_url};
