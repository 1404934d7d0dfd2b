//! What one advisory says about one package, read from a snapshot.

use super::layout::{NOTHING, Reference, Row, Section, View, hash};
use crate::{FixState, Rating, Urgency};
use serde::{Deserialize, Serialize};

/// How a range ends, as the snapshot writes it.
pub(super) const OPEN: u32 = 0;
pub(super) const FIXED: u32 = 1;
pub(super) const LAST_AFFECTED: u32 = 2;
pub(super) const LIMIT: u32 = 3;

/// What an entry's versions are, as the snapshot writes it.
pub(super) const VERSIONS: u32 = 0;
pub(super) const NEVER: u32 = 1;
pub(super) const UNKNOWN: u32 = 2;

/// Set beside an entry's kind if its particulars name a module stream or machines.
pub(super) const CONDITIONAL: u32 = 0x100;

/// What an identifier is to its advisory, as the snapshot writes it.
pub(super) const ALIAS: u32 = 0;
pub(super) const UPSTREAM: u32 = 1;

/// What few entries have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Particulars {
    /// Ratings for this package alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ratings: Vec<Rating>,
    /// The distribution's urgency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) urgency: Option<Urgency>,
    /// Why there is no fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fix_state: Option<FixState>,
    /// Why the versions are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unknown: Option<String>,
    /// The module stream to which the package belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) module: Option<String>,
    /// The machines for which it is so; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) architectures: Vec<String>,
}

/// A version in a snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'s> {
    /// As the feed wrote it.
    pub(crate) text: &'s str,
    /// Its key; none where it could not be read.
    pub(crate) key: Option<&'s [u8]>,
}

/// A range in a snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval<'s> {
    /// From this version on; none for "from the beginning".
    pub(crate) introduced: Option<Bound<'s>>,
    /// Before this version, which is fixed.
    pub(crate) fixed: Option<Bound<'s>>,
    /// Up to this version and including it.
    pub(crate) last_affected: Option<Bound<'s>>,
    /// Before this version, because nobody looked further.
    pub(crate) limit: Option<Bound<'s>>,
}

/// What one advisory says about one package.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'s> {
    view: View<'s>,
    row: Row<'s>,
    advisory: Row<'s>,
}

impl<'s> Entry<'s> {
    fn new(view: View<'s>, row: Row<'s>) -> Self {
        Self { view, row, advisory: view.row(Section::Advisories, row.u32(0) as usize) }
    }

    /// The advisory's identifier.
    pub(crate) fn advisory(&self) -> &'s str {
        self.view.text(self.advisory.reference(0))
    }

    /// The number of the source that it came from.
    pub(crate) fn source(&self) -> usize {
        self.advisory.u32(2) as usize
    }

    /// Other names of the same vulnerability.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        self.identifiers(ALIAS)
    }

    /// The vulnerabilities of the upstream project that it is about.
    pub(crate) fn upstream(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        self.identifiers(UPSTREAM)
    }

    fn identifiers(&self, class: u32) -> impl Iterator<Item = &'s str> + use<'s> {
        let view = self.view;
        view.some_rows(Section::Identifiers, self.advisory.u32(3), self.advisory.u32(4))
            .filter(move |row| row.u32(2) == class)
            .map(move |row| view.text(row.reference(0)))
    }

    /// The JSON of what there is to show of the advisory.
    pub(super) fn document(&self) -> Option<&'s [u8]> {
        self.view.slice(Section::Documents, self.advisory.reference(5))
    }

    /// Whether the vendor says that no version was ever affected.
    pub(crate) fn is_never(&self) -> bool {
        self.row.u32(7) & !CONDITIONAL == NEVER
    }

    /// Whether the versions are not known.
    pub(crate) fn is_unknown(&self) -> bool {
        self.row.u32(7) & !CONDITIONAL == UNKNOWN
    }

    /// Whether it is about a module stream, or some machines, alone.
    pub(crate) fn is_conditional(&self) -> bool {
        self.row.u32(7) & CONDITIONAL != 0
    }

    /// The ranges.
    pub(crate) fn intervals(&self) -> impl Iterator<Item = Interval<'s>> + use<'s> {
        let view = self.view;
        view.some_rows(Section::Ranges, self.row.u32(1), self.row.u32(2)).map(move |row| {
            let end = |kind: u32| (row.u32(8) == kind).then(|| bound(&view, row, 4));
            Interval {
                introduced: (row.reference(0) != NOTHING).then(|| bound(&view, row, 0)),
                fixed: end(FIXED),
                last_affected: end(LAST_AFFECTED),
                limit: end(LIMIT),
            }
        })
    }

    /// Single versions that no range holds.
    pub(crate) fn versions(&self) -> impl Iterator<Item = Bound<'s>> + use<'s> {
        let view = self.view;
        view.some_rows(Section::Versions, self.row.u32(3), self.row.u32(4))
            .map(move |row| bound(&view, row, 0))
    }

    /// What few entries have.
    pub(crate) fn particulars(&self) -> Particulars {
        let json = self.view.slice(Section::Documents, self.row.reference(5));
        json.and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default()
    }
}

