//! Reading the join, page by page.
//!
//! Findings are ordered by image first, so a page is made image by image: the next images, and of each its
//! findings, until the page is full. Nothing larger than the findings of one image is ever sorted.

use super::{verdict, vulnerability};
use crate::sqlite::column::{Columns, exists, json_text, rows, with_surplus};
use crate::sqlite::images::{ImageFilter, image_key, next_images};
use crate::sqlite::lineage;
use crate::sqlite::scans::package_version;
use crate::{
    Error, Finding, FindingFilter, FindingKey, ImageKey, Origin, PackageVersionId, Page, PageRequest,
    SnapshotVersion,
};
use oci::{Digest, RepositoryName};
use rusqlite::{Connection, Row, params};

/// How many images are looked up at a time.
const IMAGES_AT_A_TIME: usize = 64;

/// The findings of one image. CROSS JOIN keeps the order of the joins: from the image to its packages, and from
/// each to its findings, so that only rows of this image are touched.
pub(in crate::sqlite) const OF_IMAGE: &str =
    "SELECT p.*, ip.place, l.layer, l.path, f.vulnerability, f.verdict, f.fixed, f.advisories, f.evidence,
            f.first_seen, v.severity, v.score, v.record
     FROM image i
     CROSS JOIN image_package ip ON ip.image = i.id
     CROSS JOIN package_finding f ON f.package_version = ip.package_version
     CROSS JOIN package_version p ON p.id = ip.package_version
     CROSS JOIN vulnerability v ON v.id = f.vulnerability AND v.ecosystem = p.ecosystem
     CROSS JOIN place l ON l.id = ip.place
     WHERE i.digest = ?1 AND (f.vulnerability, ip.package_version, ip.place) > (?2, ?3, ?4)
       AND (?5 IS NULL OR f.vulnerability = ?5)
       AND (?6 IS NULL OR v.severity IN (SELECT value FROM json_each(?6)))
       AND (?7 IS NULL OR f.verdict IN (SELECT value FROM json_each(?7)))
     ORDER BY f.vulnerability, ip.package_version, ip.place LIMIT ?8";

/// The images of a vulnerability, from the vulnerability to its packages to their images.
pub(in crate::sqlite) const IMAGES_OF_VULNERABILITY: &str =
    "SELECT DISTINCT s.registry, s.repository, s.digest
     FROM package_finding f
     CROSS JOIN image_package ip ON ip.package_version = f.package_version
     CROSS JOIN image i ON i.id = ip.image
     CROSS JOIN image_summary s ON s.digest = i.digest
     WHERE f.vulnerability = ?1 AND (s.registry, s.repository, s.digest) >= (?2, ?3, ?4)
       AND (?5 IS NULL OR s.registry IN (SELECT value FROM json_each(?5)))
       AND (?6 IS NULL OR s.repository = ?6)
       AND (?7 IS NULL OR s.digest = ?7)
     ORDER BY s.registry, s.repository, s.digest LIMIT ?8";

/// The images that have one of some package versions.
pub(in crate::sqlite) const AFFECTED_IMAGES: &str = "SELECT DISTINCT s.registry, s.repository, s.digest
     FROM json_each(?1) wanted
     CROSS JOIN image_package ip ON ip.package_version = wanted.value
     CROSS JOIN image i ON i.id = ip.image
     CROSS JOIN image_summary s ON s.digest = i.digest
     WHERE (s.registry, s.repository, s.digest) > (?2, ?3, ?4)
     ORDER BY s.registry, s.repository, s.digest LIMIT ?5";

/// A page of the images that have one of some package versions.
pub(super) fn affected_images(
    connection: &Connection,
    package_versions: &[PackageVersionId],
    page: &PageRequest<ImageKey>,
) -> Result<Page<ImageKey, ImageKey>, Error> {
    let limit = page.bounded_limit();
    let ids = json_text(package_versions)?;
    let (registry, repository, digest) = start(page.after.as_ref());
    let key = params![ids, registry, repository, digest, with_surplus(limit)];
    let images = rows(connection, AFFECTED_IMAGES, key, image_key)?;
    Ok(Page::from_surplus(images, limit, ImageKey::clone))
}

