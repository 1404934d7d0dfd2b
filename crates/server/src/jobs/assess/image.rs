//! One image: its layers, its inventory, its findings, its verdict.

use super::{Judged, layers, lineage};
use crate::jobs::{JobError, Workshop};
use crate::judge::{findings_of, out_of_support, package_version, severity, standing, without_feed};
use advisory::Snapshot;
use assessment::{Cause, ImageFacts, assess};
use inventory::{Distribution, INDEXER_VERSION, LayerInventory, Obstacle, coalesce};
use jiff::Timestamp;
use oci::{Digest, ImageConfig, ImageManifest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    FindingFilter, FindingVerdict, ImageKey, ImageRecord, PackageFindings, PackagePlace, PackageVersion,
    PackageVersionId, PageRequest, SnapshotVersion,
};

/// A configuration that is larger than this is none.
const LARGEST_CONFIGURATION: u64 = 4 << 20;

/// Judges one image.
pub(super) async fn judge(
    workshop: &Workshop,
    image: &ImageKey,
    manifest: &ImageManifest,
    annotations: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Judged, JobError> {
    let configuration = match configuration(workshop, manifest).await? {
        Ok(configuration) => configuration,
        Err(cause) => return Ok(Judged::not_applicable(cause)),
    };
    let platform = platform(&configuration);
    if configuration.is_windows() {
        return Ok(Judged { platform, ..Judged::not_applicable(Cause::WindowsImage) });
    }
    if manifest.layers.is_empty() {
        return Ok(Judged { platform, ..Judged::not_applicable(Cause::EmptyImage) });
    }
    let layers = read_layers(workshop, manifest, now).await?;
    let inventory = coalesce(&layers.inventories);
    let places = places(&inventory, manifest);
    let record = ImageRecord {
        digest: image.digest.clone(),
        distribution: serde_json::to_value(&inventory.distribution).unwrap_or(Value::Null),
        platform: platform.clone(),
        obstacles: serde_json::to_value(&inventory.obstacles).unwrap_or(Value::Null),
        indexer_version: INDEXER_VERSION,
        isolation: layers.isolation.clone(),
        at: now,
        lineage: lineage::of(manifest, annotations, &configuration),
        packages: places,
    };
    let recorded = workshop.store.record_image(record).await?;
    let snapshot = workshop.shelf.current();
    if let Some(snapshot) = &snapshot {
        let ids: Vec<PackageVersionId> = recorded.versions.iter().map(|(id, _)| *id).collect();
        match_new(workshop, snapshot, &ids, now).await?;
    }
    let packages = recorded.versions.into_iter().map(|(_, version)| version).collect::<Vec<_>>();
    let facts = facts(
        workshop,
        &image.digest,
        Known {
            causes: layers.causes,
            obstacles: inventory.obstacles,
            distribution: inventory.distribution,
            packages: &packages,
            snapshot: snapshot.as_deref(),
        },
        now,
    )
    .await?;
    Ok(Judged {
        verdict: Some(assess(&facts)),
        platform,
        isolation: layers.isolation,
        snapshot: snapshot.map(|snapshot| SnapshotVersion(snapshot.version().to_string())),
        children: Vec::new(),
    })
}

/// The image's configuration, or why this is no image that can be assessed.
async fn configuration(
    workshop: &Workshop,
    manifest: &ImageManifest,
) -> Result<Result<ImageConfig, Cause>, JobError> {
    let Some(blob) = workshop.blobs.open(&manifest.config.digest).await? else {
        return Ok(Err(Cause::InvalidImage { detail: "its configuration is not in the registry".into() }));
    };
    let bytes = match blob.bytes(LARGEST_CONFIGURATION).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Err(Cause::InvalidImage { detail: "its configuration is too large".into() })),
        Err(error) => return Err(JobError::Again(error.to_string())),
    };
    Ok(ImageConfig::parse(&bytes).map_err(|error| Cause::InvalidImage { detail: error.to_string() }))
}

/// `linux/arm64/v8`, as far as the configuration says.
fn platform(configuration: &ImageConfig) -> Option<String> {
    let parts = [&configuration.operating_system, &configuration.architecture];
    let mut words: Vec<&str> =
        parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    words.extend(configuration.variant.as_deref());
    (!words.is_empty()).then(|| words.join("/"))
}

/// The layers of an image, with what could not be read.
struct Layers {
    /// An unreadable layer has an empty inventory, so that the numbers of the others stay.
    inventories: Vec<LayerInventory>,
    causes: Vec<Cause>,
    isolation: Value,
}

async fn read_layers(
    workshop: &Workshop,
    manifest: &ImageManifest,
    now: Timestamp,
) -> Result<Layers, JobError> {
    let mut layers = Layers { inventories: Vec::new(), causes: Vec::new(), isolation: Value::Null };
    // All at once; the readers see to it that there are not more workers than processors.
    let reading = manifest.layers.iter().map(|layer| layers::read(workshop, layer, now));
    let read = futures_util::future::try_join_all(reading).await?;
    for (number, read) in (1..).zip(read) {
        match read {
            layers::Read::Indexed(inventory, isolation) => {
                layers.inventories.push(*inventory);
                layers.isolation = isolation;
            }
            layers::Read::Unreadable(detail) => {
                layers.inventories.push(LayerInventory::empty());
                layers.causes.push(Cause::LayerUnreadable { layer: number, detail });
            }
            layers::Read::Foreign => {
                layers.inventories.push(LayerInventory::empty());
                layers.causes.push(Cause::LayerNotDistributable { layer: number });
            }
        }
    }
    Ok(layers)
}

