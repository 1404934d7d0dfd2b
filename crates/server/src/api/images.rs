//! Images and their verdicts: `/api/images`, `/api/images/REFERENCE[/explain|findings|history|packages|sbom|vex|wait]`.

use super::attached;
use super::base;
use super::error::{ApiError, Named, Parameters};
use super::findings::{Wanted, page_of_findings};
use super::reference;
use super::sbom;
use super::view::{AttachedView, CauseView, Counts, ImageView, PackageView, Page};
use super::{ApiState, Caller, Route, explain, history};
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use oci::{Digest, RepositoryName};
use serde::Deserialize;
use std::time::Duration;
use store::{
    FindingFilter, ImageKey, ImageState, ImageSummary, Manifests, PageRequest, RepositoryKey, Store,
    SummaryFilter,
};

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/api/images",
    action: Some(Action::ASSESSMENT_READ),
    handler: || get(list),
};
pub(super) const ONE: Route = Route {
    method: Method::GET,
    path: "/api/images/{*reference}",
    action: Some(Action::ASSESSMENT_READ),
    handler: || get(one),
};
pub(super) const ATTACH: Route = Route {
    method: Method::POST,
    path: "/api/images/{*reference}",
    action: Some(Action::ASSESSMENT_READ),
    handler: || post(attach),
};

