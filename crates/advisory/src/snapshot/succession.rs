//! Whether a snapshot may follow another: not older, not empty, not suddenly much poorer.
//!
//! A mirror that was rolled back, a source that was cut off, a feed that was emptied on purpose: each gives a snapshot
//! that is whole by its checksum and would call images safe that are not. What is found here holds a snapshot back until
//! a person has looked; how many images would flip is for the caller to add, who knows them.

use super::Snapshot;
use crate::Coverage;
use inventory::Ecosystem;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::fmt;

/// What a successor may lose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SuccessionLimits {
    /// The share of an ecosystem's advisories that may vanish, from 0 to 1.
    pub lost_share: f64,
    /// Ecosystems with fewer advisories than this may lose any number.
    pub least: u32,
}

impl Default for SuccessionLimits {
    /// Feeds withdraw a few advisories in a thousand; one in ten has never been seen.
    fn default() -> Self {
        Self { lost_share: 0.1, least: 20 }
    }
}

/// Why a snapshot should not follow another without a person's look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "doubt", rename_all = "snake_case")]
pub enum Doubt {
    /// It was compiled before the one in force.
    Older {
        /// When the one in force was compiled.
        in_force: Timestamp,
        /// When it was compiled.
        successor: Timestamp,
    },
    /// A source ends earlier than before: it was rolled back.
    RolledBack {
        /// The source.
        source: String,
        /// Its latest date of change in the one in force.
        in_force: Timestamp,
        /// Its latest date of change in the successor.
        successor: Timestamp,
    },
    /// A source is there no more.
    SourceLost {
        /// The source.
        source: String,
    },
    /// An ecosystem lost more of its advisories than may be.
    AdvisoriesLost {
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// How many advisories the one in force has.
        in_force: u32,
        /// How many the successor has.
        successor: u32,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Older { in_force, successor } => {
                write!(f, "it was compiled at {successor}, before the one in force, of {in_force}")
            }
            Self::RolledBack { source, in_force, successor } => {
                write!(f, "{source} ends at {successor}, and in the one in force at {in_force}")
            }
            Self::SourceLost { source } => write!(f, "{source} is not in it any more"),
            Self::AdvisoriesLost { ecosystem, in_force, successor } => {
                write!(f, "{ecosystem} has {successor} advisories, and in the one in force {in_force}")
            }
        }
    }
}

/// What speaks against a snapshot following the one in force; nothing, for an ordinary update.
pub fn doubts(in_force: &Snapshot, successor: &Snapshot, limits: &SuccessionLimits) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let (before, after) = (in_force.created_at(), successor.created_at());
    if after < before {
        doubts.push(Doubt::Older { in_force: before, successor: after });
    }
    for source in in_force.sources() {
        let name = || source.name.clone();
        let same = successor.sources().iter().find(|other| other.name == source.name);
        match (same, source.newest, same.and_then(|same| same.newest)) {
            (None, _, _) => doubts.push(Doubt::SourceLost { source: name() }),
            (Some(_), Some(before), Some(after)) if after < before => {
                doubts.push(Doubt::RolledBack { source: name(), in_force: before, successor: after });
            }
            (Some(_), _, _) => {}
        }
    }
    for (name, Coverage { advisories, .. }) in in_force.ecosystems() {
        let ecosystem = Ecosystem::new(name);
        let left = successor.coverage(&ecosystem).map_or(0, |coverage| coverage.advisories);
        let least_left = f64::from(advisories) * (1.0 - limits.lost_share);
        if advisories >= limits.least && f64::from(left) < least_left {
            doubts.push(Doubt::AdvisoriesLost { ecosystem, in_force: advisories, successor: left });
        }
    }
    doubts
}

impl Snapshot {
    /// How long before an instant each source last changed; none for sources that give no dates.
    pub fn source_ages(&self, now: Timestamp) -> impl Iterator<Item = (&str, Option<SignedDuration>)> {
        self.sources()
            .iter()
            .map(move |source| (&*source.name, source.newest.map(|newest| now.duration_since(newest))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Advisory, AdvisoryId, AffectedPackage, Compiler, Extent, Record};

    fn snapshot(source: &str, advisories: u32, newest: &str, created_at: &str) -> Snapshot {
        let mut compiler = Compiler::new();
        compiler.begin_source(source);
        for number in 0..advisories {
            let mut advisory = Advisory::new(AdvisoryId::new(format!("X-{number}")).unwrap());
            advisory.modified = Some(newest.parse().unwrap());
            let said = AffectedPackage::new(Ecosystem::new("PyPI"), format!("a{number}"), Extent::Never);
            advisory.affected.push(said);
            compiler.add(Record::Advisory(Box::new(advisory))).unwrap();
        }
        Snapshot::from_bytes(compiler.finish(created_at.parse().unwrap()).unwrap()).unwrap()
    }

    const DAY: &str = "2026-11-01T00:00:00Z";
    const NEXT: &str = "2026-11-02T00:00:00Z";

    fn of(successor: &Snapshot) -> Vec<Doubt> {
        doubts(&snapshot("osv", 100, DAY, DAY), successor, &SuccessionLimits::default())
    }

    #[test]
    fn an_ordinary_update_leaves_no_doubt() {
        for advisories in [90, 100, 200] {
            assert_eq!(of(&snapshot("osv", advisories, NEXT, NEXT)), []);
        }
        assert_eq!(of(&snapshot("osv", 100, DAY, DAY)), [], "the same again");
    }

    #[test]
    fn rollback_loss_and_emptiness_are_doubted() {
        let older = of(&snapshot("osv", 100, "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"));
        assert!(matches!(older[..], [Doubt::Older { .. }, Doubt::RolledBack { .. }]), "{older:?}");
        let lost = of(&snapshot("osv", 89, NEXT, NEXT));
        assert!(matches!(lost[..], [Doubt::AdvisoriesLost { in_force: 100, successor: 89, .. }]), "{lost:?}");
        let renamed = of(&snapshot("other", 100, NEXT, NEXT));
        assert!(matches!(renamed[..], [Doubt::SourceLost { .. }]), "{renamed:?}");
        let empty = of(&snapshot("osv", 0, NEXT, NEXT));
        assert_eq!(empty[0].to_string(), "PyPI has 0 advisories, and in the one in force 100");
    }

    #[test]
    fn ages_are_told_by_source() {
        let snapshot = snapshot("osv", 1, DAY, DAY);
        let ages: Vec<_> = snapshot.source_ages(NEXT.parse().unwrap()).collect();
        assert_eq!(ages, [("osv", Some(SignedDuration::from_hours(24)))]);
    }
}