/// The lowest key of images that may follow another.
fn start(after: Option<&ImageKey>) -> (i64, &str, &str) {
    after.map_or((i64::MIN, "", ""), |key| {
        (key.repository.registry.0, key.repository.name.as_str(), key.digest.as_str())
    })
}

/// A page of findings.
pub(super) fn findings(
    connection: &Connection,
    filter: &FindingFilter,
    page: &PageRequest<FindingKey>,
) -> Result<Page<Finding, FindingKey>, Error> {
    let limit = page.bounded_limit();
    let wanted = limit.saturating_add(1);
    let mut found = Vec::new();
    let mut last_image = page.after.as_ref().map(|key| key.image.clone());
    // The image in which the last page ended may have more. Keys come back from clients, so the image has to pass
    // the filter, which holds the caller's rights, like any other.
    let mut images: Vec<ImageKey> = last_image.clone().into_iter().collect();
    images.retain(|image| passes(filter, image));
    if let Some(image) = images.first()
        && !exists_summary(connection, image)?
    {
        images.clear();
    }
    loop {
        for image in &images {
            let after = page.after.as_ref().filter(|key| key.image == *image);
            of_image(connection, filter, image, after, wanted - found.len(), &mut found)?;
            if found.len() >= wanted {
                return Ok(Page::from_surplus(found, limit, |finding| finding.key.clone()));
            }
        }
        images = images_after(connection, filter, last_image.as_ref())?;
        let Some(last) = images.last() else {
            return Ok(Page { items: found, next: None });
        };
        last_image = Some(last.clone());
    }
}

fn passes(filter: &FindingFilter, image: &ImageKey) -> bool {
    let ImageKey { repository, digest } = image;
    filter.registries.as_ref().is_none_or(|registries| registries.contains(&repository.registry))
        && filter.repository.as_ref().is_none_or(|name| *name == repository.name)
        && filter.digest.as_ref().is_none_or(|wanted| wanted == digest)
}

fn exists_summary(connection: &Connection, image: &ImageKey) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
    let (registry, repository, digest) = start(Some(image));
    exists(connection, sql, params![registry, repository, digest])
}

fn images_after(
    connection: &Connection,
    filter: &FindingFilter,
    after: Option<&ImageKey>,
) -> Result<Vec<ImageKey>, Error> {
    let Some(vulnerability) = &filter.vulnerability else {
        let images = ImageFilter {
            registries: filter.registries.as_deref(),
            repository: filter.repository.as_ref(),
            digest: filter.digest.as_ref(),
            states: &[],
        };
        return next_images(connection, images, after, IMAGES_AT_A_TIME);
    };
    let registries = filter.registries.as_ref().map(json_text).transpose()?;
    let (registry, repository, digest) = start(after);
    let key = params![
        vulnerability,
        registry,
        repository,
        digest,
        registries,
        filter.repository.as_ref().map(RepositoryName::as_str),
        filter.digest.as_ref().map(Digest::as_str),
        with_surplus(IMAGES_AT_A_TIME),
    ];
    let mut images = rows(connection, IMAGES_OF_VULNERABILITY, key, image_key)?;
    images.retain(|image| Some(image) != after);
    Ok(images)
}

