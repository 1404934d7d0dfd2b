//! A snapshot on its way to another site: as a file, signed or not, or as an OCI artifact in an image layout or a
//! registry.

use crate::say;
use crate::target::remote::{pull_blob, registry};
use crate::terminal::Terminal;
use anyhow::{Context, Result, bail};
use clap::Args;
use oci::ImageReference;
use server::advisories::{
    Caution, Installed, Key, Shelf, bundle_of_artifact, bundle_of_layout, export_bundle, install_bundle,
    is_bundle, is_snapshot, push_artifact, write_layout,
};
use server::remote::Remote;
use std::io::{Seek, SeekFrom};
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

/// Push the snapshot, signed, to a registry
#[derive(Debug, Args)]
pub(crate) struct PushArguments {
    /// `HOST[:PORT]/NAME[:TAG]`; credentials are taken from LAZARETTO_USER and LAZARETTO_PASSWORD
    reference: String,
    /// Sign it with this private key, which `keygen` made
    #[arg(long, env = "LAZARETTO_ADVISORY_SIGN_KEY", value_name = "FILE")]
    sign_key: PathBuf,
}

/// Pull a snapshot from a registry, and put it in force
#[derive(Debug, Args)]
pub(crate) struct PullArguments {
    /// `HOST[:PORT]/NAME[:TAG][@DIGEST]`; credentials are taken from LAZARETTO_USER and LAZARETTO_PASSWORD
    reference: String,
    #[command(flatten)]
    trust: Trust,
    /// Put it in force whatever speaks against it
    #[arg(long)]
    accept: bool,
}

/// What a person wrote as the place of an artifact: the registry, and the tag or digest.
fn place(text: &str) -> Result<(Remote, String)> {
    let reference: ImageReference = text
        .parse()
        .with_context(|| format!("`{text}` names no place in a registry; write HOST/NAME:TAG"))?;
    let named = reference.digest().map(ToString::to_string);
    let named = named.or_else(|| reference.reference().map(|reference| reference.to_string()));
    Ok((registry(&reference)?, named.unwrap_or_else(|| TAG.to_owned())))
}

pub(super) async fn push(shelf: &Path, arguments: &PushArguments) -> Result<()> {
    let (registry, tag) = place(&arguments.reference)?;
    if tag.contains(':') {
        bail!("an artifact is pushed under a tag; write HOST/NAME:TAG");
    }
    let temporary = tempfile::tempdir_in(shelf).context("no temporary folder could be made")?;
    let bundle = temporary.path().join("bundle");
    export_bundle(shelf, &bundle, &arguments.sign_key)?;
    let digest = push_artifact(&registry, &bundle, &tag, "lazaretto-advisories").await?;
    say!("pushed {} ({digest})", arguments.reference);
    Ok(())
}

pub(super) async fn pull(
    shelf: &Path,
    arguments: &PullArguments,
    caution: Caution,
    terminal: Terminal,
) -> Result<Installed> {
    let trust = &arguments.trust;
    if trust.keys.is_empty() {
        bail!("what comes from a registry is believed for its signature alone: give --trust KEY");
    }
    let (registry, reference) = place(&arguments.reference)?;
    let (layer, size) = bundle_of_artifact(&registry, &reference).await?;
    let mut bytes = pull_blob(&registry, &layer, size, terminal).await?;
    std::fs::create_dir_all(shelf).with_context(|| format!("{} cannot be made", shelf.display()))?;
    let mut bundle = tempfile::NamedTempFile::new_in(shelf).context("no temporary file could be made")?;
    bytes
        .seek(SeekFrom::Start(0))
        .and_then(|_| std::io::copy(&mut bytes, &mut bundle))
        .context("the bundle")?;
    Ok(install_bundle(shelf, bundle.path(), &trust.keys, caution)?)
}

impl PullArguments {
    /// Whether doubts are accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.accept
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
