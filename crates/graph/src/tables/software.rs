//! Assessments of the software in images, as `SecurityResources` shows them.
//!
//! There may be a hundred for each image, and a query for one kind of assessment is no reason to read those of all
//! images: what a query compares decides which images are looked at, which of their software, and whether findings are.

mod outline;

use super::resource_row::{ResourceRow, batch};
use super::security_resources::{as_shown, placed, row};
use crate::documents::assessment::KIND;
use crate::documents::metadata::Metadata;
use crate::documents::software::{self, CATEGORY, Detail, ImageSoftware, RESOURCE_TYPE, TITLE};
use crate::documents::sub_assessment::resource_of;
use crate::narrowed::{Narrowed, may_hold_of};
use crate::viewer::View;
use kql::{Batch, ScanRequest};
use outline::OutlineReading;
use store::{AffectedSoftware, ImageKey, ImageState, ImageSummary, PageRequest, SummaryFilter};

/// Images that are looked at at a time: those with findings have dozens of rows.
const IMAGES: usize = 50;

/// Rows of a batch, about. One with its vulnerabilities may have megabytes.
const ROWS: usize = 200;

/// Whether such rows can be of use.
pub(super) fn is_wanted(narrowed: Narrowed<'_>) -> bool {
    let is_of_another_kind = narrowed
        .equal_to(&["name"])
        .is_some_and(|(names, _)| names.iter().all(|name| Metadata::find(name).is_some()));
    narrowed.wants_type(KIND)
        && !is_of_another_kind
        && narrowed.allows(&["properties", "metadata", "recommendationCategory"], CATEGORY)
        && narrowed.allows(&["properties", "metadata", "assessmentType"], "BuiltIn")
        && narrowed.allows(&["properties", "resourceDetails", "ResourceType"], RESOURCE_TYPE)
        && narrowed.allows(&["properties", "resourceDetails", "Source"], "Azure")
        && may_be_titles(narrowed)
}

/// Whether what is asked of display names can be true of one that is [`TITLE`] and a word.
fn may_be_titles(narrowed: Narrowed<'_>) -> bool {
    narrowed.on(&["properties", "displayName"]).all(|condition| {
        // A display name has one blank, at the end of its first word.
        may_hold_of(condition, TITLE, |title, wanted| match wanted.split_once(' ') {
            None => true,
            Some((head, tail)) => title.trim_end().ends_with(head) && !tail.contains(' '),
        })
    })
}

/// Whether the words of findings are asked for.
fn detail(request: &ScanRequest) -> Detail {
    let needs = request.needs.iter().chain(request.conditions.iter().map(|condition| &condition.need));
    let mut properties = needs.filter(|need| &*need.column == "properties");
    let is_full = properties.any(|need| need.path.first().is_none_or(|first| &**first == "additionalData"));
    if is_full { Detail::Full } else { Detail::Outline }
}

/// Whether a row of this software can be of use.
fn is_of_use(narrowed: Narrowed<'_>, software: &AffectedSoftware) -> bool {
    narrowed.allows(&["name"], &software::key(software).to_string())
        && narrowed.allows(&["properties", "displayName"], &software::title(software))
        && narrowed.allows(&["properties", "additionalData", "SoftwareName"], &software.name)
}

/// Reads the rows that the viewer may read.
pub(super) enum SoftwareReading {
    /// Each is made of its image and, where they are asked for, its findings; behind this image.
    Documents(Option<ImageKey>),
    /// Each is put together of what is known of all images at once.
    Outlines(Box<OutlineReading>),
}

impl SoftwareReading {
    /// A reading in the way that is cheapest for a request.
    pub(super) fn begin(view: &View, request: &ScanRequest) -> Result<Self, store::Error> {
        let outlines = OutlineReading::begin(view, request)?;
        Ok(outlines.map_or(Self::Documents(None), |outlines| Self::Outlines(Box::new(outlines))))
    }

    /// The next rows, and whether they are the last.
    pub(super) fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<(Batch, bool), store::Error> {
        match self {
            Self::Outlines(reading) => reading.pull(view, request),
            Self::Documents(after) => {
                let (rows, next) = documents(view, request, after.take())?;
                let is_last = next.is_none();
                *after = next;
                Ok((batch(&rows, request), is_last))
            }
        }
    }
}

/// The next rows, and the image behind which more may be.
fn documents(
    view: &View,
    request: &ScanRequest,
    after: Option<ImageKey>,
) -> Result<(Vec<ResourceRow>, Option<ImageKey>), store::Error> {
    let filter = SummaryFilter {
        registries: Some(view.assessed.iter().map(|known| known.registry.id).collect()),
        // Rules show an image in which something is found as something else.
        states: if view.book.is_empty() { vec![ImageState::Unhealthy] } else { Vec::new() },
        ..SummaryFilter::default()
    };
    let page = view.store.summaries(&filter, PageRequest { after, limit: IMAGES });
    let page = view.runtime.block_on(page)?;
    let mut rows = Vec::new();
    for summary in &page.items {
        of_image(view, request, summary, &mut rows)?;
        if rows.len() >= ROWS {
            return Ok((rows, Some(summary.image.clone())));
        }
    }
    Ok((rows, page.next))
}

fn of_image(
    view: &View,
    request: &ScanRequest,
    summary: &ImageSummary,
    rows: &mut Vec<ResourceRow>,
) -> Result<(), store::Error> {
    let registry = summary.image.repository.registry;
    let Some(known) = view.assessed.iter().find(|known| known.registry.id == registry) else {
        return Ok(());
    };
    let narrowed = Narrowed(request);
    let stem = format!("{}/providers/{KIND}/", resource_of(known, &summary.image));
    if !narrowed.allows_registry(known, &stem) {
        return Ok(());
    }
    let image = ImageSoftware::of(&*view.store, &view.book, known, summary);
    let image = view.runtime.block_on(image)?;
    let mut pushed = None;
    for software in image.software.iter().filter(|software| is_of_use(narrowed, software)) {
        if pushed.is_none() {
            pushed = Some(view.runtime.block_on(image.pushed())?);
        }
        let pushed = pushed.as_ref().and_then(Option::as_ref);
        let document = view.runtime.block_on(image.document(software, pushed, detail(request)))?;
        let metadata = software::metadata(&document);
        rows.push(placed(known, row(view, as_shown(document, metadata))));
    }
    Ok(())
}