fn of_image(
    connection: &Connection,
    filter: &FindingFilter,
    image: &ImageKey,
    after: Option<&FindingKey>,
    limit: usize,
    found: &mut Vec<Finding>,
) -> Result<(), Error> {
    let severities = list_or_null(&filter.severities)?;
    let verdicts: Vec<&str> = filter.verdicts.iter().map(|verdict| verdict.as_str()).collect();
    let (vulnerability, package_version, place) = after.map_or(("", i64::MIN, i64::MIN), |key| {
        (key.vulnerability.as_str(), key.package_version.0, key.place)
    });
    let key = params![
        image.digest.as_str(),
        vulnerability,
        package_version,
        place,
        filter.vulnerability,
        severities,
        list_or_null(&verdicts)?,
        i64::try_from(limit).unwrap_or(i64::MAX),
    ];
    let first = found.len();
    found.extend(rows(connection, OF_IMAGE, key, |row| finding(row, image))?);
    trace(connection, image, found.get_mut(first..).unwrap_or_default())
}

/// Says of findings of one image where in its making their packages came in.
fn trace(connection: &Connection, image: &ImageKey, found: &mut [Finding]) -> Result<(), Error> {
    if found.is_empty() {
        return Ok(());
    }
    let layers = lineage::layers(connection, &image.digest)?;
    let base = lineage::base_image(connection, image.repository.registry, &image.digest)?;
    for finding in found {
        // Of two equal layers the lower one brought the package in.
        let Some(number) = layers.iter().position(|layer| layer.digest == finding.layer) else { continue };
        finding.origin = Origin {
            layer_number: Some(number + 1),
            step: layers.get(number).and_then(|layer| layer.step.clone()),
            inherited: base.as_ref().map(|base| number < base.layers),
        };
    }
    Ok(())
}

/// What some package versions of one image are affected by, from the packages to their findings.
pub(in crate::sqlite) const OF_PACKAGES: &str =
    "SELECT p.*, ip.place, l.layer, l.path, f.vulnerability, f.verdict, f.fixed, f.advisories, f.evidence,
            f.first_seen, v.severity, v.score, v.record
     FROM image i
     CROSS JOIN json_each(?2) wanted
     CROSS JOIN image_package ip ON ip.image = i.id AND ip.package_version = wanted.value
     CROSS JOIN package_finding f ON f.package_version = ip.package_version
     CROSS JOIN package_version p ON p.id = ip.package_version
     CROSS JOIN vulnerability v ON v.id = f.vulnerability AND v.ecosystem = p.ecosystem
     CROSS JOIN place l ON l.id = ip.place
     WHERE i.digest = ?1 AND f.verdict = 'Affected'
     ORDER BY f.vulnerability, ip.package_version, ip.place";

pub(in crate::sqlite) fn of_packages(
    connection: &Connection,
    image: &ImageKey,
    packages: &[PackageVersionId],
) -> Result<Vec<Finding>, Error> {
    if !exists_summary(connection, image)? {
        return Ok(Vec::new());
    }
    let key = params![image.digest.as_str(), json_text(packages)?];
    let mut found = rows(connection, OF_PACKAGES, key, |row| finding(row, image))?;
    trace(connection, image, &mut found)?;
    Ok(found)
}

/// A list as JSON; null for an empty one, which asks for all.
fn list_or_null<T: serde::Serialize>(list: &[T]) -> Result<Option<String>, Error> {
    if list.is_empty() { Ok(None) } else { json_text(list).map(Some) }
}

fn finding(row: &Row<'_>, image: &ImageKey) -> Result<Finding, Error> {
    Ok(Finding {
        key: FindingKey {
            image: image.clone(),
            vulnerability: row.plain("vulnerability")?,
            package_version: PackageVersionId(row.plain("id")?),
            place: row.plain("place")?,
        },
        package: package_version(row)?,
        layer: row.parsed("layer")?,
        path: row.plain("path")?,
        origin: Origin::default(),
        vulnerability: vulnerability(row)?,
        verdict: verdict(row)?,
        fixed: row.plain("fixed")?,
        advisories: row.json("advisories")?,
        evidence: row.json("evidence")?,
        snapshot: SnapshotVersion(row.plain("matched_snapshot")?),
        first_seen: row.moment("first_seen")?,
    })
}
