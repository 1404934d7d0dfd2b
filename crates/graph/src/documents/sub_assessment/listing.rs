//! All rows of some registries, a page at a time, and one row by its name.

use super::{mark, of_findings, of_image};
use crate::documents::{Document, KnownRegistry};
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use store::{
    Finding, FindingFilter, FindingKey, FindingVerdict, ImageKey, ImageState, ImageSummary, PackageVersionId,
    PageRequest, RegistryId, RepositoryKey, Store, SummaryFilter,
};

/// Images and findings that are read from the store at a time.
const AT_A_TIME: usize = 500;

/// Where the next page begins: behind this image, or behind this vulnerability of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    registry: i64,
    repository: RepositoryName,
    digest: Digest,
    vulnerability: Option<String>,
}

impl Place {
    fn of(image: &ImageKey, vulnerability: Option<&str>) -> Self {
        Self {
            registry: image.repository.registry.0,
            repository: image.repository.name.clone(),
            digest: image.digest.clone(),
            vulnerability: vulnerability.map(str::to_owned),
        }
    }

    fn image(&self) -> ImageKey {
        let repository = RepositoryKey { registry: RegistryId(self.registry), name: self.repository.clone() };
        ImageKey { repository, digest: self.digest.clone() }
    }
}

/// The rows of a page, and the place where the next one begins.
///
/// # Errors
/// When the records fail.
pub async fn page_after(
    store: &dyn Store,
    registries: &[KnownRegistry],
    place: Option<Place>,
    rows_of_a_page: usize,
) -> Result<(Vec<Document>, Option<Place>), store::Error> {
    let mut rows = Vec::new();
    // The image in which the page before ended may have more.
    if let Some(place) = place.as_ref().filter(|place| place.vulnerability.is_some())
        && let Some(summary) = store.summary(&place.image()).await?
        && let Some(known) = known(registries, &summary)
        && let Some(next) =
            add_image(store, rows_of_a_page, known, &summary, place.vulnerability.as_deref(), &mut rows)
                .await?
    {
        return Ok((rows, Some(next)));
    }
    let filter = SummaryFilter {
        registries: Some(registries.iter().map(|known| known.registry.id).collect()),
        ..SummaryFilter::default()
    };
    let mut after = place.as_ref().map(Place::image);
    loop {
        let page = store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
        for summary in &page.items {
            let Some(known) = known(registries, summary) else { continue };
            if let Some(next) = add_image(store, rows_of_a_page, known, summary, None, &mut rows).await? {
                return Ok((rows, Some(next)));
            }
            if rows.len() >= rows_of_a_page {
                return Ok((rows, Some(Place::of(&summary.image, None))));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((rows, None)),
        }
    }
}

/// All rows of an image.
///
/// # Errors
/// When the records fail.
pub async fn rows_of(
    store: &dyn Store,
    known: &KnownRegistry,
    summary: &ImageSummary,
) -> Result<Vec<Document>, store::Error> {
    let mut rows = Vec::new();
    // An image has at most some thousand rows.
    add_image(store, usize::MAX, known, summary, None, &mut rows).await?;
    Ok(rows)
}

fn known<'a>(registries: &'a [KnownRegistry], summary: &ImageSummary) -> Option<&'a KnownRegistry> {
    registries.iter().find(|known| known.registry.id == summary.image.repository.registry)
}

/// Adds the rows of an image. If the page is full before the image is at its end, the place where it goes on.
async fn add_image(
    store: &dyn Store,
    rows_of_a_page: usize,
    known: &KnownRegistry,
    summary: &ImageSummary,
    after: Option<&str>,
    rows: &mut Vec<Document>,
) -> Result<Option<Place>, store::Error> {
    if summary.state != ImageState::Unhealthy || !summary.children.is_empty() {
        rows.extend(of_image(known, summary));
        return Ok(None);
    }
    let mut after = after.map(|vulnerability| behind(&summary.image, vulnerability));
    let wanted = filter(&summary.image);
    let mut group: Vec<Finding> = Vec::new();
    loop {
        let page = store.findings(&wanted, PageRequest { after, limit: AT_A_TIME }).await?;
        for finding in page.items {
            if group.last().is_some_and(|last| last.vulnerability.id != finding.vulnerability.id) {
                rows.extend(of_findings(known, summary, &group));
                if rows.len() >= rows_of_a_page {
                    let last = group.last().map(|last| last.vulnerability.id.as_str());
                    return Ok(Some(Place::of(&summary.image, last)));
                }
                group.clear();
            }
            group.push(finding);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => {
                rows.extend(of_findings(known, summary, &group));
                return Ok(None);
            }
        }
    }
}

/// The key behind all findings of a vulnerability in an image.
fn behind(image: &ImageKey, vulnerability: &str) -> FindingKey {
    FindingKey {
        image: image.clone(),
        vulnerability: vulnerability.to_owned(),
        package_version: PackageVersionId(i64::MAX),
        place: i64::MAX,
    }
}

fn filter(image: &ImageKey) -> FindingFilter {
    FindingFilter {
        registries: Some(vec![image.repository.registry]),
        repository: Some(image.repository.name.clone()),
        digest: Some(image.digest.clone()),
        verdicts: vec![FindingVerdict::Affected],
        ..FindingFilter::default()
    }
}

/// The row of this name, if one of the registries has it.
///
/// # Errors
/// When the records fail.
pub async fn by_name(
    store: &dyn Store,
    registries: &[KnownRegistry],
    wanted: &str,
) -> Result<Option<Document>, store::Error> {
    let Some(mark) = mark(wanted) else { return Ok(None) };
    for summary in store.summaries_by_mark(mark).await? {
        let Some(known) = known(registries, &summary) else { continue };
        // An image has at most some thousand rows, and all but one are passed over.
        let mut after = None;
        loop {
            let mut rows = Vec::new();
            let next = add_image(store, AT_A_TIME, known, &summary, after.as_deref(), &mut rows).await?;
            if let Some(row) = rows.into_iter().find(|row| row.name.eq_ignore_ascii_case(wanted)) {
                return Ok(Some(row));
            }
            match next.and_then(|next| next.vulnerability) {
                Some(vulnerability) => after = Some(vulnerability),
                None => break,
            }
        }
    }
    Ok(None)
}
