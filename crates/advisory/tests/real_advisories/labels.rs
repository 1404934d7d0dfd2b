//! Labels that people gave, and what a file of labels tells beside them.
//!
//! A label has a package, a version and a vulnerability, and says whether the one has the other. It names no kind of package, no
//! source, no release and no file; some of that can be told from the other labels of the image. The rules here hold for any
//! file of this form, and `docs/match-quality.md` says why each is there.

use super::data;
use super::inventory_list::packages;
use super::quality::{LANGUAGES, Table, everything, print};
use advisory::{End, Extent, Match, Query, Snapshot, Verdict, match_package};
use inventory::{Ecosystem, PackageKind, SourcePackage};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A label.
struct Label<'t> {
    image: &'t str,
    name: &'t str,
    version: &'t str,
    id: &'t str,
    cve: &'t str,
    says: bool,
}

impl Label<'_> {
    /// The vulnerability, by its CVE number where that is known.
    fn vulnerability(&self) -> &str {
        if self.cve.is_empty() { self.id } else { self.cve }
    }
}

/// The labels of a file; those that say "unclear" say nothing.
fn read<'t>(text: &'t str) -> Vec<Label<'t>> {
    let line = |line: &'t str| {
        let [image, name, version, id, cve, label] = line.split(',').collect::<Vec<_>>()[..] else {
            return None;
        };
        let says = ["FP", "TP"].iter().position(|word| *word == label)? == 1;
        Some(Label { image, name, version, id, cve, says })
    };
    text.lines().skip(1).filter_map(line).collect()
}

/// The releases of labelled images, by how their digests end: read off the versions of their C library and shell.
const RELEASES: [(&str, &str); 12] = [
    ("f832fb", "Alpine:v3.8"),
    ("2de63d", "Alpine:v3.6"),
    ("ca1c", "Alpine:v3.14"),
    ("7e38c5", "Alpine:v3.14"),
    ("b798", "Alpine:v3.13"),
    ("52babe", "Alpine:v3.15"),
    ("3efac0", "Debian:11"),
    ("596256", "Debian:11"),
    ("0d87d", "Ubuntu:22.04:LTS"),
    ("b272c", "AlmaLinux:8"),
    ("8b7f", "none"),
    ("85b29", "none"),
];

/// The binary packages of Alpine and Debian with their sources, as the lists that come with the images name them.
fn sources(data: &Path) -> BTreeMap<(PackageKind, String), String> {
    let images = [
        "alpine-3.10.3",
        "alpine-3.15-multiarch.amd64",
        "alpine-3.18",
        "debian-11.11-slim-dpkgonly",
        "debian-12-slim-dpkgonly",
    ];
    let all = images.iter().flat_map(|image| packages(data, image));
    all.filter_map(|(_, package)| Some(((package.kind, package.name), package.source?.name))).collect()
}

/// What is known of a labelled package: the ecosystems it may be of, with the names it may go by.
fn candidates(
    image: &str,
    name: &str,
    artifacts: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<(Ecosystem, PackageKind, String)> {
    let release = RELEASES.iter().find(|(ending, _)| image.ends_with(ending)).map(|(_, release)| *release);
    let kind = release.and_then(|release| match release.split(':').next()? {
        "Alpine" => Some(PackageKind::Apk),
        "Debian" | "Ubuntu" => Some(PackageKind::Deb),
        "AlmaLinux" => Some(PackageKind::Rpm),
        _ => None,
    });
    let own = release.zip(kind).map(|(release, kind)| (Ecosystem::new(release), kind, name.to_owned()));
    let languages = LANGUAGES.iter().flat_map(|(ecosystem, kind)| {
        let names = match artifacts.get(name) {
            Some(names) if *kind == PackageKind::Maven => names.iter().cloned().collect(),
            _ => vec![name.to_owned()],
        };
        names.into_iter().map(|name| (Ecosystem::new(*ecosystem), *kind, name))
    });
    own.into_iter().chain(languages).collect()
}

fn is_about(found: &Match, wanted: [&str; 2]) -> bool {
    wanted
        .iter()
        .any(|id| found.vulnerability.as_str() == *id || found.aliases.iter().any(|alias| alias == id))
}

/// The names of Maven's packages in the data by artifact, which is all that the labels give.
fn artifacts(data: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut artifacts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let file = std::fs::File::open(data.join("advisories/osv/Maven/all.zip")).unwrap();
    let mut add = |record| {
        let advisory::Record::Advisory(advisory) = record else { return };
        for said in &advisory.affected {
            let artifact = said.name.rsplit(':').next().unwrap().to_owned();
            artifacts.entry(artifact).or_default().insert(said.name.clone());
        }
    };
    advisory::parse_source(file, "all.zip", &advisory::SourceLimits::default(), &mut add).unwrap();
    artifacts
}

/// Why a label that differs from our answer is not about matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Beside {
    /// A package of the distribution installed the package of a language, and the label is about that.
    Owned,
    /// The feed speaks of sources, and another package of the source in the image has the vulnerability by its label.
    OfSource,
    /// The record says otherwise today: its own numbers leave the version out.
    Record,
    /// Every label of the package in the image denies it, for several vulnerabilities: it is not what its name says.
    Denied,
}

