//! A root file system in a folder: written as a tar stream while the jail reads it.
//!
//! Links are written as links and never followed, so that a link in a foreign root cannot lead out of it.

use super::{Image, Layer, LayerBytes, Opening};
use anyhow::{Result, bail};
use std::path::PathBuf;

/// Opens `dir:ROOTFS`.
pub(super) fn open(opening: &Opening<'_>) -> Result<Image> {
    let folder = PathBuf::from(opening.rest);
    if !folder.is_dir() {
        bail!("{} is not a folder", folder.display());
    }
    let name = folder.display().to_string();
    let layer = Layer {
        media_type: "application/vnd.oci.image.layer.v1.tar".into(),
        name: name.clone(),
        bytes: LayerBytes::Folder(folder),
    };
    Ok(Image { name, digest: None, configuration: None, layers: vec![layer] })
}
