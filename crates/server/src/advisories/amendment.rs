//! What a few records change in the snapshot in force, without compiling everything again.
//!
//! An advisory that somebody imports stands in the verdicts within a second only if nothing takes seconds on its way.
//! Reading the records of all sources does. So what was read a moment ago is compiled alone and laid over the snapshot in
//! force ([`advisory::amended`]). Where that is not the same as compiling everything, everything is compiled.

use super::compilation::{add_source, damaged, opened};
use super::file_error;
use super::import::ImportError;
use super::records::Records;
use super::{ShelfError, path_of, pointed};
use advisory::wire::{WireLimits, read_records_if};
use advisory::{Compiler, Enrichment, Record, Snapshot, amended};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A source that has said since, for longer than this, that it is what it was is to have that in the next snapshot.
const CONFIRMED_SINCE: SignedDuration = SignedDuration::from_hours(24);
/// With more bytes of fresh records than this, compiling everything is hardly more work.
const FRESH_BYTES: u64 = 32 << 20;
/// What other sources know of vulnerabilities that are mentioned for the first time is looked for in so many bytes.
const ENRICHMENT_BYTES: u64 = 256 << 20;

/// The snapshot in force with what is fresh, and how many advisories it has; none if everything must be compiled.
pub(super) fn amend(records: &Records, now: Timestamp) -> Result<Option<(Vec<u8>, u64)>, ImportError> {
    let Some(base) = base(records)? else { return Ok(None) };
    let fresh = records.fresh_ones()?;
    let bytes = total_bytes(&fresh)?;
    if fresh.is_empty() || bytes > FRESH_BYTES {
        return Ok(None);
    }
    let mut compiler = Compiler::new();
    let mut mentioned = BTreeSet::new();
    let (mut enrichments, mut is_whole) = (0, true);
    for path in &fresh {
        let report = add_source(records, &mut compiler, path, &mut |record| match record {
            Record::Advisory(advisory) if advisory.withdrawn.is_none() => {
                mentioned.insert(advisory.id.as_str().to_owned());
                mentioned.extend(advisory.aliases.iter().chain(&advisory.upstream).cloned());
            }
            Record::Advisory(_) | Record::Enrichment(_) => {}
        })?;
        enrichments += report.enrichments;
        is_whole &= report.advisories + report.withdrawn > 0;
    }
    // A source that has nothing to say any more is looked at the long way.
    if enrichments > 0 || !is_whole {
        return Ok(None);
    }
    mentioned.retain(|id| !base.is_enriched(id));
    let Some(known) = enrichments_of(records, &base, &mentioned)? else { return Ok(None) };
    known.into_iter().for_each(|enrichment| compiler.know(enrichment));
    let fresh = Snapshot::from_bytes(compiler.finish(now)?).map_err(ShelfError::from)?;
    let Some(bytes) = amended(&base, &fresh, now)? else { return Ok(None) };
    let advisories = base
        .sources()
        .iter()
        .filter(|source| !fresh.sources().iter().any(|other| other.name == source.name))
        .chain(fresh.sources())
        .map(|source| source.advisories)
        .sum();
    Ok(Some((bytes, advisories)))
}

/// The snapshot in force, if it has everything that is kept.
fn base(records: &Records) -> Result<Option<Snapshot>, ImportError> {
    // One that cannot be opened is no base; compiling everything mends it.
    let name = pointed(records.shelf())?;
    let base = name.and_then(|name| Snapshot::open(&path_of(records.shelf(), &name)).ok());
    let Some(base) = base else { return Ok(None) };
    if records.is_ahead() {
        return Ok(None);
    }
    for path in records.kept_ones()? {
        let (head, _) = opened(&path)?;
        let Some(source) = base.sources().iter().find(|source| source.name == head.name) else {
            return Ok(None);
        };
        // The base would be taken for older than it is.
        let confirmed = records.confirmed(&head.name);
        let is_behind = |confirmed: Timestamp| {
            source.read_at.is_none_or(|read_at| confirmed.duration_since(read_at) > CONFIRMED_SINCE)
        };
        if confirmed.is_some_and(is_behind) {
            return Ok(None);
        }
    }
    Ok(Some(base))
}

fn total_bytes(paths: &[PathBuf]) -> Result<u64, ImportError> {
    let mut sum = 0_u64;
    for path in paths {
        sum = sum.saturating_add(path.metadata().map_err(file_error("read", path))?.len());
    }
    Ok(sum)
}

/// What the sources know of vulnerabilities; none if there is too much to be looked through.
fn enrichments_of(
    records: &Records,
    base: &Snapshot,
    wanted: &BTreeSet<String>,
) -> Result<Option<Vec<Enrichment>>, ImportError> {
    if wanted.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let having = base.sources().iter().filter(|source| source.enrichments > 0);
    // Of what came as a whole snapshot there are no records, and what it left out cannot be had.
    let mut paths: Vec<PathBuf> = having
        .map(|source| Records::path(records.shelf(), &source.name))
        .filter(|path| path.exists())
        .collect();
    // In the order in which everything is compiled.
    paths.sort();
    if total_bytes(&paths)? > ENRICHMENT_BYTES {
        return Ok(None);
    }
    let mut found = Vec::new();
    for path in &paths {
        look_through(path, wanted, &mut found)?;
    }
    Ok(Some(found))
}

fn look_through(
    path: &Path,
    wanted: &BTreeSet<String>,
    found: &mut Vec<Enrichment>,
) -> Result<(), ImportError> {
    let (_, mut file) = opened(path)?;
    let is_wanted = |content: &[u8]| named(content).is_none_or(|name| wanted.contains(name));
    read_records_if(&mut file, &WireLimits::default(), &is_wanted, &mut |record| {
        if let Record::Enrichment(enrichment) = record
            && wanted.contains(enrichment.vulnerability.as_str())
        {
            found.push(*enrichment);
        }
    })
    .map_err(|source| damaged(path, source))?;
    Ok(())
}

/// The vulnerability that a record is about, where its first words say so in the way in which we write them.
fn named(content: &[u8]) -> Option<&str> {
    const BEFORE: &[u8] = br#"{"enrichment":{"vulnerability":""#;
    let rest = content.strip_prefix(BEFORE)?;
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .filter(|end| rest.get(*end) == Some(&b'"'))?;
    std::str::from_utf8(rest.get(..end)?).ok()
}
