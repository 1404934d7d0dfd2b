//! One header block: fields, numbers, checksum.

use super::{EntryKind, Fault};
use std::ops::Range;

pub(super) const BLOCK: usize = 512;
pub(super) type Block = [u8; BLOCK];

const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const TYPE_FLAG: Range<usize> = 156..157;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..265;
const PREFIX: Range<usize> = 345..500;
const STAR_PREFIX_END: Range<usize> = 475..476;
const STAR_TRAILER: Range<usize> = 508..512;
const GNU_ACCESS_TIME: Range<usize> = 345..357;
const GNU_CHANGE_TIME: Range<usize> = 357..369;
const GNU_IS_EXTENDED: Range<usize> = 482..483;
const SPARSE_IS_EXTENDED: Range<usize> = 504..505;

const GNU_MAGIC: &[u8] = b"ustar  \0";
const USTAR_MAGIC: &[u8] = b"ustar\0";

/// The fields of a header block that we use.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) type_flag: u8,
    pub(super) size: u64,
    pub(super) mode: u64,
    /// Old GNU sparse files: whether a block with further pieces follows.
    pub(super) sparse_continues: bool,
}

impl Header {
    pub(super) fn parse(block: &Block) -> Result<Self, Fault> {
        verify_checksum(block)?;
        let magic = field(block, MAGIC);
        let type_flag = byte(block, TYPE_FLAG);
        if magic == GNU_MAGIC {
            refuse_odd_times(block)?;
        } else if type_flag == b'S' {
            return Err(Fault::Ambiguous("a sparse file in a header that is not of GNU tar"));
        }
        let mut path = Vec::new();
        if magic.starts_with(USTAR_MAGIC) {
            if field(block, STAR_TRAILER) == b"tar\0" && byte(block, STAR_PREFIX_END) != 0 {
                return Err(Fault::Ambiguous("a path prefix that star ends sooner than others"));
            }
            path.extend_from_slice(text(field(block, PREFIX)));
            if !path.is_empty() {
                path.push(b'/');
            }
        }
        path.extend_from_slice(text(field(block, NAME)));
        Ok(Self {
            path,
            link: text(field(block, LINK)).to_vec(),
            type_flag,
            size: number(field(block, SIZE)).ok_or(Fault::Number("size"))?,
            mode: number(field(block, MODE)).ok_or(Fault::Number("mode"))?,
            sparse_continues: byte(block, GNU_IS_EXTENDED) != 0,
        })
    }

    /// What the entry is; `path` is its final path, because before POSIX a folder was a file with a slash.
    pub(super) fn kind(&self, path: &[u8]) -> EntryKind {
        match self.type_flag {
            0 if path.ends_with(b"/") => EntryKind::Folder,
            0 | b'0' | b'7' | b'S' => EntryKind::File,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::SymbolicLink,
            b'3' | b'4' => EntryKind::Device,
            b'5' => EntryKind::Folder,
            b'6' => EntryKind::Fifo,
            other => EntryKind::Other(other),
        }
    }
}

pub(super) fn is_zero(block: &Block) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// Whether yet another block follows this extension block of an old GNU sparse file.
pub(super) fn sparse_block_continues(block: &Block) -> bool {
    byte(block, SPARSE_IS_EXTENDED) != 0
}

/// Bytes between the end of a body and the next block.
pub(super) fn padding(size: u64) -> u64 {
    size.wrapping_neg() & (BLOCK as u64).saturating_sub(1)
}

fn field(block: &Block, range: Range<usize>) -> &[u8] {
    block.get(range).unwrap_or_default()
}

fn byte(block: &Block, range: Range<usize>) -> u8 {
    field(block, range).first().copied().unwrap_or_default()
}

/// A text field ends at its first NUL, or fills the field.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or in base 256 if its first bit is set. An empty field is 0.
///
/// Stricter than the tools: they differ in what they forgive.
fn number(field: &[u8]) -> Option<u64> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        // Bit 6 is the sign: no field that we read may be negative.
        if first & 0x40 != 0 {
            return None;
        }
        return rest.iter().try_fold(u64::from(first & 0x3f), |value, byte| {
            value.checked_mul(256)?.checked_add(u64::from(*byte))
        });
    }
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at_checked(end)?;
    if digits.is_empty() && rest.iter().any(|byte| !matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit & 7)),
        _ => None,
    })
}

/// The sum of all bytes with the checksum field as spaces; old tools summed signed bytes.
fn verify_checksum(block: &Block) -> Result<(), Fault> {
    let stored = number(field(block, CHECKSUM)).ok_or(Fault::Checksum)?;
    let (mut unsigned, mut signed) = (0_u64, 0_i64);
    for (index, byte) in block.iter().enumerate() {
        let byte = if CHECKSUM.contains(&index) { b' ' } else { *byte };
        unsigned = unsigned.saturating_add(u64::from(byte));
        signed = signed.saturating_add(i64::from(byte.cast_signed()));
    }
    if stored == unsigned || i64::try_from(stored) == Ok(signed) { Ok(()) } else { Err(Fault::Checksum) }
}

/// Go takes the place of the times for a path prefix if they are no numbers; GNU tar does not.
fn refuse_odd_times(block: &Block) -> Result<(), Fault> {
    for range in [GNU_ACCESS_TIME, GNU_CHANGE_TIME] {
        let time = field(block, range);
        let is_base_256 = time.first().is_some_and(|first| first & 0x80 != 0);
        if !is_base_256 && number(time).is_none() {
            return Err(Fault::Ambiguous("an old GNU header whose times are no numbers"));
        }
    }
    Ok(())
}
