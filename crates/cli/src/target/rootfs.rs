//! A root file system in a folder: written as a tar stream while the jail reads it.
//!
//! Links are written as links and never followed, so that a link in a foreign root cannot lead out of it.

use super::{Image, Layer, LayerBytes, Opening};
use anyhow::{Context, Result, bail};
use indexer::build::LayerBuilder;
use indexer::codec::Codec;
use std::fs::File;
use std::io::{self, BufWriter, PipeWriter, Read};
use std::path::{Path, PathBuf};

/// Opens `dir:ROOTFS`.
pub(super) fn open(opening: &Opening<'_>) -> Result<Image> {
    let folder = PathBuf::from(opening.rest);
    if !folder.is_dir() {
        bail!("{} is not a folder", folder.display());
    }
    let name = folder.display().to_string();
    let layer = Layer {
        media_type: "application/vnd.oci.image.layer.v1.tar".into(),
        name: name.clone(),
        bytes: LayerBytes::Folder(folder),
    };
    Ok(Image { name, digest: None, configuration: None, layers: vec![layer] })
}

/// The folder as a tar stream, written by a thread of its own while somebody reads.
pub(crate) fn stream_folder(folder: &Path) -> Result<Box<dyn Read + Send>> {
    let (reader, writer) = io::pipe().context("a pipe could not be made")?;
    let folder = folder.to_owned();
    std::thread::Builder::new()
        .name("rootfs".into())
        .spawn(move || {
            // An error leaves the archive without its end in the middle of an entry, or the reader has gone; either
            // way the jail says so.
            let _ = write_folder(&folder, writer);
        })
        .context("a thread could not be started")?;
    Ok(Box::new(reader))
}

fn write_folder(folder: &Path, writer: PipeWriter) -> io::Result<()> {
    let mut builder = LayerBuilder::new(BufWriter::with_capacity(1 << 18, writer), Codec::Plain)?;
    let mut open = vec![folder.to_owned()];
    while let Some(current) = open.pop() {
        for entry in std::fs::read_dir(&current)? {
            let path = entry?.path();
            add(&mut builder, folder, &path, &mut open)?;
        }
    }
    io::Write::flush(&mut builder.finish()?)
}

fn add(
    builder: &mut LayerBuilder<BufWriter<PipeWriter>>,
    root: &Path,
    path: &Path,
    open: &mut Vec<PathBuf>,
) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let inner = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        let target = std::fs::read_link(path)?;
        builder.symbolic_link(&inner, &target.to_string_lossy())?;
    } else if metadata.is_dir() {
        builder.folder(&inner)?;
        open.push(path.to_owned());
    } else if metadata.is_file() {
        let file = File::open(path)?;
        // A file that grows meanwhile is cut at the size that the header says; one that shrinks is an error.
        let content = file.take(metadata.len());
        if metadata.permissions().mode() & 0o111 == 0 {
            builder.streamed_file(&inner, metadata.len(), content)?;
        } else {
            builder.streamed_executable(&inner, metadata.len(), content)?;
        }
    }
    Ok(())
}
