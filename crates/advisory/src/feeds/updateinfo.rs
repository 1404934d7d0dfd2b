//! `updateinfo.xml` of Amazon Linux: the errata that lie in its package repositories,
//! <https://docs.aws.amazon.com/linux/al2023/ug/security-advisories.html>.
//!
//! Surprises: the release is told in the names of errata for some repositories alone (`ALAS2LIVEPATCH-…`), and in the
//! release of every package (`.amzn2`, `.amzn2023.0.1`), from where it is read; a package stands once for each machine,
//! with the same version; sources stand among them; and errata that are no security updates are in the same list.
//!
//! OSV has no advisories of Amazon Linux.

use super::oval::xml::{attributes, entity, local_name};
use super::{Emit, Feed, FeedError, Record, Skip};
use crate::advisory::instant;
use crate::identifier::is_cve;
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent, Rating, Reference};
use inventory::{Ecosystem, version::scheme_of};
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::collections::BTreeMap;

/// The deepest nesting that is read. Real lists are nested by six.
const DEPTH: usize = 32;
/// The longest text of one element, in bytes.
const TEXT_BYTES: usize = 1 << 20;
/// The most packages of one erratum.
const PACKAGES: usize = 20_000;
/// Before the number of the release in the release of a package.
const MARK: &str = ".amzn";

/// Errata of Amazon Linux.
pub(super) const FEED: Feed = Feed { name: "updateinfo", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    memchr::memmem::find(head, b"<updates>").is_some()
}

#[derive(Debug, Default)]
struct Update {
    is_security: bool,
    id: String,
    title: String,
    description: String,
    severity: String,
    issued: String,
    updated: String,
    cves: Vec<String>,
    urls: Vec<String>,
    packages: Vec<Package>,
}

#[derive(Debug)]
struct Package {
    name: String,
    /// Epoch, version and release.
    version: String,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let broken = |why: String| FeedError { feed: FEED.name, why };
    let mut reader = Reader::from_reader(document);
    let (mut update, mut open, mut text) = (Update::default(), Vec::<String>::new(), String::new());
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|error| broken(error.to_string()))? {
            Event::Start(element) => {
                if open.len() >= DEPTH {
                    return Err(broken(format!("it is nested deeper than the {DEPTH} levels that are read")));
                }
                text.clear();
                update.open(&element).map_err(broken)?;
                open.push(local_name(&element));
            }
            Event::Empty(element) => update.open(&element).map_err(broken)?,
            Event::End(_) => {
                let name = open.pop().unwrap_or_default();
                let parent = open.last().map(String::as_str);
                if name == "update" {
                    emit_one(std::mem::take(&mut update), emit);
                } else if parent == Some("update") {
                    update.close(&name, &text);
                }
                text.clear();
            }
            Event::Text(more) => add(&mut text, &more).map_err(broken)?,
            Event::CData(more) => add(&mut text, &more).map_err(broken)?,
            Event::GeneralRef(name) => {
                let sign = entity(&name).map_err(broken)?;
                add(&mut text, &sign).map_err(broken)?;
            }
            Event::DocType(_) => return Err(broken("it has a document type, which is not read".to_owned())),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    if open.is_empty() { Ok(()) } else { Err(broken("it is cut off".to_owned())) }
}

fn add(text: &mut String, more: &str) -> Result<(), String> {
    if text.len().saturating_add(more.len()) > TEXT_BYTES {
        return Err(format!("a text in it is longer than the {TEXT_BYTES} bytes that are read"));
    }
    text.push_str(more);
    Ok(())
}

fn emit_one(update: Update, emit: Emit<'_>) {
    if !update.is_security {
        return;
    }
    let place = update.id.chars().take(100).collect();
    emit(advisory(update).map(|read| Record::Advisory(Box::new(read))).map_err(|why| Skip { place, why }));
}

