//! Folders and archives as the layers of an OCI layout.

use super::{Made, Packing};
use anyhow::{Context, Result, bail};
use oci::{Algorithm, Digest, Hasher};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::Command;

/// Writes the layout, the lowest layer first. Archives are moved into it.
pub(crate) fn layout(image: &Path, made: &[Made], packing: Packing) -> Result<()> {
    let blobs = image.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let (mut layers, mut diff_ids) = (Vec::new(), Vec::new());
    for made in made {
        let file = blobs.join("layer");
        match made {
            Made::Archive(archive) => fs::rename(archive, &file)?,
            Made::Folder(folder) => archive(folder, &file)?,
        }
        let (diff_id, mut size) = digest(&file)?;
        let mut own = diff_id.clone();
        if packing == Packing::Gzip {
            pack(&file)?;
            (own, size) = digest(&file)?;
        }
        fs::rename(&file, blobs.join(own.hex()))?;
        let ending = if packing == Packing::Gzip { "+gzip" } else { "" };
        layers.push(json!({
            "mediaType": format!("application/vnd.oci.image.layer.v1.tar{ending}"),
            "digest": own.to_string(),
            "size": size,
        }));
        diff_ids.push(diff_id.to_string());
    }
    let config = document(
        &blobs,
        "application/vnd.oci.image.config.v1+json",
        &json!({
            "os": "linux", "architecture": "amd64",
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        }),
    )?;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers,
    });
    let manifest = document(&blobs, media_type, &manifest)?;
    fs::write(image.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    // Last: a layout with an index is complete.
    fs::write(image.join("index.json"), serde_json::to_vec(&index)?)?;
    Ok(())
}

/// Packs a file in its place.
fn pack(file: &Path) -> Result<()> {
    let status = Command::new("gzip").args(["--force", "--no-name"]).arg(file).status()?;
    if !status.success() {
        bail!("gzip failed ({status})");
    }
    fs::rename(file.with_extension("gz"), file)?;
    Ok(())
}

fn archive(folder: &Path, file: &Path) -> Result<()> {
    let status = Command::new("tar").arg("-C").arg(folder).arg("-cf").arg(file).arg(".").status()?;
    if !status.success() {
        bail!("tar failed ({status})");
    }
    Ok(())
}

/// The digest and the size of a file.
pub(crate) fn digest(path: &Path) -> Result<(Digest, u64)> {
    let mut file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 1 << 20];
    let mut size = 0;
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(&buffer[..length]);
        size += length as u64;
    }
}

fn document(blobs: &Path, media_type: &str, content: &Value) -> Result<Value> {
    let bytes = serde_json::to_vec(content)?;
    let digest = Digest::of_sha256(&bytes);
    fs::write(blobs.join(digest.hex()), &bytes)?;
    Ok(json!({ "mediaType": media_type, "digest": digest.to_string(), "size": bytes.len() }))
}
