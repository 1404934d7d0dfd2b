//! The rows of sub-assessments, as `SecurityResources` shows them.

use super::resource_row::ResourceRow;
use super::security_resources::{placed, row};
use crate::documents::metadata::IMAGES_KEY;
use crate::documents::sub_assessment::{Form, Reader};
use crate::documents::{Document, KnownRegistry, sub_assessment};
use crate::viewer::View;
use store::{Finding, ImageKey, ImageSummary};

/// What stands before the names of a registry's rows. The last part but one is in small letters here, as published
/// queries expect it.
pub(crate) fn stem(known: &KnownRegistry) -> String {
    format!("{}/providers/Microsoft.Security/assessments/{IMAGES_KEY}/subassessments/", known.id)
}

/// The name of the row of a vulnerability in an image.
pub(crate) fn name_of(image: &ImageKey, vulnerability: &str) -> String {
    sub_assessment::name_of(image, Form::First, vulnerability).to_string()
}

/// What the row of an image is about.
pub(crate) fn resource_of(known: &KnownRegistry, image: &ImageKey) -> String {
    format!("{}/repository/{}/imageDigest/{}", known.id, image.repository.name, image.digest)
}

/// The row of an image that has one of its own.
pub(crate) fn row_of_image(
    view: &View,
    known: &KnownRegistry,
    summary: &ImageSummary,
) -> Option<ResourceRow> {
    sub_assessment::of_image(known, summary, Form::First).map(|document| shown(view, known, document))
}

/// The row of a vulnerability in an image, out of its findings; none if the image shows no findings.
pub(crate) fn row_of_findings(
    view: &View,
    known: &KnownRegistry,
    summary: &ImageSummary,
    findings: &[Finding],
) -> Result<Option<ResourceRow>, store::Error> {
    let found = view.runtime.block_on(reader(view, &view.inspected).of_findings(known, summary, findings))?;
    Ok(found.map(|document| shown(view, known, document)))
}

/// All rows of an image.
pub(crate) fn rows_of(
    view: &View,
    known: &KnownRegistry,
    summary: &ImageSummary,
) -> Result<Vec<ResourceRow>, store::Error> {
    let rows = view.runtime.block_on(reader(view, &view.inspected).of_summary(known, summary))?;
    Ok(rows.into_iter().map(|document| shown(view, known, document)).collect())
}

/// The rows of what was found in an image that shows none of it, because of rules.
pub(crate) fn hidden_rows_of(
    view: &View,
    known: &KnownRegistry,
    summary: &ImageSummary,
) -> Result<Vec<ResourceRow>, store::Error> {
    let rows = view.runtime.block_on(reader(view, &view.inspected).hidden_of(known, summary))?;
    Ok(rows.into_iter().map(|document| shown(view, known, document)).collect())
}

fn reader<'a>(view: &'a View, registries: &'a [KnownRegistry]) -> Reader<'a> {
    Reader::new(&*view.store, registries, &view.book, Form::First)
}

/// The row of a name.
pub(crate) fn row_named(
    view: &View,
    registries: &[KnownRegistry],
    name: &str,
) -> Result<Option<ResourceRow>, store::Error> {
    let found = view.runtime.block_on(reader(view, registries).by_name(name))?;
    Ok(found.and_then(|document| {
        let known = registries.iter().find(|known| document.id.starts_with(known.id.as_str()))?;
        Some(shown(view, known, document))
    }))
}

/// A sub-assessment as the table shows it.
pub(super) fn shown(view: &View, known: &KnownRegistry, document: Document) -> ResourceRow {
    let mut row = placed(known, row(view, document));
    row.id = row.id.replacen("/subAssessments/", "/subassessments/", 1);
    row
}
