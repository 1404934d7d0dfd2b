//! Assessments: of each registry about its images, of each image, of each piece of software in an image that is to be
//! updated, and those that somebody made.
//!
//! A list begins with those of the registries; those of images follow, each with its software, page by page, and then
//! those that somebody made. The link to the next page says behind which one it begins, so that images which come and go
//! meanwhile neither hide others nor show them twice.

use super::custom_assessment::{self, Expanding};
use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::reach::Reach;
use crate::{ArmState, page};
use access::{Action, ResourceId};
use axum::Json;
use axum::response::{IntoResponse, Response};
use graph::ImagePlace;
use graph::documents::assessment::{self, assess};
use graph::documents::custom_assessment::CustomKinds;
use graph::documents::metadata::{Metadata, Subject};
use graph::documents::software::{self, Detail, ImageSoftware, SoftwarePlace};
use graph::documents::{Document, KnownRegistry};
use graph::governance::Governance;
use graph::rulebook::Rulebook;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{CustomAssessmentKey, ImageKey, ImageSummary, PageRequest, SummaryFilter};

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
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}",
            right: Right::At(Action::ASSESSMENT_WRITE),
            handler: |state, request| Box::pin(custom_assessment::put(state, request)),
        },
        Route {
            method: Method::DELETE,
            pattern: "{scope}/providers/Microsoft.Security/assessments/{name}",
            right: Right::At(Action::ASSESSMENT_DELETE),
            handler: |state, request| Box::pin(custom_assessment::delete(state, request)),
        },
    ],
};

/// Assessments on a page, beside those of registries.
const PAGE: usize = 250;

/// Letters of JSON about vulnerabilities on a page, after which it ends early: a kernel has thousands of them.
const LONGEST: usize = 4 << 20;

/// Images that are read from the store at a time.
const AT_A_TIME: usize = 64;

/// Behind what the next page begins.
#[derive(Debug, Serialize, Deserialize)]
enum Place {
    /// An image and all of its software.
    Image(ImagePlace),
    /// A piece of software of an image; the image itself, where none is named.
    Software(ImagePlace, Option<SoftwarePlace>),
    /// All images; and, where it is named, one that somebody made.
    Images(Option<CustomAssessmentKey>),
}

/// The assessments of a page while they are gathered.
struct Rows {
    value: Vec<Value>,
    most: usize,
    letters: usize,
}

impl Rows {
    fn push(&mut self, view: Value) {
        let details = &view["properties"]["additionalData"]["CvesDetails"];
        self.letters += details.as_str().map_or(0, str::len);
        self.value.push(view);
    }

    fn is_full(&self) -> bool {
        self.value.len() >= self.most || self.letters >= LONGEST
    }
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let reach = Reach::of(state, request, Action::ASSESSMENT_READ).await?;
    let place: Option<Place> = page::place(state, request)?;
    let viewing = Viewing::new(state, request).await?;
    let mut rows = Rows { value: Vec::new(), most: PAGE, letters: 0 };
    if place.is_none() && reach.below.is_whole() {
        for known in &reach.registries {
            for kind in Metadata::of(Subject::Registry) {
                rows.push(viewing.registry(known, kind).await?);
            }
        }
        rows.most += rows.value.len();
    }
    let custom = match place {
        Some(Place::Images(after)) => after,
        other => match add_images(&viewing, &reach, other, &mut rows).await? {
            Some(next) => return Ok(page::answer(state, request, rows.value, Some(&next))),
            None => None,
        },
    };
    let next = add_custom(&viewing, request, custom, &mut rows).await?;
    Ok(page::answer(state, request, rows.value, next.as_ref()))
}