/// What a file of labels tells of packages beside each label.
struct Context<'t> {
    /// The upstream versions of packages of distributions, by image, and by release where versions name it.
    distribution: BTreeSet<(&'t str, &'t str, &'t str)>,
    /// The vulnerabilities of a package version in an image that labels deny, and whether one affirms any.
    denied: BTreeMap<(&'t str, &'t str, &'t str), (BTreeSet<String>, bool)>,
    /// What labels affirm of sources.
    affirmed: BTreeSet<(String, String, String)>,
    /// The releases that packages of an image name.
    releases: BTreeMap<&'t str, &'static str>,
    /// The binary packages of distributions with their sources.
    sources: BTreeMap<(PackageKind, String), String>,
    /// What the records of languages say.
    ranges: Ranges,
}

/// An answer of ours: the kind of package that the label was read as, and the match.
type Answer = (PackageKind, Match);

/// The release that a version of a package of a distribution names, `el8` of `1.24.2-4.el8`.
fn release_in(version: &str) -> Option<&'static str> {
    ["el6", "el7", "el8", "el9"].into_iter().find(|release| {
        version.split_once(release).is_some_and(|(head, rest)| {
            head.ends_with(['.', '_', '+']) && !rest.starts_with(|sign: char| sign.is_ascii_alphanumeric())
        })
    })
}

/// The upstream version of a package of a distribution: `1.24.2` of `0:1.24.2-4.el8`.
fn upstream(version: &str) -> Option<&str> {
    let rest = version.split_once(':').map_or(version, |(_, rest)| rest);
    Some(rest.rsplit_once('-')?.0)
}

