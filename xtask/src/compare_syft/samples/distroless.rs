//! An image in the manner of distroless: one file in `status.d` for each package, made of this machine's own packages.

use crate::compare_syft::{Made, Sample};
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

pub(super) const HOST: Sample = Sample { name: "distroless", needs: &["dpkg"], make };

fn make(folder: &Path) -> Result<Made> {
    let root = folder.join("root");
    let stanzas = root.join("var/lib/dpkg/status.d");
    fs::create_dir_all(&stanzas)?;
    fs::create_dir_all(root.join("etc"))?;
    fs::copy("/etc/os-release", root.join("etc/os-release"))?;
    let status = fs::read_to_string("/var/lib/dpkg/status").context("this is no Debian")?;
    for stanza in status.split("\n\n").filter(|stanza| stanza.contains("\nStatus: install ok installed\n")) {
        let name = stanza.lines().find_map(|line| line.strip_prefix("Package: ")).context("no name")?;
        // Builders of such images copy the control file of the archive, which has no status.
        let lines = stanza.lines().filter(|line| !line.starts_with("Status: "));
        fs::write(stanzas.join(name), lines.collect::<Vec<_>>().join("\n") + "\n")?;
        fs::write(stanzas.join(format!("{name}.md5sums")), "")?;
    }
    Ok(Made::Folder(root))
}
