//! Ubuntu's VEX documents: <https://security-metadata.canonical.com/vex/>, in the form of OpenVEX
//! (<https://github.com/openvex/spec>) with its head under `metadata`.
//!
//! A statement lists products by package URL: the source package with its release (`distro=jammy`,
//! `distro=esm-apps/bionic`), then each binary package without one. Only source packages are read, as everywhere for
//! Ubuntu. The version in a URL is the one that the statement was made about.
//!
//! A release and its pockets for subscribers are one release here: where the release itself has no fix and a pocket
//! has, the fix is one for subscribers.

use super::{Emit, Feed, FeedError, Record, Skip, broken, nullable, shows};
use crate::advisory::instant;
use crate::identifier::is_cve;
use crate::release::ubuntu_release;
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent, FixState};
use inventory::Ecosystem;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Ubuntu's VEX documents.
pub(super) const FEED: Feed = Feed { name: "ubuntu_vex", recognise, parse };

/// Code names and numbers of releases.
const RELEASES: &[(&str, &str)] = &[
    ("precise", "12.04"),
    ("trusty", "14.04"),
    ("xenial", "16.04"),
    ("bionic", "18.04"),
    ("focal", "20.04"),
    ("jammy", "22.04"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
    ("resolute", "26.04"),
];

fn recognise(_name: &str, head: &[u8]) -> bool {
    shows(head, "openvex.dev/ns") && shows(head, "Canonical")
}

#[derive(Deserialize)]
struct Document {
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "@id")]
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    timestamp: String,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    #[serde(default, deserialize_with = "nullable")]
    products: Vec<Product>,
    status: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default, deserialize_with = "nullable")]
    description: String,
    #[serde(default, deserialize_with = "nullable")]
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
}

/// What is said of a source package of a release, by the release itself and by its pockets for subscribers.
#[derive(Debug, Default)]
struct Said {
    release: Option<Extent>,
    pockets: Option<Extent>,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let document: Document = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    let name = document.metadata.id.rsplit('/').next().unwrap_or_default();
    let id = if is_cve(name) { format!("UBUNTU-{name}") } else { name.to_owned() };
    let id = AdvisoryId::new(id).map_err(|error| FeedError { feed: FEED.name, why: error.to_string() })?;
    let mut advisory = Advisory::new(id);
    advisory.modified = instant(&document.metadata.timestamp);
    advisory.upstream.extend(is_cve(name).then(|| name.to_owned()));
    let mut packages: BTreeMap<(Ecosystem, String), Said> = BTreeMap::new();
    for statement in &document.statements {
        for alias in statement.vulnerability.aliases.iter().filter(|alias| is_cve(alias)) {
            if !advisory.upstream.contains(alias) {
                advisory.upstream.push(alias.clone());
            }
        }
        if advisory.details.is_empty() {
            advisory.details.clone_from(&statement.vulnerability.description);
        }
        for product in &statement.products {
            match source(&product.id) {
                Some(Ok(source)) => hear(&mut packages, source, &statement.status),
                Some(Err(why)) => emit(Err(Skip { place: product.id.chars().take(100).collect(), why })),
                None => {}
            }
        }
    }
    advisory.affected = packages.into_iter().filter_map(|(of, said)| conclude(of, said)).collect();
    emit(Ok(Record::Advisory(Box::new(advisory))));
    Ok(())
}

/// A source package of a release.
struct Source {
    ecosystem: Ecosystem,
    name: String,
    version: String,
    is_pocket: bool,
}

/// The source package of a product; `None` for binary packages.
fn source(purl: &str) -> Option<Result<Source, String>> {
    let rest = purl.strip_prefix("pkg:deb/ubuntu/")?;
    let (path, qualifiers) = rest.split_once('?')?;
    let qualifier =
        |wanted: &str| qualifiers.split('&').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('='));
    if qualifier("arch") != Some("source") {
        return None;
    }
    let distro = qualifier("distro")?;
    let (pocket, code_name) = match distro.rsplit_once('/') {
        Some((pocket, code_name)) => (Some(pocket), code_name),
        None => (None, distro),
    };
    if pocket.is_some_and(|pocket| !pocket.starts_with("esm")) {
        // FIPS and real-time kernels are other products, see `release`.
        return None;
    }
    let number = RELEASES.iter().find(|(name, _)| *name == code_name).map(|(_, number)| *number);
    let Some(ecosystem) = number.and_then(ubuntu_release) else {
        return Some(Err(format!("the release {code_name:?} is not known")));
    };
    let (name, version) = path.rsplit_once('@').unwrap_or((path, ""));
    Some(Ok(Source {
        ecosystem: Ecosystem::new(ecosystem),
        name: name.replace("%2B", "+"),
        version: version.replace("%2B", "+").replace("%7E", "~").replace("%3A", ":"),
        is_pocket: pocket.is_some(),
    }))
}

