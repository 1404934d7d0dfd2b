//! Debian roots, as `mmdebstrap` makes them.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::path::Path;

const NEEDS: &[&str] = &["mmdebstrap"];

pub(super) const PYTHON: Sample = Sample {
    name: "debian-python",
    needs: NEEDS,
    make: |folder| {
        root(folder, "bookworm", "python3-django,python3-numpy,python3-pip,python3-lxml,ansible-core")
    },
};
pub(super) const RUBY: Sample = Sample {
    name: "debian-ruby",
    needs: NEEDS,
    make: |folder| root(folder, "bookworm", "ruby-rails,ruby-nokogiri,bundler"),
};
pub(super) const PHP: Sample = Sample {
    name: "debian-php",
    needs: NEEDS,
    make: |folder| root(folder, "bookworm", "composer,php-symfony-console,phpunit"),
};
pub(super) const NODE: Sample =
    Sample { name: "debian-node", needs: NEEDS, make: |folder| root(folder, "bookworm", "npm") };
pub(super) const GO: Sample = Sample {
    name: "debian-go",
    needs: NEEDS,
    make: |folder| root(folder, "bookworm", "docker.io,umoci,skopeo,hugo"),
};
pub(super) const JAVA: Sample = Sample {
    name: "debian-java",
    needs: NEEDS,
    make: |folder| root(folder, "bookworm", "tomcat10,libspring-web-java,maven"),
};
pub(super) const R: Sample =
    Sample { name: "debian-r", needs: NEEDS, make: |folder| root(folder, "bookworm", "r-cran-dplyr") };
pub(super) const NEXT: Sample = Sample {
    name: "debian-next",
    needs: NEEDS,
    make: |folder| root(folder, "trixie", "python3,curl,nginx,redis-server,haproxy"),
};

pub(super) const BEFORE: Sample = Sample {
    name: "debian-before",
    needs: NEEDS,
    make: |folder| root(folder, "bullseye", "python3-requests,ruby,nodejs,busybox-static,perl"),
};
pub(super) const UNSTABLE: Sample = Sample {
    name: "debian-unstable",
    needs: NEEDS,
    make: |folder| root(folder, "sid", "python3-flask,npm,golang-go,default-jre-headless,junit4"),
};
pub(super) const GO_MORE: Sample = Sample {
    name: "debian-go-more",
    needs: NEEDS,
    make: |folder| {
        let packages = "prometheus,caddy,restic,rclone,gh,etcd-server,podman,kubernetes-client,minify";
        root(folder, "bookworm", packages)
    },
};
pub(super) const JAVA_MORE: Sample = Sample {
    name: "debian-java-more",
    needs: NEEDS,
    make: |folder| {
        let packages = "jetty9,zookeeper,activemq,groovy,scala,ant,libokhttp-java,libspring-jdbc-java";
        root(folder, "bookworm", packages)
    },
};
pub(super) const ERLANG: Sample = Sample {
    name: "debian-erlang",
    needs: NEEDS,
    make: |folder| {
        root(folder, "bookworm", "elixir,rabbitmq-server,luarocks,libmojolicious-perl,cpanminus,node-express")
    },
};

/// Assemblies of .NET, and the libraries of Windows in Wine.
pub(super) const MONO: Sample = Sample {
    name: "debian-mono",
    needs: NEEDS,
    make: |folder| {
        root(
            folder,
            "bookworm",
            "mono-runtime,libmono-system-web4.0-cil,libnunit-framework2.6.3-cil,libnewtonsoft-json5.0-cil",
        )
    },
};
/// Linux with its modules.
pub(super) const KERNEL: Sample = Sample {
    name: "debian-kernel",
    needs: NEEDS,
    make: |folder| root(folder, "bookworm", "linux-image-cloud-amd64"),
};
/// Languages of science and of functions.
pub(super) const STATISTICS: Sample = Sample {
    name: "debian-functional",
    needs: NEEDS,
    make: |folder| root(folder, "bookworm", "ghc,haskell-stack,ocaml,opam,r-base-core,ldap-utils"),
};

/// A root of this release with these packages, separated by commas.
pub(crate) fn root(folder: &Path, release: &str, packages: &str) -> Result<Made> {
    let archive = folder.join("root.tar");
    let include = format!("--include={packages}");
    // A mirror that stands still is as good as any for a sample.
    let aged = "--aptopt=Acquire::Check-Valid-Until \"false\"";
    let words = ["--quiet", "--variant=minbase", "--mode=auto", aged, &include, release, "root.tar"];
    run("mmdebstrap", &words, folder)?;
    Ok(Made::Archive(archive))
}
