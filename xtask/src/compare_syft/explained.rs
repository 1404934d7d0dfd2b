//! Differences between us and Syft that were looked into.

use crate::compare_inventories::explained::{Difference, Side};

/// All of them.
pub(super) const DIFFERENCES: &[Difference] = &[
    commons_logging("debian-java", "commons-logging"),
    commons_logging("debian-java", "commons-logging-adapters"),
    commons_logging("debian-java", "commons-logging-api"),
    commons_logging("debian-java-more", "commons-logging"),
    commons_logging("debian-java-more", "commons-logging-adapters"),
    commons_logging("debian-java-more", "commons-logging-api"),
    linked(Side::Theirs, "github.com/opencontainers/umoci/cmd/umoci"),
    linked(Side::Ours, "github.com/opencontainers/umoci/cmd/umoci"),
    otp("by-hand"),
    otp("by-hand-more"),
    otp("debian-erlang"),
    Difference {
        image: "debian-erlang",
        side: Side::Ours,
        ecosystem: "hex",
        name: "*",
        why: "RabbitMQ and what it is made of, installed as applications of Erlang, which this version of Syft does not list",
    },
    Difference {
        image: "by-hand-more",
        side: Side::Ours,
        ecosystem: "generic",
        name: "*",
        why: "Elixir and Qt, which this version of Syft does not recognise",
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
    private("debian-unstable", "bin"),
    private("npm", "sample"),
    private("npm", "bin"),
    private("npm", "dist"),
    private("npm", "benchmark"),
    private("pnpm", "sample"),
    private("pnpm", "benchmark"),
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
        side: Side::Ours,
        ecosystem: "nuget",
        name: "*",
        why: "packages that .NET's own deps.json lists",
    },
    Difference {
        image: "debian-kernel",
        side: Side::Ours,
        ecosystem: "generic",
        name: "*",
        why: "modules of Linux without a version of their own, which Syft lists without one",
    },
    Difference {
        image: "debian-functional",
        side: Side::Ours,
        ecosystem: "hackage",
        name: "*",
        why: "what GHC brings along, which Syft does not look for",
    },
    Difference {
        image: "upstream",
        side: Side::Ours,
        ecosystem: "generic",
        name: "*",
        why: "programs that this version of Syft does not recognise",
    },
    Difference {
        image: "upstream-compiled",
        side: Side::Ours,
        ecosystem: "maven",
        name: "*",
        why: "the bill of a library that GraalVM compiled, in which Syft does not find it",
    },
    Difference {
        image: "upstream-compiled",
        side: Side::Ours,
        ecosystem: "generic",
        name: "kubectl",
        why: "Syft has no rule for it",
    },
    Difference {
        image: "languages",
        side: Side::Ours,
        ecosystem: "generic",
        name: "wordpress",
        why: "WordPress itself, which this version of Syft does not list",
    },
    Difference {
        image: "languages",
        side: Side::Ours,
        ecosystem: "wordpress-plugin",
        name: "*",
        why: "Syft lists them too, without a package URL",
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

/// The three archives of Commons Logging.
const fn commons_logging(image: &'static str, name: &'static str) -> Difference {
    Difference {
        image,
        side: Side::Ours,
        ecosystem: "maven",
        name,
        why: "Syft gives three archives the last word of their bundle's name; they are listed by the names of their files",
    }
}

/// The parts of Erlang and Elixir.
const fn otp(image: &'static str) -> Difference {
    Difference {
        image,
        side: Side::Ours,
        ecosystem: "otp",
        name: "*",
        why: "the parts of Erlang and Elixir, which this version of Syft does not list",
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
