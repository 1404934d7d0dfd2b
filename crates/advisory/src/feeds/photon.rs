//! Photon OS, `cve_data_photonN.json`: <https://packages.vmware.com/photon/photon_cve_metadata/>.
//!
//! One document is one release, and does not name it: the release is read from the versions, which end in `.ph4`.
//! Surprises: `NA` for "no version"; identifiers that are none (`Re`, `UNK-1`), which are skipped; several versions for one
//! package and vulnerability, of which the latest counts.

use super::{Emit, Feed, FeedError, Record, Skip, broken, is_list, nullable};
use crate::identifier::is_cve;
use crate::{Advisory, AdvisoryId, AffectedPackage, BaseScore, CvssVersion, Extent, Rating};
use inventory::{Ecosystem, version::scheme_of};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Photon OS.
pub(super) const FEED: Feed = Feed { name: "photon", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    is_list(head) && memchr::memmem::find(head, b"\"res_ver\"").is_some()
}

#[derive(Deserialize)]
struct Entry {
    cve_id: String,
    pkg: String,
    cve_score: Option<f64>,
    #[serde(default, deserialize_with = "nullable")]
    res_ver: String,
    #[serde(default, deserialize_with = "nullable")]
    status: String,
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let list: Vec<&RawValue> = serde_json::from_slice(document).map_err(broken(FEED.name))?;
    let mut entries = Vec::new();
    for raw in list {
        match serde_json::from_str::<Entry>(raw.get()) {
            Ok(entry) => entries.push(entry),
            Err(error) => emit(Err(Skip { place: FEED.name.to_owned(), why: error.to_string() })),
        }
    }
    let release = entries.iter().find_map(|entry| release_of(&entry.res_ver));
    let Some(release) = release else {
        let why = "no version in it ends in the mark of a release, as .ph4 does".to_owned();
        return Err(FeedError { feed: FEED.name, why });
    };
    let ecosystem = Ecosystem::new(format!("Photon OS:{release}.0"));
    let mut advisories: BTreeMap<String, (Advisory, BTreeMap<String, Vec<Entry>>)> = BTreeMap::new();
    for entry in entries {
        if !is_cve(&entry.cve_id) && !entry.cve_id.starts_with("BDSA-") {
            let why = format!("{:?} names no vulnerability", entry.cve_id);
            emit(Err(Skip { place: entry.pkg, why }));
            continue;
        }
        let Ok(id) = AdvisoryId::new(format!("PHOTON-{}", entry.cve_id)) else { continue };
        let (_, packages) =
            advisories.entry(entry.cve_id.clone()).or_insert_with(|| (Advisory::new(id), BTreeMap::new()));
        packages.entry(entry.pkg.clone()).or_default().push(entry);
    }
    for (name, (mut advisory, packages)) in advisories {
        advisory.upstream.push(name);
        for (package, said) in packages {
            let base = said.iter().find_map(|entry| BaseScore::new(entry.cve_score?));
            let score = base.map(|base| Rating::Score {
                version: CvssVersion::V31,
                base,
                source: "Photon".to_owned(),
            });
            let extent = extent(&ecosystem, &said);
            advisory.affected.push(AffectedPackage {
                ratings: score.into_iter().collect(),
                ..AffectedPackage::new(ecosystem.clone(), package, extent)
            });
        }
        emit(Ok(Record::Advisory(Box::new(advisory))));
    }
    Ok(())
}

/// `4` of `8.16.0-1.ph4`.
fn release_of(version: &str) -> Option<u16> {
    version.rsplit_once(".ph")?.1.parse().ok()
}

fn extent(ecosystem: &Ecosystem, said: &[Entry]) -> Extent {
    let key = |version: &&str| scheme_of(ecosystem).and_then(|scheme| (scheme.key)(version).ok());
    let fixed = said.iter().map(|entry| &*entry.res_ver).filter(|version| !matches!(*version, "" | "NA"));
    if let Some(latest) = fixed.max_by_key(key) {
        return Extent::before(latest);
    }
    if said.iter().all(|entry| entry.status.eq_ignore_ascii_case("not affected")) {
        return Extent::Never;
    }
    Extent::every_version()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{advisories, read};

    #[test]
    fn statuses_become_extents_of_the_release_that_the_versions_name() {
        let text = r#"[{"cve_id":"CVE-2025-0001","pkg":"a","cve_score":7.5,"aff_ver":"x","res_ver":"1.2-1.ph4","status":"Fixed"},
            {"cve_id":"CVE-2025-0001","pkg":"a","cve_score":7.5,"res_ver":"1.10-1.ph4","status":"Fixed"},
            {"cve_id":"CVE-2025-0002","pkg":"b","cve_score":1,"res_ver":"NA","status":"Not Affected"},
            {"cve_id":"CVE-2025-0003","pkg":"c","res_ver":"NA","status":"Unfixed"},
            {"cve_id":"Re","pkg":"linux","res_ver":"NA","status":"Not Affected"},{"cve_id":7}]"#;
        let extents: Vec<_> = advisories(&FEED, text)
            .into_iter()
            .map(|advisory| (advisory.affected[0].ecosystem.to_string(), advisory.affected[0].extent.clone()))
            .collect();
        let photon = || "Photon OS:4.0".to_owned();
        let expected = [
            (photon(), Extent::before("1.10-1.ph4")),
            (photon(), Extent::Never),
            (photon(), Extent::every_version()),
        ];
        assert_eq!(extents, expected);
        assert_eq!(read(&FEED, text).1.len(), 2);
    }

    #[test]
    fn a_document_without_a_release_is_refused() {
        let (records, skips) = read(&FEED, r#"[{"cve_id":"CVE-2025-0002","pkg":"b","res_ver":"NA"}]"#);
        assert!(records.is_empty());
        assert!(skips[0].why.contains("mark of a release"), "{skips:?}");
    }
}
