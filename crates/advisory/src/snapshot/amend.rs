//! A snapshot that is another one with a few sources said anew, without compiling everything again.
//!
//! What the sources say now is compiled alone, as a snapshot of its own. Its rows are put behind those of the base, with
//! every reference moved by what stands before it; the packages that either of them speaks of are given new spans of
//! entries. The rest of the base is copied. So a single advisory costs the copying of the file and not the reading of
//! all records: a tenth of a second and not ten.
//!
//! The rows that nobody refers to any more stay in the file. When they grow to a quarter of it, or where an amendment
//! would have to take enrichments apart that several sources share, there is none, and everything is compiled again.

use super::compile::file;
use super::entry::package_names;
use super::layout::{NOTHING, Row, Section, View, hash};
use super::{CompileError, Snapshot, SnapshotSource, fingerprint};
use jiff::Timestamp;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// One entry in so many may be one that nobody refers to.
const WASTE: usize = 4;

/// The base with what `fresh` says: each source of `fresh` takes the place of the one of the same name, or is new.
/// None if that cannot be had without compiling everything.
///
/// # Errors
/// When there is more of something than a snapshot can hold.
///
/// # Examples
///
/// ```
/// use advisory::{Compiler, Snapshot, amended};
/// let compiled = |source: &str| {
///     let mut compiler = Compiler::new();
///     compiler.begin_source(source);
///     Snapshot::from_bytes(compiler.finish(jiff::Timestamp::UNIX_EPOCH).unwrap()).unwrap()
/// };
/// let both = amended(&compiled("one"), &compiled("another"), jiff::Timestamp::UNIX_EPOCH).unwrap().unwrap();
/// assert_eq!(Snapshot::from_bytes(both).unwrap().sources().len(), 2);
/// ```
pub fn amended(
    base: &Snapshot,
    fresh: &Snapshot,
    created_at: Timestamp,
) -> Result<Option<Vec<u8>>, CompileError> {
    let Some(sources) = Sources::merged(base, fresh) else { return Ok(None) };
    let mut amendment = Amendment { old: base.view(), new: fresh.view(), sections: HashMap::new() };
    amendment.append_rows(&sources)?;
    let Some(changed) = amendment.changed_packages(&sources) else { return Ok(None) };
    let Some(ecosystems) = amendment.put_packages(&changed)? else { return Ok(None) };
    amendment.sections.insert(Section::Ecosystems as usize, ecosystems);
    amendment.put_vulnerabilities()?;
    let listed = serde_json::to_vec(&sources.merged).unwrap_or_default();
    amendment.sections.insert(Section::Sources as usize, listed);
    Ok(Some(file(amendment.into_sections(), created_at)))
}

/// The sources of both, each once.
struct Sources {
    merged: Vec<SnapshotSource>,
    /// The places of those that are said anew.
    replaced: HashSet<u32>,
    /// For each source of the fresh snapshot its place among all.
    places: Vec<u32>,
}

impl Sources {
    /// None if enrichments would have to be taken apart.
    fn merged(base: &Snapshot, fresh: &Snapshot) -> Option<Self> {
        let mut sources =
            Self { merged: base.sources().to_vec(), replaced: HashSet::new(), places: Vec::new() };
        for source in fresh.sources() {
            let known = sources.merged.iter().position(|known| known.name == source.name);
            let place = known.unwrap_or(sources.merged.len());
            match sources.merged.get_mut(place) {
                Some(known) if known.enrichments > 0 => return None,
                Some(known) => {
                    known.clone_from(source);
                    sources.replaced.insert(u32::try_from(place).ok()?);
                }
                None => sources.merged.push(source.clone()),
            }
            if source.enrichments > 0 {
                return None;
            }
            sources.places.push(u32::try_from(place).ok()?);
        }
        Some(sources)
    }
}

/// A package of which something else is said than before.
struct Changed {
    entries: Vec<Vec<u8>>,
    fingerprint: [u8; 16],
}

/// Rows, and the number of each by its name.
type Numbered = (Vec<Vec<u8>>, HashMap<String, u32>);

/// The ecosystem and the name of a package.
type PackageName = (String, String);

const FULL: CompileError = CompileError::TooMuch { what: "rows" };

struct Amendment<'s> {
    old: View<'s>,
    new: View<'s>,
    sections: HashMap<usize, Vec<u8>>,
}

/// How a field of a row is moved.
#[derive(Clone, Copy)]
enum Field {
    /// The number of a row, or the first one of a span, in a section.
    Number(usize, Section),
    /// A reference into a section.
    Reference(usize, Section),
}

