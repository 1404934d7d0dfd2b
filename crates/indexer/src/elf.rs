//! The little of an ELF file that tells where a section or an address lies in it.
//!
//! System V ABI, chapter 4. Both widths and both byte orders. Every offset is foreign: what lies outside of the
//! file does not exist, and at most 65 535 headers of each kind can be claimed. Nothing is relocated or executed.

use crate::body::Body;
use std::borrow::Cow;

/// The first bytes of every ELF file.
pub(crate) const MAGIC: &[u8] = b"\x7fELF";

/// The sections that anyone asks for. The others are forgotten at once: a file may have 65 535.
const WANTED: &[&[u8]] = &[
    b".go.buildinfo",
    b".note.go.buildid",
    b".gopclntab",
    b".dep-v0",
    b".rodata",
    b".note.package",
    b".modinfo",
    b".dynstr",
    b".dynsym",
    b".strtab",
    b".symtab",
];

/// Longer than any name of a section that is asked for.
const LONGEST_NAME: u64 = 64;
const NOTHING_IN_FILE: u64 = 8;
const LOADED: u64 = 1;
const WRITABLE: u64 = 2;

/// An ELF file.
#[derive(Debug)]
pub(crate) struct Elf<'a> {
    body: Body<'a>,
    layout: Layout,
    sections: Vec<Section<'a>>,
    segments: Vec<Segment>,
}

/// How wide an address is, and in which order its bytes stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) wide: bool,
    pub(crate) big_endian: bool,
}

#[derive(Debug)]
struct Section<'a> {
    name: &'static [u8],
    content: Body<'a>,
}

#[derive(Debug)]
struct Segment {
    flags: u64,
    address: u64,
    offset: u64,
    size: u64,
}

impl Layout {
    /// A number of `width` bytes, at most 8.
    pub(crate) fn number(self, bytes: &[u8], offset: u64, width: u64) -> Option<u64> {
        let start = usize::try_from(offset).ok()?;
        let end = usize::try_from(offset.checked_add(width)?).ok()?;
        let field = bytes.get(start..end)?;
        let push = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        Some(if self.big_endian { field.iter().fold(0, push) } else { field.iter().rev().fold(0, push) })
    }

    /// An address.
    pub(crate) fn word(self, bytes: &[u8], offset: u64) -> Option<u64> {
        self.number(bytes, offset, if self.wide { 8 } else { 4 })
    }
}

