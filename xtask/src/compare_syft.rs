//! `cargo xtask compare-syft [SAMPLE...]`: our inventory beside Syft's, of images made here from package registries.
//!
//! The sample images of `compare-inventories` are few and small. These are made on the spot, with the package managers
//! themselves, of what people really install; each is one file in `samples/` and one line in [`samples::SAMPLES`].
//! They are kept in `target/samples` and made only once.
//! What is missing on this machine is said and left out.

mod explained;
pub(crate) mod layers;
pub(crate) mod samples;

use crate::compare_inventories::{Comparison, layout, listing};
use crate::step;
use anyhow::{Context, Result, bail};
use inventory::{ImageInventory, PackageKind};
use listing::Row;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo xtask compare-syft`.
pub(crate) const COMMAND: crate::Command = crate::Command {
    name: "compare-syft",
    purpose: "our packages beside Syft's, of images made from package registries: [SAMPLE...]",
    run,
};

/// An image that is made on the spot.
pub(crate) struct Sample {
    /// Its name.
    pub(crate) name: &'static str,
    /// The programs that make it.
    pub(crate) needs: &'static [&'static str],
    /// Fills a folder with its files, or writes the archive of them.
    pub(crate) make: fn(&Path) -> Result<Made>,
}

/// How the layers of an image are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Not at all: nothing is gained where nothing is sent.
    Plain,
    /// As images are in registries.
    Gzip,
}

/// What was made: a layer.
pub(crate) enum Made {
    /// The files below this folder.
    Folder(PathBuf),
    /// A tar archive.
    Archive(PathBuf),
}

fn run(words: &[String]) -> Result<()> {
    let unknown = words.iter().find(|word| !samples::SAMPLES.iter().any(|sample| sample.name == **word));
    if let Some(word) = unknown {
        let names: Vec<&str> = samples::SAMPLES.iter().map(|sample| sample.name).collect();
        bail!("there is no sample `{word}`; there are: {}", names.join(", "));
    }
    let Some(syft) = syft() else {
        println!("skipped: Syft is not installed; `cargo xtask clients` brings it");
        return Ok(());
    };
    let mut comparison = Comparison::new(explained::DIFFERENCES);
    let mut skipped = Vec::new();
    for sample in samples::SAMPLES {
        if !words.is_empty() && !words.iter().any(|word| word == sample.name) {
            continue;
        }
        if let Some(program) = sample.needs.iter().find(|program| !step::has(program)) {
            skipped.push(format!("{}: {program} is not installed", sample.name));
            continue;
        }
        let image = made(sample)?;
        let inventory = layout::inventory(&image, "")?;
        let theirs = theirs(&syft, &image, &inventory)
            .with_context(|| format!("Syft did not read {}", sample.name))?;
        for obstacle in &inventory.obstacles {
            println!("{}: obstacle: {obstacle}", sample.name);
        }
        comparison.add(sample.name, &without_guesses(&listing::ours(&inventory)), &without_guesses(&theirs));
    }
    for line in skipped {
        println!("skipped: {line}");
    }
    comparison.finish(words.is_empty())
}

/// Rows without what both sides only guess: the group of a Java archive, which but for Maven's own properties stands
/// nowhere. A name without a version, of which there is nothing to look up, is no package; of a Go program without one it
/// is the program itself.
fn without_guesses(rows: &BTreeSet<Row>) -> BTreeSet<Row> {
    let is_known = |row: &&Row| row.ecosystem == "golang" || !matches!(&*row.version, "" | "UNKNOWN");
    let rows = rows.iter().filter(is_known);
    let row = |row: &Row| match row.ecosystem.as_str() {
        "maven" => {
            let artifact = row.name.rsplit(':').next().unwrap_or(&row.name);
            Row { name: artifact.to_owned(), ..row.clone() }
        }
        _ => row.clone(),
    };
    rows.map(row).collect()
}

/// Syft, where it can be found.
pub(crate) fn syft() -> Option<PathBuf> {
    let named = std::env::var_os("SYFT").map(PathBuf::from);
    let installed = crate::clients::folder().ok().map(|folder| folder.join("python/bin/syft"));
    let found = named.into_iter().chain(installed).find(|path| path.is_file());
    found.or_else(|| step::has("syft").then(|| PathBuf::from("syft")))
}

/// The sample as an OCI layout, made now or earlier.
pub(crate) fn made(sample: &Sample) -> Result<PathBuf> {
    let folder = step::root().join("target/samples").join(sample.name);
    let image = folder.join("image");
    if image.join("index.json").is_file() {
        return Ok(image);
    }
    println!("making {}", sample.name);
    let work = folder.join("work");
    // What a broken attempt left is in the way.
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&work)?;
    let made = (sample.make)(&work).with_context(|| format!("{} could not be made", sample.name))?;
    layers::layout(&image, &[made], Packing::Plain)?;
    std::fs::remove_dir_all(&work)?;
    Ok(image)
}

/// Whether a Java archive goes by the name of its file there, while Maven's own properties in it give the library another
/// name, which we list at the same path with the same version: distributions rename archives.
fn is_renamed(package: &Value, inventory: &ImageInventory) -> bool {
    let metadata = &package["metadata"];
    let path = metadata["virtualPath"].as_str().map(|path| path.trim_start_matches('/'));
    let version = package["version"].as_str();
    let beside: Vec<&str> = inventory
        .packages
        .iter()
        .filter(|ours| ours.package.kind == PackageKind::Maven && Some(ours.path.as_str()) == path)
        .filter(|ours| Some(ours.package.version.as_str()) == version)
        .filter_map(|ours| Some(ours.package.name.split_once(':')?.1))
        .collect();
    metadata["pomProperties"].is_null()
        && !beside.is_empty()
        && package["name"].as_str().is_none_or(|name| !beside.contains(&name))
}

/// What Syft lists in an image.
fn theirs(syft: &Path, image: &Path, inventory: &ImageInventory) -> Result<BTreeSet<Row>> {
    let kept = image.with_file_name("syft.json");
    if !kept.is_file() {
        let output = Command::new(syft)
            .args(["scan", "-q", "-o", "syft-json"])
            .arg(format!("oci-dir:{}", image.display()))
            .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
            .output()?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        std::fs::write(&kept, &output.stdout)?;
    }
    let document: Value = serde_json::from_slice(&std::fs::read(&kept)?)?;
    let mut rows = BTreeSet::new();
    let packages = document["artifacts"].as_array().into_iter().flatten();
    for package in packages.filter(|package| !is_renamed(package, inventory)) {
        rows.extend(listing::their_row(package));
    }
    Ok(rows)
}
