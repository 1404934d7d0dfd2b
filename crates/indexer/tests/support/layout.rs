//! Reads OCI image layouts of the shared data, for tests only.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The shared data, or nothing where it is not at hand.
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");
    let folder = std::env::var_os("LAZARETTO_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    folder.join("data/images").is_dir().then(|| folder.join("data"))
}

/// One platform's image: its layers with their media types, bottom first.
pub(crate) struct Image {
    /// Media type and file of each layer.
    pub(crate) layers: Vec<(String, PathBuf)>,
}

/// Every image of a layout, through nested indexes.
pub(crate) fn images(layout: &Path) -> Vec<Image> {
    let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json")).unwrap()).unwrap();
    let mut found = Vec::new();
    collect(layout, &index, &mut found);
    found
}

fn collect(layout: &Path, index: &Value, found: &mut Vec<Image>) {
    for descriptor in index["manifests"].as_array().unwrap() {
        let content: Value = serde_json::from_slice(&fs::read(blob(layout, descriptor)).unwrap()).unwrap();
        if content["manifests"].is_array() {
            collect(layout, &content, found);
            continue;
        }
        let layers = content["layers"].as_array().unwrap();
        found.push(Image {
            layers: layers
                .iter()
                .map(|layer| (layer["mediaType"].as_str().unwrap().to_owned(), blob(layout, layer)))
                .collect(),
        });
    }
}

fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest = descriptor["digest"].as_str().unwrap();
    layout.join("blobs").join(digest.replace(':', "/"))
}
