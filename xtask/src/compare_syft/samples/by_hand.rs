//! Programs of Debian without the package manager that knows them: what somebody copies into an image by hand.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

pub(super) const PROGRAMS: Sample = Sample { name: "by-hand", needs: &["apt-get", "dpkg"], make };

/// Those that Debian has of the programs in `crates/indexer/src/programs/`.
const PACKAGES: &[&str] = &[
    "apache2-bin",
    "bash",
    "busybox-static",
    "curl",
    "libcurl4",
    "golang-1.19-go",
    "haproxy",
    "kubernetes-client",
    "libperl5.36",
    "libpython3.11",
    "libruby3.1",
    "libssl3",
    "lighttpd",
    "mariadb-server-core",
    "memcached",
    "nginx",
    "openjdk-17-jre-headless",
    "openssl",
    "perl-base",
    "php8.2-cli",
    "postgresql-15",
    "python3.11-minimal",
    "redis-server",
    "ruby3.1",
    "rustc",
];

fn make(folder: &Path) -> Result<Made> {
    let words: Vec<&str> = ["download", "--quiet"].iter().chain(PACKAGES).copied().collect();
    run("apt-get", &words, folder)?;
    let root = folder.join("root");
    fs::create_dir_all(&root)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "deb") {
            let package = path.to_str().context("the path is no text")?;
            run("dpkg", &["--extract", package, "root"], folder)?;
        }
    }
    Ok(Made::Folder(root))
}