fn hear(packages: &mut BTreeMap<(Ecosystem, String), Said>, source: Source, status: &str) {
    let extent = match status {
        "not_affected" => Extent::Never,
        "fixed" if !source.version.is_empty() => Extent::before(&source.version),
        "affected" => Extent::every_version(),
        _ => Extent::Unknown { why: format!("the vendor's status is {status:?}") },
    };
    let said = packages.entry((source.ecosystem, source.name)).or_default();
    let place = if source.is_pocket { &mut said.pockets } else { &mut said.release };
    place.get_or_insert(extent);
}

fn conclude((ecosystem, name): (Ecosystem, String), said: Said) -> Option<AffectedPackage> {
    let every = Extent::every_version();
    let (extent, fix_state) = match (said.release, said.pockets) {
        (Some(release), Some(pockets)) if release == every => (pockets, Some(FixState::Subscription)),
        (Some(release), _) => (release, None),
        // That subscribers are not affected says nothing of others.
        (None, Some(Extent::Never)) => return None,
        (None, Some(pockets)) => (pockets, Some(FixState::Subscription)),
        (None, None) => return None,
    };
    let has_fix = matches!(&extent, Extent::Versions { .. }) && extent != every;
    // A pocket that says "not affected" beside a release that says "affected" means the pocket's own version.
    let extent = if extent == Extent::Never && fix_state.is_some() { every } else { extent };
    Some(AffectedPackage {
        fix_state: fix_state.filter(|_| has_fix),
        ..AffectedPackage::new(ecosystem, name, extent)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{advisories, read};

    fn document(statements: &[(&str, &str)]) -> String {
        let statements: Vec<_> = statements
            .iter()
            .map(|(purl, status)| {
                format!(
                    r#"{{"vulnerability":{{"name":"x","aliases":["CVE-2025-0002","https://x"]}},"status":"{status}","products":[{{"@id":"pkg:deb/ubuntu/{purl}"}},{{"@id":"pkg:deb/ubuntu/a-bin@1?arch=amd64"}}]}}"#
                )
            })
            .collect();
        format!(
            r#"{{"metadata":{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x/CVE-2025-0001","author":"Canonical Ltd."}},"statements":[{}]}}"#,
            statements.join(",")
        )
    }

    fn said(statements: &[(&str, &str)]) -> Vec<(String, Extent, Option<FixState>)> {
        let read = advisories(&FEED, &document(statements)).remove(0);
        assert_eq!((read.id.as_str(), read.upstream.len()), ("UBUNTU-CVE-2025-0001", 2));
        read.affected
            .into_iter()
            .map(|said| (said.ecosystem.to_string(), said.extent, said.fix_state))
            .collect()
    }

    #[test]
    fn statuses_are_read_for_source_packages() {
        let jammy = || "Ubuntu:22.04:LTS".to_owned();
        let of = |status: &str| said(&[("curl@7.81-1ubuntu1.20?arch=source&distro=jammy", status)]);
        assert_eq!(of("affected"), [(jammy(), Extent::every_version(), None)]);
        assert_eq!(of("not_affected"), [(jammy(), Extent::Never, None)]);
        assert_eq!(of("fixed"), [(jammy(), Extent::before("7.81-1ubuntu1.20"), None)]);
        assert!(matches!(of("under_investigation")[..], [(_, Extent::Unknown { .. }, None)]));
    }

    #[test]
    fn pockets_for_subscribers_are_part_of_the_release() {
        let release = "curl@7.68-1?arch=source&distro=focal";
        let pocket = "curl@7.68-1%2Besm1?arch=source&distro=esm-infra/focal";
        let of = |statements: &[(&str, &str)]| said(statements).remove(0);
        let focal = || "Ubuntu:20.04:LTS".to_owned();
        let fix = Extent::before("7.68-1+esm1");
        let for_subscribers = (focal(), fix, Some(FixState::Subscription));
        assert_eq!(of(&[(release, "affected"), (pocket, "fixed")]), for_subscribers);
        assert_eq!(of(&[(pocket, "fixed")]), for_subscribers);
        assert_eq!(of(&[(pocket, "fixed"), (release, "fixed")]), (focal(), Extent::before("7.68-1"), None));
        assert_eq!(
            of(&[(release, "affected"), (pocket, "not_affected")]),
            (focal(), Extent::every_version(), None)
        );
        assert!(said(&[(pocket, "not_affected")]).is_empty());
    }

    #[test]
    fn unknown_releases_are_skipped_with_their_name() {
        let (_, skips) = read(&FEED, &document(&[("a@1?arch=source&distro=zesty", "fixed")]));
        assert!(skips[0].why.contains("zesty"), "{skips:?}");
    }
}
