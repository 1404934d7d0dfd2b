//! Whose word counts: a distribution's about its own packages, then a project's, then a catalogue's.
//!
//! A distribution repairs its packages without changing their upstream versions, so that nobody else can say from a
//! version what it has repaired. A catalogue such as NVD repeats what others said, with the ranges of its own making.
//! Of statements with the same authority the one that leaves more affected counts, as everywhere.
//!
//! "Cannot be told" is no statement: it leaves the word to whoever has one.

use super::{Judged, Weight};
use inventory::Ecosystem;
use inventory::version::scheme_of;

/// How much an advisory's word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Authority {
    Catalogue,
    Project,
    Distribution,
}

/// The first words of identifiers that no distribution gives.
const OF_PROJECTS: [&str; 12] =
    ["GHSA", "OSV", "PYSEC", "GO", "RUSTSEC", "GSD", "MAL", "HSEC", "RSEC", "JLSEC", "ROOT", "BIT"];

/// The authority of an advisory about packages of an ecosystem.
fn of(ecosystem: &Ecosystem, advisory: &str) -> Authority {
    let first = advisory.split('-').next().unwrap_or_default();
    let is_distribution =
        scheme_of(ecosystem).is_some_and(|scheme| matches!(scheme.name, "apk" | "arch" | "deb" | "rpm"));
    match first {
        "CVE" => Authority::Catalogue,
        _ if is_distribution && !OF_PROJECTS.contains(&first) => Authority::Distribution,
        _ => Authority::Project,
    }
}

/// The judgements that decide: those with the highest authority that says anything.
pub(super) fn voices<'m, 's>(ecosystem: &Ecosystem, members: &[&'m Judged<'s>]) -> Vec<&'m Judged<'s>> {
    let authority = |member: &&Judged<'_>| of(ecosystem, member.0.advisory());
    let speaks = |member: &&&Judged<'_>| member.1.weight != Weight::Undetermined;
    let highest = members.iter().filter(speaks).map(authority).max();
    let counts = |member: &&Judged<'_>| highest.is_none_or(|highest| authority(member) >= highest);
    members.iter().copied().filter(counts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distributions_word_counts_most_and_a_catalogues_least() {
        let debian = Ecosystem::new("Debian:12");
        assert_eq!(of(&debian, "DSA-1-1"), Authority::Distribution);
        assert_eq!(of(&debian, "DEBIAN-CVE-2021-0001"), Authority::Distribution);
        assert_eq!(of(&debian, "GHSA-aaaa"), Authority::Project);
        assert_eq!(of(&debian, "CVE-2021-0001"), Authority::Catalogue);
        assert_eq!(of(&Ecosystem::new("PyPI"), "PYSEC-1"), Authority::Project);
        assert_eq!(of(&Ecosystem::new("PyPI"), "CVE-2021-0001"), Authority::Catalogue);
    }
}
