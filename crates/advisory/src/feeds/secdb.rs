//! Alpine's secdb and its kin of Wolfi and Chainguard: <https://secdb.alpinelinux.org/>,
//! <https://packages.wolfi.dev/os/security.json>, <https://packages.cgr.dev/chainguard/security.json>.
//!
//! One document is one repository of one release. It maps a package, by its origin, to versions, and each version to
//! what it fixed. Version `0` says that no version of the package was ever affected.
//!
//! What is fixed is a line written by people: `CVE-2017-12122 TALOS-2017-0488`, `CVE-2020-14342 (not actually
//! applicable)`, `CVE N/A ZBX-11023`. Each CVE number in it becomes an advisory, and what else names it an alias; a
//! line without CVE numbers goes by its first name. Remarks in brackets are not read: they may excuse a finding, and an
//! excuse that was misread would hide one. A CVE number with a part (`CVE-2017-17434-1`) is that CVE number.
//!
//! Some documents list one vulnerability of one package under several versions. The latest counts, and `0` only where it
//! stands alone: of two statements of a vendor, the one that leaves more versions affected is believed.
//!
//! The identifiers of the advisories made here have the distribution's name before them, as OSV writes them.

use super::{Emit, Feed, FeedError, Record, Skip, broken, nullable, shows};
use crate::identifier::is_cve;
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent};
use inventory::{Ecosystem, version::scheme_of};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Alpine's secdb.
pub(super) const FEED: Feed = Feed { name: "secdb", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    shows(head, "\"apkurl\"") || shows(head, "\"secfixes\"")
}

#[derive(Deserialize)]
struct Document<'d> {
    #[serde(default, deserialize_with = "nullable")]
    distroversion: String,
    #[serde(default, deserialize_with = "nullable")]
    reponame: String,
    #[serde(default, deserialize_with = "nullable")]
    urlprefix: String,
    #[serde(borrow)]
    packages: Vec<&'d serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    secfixes: BTreeMap<String, Option<Vec<String>>>,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let document: Document<'_> = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    let ecosystem = ecosystem(&document)?;
    let mut advisories: BTreeMap<String, Advisory> = BTreeMap::new();
    for raw in &document.packages {
        match serde_json::from_str::<Entry>(raw.get()) {
            Ok(entry) => add_package(&ecosystem, entry.pkg, &mut advisories, emit),
            Err(error) => emit(Err(Skip {
                place: format!("{ecosystem} {}", document.reponame),
                why: error.to_string(),
            })),
        }
    }
    for advisory in advisories.into_values() {
        emit(Ok(Record::Advisory(Box::new(advisory))));
    }
    Ok(())
}

fn ecosystem(document: &Document<'_>) -> Result<Ecosystem, FeedError> {
    let of = |word: &str| document.urlprefix.contains(word);
    if of("wolfi") {
        return Ok(Ecosystem::new("Wolfi"));
    }
    if of("cgr.dev") || of("chainguard") {
        return Ok(Ecosystem::new("Chainguard"));
    }
    match &*document.distroversion {
        "" => {
            let why =
                "it names neither a release (distroversion) nor Wolfi or Chainguard (urlprefix)".to_owned();
            Err(FeedError { feed: FEED.name, why })
        }
        release => Ok(Ecosystem::new(format!("Alpine:{release}"))),
    }
}

fn add_package(
    ecosystem: &Ecosystem,
    package: Package,
    advisories: &mut BTreeMap<String, Advisory>,
    emit: Emit<'_>,
) {
    let mut fixes: BTreeMap<String, Fix> = BTreeMap::new();
    for (fixed, lines) in package.secfixes {
        for line in lines.iter().flatten() {
            let Some((names, aliases)) = names_of(line) else {
                let why = format!("{line:?} names no vulnerability");
                emit(Err(Skip { place: format!("{ecosystem} {}", package.name), why }));
                continue;
            };
            for name in names {
                let fix = fixes.entry(name).or_default();
                fix.versions.push(fixed.clone());
                fix.aliases.extend(aliases.iter().cloned());
            }
        }
    }
    for (name, fix) in fixes {
        match advisory(ecosystem, &name, advisories) {
            Ok(advisory) => add_fix(advisory, ecosystem, &package.name, fix),
            Err(why) => emit(Err(Skip { place: format!("{ecosystem} {}", package.name), why })),
        }
    }
}