use Field::{Number, Reference};

/// What refers to what, see `docs/formats/snapshot.md`.
const RANGES: [Field; 4] = [
    Reference(0, Section::Texts),
    Reference(2, Section::Keys),
    Reference(4, Section::Texts),
    Reference(6, Section::Keys),
];
const VERSIONS: [Field; 2] = [Reference(0, Section::Texts), Reference(2, Section::Keys)];
const IDENTIFIERS: [Field; 1] = [Reference(0, Section::Texts)];
const ADVISORIES: [Field; 3] =
    [Reference(0, Section::Texts), Number(3, Section::Identifiers), Reference(5, Section::Documents)];
const ENTRIES: [Field; 4] = [
    Number(0, Section::Advisories),
    Number(1, Section::Ranges),
    Number(3, Section::Versions),
    Reference(5, Section::Documents),
];
const VULNERABILITIES: [Field; 2] = [Reference(2, Section::Texts), Reference(4, Section::Documents)];

/// The field of an advisory that has the place of its source.
const SOURCE: usize = 2;

impl<'s> Amendment<'s> {
    /// Puts the rows and bytes of the fresh snapshot behind those of the base.
    fn append_rows(&mut self, sources: &Sources) -> Result<(), CompileError> {
        for section in [Section::Texts, Section::Keys, Section::Documents] {
            let bytes = [self.old.bytes(section), self.new.bytes(section)].concat();
            if u32::try_from(bytes.len()).is_ok_and(|length| length < u32::MAX) {
                self.sections.insert(section as usize, bytes);
            } else {
                return Err(CompileError::TooMuch { what: "texts" });
            }
        }
        let tables: [(Section, &[Field]); 4] = [
            (Section::Ranges, &RANGES),
            (Section::Versions, &VERSIONS),
            (Section::Identifiers, &IDENTIFIERS),
            (Section::Advisories, &ADVISORIES),
        ];
        for (section, fields) in tables {
            let mut rows = self.old.bytes(section).to_vec();
            for row in self.new.rows(section) {
                let mut row = self.moved(row, section, fields)?;
                if section == Section::Advisories {
                    let place = field(&row, SOURCE) as usize;
                    put(&mut row, SOURCE, sources.places.get(place).copied().unwrap_or_default());
                }
                rows.extend(row);
            }
            self.sections.insert(section as usize, rows);
        }
        Ok(())
    }

    /// A row of the fresh snapshot, with its references moved behind what the base has.
    fn moved(&self, row: Row<'_>, section: Section, fields: &[Field]) -> Result<Vec<u8>, CompileError> {
        let mut bytes = row_bytes(row, section.row_bytes() / 4);
        for moved in fields {
            let (at, into) = match *moved {
                Reference(at, _) if row.reference(at) == NOTHING => continue,
                Reference(at, into) | Number(at, into) => (at, into),
            };
            let before = number(self.old.count(into))?;
            put(&mut bytes, at, row.u32(at).checked_add(before).ok_or(FULL)?);
        }
        Ok(bytes)
    }

    /// The packages of which something else is said, with their entries. None if the file would have too much in it
    /// that nobody refers to.
    fn changed_packages(&self, sources: &Sources) -> Option<BTreeMap<PackageName, Changed>> {
        let said: HashMap<(&str, &str), Row<'_>> =
            self.new.rows(Section::Packages).map(|row| (package_names(&self.new, row), row)).collect();
        let mut changed = BTreeMap::new();
        let (mut referred, mut added) = (0, 0);
        for row in self.old.rows(Section::Packages) {
            referred += row.u32(6) as usize;
            if referred > self.old.count(Section::Entries) {
                // Packages that share entries were not written by us.
                return None;
            }
            let named = package_names(&self.old, row);
            let fresh = said.get(&named);
            let (mut kept, mut lost) = (Vec::new(), 0_usize);
            for entry in self.old.some_rows(Section::Entries, row.u32(5), row.u32(6)) {
                let advisory = self.old.row(Section::Advisories, entry.u32(0) as usize);
                if sources.replaced.contains(&advisory.u32(SOURCE)) {
                    lost += 1;
                } else {
                    kept.push(entry);
                }
            }
            if fresh.is_none() && lost == 0 {
                continue;
            }
            let package = self.changed(&row, &kept, fresh)?;
            added += package.entries.len();
            changed.insert(owned(named), package);
        }
        for (named, row) in said {
            if let Entry::Vacant(new) = changed.entry(owned(named)) {
                let package = self.changed(&row, &[], Some(&row))?;
                added += package.entries.len();
                new.insert(package);
            }
        }
        let all = self.old.count(Section::Entries) + added;
        let unused = self.old.count(Section::Entries).saturating_sub(referred);
        // A small snapshot may be mostly waste: it is compiled in no time, but it need not be.
        (unused.saturating_mul(WASTE) <= all.max(1000)).then_some(changed)
    }

