//! The rows of sub-assessments, as `SecurityResources` shows them.

use super::resource_row::ResourceRow;
use super::security_resources::{placed, row};
use crate::documents::sub_assessment::{Form, Place, Reader};
use crate::documents::{Document, KnownRegistry, registry, sub_assessment};
use crate::narrowed::{Narrowed, Only};
use crate::viewer::View;
use kql::ScanRequest;
use store::{Finding, ImageKey, ImageSummary};

/// Rows that are made at a time.
const AT_A_TIME: usize = 500;

/// What stands before the names of a registry's rows. The last part but one is in small letters here, as published
/// queries expect it.
pub(crate) fn stem(known: &KnownRegistry) -> String {
    stem_of(known, Form::First)
}

fn stem_of(known: &KnownRegistry, form: Form) -> String {
    format!("{}/providers/Microsoft.Security/assessments/{}/subassessments/", known.id, form.key())
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

/// The next rows in a newer form, and where the ones behind them begin.
pub(super) fn newer_rows(
    view: &View,
    request: &ScanRequest,
    form: Form,
    place: Option<Place>,
) -> Result<(Vec<ResourceRow>, Option<Place>), store::Error> {
    let narrowed = Narrowed(request);
    let is_wanted = |known: &&KnownRegistry| match form {
        Form::First | Form::Newer => narrowed.allows_registry(known, &stem_of(known, form)),
        // The image stands in its id, before the key.
        Form::Image => narrowed.allows_place_of(known),
    };
    let registries: Vec<KnownRegistry> = view.inspected.iter().filter(is_wanted).cloned().collect();
    let further = |names: [&'static str; 2]| ["properties", "additionalData", names[0], names[1]];
    let repository = [
        narrowed.repository(&further(["artifactDetails", "repositoryName"])),
        narrowed.repository(&["properties", "additionalData", "repositoryName"]),
    ];
    let digest = [
        narrowed.digest(&further(["artifactDetails", "digest"])),
        narrowed.digest(&["properties", "additionalData", "imageDigest"]),
    ];
    let is_nothing = repository.iter().any(Only::is_nothing) || digest.iter().any(Only::is_nothing);
    if registries.is_empty() || is_nothing {
        return Ok((Vec::new(), None));
    }
    let reader = Reader {
        repository: repository.into_iter().find_map(Only::one),
        digest: digest.into_iter().find_map(Only::one),
        ..Reader::new(&*view.store, &registries, &view.book, form)
    };
    let (rows, next) = view.runtime.block_on(reader.page_after(place, AT_A_TIME))?;
    let of = |document: &Document| {
        let is_in = |known: &&KnownRegistry| document.id.starts_with(&format!("{}/", known.id));
        registries.iter().find(is_in)
    };
    let rows = rows.into_iter().filter_map(|document| {
        let known = of(&document)?;
        let mut row = shown(view, known, document);
        if form == Form::Newer
            && let Some(details) = row.properties["resourceDetails"].as_object_mut()
        {
            // The id is relative; queries tell the registry by its name.
            details.insert("ResourceName".into(), known.registry.name.as_str().into());
            details.insert("ResourceType".into(), registry::KIND.to_ascii_lowercase().into());
        }
        Some(row)
    });
    Ok((rows.collect(), next))
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
