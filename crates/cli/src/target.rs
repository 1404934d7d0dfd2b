//! Where an image to be scanned is: a layout, an archive, a folder, or a registry.
//!
//! A kind of target is one file and one line in [`KINDS`].
//! Layers are only located here; their bytes go to the jail unread.

mod archive;
pub(crate) mod bill;
mod document;
mod layout;
pub(crate) mod remote;
mod rootfs;

pub(crate) use rootfs::stream_folder;

use crate::terminal::Terminal;
use anyhow::Result;
use server::inspect::Inspector;
use std::fs::File;
use std::path::PathBuf;

/// An image, ready to be read.
pub(crate) struct Image {
    /// How the person named it.
    pub(crate) name: String,
    /// The digest of its manifest, where there is one.
    pub(crate) digest: Option<String>,
    /// The bytes of its configuration, where there is one.
    pub(crate) configuration: Option<Vec<u8>>,
    /// Its layers, bottom first.
    pub(crate) layers: Vec<Layer>,
}

/// One layer.
pub(crate) struct Layer {
    /// Its media type, in the words of its manifest.
    pub(crate) media_type: String,
    /// Its name in findings: the digest, or the place in the archive.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: LayerBytes,
}

/// Where the bytes of a layer are.
pub(crate) enum LayerBytes {
    /// A part of a file.
    Part {
        /// The file.
        file: File,
        /// Where the layer begins.
        offset: u64,
        /// How long it is.
        length: u64,
    },
    /// A folder that is written as a tar stream while it is read.
    Folder(PathBuf),
    /// Bytes that must never be fetched, because the manifest says that they may not be distributed.
    Foreign,
}

/// What a target may need to be opened.
pub(crate) struct Opening<'a> {
    /// What follows the prefix.
    pub(crate) rest: &'a str,
    /// The platform that is wanted from an index, `linux/amd64`.
    pub(crate) platform: &'a str,
    /// Lists foreign archives in the jail.
    pub(crate) inspector: &'a Inspector,
}

/// A kind of target with its prefix.
struct Kind {
    prefix: &'static str,
    open: fn(&Opening<'_>) -> Result<Image>,
}

const KINDS: &[Kind] = &[
    Kind { prefix: "oci:", open: layout::open },
    Kind { prefix: "oci-archive:", open: archive::open_oci },
    Kind { prefix: "docker-archive:", open: archive::open_docker },
    Kind { prefix: "dir:", open: rootfs::open },
];

/// Whether a target is a file or folder of this machine.
pub(crate) fn is_local(target: &str) -> bool {
    target.starts_with("sbom:") || KINDS.iter().any(|kind| target.starts_with(kind.prefix))
}

/// Opens what a person named; what has no known prefix is a reference to a registry.
pub(crate) async fn open(
    target: &str,
    platform: &str,
    inspector: &Inspector,
    terminal: Terminal,
) -> Result<Image> {
    let mut image = match KINDS.iter().find_map(|kind| Some((kind, target.strip_prefix(kind.prefix)?))) {
        Some((kind, rest)) => (kind.open)(&Opening { rest, platform, inspector })?,
        None => remote::open(target, platform, terminal).await?,
    };
    image.name = target.to_owned();
    Ok(image)
}
