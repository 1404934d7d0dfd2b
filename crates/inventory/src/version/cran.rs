//! The order of R packages: rows of numbers between `.` and `-`, which mean the same; a beginning before the whole.
//!
//! See <https://stat.ethz.ch/R-manual/R-devel/library/base/html/numeric_version.html>.

use super::hackage::number_row;
use super::{Scheme, VersionError, VersionKey, bounded, unreadable};

/// The scheme.
pub(super) const SCHEME: Scheme =
    Scheme { name: "cran", ecosystems: &["CRAN", "Bioconductor"], key, comparable: None };

fn key(version: &str) -> Result<VersionKey, VersionError> {
    let text = bounded(&SCHEME, version)?;
    number_row(text, &['.', '-']).ok_or_else(|| unreadable(&SCHEME, text, "a part of it is not a number"))
}
