//! A bundle as an OCI artifact in an image layout, so that any registry tool carries it.
//!
//! `skopeo copy oci:FOLDER:latest docker://registry.example/advisories:latest` pushes it, and the other way round it is
//! pulled; `lazaretto advisories push` and `pull` do the same without a layout. The manifest is that of the OCI image specification 1.1, with the bundle as its only layer.

use super::bundle::BundleError;
use super::file_error;
use crate::remote::{Remote, RemoteError};
use oci::Digest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the artifact is.
pub const ARTIFACT_TYPE: &str = "application/vnd.lazaretto.advisories.v1";
/// What its layer is.
pub const LAYER_TYPE: &str = "application/vnd.lazaretto.advisories.bundle.v1";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";
const REFERENCE: &str = "org.opencontainers.image.ref.name";
const EMPTY: &[u8] = b"{}";
/// No bundle from another registry is larger.
const MOST_BYTES: u64 = 16 << 30;
/// Documents of a layout are small.
const DOCUMENT_BYTES: u64 = 4 << 20;

/// Writes a bundle as a new image layout with one tag.
///
/// # Errors
/// When the folder exists or cannot be written.
pub fn write_layout(bundle: &Path, folder: &Path, tag: &str, title: &str) -> Result<(), BundleError> {
    std::fs::create_dir(folder).map_err(file_error("created", folder))?;
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).map_err(file_error("created", &blobs))?;
    let (digest, size) = hashed(bundle)?;
    let target = blobs.join(digest.trim_start_matches("sha256:"));
    std::fs::copy(bundle, &target).map_err(file_error("written", &target))?;
    let config = put(&blobs, EMPTY)?;
    let manifest = manifest(&config, &digest, size, title);
    let manifest_digest = put(&blobs, manifest.as_bytes())?;
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "digest": manifest_digest,
            "size": manifest.len(),
            "annotations": { REFERENCE: tag },
        }],
    })
    .to_string();
    for (name, content) in
        [("index.json", index.as_str()), ("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#)]
    {
        let path = folder.join(name);
        std::fs::write(&path, content).map_err(file_error("written", &path))?;
    }
    Ok(())
}

/// The manifest of an artifact.
fn manifest(config: &str, layer: &str, size: u64, title: &str) -> String {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": { "mediaType": EMPTY_TYPE, "digest": config, "size": EMPTY.len(), "data": "e30=" },
        "layers": [{
            "mediaType": LAYER_TYPE,
            "digest": layer,
            "size": size,
            "annotations": { "org.opencontainers.image.title": title },
        }],
    })
    .to_string()
}

/// Gives a bundle to another registry, under a tag. Returns the digest of its manifest.
///
/// # Errors
/// When the bundle cannot be read, or the registry does not take it.
pub async fn push_artifact(
    registry: &Remote,
    bundle: &Path,
    tag: &str,
    title: &str,
) -> Result<Digest, ArtifactError> {
    let (layer, size) = hashed(bundle)?;
    let config = registry.push_bytes(EMPTY).await?;
    let layer: Digest =
        layer.parse().map_err(|_| BundleError::Damaged("the digest of the bundle is none"))?;
    registry.push_file(&layer, bundle, size).await?;
    let manifest = manifest(config.as_str(), layer.as_str(), size, title);
    registry.push_manifest(tag, MANIFEST_TYPE, manifest.as_bytes()).await?;
    Ok(Digest::of_sha256(manifest.as_bytes()))
}

