//! An amended snapshot answers what one answers that was compiled from everything.

use super::*;
use crate::snapshot::{Compiler, SnapshotVersion};
use crate::{
    Advisory, AdvisoryId, AffectedPackage, End, Enrichment, Extent, Match, Query, Range, Record,
    VulnerabilityId, VulnerabilityRecord, changed_packages, match_package,
};
use inventory::{Ecosystem, PackageKind};
use proptest::prelude::*;

const ECOSYSTEMS: [&str; 3] = ["Debian:12", "PyPI", "npm"];

/// What one advisory says: its number, its vulnerability, the ecosystem, the package and the fixed version.
type Said = (u8, u8, u8, u8, u8);

fn record((id, vulnerability, ecosystem, name, fixed): Said) -> Record {
    let mut advisory = Advisory::new(AdvisoryId::new(format!("X-{id}")).unwrap());
    advisory.aliases.push(format!("CVE-2026-{vulnerability:04}"));
    advisory.summary = format!("A flaw in {name}");
    let range = Range { introduced: None, end: End::Fixed(format!("{}.0", fixed + 1)) };
    let extent = match fixed {
        0 => Extent::Never,
        1 => Extent::Unknown { why: "nobody knows".to_owned() },
        _ => Extent::Versions { ranges: vec![range], versions: vec![format!("{}.5", fixed + 2)] },
    };
    let ecosystem = Ecosystem::new(ECOSYSTEMS[usize::from(ecosystem) % ECOSYSTEMS.len()]);
    advisory.affected.push(AffectedPackage::new(ecosystem, format!("p{name}"), extent));
    Record::Advisory(Box::new(advisory))
}

fn enrichment(vulnerability: u8) -> Enrichment {
    let id = VulnerabilityId::new(format!("CVE-2026-{vulnerability:04}")).unwrap();
    Enrichment { description: Some(format!("Number {vulnerability}.")), ..Enrichment::new(id) }
}

fn compiled(sources: &[(&str, &[Said])], known: &[u8], is_source: bool) -> Snapshot {
    let mut compiler = Compiler::new();
    for (name, said) in sources {
        compiler.begin_source(*name);
        said.iter().for_each(|said| compiler.add(record(*said)).unwrap());
    }
    if is_source {
        compiler.begin_source("enrichments");
        known.iter().for_each(|id| compiler.add(Record::Enrichment(Box::new(enrichment(*id)))).unwrap());
    } else {
        known.iter().for_each(|id| compiler.know(enrichment(*id)));
    }
    Snapshot::from_bytes(compiler.finish(Timestamp::UNIX_EPOCH).unwrap()).unwrap()
}

/// Everything that is said of a package, with what there is to show of it.
fn answers(snapshot: &Snapshot) -> Vec<(Match, VulnerabilityRecord)> {
    let mut all = Vec::new();
    for ecosystem in ECOSYSTEMS.map(Ecosystem::new) {
        for name in 0..6 {
            for version in ["0.5", "3.1", "5.5", "9.9"] {
                let name = format!("p{name}");
                let found =
                    match_package(snapshot, &Query::new(&ecosystem, PackageKind::Deb, &name, version));
                all.extend(found.into_iter().map(|found| {
                    let shown = snapshot.vulnerability(&found);
                    (found, shown)
                }));
            }
        }
    }
    all
}

fn summary(snapshot: &Snapshot) -> (BTreeMap<String, crate::Coverage>, Vec<SnapshotSource>, usize, usize) {
    let coverage = snapshot.ecosystems().map(|(name, coverage)| (name.to_owned(), coverage)).collect();
    let mut sources = snapshot.sources().to_vec();
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    (coverage, sources, snapshot.counts().advisories, snapshot.counts().entries)
}

fn amended_with(base: &Snapshot, fresh: &Snapshot) -> Option<Snapshot> {
    let bytes = amended(base, fresh, Timestamp::UNIX_EPOCH).unwrap()?;
    let snapshot = Snapshot::from_bytes(bytes).unwrap();
    snapshot.verify().unwrap();
    Some(snapshot)
}

