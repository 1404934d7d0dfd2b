//! In which of Azure's forms a query wants its findings.
//!
//! The same findings stand in three forms, below assessments with three keys. A query that counts would count them three
//! times, so that a query which says nothing gets those of 2020. One that asks for a newer form gets it: by the key of
//! its assessment, by its word for what was assessed, or by reading what only the newer forms have.
//!
//! The same holds for the form of 2026, an assessment of each piece of software in an image: there may be a hundred times
//! as many as images, and a query that counts assessments as it did for years is not to count them.

use crate::documents::metadata::{IMAGES_KEY, Metadata, NEWER_IMAGES_KEY};
use crate::documents::software::TITLE;
use crate::documents::sub_assessment::Form;
use crate::narrowed::Narrowed;
use crate::viewer::View;
use kql::{Need, ScanRequest, Value};

/// What was assessed, in the words of the forms.
const ASSESSED: &[&str] = &["properties", "additionalData", "assessedResourceType"];

/// Members of `additionalData` that only the newer forms have.
const NEWER_MEMBERS: [&str; 4] =
    ["artifactDetails", "vulnerabilityDetails", "softwareDetails", "cvssV30Score"];

/// Members that only the first form has.
const FIRST_MEMBERS: [&str; 9] = [
    "type",
    "patchable",
    "cve",
    "cvss",
    "vendorReferences",
    "packages",
    "aliases",
    "firstSeen",
    "publishedTime",
];

/// The forms of sub-assessments that a scan is to give.
pub(super) fn of_sub_assessments(view: &View, request: &ScanRequest) -> Vec<Form> {
    let narrowed = Narrowed(request);
    let reads = |members: &[&str]| request.needs.iter().any(|need| is_member(need, members));
    let is_newer_alone = reads(&NEWER_MEMBERS) && !reads(&FIRST_MEMBERS);
    let fits = |form: Form| narrowed.allows(ASSESSED, form.assessed());
    let mut forms = match view.named_forms.as_slice() {
        [] if is_newer_alone || !fits(Form::First) => vec![Form::Newer],
        [] => vec![Form::First],
        // Whoever names some keys compares with them: rows of the others would be read to be passed over.
        named => named.to_vec(),
    };
    forms.retain(|form| fits(*form));
    forms
}

/// The kinds of assessments of registries that a scan is to give: the first, and that of 2023 where the query names it.
pub(super) fn of_registries(view: &View, request: &ScanRequest) -> Vec<&'static Metadata> {
    let narrowed = Narrowed(request);
    let fits = |kind: &&Metadata| {
        narrowed.allows(&["name"], kind.key)
            && narrowed.allows(&["properties", "displayName"], kind.name)
            && narrowed.allows(&["properties", "metadata", "displayName"], kind.name)
    };
    let (first, newer) = (Metadata::find(IMAGES_KEY), Metadata::find(NEWER_IMAGES_KEY));
    let is_named = view.named_forms.contains(&Form::Newer);
    let newer = newer.filter(|kind| fits(kind) && (is_named || !first.as_ref().is_some_and(fits)));
    first.into_iter().filter(fits).chain(newer).collect()
}

/// What only assessments of software have, below the properties.
const OF_SOFTWARE: [&[&str]; 7] = [
    &["metadata", "recommendationCategory"],
    &["resourceAdditionalData"],
    &["additionalData", "CvesDetails"],
    &["additionalData", "CveCount"],
    &["additionalData", "SoftwareName"],
    &["additionalData", "PackageType"],
    &["additionalData", "ScannersDetails"],
];

/// Whether a scan is to give assessments of software: it reads what only they have, or names one.
pub(super) fn of_software(request: &ScanRequest) -> bool {
    let mut needs = request.needs.iter().chain(request.conditions.iter().map(|condition| &condition.need));
    let reads = needs.any(|need| {
        let path: Vec<&str> = need.path.iter().map(|name| &**name).collect();
        &*need.column == "properties" && OF_SOFTWARE.iter().any(|member| path.starts_with(member))
    });
    let is_named = Narrowed(request)
        .equal_to(&["name"])
        .is_some_and(|(names, _)| names.iter().any(|name| Metadata::find(name).is_none()));
    let title = TITLE.to_ascii_lowercase();
    let is_titled = Narrowed(request).on(&["properties", "displayName"]).any(|condition| {
        let mut values = condition.values.iter().filter_map(Value::as_str);
        values.any(|value| value.to_ascii_lowercase().starts_with(title.trim_end()))
    });
    reads || is_named || is_titled
}

fn is_member(need: &Need, members: &[&str]) -> bool {
    let path: Vec<&str> = need.path.iter().map(|name| &**name).collect();
    match (&*need.column, path.as_slice()) {
        ("properties", ["additionalData", member, ..]) => members.contains(member),
        _ => false,
    }
}
