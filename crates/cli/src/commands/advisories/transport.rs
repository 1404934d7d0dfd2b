//! A snapshot on its way to another site: as a file, signed or not, or as an OCI artifact in an image layout.

use crate::say;
use anyhow::{Context, Result, bail};
use clap::Args;
use server::advisories::{
    Caution, Installed, Key, Shelf, bundle_of_layout, export_bundle, install_bundle, is_bundle, is_snapshot,
    write_layout,
};
use std::path::{Path, PathBuf};

/// The tag of an artifact for which none is given.
const TAG: &str = "latest";

/// Write the snapshot to one file, for a site without a network
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The file, which must not exist; or `oci:FOLDER[:TAG]` for an image layout, which `skopeo copy` carries to any
    /// registry
    file: PathBuf,
    /// Sign it with this private key, which `keygen` made
    #[arg(long, env = "LAZARETTO_ADVISORY_SIGN_KEY", value_name = "FILE")]
    sign_key: Option<PathBuf>,
}

/// Whom a site trusts.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// A public key that `keygen` printed; with one, nothing is installed that no trusted key has signed
    #[arg(long = "trust", env = "LAZARETTO_ADVISORY_TRUST", value_name = "KEY", value_delimiter = ',')]
    keys: Vec<Key>,
}

impl Trust {
    /// Puts a snapshot, a bundle, or the bundle of an image layout in force.
    pub(super) fn install(&self, shelf: &Path, file: &Path, caution: Caution) -> Result<Installed> {
        let bundle = match layout(file) {
            Some((folder, tag)) => bundle_of_layout(&folder, tag.as_deref())?,
            None => file.to_owned(),
        };
        Ok(install_bundle(shelf, &bundle, &self.keys, caution)?)
    }
}

/// Whether a path is a snapshot as a whole, and no feed.
pub(super) fn is_whole(path: &Path) -> bool {
    layout(path).is_some() || is_bundle(path) || is_snapshot(path)
}

/// The folder and the tag of `oci:FOLDER[:TAG]`.
fn layout(path: &Path) -> Option<(PathBuf, Option<String>)> {
    let text = path.to_str()?.strip_prefix("oci:")?;
    Some(match text.rsplit_once(':') {
        Some((folder, tag)) if !tag.contains('/') => (folder.into(), Some(tag.to_owned())),
        _ => (text.into(), None),
    })
}

pub(super) fn export(shelf: &Path, arguments: &ExportArguments) -> Result<()> {
    let file = &arguments.file;
    let Some((folder, tag)) = layout(file) else {
        let bytes = match &arguments.sign_key {
            Some(key) => export_bundle(shelf, file, key)?,
            None => Shelf::open(shelf)?.export(file)?,
        };
        say!(
            "wrote {} ({bytes} bytes); `lazaretto advisories install FILE` puts it in force elsewhere",
            file.display()
        );
        return Ok(());
    };
    let Some(key) = &arguments.sign_key else {
        bail!("an artifact travels through registries, so that it must be signed: give --sign-key FILE");
    };
    let Some(parent) = folder.parent() else { bail!("{} is no folder", folder.display()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let temporary = tempfile::tempdir_in(parent).context("no temporary folder could be made")?;
    let bundle = temporary.path().join("bundle");
    export_bundle(shelf, &bundle, key)?;
    let tag = tag.unwrap_or_else(|| TAG.to_owned());
    write_layout(&bundle, &folder, &tag, "lazaretto-advisories")?;
    say!(
        "wrote {}; `skopeo copy oci:{}:{tag} docker://REGISTRY/NAME:TAG` carries it to a registry",
        folder.display(),
        folder.display()
    );
    Ok(())
}
