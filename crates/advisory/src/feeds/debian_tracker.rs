//! The JSON of Debian's security tracker: <https://security-tracker.debian.org/tracker/data/json>.
//!
//! One object of source packages, each an object of vulnerabilities, each with the releases by code name.
//! Surprises: `fixed_version` `0` says that the release was never affected; `TEMP-…` names are temporary and change;
//! urgency `end-of-life` says that the package is no longer looked at, so that nothing may be concluded from it.

use super::{Emit, Feed, FeedError, Record, Skip, broken, nullable, shows};
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent, FixState, Urgency};
use inventory::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The JSON of Debian's security tracker.
pub(super) const FEED: Feed = Feed { name: "debian_tracker", recognise, parse };

/// Code names and the versions that OSV calls the releases by. Sid has no version and is left out.
pub(super) const RELEASES: &[(&str, &str)] = &[
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

fn recognise(_name: &str, head: &[u8]) -> bool {
    shows(head, "\"releases\"") && shows(head, "\"repositories\"")
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "nullable")]
    description: String,
    #[serde(default, deserialize_with = "nullable")]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    status: String,
    fixed_version: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    urgency: String,
    nodsa_reason: Option<String>,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let packages: BTreeMap<String, BTreeMap<String, &RawValue>> =
        serde_json::from_slice(document).map_err(broken(FEED.name))?;
    for (package, vulnerabilities) in packages {
        for (name, raw) in vulnerabilities {
            let place = format!("{name} {package}");
            let entry = serde_json::from_str::<Entry>(raw.get()).map_err(|error| error.to_string());
            let record = entry.and_then(|entry| advisory(&package, &name, entry));
            emit(record.map(|read| Record::Advisory(Box::new(read))).map_err(|why| Skip { place, why }));
        }
    }
    Ok(())
}

fn advisory(package: &str, name: &str, entry: Entry) -> Result<Advisory, String> {
    let id = AdvisoryId::new(format!("DEBIAN-{name}")).map_err(|error| error.to_string())?;
    let mut advisory = Advisory::new(id);
    advisory.upstream.push(name.to_owned());
    advisory.details = entry.description;
    for (release, said) in entry.releases {
        let Some((_, version)) = RELEASES.iter().find(|(code_name, _)| *code_name == release) else {
            continue;
        };
        let urgency = Urgency::from_word(&said.urgency);
        let ecosystem = Ecosystem::new(format!("Debian:{version}"));
        advisory.affected.push(AffectedPackage {
            ratings: urgency.and_then(|urgency| urgency.rating("DEBIAN")).into_iter().collect(),
            urgency,
            fix_state: fix_state(&said, urgency),
            ..AffectedPackage::new(ecosystem, package, extent(&said))
        });
    }
    Ok(advisory)
}

fn extent(said: &Release) -> Extent {
    match (&*said.status, &said.fixed_version) {
        ("resolved", Some(fixed)) => Extent::before(fixed),
        ("open", _) => Extent::every_version(),
        ("undetermined", _) => {
            Extent::Unknown { why: "the vendor has not determined what is affected".to_owned() }
        }
        (status, _) => {
            Extent::Unknown { why: format!("the vendor's status {status:?} says no fixed version") }
        }
    }
}

/// Why there is no fix. Where there is one, nothing that is said beside it takes it away.
fn fix_state(said: &Release, urgency: Option<Urgency>) -> Option<FixState> {
    if said.status == "resolved" {
        return None;
    }
    if urgency == Some(Urgency::EndOfLife) {
        return Some(FixState::EndOfLife);
    }
    match said.nodsa_reason.as_deref() {
        Some("ignored") => Some(FixState::WillNotFix),
        Some("postponed") => Some(FixState::Postponed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::advisories;

    #[test]
    fn statuses_and_urgencies_become_types() {
        let text = r#"{"a":{"CVE-2022-0001":{"description":"d","releases":{
            "bullseye":{"status":"resolved","repositories":{},"fixed_version":"0","urgency":"unimportant"},
            "bookworm":{"status":"resolved","repositories":{},"fixed_version":"1.2-3","urgency":"not yet assigned"},
            "buster":{"status":"open","repositories":{},"urgency":"end-of-life"},
            "trixie":{"status":"open","repositories":{},"urgency":"low","nodsa":"Minor","nodsa_reason":"ignored"},
            "forky":{"status":"undetermined","repositories":{},"urgency":"low"},
            "stretch":{"status":"resolved","repositories":{},"fixed_version":"1.2-4","urgency":"end-of-life"},
            "sid":{"status":"open","repositories":{},"urgency":"low"}}}}}"#;
        let read = advisories(&FEED, text).remove(0);
        assert_eq!(read.id.as_str(), "DEBIAN-CVE-2022-0001");
        let of = |release: &str| {
            let affected =
                read.affected.iter().find(|affected| affected.ecosystem.as_str() == release).unwrap();
            (affected.extent.clone(), affected.fix_state)
        };
        assert_eq!(of("Debian:11"), (Extent::Never, None));
        assert_eq!(of("Debian:12"), (Extent::before("1.2-3"), None));
        assert_eq!(of("Debian:10"), (Extent::every_version(), Some(FixState::EndOfLife)));
        assert_eq!(of("Debian:13"), (Extent::every_version(), Some(FixState::WillNotFix)));
        assert!(matches!(of("Debian:14").0, Extent::Unknown { .. }));
        assert_eq!(of("Debian:9"), (Extent::before("1.2-4"), None));
        assert_eq!(read.affected.len(), 6);
    }
}
