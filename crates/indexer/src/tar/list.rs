//! The entries of a plain archive with the place of each body: for archives that hold whole images.

use super::{Bounds, EntryKind, Error, Reader};
use crate::Limits;
use inventory::LayerPath;
use std::io::Read;

/// An entry and where its body stands in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its path, normalised.
    pub path: String,
    /// Where its body begins.
    pub offset: u64,
    /// Bytes of its body.
    pub length: u64,
    /// The target of a link, as written; for a hard link it is a path from the root of the archive.
    pub link: Option<String>,
}

/// Hands each file and link to `emit`, until it says no.
///
/// Folders, devices, sparse files and paths that climb out of the archive are left out: no image is in them.
///
/// # Errors
/// When the archive is damaged or ambiguous, or has more entries than the limit.
pub fn list(input: impl Read, limits: &Limits, emit: &mut dyn FnMut(Listed) -> bool) -> Result<(), Error> {
    let mut reader = Reader::new(input, Bounds::from(limits));
    while reader.advance()? {
        let offset = reader.position();
        let Some(entry) = reader.entry() else { continue };
        let link = match entry.kind {
            EntryKind::File if entry.sparse => continue,
            EntryKind::File => None,
            EntryKind::SymbolicLink => Some(String::from_utf8_lossy(entry.link).into_owned()),
            // From the root, whatever folder the link stands in.
            EntryKind::HardLink => Some(format!("/{}", String::from_utf8_lossy(entry.link))),
            EntryKind::Folder | EntryKind::Device | EntryKind::Fifo | EntryKind::Other(_) => continue,
        };
        let Some(path) = LayerPath::from_bytes(entry.path) else { continue };
        let listed = Listed { path: path.as_str().to_owned(), offset, length: entry.size, link };
        if !emit(listed) {
            break;
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "build"))]
mod tests {
    use super::*;
    use crate::build::LayerBuilder;
    use crate::codec::Codec;

    #[test]
    fn bodies_are_where_the_list_says() {
        let mut builder = LayerBuilder::new(Vec::new(), Codec::Plain).unwrap();
        builder.file("./a/one", "first").unwrap();
        builder.folder("a/empty").unwrap();
        builder.file(&format!("{}/two", "long".repeat(60)), "second").unwrap();
        builder.symbolic_link("a/link", "one").unwrap();
        let archive = builder.finish().unwrap();
        let mut listed = Vec::new();
        list(&*archive, &Limits::default(), &mut |entry| {
            listed.push(entry);
            true
        })
        .unwrap();
        let bodies: Vec<&[u8]> = listed
            .iter()
            .filter(|entry| entry.link.is_none())
            .map(|entry| {
                let start = usize::try_from(entry.offset).unwrap();
                archive.get(start..start + usize::try_from(entry.length).unwrap()).unwrap()
            })
            .collect();
        assert_eq!(bodies, [b"first".as_slice(), b"second"]);
        assert_eq!(listed.last().and_then(|entry| entry.link.as_deref()), Some("one"));
        assert_eq!(listed.first().map(|entry| &*entry.path), Some("a/one"));
    }
}
