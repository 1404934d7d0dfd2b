//! Packages whose findings would mean nothing, and are dropped with a visible reason.
//!
//! * A package of a language that a package of the distribution installed: `requests` of `python3-requests`. The
//!   distribution repairs it without changing its version, and its own advisories speak for it. It is dropped only if
//!   the snapshot has advisories of that distribution; otherwise nobody would speak for it.
//! * Headers of the kernel: they are made from the kernel's source and named in its advisories, and no kernel runs from
//!   them. An image has no kernel of its own.

use super::Query;
use crate::Snapshot;
use inventory::{Ecosystem, PackageKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why the findings of a package are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Dropped {
    /// A package of the distribution installed it, and the distribution's advisories speak for it.
    OwnedByDistribution {
        /// The package.
        package: String,
        /// The distribution.
        ecosystem: Ecosystem,
    },
    /// It is headers of the kernel.
    KernelHeaders,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnedByDistribution { package, ecosystem } => write!(
                f,
                "it belongs to the package {package}, for which the advisories of {ecosystem} speak"
            ),
            Self::KernelHeaders => f.write_str("it is headers of the kernel, and no kernel runs from them"),
        }
    }
}

impl Dropped {
    /// Why the findings of a package are dropped; `None` if they are not.
    pub fn of(snapshot: &Snapshot, query: &Query<'_>) -> Option<Self> {
        if is_kernel_headers(query) {
            return Some(Self::KernelHeaders);
        }
        let owner = query.owner.filter(|_| !query.kind.is_os())?;
        snapshot.coverage(owner.ecosystem)?;
        Some(Self::OwnedByDistribution { package: owner.name.to_owned(), ecosystem: owner.ecosystem.clone() })
    }
}

fn is_kernel_headers(query: &Query<'_>) -> bool {
    let of_kernel =
        query.source.is_some_and(|source| source.name == "linux" || source.name.starts_with("linux-"));
    let is = |kind| query.kind == kind;
    let deb = query.name == "linux-libc-dev" || query.name.starts_with("linux-headers-");
    let rpm = [
        "kernel-headers",
        "kernel-devel",
        "kernel-cross-headers",
        "kernel-default-devel",
        "linux-glibc-devel",
    ];
    (is(PackageKind::Deb) && of_kernel && deb)
        || (is(PackageKind::Rpm) && rpm.contains(&query.name))
        || (is(PackageKind::Apk) && query.name == "linux-headers")
}
