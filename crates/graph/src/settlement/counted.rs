//! What rules hide in images, counted without the join: bringing a hundred thousand verdicts to new rules takes seconds
//! and not the time of ten million rows.

use crate::documents::KnownRegistry;
use crate::effects::Effects;
use crate::rulebook::Rulebook;
use advisory::Severity;
use std::collections::{BTreeMap, BTreeSet};
use store::{ImageKey, Judgements, PackageList, Store};

/// The findings of an image that rules hide, by severity, and the names of the rules.
pub(super) type Hidden = (BTreeMap<Severity, u64>, BTreeSet<String>);

/// What package versions have, and what rules hide of it.
pub(super) struct Counted {
    judgements: Judgements,
    effects: Effects,
}

impl Counted {
    /// What was judged until now, under the rules of a book.
    pub(super) async fn load(store: &dyn Store, book: &Rulebook) -> Result<Self, store::Error> {
        let judgements = store.judgements().await?;
        let effects = Effects::load(store, book, &judgements).await?;
        Ok(Self { judgements, effects })
    }

    /// What is hidden in an image with these packages. As in its verdict, each vulnerability of a package version counts
    /// once.
    pub(super) fn hidden(
        &mut self,
        known: &KnownRegistry,
        image: &ImageKey,
        packages: &PackageList,
    ) -> Hidden {
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
