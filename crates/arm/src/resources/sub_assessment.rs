//! Sub-assessments: one for each image and vulnerability, and one for each image that has none.
//!
//! They are read from the join of images and findings, a page at a time, and never kept. The name of one is derived
//! from its image and vulnerability, so that it stays the same over all scans; it begins with the image's mark, by
//! which the image is found again.
//!
//! A clean image has a row as well: scripts take an image without any row for one that was not scanned.

mod name;
mod row;

use super::assessment_metadata::IMAGES_KEY;
use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::registries::{self, Known};
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    Finding, FindingFilter, FindingKey, FindingVerdict, ImageKey, ImageState, ImageSummary, PackageVersionId,
    PageRequest, RegistryId, RepositoryKey, SummaryFilter,
};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/assessments/subAssessments",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/subAssessments",
            right: Right::Within(Action::SUB_ASSESSMENT_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments",
            right: Right::Within(Action::SUB_ASSESSMENT_READ),
            handler: |state, request| Box::pin(list_of_assessment(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments/{sub}",
            right: Right::Within(Action::SUB_ASSESSMENT_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

/// Rows of a page. A row has a few kilobytes.
const PAGE: usize = 250;
/// Images and findings that are read from the store at a time.
const AT_A_TIME: usize = 500;

/// Where the next page begins: behind this image, or behind this vulnerability of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
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

async fn list_of_assessment(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    if !request.name(0).eq_ignore_ascii_case(IMAGES_KEY) {
        // The right is asked for first, so that the answer tells nobody else which keys there are.
        registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await?;
        return Err(ArmError::AssessmentNotFound(request.name(0).to_owned()));
    }
    list(state, request).await
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries =
        registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await?;
    let place: Option<Place> = page::place(state, request)?;
    let (rows, next) = rows_after(state, &registries, place).await?;
    Ok(page::answer(state, request, rows, next.as_ref()))
}

/// The rows of a page, and the place where the next one begins.
async fn rows_after(
    state: &ArmState,
    registries: &[Known],
    place: Option<Place>,
) -> Result<(Vec<Value>, Option<Place>), ArmError> {
    let mut rows = Vec::new();
    // The image in which the page before ended may have more.
    if let Some(place) = place.as_ref().filter(|place| place.vulnerability.is_some())
        && let Some(summary) = state.store.summary(&place.image()).await?
        && let Some(known) = known(registries, &summary)
        && let Some(next) =
            add_image(state, known, &summary, place.vulnerability.as_deref(), &mut rows).await?
    {
        return Ok((rows, Some(next)));
    }
    let filter = SummaryFilter {
        registries: Some(registries.iter().map(|known| known.registry.id).collect()),
        ..SummaryFilter::default()
    };
    let mut after = place.as_ref().map(Place::image);
    loop {
        let page = state.store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
        for summary in &page.items {
            let Some(known) = known(registries, summary) else { continue };
            if let Some(next) = add_image(state, known, summary, None, &mut rows).await? {
                return Ok((rows, Some(next)));
            }
            if rows.len() >= PAGE {
                return Ok((rows, Some(Place::of(&summary.image, None))));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((rows, None)),
        }
    }
}

fn known<'a>(registries: &'a [Known], summary: &ImageSummary) -> Option<&'a Known> {
    registries.iter().find(|known| known.registry.id == summary.image.repository.registry)
}

/// Adds the rows of an image. If the page is full before the image is at its end, the place where it goes on.
async fn add_image(
    state: &ArmState,
    known: &Known,
    summary: &ImageSummary,
    after: Option<&str>,
    rows: &mut Vec<Value>,
) -> Result<Option<Place>, ArmError> {
    if summary.state != ImageState::Unhealthy || !summary.children.is_empty() {
        rows.extend(row::of_image(known, summary));
        return Ok(None);
    }
    let mut after = after.map(|vulnerability| behind(&summary.image, vulnerability));
    let wanted = filter(&summary.image);
    let mut group: Vec<Finding> = Vec::new();
    loop {
        let page = state.store.findings(&wanted, PageRequest { after, limit: AT_A_TIME }).await?;
        for finding in page.items {
            if group.last().is_some_and(|last| last.vulnerability.id != finding.vulnerability.id) {
                rows.extend(row::of_findings(known, summary, &group));
                if rows.len() >= PAGE {
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
                rows.extend(row::of_findings(known, summary, &group));
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

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let registries =
        registries::within(state, &request.caller, &request.scope, Action::SUB_ASSESSMENT_READ).await?;
    let (key, wanted) = (request.name(0), request.name(1));
    if !key.eq_ignore_ascii_case(IMAGES_KEY) {
        return Err(ArmError::AssessmentNotFound(key.to_owned()));
    }
    let missing = || ArmError::ResourceNotFound(wanted.to_owned());
    let mark = name::mark(wanted).ok_or_else(missing)?;
    for summary in state.store.summaries_by_mark(mark).await? {
        let Some(known) = known(&registries, &summary) else { continue };
        // An image has at most some thousand rows, and all but one are passed over.
        let mut after = None;
        loop {
            let mut rows = Vec::new();
            let next = add_image(state, known, &summary, after.as_deref(), &mut rows).await?;
            let named =
                |row: &Value| row["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            if let Some(row) = rows.into_iter().find(named) {
                return Ok(Json(row).into_response());
            }
            match next.and_then(|next| next.vulnerability) {
                Some(vulnerability) => after = Some(vulnerability),
                None => break,
            }
        }
    }
    Err(missing())
}
