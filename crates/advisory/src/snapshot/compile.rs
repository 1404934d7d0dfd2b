//! Compiling records into a snapshot.
//!
//! Advisories are taken in one by one and turned into rows at once; what is kept of each is its rows, its texts once,
//! and its document. The same records from the same sources in the same order give the same bytes.

use super::entry::{
    ALIAS, CONDITIONAL, FIXED, LAST_AFFECTED, LIMIT, NEVER, OPEN, Particulars, UNKNOWN, UPSTREAM, VERSIONS,
    or_nothing,
};
use super::intern::{Interner, append};
use super::layout::{
    CHECKSUM_AT, FORMAT, HEADER_BYTES, MAGIC, NOTHING, ORDER_AT, Reference, SECTIONS, SECTIONS_AT, Section,
    checksum, hash,
};
use super::record::AdvisoryText;
use super::{SnapshotSource, fingerprint, order};
use crate::{Advisory, AffectedPackage, End, Enrichment, Extent, Range, Record, SourceReport};
use inventory::version::{Scheme, VersionKey, scheme_of};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Why records cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// There is too much of something.
    #[error("the advisories have more {what} than a snapshot can hold; import fewer sources")]
    TooMuch {
        /// Of what.
        what: &'static str,
    },
    /// A record came before its source was named.
    #[error("a record was added before its source was named")]
    NoSource,
}

/// Compiles records into a snapshot.
///
/// # Examples
///
/// ```
/// use advisory::{Compiler, Snapshot};
/// let mut compiler = Compiler::new();
/// compiler.begin_source("an empty source");
/// let bytes = compiler.finish(jiff::Timestamp::UNIX_EPOCH).unwrap();
/// assert_eq!(Snapshot::from_bytes(bytes).unwrap().sources().len(), 1);
/// ```
#[derive(Default)]
pub struct Compiler {
    texts: Interner,
    keys: Interner,
    documents: Vec<u8>,
    ranges: Rows,
    versions: Rows,
    advisories: Rows,
    identifiers: Rows,
    packages: BTreeMap<(String, String), Vec<NewEntry>>,
    advisories_of: BTreeMap<String, BTreeSet<String>>,
    enrichments: BTreeMap<String, Enrichment>,
    mentioned: BTreeMap<u32, Vec<String>>,
    sources: Vec<SnapshotSource>,
}

/// Rows of a section while they are collected.
#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    count: u32,
}

/// An entry before it has its place.
struct NewEntry {
    id: String,
    advisory: u32,
    ranges: (u32, u32),
    versions: (u32, u32),
    particulars: Reference,
    kind: u32,
    fingerprint: [u8; 16],
}

impl Compiler {
    /// A compiler without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the source of the records that follow.
    pub fn begin_source(&mut self, name: impl Into<String>) {
        self.sources.push(SnapshotSource {
            name: name.into(),
            feeds: Vec::new(),
            newest: None,
            advisories: 0,
            withdrawn: 0,
            enrichments: 0,
            skipped: 0,
            read_at: None,
            ecosystems: BTreeMap::new(),
        });
    }

    /// Says when the current source was read, or last said that it is what it was then.
    pub fn source_read_at(&mut self, at: Timestamp) {
        if let Some(source) = self.sources.last_mut() {
            source.read_at = Some(at);
        }
    }

    /// Adds what reading the current source came to: its feeds, and what was skipped.
    pub fn end_source(&mut self, report: &SourceReport) {
        if let Some(source) = self.sources.last_mut() {
            source.feeds = report.documents.iter().map(|(feed, count)| (feed.clone(), *count)).collect();
            source.skipped = report.skipped;
        }
    }

    /// Adds a record of the current source. A withdrawn advisory is counted and left out.
    ///
    /// # Errors
    ///
    /// If no source was named, or there are more texts, keys or rows than four bytes can count.
    pub fn add(&mut self, record: Record) -> Result<(), CompileError> {
        let source = self.sources.last_mut().ok_or(CompileError::NoSource)?;
        match record {
            Record::Enrichment(enrichment) => {
                source.enrichments += 1;
                source.newest = source.newest.max(enrichment.modified);
                self.know(*enrichment);
                Ok(())
            }
            Record::Advisory(advisory) if advisory.withdrawn.is_some() => {
                source.withdrawn += 1;
                Ok(())
            }
            Record::Advisory(advisory) => {
                source.advisories += 1;
                source.newest = source.newest.max(advisory.modified);
                self.add_advisory(*advisory)
            }
        }
    }

    /// Says what another source knows of a vulnerability, for a snapshot that is to amend one which has that source. It
    /// is not counted with the current source.
    pub fn know(&mut self, enrichment: Enrichment) {
        match self.enrichments.entry(enrichment.vulnerability.as_str().to_owned()) {
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().merge(enrichment),
            std::collections::btree_map::Entry::Vacant(new) => {
                new.insert(enrichment);
            }
        }
    }

