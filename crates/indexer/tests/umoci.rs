//! Layers laid over each other as `umoci` unpacks them: whiteouts, opaque folders, files and links in the place of folders,
//! folders in the place of files, hard links within a layer and to lower ones, also when their first name is deleted.
//!
//! Random images are unpacked by umoci into a folder, and read by us; both must find the same packages at the same paths.
//! Where umoci is not installed the test says so and proves nothing.
//!
//! Left out is what umoci itself does differently from an overlay, within one layer a whiteout and the file that it names.

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
const IMAGES: u64 = 150;

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
#[derive(Default)]
struct Acts {
    whiteouts: BTreeSet<String>,
    opaque: BTreeSet<String>,
    files: BTreeMap<String, String>,
    /// Files of no interest, and links that lead nowhere.
    plain: BTreeMap<String, bool>,
    /// Hard links with their targets.
    hard: BTreeMap<String, String>,
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

impl Acts {
    /// `alive` are the manifests that lower layers left.
    fn random(dice: &mut Dice, number: usize, alive: &BTreeSet<String>) -> Self {
        let mut acts = Self::default();
        for _ in 0..=dice.roll(4) {
            let folder = dice.pick(FOLDERS);
            let package = dice.pick(PACKAGES);
            let manifest = path_of(folder, package);
            match dice.roll(if number == 0 { 2 } else { 10 }) {
                0 | 2 => {
                    let text = format!(r#"{{"name":"{package}","version":"{number}.0.0"}}"#);
                    acts.files.insert(manifest, text);
                }
                3 => drop(acts.whiteouts.insert(manifest)),
                4 => drop(acts.whiteouts.insert(format!("{folder}/node_modules"))),
                5 => drop(acts.opaque.insert(format!("{folder}/node_modules"))),
                6 => drop(acts.whiteouts.insert(folder.to_owned())),
                7 => drop(acts.plain.insert(folder.to_owned(), dice.roll(2) == 0)),
                8 => drop(acts.plain.insert(format!("{folder}/node_modules"), dice.roll(2) == 0)),
                // To a manifest of this layer or of a lower one.
                _ => {
                    let targets: Vec<&String> = acts.files.keys().chain(alive).collect();
                    if !targets.is_empty() {
                        let target = targets[dice.roll(targets.len())].clone();
                        acts.hard.insert(manifest, target);
                    }
                }
            }
        }
        acts.settle(alive);
        acts
    }

    /// Takes out what two tools would see differently within one layer.
    fn settle(&mut self, alive: &BTreeSet<String>) {
        let Self { whiteouts, opaque, files, plain, hard } = self;
        hard.retain(|path, _| !files.contains_key(path));
        // A target that this layer takes away, or that is a link of this layer itself, depends on the order.
        let gone = |path: &str, places: &BTreeSet<String>| {
            places.iter().any(|place| path == place || is_below(path, place))
        };
        let links: BTreeSet<String> = hard.keys().cloned().collect();
        plain.retain(|path, _| {
            !files.keys().chain(&links).any(|file| is_below(file, path))
                && !whiteouts.iter().chain(opaque.iter()).any(|gone| gone == path || is_below(gone, path))
        });
        let covered: BTreeSet<String> = plain.keys().cloned().collect();
        let nested: BTreeSet<String> = covered
            .iter()
            .filter(|path| covered.iter().any(|other| is_below(path, other)))
            .cloned()
            .collect();
        plain.retain(|path, _| !nested.contains(path));
        hard.retain(|path, target| {
            let in_layer = files.contains_key(target);
            let below = alive.contains(target)
                && !gone(target, whiteouts)
                && !gone(target, opaque)
                && !gone(target, &covered)
                && !links.contains(target);
            path != target && (in_layer || below)
        });
        // A layer that deletes a folder and writes into it is the order that umoci and overlays see differently.
        let written: Vec<&String> = files.keys().chain(hard.keys()).chain(plain.keys()).collect();
        whiteouts.retain(|gone| !written.iter().any(|file| file.starts_with(gone.as_str())));
        opaque.retain(|folder| !whiteouts.iter().any(|gone| folder.starts_with(gone.as_str())));
        let nested: Vec<String> = whiteouts
            .iter()
            .filter(|path| whiteouts.iter().any(|other| is_below(path, other)))
            .cloned()
            .collect();
        whiteouts.retain(|gone| !nested.contains(gone));
    }

    /// The manifests that are there afterwards.
    fn apply(&self, alive: &mut BTreeSet<String>) {
        let gone = |path: &str, place: &String| path == place || is_below(path, place);
        alive.retain(|path| {
            !self.whiteouts.iter().any(|place| gone(path, place))
                && !self.opaque.iter().any(|place| is_below(path, place))
                && !self.plain.keys().any(|place| gone(path, place))
        });
        alive.extend(self.files.keys().chain(self.hard.keys()).cloned());
    }

    fn layer(&self) -> Vec<u8> {
        let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
        let mut folders = BTreeSet::new();
        let paths = self.files.keys().chain(&self.whiteouts).chain(&self.opaque);
        for path in paths.chain(self.plain.keys()).chain(self.hard.keys()) {
            let parts: Vec<&str> = path.split('/').collect();
            for end in 1..parts.len() {
                folders.insert(parts[..end].join("/"));
            }
        }
        folders.extend(self.opaque.iter().cloned());
        for folder in folders {
            builder.folder(&folder).unwrap();
        }
        for folder in &self.opaque {
            builder.opaque(folder).unwrap();
        }
        for path in &self.whiteouts {
            builder.whiteout(path).unwrap();
        }
        for (path, is_link) in &self.plain {
            if *is_link {
                builder.symbolic_link(path, "nowhere").unwrap();
            } else {
                builder.file(path, "of no interest").unwrap();
            }
        }
        for (path, text) in &self.files {
            builder.file(path, text).unwrap();
        }
        for (path, target) in &self.hard {
            builder.hard_link(path, target).unwrap();
        }
        builder.finish().unwrap()
    }
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
    let (mut packages, mut replaced, mut linked) = (0, 0, 0);
    for image in 0..IMAGES {
        let mut dice = Dice(image * 7919 + 1);
        let count = 2 + dice.roll(4);
        let mut alive = BTreeSet::new();
        let mut layers = Vec::new();
        for number in 0..count {
            let acts = Acts::random(&mut dice, number, &alive);
            replaced +=
                acts.plain.keys().filter(|place| alive.iter().any(|path| is_below(path, place))).count();
            linked += acts.hard.values().filter(|target| alive.contains(*target)).count();
            acts.apply(&mut alive);
            layers.push(acts.layer());
        }
        let (ours, theirs) = (ours(&layers), unpacked(&layers));
        assert_eq!(ours, theirs, "image {image}");
        packages += ours.len();
    }
    // Images in which nothing is left, or nothing happens, would compare well with anything.
    assert!(packages > 40 && replaced > 15 && linked > 15, "{packages} {replaced} {linked}");
}
