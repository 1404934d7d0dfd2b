//! In which of Azure's forms a query wants its findings.
//!
//! The same findings stand in three forms, below assessments with three keys. A query that counts would count them three
//! times, so that a query which says nothing gets those of 2020. One that asks for a newer form gets it: by the key of
//! its assessment, by its word for what was assessed, or by reading what only the newer forms have.

use crate::documents::metadata::{IMAGES_KEY, Metadata, NEWER_IMAGES_KEY};
use crate::documents::sub_assessment::Form;
use crate::narrowed::Narrowed;
use crate::viewer::View;
use kql::{Need, ScanRequest};

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

fn is_member(need: &Need, members: &[&str]) -> bool {
    let path: Vec<&str> = need.path.iter().map(|name| &**name).collect();
    match (&*need.column, path.as_slice()) {
        ("properties", ["additionalData", member, ..]) => members.contains(member),
        _ => false,
    }
}
