//! Differences between us and Syft that were looked into.

use crate::compare_inventories::explained::{Difference, Side};

/// All of them.
pub(super) const DIFFERENCES: &[Difference] = &[
    renamed("maven3-artifact"),
    renamed("maven3-builder-support"),
    renamed("maven3-compat"),
    renamed("maven3-core"),
    renamed("maven3-embedder"),
    renamed("maven3-model"),
    renamed("maven3-model-builder"),
    renamed("maven3-plugin-api"),
    renamed("maven3-repository-metadata"),
    renamed("maven3-resolver-provider"),
    renamed("maven3-settings"),
    renamed("maven3-settings-builder"),
    renamed("maven3-slf4j-provider"),
    renamed("wagon-http-shaded"),
    Difference {
        image: "debian-java",
        side: Side::Theirs,
        ecosystem: "maven",
        name: "logging",
        why: "three archives of Commons Logging, which Syft gives the last word of their bundle's name",
    },
    Difference {
        image: "debian-java",
        side: Side::Ours,
        ecosystem: "maven",
        name: "*",
        why: "the three archives of Commons Logging by the names of their files",
    },
    linked(Side::Theirs, "github.com/opencontainers/umoci/cmd/umoci"),
    linked(Side::Ours, "github.com/opencontainers/umoci/cmd/umoci"),
    Difference {
        image: "by-hand",
        side: Side::Ours,
        ecosystem: "otp",
        name: "*",
        why: "the parts of Erlang, which this version of Syft does not list",
    },
    classified("orc-core"),
    classified("orc-mapreduce"),
    Difference {
        image: "by-hand",
        side: Side::Ours,
        ecosystem: "generic",
        name: "*",
        why: "programs that Syft does not recognise as Debian builds them",
    },
    brought_along("pip", "generic"),
    brought_along("pip", "cargo"),
    brought_along("programs", "generic"),
    brought_along("programs", "cargo"),
    Difference {
        image: "npm",
        side: Side::Ours,
        ecosystem: "golang",
        name: "stdlib",
        why: "the standard library of esbuild, whose build information its builders took out",
    },
    private("debian-go-more", "rickshaw-socket.io"),
    private("debian-node", "bin"),
    private("npm", "sample"),
    private("npm", "bin"),
    private("npm", "dist"),
    private("npm", "benchmark"),
    private("pip", "@jupyterlab/application-top"),
    private("pip", "@jupyterlab/galata-extension"),
    private("pip", "@jupyterlab/mock-consumer"),
    private("pip", "@jupyterlab/mock-extension"),
    private("pip", "@jupyterlab/mock-incompat"),
    private("pip", "@jupyterlab/mock-mime-extension"),
    private("pip", "@jupyterlab/mock-package"),
    private("pip", "@jupyterlab/mock-provider"),
    private("pip", "@jupyterlab/mock-service-manager-extension"),
    private("pip", "@jupyterlab/mock-token"),
    private("pip", "test-hyphens"),
    private("pip", "test-hyphens-underscore"),
    private("pip", "test_no_hyphens"),
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

/// What a wheel of Python brings along: libraries beside its extension modules, and the crates in those, which its bill of
/// materials names.
const fn brought_along(image: &'static str, ecosystem: &'static str) -> Difference {
    Difference {
        image,
        side: Side::Ours,
        ecosystem,
        name: "*",
        why: "libraries and crates that wheels bring along, which Syft does not look for",
    }
}

/// A `package.json` that says of itself that it is private: of an application, a build or a test.
const fn private(image: &'static str, name: &'static str) -> Difference {
    Difference {
        image,
        side: Side::Theirs,
        ecosystem: "npm",
        name,
        why: "it says of itself that it is private: it comes from no registry, and no advisory knows it",
    }
}

/// A Go program whose build information has no version, while its linker set one.
const fn linked(side: Side, name: &'static str) -> Difference {
    Difference {
        image: "debian-go",
        side,
        ecosystem: "golang",
        name,
        why: "the version stands in the program, and Syft does not find it",
    }
}

/// A Java archive with a word behind its version.
const fn classified(name: &'static str) -> Difference {
    Difference {
        image: "jars",
        side: Side::Ours,
        ecosystem: "maven",
        name,
        why: "Maven's own properties name it; its file has a word behind the version, and Syft leaves it out",
    }
}

/// A Java archive that Debian renamed: Maven's own properties in it name the library, which both list, and Syft lists the
/// file's name as a second one.
const fn renamed(name: &'static str) -> Difference {
    Difference {
        image: "debian-java",
        side: Side::Theirs,
        ecosystem: "maven",
        name,
        why: "the name of the file; the library in it is listed by the name that Maven gave it",
    }
}