impl<'a> Elf<'a> {
    /// Reads the headers; none if the file is no ELF file or its headers lie outside of it.
    pub(crate) fn parse(body: Body<'a>) -> Option<Self> {
        let header = body.first(64).whole()?;
        let [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2), ..] = *header else { return None };
        let layout = Layout { wide: class == 2, big_endian: order == 2 };
        let mut elf = Self { body, layout, sections: Vec::new(), segments: Vec::new() };
        elf.read_segments(&header)?;
        // A stripped section table is no reason to give up: addresses are found without it.
        elf.sections = elf.read_sections(&header).unwrap_or_default();
        Some(elf)
    }

    /// The content of the first section of this name.
    pub(crate) fn section(&self, name: &[u8]) -> Option<Body<'a>> {
        debug_assert!(WANTED.contains(&name), "only the sections that are wanted are kept");
        self.sections.iter().find(|section| section.name == name).map(|section| section.content)
    }

    /// The beginning of the first segment of data, at most `most` bytes.
    pub(crate) fn data(&self, most: u64) -> Option<Body<'a>> {
        let segment = self.segments.iter().find(|segment| segment.flags & WRITABLE != 0)?;
        self.body.part(segment.offset, segment.size.min(most))
    }

    /// How wide an address is, and in which order its bytes stand.
    pub(crate) fn layout(&self) -> Layout {
        self.layout
    }

    /// Where an address lies in the file.
    pub(crate) fn loaded(&self, address: u64, size: u64) -> Option<Body<'a>> {
        self.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let end = within.checked_add(size).filter(|end| *end <= segment.size)?;
            self.body.part(segment.offset.checked_add(within)?, end.checked_sub(within)?)
        })
    }

    /// The bytes that are loaded at an address.
    pub(crate) fn at(&self, address: u64, size: u64) -> Option<Cow<'a, [u8]>> {
        self.loaded(address, size)?.whole()
    }

    fn read_segments(&mut self, file: &[u8]) -> Option<()> {
        let Layout { wide, .. } = self.layout;
        let table = self.layout.word(file, if wide { 32 } else { 28 })?;
        let (size_at, count_at) = if wide { (54, 56) } else { (42, 44) };
        let entry_size = self.layout.number(file, size_at, 2)?;
        for index in 0..self.layout.number(file, count_at, 2)? {
            let header = table.checked_add(index.checked_mul(entry_size)?)?;
            let header = self.body.bytes(header, if wide { 40 } else { 28 })?;
            let number = |at: u64, width| self.layout.number(&header, at, width);
            let word = |at: u64| self.layout.word(&header, at);
            if number(0, 4)? != LOADED {
                continue;
            }
            let segment = if wide {
                Segment { flags: number(4, 4)?, offset: word(8)?, address: word(16)?, size: word(32)? }
            } else {
                Segment { flags: number(24, 4)?, offset: word(4)?, address: word(8)?, size: word(16)? }
            };
            self.segments.push(segment);
        }
        Some(())
    }

    fn read_sections(&self, file: &[u8]) -> Option<Vec<Section<'a>>> {
        let Layout { wide, .. } = self.layout;
        let table = self.layout.word(file, if wide { 40 } else { 32 })?;
        let (size_at, count_at, names_at) = if wide { (58, 60, 62) } else { (46, 48, 50) };
        let entry_size = self.layout.number(file, size_at, 2)?;
        let names = self.layout.number(file, names_at, 2)?;
        let header = |index: u64| {
            let at = table.checked_add(index.checked_mul(entry_size)?)?;
            self.body.bytes(at, if wide { 40 } else { 24 })
        };
        let content = |header: &[u8]| {
            let (offset_at, length_at) = if wide { (24, 32) } else { (16, 20) };
            if self.layout.number(header, 4, 4)? == NOTHING_IN_FILE {
                return Some(Body::from(&[][..]));
            }
            self.body.part(self.layout.word(header, offset_at)?, self.layout.word(header, length_at)?)
        };
        let names = content(&header(names)?)?;
        let mut sections = Vec::new();
        for index in 0..self.layout.number(file, count_at, 2)? {
            let header = header(index)?;
            // 65 535 names without an end would otherwise be searched for it through the whole file each.
            let name = names.behind(self.layout.number(&header, 0, 4)?).first(LONGEST_NAME).whole()?;
            let end = memchr::memchr(0, &name).unwrap_or(name.len());
            let Some(name) = WANTED.iter().copied().find(|wanted| name.get(..end) == Some(*wanted)) else {
                continue;
            };
            // A section that lies outside of the file is as good as none; the others may still be right.
            sections.extend(content(&header).map(|content| Section { name, content }));
        }
        Some(sections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_names_of_sections_are_not_searched() {
        // 65 535 sections whose names begin in 32 MiB without a NUL: searched to the end, that is 2 TiB.
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(40, 0);
        file.extend(64_u64.to_le_bytes());
        file.resize(58, 0);
        file.extend([64, 0, 0xff, 0xff, 0, 0]);
        for _ in 0..0xffff_u32 {
            file.extend([1, 0, 0, 0, 1, 0, 0, 0]);
            file.extend([0; 16]);
            file.extend((64_u64 * 65_536).to_le_bytes());
            file.extend((32_u64 << 20).to_le_bytes());
            file.extend([0; 24]);
        }
        file.resize(64 * 65_536 + (32 << 20), b'x');
        let elf = Elf::parse(file.as_slice().into()).unwrap();
        assert!(elf.section(b".go.buildinfo").is_none());
    }

    #[test]
    fn headers_outside_of_the_file_are_no_headers() {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(64, 0xff);
        let parse = |bytes: &[u8]| Elf::parse(bytes.into()).is_none();
        assert!(parse(&file));
        assert!(parse(b"\x7fELF"));
        assert!(parse(b"\x7fELF\x03\x01\x01"));
    }
}
