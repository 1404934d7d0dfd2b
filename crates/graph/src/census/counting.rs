//! Counting an image: what its packages have, without what rules and attached documents hide.

use super::CensusReading;
use super::part::{Level, Shape};
use super::plan::Grain;
use crate::documents::KnownRegistry;
use crate::settlement::{each_hidden, os_of};
use crate::viewer::View;
use kql::Value;
use std::collections::HashSet;
use store::{ImageContent, ImageKey, ImageState, PackageList};

impl CensusReading {
    /// Counts what the packages of an image have. Whether there is anything of it to tell.
    ///
    /// # Errors
    /// When the records fail.
    pub(super) fn count_packages(
        &mut self,
        view: &View,
        content: &ImageContent,
        packages: &PackageList,
        registry: usize,
    ) -> Result<bool, store::Error> {
        let known = self.registries.get(registry).map(|registry| &registry.known);
        let apart = match known.filter(|_| view.book.has_attached(&content.image)) {
            Some(known) => Some(self.hidden_pairs(view, known, &content.image)?),
            None => None,
        };
        let effects = self.effects.as_mut().zip(known).filter(|_| apart.is_none());
        let hiding = effects.and_then(|(effects, known)| effects.of_image(known, &content.image));
        self.ratings.begin();
        if self.plan.grain == Grain::OfAll {
            self.begin_count(registry, &content.image);
        }
        let tally = &mut self.tally;
        if apart.is_none() && hiding.is_none() {
            // Nothing is hidden where no rule holds.
            let is_shown = self.plan.shape == Shape::Findings || content.state == ImageState::Unhealthy;
            if is_shown {
                for (package, places) in packages.iter() {
                    self.ratings.add(package, places, &self.plan, tally);
                }
            }
            return Ok(is_shown);
        }
        let effects = self.effects.as_ref();
        let hides = |pair: usize| match (&apart, &hiding, effects) {
            (Some(pairs), ..) => pairs.contains(&pair),
            (None, Some(hiding), Some(effects)) => {
                hiding.get(effects.set_of(pair)).is_some_and(Option::is_some)
            }
            _ => false,
        };
        for (package, places) in packages.iter() {
            self.ratings.add_ruled(package, places, &self.plan, hides, tally);
        }
        self.ratings.end_ruled(&self.plan, tally);
        Ok(true)
    }

    /// The pairs of package versions and vulnerabilities that are hidden in an image to which documents are attached.
    /// They speak of this image alone, so that it is looked at by itself.
    fn hidden_pairs(
        &self,
        view: &View,
        known: &KnownRegistry,
        image: &ImageKey,
    ) -> Result<HashSet<usize>, store::Error> {
        let rules = view.book.of_image(known, image);
        let mut pairs = HashSet::new();
        view.runtime.block_on(async {
            let os = os_of(&*view.store, &view.book, &rules, image).await?;
            each_hidden(&*view.store, &rules, image, os.as_ref(), |finding, _| {
                pairs.extend(self.ratings.pair(finding.key.package_version, &finding.vulnerability.id));
            })
            .await
        })?;
        Ok(pairs)
    }

    /// What comes next in the tally.
    fn begin_count(&mut self, registry: usize, image: &ImageKey) {
        let alike = self.registries.get(registry).map_or(0, |registry| registry.alike);
        if self.holds_back() {
            self.tally.next_in_order(alike, image);
        } else {
            let is_fresh = !self.plan.counts_digests() || self.digests.is_fresh(alike, &image.digest);
            self.tally.next(alike, is_fresh);
        }
    }

    /// Counts an image that has a row of its own.
    pub(super) fn count_row(&mut self, registry: usize, image: &ImageKey, values: Vec<Value>) {
        for ((any, part), value) in self.any.iter_mut().zip(&self.plan.parts).zip(&values) {
            if part.level() == Level::Image && any.is_null() {
                *any = value.clone();
            }
        }
        let class = self.ratings.class(values, &self.plan);
        // What tells findings apart tells them from rows of images.
        let is_apart = self.plan.keys().any(|part| part.level() == Level::Vulnerability);
        if self.holds_back() || !self.plan.counts_digests() || !is_apart {
            self.begin_count(registry, image);
        } else {
            let alike = self.registries.get(registry).map_or(0, |registry| registry.alike);
            self.tally.next(alike, self.digests.is_fresh_in(alike, &image.digest, class));
        }
        self.tally.count(class, 1);
    }
}