    fn changed(&self, row: &Row<'_>, kept: &[Row<'_>], fresh: Option<&Row<'_>>) -> Option<Changed> {
        let mut entries: Vec<(&str, Vec<u8>)> = Vec::new();
        let mut parts: Vec<Vec<u8>> = vec![b"amended".to_vec()];
        for entry in kept {
            let advisory = self.old.row(Section::Advisories, entry.u32(0) as usize);
            let bytes = row_bytes(*entry, 8);
            // The rows of the base are where they were: a row says what it said as long as it is the same row.
            parts.push(bytes.clone());
            entries.push((self.old.text(advisory.reference(0)), bytes));
        }
        parts.push(row.fingerprint(8).to_vec());
        if let Some(fresh) = fresh {
            parts.push(fresh.fingerprint(8).to_vec());
            for entry in self.new.some_rows(Section::Entries, fresh.u32(5), fresh.u32(6)) {
                let advisory = self.new.row(Section::Advisories, entry.u32(0) as usize);
                let bytes = self.moved(entry, Section::Entries, &ENTRIES).ok()?;
                entries.push((self.new.text(advisory.reference(0)), bytes));
            }
        }
        entries.sort_by(|(left, one), (right, other)| (left, field(one, 0)).cmp(&(right, field(other, 0))));
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        // Where nobody else speaks of the package, what is said anew may be what was said before.
        let before = row.fingerprint(8);
        let is_the_same = kept.is_empty() && fresh.is_some_and(|fresh| fresh.fingerprint(8) == before);
        Some(Changed {
            entries: entries.into_iter().map(|(_, bytes)| bytes).collect(),
            fingerprint: if is_the_same { before } else { fingerprint(&parts) },
        })
    }

    /// The rows of all ecosystems, and the number of each.
    fn ecosystems(&self) -> Result<Numbered, CompileError> {
        let (mut rows, mut numbers) = (Vec::new(), HashMap::new());
        for row in self.old.rows(Section::Ecosystems) {
            numbers.insert(self.old.text(row.reference(0)).to_owned(), number(rows.len())?);
            rows.push(row_bytes(row, 4));
        }
        for row in self.new.rows(Section::Ecosystems) {
            let name = self.new.text(row.reference(0));
            if !numbers.contains_key(name) {
                numbers.insert(name.to_owned(), number(rows.len())?);
                rows.push(self.moved(row, Section::Ecosystems, &[Reference(0, Section::Texts)])?);
            }
        }
        Ok((rows, numbers))
    }

    /// Writes the packages and their entries. Returns the rows of the ecosystems; none if one has no package left.
    fn put_packages(
        &mut self,
        changed: &BTreeMap<PackageName, Changed>,
    ) -> Result<Option<Vec<u8>>, CompileError> {
        let (mut ecosystems, numbers) = self.ecosystems()?;
        let mut entries = self.old.bytes(Section::Entries).to_vec();
        let mut rows = Vec::with_capacity(self.old.count(Section::Packages) + changed.len());
        let mut texts: HashMap<PackageName, (u32, u32)> = HashMap::new();
        for row in self.old.rows(Section::Packages) {
            let named = owned(package_names(&self.old, row));
            if changed.contains_key(&named) {
                texts.insert(named, (row.u32(3), row.u32(4)));
            } else {
                rows.push((row.u64(0), row_bytes(row, 12)));
            }
        }
        for row in self.new.rows(Section::Packages) {
            let moved = self.moved(row, Section::Packages, &[Reference(3, Section::Texts)])?;
            let named = owned(package_names(&self.new, row));
            texts.entry(named).or_insert((field(&moved, 3), field(&moved, 4)));
        }
        for (named, package) in changed.iter().filter(|(_, package)| !package.entries.is_empty()) {
            let first = number(entries.len() / Section::Entries.row_bytes())?;
            let count = number(package.entries.len())?;
            package.entries.iter().for_each(|entry| entries.extend(entry));
            let (offset, length) = texts.get(named).copied().ok_or(FULL)?;
            let ecosystem = numbers.get(&named.0).copied().ok_or(FULL)?;
            let hash = hash(&[&named.0, &named.1]);
            let mut row = hash.to_le_bytes().to_vec();
            for value in [ecosystem, offset, length, first, count, 0] {
                row.extend(value.to_le_bytes());
            }
            row.extend(package.fingerprint);
            rows.push((hash, row));
        }
        number(entries.len() / Section::Entries.row_bytes())?;
        rows.sort();
        self.sections.insert(Section::Entries as usize, entries);
        let of: BTreeSet<u32> =
            changed.keys().filter_map(|(ecosystem, _)| numbers.get(ecosystem).copied()).collect();
        let each_has_some = self.count_ecosystems(&of, &rows, &mut ecosystems);
        self.sections.insert(Section::Packages as usize, rows.into_iter().flat_map(|(_, row)| row).collect());
        Ok(each_has_some.then(|| ecosystems.concat()))
    }

    /// Counts advisories and packages of some ecosystems anew. Whether each has one.
    fn count_ecosystems(
        &self,
        some: &BTreeSet<u32>,
        packages: &[(u64, Vec<u8>)],
        ecosystems: &mut [Vec<u8>],
    ) -> bool {
        let texts = self.sections.get(&(Section::Texts as usize)).map(Vec::as_slice).unwrap_or_default();
        let advisories = self.sections.get(&(Section::Advisories as usize)).map(Vec::as_slice);
        let advisories = advisories.unwrap_or_default();
        let entries = self.sections.get(&(Section::Entries as usize)).map(Vec::as_slice).unwrap_or_default();
        let text_of = |advisory: u32| {
            let at = advisory as usize * Section::Advisories.row_bytes();
            let row = advisories.get(at..).unwrap_or_default();
            let start = field(row, 0) as usize;
            texts.get(start..start + field(row, 1) as usize).unwrap_or_default()
        };
        let mut counts: BTreeMap<u32, (HashSet<&[u8]>, u32)> =
            some.iter().map(|number| (*number, (HashSet::new(), 0))).collect();
        for (_, package) in packages {
            let Some((known, count)) = counts.get_mut(&field(package, 2)) else { continue };
            *count += 1;
            for entry in field(package, 5)..field(package, 5) + field(package, 6) {
                let row = entries.get(entry as usize * Section::Entries.row_bytes()..).unwrap_or_default();
                known.insert(text_of(field(row, 0)));
            }
        }
        let mut each = true;
        for (number, (advisories, packages)) in counts {
            let Some(row) = ecosystems.get_mut(number as usize) else { continue };
            put(row, 2, u32::try_from(advisories.len()).unwrap_or(u32::MAX));
            put(row, 3, packages);
            each &= packages > 0;
        }
        each
    }

    /// What is known of vulnerabilities beside their advisories; of one that both know, the base's.
    fn put_vulnerabilities(&mut self) -> Result<(), CompileError> {
        let name = |view: &View<'s>, row: Row<'s>| view.text(row.reference(2));
        let known: HashSet<&str> =
            self.old.rows(Section::Vulnerabilities).map(|row| name(&self.old, row)).collect();
        let mut rows: Vec<(u64, Vec<u8>)> =
            self.old.rows(Section::Vulnerabilities).map(|row| (row.u64(0), row_bytes(row, 6))).collect();
        for row in self.new.rows(Section::Vulnerabilities) {
            if !known.contains(name(&self.new, row)) {
                rows.push((row.u64(0), self.moved(row, Section::Vulnerabilities, &VULNERABILITIES)?));
            }
        }
        rows.sort_by_key(|(hash, _)| *hash);
        let rows = rows.into_iter().flat_map(|(_, row)| row).collect();
        self.sections.insert(Section::Vulnerabilities as usize, rows);
        Ok(())
    }

    fn into_sections(mut self) -> [(Section, Vec<u8>); super::layout::SECTIONS.len()] {
        super::layout::SECTIONS
            .map(|section| (section, self.sections.remove(&(section as usize)).unwrap_or_default()))
    }
}

fn owned((ecosystem, name): (&str, &str)) -> PackageName {
    (ecosystem.to_owned(), name.to_owned())
}

fn number(count: usize) -> Result<u32, CompileError> {
    u32::try_from(count).map_err(|_| FULL)
}

/// A row as it stands.
fn row_bytes(row: Row<'_>, fields: usize) -> Vec<u8> {
    (0..fields).flat_map(|field| row.u32(field).to_le_bytes()).collect()
}

/// A field of a row that is at hand.
fn field(row: &[u8], at: usize) -> u32 {
    row.get(at * 4..at * 4 + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Changes a field of a row that is at hand.
fn put(row: &mut [u8], at: usize, value: u32) {
    if let Some(bytes) = row.get_mut(at * 4..at * 4 + 4) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
