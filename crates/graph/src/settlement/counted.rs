//! What rules hide in images, counted without the join: bringing a hundred thousand verdicts to new rules takes seconds
//! and not the time of ten million rows.

use crate::documents::KnownRegistry;
use crate::effects::Effects;
use crate::rulebook::Rulebook;
use advisory::Severity;
use std::collections::{BTreeMap, BTreeSet};
use store::{ImageKey, ImageSummary, Judgements, PackageList, Store};

/// The findings of an image that rules hide, by severity, and the names of the rules.
pub(super) type Hidden = (BTreeMap<Severity, u64>, BTreeSet<String>);

/// What package versions have, and what rules hide of it. Good as long as neither of them changes.
pub struct Counted {
    judgements: Judgements,
    effects: Effects,
}

impl Counted {
    /// What was judged until now, under the rules of a book.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn load(store: &dyn Store, book: &Rulebook) -> Result<Self, store::Error> {
        let judgements = store.judgements().await?;
        let effects = Effects::load(store, book, &judgements).await?;
        Ok(Self { judgements, effects })
    }

    /// What is hidden in each of some images of a registry, as far as it can be counted: what documents that are attached to
    /// an image say is looked at finding by finding.
    pub(super) async fn in_images(
        &mut self,
        store: &dyn Store,
        book: &Rulebook,
        known: &KnownRegistry,
        summaries: &[ImageSummary],
    ) -> Result<Vec<Option<Hidden>>, store::Error> {
        let digests: Vec<_> = summaries.iter().map(|summary| summary.image.digest.clone()).collect();
        let lists = store.package_lists(&digests).await?;
        let of_image = |(summary, list): (&ImageSummary, &Option<PackageList>)| {
            let list = list.as_ref().filter(|_| !book.has_attached(&summary.image))?;
            Some(self.hidden(known, &summary.image, list))
        };
        Ok(summaries.iter().zip(&lists).map(of_image).collect())
    }

    /// What is hidden in an image with these packages. As in its verdict, each vulnerability of a package version counts
    /// once.
    fn hidden(&mut self, known: &KnownRegistry, image: &ImageKey, packages: &PackageList) -> Hidden {
        let (mut counts, mut names) = Hidden::default();
        let Some(hiding) = self.effects.of_image(known, image) else { return (counts, names) };
        let mut rules = BTreeSet::new();
        for (package, _) in packages.iter() {
            for pair in self.judgements.numbers_of(package) {
                let Some(rule) = hiding.get(self.effects.set_of(pair)).copied().flatten() else { continue };
                let rating = self.judgements.pairs().get(pair).map(|rating| *rating as usize);
                let rating = rating.and_then(|rating| self.judgements.ratings.get(rating));
                let severity = rating.and_then(|rating| Severity::from_word(&rating.severity));
                *counts.entry(severity.unwrap_or(Severity::Unknown)).or_insert(0) += 1;
                rules.insert(rule);
            }
        }
        let name = |rule: u16| self.effects.rule(rule).map(|rule| rule.display_name.clone());
        names.extend(rules.into_iter().filter_map(name));
        (counts, names)
    }
}
