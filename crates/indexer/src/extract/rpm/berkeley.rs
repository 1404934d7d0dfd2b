//! rpm's database as a hash of Berkeley DB, the form of Red Hat up to 8 and of SUSE up to 15.0.
//!
//! `dbinc/db_page.h` of Berkeley DB 4.8 and 5.3. Every page of a hash holds keys and values in turn; the values that
//! are packages are large, so they stand on chains of overflow pages. Both byte orders. Other values are counters.

use super::Refusal;
use crate::body::Body;
use inventory::SkipReason;
use std::borrow::Cow;

const HASH_MAGIC: u32 = 0x0006_1561;
/// As much of the first page as tells which file this is.
const HEADER: u64 = 24;
const PAGE_HEADER: usize = 26;
const HASH_UNSORTED: u8 = 2;
const HASH: u8 = 13;
const OVERFLOW: u8 = 7;
const OFF_PAGE: u8 = 3;

struct Pages<'a> {
    body: Body<'a>,
    size: u64,
    big_endian: bool,
}

/// Whether the file begins like one.
pub(super) fn is_database(body: Body<'_>) -> bool {
    body.bytes(0, HEADER).is_some_and(|header| byte_order(&header).is_some())
}

/// Hands the header of each package to `package`.
pub(super) fn packages(
    body: Body<'_>,
    package: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let pages = Pages::open(body).ok_or_else(damaged)?;
    // A chain cannot be longer than the file, nor can all chains together.
    let mut budget = body.len();
    for number in 0..body.len().checked_div(pages.size).unwrap_or_default() {
        let page = pages.page(number).ok_or_else(damaged)?;
        let page = page.as_ref();
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
    fn open(body: Body<'a>) -> Option<Self> {
        let header = body.bytes(0, HEADER)?;
        let big_endian = byte_order(&header)?;
        let mut pages = Self { body, size: 0, big_endian };
        pages.size = u64::from(pages.long(&header, 20)?);
        ((512..=65_536).contains(&pages.size) && pages.size.is_power_of_two()).then_some(pages)
    }

    fn page(&self, number: u64) -> Option<Cow<'a, [u8]>> {
        self.body.bytes(number.checked_mul(self.size)?, self.size)
    }

    /// The value on a chain of overflow pages.
    fn chain(&self, value: &[u8], budget: &mut u64) -> Option<Vec<u8>> {
        let mut next = self.long(value, 4)?;
        let size = usize::try_from(self.long(value, 8)?).ok()?;
        *budget = budget.checked_sub(size as u64)?;
        let mut content = Vec::new();
        while content.len() < size {
            let page = self.page(Some(u64::from(next)).filter(|next| *next != 0)?)?;
            let page = page.as_ref();
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
