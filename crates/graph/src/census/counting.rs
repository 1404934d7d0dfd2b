//! What the packages of an image come to: counted over all images, or kept for the rows of this one.

use super::CensusReading;
use super::part::{Level, Shape};
use super::plan::Grain;
use crate::viewer::View;
use kql::Value;
use store::{ImageContent, ImageKey, ImageState, PackageList};

impl CensusReading {
    /// Whether images have to come in the order of their digests. Without rules, all images of a digest have the same;
    /// with rules, what one has may be hidden in the next.
    pub(super) fn holds_back(&self) -> bool {
        self.plan.grain == Grain::OfAll && self.effects.is_some() && self.plan.is_distinct.contains(&true)
    }

    /// What comes next in the tally.
    pub(super) fn begin_count(&mut self, registry: usize, image: &ImageKey) {
        let alike = self.registries.get(registry).map_or(0, |registry| registry.alike);
        if self.holds_back() {
            self.tally.next_in_order(alike, image);
        } else {
            let is_fresh = !self.plan.counts_digests() || self.digests.is_fresh(alike, &image.digest);
            self.tally.next(alike, is_fresh);
        }
    }

    /// Counts what the packages of an image have. Whether there is anything of it to tell.
    pub(super) fn count_packages(
        &mut self,
        view: &View,
        content: &ImageContent,
        packages: &PackageList,
        registry: usize,
    ) -> Result<bool, store::Error> {
        let known = self.registries.get(registry).map(|registry| &registry.known);
        let is_ruled = self.effects.is_some();
        let attached = match known {
            Some(known) if is_ruled && view.book.has_attached(&content.image) => {
                Some(self.hidden_pairs(view, known, &content.image)?)
            }
            _ => None,
        };
        let effects = self.effects.as_mut().zip(known);
        let hiding = effects.and_then(|(effects, known)| effects.of_image(known, &content.image));
        self.ratings.begin();
        if self.plan.grain == Grain::OfAll {
            self.begin_count(registry, &content.image);
        }
        let (ratings, plan, tally) = (&mut self.ratings, &self.plan, &mut self.tally);
        if let Some(hidden) = attached {
            for (package, places) in packages.iter() {
                ratings.add_ruled(package, places, plan, |pair| hidden.contains(&pair), tally);
            }
            ratings.end_ruled(plan, tally);
            return Ok(true);
        }
        let (Some(hiding), Some(effects)) = (hiding, &self.effects) else {
            // Nothing is hidden where no rule holds.
            let is_shown = plan.shape == Shape::Findings || content.state == ImageState::Unhealthy;
            if is_shown {
                for (package, places) in packages.iter() {
                    ratings.add(package, places, plan, tally);
                }
            }
            return Ok(is_shown);
        };
        let hides = |pair: usize| hiding.get(effects.set_of(pair)).is_some_and(Option::is_some);
        for (package, places) in packages.iter() {
            ratings.add_ruled(package, places, plan, hides, tally);
        }
        ratings.end_ruled(plan, tally);
        Ok(true)
    }

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
