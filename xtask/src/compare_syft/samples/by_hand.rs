//! Programs of Debian without the package manager that knows them: what somebody copies into an image by hand.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const NEEDS: &[&str] = &["apt-get", "dpkg"];

pub(super) const PROGRAMS: Sample =
    Sample { name: "by-hand", needs: NEEDS, make: |folder| unpacked(folder, PACKAGES) };
pub(super) const MORE: Sample =
    Sample { name: "by-hand-more", needs: NEEDS, make: |folder| unpacked(folder, FURTHER) };

/// Those that Debian has of the programs in `crates/indexer/src/programs/`.
const PACKAGES: &[&str] = &[
    "apache2-bin",
    "bash",
    "bind9",
    "busybox-static",
    "coturn",
    "curl",
    "dnsmasq-base",
    "erlang-base",
    "ffmpeg",
    "git",
    "golang-1.19-go",
    "gpg",
    "haproxy",
    "kubernetes-client",
    "libc6",
    "libcurl4",
    "libexpat1",
    "libgnutls30",
    "liblua5.4-0",
    "liblzma5",
    "libmagickcore-6.q16-6",
    "libnghttp2-14",
    "libpcap0.8",
    "libperl5.36",
    "libpng16-16",
    "libpython3.11",
    "libruby3.1",
    "libsqlite3-0",
    "libssh-4",
    "libssh2-1",
    "libssl3",
    "libtiff6",
    "libzstd1",
    "lighttpd",
    "mariadb-server-core",
    "memcached",
    "mosquitto",
    "nginx",
    "openjdk-17-jre-headless",
    "openssh-client",
    "openssh-server",
    "openssl",
    "perl-base",
    "pgbouncer",
    "php8.2-cli",
    "postfix",
    "postgresql-15",
    "proftpd-core",
    "python3.11-minimal",
    "redis-server",
    "ruby3.1",
    "rustc",
    "slapd",
    "sudo",
    "tor",
    "unbound",
    "varnish",
    "vsftpd",
    "wget",
    "xz-utils",
    "zlib1g",
    "zstd",
];

/// Those that came later.
const FURTHER: &[&str] = &[
    "cabal-install",
    "chromium",
    "composer",
    "elixir",
    "gcc-12",
    "gzip",
    "jq",
    "libqt5core5a",
    "php8.2-fpm",
    "pypy3-lib",
    "sqlcipher",
    "swi-prolog-core",
    "util-linux",
];

fn unpacked(folder: &Path, packages: &[&str]) -> Result<Made> {
    let words: Vec<&str> = ["download", "--quiet"].iter().chain(packages).copied().collect();
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