fn check(kept: &[Said], before: &[Said], after: &[Said], known: &[u8]) -> Result<(), TestCaseError> {
    let base = compiled(&[("kept", kept), ("own", before)], known, true);
    let unknown: Vec<u8> =
        known.iter().copied().filter(|id| !base.is_enriched(&format!("CVE-2026-{id:04}"))).collect();
    let fresh = compiled(&[("own", after)], &unknown, false);
    let all = compiled(&[("kept", kept), ("own", after)], known, true);
    let Some(amended) = amended_with(&base, &fresh) else {
        // An ecosystem of which nobody speaks any more is not covered any more.
        prop_assert!(base.ecosystems().any(|(name, _)| all.coverage(&Ecosystem::new(name)).is_none()));
        return Ok(());
    };
    prop_assert_eq!(answers(&amended), answers(&all));
    prop_assert_eq!(summary(&amended), summary(&all));
    // What really changed is among what the difference names.
    let named = changed_packages(&base, &amended);
    prop_assert!(changed_packages(&base, &all).is_subset(&named));
    Ok(())
}

proptest! {
    #[test]
    fn an_amendment_says_what_a_compilation_says(
        kept in prop::collection::vec((0..20_u8, 0..12_u8, 0..3_u8, 0..6_u8, 0..8_u8), 0..12),
        before in prop::collection::vec((20..30_u8, 0..12_u8, 0..3_u8, 0..6_u8, 0..8_u8), 0..6),
        after in prop::collection::vec((20..30_u8, 0..16_u8, 0..3_u8, 0..6_u8, 0..8_u8), 0..6),
        known in prop::collection::btree_set(0..16_u8, 0..8),
    ) {
        check(&kept, &before, &after, &known.into_iter().collect::<Vec<_>>())?;
    }
}

#[test]
fn amendments_follow_one_another() {
    let mut latest = compiled(&[("kept", &[(1, 1, 0, 0, 4)])], &[], false);
    for number in 0..5_u8 {
        let fresh = compiled(&[("own", &[(40, number, 0, number, 5), (41, 9, 1, 1, 6)])], &[], false);
        latest = amended_with(&latest, &fresh).unwrap();
        assert_eq!(latest.sources().len(), 2);
        assert_eq!(latest.counts().advisories, 3);
    }
    let all =
        compiled(&[("kept", &[(1, 1, 0, 0, 4)]), ("own", &[(40, 4, 0, 4, 5), (41, 9, 1, 1, 6)])], &[], false);
    assert_eq!(answers(&latest), answers(&all));
    assert_ne!(latest.version(), all.version(), "what nobody refers to stays in the file");
}

#[test]
fn a_source_of_enrichments_is_never_amended() {
    let base = compiled(&[("kept", &[(1, 1, 0, 0, 4)])], &[1], true);
    let again = compiled(&[], &[1], true);
    assert_eq!(amended(&base, &again, Timestamp::UNIX_EPOCH), Ok(None));
}

#[test]
fn waste_ends_amendments() {
    let many: Vec<Said> = (0..250).map(|number| (number, 0, 0, number, 4)).collect();
    let base = compiled(&[("kept", &[(1, 1, 0, 0, 4)]), ("own", &many)], &[], false);
    let mut latest = base;
    let mut amendments = 0;
    while let Some(next) = amended_with(&latest, &compiled(&[("own", &many)], &[], false)) {
        latest = next;
        amendments += 1;
        assert!(amendments < 20, "the file grows for ever");
    }
    assert!(amendments > 0);
}

#[test]
fn an_amendment_keeps_its_date_and_has_a_version_of_its_own() {
    let base = compiled(&[("kept", &[(1, 1, 0, 0, 4)])], &[], false);
    let fresh = compiled(&[("own", &[(2, 1, 1, 0, 4)])], &[], false);
    let at: Timestamp = "2026-11-02T00:00:00Z".parse().unwrap();
    let bytes = amended(&base, &fresh, at).unwrap().unwrap();
    let amended = Snapshot::from_bytes(bytes).unwrap();
    assert_eq!(amended.created_at(), at);
    let versions: BTreeSet<SnapshotVersion> = [&base, &fresh, &amended].map(Snapshot::version).into();
    assert_eq!(versions.len(), 3);
}
