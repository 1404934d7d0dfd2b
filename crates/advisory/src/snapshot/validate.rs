//! Whether everything in a snapshot points to where it may.
//!
//! Done once when a snapshot is opened, over the rows and not over what they point to: a few milliseconds for
//! hundreds of thousands of rows.

use super::SnapshotError;
use super::entry::{CONDITIONAL, LIMIT, UNKNOWN, UPSTREAM};
use super::layout::{NOTHING, Reference, Row, Section, View};

/// Checks all rows.
pub(super) fn structure(view: &View<'_>) -> Result<(), SnapshotError> {
    let text = std::str::from_utf8(view.bytes(Section::Texts)).map_err(|_| damaged(Section::Texts, 0))?;
    let check = Check { view: *view, text };
    check.rows(Section::Ecosystems, |row| check.text(row.reference(0)))?;
    check.rows(Section::Packages, |row| {
        check.index(Section::Ecosystems, row.u32(2))
            && check.text(row.reference(3))
            && check.span(Section::Entries, row.u32(5), row.u32(6))
    })?;
    check.rows(Section::Entries, |row| {
        check.index(Section::Advisories, row.u32(0))
            && check.span(Section::Ranges, row.u32(1), row.u32(2))
            && check.span(Section::Versions, row.u32(3), row.u32(4))
            && check.optional(Section::Documents, row.reference(5))
            && row.u32(7) & !CONDITIONAL <= UNKNOWN
    })?;
    check.rows(Section::Ranges, |row| {
        let bound = |field| {
            check.optional_text(row.reference(field))
                && check.optional(Section::Keys, row.reference(field + 2))
        };
        bound(0) && bound(4) && row.u32(8) <= LIMIT
    })?;
    check.rows(Section::Versions, |row| {
        check.text(row.reference(0)) && check.optional(Section::Keys, row.reference(2))
    })?;
    check.rows(Section::Advisories, |row| {
        check.text(row.reference(0))
            && check.span(Section::Identifiers, row.u32(3), row.u32(4))
            && check.optional(Section::Documents, row.reference(5))
    })?;
    check.rows(Section::Identifiers, |row| check.text(row.reference(0)) && row.u32(2) <= UPSTREAM)?;
    check.rows(Section::Vulnerabilities, |row| {
        check.text(row.reference(2)) && check.optional(Section::Documents, row.reference(4))
    })?;
    check.sorted(Section::Packages)?;
    check.sorted(Section::Vulnerabilities)
}

struct Check<'s> {
    view: View<'s>,
    text: &'s str,
}

impl Check<'_> {
    fn rows(&self, section: Section, holds: impl Fn(Row<'_>) -> bool) -> Result<(), SnapshotError> {
        match self.view.rows(section).position(|row| !holds(row)) {
            Some(index) => Err(damaged(section, index)),
            None => Ok(()),
        }
    }

    fn sorted(&self, section: Section) -> Result<(), SnapshotError> {
        if self.view.rows(section).is_sorted_by_key(|row| row.u64(0)) {
            Ok(())
        } else {
            Err(damaged(section, 0))
        }
    }

    fn index(&self, section: Section, index: u32) -> bool {
        (index as usize) < self.view.count(section)
    }

    fn span(&self, section: Section, start: u32, count: u32) -> bool {
        u64::from(start) + u64::from(count) <= self.view.count(section) as u64
    }

    fn text(&self, reference: Reference) -> bool {
        let (start, length) = (reference.offset as usize, reference.length as usize);
        start.checked_add(length).is_some_and(|end| self.text.get(start..end).is_some())
    }

    fn optional_text(&self, reference: Reference) -> bool {
        reference == NOTHING || self.text(reference)
    }

    fn optional(&self, section: Section, reference: Reference) -> bool {
        reference == NOTHING || self.view.slice(section, reference).is_some()
    }
}

fn damaged(section: Section, index: usize) -> SnapshotError {
    SnapshotError::Damaged { what: format!("row {index} of its section {section:?} is out of bounds") }
}