    fn add_advisory(&mut self, advisory: Advisory) -> Result<(), CompileError> {
        let first_identifier = self.identifiers.count;
        for (class, names) in [(ALIAS, &advisory.aliases), (UPSTREAM, &advisory.upstream)] {
            for name in names {
                let text = self.text(name)?;
                self.identifiers.push(&[text.offset, text.length, class])?;
            }
        }
        let mentioned: Vec<_> = [advisory.id.as_str().to_owned()]
            .into_iter()
            .chain(advisory.aliases.iter().chain(&advisory.upstream).cloned())
            .collect();
        let id = advisory.id.as_str().to_owned();
        let affected = advisory.affected.clone();
        let text = AdvisoryText::of(advisory);
        let said =
            fingerprint(&[id.as_bytes(), mentioned.join("\n").as_bytes(), &json(&text.without_dates())]);
        let document = append(&mut self.documents, &json(&text)).ok_or(FULL_DOCUMENTS)?;
        let name = self.text(&id)?;
        let source = u32::try_from(self.sources.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let row = self.advisories.push(&[
            name.offset,
            name.length,
            source,
            first_identifier,
            self.identifiers.count - first_identifier,
            document.offset,
            document.length,
            0,
        ])?;
        self.mentioned.insert(row, mentioned);
        affected.into_iter().try_for_each(|affected| self.add_entry(&id, row, &said, affected))
    }

    fn add_entry(
        &mut self,
        id: &str,
        advisory: u32,
        said: &[u8],
        affected: AffectedPackage,
    ) -> Result<(), CompileError> {
        let scheme = scheme_of(&affected.ecosystem);
        if let Some(source) = self.sources.last_mut() {
            let statements = source.ecosystems.entry(affected.ecosystem.as_str().to_owned()).or_default();
            *statements = statements.saturating_add(1);
        }
        let fingerprint = fingerprint(&[said, &json(&affected)]);
        let (first_range, first_version) = (self.ranges.count, self.versions.count);
        let (kind, unknown) = match affected.extent {
            Extent::Never => (NEVER, None),
            Extent::Unknown { why } => (UNKNOWN, Some(why)),
            Extent::Versions { ranges, versions } => {
                self.add_versions(scheme, &ranges, &versions)?;
                (VERSIONS, None)
            }
        };
        let (ratings, urgency, fix_state) = (affected.ratings, affected.urgency, affected.fix_state);
        let (module, architectures) = (affected.module, affected.architectures);
        let condition = if module.is_some() || !architectures.is_empty() { CONDITIONAL } else { 0 };
        let particulars = Particulars { ratings, urgency, fix_state, unknown, module, architectures };
        let particulars = if particulars == Particulars::default() {
            NOTHING
        } else {
            append(&mut self.documents, &json(&particulars)).ok_or(FULL_DOCUMENTS)?
        };
        let entry = NewEntry {
            id: id.to_owned(),
            advisory,
            ranges: (first_range, self.ranges.count - first_range),
            versions: (first_version, self.versions.count - first_version),
            particulars,
            kind: kind | condition,
            fingerprint,
        };
        let ecosystem = affected.ecosystem.as_str();
        self.advisories_of.entry(ecosystem.to_owned()).or_default().insert(id.to_owned());
        self.packages.entry((ecosystem.to_owned(), affected.name)).or_default().push(entry);
        Ok(())
    }

    /// Adds ranges, and the single versions that none of them holds.
    fn add_versions(
        &mut self,
        scheme: Option<&Scheme>,
        ranges: &[Range],
        versions: &[String],
    ) -> Result<(), CompileError> {
        let keyed: Vec<_> = ranges.iter().map(|range| KeyedRange::of(scheme, range)).collect();
        for (range, keyed) in ranges.iter().zip(&keyed) {
            let (end, upper) = match &range.end {
                End::Open => (OPEN, None),
                End::Fixed(version) => (FIXED, Some(version)),
                End::LastAffected(version) => (LAST_AFFECTED, Some(version)),
                End::Limit(version) => (LIMIT, Some(version)),
            };
            let [lower, lower_key] = self.bound(range.introduced.as_ref(), keyed.lower.as_ref())?;
            let [upper, upper_key] = self.bound(upper, keyed.upper.as_ref())?;
            self.ranges.push(&[
                lower.offset,
                lower.length,
                lower_key.offset,
                lower_key.length,
                upper.offset,
                upper.length,
                upper_key.offset,
                upper_key.length,
                end,
                0,
            ])?;
        }
        for version in versions {
            let key = scheme.and_then(|scheme| (scheme.key)(version).ok());
            if key.as_ref().is_some_and(|key| keyed.iter().any(|range| range.holds(key))) {
                continue;
            }
            let [text, key] = self.bound(Some(version), key.as_ref())?;
            self.versions.push(&[text.offset, text.length, key.offset, key.length])?;
        }
        Ok(())
    }

    fn bound(
        &mut self,
        text: Option<&String>,
        key: Option<&VersionKey>,
    ) -> Result<[Reference; 2], CompileError> {
        let text = text.map(|text| self.text(text)).transpose()?;
        let key = key.map(|key| self.keys.reference(key.as_bytes()).ok_or(FULL_KEYS)).transpose()?;
        Ok([or_nothing(text), or_nothing(key)])
    }

    fn text(&mut self, text: &str) -> Result<Reference, CompileError> {
        self.texts.reference(text.as_bytes()).ok_or(CompileError::TooMuch { what: "texts" })
    }

    /// The snapshot's bytes.
    ///
    /// # Errors
    ///
    /// If there are more texts, keys or rows than four bytes can count.
    pub fn finish(mut self, created_at: Timestamp) -> Result<Vec<u8>, CompileError> {
        let packages = std::mem::take(&mut self.packages);
        let vulnerabilities = self.vulnerabilities()?;
        let (ecosystems, numbers) = self.ecosystems(&packages)?;
        let mut package_rows = Vec::with_capacity(packages.len());
        let mut entries = Rows::default();
        for ((ecosystem, name), mut of_package) in packages {
            of_package.sort_by(|left, right| (&left.id, left.advisory).cmp(&(&right.id, right.advisory)));
            let first = entries.count;
            for entry in &of_package {
                entries.push(&entry.row())?;
            }
            let text = self.text(&name)?;
            let hash = hash(&[&ecosystem, &name]);
            let number = numbers.get(&ecosystem).copied().unwrap_or_default();
            let mut row = hash.to_le_bytes().to_vec();
            for field in [number, text.offset, text.length, first, entries.count - first, 0] {
                row.extend(field.to_le_bytes());
            }
            row.extend(self.package_fingerprint(&of_package));
            package_rows.push((hash, row));
        }
        package_rows.sort();
        let packages = package_rows.into_iter().flat_map(|(_, row)| row).collect();
        let sources = json(&self.sources);
        let sections = [
            (Section::Packages, packages),
            (Section::Entries, entries.bytes),
            (Section::Ranges, self.ranges.bytes),
            (Section::Versions, self.versions.bytes),
            (Section::Advisories, self.advisories.bytes),
            (Section::Identifiers, self.identifiers.bytes),
            (Section::Vulnerabilities, vulnerabilities),
            (Section::Ecosystems, ecosystems),
            (Section::Sources, sources),
            (Section::Texts, self.texts.into_bytes()),
            (Section::Keys, self.keys.into_bytes()),
            (Section::Documents, self.documents),
        ];
        Ok(file(sections, created_at))
    }

    /// The rows of the vulnerabilities that some advisory mentions; of the others nothing would ever be shown.
    fn vulnerabilities(&mut self) -> Result<Vec<u8>, CompileError> {
        let mentioned: BTreeSet<&String> = self.mentioned.values().flatten().collect();
        self.enrichments.retain(|id, _| mentioned.contains(id));
        let mut rows = Vec::with_capacity(self.enrichments.len());
        for (id, enrichment) in &self.enrichments {
            let document = append(&mut self.documents, &json(enrichment)).ok_or(FULL_DOCUMENTS)?;
            let text = self.texts.reference(id.as_bytes()).ok_or(CompileError::TooMuch { what: "texts" })?;
            let hash = hash(&[id]);
            let mut row = hash.to_le_bytes().to_vec();
            for field in [text.offset, text.length, document.offset, document.length] {
                row.extend(field.to_le_bytes());
            }
            rows.push((hash, row));
        }
        rows.sort();
        Ok(rows.into_iter().flat_map(|(_, row)| row).collect())
    }

    /// The rows of the ecosystems, and the number of each.
    fn ecosystems(
        &mut self,
        packages: &BTreeMap<(String, String), Vec<NewEntry>>,
    ) -> Result<(Vec<u8>, HashMap<String, u32>), CompileError> {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for (ecosystem, _) in packages.keys() {
            *counts.entry(ecosystem).or_default() += 1;
        }
        let mut rows = Rows::default();
        let mut numbers = HashMap::new();
        for (ecosystem, packages) in counts {
            let text = self.text(ecosystem)?;
            let advisories = self.advisories_of.get(ecosystem).map_or(0, BTreeSet::len);
            let advisories = u32::try_from(advisories).unwrap_or(u32::MAX);
            numbers
                .insert(ecosystem.to_owned(), rows.push(&[text.offset, text.length, advisories, packages])?);
        }
        Ok((rows.bytes, numbers))
    }

    /// The fingerprint of everything that a match of the package may rest on.
    fn package_fingerprint(&self, entries: &[NewEntry]) -> [u8; 16] {
        let mut parts: Vec<Vec<u8>> = entries.iter().map(|entry| entry.fingerprint.to_vec()).collect();
        parts.sort();
        let mentioned: BTreeSet<&String> =
            entries.iter().filter_map(|entry| self.mentioned.get(&entry.advisory)).flatten().collect();
        for known in mentioned.into_iter().filter_map(|id| self.enrichments.get(id)) {
            parts.push(json(&(
                &known.vulnerability,
                &known.ratings,
                &known.known_exploit,
                &known.description,
            )));
        }
        fingerprint(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

const FULL_DOCUMENTS: CompileError = CompileError::TooMuch { what: "bytes of details" };
const FULL_KEYS: CompileError = CompileError::TooMuch { what: "versions" };

impl Rows {
    /// Adds a row and gives its number.
    fn push(&mut self, fields: &[u32]) -> Result<u32, CompileError> {
        let number = self.count;
        self.count = number.checked_add(1).ok_or(CompileError::TooMuch { what: "rows" })?;
        self.bytes.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
        Ok(number)
    }
}

impl NewEntry {
    fn row(&self) -> [u32; 8] {
        let (ranges, versions) = (self.ranges, self.versions);
        let Reference { offset, length } = self.particulars;
        [self.advisory, ranges.0, ranges.1, versions.0, versions.1, offset, length, self.kind]
    }
}

/// A range whose versions have been read; only for leaving out versions that it holds.
struct KeyedRange {
    lower: Option<VersionKey>,
    upper: Option<VersionKey>,
    includes_upper: bool,
    /// Whether all of its versions could be read.
    whole: bool,
}

impl KeyedRange {
    fn of(scheme: Option<&Scheme>, range: &Range) -> Self {
        let key = |version: &String| scheme.and_then(|scheme| (scheme.key)(version).ok());
        let lower = range.introduced.as_ref().map(key);
        let (upper, includes_upper) = match &range.end {
            End::Open => (None, false),
            End::Fixed(version) | End::Limit(version) => (Some(key(version)), false),
            End::LastAffected(version) => (Some(key(version)), true),
        };
        let whole = lower.as_ref().is_none_or(Option::is_some) && upper.as_ref().is_none_or(Option::is_some);
        Self { lower: lower.flatten(), upper: upper.flatten(), includes_upper, whole }
    }

    fn holds(&self, key: &VersionKey) -> bool {
        let above = self.lower.as_ref().is_none_or(|lower| key >= lower);
        let below =
            self.upper.as_ref().is_none_or(|upper| key < upper || (self.includes_upper && key == upper));
        self.whole && above && below
    }
}

/// Puts the sections behind a header.
pub(super) fn file(mut sections: [(Section, Vec<u8>); SECTIONS.len()], created_at: Timestamp) -> Vec<u8> {
    sections.sort_by_key(|(section, _)| *section as usize);
    let length = sections.iter().fold(HEADER_BYTES, |end, (_, bytes)| end.next_multiple_of(8) + bytes.len());
    let mut header = vec![0; HEADER_BYTES];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, MAGIC);
    put(8, &FORMAT.to_le_bytes());
    put(12, &u32::try_from(SECTIONS.len()).unwrap_or_default().to_le_bytes());
    put(16, &(length as u64).to_le_bytes());
    put(24, &created_at.as_second().to_le_bytes());
    put(ORDER_AT, &order::probe());
    let mut end = HEADER_BYTES;
    for (index, (_, bytes)) in sections.iter().enumerate() {
        let start = end.next_multiple_of(8);
        put(SECTIONS_AT + index * 16, &(start as u64).to_le_bytes());
        put(SECTIONS_AT + index * 16 + 8, &(bytes.len() as u64).to_le_bytes());
        end = start + bytes.len();
    }
    let mut file = header;
    file.reserve_exact(length - HEADER_BYTES);
    for (_, bytes) in sections {
        file.resize(file.len().next_multiple_of(8), 0);
        file.extend(bytes);
    }
    let sum = checksum(&file).unwrap_or_default();
    file[CHECKSUM_AT..CHECKSUM_AT + sum.len()].copy_from_slice(&sum);
    file
}

/// The JSON of one of our own values.
fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("values of our own with text keys always have a JSON form")
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler").field("sources", &self.sources).finish_non_exhaustive()
    }
}
