//! Texts and keys, each kept once.

use super::layout::Reference;
use std::collections::HashMap;

/// Byte strings, each kept once.
#[derive(Default)]
pub(super) struct Interner {
    bytes: Vec<u8>,
    known: HashMap<Box<[u8]>, Reference>,
}

impl Interner {
    /// Where the string stands; it is added if it is new. `None` if the section is full.
    pub(super) fn reference(&mut self, string: &[u8]) -> Option<Reference> {
        if let Some(known) = self.known.get(string) {
            return Some(*known);
        }
        let reference = append(&mut self.bytes, string)?;
        self.known.insert(string.into(), reference);
        Some(reference)
    }

    /// All strings, one after the other.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Appends a string to a section. `None` if the section is full: references have four bytes.
pub(super) fn append(section: &mut Vec<u8>, string: &[u8]) -> Option<Reference> {
    let offset = u32::try_from(section.len()).ok()?;
    let length = u32::try_from(string.len()).ok()?;
    // The greatest offset is the mark of a reference to nothing.
    offset.checked_add(length).filter(|end| *end < u32::MAX)?;
    section.extend_from_slice(string);
    Some(Reference { offset, length })
}
