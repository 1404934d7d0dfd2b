//! An OCI image layout: a folder with `index.json` and content-addressed blobs.
//!
//! See <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.
//! Every blob is compared with its digest before anything of it is believed.

use super::document::{DEEPEST_INDEX, Descriptor, Document, LARGEST_DOCUMENT, choose};
use super::{Image, Layer, LayerBytes, Opening};
use anyhow::{Context, Result, bail};
use oci::{Digest, Hasher};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Somewhere that blobs can be had by their digest.
pub(super) trait Blobs {
    /// The bytes of the layout's `index.json`.
    fn index(&self) -> Result<Vec<u8>>;
    /// A blob: its file, where it begins, and how long it is.
    fn blob(&self, digest: &Digest) -> Result<(File, u64, u64)>;
}

struct Folder(PathBuf);

impl Blobs for Folder {
    fn index(&self) -> Result<Vec<u8>> {
        read_bounded(&self.0.join("index.json"))
            .with_context(|| format!("{} is not an OCI image layout", self.0.display()))
    }

    fn blob(&self, digest: &Digest) -> Result<(File, u64, u64)> {
        let path = self.0.join("blobs").join(digest.algorithm().as_str()).join(digest.hex());
        let file = File::open(&path).with_context(|| format!("the layout has no blob {digest}"))?;
        let length = file.metadata()?.len();
        Ok((file, 0, length))
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .with_context(|| format!("{} cannot be opened", path.display()))?
        .take(LARGEST_DOCUMENT + 1)
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len())? > LARGEST_DOCUMENT {
        bail!("{} is larger than 4 MiB", path.display());
    }
    Ok(bytes)
}

/// Opens `DIR[:TAG]`.
pub(super) fn open(opening: &Opening<'_>) -> Result<Image> {
    let (folder, tag) = split_tag(opening.rest, |path| Path::new(path).is_dir());
    from_blobs(&Folder(folder.into()), tag, opening.platform)
}

/// A path may hold a colon itself: the last colon divides only if what is before it exists.
pub(super) fn split_tag(rest: &str, exists: impl Fn(&str) -> bool) -> (&str, Option<&str>) {
    if exists(rest) {
        return (rest, None);
    }
    match rest.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (rest, None),
    }
}

/// The image of a layout: by its reference name, or the only one.
pub(super) fn from_blobs(blobs: &dyn Blobs, tag: Option<&str>, platform: &str) -> Result<Image> {
    let index = Document::from_json(&blobs.index()?)?;
    let listed = index.manifests.unwrap_or_default();
    let named = |descriptor: &&Descriptor| {
        tag.is_none_or(|tag| {
            let name =
                descriptor.annotations.get("org.opencontainers.image.ref.name").map_or("", String::as_str);
            name == tag || name.rsplit_once(':').is_some_and(|(_, last)| last == tag)
        })
    };
    let candidates: Vec<&Descriptor> = listed.iter().filter(named).collect();
    let mut descriptor = match (&candidates[..], tag) {
        ([], Some(tag)) => bail!("the layout has no image named `{tag}`"),
        ([], None) => bail!("the layout lists no image"),
        ([only], _) => (*only).clone(),
        (several, _) => {
            choose(&several.iter().map(|one| (*one).clone()).collect::<Vec<_>>(), platform)?.clone()
        }
    };
    for _ in 0..DEEPEST_INDEX {
        let digest: Digest = descriptor.digest.parse().context("the digest of a manifest is not valid")?;
        let bytes = document(blobs, &digest)?;
        let document = Document::from_json(&bytes)?;
        match &document.manifests {
            Some(children) => descriptor = choose(children, platform)?.clone(),
            None => return image(blobs, &digest, document),
        }
    }
    bail!("the index nests deeper than {DEEPEST_INDEX} levels")
}

fn document(blobs: &dyn Blobs, digest: &Digest) -> Result<Vec<u8>> {
    let (mut file, offset, length) = blobs.blob(digest)?;
    if length > LARGEST_DOCUMENT {
        bail!("{digest} is larger than 4 MiB, and no manifest or configuration is");
    }
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(&bytes);
    if hasher.finish() != *digest {
        bail!("the bytes of {digest} do not have that digest: the image is damaged");
    }
    Ok(bytes)
}

fn image(blobs: &dyn Blobs, digest: &Digest, manifest: Document) -> Result<Image> {
    let configuration = match &manifest.config {
        Some(config) => Some(document(blobs, &config.digest.parse()?)?),
        None => None,
    };
    let layers = manifest
        .layers
        .unwrap_or_default()
        .iter()
        .map(|layer| locate(blobs, layer))
        .collect::<Result<_>>()?;
    Ok(Image { name: String::new(), digest: Some(digest.to_string()), configuration, layers })
}

fn locate(blobs: &dyn Blobs, layer: &Descriptor) -> Result<Layer> {
    let digest: Digest = layer.digest.parse().context("the digest of a layer is not valid")?;
    let foreign = layer.media_type.contains("nondistributable") || layer.media_type.contains("foreign");
    let bytes = match blobs.blob(&digest) {
        Ok((file, offset, length)) => {
            verify(&file, offset, length, &digest)?;
            LayerBytes::Part { file, offset, length }
        }
        Err(_) if foreign => LayerBytes::Foreign,
        Err(error) => return Err(error),
    };
    Ok(Layer { media_type: layer.media_type.clone(), name: digest.to_string(), bytes })
}

/// Reads a layer once to compare its digest: what is scanned must be what the manifest names.
fn verify(file: &File, offset: u64, length: u64, digest: &Digest) -> Result<()> {
    use std::os::unix::fs::FileExt;
    let mut hasher = Hasher::new(digest.algorithm());
    let mut buffer = vec![0; 1024 * 1024];
    let mut done = 0;
    while done < length {
        let wanted = usize::try_from((length - done).min(1024 * 1024))?;
        let read = file.read_at(&mut buffer[..wanted], offset + done)?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        done += u64::try_from(read)?;
    }
    if hasher.finish() != *digest {
        bail!("the bytes of layer {digest} do not have that digest: the image is damaged");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_told_from_a_path_with_a_colon() {
        assert_eq!(split_tag("a/b:1.0", |_| false), ("a/b", Some("1.0")));
        assert_eq!(split_tag("a:b/c", |_| false), ("a:b/c", None));
        assert_eq!(split_tag("a:b", |path| path == "a:b"), ("a:b", None));
    }
}
