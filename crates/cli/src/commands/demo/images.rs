//! The two images of the demo, made in code from the facts of real package databases.

use anyhow::Result;
use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use oci::{Algorithm, Digest, Hasher};
use serde_json::json;

/// A package of Alpine: name, version, and the source package it is built from.
type Installed = (&'static str, &'static str, &'static str);

/// Bytes with their media type and digest.
pub(super) struct Blob {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
}

impl Blob {
    fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(&bytes);
        Self { media_type: media_type.into(), bytes, digest: hasher.finish() }
    }

    fn descriptor(&self) -> serde_json::Value {
        json!({"mediaType": self.media_type, "digest": self.digest.to_string(), "size": self.bytes.len()})
    }
}

/// An image, ready to be pushed.
pub(super) struct DemoImage {
    pub(super) repository: &'static str,
    pub(super) tag: &'static str,
    pub(super) blobs: Vec<Blob>,
    pub(super) manifest: Blob,
}

/// The packages of Alpine 3.10.3 that the demo needs.
const OLD_BASE: &[Installed] = &[
    ("musl", "1.1.22-r3", "musl"),
    ("busybox", "1.30.1-r2", "busybox"),
    ("apk-tools", "2.10.4-r2", "apk-tools"),
    ("zlib", "1.2.11-r1", "zlib"),
];

/// What a later build step adds to it.
const OLD_ADDED: &[Installed] =
    &[("libcrypto1.1", "1.1.1d-r0", "openssl"), ("libssl1.1", "1.1.1d-r0", "openssl")];

/// The packages of a Debian 13 image without a shell: name, version, and the source package it is built from.
const DISTROLESS: &[(&str, &str, &str)] = &[
    ("base-files", "13.8+deb13u5", "base-files"),
    ("libc6", "2.41-12+deb13u5", "glibc"),
    ("libssl3t64", "3.5.7-1~deb13u3", "openssl"),
    ("netbase", "6.5", "netbase"),
    ("tzdata", "2026b-0+deb13u1", "tzdata"),
];

/// An image with something to fix, and one without.
pub(super) fn both() -> Result<[DemoImage; 2]> {
    let all: Vec<Installed> = OLD_BASE.iter().chain(OLD_ADDED).copied().collect();
    let vulnerable = image(
        ("shop/checkout", "1.4"),
        vec![
            ("ADD alpine-minirootfs-3.10.3-x86_64.tar.gz /", layer(&release("3.10.3"), OLD_BASE)?),
            ("RUN apk add --no-cache openssl", layer(&[], &all)?),
        ],
    )?;
    let healthy = image(("shop/catalog", "2.0"), vec![("COPY distroless root /", distroless_layer()?)])?;
    Ok([vulnerable, healthy])
}

/// The release files of an Alpine root.
fn release(version: &str) -> Vec<(&'static str, String)> {
    let branch = version.rsplit_once('.').map_or(version, |(branch, _)| branch);
    vec![
        ("etc/alpine-release", format!("{version}\n")),
        (
            "etc/os-release",
            format!(
                "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID={version}\nPRETTY_NAME=\"Alpine Linux v{branch}\"\n"
            ),
        ),
    ]
}

/// A layer with some files and the database of installed packages.
fn layer(files: &[(&'static str, String)], packages: &[Installed]) -> Result<Blob> {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip)?;
    for (path, content) in files {
        builder.file(path, content)?;
    }
    let mut database = String::new();
    for (name, version, origin) in packages {
        database.push_str(&format!("P:{name}\nV:{version}\nA:x86_64\no:{origin}\n\n"));
    }
    builder.file("lib/apk/db/installed", database)?;
    Ok(Blob::new(media_type(Codec::Gzip), builder.finish()?))
}

/// A root without a shell and a package manager: each package is told of by a file of its own in `status.d`.
fn distroless_layer() -> Result<Blob> {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip)?;
    let release = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n";
    builder.file("usr/lib/os-release", release)?;
    for (name, version, source) in DISTROLESS {
        let stanza = format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nSource: {source}\nVersion: {version}\n"
        );
        builder.file(&format!("var/lib/dpkg/status.d/{name}"), stanza)?;
    }
    Ok(Blob::new(media_type(Codec::Gzip), builder.finish()?))
}

fn image((repository, tag): (&'static str, &'static str), steps: Vec<(&str, Blob)>) -> Result<DemoImage> {
    let history: Vec<_> = steps.iter().map(|(step, _)| json!({"created_by": step})).collect();
    let diff_ids: Vec<_> = steps.iter().map(|(_, layer)| layer.digest.to_string()).collect();
    let config = json!({
        "os": "linux", "architecture": "amd64",
        "config": {"Cmd": ["/bin/sh"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    });
    let config = Blob::new("application/vnd.oci.image.config.v1+json", serde_json::to_vec(&config)?);
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": config.descriptor(),
        "layers": steps.iter().map(|(_, layer)| layer.descriptor()).collect::<Vec<_>>(),
    });
    let manifest = Blob::new(manifest_type, serde_json::to_vec(&manifest)?);
    let blobs = steps.into_iter().map(|(_, layer)| layer).chain([config]).collect();
    Ok(DemoImage { repository, tag, blobs, manifest })
}
