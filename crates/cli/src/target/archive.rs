//! Images inside one tar file: `oci-archive:` (a layout) and `docker-archive:` (what `docker save` writes).
//!
//! The tar itself is foreign, so that the jail lists its entries; this process only reads byte ranges.
//! Nothing is unpacked.

use super::document::LARGEST_DOCUMENT;
use super::layout::{Blobs, from_blobs, split_tag};
use super::{Image, Layer, LayerBytes, Opening};
use anyhow::{Context, Result, bail};
use oci::{Digest, Hasher};
use serde::Deserialize;
use server::inspect::ArchiveEntry;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A tar file whose entries are known.
struct Archive {
    file: File,
    entries: HashMap<String, ArchiveEntry>,
}

impl Archive {
    fn open(path: &str, opening: &Opening<'_>) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("{path} cannot be opened"))?;
        let mut magic = [0; 4];
        let read = file.read_at(&mut magic, 0)?;
        if magic[..read].starts_with(&[0x1f, 0x8b]) || magic[..read].starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            bail!("{path} is compressed as a whole; decompress it first (gunzip or zstd -d)");
        }
        let listed = opening
            .inspector
            .list_archive(file.try_clone()?)
            .with_context(|| format!("{path} cannot be listed"))?;
        let entries = listed.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        Ok(Self { file, entries })
    }

    /// An entry, through at most a few links: `docker save` of old links layers that repeat.
    fn entry(&self, path: &str) -> Option<&ArchiveEntry> {
        let mut path = path.trim_start_matches("./").to_owned();
        for _ in 0..8 {
            let entry = self.entries.get(&path)?;
            let Some(target) = &entry.link else { return Some(entry) };
            let folder = Path::new(&path).parent().unwrap_or(Path::new(""));
            // A hard link is listed from the root of the archive, a symbolic one from its own folder.
            let mut parts: Vec<&str> = match target.starts_with('/') {
                true => Vec::new(),
                false => folder.to_str()?.split('/').filter(|part| !part.is_empty()).collect(),
            };
            for part in target.split('/') {
                match part {
                    "" | "." => {}
                    ".." => {
                        parts.pop()?;
                    }
                    name => parts.push(name),
                }
            }
            path = parts.join("/");
        }
        None
    }

    fn document(&self, path: &str) -> Result<Vec<u8>> {
        let entry = self.entry(path).with_context(|| format!("the archive has no `{path}`"))?;
        if entry.length > LARGEST_DOCUMENT {
            bail!("`{path}` is larger than 4 MiB");
        }
        let mut bytes = vec![0; usize::try_from(entry.length)?];
        self.file.read_exact_at(&mut bytes, entry.offset)?;
        Ok(bytes)
    }
}

impl Blobs for Archive {
    fn index(&self) -> Result<Vec<u8>> {
        self.document("index.json").context("it is not an OCI archive")
    }

    fn blob(&self, digest: &Digest) -> Result<(File, u64, u64)> {
        let path = format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex());
        let entry = self.entry(&path).with_context(|| format!("the archive has no blob {digest}"))?;
        Ok((self.file.try_clone()?, entry.offset, entry.length))
    }
}

/// Opens `oci-archive:FILE[:TAG]`.
pub(super) fn open_oci(opening: &Opening<'_>) -> Result<Image> {
    let (path, tag) = split_tag(opening.rest, |path| Path::new(path).is_file());
    from_blobs(&Archive::open(path, opening)?, tag, opening.platform)
}

/// `docker save` writes plain tar, and newer versions whatever the image has; nothing but the first bytes tells.
fn media_type(file: &File, offset: u64) -> Result<&'static str> {
    let mut magic = [0; 4];
    let read = file.read_at(&mut magic, offset)?;
    Ok(match &magic[..read] {
        [0x1f, 0x8b, ..] => "application/vnd.oci.image.layer.v1.tar+gzip",
        [0x28, 0xb5, 0x2f, 0xfd] => "application/vnd.oci.image.layer.v1.tar+zstd",
        _ => "application/vnd.oci.image.layer.v1.tar",
    })
}

/// One image of `manifest.json` in a Docker archive.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Opens `docker-archive:FILE[:TAG]`.
pub(super) fn open_docker(opening: &Opening<'_>) -> Result<Image> {
    let (path, tag) = split_tag(opening.rest, |path| Path::new(path).is_file());
    let archive = Archive::open(path, opening)?;
    let saved: Vec<Saved> =
        serde_json::from_slice(&archive.document("manifest.json").context("it is not a Docker archive")?)
            .context("`manifest.json` of the archive is not valid")?;
    let named = |image: &&Saved| {
        tag.is_none_or(|tag| {
            let tags = image.repo_tags.as_deref().unwrap_or_default();
            tags.iter().any(|name| name == tag || name.rsplit_once(':').is_some_and(|(_, last)| last == tag))
        })
    };
    let fitting: Vec<&Saved> = saved.iter().filter(named).collect();
    let image = match fitting[..] {
        [image] => image,
        [] => {
            bail!("the archive has no image{}", tag.map_or_else(String::new, |tag| format!(" named `{tag}`")))
        }
        _ => bail!("the archive has several images; name one: docker-archive:{path}:TAG"),
    };
    let configuration = archive.document(&image.config)?;
    let layers = image
        .layers
        .iter()
        .map(|path| {
            let entry = archive.entry(path).with_context(|| format!("the archive has no layer `{path}`"))?;
            Ok(Layer {
                media_type: media_type(&archive.file, entry.offset)?.into(),
                name: path.clone(),
                bytes: LayerBytes::Part {
                    file: archive.file.try_clone()?,
                    offset: entry.offset,
                    length: entry.length,
                },
            })
        })
        .collect::<Result<_>>()?;
    let mut hasher = Hasher::new(oci::Algorithm::Sha256);
    hasher.update(&configuration);
    // Docker's own name for an image: the digest of its configuration.
    let digest = Some(hasher.finish().to_string());
    Ok(Image { name: String::new(), digest, configuration: Some(configuration), layers })
}
