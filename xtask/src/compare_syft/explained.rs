//! Differences between us and Syft that were looked into.

use crate::compare_inventories::explained::{Difference, Side};

/// All of them.
pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        image: "npm",
        side: Side::Theirs,
        ecosystem: "npm",
        name: "sample",
        why: "the application's own package.json, which says that it is private: it comes from no registry",
    },
    Difference {
        image: "dotnet",
        side: Side::Theirs,
        ecosystem: "nuget",
        name: "*",
        why: "file versions of the assemblies of .NET itself, which are those of no package",
    },
    Difference {
        image: "dotnet",
        side: Side::Ours,
        ecosystem: "nuget",
        name: "*",
        why: "packages that .NET's own deps.json lists",
    },
    Difference {
        image: "debian-r",
        side: Side::Theirs,
        ecosystem: "cran",
        name: "*",
        why: "DESCRIPTION files below the tests of installed packages, of packages that R does not find",
    },
];