fn bound<'s>(view: &View<'s>, row: Row<'s>, field: usize) -> Bound<'s> {
    Bound { text: view.text(row.reference(field)), key: view.slice(Section::Keys, row.reference(field + 2)) }
}

/// What advisories say about one package.
pub(crate) struct Entries<'s> {
    view: View<'s>,
    next: usize,
    end: usize,
}

impl<'s> Entries<'s> {
    /// The entries of a package; none if there is no such package.
    pub(super) fn of(view: View<'s>, package: Option<Row<'s>>) -> Self {
        let (start, count) = package.map_or((0, 0), |row| (row.u32(5) as usize, row.u32(6) as usize));
        Self { view, next: start, end: start.saturating_add(count).min(view.count(Section::Entries)) }
    }

    /// How many are left.
    pub(super) fn len(&self) -> usize {
        self.end.saturating_sub(self.next)
    }
}

impl<'s> Iterator for Entries<'s> {
    type Item = Entry<'s>;

    fn next(&mut self) -> Option<Entry<'s>> {
        let index = (self.next < self.end).then_some(self.next)?;
        self.next = index.saturating_add(1);
        Some(Entry::new(self.view, self.view.row(Section::Entries, index)))
    }
}

/// The row of a package.
pub(super) fn package_row<'s>(view: &View<'s>, ecosystem: &str, name: &str) -> Option<Row<'s>> {
    rows_with_hash(view, Section::Packages, hash(&[ecosystem, name])).find(|row| {
        let (of, named) = package_names(view, *row);
        named == name && of == ecosystem
    })
}

/// The ecosystem and the name of a package.
pub(super) fn package_names<'s>(view: &View<'s>, row: Row<'s>) -> (&'s str, &'s str) {
    let ecosystem = view.row(Section::Ecosystems, row.u32(2) as usize);
    (view.text(ecosystem.reference(0)), view.text(row.reference(3)))
}

/// The JSON of what is known of a vulnerability beside its advisories.
pub(super) fn enrichment<'s>(view: &View<'s>, id: &str) -> Option<&'s [u8]> {
    let row = rows_with_hash(view, Section::Vulnerabilities, hash(&[id]))
        .find(|row| view.text(row.reference(2)) == id)?;
    view.slice(Section::Documents, row.reference(4))
}

/// The rows of a section that is sorted by the hash in its first two fields.
fn rows_with_hash<'s>(view: &View<'s>, section: Section, wanted: u64) -> impl Iterator<Item = Row<'s>> {
    let view = *view;
    let (mut low, mut high) = (0, view.count(section));
    while low < high {
        let middle = low + (high - low) / 2;
        if view.row(section, middle).u64(0) < wanted {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (low..view.count(section))
        .map(move |index| view.row(section, index))
        .take_while(move |row| row.u64(0) == wanted)
}

/// A reference to nothing, or the one that is there.
pub(super) fn or_nothing(reference: Option<Reference>) -> Reference {
    reference.unwrap_or(NOTHING)
}