impl Update {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let attributes = attributes(element)?;
        let value = |name: &str| {
            attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        match &*local_name(element) {
            "update" => *self = Self { is_security: value("type") == "security", ..Self::default() },
            "issued" => self.issued = value("date"),
            "updated" => self.updated = value("date"),
            "reference" if is_cve(&value("id")) => self.cves.push(value("id")),
            "reference" => self.urls.extend(Some(value("href")).filter(|url| url.starts_with("https://"))),
            "package" if value("arch") != "src" => {
                if self.packages.len() >= PACKAGES {
                    return Err(format!("an erratum has more than the {PACKAGES} packages that are read"));
                }
                let epoch = Some(value("epoch")).filter(|epoch| !epoch.is_empty());
                let epoch = epoch.unwrap_or_else(|| "0".to_owned());
                let version = format!("{epoch}:{}-{}", value("version"), value("release"));
                self.packages.push(Package { name: value("name"), version });
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, element: &str, text: &str) {
        let text = text.trim();
        match element {
            "id" => text.clone_into(&mut self.id),
            "title" => text.clone_into(&mut self.title),
            "description" => text.clone_into(&mut self.description),
            "severity" => text.clone_into(&mut self.severity),
            _ => {}
        }
    }
}

fn advisory(update: Update) -> Result<Advisory, String> {
    let mut advisory = Advisory::new(AdvisoryId::new(update.id).map_err(|error| error.to_string())?);
    advisory.affected = affected(update.packages)?;
    advisory.upstream = update.cves;
    advisory.summary = update.title;
    advisory.details = update.description;
    advisory.published = day(&update.issued);
    advisory.modified = day(&update.updated).or(advisory.published);
    advisory.ratings.extend(Rating::from_word(&update.severity, "Amazon Linux"));
    let reference = |url: String| Reference { kind: "ADVISORY".to_owned(), url };
    advisory.references = update.urls.into_iter().map(reference).collect();
    Ok(advisory)
}

/// `2023-02-17 00:59`, or with seconds, or a day alone, in UTC.
fn day(text: &str) -> Option<jiff::Timestamp> {
    instant(text).or_else(|| instant(text.split(' ').next()?))
}

/// For each package of each release the highest version: the one that repairs it on every machine.
fn affected(packages: Vec<Package>) -> Result<Vec<AffectedPackage>, String> {
    let mut fixes: BTreeMap<(Ecosystem, String), (Option<_>, String)> = BTreeMap::new();
    for Package { name, version } in packages {
        let number: String = version
            .rsplit_once(MARK)
            .map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect())
            .unwrap_or_default();
        if number.is_empty() || name.is_empty() {
            return Err(format!("nothing says which release {version:?} is of"));
        }
        let ecosystem = Ecosystem::new(format!("Amazon Linux:{number}"));
        let key = scheme_of(&ecosystem).and_then(|scheme| (scheme.key)(&version).ok());
        let known = fixes.entry((ecosystem, name)).or_insert_with(|| (key.clone(), version.clone()));
        if key > known.0 {
            *known = (key, version);
        }
    }
    if fixes.is_empty() {
        return Err("it names no package".to_owned());
    }
    let of = |((ecosystem, name), (_, version)): ((Ecosystem, String), (Option<_>, String))| {
        AffectedPackage::new(ecosystem, name, Extent::before(&version))
    };
    Ok(fixes.into_iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{advisories, read};

    fn update(kind: &str, packages: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><updates><update type="{kind}" version="1.4">
            <id>ALAS2023-2023-100</id><title>Amazon Linux 2023 - ALAS2023-2023-100: important priority package update for curl</title>
            <issued date="2023-02-17 00:59"/><updated date="2023-02-22"/><severity>important</severity>
            <description>Package updates are available: curl &lt; 8.</description>
            <references><reference href="https://alas.aws.amazon.com/AL2023/ALAS-2023-100.html" id="ALAS" type="self"/>
            <reference href="https://cve.mitre.org/x" id="CVE-2022-0001" type="cve"/></references>
            <pkglist><collection short="amazon-linux-2023"><name>Amazon Linux 2023</name>{packages}</collection></pkglist>
            </update></updates>"#
        )
    }

    fn package(name: &str, arch: &str, release: &str) -> String {
        format!(
            r#"<package name="{name}" version="7.87.0" release="{release}" epoch="1" arch="{arch}"><filename>x.rpm</filename></package>"#
        )
    }

    #[test]
    fn each_package_is_repaired_by_its_highest_version() {
        let packages = [
            package("curl", "x86_64", "2.amzn2023.0.1"),
            package("curl", "aarch64", "2.amzn2023.0.2"),
            package("libcurl", "x86_64", "2.amzn2023.0.1"),
            package("curl", "src", "9.amzn2023.0.1"),
        ];
        let read = advisories(&FEED, &update("security", &packages.concat())).remove(0);
        assert_eq!(
            (read.id.as_str(), &read.upstream[..]),
            ("ALAS2023-2023-100", &["CVE-2022-0001".to_owned()][..])
        );
        assert_eq!(read.details, "Package updates are available: curl < 8.");
        assert_eq!(read.published.unwrap().to_string(), "2023-02-17T00:59:00Z");
        let said: Vec<_> = read
            .affected
            .iter()
            .map(|affected| (affected.ecosystem.as_str(), &*affected.name, affected.extent.clone()))
            .collect();
        assert_eq!(
            said,
            [
                ("Amazon Linux:2023", "curl", Extent::before("1:7.87.0-2.amzn2023.0.2")),
                ("Amazon Linux:2023", "libcurl", Extent::before("1:7.87.0-2.amzn2023.0.1")),
            ]
        );
        assert_eq!(read.ratings[0].severity(), crate::Severity::High);
    }

    #[test]
    fn what_is_no_security_update_says_nothing_and_what_names_no_release_is_skipped() {
        let (records, skips) = read(&FEED, &update("bugfix", &package("a", "x86_64", "1.amzn2")));
        assert!(records.is_empty() && skips.is_empty());
        let (records, skips) = read(&FEED, &update("security", &package("a", "x86_64", "1.el7")));
        assert!(records.is_empty() && skips[0].why.contains("nothing says which release"), "{skips:?}");
        let second = advisories(&FEED, &update("security", &package("a", "noarch", "1.amzn2"))).remove(0);
        assert_eq!(second.affected[0].ecosystem.as_str(), "Amazon Linux:2");
    }
}
