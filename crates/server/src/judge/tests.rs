//! What is to be done about the findings of a package, taken together: one upgrade, and nothing that contradicts itself.

use super::*;
use advisory::{Advisory, AdvisoryId, AffectedPackage, Compiler, End, Extent, Range, Rating, Record};
use assessment::rules::FixStatus;
use proptest::prelude::*;

/// What one advisory says: the first version without the flaw, if there is one, and what the vendor says of a fix.
type Said = (Option<u8>, Option<FixState>);

fn snapshot(ecosystem: &str, said: &[Said]) -> Snapshot {
    let mut compiler = Compiler::new();
    compiler.begin_source("a source");
    for (number, (fixed, state)) in said.iter().enumerate() {
        let mut advisory = Advisory::new(AdvisoryId::new(format!("CVE-2026-{number:04}")).unwrap());
        let end = fixed.map_or(End::Open, |fixed| End::Fixed(format!("{fixed}.0")));
        let extent = Extent::Versions { ranges: vec![Range { introduced: None, end }], versions: Vec::new() };
        let mut affected = AffectedPackage::new(Ecosystem::new(ecosystem), "a", extent);
        affected.fix_state = *state;
        advisory.affected.push(affected);
        advisory.ratings.push(Rating::Word { severity: Severity::High, source: "a source".into() });
        compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
    }
    Snapshot::from_bytes(compiler.finish(Timestamp::UNIX_EPOCH).unwrap()).unwrap()
}

fn package(ecosystem: &str, kind: PackageKind) -> PackageVersion {
    PackageVersion {
        ecosystem: Some(Ecosystem::new(ecosystem)),
        kind,
        name: "a".into(),
        version: "5.0".into(),
        source: None,
        module: None,
        owner: None,
        architecture: None,
    }
}

/// The rows of the findings, with their evidence as it is kept.
fn kept(ecosystem: &str, kind: PackageKind, said: &[Said]) -> Vec<(FindingRow, FindingEvidence)> {
    let (rows, _) = findings_of(&snapshot(ecosystem, said), &package(ecosystem, kind));
    rows.into_iter()
        .map(|row| {
            let evidence = serde_json::from_value(row.evidence.clone()).unwrap();
            (row, evidence)
        })
        .collect()
}

const STATES: [Option<FixState>; 5] = [
    None,
    Some(FixState::WillNotFix),
    Some(FixState::Postponed),
    Some(FixState::EndOfLife),
    Some(FixState::Subscription),
];

proptest! {
    /// Whoever upgrades as one finding says has repaired all that can be repaired; and no finding says that there is
    /// a fix where there is none, or none where there is one.
    #[test]
    fn one_upgrade_repairs_all_and_contradicts_no_fix_state(
        (ecosystem, kind) in prop::sample::select(vec![
            ("Debian:12", PackageKind::Deb),
            ("Alpine:v3.18", PackageKind::Apk),
            ("Ubuntu:Pro:22.04:LTS", PackageKind::Deb),
            ("PyPI", PackageKind::PyPi),
            ("npm", PackageKind::Npm),
        ]),
        said in prop::collection::vec(
            (prop::option::of(6..30_u8), prop::sample::select(STATES.to_vec())), 1..8,
        ),
    ) {
        let kept = kept(ecosystem, kind, &said);
        let ordinary = |row: &FindingRow, evidence: &FindingEvidence| {
            row.fixed.is_some() && evidence.fix_state != Some(FixState::Subscription)
        };
        let number = |fixed: &str| fixed.trim_end_matches(".0").parse::<u8>().unwrap();
        let highest = kept
            .iter()
            .filter(|(row, evidence)| ordinary(row, evidence))
            .filter_map(|(row, _)| row.fixed.as_deref().map(number))
            .max();
        let mut sentences = BTreeSet::new();
        for (row, evidence) in &kept {
            prop_assert_eq!(row.verdict, FindingVerdict::Affected);
            let is_there = row.fixed.is_some() || evidence.fix_state == Some(FixState::Subscription);
            prop_assert_eq!(evidence.patchable, is_there, "{:?}", row);
            let says_none = evidence.remediation.contains("No fix");
            prop_assert_eq!(says_none, !is_there, "{}", evidence.remediation);
            let has_fix = evidence.fix_status() == FixStatus::FixAvailable;
            prop_assert_eq!(has_fix, is_there, "{:?}", row);
            if ordinary(row, evidence) {
                sentences.insert(evidence.remediation.clone());
            }
        }
        prop_assert!(sentences.len() <= 1, "one upgrade for all: {:?}", sentences);
        if let (Some(highest), Some(sentence)) = (highest, sentences.first()) {
            // The commands of Debian name no version: the newest is installed.
            let names = sentence.contains(&format!("{highest}.0"));
            prop_assert!(names || kind == PackageKind::Deb, "{} for {}", sentence, highest);
        }
    }
}

#[test]
fn what_needs_a_subscription_raises_no_upgrade_of_others() {
    let said = [(Some(6), None), (Some(9), None), (Some(20), Some(FixState::Subscription)), (None, None)];
    let kept = kept("PyPI", PackageKind::PyPi, &said);
    let told: Vec<&str> = kept.iter().map(|(_, evidence)| &*evidence.remediation).collect();
    assert_eq!(told[0], "pip install 'a>=9.0'");
    assert_eq!(told[1], told[0]);
    assert!(told[2].starts_with("Upgrade a to 20.0 or later. It needs a subscription"), "{}", told[2]);
    assert!(told[3].starts_with("No fix exists yet for a in PyPI."), "{}", told[3]);
}