/// Where one vulnerability of one package was fixed, and what else it is called there.
#[derive(Default)]
struct Fix {
    versions: Vec<String>,
    aliases: BTreeSet<String>,
}

fn add_fix(advisory: &mut Advisory, ecosystem: &Ecosystem, package: &str, fix: Fix) {
    let new = fix.aliases.into_iter().filter(|alias| !advisory.aliases.contains(alias)).collect::<Vec<_>>();
    advisory.aliases.extend(new);
    let key = |version: &String| scheme_of(ecosystem).and_then(|scheme| (scheme.key)(version).ok());
    let latest = fix.versions.iter().filter(|version| *version != "0").max_by_key(|version| key(version));
    let extent = latest.map_or(Extent::Never, |version| Extent::before(version));
    advisory.affected.push(AffectedPackage::new(ecosystem.clone(), package, extent));
}

/// The names of the vulnerabilities of a line, and the other names in it. `None` if it has none at all.
fn names_of(line: &str) -> Option<(Vec<String>, Vec<String>)> {
    let before_remark = line.split('(').next().unwrap_or_default();
    let (mut names, mut others): (Vec<_>, Vec<_>) = before_remark
        .split_whitespace()
        // The same slips are made again and again: `CVE_2019-2426`, and a comma after the name.
        .map(|name| name.trim_matches([',', ';', '/']).replacen("CVE_", "CVE-", 1))
        .map(without_part)
        .filter(|name| name.contains(|character: char| character.is_ascii_digit()))
        .partition(|name| is_cve(name));
    if names.is_empty() && !others.is_empty() {
        names.push(others.remove(0));
    }
    (!names.is_empty()).then_some((names, others))
}

/// `CVE-2017-17434` of `CVE-2017-17434-1`: some lines tell the parts of a vulnerability apart.
fn without_part(name: String) -> String {
    match name.rsplit_once('-') {
        Some((whole, part)) if is_cve(whole) && part.len() == 1 => whole.to_owned(),
        _ => name,
    }
}