/// A page is at most this long, whatever is asked for (attack C3).
const LONGEST_PAGE: usize = 1000;
/// A request for a verdict is answered after this time at the latest; the client asks again.
const LONGEST_WAIT: u64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    repository: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn list(
    caller: Caller,
    State(state): State<ApiState>,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Json<Page<ImageView>>, ApiError> {
    let registry = caller.default_registry(&state, Action::ASSESSMENT_READ).await?;
    let repository = query.repository.as_deref().map(parse_name).transpose()?;
    let states = match query.state.as_deref() {
        None => Vec::new(),
        Some(word) => {
            vec![
                ImageState::from_word(word)
                    .ok_or_else(|| ApiError::Invalid(format!("`{word}` is no state of an image")))?,
            ]
        }
    };
    let filter = SummaryFilter { registries: Some(vec![registry]), repository, digest: None, states };
    let after = match query.after.as_deref() {
        None => None,
        Some(text) => Some(place(registry, text)?),
    };
    let request = PageRequest { after, limit: query.limit.unwrap_or(100).min(LONGEST_PAGE) };
    let page = state.store.summaries(&filter, request).await?;
    let mut value = Vec::with_capacity(page.items.len());
    for summary in &page.items {
        value.push(view(&state, &summary.image, Some(summary)).await?);
    }
    let next = page.next.map(|key| format!("{}@{}", key.repository.name, key.digest));
    Ok(Json(Page { value, next }))
}

fn parse_name(text: &str) -> Result<RepositoryName, ApiError> {
    text.parse().map_err(|error: oci::NameError| ApiError::Invalid(error.to_string()))
}

/// Where a page begins: the last image of the page before it.
fn place(registry: store::RegistryId, text: &str) -> Result<ImageKey, ApiError> {
    let invalid = || ApiError::Invalid(format!("`{text}` is not what `next` of the page before said"));
    let (name, digest) = text.split_once('@').ok_or_else(invalid)?;
    let digest: Digest = digest.parse().map_err(|_| invalid())?;
    Ok(ImageKey { repository: RepositoryKey { registry, name: parse_name(name)? }, digest })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneQuery {
    seconds: Option<u64>,
    after: Option<String>,
    limit: Option<usize>,
    format: Option<String>,
    vulnerability: Option<String>,
    package: Option<String>,
    severity: Option<String>,
    exempt: Option<String>,
    #[serde(rename = "repository")]
    _repository: Option<String>,
}

async fn one(
    caller: Caller,
    State(state): State<ApiState>,
    Named(path): Named,
    Parameters(query): Parameters<OneQuery>,
) -> Result<Response, ApiError> {
    let registry = caller.default_registry(&state, Action::ASSESSMENT_READ).await?;
    let named = reference::parse(&path)?;
    let image = named.find(&*state.store, registry).await?;
    match named.part {
        None => {
            let mut view = current(&state, &image).await?;
            (view.base, view.layers) = base::of(&state, &image).await?;
            Ok(Json(view).into_response())
        }
        Some("wait") => {
            let seconds = query.seconds.unwrap_or(30).min(LONGEST_WAIT);
            Ok(Json(wait(&state, &image, Duration::from_secs(seconds)).await?).into_response())
        }
        Some("history") => Ok(Json(history::of_image(&state, &image).await?).into_response()),
        Some("explain") => {
            let (vulnerability, package) = (query.vulnerability.as_deref(), query.package.as_deref());
            Ok(Json(explain::of_image(&state, &image, vulnerability, package).await?).into_response())
        }
        Some("vex") => Ok(Json(attached::of_image(&state, &image).await?).into_response()),
        Some("packages") => Ok(Json(packages(&state, &image.digest).await?).into_response()),
        Some("sbom") => sbom::show(&*state.store, &image, query.format.as_deref()).await,
        Some("findings") => {
            let filter = FindingFilter {
                registries: Some(vec![registry]),
                repository: Some(image.repository.name),
                digest: Some(image.digest),
                vulnerability: query.vulnerability,
                ..FindingFilter::default()
            };
            let wanted = Wanted {
                severity: query.severity.as_deref(),
                exempt: query.exempt.as_deref(),
                after: query.after.as_deref(),
                limit: query.limit,
            };
            Ok(page_of_findings(&state, filter, wanted).await?.into_response())
        }
        Some(other) => {
            let parts = "there are explain, findings, history, packages, sbom, vex and wait";
            Err(ApiError::NotFound(format!("`{other}` of an image; {parts}")))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttachQuery {
    format: Option<String>,
}

/// Attaches the bill of materials of an image to it. That is a push, and needs the right to push.
async fn attach(
    caller: Caller,
    State(state): State<ApiState>,
    Named(path): Named,
    Parameters(query): Parameters<AttachQuery>,
) -> Result<(StatusCode, Json<AttachedView>), ApiError> {
    let registry = caller.default_registry(&state, Action::ASSESSMENT_READ).await?;
    caller.require(&state, Action::PUSH, registry).await?;
    let named = reference::parse(&path)?;
    if named.part != Some("sbom") {
        return Err(ApiError::Method);
    }
    let image = named.find(&*state.store, registry).await?;
    let actor = caller.actor();
    let attached = sbom::attach_to(&state, &image, query.format.as_deref(), actor).await?;
    Ok((StatusCode::CREATED, Json(attached)))
}

async fn current(state: &ApiState, image: &ImageKey) -> Result<ImageView, ApiError> {
    let summary = state.store.summary(image).await?;
    view(state, image, summary.as_ref()).await
}

/// The verdict as soon as it is there, or how the image stands when the time is over.
async fn wait(state: &ApiState, image: &ImageKey, patience: Duration) -> Result<ImageView, ApiError> {
    let mut changes = state.changes.clone();
    let end = tokio::time::Instant::now() + patience;
    loop {
        changes.mark_unchanged();
        let view = current(state, image).await?;
        if view.is_settled() || tokio::time::Instant::now() >= end {
            return Ok(view);
        }
        // Another node's verdict reaches us only through the records, so that we look again now and then.
        let next_look = (tokio::time::Instant::now() + Duration::from_secs(1)).min(end);
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep_until(next_look) => {}
        }
    }
}

async fn packages(state: &ApiState, digest: &Digest) -> Result<Page<PackageView>, ApiError> {
    let places = state.store.image_packages(digest).await?;
    let value = places
        .into_iter()
        .map(|place| PackageView {
            name: place.package.name,
            version: place.package.version,
            kind: place.package.kind.purl_type().to_owned(),
            source: place.package.source.map(|source| format!("{}@{}", source.name, source.version)),
            path: place.path,
            layer: place.layer.to_string(),
        })
        .collect();
    Ok(Page { value, next: None })
}

/// Everything that is known of an image. One that nobody looked at yet waits for its scan.
async fn view(
    state: &ApiState,
    image: &ImageKey,
    summary: Option<&ImageSummary>,
) -> Result<ImageView, ApiError> {
    let manifest = Manifests::manifest(&*state.store, &image.repository, &image.digest)
        .await?
        .ok_or_else(|| ApiError::NotFound(format!("image {}@{}", image.repository.name, image.digest)))?;
    let registry = state.store.registry(image.repository.registry).await?;
    let scanned = state.store.image(&image.digest).await?;
    let counts = summary.map(|summary| counts(&summary.counts)).unwrap_or_default();
    Ok(ImageView {
        registry: registry.map(|registry| registry.name).unwrap_or_default(),
        repository: image.repository.name.to_string(),
        digest: image.digest.to_string(),
        tags: tags_of(&*state.store, image).await?,
        platform: summary.and_then(|summary| summary.platform.clone()),
        state: summary.map_or(ImageState::Queued, |summary| summary.state).as_str().to_owned(),
        cause: summary.and_then(|summary| {
            let cause = summary.cause.as_ref()?;
            Some(CauseView { code: cause.code.clone(), description: cause.sentence.clone() })
        }),
        findings: counts,
        notes: scanned.as_ref().map(crate::judge::notes).unwrap_or_default(),
        distribution: scanned
            .as_ref()
            .and_then(|scanned| scanned.distribution.get("pretty_name")?.as_str().map(str::to_owned)),
        isolation: summary.and_then(|summary| crate::judge::isolation_in_words(&summary.isolation)),
        pushed_at: manifest.pushed_at,
        assessed_at: summary.and_then(|summary| summary.assessed_at),
        snapshot: summary.and_then(|summary| summary.snapshot.as_ref()).map(ToString::to_string),
        advisories_age_seconds: state
            .shelf
            .current()
            .map(|snapshot| jiff::Timestamp::now().duration_since(snapshot.created_at()).as_secs()),
        base: None,
        layers: Vec::new(),
        children: summary
            .map(|summary| summary.children.iter().map(ToString::to_string).collect())
            .unwrap_or_default(),
    })
}

/// The tags that point at an image now.
pub(super) async fn tags_of(store: &dyn Store, image: &ImageKey) -> Result<Vec<String>, ApiError> {
    let mut tags = Vec::new();
    let mut after = None;
    loop {
        let page = store.tags(&image.repository, PageRequest { after, limit: 10_000 }).await?;
        tags.extend(
            page.items
                .iter()
                .filter(|tagged| tagged.digest == image.digest)
                .map(|tagged| tagged.tag.to_string()),
        );
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(tags),
        }
    }
}

fn counts(counts: &std::collections::BTreeMap<String, u64>) -> Counts {
    let of = |word: &str| counts.get(word).copied().unwrap_or(0);
    Counts {
        critical: of("Critical"),
        high: of("High"),
        medium: of("Medium"),
        low: of("Low"),
        unknown: of("Unknown"),
    }
}
