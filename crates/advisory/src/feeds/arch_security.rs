//! Arch Linux's groups of vulnerabilities: <https://security.archlinux.org/all.json>.
//!
//! Each group names packages, the version that was found affected, the fixed one, and the vulnerabilities. Nothing
//! is said of when a flaw came in, so that every version before the fix is taken as affected.

use super::{Emit, Feed, FeedError, Record, Skip, broken, is_list, nullable};
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent, Rating};
use inventory::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Arch Linux's groups of vulnerabilities.
pub(super) const FEED: Feed = Feed { name: "arch_security", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    is_list(head) && memchr::memmem::find(head, b"\"AVG-").is_some()
}

#[derive(Deserialize)]
struct Group {
    name: String,
    packages: Vec<String>,
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    severity: String,
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    kind: String,
    fixed: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    issues: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    advisories: Vec<String>,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let groups: Vec<&RawValue> = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    for raw in groups {
        let group = serde_json::from_str::<Group>(raw.get()).map_err(|error| error.to_string());
        let record = group.and_then(advisory).map(|read| Record::Advisory(Box::new(read)));
        emit(record.map_err(|why| Skip { place: FEED.name.to_owned(), why }));
    }
    Ok(())
}

fn advisory(group: Group) -> Result<Advisory, String> {
    let mut advisory = Advisory::new(AdvisoryId::new(&*group.name).map_err(|error| error.to_string())?);
    advisory.summary = group.kind;
    advisory.upstream = group.issues;
    advisory.related = group.advisories;
    advisory.ratings.extend(Rating::from_word(&group.severity, "Arch Linux"));
    let extent = match (&*group.status, group.fixed) {
        ("Not affected", _) => Extent::Never,
        ("Unknown", _) => Extent::Unknown { why: "the vendor does not know what is affected".to_owned() },
        (_, Some(fixed)) => Extent::before(&fixed),
        (_, None) => Extent::every_version(),
    };
    let of = |name| AffectedPackage::new(Ecosystem::new("Arch Linux"), name, extent.clone());
    advisory.affected = group.packages.into_iter().map(of).collect();
    Ok(advisory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{advisories, read};

    #[test]
    fn groups_become_advisories() {
        let group = |status: &str, fixed: &str| {
            format!(
                r#"[{{"name":"AVG-1","packages":["a","b"],"status":"{status}","severity":"High","type":"x","affected":"1-1","fixed":{fixed},"issues":["CVE-2021-0001"],"advisories":["ASA-1"]}}]"#
            )
        };
        let extent = |status: &str, fixed: &str| {
            let read = advisories(&FEED, &group(status, fixed)).remove(0);
            assert_eq!((read.affected.len(), &*read.upstream), (2, &["CVE-2021-0001".to_owned()][..]));
            read.affected[0].extent.clone()
        };
        assert_eq!(extent("Fixed", "\"1-2\""), Extent::before("1-2"));
        assert_eq!(extent("Vulnerable", "null"), Extent::every_version());
        assert_eq!(extent("Not affected", "null"), Extent::Never);
        assert!(matches!(extent("Unknown", "null"), Extent::Unknown { .. }));
        assert_eq!(read(&FEED, r#"[{"name":"AVG-1"},7]"#).1.len(), 2);
    }
}
