//! Our inventory of an image in an OCI layout, read in this process: the samples are known, so no jail is needed.

use anyhow::{Context, Result};
use indexer::body::Scratch;
use indexer::{Limits, index_layer_with};
use inventory::{ImageInventory, LayerInventory, coalesce};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The inventory of the image for one architecture; of the first image if none is wanted.
pub(crate) fn inventory(layout: &Path, architecture: &str) -> Result<ImageInventory> {
    let index = document(&layout.join("index.json"))?;
    let manifest = manifest(layout, &index, architecture)?
        .with_context(|| format!("{} has no image for {architecture:?}", layout.display()))?;
    let mut layers: Vec<LayerInventory> = Vec::new();
    for layer in manifest["layers"].as_array().into_iter().flatten() {
        let path = blob(layout, layer)?;
        let file = File::open(&path).with_context(|| format!("{} cannot be opened", path.display()))?;
        let media_type = layer["mediaType"].as_str().unwrap_or_default();
        let scratch: Box<dyn Scratch> = Box::new(tempfile::tempfile()?);
        layers.push(index_layer_with(Some(scratch), file, media_type, &Limits::default())?);
    }
    Ok(coalesce(&layers))
}

/// The manifest, through nested indexes.
fn manifest(layout: &Path, index: &Value, architecture: &str) -> Result<Option<Value>> {
    for descriptor in index["manifests"].as_array().into_iter().flatten() {
        let platform = descriptor["platform"]["architecture"].as_str();
        if !architecture.is_empty() && platform.is_some_and(|platform| platform != architecture) {
            continue;
        }
        let content = document(&blob(layout, descriptor)?)?;
        if !content["manifests"].is_array() {
            return Ok(Some(content));
        }
        if let Some(found) = manifest(layout, &content, architecture)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn document(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn blob(layout: &Path, descriptor: &Value) -> Result<PathBuf> {
    let digest = descriptor["digest"].as_str().context("a descriptor has no digest")?;
    Ok(layout.join("blobs").join(digest.replace(':', "/")))
}
