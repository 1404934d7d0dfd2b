//! Classification: how bad a vulnerability is for one package, out of all that is said about it.
//!
//! The rules, in their order:
//!
//! 1. For a package of a distribution, the distribution's own word wins: it knows how it built the package.
//! 2. Otherwise the first CVSS rating of the best version counts: 3.1, 3.0, 4.0, 2.0. Version 3 stands first because
//!    the sub-assessments of Azure, their rules and their users compare by it.
//! 3. Otherwise any word.
//! 4. Otherwise the severity is unknown. It is never guessed.

use crate::{CvssVersion, Rating, Severity};
use inventory::Ecosystem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Whose package a vulnerability is in, for people: `Alpine`, `Debian`, `Python`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Category(String);

impl Category {
    /// The category of an ecosystem's packages.
    pub fn of(ecosystem: &Ecosystem) -> Self {
        let name = match ecosystem.base() {
            "PyPI" => "Python",
            "npm" => "Node.js",
            "crates.io" => "Rust",
            "Maven" => "Java",
            "RubyGems" => "Ruby",
            "Packagist" => "PHP",
            "NuGet" => ".NET",
            "Hex" => "Erlang",
            "Pub" => "Dart",
            base => base,
        };
        Self(name.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The base score of one version of CVSS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CvssScore {
    /// The score, from 0 to 10.
    pub base: f64,
    /// The vector, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// Who says so.
    pub source: String,
}

/// How bad a vulnerability is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Classification {
    /// In a word.
    pub severity: Severity,
    /// Who gave the rating that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The best base score that is known, whatever decided the severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The vector of that score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
    /// The first base score of each version of CVSS, by its number: `2.0`, `3.0`, `3.1`, `4.0`.
    pub cvss: BTreeMap<String, CvssScore>,
}

/// The versions of CVSS, the one that counts most first.
const PREFERENCE: [CvssVersion; 4] = [CvssVersion::V31, CvssVersion::V30, CvssVersion::V40, CvssVersion::V2];

/// Classifies by ratings, of which the most authoritative stand first.
pub fn classify(ratings: &[Rating], category: &Category) -> Classification {
    let best = PREFERENCE
        .iter()
        .find_map(|version| ratings.iter().find(|rating| scored(rating, *version).is_some()));
    let word = ratings.iter().find(|rating| matches!(rating, Rating::Word { .. }));
    let own_word = word.filter(|word| is_own_word(word.source(), category));
    let deciding = own_word.or(best).or(word);
    let mut cvss = BTreeMap::new();
    for version in PREFERENCE {
        let first = ratings.iter().find_map(|rating| scored(rating, version));
        cvss.extend(first.map(|score| (version.as_str().to_owned(), score)));
    }
    let best_score = PREFERENCE.iter().find_map(|version| cvss.get(version.as_str()));
    Classification {
        severity: deciding.map_or(Severity::Unknown, Rating::severity),
        source: deciding.map(|rating| rating.source().to_owned()),
        score: best_score.map(|score| score.base),
        vector: best_score.and_then(|score| score.vector.clone()),
        cvss,
    }
}

/// The score of a rating, if it is of the given version.
fn scored(rating: &Rating, wanted: CvssVersion) -> Option<CvssScore> {
    match rating {
        Rating::Vector { version, vector, base, source } if *version == wanted => {
            Some(CvssScore { base: base.value(), vector: Some(vector.clone()), source: source.clone() })
        }
        Rating::Score { version, base, source } if *version == wanted => {
            Some(CvssScore { base: base.value(), vector: None, source: source.clone() })
        }
        Rating::Vector { .. } | Rating::Score { .. } | Rating::Word { .. } => None,
    }
}

/// Whether a word was said by the distribution itself. The source of an OSV rating is the prefix of its identifiers.
fn is_own_word(source: &str, category: &Category) -> bool {
    let prefixes: &[&str] = match category.as_str() {
        "Debian" => &["DEBIAN", "DSA", "DLA", "DTSA"],
        "Ubuntu" => &["UBUNTU", "USN", "Ubuntu"],
        "AlmaLinux" => &["ALSA", "ALBA", "ALEA"],
        "Red Hat" => &["Red Hat", "RHSA", "RHBA", "RHEA"],
        "SUSE" | "openSUSE" => &["SUSE", "openSUSE"],
        "Oracle Linux" => &["Oracle Linux", "ELSA"],
        "Azure Linux" => &["Azure Linux"],
        "Arch Linux" => &["Arch Linux"],
        "Rocky Linux" => &["RLSA", "RXSA"],
        "Alpine" => &["ALPINE"],
        _ => &[],
    };
    prefixes.contains(&source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V2: &str = "AV:N/AC:L/Au:N/C:P/I:P/A:P";
    const V3: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    const V4: &str = "CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";

    fn classified(ecosystem: &str, ratings: &[Rating]) -> Classification {
        classify(ratings, &Category::of(&Ecosystem::new(ecosystem)))
    }

    fn vector(text: &str, source: &str) -> Rating {
        Rating::from_vector(text, source).unwrap()
    }

    #[test]
    fn version_three_counts_before_four_and_two() {
        let read = classified("PyPI", &[vector(V4, "a"), vector(V2, "b"), vector(V3, "c")]);
        assert_eq!(
            (read.severity, read.score, read.source.as_deref()),
            (Severity::Critical, Some(9.8), Some("c"))
        );
        assert_eq!(read.cvss.keys().collect::<Vec<_>>(), ["2.0", "3.1", "4.0"]);
        assert_eq!(read.vector.as_deref(), Some(V3));
    }

    #[test]
    fn a_distributions_own_word_wins_and_the_score_stays() {
        let word = Rating::from_word("low", "DEBIAN").unwrap();
        let read = classified("Debian:12", &[word.clone(), vector(V3, "nvd")]);
        assert_eq!((read.severity, read.score), (Severity::Low, Some(9.8)));
        // The same word says nothing about somebody else's package.
        assert_eq!(classified("PyPI", &[word, vector(V3, "nvd")]).severity, Severity::Critical);
    }

    #[test]
    fn the_words_of_all_vendors_are_known_as_their_own() {
        for (ecosystem, source) in [
            ("Red Hat:enterprise_linux:9", "Red Hat"),
            ("SUSE:Linux Enterprise Server 15 SP4", "SUSE"),
            ("openSUSE:Tumbleweed", "SUSE"),
            ("Oracle Linux:8", "Oracle Linux"),
            ("Azure Linux:3", "Azure Linux"),
            ("Arch Linux", "Arch Linux"),
            ("Ubuntu:22.04:LTS", "Ubuntu"),
        ] {
            let word = Rating::from_word("low", source).unwrap();
            let read = classified(ecosystem, &[vector(V3, "nvd"), word]);
            assert_eq!((read.severity, read.source.as_deref()), (Severity::Low, Some(source)), "{ecosystem}");
        }
    }

    #[test]
    fn without_a_score_a_word_decides_and_without_a_word_nobody() {
        let word = Rating::from_word("moderate", "GHSA").unwrap();
        assert_eq!(classified("npm", &[word]).severity, Severity::Medium);
        assert_eq!(classified("npm", &[]).severity, Severity::Unknown);
        assert_eq!(classified("npm", &[vector(V2, "a")]).severity, Severity::High);
    }
}
