//! Azure's own clients, which the tests drive against our server: the command line `az`, the Python SDKs and the
//! JavaScript SDKs.
//!
//! They are installed from the package registries of their languages into `azure-clients` of the build folder, once for each state of
//! the lists beside this file. Where they cannot be installed, the tests that need them say that they were skipped.

use crate::step;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// `cargo xtask azure-clients`.
pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "azure-clients",
    purpose: "install Azure's clients and drive them; with --update, write docs/azure-compatibility.md anew",
    run,
};

/// Something that is installed into a folder of its own.
struct Client {
    /// Its folder.
    folder: &'static str,
    /// What is installed; when it changes, the folder is made anew.
    list: &'static str,
    /// The program without which it cannot be installed.
    needs: &'static str,
    install: fn(&Path, &Path) -> Result<()>,
}

const CLIENTS: &[Client] = &[
    Client { folder: "az", list: "az.txt", needs: "python3", install: pip },
    // Behind `az`, whose installer puts them there.
    Client { folder: "az-extensions", list: "az-extensions.txt", needs: "python3", install: extensions },
    Client { folder: "python", list: "python.txt", needs: "python3", install: pip },
    Client { folder: "javascript", list: "package.json", needs: "npm", install: npm },
];

fn run(words: &[String]) -> Result<()> {
    let update = match words {
        [] => false,
        [word] if word == "--update" => true,
        _ => bail!("`cargo xtask azure-clients` takes nothing but --update"),
    };
    install();
    let variables: &[(&str, &str)] = if update { &[("UPDATE_EXPECT", "1")] } else { &[] };
    step::run_with(
        "cargo",
        &["test", "--package", "cli", "--test", "azure_clients", "--locked", "--", "--nocapture"],
        variables,
    )
}

/// Installs what is missing. What cannot be installed is told, and is no failure: the network may be away.
pub(crate) fn install() {
    for client in CLIENTS {
        if let Err(error) = client.ensure() {
            println!("not installed: Azure's clients in `{}`: {error:#}", client.folder);
        }
    }
}

/// Where the clients are: in the build folder, like everything that is made.
fn clients() -> Result<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new().current_dir(step::root()).no_deps().exec()?;
    Ok(metadata.target_directory.join("azure-clients").into_std_path_buf())
}

/// Where the lists are.
fn lists() -> PathBuf {
    step::root().join("xtask/azure-clients")
}

impl Client {
    fn ensure(&self) -> Result<()> {
        let folder = clients()?.join(self.folder);
        let list = lists().join(self.list);
        let wanted = std::fs::read(&list).with_context(|| format!("{} cannot be read", list.display()))?;
        let mark = folder.join("installed-list");
        if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        if !step::has(self.needs) {
            bail!("{} is not on the PATH", self.needs);
        }
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        (self.install)(&folder, &list)?;
        // Written last: a folder without it is half a client.
        std::fs::write(&mark, wanted)?;
        Ok(())
    }
}

fn pip(folder: &Path, list: &Path) -> Result<()> {
    let folder = folder.to_string_lossy();
    step::run("python3", &["-m", "venv", &folder])?;
    let pip = format!("{folder}/bin/pip");
    let quiet = ["--quiet", "--disable-pip-version-check", "--requirement"];
    step::run(&pip, &["install", quiet[0], quiet[1], quiet[2], &list.to_string_lossy()])
}

/// Extensions of `az`, each in the folder of its name, as `az extension add` puts them.
fn extensions(folder: &Path, list: &Path) -> Result<()> {
    let pip = clients()?.join("az/bin/pip").to_string_lossy().into_owned();
    for line in std::fs::read_to_string(list)?.lines() {
        let name = line.split("==").next().unwrap_or(line);
        let folder = folder.join(name).to_string_lossy().into_owned();
        let quiet = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"];
        step::run(&pip, &[quiet.as_slice(), &[&folder, line]].concat())?;
    }
    Ok(())
}

fn npm(folder: &Path, list: &Path) -> Result<()> {
    std::fs::copy(list, folder.join("package.json"))?;
    let prefix = folder.to_string_lossy().into_owned();
    step::run(
        "npm",
        &["install", "--prefix", &prefix, "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
    )
}
