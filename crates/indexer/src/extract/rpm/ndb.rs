//! rpm's own database format, the form of SUSE since 15.1: `Packages.db`.
//!
//! `lib/backend/ndb/rpmpkg.c` of rpm. The file begins with pages of slots, each of which says where the blob of a
//! package stands, in blocks of 16 bytes. All numbers are little-endian.

use super::Refusal;
use crate::body::Body;
use inventory::SkipReason;
use std::borrow::Cow;

const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";
const SLOT: usize = 16;
const BLOCK: u64 = 16;
const PAGE: u64 = 4096;
const HEADER: u64 = 32;

/// Whether the file begins like one.
pub(super) fn is_database(body: Body<'_>) -> bool {
    body.bytes(0, 4).is_some_and(|magic| *magic == *MAGIC)
}

/// Hands the header of each package to `package`.
pub(super) fn packages(
    body: Body<'_>,
    package: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let header = body.bytes(0, HEADER).ok_or_else(damaged)?;
    let slots = number(&header, 12)
        .and_then(|pages| pages.checked_mul(PAGE)?.checked_sub(HEADER))
        .and_then(|size| body.part(HEADER, size))
        .ok_or_else(damaged)?;
    // Blobs that share bytes would let a small file be read for a long time.
    let mut budget = body.len();
    // Pieces of scratch are a multiple of a slot, and so is all that is behind the header.
    for (_, piece) in slots.pieces(0) {
        for slot in piece.chunks_exact(SLOT) {
            if !slot.starts_with(SLOT_MAGIC) {
                return Err(damaged());
            }
            // Slots without an index or a place are free.
            if number(slot, 4) == Some(0) || number(slot, 8) == Some(0) {
                continue;
            }
            let blob = blob(body, slot).ok_or_else(damaged)?;
            budget = budget.checked_sub(blob.len() as u64).ok_or_else(damaged)?;
            package(&blob)?;
        }
    }
    Ok(())
}

fn damaged() -> Refusal {
    Refusal(SkipReason::Malformed("the rpm database is damaged".to_owned()))
}

fn blob<'a>(body: Body<'a>, slot: &[u8]) -> Option<Cow<'a, [u8]>> {
    let start = number(slot, 8)?.checked_mul(BLOCK)?;
    let header = body.bytes(start, BLOCK)?;
    if !header.starts_with(BLOB_MAGIC) || number(&header, 4) != number(slot, 4) {
        return None;
    }
    body.bytes(start.checked_add(BLOCK)?, number(&header, 12)?)
}

fn number(bytes: &[u8], offset: usize) -> Option<u64> {
    let field = *bytes.get(offset..)?.first_chunk()?;
    Some(u64::from(u32::from_le_bytes(field)))
}