/// Adds images with their software. If the page is full before their end, where they go on.
async fn add_images(
    viewing: &Viewing<'_>,
    reach: &Reach,
    place: Option<Place>,
    rows: &mut Rows,
) -> Result<Option<Place>, ArmError> {
    let store = &*viewing.state.store;
    let mut after: Option<ImageKey> = None;
    match place {
        Some(Place::Software(place, behind)) => {
            let image: ImageKey = place.into();
            // The image in which the page before ended may have more.
            if let Some(summary) = store.summary(&image).await?
                && let Some(next) = viewing.add_software(reach, &summary, behind, rows).await?
            {
                return Ok(Some(next));
            }
            after = Some(image);
        }
        Some(Place::Image(place)) => after = Some(place.into()),
        Some(Place::Images(_)) | None => {}
    }
    let filter = SummaryFilter {
        registries: Some(reach.registries.iter().map(|known| known.registry.id).collect()),
        repository: reach.below.repository.clone(),
        digest: reach.below.digest.clone(),
        ..SummaryFilter::default()
    };
    loop {
        let images = store.summaries(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
        for summary in &images.items {
            if let Some(known) = reach.of_image(&summary.image) {
                if let Some(view) = viewing.image(known, summary) {
                    rows.push(view);
                }
                if let Some(next) = viewing.add_software(reach, summary, None, rows).await? {
                    return Ok(Some(next));
                }
            }
            if rows.is_full() {
                return Ok(Some(Place::Image((&summary.image).into())));
            }
        }
        match images.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}

/// Adds what somebody made at the scope of a request and below it, as far as the caller may read it. If the page is full
/// before its end, where it goes on.
async fn add_custom(
    viewing: &Viewing<'_>,
    request: &Request,
    mut after: Option<CustomAssessmentKey>,
    rows: &mut Rows,
) -> Result<Option<Place>, ArmError> {
    let mut kinds = CustomKinds::default();
    loop {
        if rows.is_full() {
            return Ok(Some(Place::Images(after)));
        }
        let wanted = PageRequest { after, limit: rows.most - rows.value.len() };
        let made = viewing.state.store.custom_assessments(request.scope.as_str(), wanted).await?;
        for one in &made.items {
            let scope = ResourceId::parse(&one.said.scope)?;
            if !request.caller.may(Action::ASSESSMENT_READ, &scope) {
                continue;
            }
            let view =
                custom_assessment::shown(viewing.state, one, &mut kinds, |row| viewing.expand(row)).await?;
            if let Some(view) = view {
                rows.push(view);
            }
        }
        match made.next {
            Some(next) => after = Some(next),
            None => return Ok(None),
        }
    }
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let key = request.name(0);
    let missing = || ArmError::AssessmentNotFound(key.to_owned());
    let reach = Reach::of(state, request, Action::ASSESSMENT_READ).await?;
    let viewing = Viewing::new(state, request).await?;
    let view = match (Metadata::find(key), &reach.image) {
        (Some(kind), Some(summary)) if kind.subject == Subject::Image => {
            reach.registries.first().and_then(|known| viewing.image(known, summary))
        }
        (Some(kind), None) if kind.subject == Subject::Registry => {
            match reach.registries.iter().find(|known| known.id == request.scope) {
                Some(known) => Some(viewing.registry(known, kind).await?),
                None => None,
            }
        }
        (Some(_), _) => None,
        (None, image) => {
            let software = match image {
                Some(summary) => viewing.software(&reach, summary, key).await?,
                None => None,
            };
            match software {
                Some(view) => Some(view),
                None => viewing.custom(request, key).await?,
            }
        }
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
        Ok(self.expanded(&document, &|| kind.properties()))
    }

    fn image(&self, known: &KnownRegistry, summary: &ImageSummary) -> Option<Value> {
        let kind = assessment::kind_of_images()?;
        let document = assessment::of_image(known, summary, &self.governance, self.book.now())?;
        Some(self.expanded(&document, &|| kind.properties()))
    }

    /// Adds the software of an image, behind this one. If the page is full before its end, where it goes on.
    async fn add_software(
        &self,
        reach: &Reach,
        summary: &ImageSummary,
        after: Option<SoftwarePlace>,
        rows: &mut Rows,
    ) -> Result<Option<Place>, ArmError> {
        let Some(known) = reach.of_image(&summary.image) else { return Ok(None) };
        let image = ImageSoftware::of(&*self.state.store, &self.book, known, summary).await?;
        if image.software.is_empty() {
            return Ok(None);
        }
        let pushed = image.pushed().await?;
        let mut last = after;
        for software in &image.software {
            let own = SoftwarePlace::of(software);
            if last.as_ref().is_some_and(|last| own <= *last) {
                continue;
            }
            if rows.is_full() {
                return Ok(Some(Place::Software((&summary.image).into(), last)));
            }
            let document = image.document(software, pushed.as_ref(), Detail::Full).await?;
            rows.push(self.expanded(&document, &|| software::metadata(&document)));
            last = Some(own);
        }
        Ok(None)
    }

    /// The assessment of the software with this key in an image.
    async fn software(
        &self,
        reach: &Reach,
        summary: &ImageSummary,
        key: &str,
    ) -> Result<Option<Value>, ArmError> {
        let Some(known) = reach.of_image(&summary.image) else { return Ok(None) };
        let image = ImageSoftware::of(&*self.state.store, &self.book, known, summary).await?;
        let is_it = |one: &&store::AffectedSoftware| software::key(one).to_string().eq_ignore_ascii_case(key);
        let Some(software) = image.software.iter().find(is_it) else { return Ok(None) };
        let document = image.document(software, image.pushed().await?.as_ref(), Detail::Full).await?;
        Ok(Some(self.expanded(&document, &|| software::metadata(&document))))
    }

    /// The assessment of this name that somebody made of what a request speaks of.
    async fn custom(&self, request: &Request, name: &str) -> Result<Option<Value>, ArmError> {
        let found = self.state.store.custom_assessment(request.scope.as_str(), name).await?;
        let Some(found) = found else { return Ok(None) };
        let mut kinds = CustomKinds::default();
        custom_assessment::shown(self.state, &found, &mut kinds, |row| self.expand(row)).await
    }

    fn expanded(&self, document: &Document, metadata: &dyn Fn() -> Value) -> Value {
        let mut view = document.to_rest();
        self.expand(&mut Expanding { view: &mut view, metadata });
        view
    }

    fn expand(&self, row: &mut Expanding<'_>) {
        if self.with_metadata {
            row.view["properties"]["metadata"] = (row.metadata)();
        }
        if self.with_links {
            let link = format!("{}/portal", self.state.url);
            row.view["properties"]["links"] = json!({ "azurePortalUri": link });
        }
    }
}
