//! What rules and attached documents hide in one image, finding by finding.

use crate::rulebook::{ImageRules, OsName, Rulebook};
use store::{Finding, FindingFilter, ImageKey, PageRequest, Rule, Store};

/// Findings that are read at a time.
const AT_A_TIME: usize = 1000;

/// The operating system of an image, if some rule looks at it.
///
/// # Errors
/// When the records fail.
pub(crate) async fn os_of(
    store: &dyn Store,
    book: &Rulebook,
    rules: &ImageRules<'_>,
    image: &ImageKey,
) -> Result<Option<OsName>, store::Error> {
    if !book.needs_os() || rules.is_empty() {
        return Ok(None);
    }
    Ok(store.image(&image.digest).await?.and_then(|scanned| OsName::of(&scanned.distribution)))
}

/// Tells each finding that is hidden, and what hides it. A vulnerability of a package version is told once, at however
/// many places of the image it is.
///
/// # Errors
/// When the records fail.
pub(crate) async fn each_hidden(
    store: &dyn Store,
    rules: &ImageRules<'_>,
    image: &ImageKey,
    os: Option<&OsName>,
    mut tell: impl FnMut(&Finding, &Rule) + Send,
) -> Result<(), store::Error> {
    let filter = FindingFilter::affecting(image);
    let mut last = None;
    let mut after = None;
    loop {
        let page = store.findings(&filter, PageRequest { after, limit: AT_A_TIME }).await?;
        for finding in page.items {
            let key = (finding.vulnerability.id.clone(), finding.key.package_version);
            // The places of a package version follow each other.
            if last.as_ref() == Some(&key) {
                continue;
            }
            if let Some(rule) = rules.hides(&finding, os) {
                tell(&finding, rule);
            }
            last = Some(key);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
