//! `sbom:FILE`: a bill of materials instead of an image.
//!
//! A bill is a claim of whoever wrote it. What it lists is judged like what was found; what it passes over, or says of
//! itself that it lacks, stands in the way of calling anything healthy.

use anyhow::{Context, Result};
use inventory::sbom::Bill;
use inventory::{ImageInventory, InstalledPackage, LayerPath, Obstacle, Presence, SkipReason, Skipped};
use sandbox::Isolation;
use server::inspect::Inspector;
use std::fs::File;

/// The words that begin such a target.
pub(crate) const PREFIX: &str = "sbom:";

/// Reads the bill in the jail.
pub(crate) fn open(path: &str, inspector: &Inspector) -> Result<(ImageInventory, Isolation)> {
    let file = File::open(path).with_context(|| format!("{path} cannot be opened"))?;
    let (bill, isolation) =
        inspector.bill(file).with_context(|| format!("{path} could not be read as a bill of materials"))?;
    Ok((inventory(bill), isolation))
}

fn inventory(bill: Bill) -> ImageInventory {
    // A bill does not say where things are; its own place is all there is.
    let place = || LayerPath::from_bytes(b"sbom").into_iter();
    let mut obstacles = Vec::new();
    let mut lacking = |why: String| {
        obstacles.extend(place().map(|path| {
            let why = SkipReason::Unsupported(why.clone());
            Obstacle::Unread { layer: 0, skipped: Skipped { path, why, conceals_packages: true } }
        }));
    };
    if bill.is_incomplete {
        lacking("the bill says of itself that it is not complete".to_owned());
    }
    if bill.passed_over > 0 {
        let count = bill.passed_over;
        lacking(format!("{count} components have no package URL of a known kind"));
    }
    if bill.packages.is_empty() {
        obstacles.push(Obstacle::NoPackageSource);
    }
    let os = bill.packages.iter().any(|package| package.kind.is_os());
    if os && bill.distribution.is_none() {
        obstacles.push(Obstacle::DistributionUnknown);
    }
    let installed = bill.packages.into_iter().flat_map(|package| {
        place().map(move |path| InstalledPackage {
            package: package.clone(),
            path,
            layer: 0,
            presence: Presence::Installed,
            owned_by: None,
        })
    });
    ImageInventory {
        packages: installed.collect(),
        distribution: bill.distribution,
        obstacles,
        skipped: Vec::new(),
        content_sets: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inventory::sbom::{BillLimits, read};

    fn of(text: &str) -> ImageInventory {
        inventory(read(text.as_bytes(), &BillLimits::default()).unwrap())
    }

    #[test]
    fn a_bill_that_lists_all_has_no_obstacle() {
        let text = r#"{"bomFormat":"CycloneDX","components":[
            {"type":"operating-system","name":"alpine","version":"3.18.9"},
            {"type":"library","name":"musl","version":"1.2.4-r0","purl":"pkg:apk/alpine/musl@1.2.4-r0"}]}"#;
        let inventory = of(text);
        assert_eq!(inventory.packages.len(), 1);
        assert!(inventory.obstacles.is_empty(), "{:?}", inventory.obstacles);
    }

    #[test]
    fn what_a_bill_lacks_is_an_obstacle() {
        let unknown = r#"{"bomFormat":"CycloneDX","components":[{"type":"library","name":"x","version":"1"},
            {"type":"library","name":"musl","version":"1","purl":"pkg:apk/alpine/musl@1"}]}"#;
        let found = of(unknown).obstacles;
        assert!(matches!(found[0], Obstacle::Unread { .. }), "{found:?}");
        assert_eq!(found[1], Obstacle::DistributionUnknown);
        assert_eq!(of(r#"{"bomFormat":"CycloneDX"}"#).obstacles, [Obstacle::NoPackageSource]);
    }
}
