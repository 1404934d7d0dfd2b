//! What records of distributions say beside the schema: binary packages, and parts of releases.
//!
//! SUSE and openEuler name the source package, and list under `ecosystem_specific` the binary packages of the update,
//! which are what an image has: SUSE as `{"libqt4": "4.8.6-7.1"}`, openEuler as file names of packages.

use super::OsvAffected;
use crate::release::part_of;
use crate::{AffectedPackage, Extent, FixState};
use inventory::version::scheme_of;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The binary packages of an update, with their fixed versions.
pub(super) type Binaries = BTreeMap<String, BTreeSet<String>>;

/// The binary packages that a record lists, of those ecosystems whose packages are named by their source.
pub(super) fn binaries(affected: &OsvAffected) -> Binaries {
    let mut found = Binaries::new();
    let base = affected.package.as_ref().and_then(|package| package.ecosystem.split(':').next());
    let Some(own) = &affected.ecosystem_specific else { return found };
    match base {
        Some("SUSE" | "openSUSE") => {
            let lists = own.get("binaries").and_then(Value::as_array);
            for (name, version) in lists.into_iter().flatten().filter_map(Value::as_object).flatten() {
                if let Some(version) = version.as_str() {
                    found.entry(name.clone()).or_default().insert(version.to_owned());
                }
            }
        }
        Some("openEuler") => {
            let lists = own.as_object().into_iter().flatten().filter(|(key, _)| *key != "src");
            for file in lists.filter_map(|(_, list)| list.as_array()).flatten().filter_map(Value::as_str) {
                if let Some((name, version)) = of_file(file) {
                    found.entry(name).or_default().insert(version);
                }
            }
        }
        _ => {}
    }
    found
}

/// `dnsmasq` and `2.82-5.oe1` of `dnsmasq-2.82-5.oe1.aarch64.rpm`.
fn of_file(file: &str) -> Option<(String, String)> {
    let (rest, _architecture) = file.strip_suffix(".rpm")?.rsplit_once('.')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some((name.to_owned(), format!("{version}-{release}")))
}

/// What is said of a package, and whether by a pocket for subscribers.
pub(super) struct Said {
    package: AffectedPackage,
    is_closed: bool,
}

/// What is said of a package, under the name of its release; one for each binary package where these are listed.
pub(super) fn of_release(said: AffectedPackage, binaries: Binaries) -> Vec<Said> {
    let part = part_of(said.ecosystem.as_str());
    let fixed = matches!(&said.extent, Extent::Versions { ranges, .. }
        if ranges.iter().any(|range| matches!(range.end, crate::End::Fixed(_))));
    let fix_state =
        if part.needs_subscription && fixed { Some(FixState::Subscription) } else { said.fix_state };
    let said = AffectedPackage { ecosystem: part.release, fix_state, ..said };
    let is_closed = part.needs_subscription;
    if binaries.is_empty() || !fixed {
        return vec![Said { package: said, is_closed }];
    }
    let key = |version: &String| scheme_of(&said.ecosystem).and_then(|scheme| (scheme.key)(version).ok());
    let latest = |versions: BTreeSet<String>| versions.into_iter().max_by_key(key);
    binaries
        .into_iter()
        .filter_map(|(name, versions)| {
            let extent = Extent::before(&latest(versions)?);
            Some(Said { package: AffectedPackage { name, extent, ..said.clone() }, is_closed })
        })
        .collect()
}

/// Leaves out what pockets for subscribers say of a package where the release itself has a fix, and what the release says
/// where only they have one.
pub(super) fn prefer_open_pockets(said: Vec<Said>) -> Vec<AffectedPackage> {
    let has_fix = |said: &Said| said.package.extent != Extent::every_version();
    let subject = |said: &Said| (said.package.ecosystem.clone(), said.package.name.clone());
    let of = |is_closed| -> BTreeSet<_> {
        said.iter().filter(|said| said.is_closed == is_closed && has_fix(said)).map(subject).collect()
    };
    let (open, closed) = (of(false), of(true));
    let is_kept = |said: &Said| {
        if said.is_closed {
            !open.contains(&subject(said))
        } else {
            // Beside a fix for subscribers, "no fix" would call those who have it affected.
            has_fix(said) || !closed.contains(&subject(said))
        }
    };
    said.into_iter().filter(is_kept).map(|said| said.package).collect()
}