/// The advisory of a name, made where there is none yet.
fn advisory<'a>(
    ecosystem: &Ecosystem,
    name: &str,
    advisories: &'a mut BTreeMap<String, Advisory>,
) -> Result<&'a mut Advisory, String> {
    let prefix = format!("{}-", ecosystem.base().to_ascii_uppercase());
    let upstream = name.strip_prefix(&prefix).unwrap_or(name).to_owned();
    if !advisories.contains_key(&upstream) {
        let id = AdvisoryId::new(format!("{prefix}{upstream}")).map_err(|error| error.to_string())?;
        let mut advisory = Advisory::new(id);
        advisory.upstream.push(upstream.clone());
        advisories.insert(upstream.clone(), advisory);
    }
    advisories.get_mut(&upstream).ok_or_else(|| "the advisory was not kept".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{advisories, read};

    fn document(packages: &str) -> String {
        format!(r#"{{"apkurl":"x","reponame":"main","distroversion":"v3.18","packages":[{packages}]}}"#)
    }

    #[test]
    fn fixes_become_ranges_and_zero_means_never() {
        let text = document(
            r#"{"pkg":{"name":"openssl","secfixes":{"3.0.1-r0":["CVE-2022-0001 XSA-1"],"0":["CVE-2022-0002"]}}}"#,
        );
        let read: Vec<_> = advisories(&FEED, &text)
            .into_iter()
            .map(|advisory| (advisory.id.to_string(), advisory.affected[0].extent.clone()))
            .collect();
        let expected = [
            ("ALPINE-CVE-2022-0001".to_owned(), Extent::before("3.0.1-r0")),
            ("ALPINE-CVE-2022-0002".to_owned(), Extent::Never),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn of_several_versions_the_latest_counts() {
        let of = |versions: &[&str]| {
            let fixes: Vec<_> =
                versions.iter().map(|version| format!(r#""{version}":["CVE-2022-0001"]"#)).collect();
            let text = document(&format!(r#"{{"pkg":{{"name":"a","secfixes":{{{}}}}}}}"#, fixes.join(",")));
            let read = advisories(&FEED, &text).remove(0);
            assert_eq!(read.affected.len(), 1);
            read.affected[0].extent.clone()
        };
        assert_eq!(of(&["102.9.0-r0", "102.10.0-r0"]), Extent::before("102.10.0-r0"));
        assert_eq!(of(&["0", "1.3.2-r0"]), Extent::before("1.3.2-r0"));
        assert_eq!(of(&["0"]), Extent::Never);
    }

    #[test]
    fn lines_written_by_people_are_read() {
        let check = |line: &str, names: &[&str], aliases: &[&str]| {
            let (read, others) = names_of(line).unwrap();
            assert_eq!((&*read, &*others), (&*owned(names), &*owned(aliases)), "{line}");
        };
        check("CVE-2022-0001", &["CVE-2022-0001"], &[]);
        check("CVE-2017-12122 TALOS-2017-0488", &["CVE-2017-12122"], &["TALOS-2017-0488"]);
        check("CVE-2022-0001 CVE-2022-0002", &["CVE-2022-0001", "CVE-2022-0002"], &[]);
        check("CVE-2020-14342 (not actually applicable)", &["CVE-2020-14342"], &[]);
        check("CVE-2026-48785 / GHSA-cr2j-534f-mf3g", &["CVE-2026-48785"], &["GHSA-cr2j-534f-mf3g"]);
        check("CVE N/A ZBX-11023", &["ZBX-11023"], &[]);
        check("CVE_2019-2426,", &["CVE-2019-2426"], &[]);
        check("XSA-299", &["XSA-299"], &[]);
        check("CVE-2017-17434-1", &["CVE-2017-17434"], &[]);
        for nothing in ["", "N/A", "(CVE-2022-0001)", "CVE-????-?????"] {
            assert_eq!(names_of(nothing), None, "{nothing}");
        }
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn one_vulnerability_of_two_packages_is_one_advisory() {
        let text = document(
            r#"{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2022-0001"]}}},{"pkg":{"name":"b","secfixes":{"2-r0":["CVE-2022-0001"]}}}"#,
        );
        let read = advisories(&FEED, &text);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].affected.len(), 2);
        assert_eq!(read[0].affected[0].ecosystem.as_str(), "Alpine:v3.18");
    }

    #[test]
    fn a_broken_package_does_not_spoil_its_neighbours() {
        let text = document(
            r#"{"pkg":7},{"pkg":{"name":"b","secfixes":{"2-r0":["CVE-2022-0001","N/A",""]},"x":null}}"#,
        );
        let (records, skips) = read(&FEED, &text);
        assert_eq!((records.len(), skips.len()), (1, 3));
    }

    #[test]
    fn wolfi_and_chainguard_are_known_by_their_address() {
        let of = |prefix: &str| {
            let text = format!(
                r#"{{"apkurl":"x","reponame":"os","urlprefix":"{prefix}","packages":[{{"pkg":{{"name":"a","secfixes":{{"1-r0":["CVE-2022-0001"]}}}}}}]}}"#
            );
            advisories(&FEED, &text).first().map(|advisory| advisory.affected[0].ecosystem.to_string())
        };
        assert_eq!(of("https://packages.wolfi.dev").as_deref(), Some("Wolfi"));
        assert_eq!(of("https://packages.cgr.dev").as_deref(), Some("Chainguard"));
        assert_eq!(of("https://example.com"), None);
    }
}