/// The layer of an artifact of another registry that is the bundle, and its size in bytes.
///
/// # Errors
/// When there is none, or it is no artifact of ours.
pub async fn bundle_of_artifact(registry: &Remote, reference: &str) -> Result<(Digest, u64), ArtifactError> {
    let fetched = registry.manifest(reference).await?;
    let manifest: Value = serde_json::from_slice(&fetched.bytes)
        .map_err(|_| BundleError::Damaged("the manifest of the artifact cannot be read"))?;
    let layers = manifest["layers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let layer = layers.iter().find(|layer| layer["mediaType"] == LAYER_TYPE);
    let layer = layer.ok_or(BundleError::Damaged("the artifact has no layer of advisories"))?;
    let digest = layer["digest"].as_str().and_then(|text| text.parse().ok());
    let digest = digest.ok_or(BundleError::Damaged("a digest of the artifact is none"))?;
    let size = layer["size"].as_u64().filter(|size| *size <= MOST_BYTES);
    Ok((digest, size.ok_or(BundleError::Damaged("the artifact is larger than advisories can be"))?))
}

/// Why an artifact did not travel.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The bundle cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The registry did not do what was asked of it.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

fn put(blobs: &Path, content: &[u8]) -> Result<String, BundleError> {
    let digest = Digest::of_sha256(content).to_string();
    let path = blobs.join(digest.trim_start_matches("sha256:"));
    std::fs::write(&path, content).map_err(file_error("written", &path))?;
    Ok(digest)
}

fn hashed(path: &Path) -> Result<(String, u64), BundleError> {
    let mut file = File::open(path).map_err(file_error("read", path))?;
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(file_error("read", path))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        size += read as u64;
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((format!("sha256:{hex}"), size))
}

/// Finds the bundle of an image layout: of the given tag, or of the only manifest.
///
/// A digest in a document is parsed before it becomes a path, so that none leads out of the folder (attack F3).
///
/// # Errors
/// When there is no artifact of ours, or its bytes are not those of its digest.
pub fn bundle_of_layout(folder: &Path, tag: Option<&str>) -> Result<PathBuf, BundleError> {
    let index = document(&folder.join("index.json"))?;
    let manifests = index["manifests"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |manifest: &&Value| tag.is_none_or(|tag| manifest["annotations"][REFERENCE] == tag);
    let found: Vec<&Value> = manifests.iter().filter(fits).collect();
    let [manifest] = found.as_slice() else {
        return Err(BundleError::Damaged("the layout does not name exactly one artifact; give a tag"));
    };
    let manifest = document(&blob(folder, &manifest["digest"])?)?;
    let layers = manifest["layers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let layer = layers.iter().find(|layer| layer["mediaType"] == LAYER_TYPE);
    let layer = layer.ok_or(BundleError::Damaged("the artifact has no layer of advisories"))?;
    let path = blob(folder, &layer["digest"])?;
    let (digest, _) = hashed(&path)?;
    if layer["digest"] != digest.as_str() {
        return Err(BundleError::Damaged("a blob of the layout has other bytes than its digest says"));
    }
    Ok(path)
}

fn document(path: &Path) -> Result<Value, BundleError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(file_error("read", path))?;
    file.take(DOCUMENT_BYTES).read_to_end(&mut bytes).map_err(file_error("read", path))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| BundleError::Damaged("a document of the layout cannot be read"))
}

fn blob(folder: &Path, digest: &Value) -> Result<PathBuf, BundleError> {
    let digest: Option<Digest> = digest.as_str().and_then(|text| text.parse().ok());
    let digest = digest.ok_or(BundleError::Damaged("a digest of the layout is none"))?;
    let (algorithm, hex) =
        digest.as_str().split_once(':').ok_or(BundleError::Damaged("a digest of the layout is none"))?;
    Ok(folder.join("blobs").join(algorithm).join(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_found_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        std::fs::write(&bundle, b"a bundle").unwrap();
        let layout = folder.path().join("layout");
        write_layout(&bundle, &layout, "latest", "advisories").unwrap();
        let found = bundle_of_layout(&layout, Some("latest")).unwrap();
        assert_eq!(std::fs::read(&found).unwrap(), b"a bundle");
        assert_eq!(bundle_of_layout(&layout, None).unwrap(), found);
        assert!(bundle_of_layout(&layout, Some("other")).is_err());
        assert!(write_layout(&bundle, &layout, "latest", "advisories").is_err(), "nothing is overwritten");
        std::fs::write(&found, b"b bundle").unwrap();
        assert!(bundle_of_layout(&layout, None).is_err(), "other bytes");
    }

    #[test]
    fn no_digest_leads_out_of_the_layout() {
        let folder = tempfile::tempdir().unwrap();
        for digest in ["../../etc/passwd", "sha256:../../x", "sha256:", "x"] {
            let index = json!({ "manifests": [{ "digest": digest }] }).to_string();
            std::fs::write(folder.path().join("index.json"), index).unwrap();
            assert!(
                matches!(bundle_of_layout(folder.path(), None), Err(BundleError::Damaged(_))),
                "{digest}"
            );
        }
    }
}
