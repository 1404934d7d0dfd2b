//! One image: its layers, its inventory, its findings, its verdict.

use super::{Elsewhere, Judged, layers, lineage};
use crate::jobs::reevaluate::match_again;
use crate::jobs::{JobError, Workshop};
use crate::judge::{Basis, package_version, severity, standing, without_feed};
use advisory::Snapshot;
use assessment::{Cause, ImageFacts, assess};
use inventory::{Ecosystem, INDEXER_VERSION, ImageInventory, LayerInventory, coalesce};
use jiff::Timestamp;
use oci::{Digest, ImageConfig, ImageManifest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{
    FindingFilter, FindingVerdict, ImageKey, ImageRecord, PackagePlace, PackageVersion, PackageVersionId,
    PageRequest, RecordedImage, ScannedImage, SnapshotVersion,
};

/// A configuration that is larger than this is none.
const LARGEST_CONFIGURATION: u64 = 4 << 20;

/// Judges one image.
pub(super) async fn judge(
    workshop: &Workshop,
    there: Option<&Elsewhere>,
    image: &ImageKey,
    manifest: &ImageManifest,
    annotations: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Judged, JobError> {
    let configuration = match configuration(workshop, there, manifest).await? {
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
    let layers = read_layers(workshop, there, manifest, now).await?;
    let inventory = coalesce(&layers.inventories);
    let places = places(&inventory, manifest);
    let basis = basis(layers.causes, &inventory, &places);
    let record = ImageRecord {
        digest: image.digest.clone(),
        distribution: serde_json::to_value(&inventory.distribution).unwrap_or(Value::Null),
        platform: platform.clone(),
        obstacles: serde_json::to_value(&inventory.obstacles).unwrap_or(Value::Null),
        basis: serde_json::to_value(&basis).unwrap_or(Value::Null),
        indexer_version: INDEXER_VERSION,
        isolation: layers.isolation.clone(),
        at: now,
        lineage: lineage::of(manifest, annotations, &configuration),
        packages: places,
    };
    let recorded = workshop.store.record_image(record).await?;
    conclude(workshop, image, Content { basis, recorded, platform, isolation: layers.isolation }, now).await
}

/// Judges an image from elsewhere by what was recorded of it, if this version of the indexer has: nothing has to be fetched
/// again, and nobody there has to answer.
pub(super) async fn recorded(
    workshop: &Workshop,
    there: Option<&Elsewhere>,
    image: &ImageKey,
    now: Timestamp,
) -> Result<Option<Judged>, JobError> {
    if there.is_none() {
        return Ok(None);
    }
    let Some(scan) = workshop.store.recorded_image(&image.digest, INDEXER_VERSION).await? else {
        return Ok(None);
    };
    let Ok(basis) = serde_json::from_value::<Basis>(scan.basis) else { return Ok(None) };
    let ScannedImage { platform, isolation, .. } = scan.image;
    let content = Content { basis, recorded: scan.packages, platform, isolation };
    conclude(workshop, image, content, now).await.map(Some)
}

/// What was read of an image.
struct Content {
    basis: Basis,
    recorded: RecordedImage,
    platform: Option<String>,
    isolation: Value,
}

/// The verdict on what was read, with the advisories in force.
async fn conclude(
    workshop: &Workshop,
    image: &ImageKey,
    content: Content,
    now: Timestamp,
) -> Result<Judged, JobError> {
    let Content { basis, recorded, platform, isolation } = content;
    let snapshot = workshop.shelf.current();
    if let Some(snapshot) = &snapshot {
        let ids: Vec<PackageVersionId> = recorded.versions.iter().map(|(id, _)| *id).collect();
        match_new(workshop, snapshot, &ids, now).await?;
    }
    let packages = recorded.versions.into_iter().map(|(_, version)| version).collect::<Vec<_>>();
    let known = Known { basis, packages: &packages, snapshot: snapshot.as_deref() };
    let facts = facts(workshop, &image.digest, known, now).await?;
    Ok(Judged {
        verdict: Some(assess(&facts)),
        platform,
        isolation,
        snapshot: snapshot.map(|snapshot| SnapshotVersion(snapshot.version().to_string())),
        children: Vec::new(),
        is_scanned: true,
    })
}

/// The image's configuration, or why this is no image that can be assessed.
async fn configuration(
    workshop: &Workshop,
    there: Option<&Elsewhere>,
    manifest: &ImageManifest,
) -> Result<Result<ImageConfig, Cause>, JobError> {
    let parse = |bytes: &[u8]| {
        ImageConfig::parse(bytes).map_err(|error| Cause::InvalidImage { detail: error.to_string() })
    };
    let Some(blob) = workshop.blobs.open(&manifest.config.digest).await? else {
        if let Some(there) = there {
            let bytes = there.small(&manifest.config.digest, LARGEST_CONFIGURATION).await?;
            return Ok(parse(&bytes));
        }
        return Ok(Err(Cause::InvalidImage { detail: "its configuration is not in the registry".into() }));
    };
    let bytes = match blob.bytes(LARGEST_CONFIGURATION).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Err(Cause::InvalidImage { detail: "its configuration is too large".into() })),
        Err(error) => return Err(JobError::Again(error.to_string())),
    };
    Ok(parse(&bytes))
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
    there: Option<&Elsewhere>,
    manifest: &ImageManifest,
    now: Timestamp,
) -> Result<Layers, JobError> {
    let mut layers = Layers { inventories: Vec::new(), causes: Vec::new(), isolation: Value::Null };
    // All at once; the readers see to it that there are not more workers than processors.
    let reading = manifest.layers.iter().map(|layer| layers::read(workshop, there, layer, now));
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
fn places(inventory: &ImageInventory, manifest: &ImageManifest) -> Vec<PackagePlace> {
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
async fn match_new(
    workshop: &Workshop,
    snapshot: &Arc<Snapshot>,
    ids: &[PackageVersionId],
    now: Timestamp,
) -> Result<Vec<PackageVersionId>, JobError> {
    let version = SnapshotVersion(snapshot.version().to_string());
    let unmatched = workshop.store.unmatched(&version, ids).await?;
    match_again(workshop, snapshot, None, unmatched, now).await
}

/// What the verdict rests on beside packages and advisories.
fn basis(of_layers: Vec<Cause>, inventory: &ImageInventory, places: &[PackagePlace]) -> Basis {
    let unplaced = places.iter().any(|place| place.package.ecosystem.is_none());
    let obstacles = inventory.obstacles.iter().cloned().map(|obstacle| Cause::Obstacle { obstacle });
    let without_feed = without_feed(inventory.distribution.as_ref(), unplaced);
    let without_feed = without_feed.map(|distribution| Cause::DistributionWithoutFeed { distribution });
    let own = inventory.distribution.as_ref().and_then(|distribution| distribution.known()?.packages);
    let has_own = places.iter().any(|place| Some(place.package.kind) == own);
    Basis {
        causes: of_layers.into_iter().chain(obstacles).chain(without_feed).collect(),
        distribution: inventory.distribution.clone().filter(|_| has_own),
    }
}

/// What is known of an image.
struct Known<'a> {
    basis: Basis,
    packages: &'a [PackageVersion],
    snapshot: Option<&'a Snapshot>,
}

/// The facts for the verdict: what is known, and the findings from the join.
async fn facts(
    workshop: &Workshop,
    digest: &Digest,
    known: Known<'_>,
    now: Timestamp,
) -> Result<ImageFacts, JobError> {
    let ecosystems: BTreeSet<_> = known.packages.iter().filter_map(speaks_for).cloned().collect();
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
        out_of_support: known.basis.out_of_support(now),
        causes: known.basis.causes,
        // Both are among the causes already.
        obstacles: Vec::new(),
        distribution_without_feed: None,
        feeds: standing(known.snapshot, &ecosystems, workshop.advisory_age_limit, now),
        affected,
        undetermined,
    })
}

/// Whose advisories have to be there for a package. A package that another one brought in is spoken for by the advisories
/// of that one: a site without those of CRAN can assess Debian's own packages of R.
fn speaks_for(package: &PackageVersion) -> Option<&Ecosystem> {
    package.owner.as_ref().map(|owner| &owner.ecosystem).or(package.ecosystem.as_ref())
}
