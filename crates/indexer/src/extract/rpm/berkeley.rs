//! rpm's database as a hash of Berkeley DB, the form of Red Hat up to 8 and of SUSE up to 15.0.
//!
//! `dbinc/db_page.h` of Berkeley DB 4.8 and 5.3. Every page of a hash holds keys and values in turn; the values that
//! are packages are large, so they stand on chains of overflow pages. Both byte orders. Other values are counters.

use super::Refusal;
use inventory::SkipReason;

const HASH_MAGIC: u32 = 0x0006_1561;
const PAGE_HEADER: usize = 26;
const HASH_UNSORTED: u8 = 2;
const HASH: u8 = 13;
const OVERFLOW: u8 = 7;
const OFF_PAGE: u8 = 3;

struct Pages<'a> {
    bytes: &'a [u8],
    size: usize,
    big_endian: bool,
}

/// Whether the file begins like one.
pub(super) fn is_database(content: &[u8]) -> bool {
    byte_order(content).is_some()
}

/// Hands the header of each package to `package`.
pub(super) fn packages(
    content: &[u8],
    package: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let pages = Pages::open(content).ok_or_else(damaged)?;
    // A chain cannot be longer than the file, nor can all chains together.
    let mut budget = content.len();
    for page in content.chunks_exact(pages.size) {
        if !matches!(page.get(25), Some(&(HASH | HASH_UNSORTED))) {
            continue;
        }
        let entries = usize::from(pages.short(page, 20).ok_or_else(damaged)?);
        // Keys have even indexes, values odd ones.
        for index in (1..entries).step_by(2) {
            let at = index.checked_mul(2).and_then(|at| at.checked_add(PAGE_HEADER)).ok_or_else(damaged)?;
            let value = usize::from(pages.short(page, at).ok_or_else(damaged)?);
            let value = page.get(value..).ok_or_else(damaged)?;
            if value.first() == Some(&OFF_PAGE) {
                package(&pages.chain(value, &mut budget).ok_or_else(damaged)?)?;
            }
        }
    }
    Ok(())
}

fn damaged() -> Refusal {
    Refusal(SkipReason::Malformed("the Berkeley DB of rpm is damaged".to_owned()))
}

/// Whether the numbers are big-endian.
fn byte_order(content: &[u8]) -> Option<bool> {
    let magic = *content.get(12..)?.first_chunk()?;
    if u32::from_le_bytes(magic) == HASH_MAGIC {
        Some(false)
    } else {
        (u32::from_be_bytes(magic) == HASH_MAGIC).then_some(true)
    }
}

impl<'a> Pages<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = byte_order(bytes)?;
        let mut pages = Self { bytes, size: 0, big_endian };
        pages.size = usize::try_from(pages.long(bytes, 20)?).ok()?;
        ((512..=65_536).contains(&pages.size) && pages.size.is_power_of_two()).then_some(pages)
    }

    /// The value on a chain of overflow pages.
    fn chain(&self, value: &[u8], budget: &mut usize) -> Option<Vec<u8>> {
        let mut next = self.long(value, 4)?;
        let size = usize::try_from(self.long(value, 8)?).ok()?;
        *budget = budget.checked_sub(size)?;
        let mut content = Vec::new();
        while content.len() < size {
            let start = usize::try_from(next).ok().filter(|next| *next != 0)?.checked_mul(self.size)?;
            let page = self.bytes.get(start..)?.get(..self.size)?;
            let length = usize::from(self.short(page, 22)?);
            let piece = page.get(PAGE_HEADER..)?.get(..length)?;
            // An empty piece would let a circle of pages go on for ever.
            if page.get(25) != Some(&OVERFLOW) || piece.is_empty() {
                return None;
            }
            let missing = size.saturating_sub(content.len());
            content.extend_from_slice(piece.get(..missing).unwrap_or(piece));
            next = self.long(page, 16)?;
        }
        Some(content)
    }

    fn short(&self, bytes: &[u8], offset: usize) -> Option<u16> {
        let field = *bytes.get(offset..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) })
    }

    fn long(&self, bytes: &[u8], offset: usize) -> Option<u32> {
        let field = *bytes.get(offset..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) })
    }
}
