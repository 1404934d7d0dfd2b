//! `cargo xtask bench inventory`: what an inventory of a large image costs, beside the bare decompression of its layers, and
//! beside Syft where it is installed.
//!
//! The images are made from package registries with the package managers themselves, and kept in `target/samples`.
//! All three run one after the other on the same files, which are read once before, so that the disk is out of it.

use crate::compare_syft::samples::{debian, node, python};
use crate::compare_syft::{Made, Packing, layers, syft};
use crate::step;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For the list.
pub(super) const MEASURES: &str =
    "time, CPU and memory of an inventory of large images, beside bare decompression and Syft";

/// A large image: its name, and its layers.
struct Large {
    name: &'static str,
    make: fn(&Path) -> Result<Vec<Made>>,
}

const IMAGES: &[Large] = &[
    Large {
        name: "bench-debian",
        make: |folder| {
            let packages = "python3-django,python3-numpy,npm,default-jre-headless,libspring-web-java,tomcat10,build-essential";
            Ok(vec![debian::root(folder, "bookworm", packages)?])
        },
    },
    Large {
        name: "bench-packages",
        make: |folder| {
            let part = |name: &str| -> Result<PathBuf> {
                let part = folder.join(name);
                fs::create_dir_all(&part)?;
                Ok(part)
            };
            Ok(vec![
                debian::root(&part("debian")?, "bookworm", "python3,nodejs")?,
                python::installed(&part("python")?, PYTHON)?,
                node::installed(&part("node")?, NODE)?,
            ])
        },
    },
];

const PYTHON: &[&str] = &[
    "django",
    "flask",
    "fastapi",
    "celery",
    "boto3",
    "pandas",
    "scikit-learn",
    "sqlalchemy",
    "notebook",
    "apache-airflow",
    "ansible",
    "mkdocs-material",
    "sphinx",
    "pytest",
    "black",
    "mypy",
    "opentelemetry-distro",
    "google-cloud-storage",
    "azure-identity",
    "azure-mgmt-compute",
    "kubernetes",
    "langchain",
    "transformers",
];
const NODE: &[&str] = &[
    "express",
    "next",
    "webpack",
    "@angular/cli",
    "@babel/preset-env",
    "eslint",
    "jest",
    "mongoose",
    "socket.io",
    "@aws-sdk/client-s3",
    "gatsby",
    "react-scripts",
    "@nestjs/cli",
    "storybook",
    "serverless",
    "mocha",
    "gulp",
];

pub(super) fn run() -> Result<()> {
    step::run("cargo", &["build", "--release", "--package", "cli"])?;
    let ours = step::root().join("target/release/lazaretto");
    let syft = syft();
    if syft.is_none() {
        println!("Syft is not installed, so it is left out; `cargo xtask clients` brings it");
    }
    for large in IMAGES {
        let image = made(large)?;
        println!("\n{}", large.name);
        println!("{:<28} {:>9} {:>9} {:>10} {:>9}", "", "wall s", "CPU s", "memory MB", "packages");
        let bare = bare(&image)?;
        println!("{:<28} {:>9} {bare:>9.2}", "decompression and digest", "");
        let target = format!("oci:{}", image.display());
        let own = measured(&ours, &["inventory", &target, "--format", "json"], "packages")?;
        own.print("lazaretto inventory");
        println!("{:<28} {:>19.2}", "  times the bare CPU", own.cpu / bare);
        if let Some(syft) = &syft {
            let target = format!("oci-dir:{}", image.display());
            let theirs = measured(syft, &["scan", "-q", "-o", "syft-json", &target], "artifacts")?;
            theirs.print("syft");
            println!("{:<28} {:>19.2}", "  times our CPU", theirs.cpu / own.cpu);
        }
    }
    Ok(())
}

fn made(large: &Large) -> Result<PathBuf> {
    let folder = step::root().join("target/samples").join(large.name);
    let image = folder.join("image");
    if image.join("index.json").is_file() {
        return Ok(image);
    }
    println!("making {}, which takes minutes", large.name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let work = folder.join("work");
    fs::create_dir_all(&work)?;
    let made = (large.make)(&work).with_context(|| format!("{} could not be made", large.name))?;
    layers::layout(&image, &made, Packing::Gzip)?;
    fs::remove_dir_all(&work)?;
    Ok(image)
}

/// Seconds of one processor for the digests of all layers, and for decompressing them into nothing, in a release build.
fn bare(image: &Path) -> Result<f64> {
    let mut words = vec!["bench", "--quiet", "--package", "indexer", "--bench", "bare", "--"];
    let layers = layer_files(image)?;
    for (file, media_type) in &layers {
        words.extend([media_type.as_str(), file.to_str().context("the path is no text")?]);
    }
    let output = Command::new("cargo").args(&words).current_dir(step::root()).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8_lossy(&output.stdout).trim().parse().context("the figure makes no sense")
}

fn layer_files(image: &Path) -> Result<Vec<(PathBuf, String)>> {
    let blob = |descriptor: &Value| -> Result<PathBuf> {
        let digest = descriptor["digest"].as_str().context("a descriptor without a digest")?;
        Ok(image.join("blobs").join(digest.replace(':', "/")))
    };
    let read = |path: &Path| -> Result<Value> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
    let index = read(&image.join("index.json"))?;
    let manifest = read(&blob(&index["manifests"][0])?)?;
    let layers = manifest["layers"].as_array().context("a manifest without layers")?;
    layers
        .iter()
        .map(|layer| Ok((blob(layer)?, layer["mediaType"].as_str().unwrap_or_default().to_owned())))
        .collect()
}

/// What one run took.
struct Cost {
    wall: f64,
    cpu: f64,
    /// The largest process of all that it started.
    megabytes: f64,
    packages: usize,
}

impl Cost {
    fn print(&self, name: &str) {
        let Self { wall, cpu, megabytes, packages } = self;
        println!("{name:<28} {wall:>9.2} {cpu:>9.2} {megabytes:>10.0} {packages:>9}");
    }
}

/// The kernel's figures on a program and all its children, asked for by Python, which the making of the images needs too.
const MEASURE: &str = "
import json, resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], 'wb'))
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, done.returncode]))
";

fn measured(program: &Path, words: &[&str], list: &str) -> Result<Cost> {
    let answer = step::root().join("target/samples/answer.json");
    let output = Command::new("python3")
        .args(["-c", MEASURE])
        .arg(&answer)
        .arg(program)
        .args(words)
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
        .output()
        .context("python3 could not be started")?;
    let figures: Vec<f64> = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("{} was not measured", program.display()))?;
    let &[wall, cpu, megabytes, code] = figures.as_slice() else { bail!("the figures make no sense") };
    // 4: not everything could be assessed, which is no failure of the run.
    if code != 0.0 && code != 4.0 {
        bail!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    }
    let document: Value = serde_json::from_slice(&fs::read(&answer)?)?;
    let packages = document[list].as_array().map_or(0, Vec::len);
    fs::remove_file(&answer)?;
    Ok(Cost { wall, cpu, megabytes, packages })
}
