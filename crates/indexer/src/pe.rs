//! The little of a portable executable that tells which version it is: its version resource.
//!
//! <https://learn.microsoft.com/windows/win32/debug/pe-format> and
//! <https://learn.microsoft.com/windows/win32/menurc/vs-versioninfo>. Every offset is foreign: what lies outside of the file
//! does not exist. The tree of resources has three levels, type, name and language, and no more are followed, so no circle
//! of offsets is walked twice.

use crate::body::Body;
use crate::little_endian::number;
use std::collections::BTreeMap;

/// The first bytes of every portable executable.
pub(crate) const MAGIC: &[u8] = b"MZ";

/// Windows itself loads at most 96 sections.
const MOST_SECTIONS: u64 = 96;
/// Entries of one directory of resources that are looked at. An installer of Windows has some hundred icons.
const MOST_ENTRIES: u64 = 4096;
/// Languages of one version resource. Real ones have one or two.
const MOST_LANGUAGES: usize = 64;
/// The lengths in a version resource have two bytes.
const LONGEST_VERSION: u64 = 0xffff;
const VERSION: u64 = 16;
const IS_DIRECTORY: u64 = 0x8000_0000;

/// The texts of the version resource, such as `ProductName` and `FileVersion`; none if the file has no such resource.
///
/// Of several languages the last one wins, and of each the first table counts.
pub(crate) fn version_texts(body: Body<'_>) -> Option<BTreeMap<String, String>> {
    let resources = Resources::find(body)?;
    let (_, version) = resources.entries(0)?.into_iter().find(|(id, _)| *id == VERSION)?;
    let (_, name) = resources.entries(directory(version)?)?.into_iter().next()?;
    let mut texts = BTreeMap::new();
    for (_, language) in resources.entries(directory(name)?)?.into_iter().take(MOST_LANGUAGES) {
        if language & IS_DIRECTORY == 0
            && let Some(block) = resources.data(language)
        {
            read_texts(&block, &mut texts);
        }
    }
    (!texts.is_empty()).then_some(texts)
}

/// Where a directory of resources stands, if the entry is one.
fn directory(entry: u64) -> Option<u64> {
    (entry & IS_DIRECTORY != 0).then_some(entry & !IS_DIRECTORY)
}

/// The tree of resources.
struct Resources<'a> {
    body: Body<'a>,
    sections: Vec<Section>,
    /// Where the tree begins in the file.
    start: u64,
}

struct Section {
    address: u64,
    offset: u64,
    size: u64,
}

impl<'a> Resources<'a> {
    fn find(body: Body<'a>) -> Option<Self> {
        let dos = body.first(64).whole()?;
        if !dos.starts_with(MAGIC) {
            return None;
        }
        let header = number(&dos, 60, 4)?;
        let coff = body.bytes(header, 24)?;
        if !coff.starts_with(b"PE\0\0") {
            return None;
        }
        let count = number(&coff, 6, 2)?.min(MOST_SECTIONS);
        let optional_size = number(&coff, 20, 2)?;
        let optional_at = header.checked_add(24)?;
        let optional = body.bytes(optional_at, optional_size)?;
        // Addresses of eight bytes push the table of directories back.
        let directories = match number(&optional, 0, 2)? {
            0x10b => 96_usize,
            0x20b => 112,
            _ => return None,
        };
        // The third directory is that of resources.
        let address = number(&optional, directories.checked_add(16)?, 4).filter(|address| *address > 0)?;
        let table = body.bytes(optional_at.checked_add(optional_size)?, count.checked_mul(40)?)?;
        let sections: Vec<Section> = table
            .chunks_exact(40)
            .filter_map(|section| {
                Some(Section {
                    address: number(section, 12, 4)?,
                    size: number(section, 16, 4)?,
                    offset: number(section, 20, 4)?,
                })
            })
            .collect();
        let mut resources = Self { body, sections, start: 0 };
        resources.start = resources.offset_of(address)?;
        Some(resources)
    }

    /// Where an address lies in the file.
    fn offset_of(&self, address: u64) -> Option<u64> {
        self.sections.iter().find_map(|section| {
            let within = address.checked_sub(section.address).filter(|within| *within < section.size)?;
            section.offset.checked_add(within)
        })
    }

    /// The entries of a directory: what each is called by, and where it leads.
    fn entries(&self, directory: u64) -> Option<Vec<(u64, u64)>> {
        let at = self.start.checked_add(directory)?;
        let header = self.body.bytes(at, 16)?;
        let count = number(&header, 12, 2)?.checked_add(number(&header, 14, 2)?)?.min(MOST_ENTRIES);
        let table = self.body.bytes(at.checked_add(16)?, count.checked_mul(8)?)?;
        let entries = table.chunks_exact(8);
        Some(entries.filter_map(|entry| Some((number(entry, 0, 4)?, number(entry, 4, 4)?))).collect())
    }

    /// The bytes of a resource.
    fn data(&self, entry: u64) -> Option<Vec<u8>> {
        let header = self.body.bytes(self.start.checked_add(entry)?, 16)?;
        let at = self.offset_of(number(&header, 0, 4)?)?;
        let size = number(&header, 4, 4)?.min(LONGEST_VERSION);
        Some(self.body.bytes(at, size)?.into_owned())
    }
}

/// Reads the strings of a version resource.
fn read_texts(block: &[u8], texts: &mut BTreeMap<String, String>) {
    let Some(root) = Node::split(block).map(|(root, _)| root) else { return };
    if root.key != "VS_VERSION_INFO" {
        return;
    }
    let tables = root.children().find(|node| node.key == "StringFileInfo");
    let Some(table) = tables.and_then(|tables| tables.children().next()) else { return };
    for text in table.children() {
        let value = text_of(text.rest);
        texts.insert(text.key, value);
    }
}

/// A node of a version resource: a key, a value and further nodes.
struct Node<'b> {
    key: String,
    /// What is behind the key.
    rest: &'b [u8],
    /// How long its value is, in bytes; of a text nobody needs it.
    value: usize,
}

impl<'b> Node<'b> {
    /// The first node, and what is behind it. Nodes begin at multiples of four bytes of the block; every node is cut where
    /// one begins, so that it is enough to count from its own beginning.
    fn split(block: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let length = usize::try_from(number(block, 0, 2)?).ok()?;
        let value = usize::try_from(number(block, 2, 2)?).ok()?;
        // A node without its own header would never end.
        let whole = block.get(..length).filter(|node| node.len() > 6)?;
        let units = whole.get(6..)?.chunks_exact(2).position(|unit| unit == [0, 0])?;
        let key = text_of(whole.get(6..)?);
        let behind = units.checked_add(1)?.checked_mul(2)?.checked_add(6)?.checked_next_multiple_of(4)?;
        let next = length.checked_next_multiple_of(4)?;
        let rest = whole.get(behind..).unwrap_or_default();
        Some((Self { key, rest, value }, block.get(next..).unwrap_or_default()))
    }

    fn children(&self) -> impl Iterator<Item = Node<'b>> + use<'b> {
        let start = self.value.checked_next_multiple_of(4).unwrap_or(usize::MAX);
        let mut rest = self.rest.get(start..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (node, behind) = Node::split(rest)?;
            rest = behind;
            Some(node)
        })
    }
}

/// Text of two bytes for each sign, up to its NUL.
fn text_of(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|unit| Some(u16::from_le_bytes(unit.try_into().ok()?)));
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16_lossy(&units)
}
