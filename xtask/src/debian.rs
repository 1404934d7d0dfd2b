//! The Debian packages that the tests use, and getting them.
//!
//! The product itself needs none of them.
//! Each is named with what the tests do with it, so that a reader can judge whether to install it.

use crate::step;
use anyhow::{Result, bail};

/// `cargo xtask setup`.
pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "setup",
    purpose: "install the Debian packages that the tests use",
    run: |_| install(),
};

/// A package and the program that shows that it is there.
pub(crate) struct Needed {
    pub(crate) package: &'static str,
    pub(crate) program: &'static str,
    pub(crate) why: &'static str,
}

const NEEDED: &[Needed] = &[
    Needed {
        package: "skopeo",
        program: "skopeo",
        why: "pushes to and pulls from the registry, as a real client",
    },
    Needed { package: "buildah", program: "buildah", why: "builds an image and pushes it, as a real client" },
    Needed { package: "podman", program: "podman", why: "pulls and pushes images, as a real client" },
    Needed { package: "npm", program: "npm", why: "installs the emulator of Azure's storage" },
    Needed { package: "mmdebstrap", program: "mmdebstrap", why: "makes a real Debian root to scan" },
    Needed { package: "umoci", program: "umoci", why: "a second opinion on laying layers over each other" },
    Needed { package: "rpm", program: "rpmbuild", why: "makes packages and a database to compare with Syft" },
    Needed { package: "dpkg", program: "dpkg", why: "the oracle of Debian's version order" },
    Needed { package: "tar", program: "tar", why: "the oracle of the tar reader" },
    Needed { package: "gcc", program: "cc", why: "builds the C parts of SQLite, zstd and the TLS library" },
];

/// Installs what is missing, when this user may; otherwise says exactly what to install.
pub(crate) fn install() -> Result<()> {
    install_all(NEEDED)
}

/// The same for another list.
pub(crate) fn install_all(needed: &[Needed]) -> Result<()> {
    let missing: Vec<&Needed> = needed.iter().filter(|needed| !step::has(needed.program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for needed in &missing {
        println!("missing: {:<12} {}", needed.package, needed.why);
    }
    let packages: Vec<&str> = missing.iter().map(|needed| needed.package).collect();
    let Some(prefix) = privilege() else {
        bail!(
            "these Debian packages are needed and this user may not install them; please run:\n  sudo apt-get install {}",
            packages.join(" ")
        );
    };
    let (program, before) = prefix.split_first().map_or(("apt-get", &[][..]), |(first, rest)| (*first, rest));
    let apt = |words: &[&str]| {
        let mut arguments = before.to_vec();
        arguments.extend_from_slice(words);
        step::run_with(program, &arguments, &[("DEBIAN_FRONTEND", "noninteractive")])
    };
    apt(&["update"])?;
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend(packages);
    apt(&words)
}

/// The words that run `apt-get` with the right to install, if there are any.
fn privilege() -> Option<Vec<&'static str>> {
    if !step::has("apt-get") {
        return None;
    }
    let quiet = |program: &str, words: &[&str]| {
        std::process::Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
    };
    let root =
        std::process::Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if root {
        Some(vec!["apt-get"])
    } else if quiet("sudo", &["-n", "true"]) {
        Some(vec!["sudo", "-n", "apt-get"])
    } else {
        None
    }
}
