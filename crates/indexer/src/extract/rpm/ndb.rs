//! rpm's own database format, the form of SUSE since 15.1: `Packages.db`.
//!
//! `lib/backend/ndb/rpmpkg.c` of rpm. The file begins with pages of slots, each of which says where the blob of a
//! package stands, in blocks of 16 bytes. All numbers are little-endian.

use super::Refusal;
use inventory::SkipReason;

const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";
const SLOT: usize = 16;
const BLOCK: usize = 16;
const PAGE: usize = 4096;
const HEADER: usize = 32;

/// Whether the file begins like one.
pub(super) fn is_database(content: &[u8]) -> bool {
    content.starts_with(MAGIC)
}

/// Hands the header of each package to `package`.
pub(super) fn packages(
    content: &[u8],
    package: &mut dyn FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let slots = number(content, 12)
        .and_then(|pages| pages.checked_mul(PAGE))
        .and_then(|end| content.get(HEADER..end))
        .ok_or_else(damaged)?;
    // Blobs that share bytes would let a small file be read for a long time.
    let mut budget = content.len();
    for slot in slots.chunks_exact(SLOT) {
        if !slot.starts_with(SLOT_MAGIC) {
            return Err(damaged());
        }
        // Slots without an index or a place are free.
        if number(slot, 4) == Some(0) || number(slot, 8) == Some(0) {
            continue;
        }
        let blob = blob(content, slot).ok_or_else(damaged)?;
        budget = budget.checked_sub(blob.len()).ok_or_else(damaged)?;
        package(blob)?;
    }
    Ok(())
}

fn damaged() -> Refusal {
    Refusal(SkipReason::Malformed("the rpm database is damaged".to_owned()))
}

fn blob<'a>(content: &'a [u8], slot: &[u8]) -> Option<&'a [u8]> {
    let start = number(slot, 8)?.checked_mul(BLOCK)?;
    let blob = content.get(start..)?;
    if !blob.starts_with(BLOB_MAGIC) || number(blob, 4) != number(slot, 4) {
        return None;
    }
    blob.get(16..)?.get(..number(blob, 12)?)
}

fn number(bytes: &[u8], offset: usize) -> Option<usize> {
    let field = *bytes.get(offset..)?.first_chunk()?;
    usize::try_from(u32::from_le_bytes(field)).ok()
}
