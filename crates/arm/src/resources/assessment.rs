//! Assessments: of each registry about its images, and of each image.
//!
//! A list begins with those of the registries; those of images follow, page by page, and the link to the next page says
//! behind which image it begins, so that images which come and go meanwhile neither hide others nor show them twice.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::reach::Reach;
use crate::{ArmState, page};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::ImagePlace;
use graph::documents::assessment::{self, assess};
use graph::documents::metadata::{Metadata, Subject};
use graph::documents::{Document, KnownRegistry};
use graph::governance::Governance;
use graph::rulebook::Rulebook;
use http::Method;
use serde_json::{Value, json};
use store::{ImageSummary, PageRequest, SummaryFilter};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/assessments",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments",
            right: Right::Within(Action::ASSESSMENT_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}",
            right: Right::At(Action::ASSESSMENT_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
    ],
};

/// Assessments of images on a page.
const PAGE: usize = 250;

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let reach = Reach::of(state, request, Action::ASSESSMENT_READ).await?;
    let place: Option<ImagePlace> = page::place(state, request)?;
    let viewing = Viewing::new(state, request).await?;
    let mut value = Vec::new();
    if place.is_none() && reach.below.is_whole() {
        for known in &reach.registries {
            for kind in Metadata::of(Subject::Registry) {
                value.push(viewing.registry(known, kind).await?);
            }
        }
    }
    let filter = SummaryFilter {
        registries: Some(reach.registries.iter().map(|known| known.registry.id).collect()),
        repository: reach.below.repository,
        digest: reach.below.digest,
        ..SummaryFilter::default()
    };
    let after = place.map(Into::into);
    let images = state.store.summaries(&filter, PageRequest { after, limit: PAGE }).await?;
    for summary in &images.items {
        let registry = summary.image.repository.registry;
        let known = reach.registries.iter().find(|known| known.registry.id == registry);
        value.extend(known.and_then(|known| viewing.image(known, summary)));
    }
    Ok(page::answer(state, request, value, images.next.as_ref().map(ImagePlace::from).as_ref()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = request.name(0);
    let missing = || ArmError::AssessmentNotFound(key.to_owned());
    let reach = Reach::of(state, request, Action::ASSESSMENT_READ).await?;
    let kind = Metadata::find(key).ok_or_else(missing)?;
    let viewing = Viewing::new(state, request).await?;
    let view = match (kind.subject, &reach.image) {
        (Subject::Image, Some(summary)) => {
            reach.registries.first().and_then(|known| viewing.image(known, summary))
        }
        (Subject::Registry, None) => match reach.registries.iter().find(|known| known.id == request.scope) {
            Some(known) => Some(viewing.registry(known, kind).await?),
            None => None,
        },
        (Subject::Image, None) | (Subject::Registry, Some(_)) => None,
    };
    Ok(Json(view.ok_or_else(missing)?).into_response())
}

/// What the assessments of one answer share.
struct Viewing<'a> {
    state: &'a ArmState,
    book: Rulebook,
    governance: Governance,
    with_metadata: bool,
    with_links: bool,
}

impl<'a> Viewing<'a> {
    async fn new(state: &'a ArmState, request: &Request) -> Result<Self, ArmError> {
        let expand = request.query("$expand").unwrap_or_default().to_ascii_lowercase();
        Ok(Self {
            state,
            book: Rulebook::load(&*state.store, (state.clock)()).await?,
            governance: Governance::load(&*state.store).await?,
            with_metadata: expand.contains("metadata"),
            with_links: expand.contains("links"),
        })
    }

    async fn registry(&self, known: &KnownRegistry, kind: &Metadata) -> Result<Value, ArmError> {
        let assessed = assess(&*self.state.store, known, self.state.scan_plan, &self.book).await?;
        let document = assessment::of_registry(known, kind, &assessed, &self.governance, self.book.now());
        Ok(self.expanded(&document, kind, format!("{}/portal", self.state.url)))
    }

    fn image(&self, known: &KnownRegistry, summary: &ImageSummary) -> Option<Value> {
        let kind = assessment::kind_of_images()?;
        let document = assessment::of_image(known, summary, &self.governance, self.book.now())?;
        Some(self.expanded(&document, kind, format!("{}/portal", self.state.url)))
    }

    fn expanded(&self, document: &Document, kind: &Metadata, link: String) -> Value {
        let mut view = document.to_rest();
        if self.with_metadata {
            view["properties"]["metadata"] = kind.properties();
        }
        if self.with_links {
            view["properties"]["links"] = json!({ "azurePortalUri": link });
        }
        view
    }
}
