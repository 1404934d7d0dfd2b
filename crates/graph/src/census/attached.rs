//! Images with documents of their own: what those hide is no rule, and is held against each finding of the image.

use super::CensusReading;
use crate::documents::KnownRegistry;
use crate::rulebook::OsName;
use crate::viewer::View;
use std::collections::HashSet;
use store::{FindingFilter, FindingVerdict, ImageKey, PageRequest};

const PAGE: usize = 1000;

impl CensusReading {
    /// The pairs of a package version and what it has that are hidden in an image, by rules or by documents that are
    /// attached to it.
    pub(super) fn hidden_pairs(
        &self,
        view: &View,
        known: &KnownRegistry,
        image: &ImageKey,
    ) -> Result<HashSet<usize>, store::Error> {
        let rules = view.book.of_image(known, image);
        let os = if view.book.needs_os() {
            let scanned = view.runtime.block_on(view.store.image(&image.digest))?;
            scanned.and_then(|scanned| OsName::of(&scanned.distribution))
        } else {
            None
        };
        let filter = FindingFilter {
            registries: Some(vec![image.repository.registry]),
            repository: Some(image.repository.name.clone()),
            digest: Some(image.digest.clone()),
            verdicts: vec![FindingVerdict::Affected],
            ..FindingFilter::default()
        };
        let mut hidden = HashSet::new();
        let mut after = None;
        loop {
            let page =
                view.runtime.block_on(view.store.findings(&filter, PageRequest { after, limit: PAGE }))?;
            for finding in page.items {
                if rules.hides(&finding, os.as_ref()).is_some() {
                    let package = finding.key.package_version;
                    hidden.extend(self.ratings.pair(package, &finding.vulnerability.id));
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(hidden),
            }
        }
    }
}
