//! The little of an ELF file that tells where a section or an address lies in it.
//!
//! System V ABI, chapter 4. Both widths and both byte orders. Every offset is foreign: what lies outside of the
//! file does not exist, and at most 65 535 headers of each kind can be claimed. Nothing is relocated or executed.

/// The first bytes of every ELF file.
pub(crate) const MAGIC: &[u8] = b"\x7fELF";

/// Longer than any name of a section that is asked for.
const LONGEST_NAME: usize = 64;
const NOTHING_IN_FILE: u64 = 8;
const LOADED: u64 = 1;
const WRITABLE: u64 = 2;

/// An ELF file.
#[derive(Debug)]
pub(crate) struct Elf<'a> {
    bytes: &'a [u8],
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
    name: &'a [u8],
    content: &'a [u8],
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
        let field = slice(bytes, offset, width)?;
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
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let [0x7f, b'E', b'L', b'F', class @ (1 | 2), order @ (1 | 2), ..] = bytes else { return None };
        let layout = Layout { wide: *class == 2, big_endian: *order == 2 };
        let mut elf = Self { bytes, layout, sections: Vec::new(), segments: Vec::new() };
        elf.read_segments()?;
        // A stripped section table is no reason to give up: addresses are found without it.
        elf.sections = elf.read_sections().unwrap_or_default();
        Some(elf)
    }

    /// The content of the first section of this name.
    pub(crate) fn section(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.sections.iter().find(|section| section.name == name).map(|section| section.content)
    }

    /// The beginning of the first segment of data, at most `most` bytes.
    pub(crate) fn data(&self, most: u64) -> Option<&'a [u8]> {
        let segment = self.segments.iter().find(|segment| segment.flags & WRITABLE != 0)?;
        slice(self.bytes, segment.offset, segment.size.min(most))
    }

    /// The bytes that are loaded at an address.
    pub(crate) fn at(&self, address: u64, size: u64) -> Option<&'a [u8]> {
        self.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let end = within.checked_add(size)?;
            if end > segment.size {
                return None;
            }
            slice(self.bytes, segment.offset.checked_add(within)?, size)
        })
    }

    fn read_segments(&mut self) -> Option<()> {
        let Layout { wide, .. } = self.layout;
        let table = self.layout.word(self.bytes, if wide { 32 } else { 28 })?;
        let (size_at, count_at) = if wide { (54, 56) } else { (42, 44) };
        let entry_size = self.layout.number(self.bytes, size_at, 2)?;
        for index in 0..self.layout.number(self.bytes, count_at, 2)? {
            let header = table.checked_add(index.checked_mul(entry_size)?)?;
            let number = |at: u64, width| self.layout.number(self.bytes, header.checked_add(at)?, width);
            let word = |at: u64| self.layout.word(self.bytes, header.checked_add(at)?);
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

    fn read_sections(&self) -> Option<Vec<Section<'a>>> {
        let Layout { wide, .. } = self.layout;
        let table = self.layout.word(self.bytes, if wide { 40 } else { 32 })?;
        let (size_at, count_at, names_at) = if wide { (58, 60, 62) } else { (46, 48, 50) };
        let entry_size = self.layout.number(self.bytes, size_at, 2)?;
        let names = self.layout.number(self.bytes, names_at, 2)?;
        let header = |index: u64| table.checked_add(index.checked_mul(entry_size)?);
        let content = |header: u64| {
            let (offset_at, length_at) = if wide { (24, 32) } else { (16, 20) };
            if self.layout.number(self.bytes, header.checked_add(4)?, 4)? == NOTHING_IN_FILE {
                return Some(&[][..]);
            }
            let offset = self.layout.word(self.bytes, header.checked_add(offset_at)?)?;
            let length = self.layout.word(self.bytes, header.checked_add(length_at)?)?;
            slice(self.bytes, offset, length)
        };
        let names = content(header(names)?)?;
        let mut sections = Vec::new();
        for index in 0..self.layout.number(self.bytes, count_at, 2)? {
            let header = header(index)?;
            let name = usize::try_from(self.layout.number(self.bytes, header, 4)?).ok()?;
            let name = names.get(name..).unwrap_or_default();
            // 65 535 names without an end would otherwise be searched for it through the whole file each.
            let name = name.get(..LONGEST_NAME).unwrap_or(name).split(|byte| *byte == 0).next()?;
            // A section that lies outside of the file is as good as none; the others may still be right.
            sections.extend(content(header).map(|content| Section { name, content }));
        }
        Some(sections)
    }
}

fn slice(bytes: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(size)?).ok()?;
    bytes.get(start..end)
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
        let elf = Elf::parse(&file).unwrap();
        assert_eq!(elf.sections.len(), 0xffff);
        assert!(elf.section(b".go.buildinfo").is_none());
    }

    #[test]
    fn headers_outside_of_the_file_are_no_headers() {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(64, 0xff);
        assert!(Elf::parse(&file).is_none());
        assert!(Elf::parse(b"\x7fELF").is_none());
        assert!(Elf::parse(b"\x7fELF\x03\x01\x01").is_none());
    }
}