impl<'t> Context<'t> {
    fn of(labels: &[Label<'t>], sources: BTreeMap<(PackageKind, String), String>, ranges: Ranges) -> Self {
        let (mut distribution, mut affirmed) = (BTreeSet::new(), BTreeSet::new());
        let mut denied: BTreeMap<_, (BTreeSet<String>, bool)> = BTreeMap::new();
        for label in labels {
            if let Some(upstream) = upstream(label.version) {
                distribution.insert((label.image, label.name, upstream));
                distribution.extend(release_in(label.version).map(|release| (release, label.name, upstream)));
            }
            let of_package = denied.entry((label.image, label.name, label.version)).or_default();
            if label.says {
                of_package.1 = true;
                for kind in [PackageKind::Apk, PackageKind::Deb] {
                    let source = source_of(&sources, kind, label.name);
                    affirmed.insert((label.image.to_owned(), source, label.vulnerability().to_owned()));
                }
            } else {
                of_package.0.insert(label.vulnerability().to_owned());
            }
        }
        let releases =
            labels.iter().filter_map(|label| Some((label.image, release_in(label.version)?))).collect();
        Self { distribution, denied, affirmed, releases, sources, ranges }
    }

    /// Why a label is not about matching, if it is not.
    fn why_beside(&self, label: &Label<'_>, answers: &[Answer], is_affected: bool) -> Option<Beside> {
        let kind = answers.first()?.0;
        let (missed, invented) = (label.says && !is_affected, !label.says && is_affected);
        if kind.is_os() {
            let source = source_of(&self.sources, kind, label.name);
            let affirmed = (label.image.to_owned(), source, label.vulnerability().to_owned());
            return (invented && self.affirmed.contains(&affirmed)).then_some(Beside::OfSource);
        }
        if self.is_owned(label) {
            return Some(Beside::Owned);
        }
        let otherwise = |(_, found): &Answer| {
            let says = |one: &advisory::Evidence| {
                says_otherwise(&self.ranges, one.advisory.as_str(), &found.matched_as, label.version)
            };
            found.evidence.iter().all(says)
        };
        if missed && answers.iter().all(otherwise) {
            return Some(Beside::Record);
        }
        (invented && self.is_denied(label)).then_some(Beside::Denied)
    }

    /// Whether a package of the distribution has the upstream version of this package and a name that ends in its name, in
    /// the image itself or in another one of a release that packages of this one name.
    fn is_owned(&self, label: &Label<'_>) -> bool {
        let related = |name: &str| {
            let bare = |name: &str| -> String {
                name.to_ascii_lowercase().trim_end_matches(|sign: char| sign.is_ascii_digit()).to_owned()
            };
            let (theirs, ours) = (bare(name), bare(label.name));
            let last = theirs.rsplit('-').next().unwrap_or_default();
            theirs.ends_with(&ours) || (last.len() > 3 && ours.ends_with(last))
        };
        let places = [Some(label.image), self.releases.get(label.image).copied()];
        self.distribution.iter().any(|(place, name, version)| {
            places.contains(&Some(*place)) && *version == label.version && related(name)
        })
    }

    fn is_denied(&self, label: &Label<'_>) -> bool {
        let of_package = self.denied.get(&(label.image, label.name, label.version));
        of_package.is_some_and(|(vulnerabilities, is_affirmed)| !is_affirmed && vulnerabilities.len() > 1)
    }
}

fn source_of(sources: &BTreeMap<(PackageKind, String), String>, kind: PackageKind, name: &str) -> String {
    sources.get(&(kind, name.to_owned())).cloned().unwrap_or_else(|| name.to_owned())
}

/// Ranges of records of languages by record and package, for [`says_otherwise`].
type Ranges = BTreeMap<(String, String), (Vec<advisory::Range>, BTreeSet<String>)>;

fn ranges(data: &Path) -> Ranges {
    let mut found = Ranges::new();
    for (ecosystem, _) in LANGUAGES {
        let path = data.join("advisories/osv").join(ecosystem).join("all.zip");
        let mut add = |record| {
            let advisory::Record::Advisory(advisory) = record else { return };
            for said in advisory.affected {
                let Extent::Versions { ranges, versions } = said.extent else { continue };
                let of_record = found.entry((advisory.id.to_string(), said.name.clone())).or_default();
                of_record.0.extend(ranges);
                of_record.1.extend(versions);
            }
        };
        let file = std::fs::File::open(path).unwrap();
        advisory::parse_source(file, "all.zip", &advisory::SourceLimits::default(), &mut add).unwrap();
    }
    found
}

/// Whether no range and no list of a record has the version, where all bounds are plain rows of numbers, about whose order
/// nobody can be wrong.
fn says_otherwise(ranges: &Ranges, id: &str, name: &str, version: &str) -> bool {
    let row = |version: &str| -> Option<Vec<u64>> {
        let mut row: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        while row.last() == Some(&0) {
            row.pop();
        }
        Some(row)
    };
    let Some((ranges, versions)) = ranges.get(&(id.to_owned(), name.to_owned())) else { return false };
    if versions.contains(version) {
        return false;
    }
    let Some(version) = row(version) else { return false };
    let outside = |range: &advisory::Range| {
        let starts = range.introduced.as_deref().map_or(Some(Vec::new()), row)?;
        let ends = match &range.end {
            End::Open => false,
            End::Fixed(end) | End::Limit(end) => version >= row(end)?,
            End::LastAffected(end) => version > row(end)?,
        };
        Some(version < starts || ends)
    };
    ranges.iter().all(|range| outside(range) == Some(true))
}

/// Our answers about what a label names, by ecosystem. Only labels whose advisory is in the data have any.
fn answers(
    snapshot: &Snapshot,
    label: &Label<'_>,
    context: &Context<'_>,
    artifacts: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, Vec<Answer>> {
    let Label { image, name, version, id, cve, .. } = *label;
    let mut answers: BTreeMap<String, Vec<Answer>> = BTreeMap::new();
    for (ecosystem, kind, name) in candidates(image, name, artifacts) {
        if !is_of_kind(kind, version, id) {
            continue;
        }
        let source = context.sources.get(&(kind, name.clone())).cloned();
        let source = source.map(|name| SourcePackage { name, version: version.to_owned() });
        let query = Query { source: source.as_ref(), ..Query::new(&ecosystem, kind, &name, version) };
        let found = match_package(snapshot, &query).into_iter().find(|found| is_about(found, [id, cve]));
        if let Some(found) = found {
            answers.entry(ecosystem.base().to_owned()).or_default().push((kind, found));
        }
    }
    answers
}

#[test]
fn match_quality_beside_human_labels() {
    let Some(data) = data() else { return };
    let (snapshot, artifacts) = (everything(&data), artifacts(&data));
    let (mut table, mut plain, mut wrong) = (Table::new(), Table::new(), Vec::new());
    let mut beside: BTreeMap<(String, Beside), usize> = BTreeMap::new();
    let text = std::fs::read_to_string(data.join("truth/labels.csv")).unwrap();
    let labels = read(&text);
    let context = Context::of(&labels, sources(&data), ranges(&data));
    for label in &labels {
        for (ecosystem, answers) in answers(&snapshot, label, &context, &artifacts) {
            // An artifact of Maven may go by several groups; that of the image is among them.
            let is_affected = answers.iter().any(|(_, found)| found.verdict == Verdict::Affected);
            plain.entry(ecosystem.clone()).or_default().count(label.says, is_affected);
            if let Some(why) = context.why_beside(label, &answers, is_affected) {
                *beside.entry((ecosystem, why)).or_default() += 1;
                continue;
            }
            table.entry(ecosystem.clone()).or_default().count(label.says, is_affected);
            if label.says != is_affected {
                let (rule, word) = (&answers[0].1.evidence[0].rule, if label.says { "TP" } else { "FP" });
                let Label { image, name, version, id, .. } = *label;
                let image = &image[image.len() - 6..];
                wrong.push(format!("{word} {image} {ecosystem} {name} {version} {id}: {rule}"));
            }
        }
    }
    let beside: Vec<_> =
        beside.iter().map(|((ecosystem, why), count)| format!("{ecosystem} {why:?} {count}")).collect();
    print("Beside human labels, all of them", &plain, &[]);
    print("Beside human labels, those about matching", &table, &wrong);
    print("Labels that are not about matching", &Table::new(), &beside);
    for (ecosystem, recall, precision, f1) in RECORDED {
        let tally = table.get(*ecosystem).copied().unwrap_or_default();
        assert!(tally.right > 0 && tally.recall() >= *recall, "{ecosystem}: {tally:?}");
        assert!(tally.precision() >= *precision, "{ecosystem}: {tally:?}");
        let all = plain.get(*ecosystem).copied().unwrap_or_default();
        assert!(all.f1() >= *f1, "{ecosystem}, all labels: {all:?}");
    }
}

/// What was reached beside the labels: recall and precision of those about matching, and F1 of all, by ecosystem.
/// `docs/match-quality.md` says what differs.
const RECORDED: &[(&str, f64, f64, f64)] = &[
    ("Alpine", 1.0, 1.0, 0.91),
    ("Debian", 1.0, 1.0, 1.0),
    ("Go", 1.0, 1.0, 1.0),
    ("Maven", 0.99, 0.98, 0.96),
    ("PyPI", 1.0, 1.0, 0.66),
    ("RubyGems", 1.0, 1.0, 0.81),
    ("Ubuntu", 1.0, 1.0, 1.0),
    ("npm", 1.0, 0.96, 0.76),
];

/// Whether a label can be of a package of this kind. Labels do not say what they are about: a version tells packages of
/// distributions, and an advisory of GitHub tells packages of languages. A CVE number alone was matched by a name that
/// may be anybody's, as the mercurial that is a plugin of Jenkins.
fn is_of_kind(kind: PackageKind, version: &str, id: &str) -> bool {
    let is_revision = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if kind == PackageKind::Apk {
        version.rsplit_once("-r").is_some_and(|(_, revision)| is_revision(revision))
    } else if kind == PackageKind::Deb {
        version.contains('-') && !id.starts_with("GHSA-")
    } else if kind == PackageKind::Rpm {
        version.contains("el8")
    } else {
        id.starts_with("GHSA-")
    }
}
