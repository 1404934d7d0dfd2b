//! Why an image has a vulnerability, or why it has not: `/api/images/REFERENCE/explain?vulnerability=…[&package=…]`.
//!
//! It is told from the advisories in force and the recorded packages at the moment of the question, and not from what
//! was recorded of findings: most of what speaks against a finding is recorded nowhere.

use super::ApiState;
use super::error::ApiError;
use super::view::ExplanationView;
use crate::judge;
use advisory::Snapshot;
use std::collections::BTreeMap;
use store::{ImageKey, PackagePlace, PackageVersion};

/// Explains a vulnerability in an image.
pub(super) async fn of_image(
    state: &ApiState,
    image: &ImageKey,
    vulnerability: Option<&str>,
    package: Option<&str>,
) -> Result<ExplanationView, ApiError> {
    let vulnerability = vulnerability
        .ok_or_else(|| ApiError::Invalid("which vulnerability? add `?vulnerability=CVE-…`".to_owned()))?;
    let places = state.store.image_packages(&image.digest).await?;
    let scanned = state.store.image(&image.digest).await?;
    let mut notes = scanned.as_ref().map(judge::notes).unwrap_or_default();
    if scanned.is_none() {
        notes.push("The image has not been read, so that nobody knows its packages.".to_owned());
    }
    let Some(snapshot) = state.shelf.current() else {
        notes.push(crate::advisories::in_words(None, jiff::Timestamp::now()));
        return Ok(ExplanationView { notes, ..ExplanationView::of(vulnerability) });
    };
    let mut distinct: BTreeMap<PackageVersion, PackagePlace> = BTreeMap::new();
    for place in places {
        distinct.entry(place.package.clone()).or_insert(place);
    }
    let packages: Vec<PackagePlace> = distinct.into_values().collect();
    let work = move |vulnerability: String, package: Option<String>| {
        let mut view = explain(&snapshot, &packages, &vulnerability, package.as_deref());
        view.notes.extend(notes);
        view
    };
    let (vulnerability, package) = (vulnerability.to_owned(), package.map(str::to_owned));
    tokio::task::spawn_blocking(move || work(vulnerability, package))
        .await
        .map_err(|_| ApiError::NotFound("an explanation".to_owned()))
}

/// Explains a vulnerability in packages: in those of a name, or else in those that an advisory connects with it.
pub fn explain(
    snapshot: &Snapshot,
    packages: &[PackagePlace],
    vulnerability: &str,
    package: Option<&str>,
) -> ExplanationView {
    let mut view = ExplanationView::of(vulnerability);
    view.snapshot = Some(snapshot.version().to_string());
    view.packages_looked_at = packages.len() as u64;
    let named = |place: &&PackagePlace| {
        package.is_none_or(|name| {
            let source = place.package.source.as_ref().is_some_and(|source| source.name == name);
            place.package.name == name || source
        })
    };
    let mut nobody_speaks = 0;
    for place in packages.iter().filter(named) {
        let Some(query) = judge::query(&place.package) else {
            nobody_speaks += 1;
            if package.is_some() {
                view.notes.push(format!(
                    "Nobody publishes advisories for packages of the kind of {} {}.",
                    place.package.name, place.package.version
                ));
            }
            continue;
        };
        let explanation = advisory::explain(snapshot, &query, vulnerability);
        if explanation.found.is_none() && package.is_none() {
            continue;
        }
        view.text.push(explanation.to_string());
        view.explanations.push(serde_json::to_value(&explanation).unwrap_or_default());
    }
    if view.explanations.is_empty() {
        view.notes.push(match package {
            Some(name) => format!("The image has no package {name} of which advisories could speak."),
            None => format!(
                "No advisory in force connects {vulnerability} with any of the {} packages{}.",
                packages.len(),
                if nobody_speaks > 0 {
                    format!("; for {nobody_speaks} of them nobody publishes advisories")
                } else {
                    String::new()
                }
            ),
        });
    }
    view
}
