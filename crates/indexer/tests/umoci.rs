//! Layers laid over each other as `umoci` unpacks them: whiteouts and opaque folders.
//!
//! Random images are unpacked by umoci into a folder, and read by us; both must find the same packages at the same paths.
//! Where umoci is not installed the test says so and proves nothing.
//!
//! Left out is what umoci itself does differently from an overlay, within one layer a whiteout and the file that it names; and
//! a file that takes the place of a whole folder, which we do not see unless its place is watched.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use indexer::{Limits, index_layer};
use inventory::coalesce;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The folders that the layers write, delete and replace.
const FOLDERS: &[&str] = &["a", "a/b", "c"];
const PACKAGES: &[&str] = &["p", "q"];
const IMAGES: u64 = 60;

/// A small generator: the same number gives the same images everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Constants of Knuth's MMIX; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        among[self.roll(among.len())]
    }
}

fn path_of(folder: &str, package: &str) -> String {
    format!("{folder}/node_modules/{package}/package.json")
}

/// What one layer does, each path at most once.
fn layer(dice: &mut Dice, number: usize) -> Vec<u8> {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    let mut whiteouts = BTreeSet::new();
    let mut opaque = BTreeSet::new();
    let mut files = BTreeMap::new();
    for _ in 0..=dice.roll(4) {
        let folder = dice.pick(FOLDERS);
        let package = dice.pick(PACKAGES);
        match dice.roll(if number == 0 { 1 } else { 6 }) {
            0 | 1 => {
                let text = format!(r#"{{"name":"{package}","version":"{number}.0.0"}}"#);
                files.insert(path_of(folder, package), text);
            }
            2 => drop(whiteouts.insert(path_of(folder, package))),
            3 => drop(whiteouts.insert(format!("{folder}/node_modules"))),
            4 => drop(opaque.insert(format!("{folder}/node_modules"))),
            _ => drop(whiteouts.insert(folder.to_owned())),
        }
    }
    // A layer that deletes a folder and writes into it is the order that umoci and overlays see differently.
    whiteouts.retain(|gone| !files.keys().any(|file| file.starts_with(gone.as_str())));
    opaque.retain(|folder| !whiteouts.iter().any(|gone| folder.starts_with(gone.as_str())));
    let nested: Vec<String> = whiteouts
        .iter()
        .filter(|gone| whiteouts.iter().any(|other| other != *gone && gone.starts_with(&format!("{other}/"))))
        .cloned()
        .collect();
    whiteouts.retain(|gone| !nested.contains(gone));
    let mut folders = BTreeSet::new();
    for path in files.keys().chain(&whiteouts).chain(&opaque) {
        let parts: Vec<&str> = path.split('/').collect();
        for end in 1..parts.len() {
            folders.insert(parts[..end].join("/"));
        }
    }
    folders.extend(opaque.iter().cloned());
    for folder in folders {
        builder.folder(&folder).unwrap();
    }
    for folder in &opaque {
        builder.opaque(folder).unwrap();
    }
    for path in &whiteouts {
        builder.whiteout(path).unwrap();
    }
    for (path, text) in &files {
        builder.file(path, text).unwrap();
    }
    builder.finish().unwrap()
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

fn blob(layout: &Path, media_type: &str, bytes: &[u8]) -> (Value, String) {
    let blobs = layout.join("blobs/sha256");
    let temporary = blobs.join("new");
    fs::write(&temporary, bytes).unwrap();
    let digest = sha256(&temporary);
    fs::rename(&temporary, blobs.join(&digest)).unwrap();
    let digest = format!("sha256:{digest}");
    (json!({"mediaType": media_type, "digest": digest, "size": bytes.len()}), digest)
}

fn unpacked(layers: &[Vec<u8>]) -> BTreeSet<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("image");
    fs::create_dir_all(layout.join("blobs/sha256")).unwrap();
    let mut descriptors = Vec::new();
    let mut diff_ids = Vec::new();
    for layer in layers {
        let plain = {
            let mut bytes = Vec::new();
            let mut decoder =
                indexer::codec::Decoded::open(layer.as_slice(), media_type(Codec::Gzip), &Limits::default())
                    .unwrap();
            std::io::Read::read_to_end(&mut decoder, &mut bytes).unwrap();
            bytes
        };
        let file = folder.path().join("plain.tar");
        fs::write(&file, plain).unwrap();
        diff_ids.push(format!("sha256:{}", sha256(&file)));
        descriptors.push(blob(&layout, media_type(Codec::Gzip), layer).0);
    }
    let config = json!({"os": "linux", "architecture": "amd64", "config": {},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config_type = "application/vnd.oci.image.config.v1+json";
    let (config, _) = blob(&layout, config_type, &serde_json::to_vec(&config).unwrap());
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest =
        json!({"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": descriptors});
    let (mut manifest, _) = blob(&layout, manifest_type, &serde_json::to_vec(&manifest).unwrap());
    manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "test"});
    let index = json!({"schemaVersion": 2, "manifests": [manifest]});
    fs::write(layout.join("index.json"), serde_json::to_vec(&index).unwrap()).unwrap();
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let bundle = folder.path().join("bundle");
    let image = format!("{}:test", layout.display());
    let output = Command::new("umoci")
        .args(["unpack", "--rootless", "--image", &image])
        .arg(&bundle)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = BTreeSet::new();
    for folder in FOLDERS {
        for package in PACKAGES {
            let path = path_of(folder, package);
            if let Ok(text) = fs::read(bundle.join("rootfs").join(&path)) {
                let document: Value = serde_json::from_slice(&text).unwrap();
                found.insert((path, document["version"].as_str().unwrap().to_owned()));
            }
        }
    }
    found
}

fn ours(layers: &[Vec<u8>]) -> BTreeSet<(String, String)> {
    let read = layers
        .iter()
        .map(|layer| index_layer(layer.as_slice(), media_type(Codec::Gzip), &Limits::default()).unwrap());
    let inventory = coalesce(&read.collect::<Vec<_>>());
    let packages = inventory.packages.into_iter();
    packages.map(|installed| (installed.path.to_string(), installed.package.version)).collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn packages_are_where_umoci_unpacks_them() {
    if !Command::new("umoci").arg("--version").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: umoci is not installed, so layers were not compared with what it unpacks");
        return;
    }
    let mut packages = 0;
    for image in 0..IMAGES {
        let mut dice = Dice(image * 7919 + 1);
        let count = 2 + dice.roll(4);
        let layers: Vec<Vec<u8>> = (0..count).map(|number| layer(&mut dice, number)).collect();
        let (ours, theirs) = (ours(&layers), unpacked(&layers));
        assert_eq!(ours, theirs, "image {image}");
        packages += ours.len();
    }
    // Images in which nothing is left would compare well with anything.
    assert!(packages > 40, "{packages}");
}
