//! Debian roots, as `mmdebstrap` makes them.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::Result;
use std::path::Path;

const NEEDS: &[&str] = &["mmdebstrap"];

/// A sample by its name, its release and its packages.
macro_rules! sample {
    ($name:literal, $release:literal, $packages:literal) => {
        Sample { name: $name, needs: NEEDS, make: |folder| root(folder, $release, $packages) }
    };
}

pub(super) const PYTHON: Sample = sample!(
    "debian-python",
    "bookworm",
    "python3-django,python3-numpy,python3-pip,python3-lxml,ansible-core"
);
pub(super) const RUBY: Sample = sample!("debian-ruby", "bookworm", "ruby-rails,ruby-nokogiri,bundler");
pub(super) const PHP: Sample = sample!("debian-php", "bookworm", "composer,php-symfony-console,phpunit");
pub(super) const NODE: Sample = sample!("debian-node", "bookworm", "npm");
pub(super) const GO: Sample = sample!("debian-go", "bookworm", "docker.io,umoci,skopeo,hugo");
pub(super) const JAVA: Sample = sample!("debian-java", "bookworm", "tomcat10,libspring-web-java,maven");
pub(super) const R: Sample = sample!("debian-r", "bookworm", "r-cran-dplyr");
pub(super) const NEXT: Sample = sample!("debian-next", "trixie", "python3,curl,nginx,redis-server,haproxy");
pub(super) const BEFORE: Sample =
    sample!("debian-before", "bullseye", "python3-requests,ruby,nodejs,busybox-static,perl");
pub(super) const UNSTABLE: Sample =
    sample!("debian-unstable", "sid", "python3-flask,npm,golang-go,default-jre-headless,junit4");
pub(super) const GO_MORE: Sample = sample!(
    "debian-go-more",
    "bookworm",
    "prometheus,caddy,restic,rclone,gh,etcd-server,podman,kubernetes-client,minify"
);
pub(super) const JAVA_MORE: Sample = sample!(
    "debian-java-more",
    "bookworm",
    "jetty9,zookeeper,activemq,groovy,scala,ant,libokhttp-java,libspring-jdbc-java"
);
pub(super) const ERLANG: Sample = sample!(
    "debian-erlang",
    "bookworm",
    "elixir,rabbitmq-server,luarocks,libmojolicious-perl,cpanminus,node-express"
);
/// Assemblies of .NET, and the libraries of Windows in Wine.
pub(super) const MONO: Sample = sample!(
    "debian-mono",
    "bookworm",
    "mono-runtime,libmono-system-web4.0-cil,libnunit-framework2.6.3-cil,libnewtonsoft-json5.0-cil"
);
/// Linux with its modules.
pub(super) const KERNEL: Sample = sample!("debian-kernel", "bookworm", "linux-image-cloud-amd64");
/// Languages of science and of functions.
pub(super) const STATISTICS: Sample =
    sample!("debian-functional", "bookworm", "ghc,haskell-stack,ocaml,opam,r-base-core,ldap-utils");

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