/// The packages with their ecosystems and layers, as the store keeps them.
fn places(inventory: &inventory::ImageInventory, manifest: &ImageManifest) -> Vec<PackagePlace> {
    let digest_of = |layer: usize| manifest.layers.get(layer).map(|layer| layer.digest.clone());
    inventory
        .packages
        .iter()
        .filter_map(|installed| {
            Some(PackagePlace {
                package: package_version(installed, inventory.distribution.as_ref()),
                layer: digest_of(installed.layer)?,
                path: installed.path.as_str().to_owned(),
            })
        })
        .collect()
}

/// Matches those package versions that this snapshot has not judged yet. Each is matched once, whatever images have it.
pub(in crate::jobs) async fn match_new(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    ids: &[PackageVersionId],
    now: Timestamp,
) -> Result<Vec<PackageVersionId>, JobError> {
    let version = SnapshotVersion(snapshot.version().to_string());
    let unmatched = workshop.store.unmatched(&version, ids).await?;
    record_matches(workshop, snapshot, unmatched, now).await
}

/// Matches package versions and records what came of it. Returns those whose findings changed.
pub(in crate::jobs) async fn record_matches(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    versions: Vec<(PackageVersionId, PackageVersion)>,
    now: Timestamp,
) -> Result<Vec<PackageVersionId>, JobError> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let version = SnapshotVersion(snapshot.version().to_string());
    let snapshot = snapshot.clone();
    let work = move || {
        let mut packages = Vec::with_capacity(versions.len());
        let mut vulnerabilities = BTreeMap::new();
        for (id, package) in versions {
            let (findings, known) = findings_of(&snapshot, &package);
            packages.push(PackageFindings { package_version: id, findings });
            vulnerabilities
                .extend(known.into_iter().map(|known| ((known.id.clone(), known.ecosystem.clone()), known)));
        }
        (packages, vulnerabilities.into_values().collect::<Vec<_>>())
    };
    let (packages, vulnerabilities) =
        tokio::task::spawn_blocking(work).await.map_err(|error| JobError::Again(error.to_string()))?;
    Ok(workshop.store.record_findings(&version, packages, vulnerabilities, now).await?)
}

/// What is known of an image, freshly read or recorded.
pub(in crate::jobs) struct Known<'a> {
    pub(in crate::jobs) causes: Vec<Cause>,
    pub(in crate::jobs) obstacles: Vec<Obstacle>,
    pub(in crate::jobs) distribution: Option<Distribution>,
    pub(in crate::jobs) packages: &'a [PackageVersion],
    pub(in crate::jobs) snapshot: Option<&'a Snapshot>,
}

/// The facts for the verdict: what is known, and the findings from the join.
pub(in crate::jobs) async fn facts(
    workshop: &Workshop,
    digest: &Digest,
    known: Known<'_>,
    now: Timestamp,
) -> Result<ImageFacts, JobError> {
    let ecosystems: BTreeSet<_> =
        known.packages.iter().filter_map(|package| package.ecosystem.clone()).collect();
    let unplaced = known.packages.iter().any(|package| package.ecosystem.is_none());
    let mut affected = BTreeMap::new();
    let mut undetermined = (0, String::new());
    let filter = FindingFilter { digest: Some(digest.clone()), ..FindingFilter::default() };
    let mut seen = BTreeSet::new();
    let mut after = None;
    // Without advisories in force, what older ones said does not count.
    while known.snapshot.is_some() {
        let page = workshop.store.findings(&filter, PageRequest { after, limit: 2000 }).await?;
        for finding in page.items {
            // The same image may stand in many repositories; each vulnerability of a package counts once.
            if !seen.insert((finding.vulnerability.id.clone(), finding.key.package_version)) {
                continue;
            }
            match finding.verdict {
                FindingVerdict::Affected => {
                    let severity =
                        severity(&finding.vulnerability.severity).unwrap_or(advisory::Severity::Unknown);
                    *affected.entry(severity).or_insert(0) += 1;
                }
                FindingVerdict::Undetermined => {
                    undetermined.0 += 1;
                    if undetermined.1.is_empty() {
                        let package = &finding.package;
                        undetermined.1 =
                            format!("{} in {} {}", finding.vulnerability.id, package.name, package.version);
                    }
                }
                FindingVerdict::NotAffected => {}
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(ImageFacts {
        causes: known.causes,
        obstacles: known.obstacles,
        distribution_without_feed: without_feed(known.distribution.as_ref(), unplaced),
        out_of_support: out_of_support(
            known.distribution.as_ref(),
            known.packages.iter().map(|package| package.kind),
            now,
        ),
        feeds: standing(known.snapshot, &ecosystems, workshop.advisory_age_limit, now),
        affected,
        undetermined,
    })
}
