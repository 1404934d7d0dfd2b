//! As of when a snapshot speaks: not since it was compiled, but since its sources were read.
//!
//! A source that cannot be reached keeps what it said, and others that are read go on giving new snapshots. What such a
//! snapshot says about the ecosystem of the silent source is as old as the last word of that source.

use super::Snapshot;
use inventory::Ecosystem;
use jiff::Timestamp;

/// A source with less than this part of the statements of the largest about an ecosystem does not make the ecosystem old:
/// somebody's own advisories are imported once, and stay right.
const PART: u32 = 10;

impl Snapshot {
    /// Since when nobody has looked whether there are newer advisories for an ecosystem: the time of the source that was
    /// read the longest ago, of those that say much about it. Of an image of several products the release counts, as for
    /// [`Snapshot::coverage`].
    ///
    /// Where no source tells, it is when the snapshot was compiled, and it is never later than that.
    pub fn as_of(&self, ecosystem: &Ecosystem) -> Timestamp {
        let release = ecosystem.products().pop();
        let statements = |source: &super::SnapshotSource| {
            let release = release.as_ref()?;
            source.ecosystems.get(release.as_str()).copied().filter(|statements| *statements > 0)
        };
        let most = self.sources().iter().filter_map(statements).max().unwrap_or(0);
        self.sources()
            .iter()
            .filter(|source| statements(source).is_some_and(|statements| statements >= most / PART))
            .filter_map(|source| source.read_at)
            .chain([self.created_at()])
            .min()
            .unwrap_or(self.created_at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Advisory, AdvisoryId, AffectedPackage, Compiler, Extent, Record, amended};

    const JANUARY: &str = "2026-01-01T00:00:00Z";
    const MAY: &str = "2026-05-01T00:00:00Z";
    const JUNE: &str = "2026-06-01T00:00:00Z";

    /// Sources by name, with the ecosystem of their advisories, how many these are, and when they were read.
    fn snapshot(sources: &[(&str, &str, u32, Option<&str>)], created_at: &str) -> Snapshot {
        let mut compiler = Compiler::new();
        for (name, ecosystem, advisories, read_at) in sources {
            compiler.begin_source(*name);
            for number in 0..*advisories {
                let mut advisory = Advisory::new(AdvisoryId::new(format!("{name}-{number}")).unwrap());
                let package = format!("p{number}");
                advisory.affected.push(AffectedPackage::new(
                    Ecosystem::new(*ecosystem),
                    package,
                    Extent::Never,
                ));
                compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
            }
            if let Some(read_at) = read_at {
                compiler.source_read_at(read_at.parse().unwrap());
            }
        }
        Snapshot::from_bytes(compiler.finish(created_at.parse().unwrap()).unwrap()).unwrap()
    }

    fn as_of(snapshot: &Snapshot, ecosystem: &str) -> String {
        snapshot.as_of(&Ecosystem::new(ecosystem)).to_string()
    }

    #[test]
    fn each_ecosystem_is_as_old_as_its_source() {
        let snapshot = snapshot(&[("osv", "PyPI", 20, Some(JANUARY)), ("secdb", "npm", 20, Some(MAY))], JUNE);
        assert_eq!(as_of(&snapshot, "PyPI"), JANUARY);
        assert_eq!(as_of(&snapshot, "npm"), MAY);
        assert_eq!(as_of(&snapshot, "Maven"), JUNE, "nobody speaks of it, which its coverage says");
    }

    #[test]
    fn what_somebody_adds_neither_ages_nor_refreshes_an_ecosystem() {
        let old = snapshot(&[("osv", "PyPI", 20, Some(MAY)), ("own", "PyPI", 1, Some(JANUARY))], JUNE);
        assert_eq!(as_of(&old, "PyPI"), MAY);
        let new = snapshot(&[("osv", "PyPI", 20, Some(JANUARY)), ("own", "PyPI", 1, Some(MAY))], JUNE);
        assert_eq!(as_of(&new, "PyPI"), JANUARY);
        // Of two that say much, both have to be current.
        let both = snapshot(&[("osv", "PyPI", 20, Some(MAY)), ("ghsa", "PyPI", 10, Some(JANUARY))], JUNE);
        assert_eq!(as_of(&both, "PyPI"), JANUARY);
    }

    #[test]
    fn where_no_source_tells_it_is_the_day_of_compilation() {
        let snapshot = snapshot(&[("osv", "PyPI", 20, None)], MAY);
        assert_eq!(as_of(&snapshot, "PyPI"), MAY);
    }

    #[test]
    fn an_amended_snapshot_is_as_old_as_its_base() {
        let base = snapshot(&[("osv", "PyPI", 40, Some(JANUARY))], JANUARY);
        let fresh = snapshot(&[("own", "PyPI", 1, Some(JUNE))], JUNE);
        let both = amended(&base, &fresh, JUNE.parse().unwrap()).unwrap().unwrap();
        let both = Snapshot::from_bytes(both).unwrap();
        assert_eq!(both.created_at().to_string(), JUNE);
        assert_eq!(as_of(&both, "PyPI"), JANUARY);
    }
}
