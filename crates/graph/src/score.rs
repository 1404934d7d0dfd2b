//! The secure score: one number for a subscription, of how much of what was pushed is free of known vulnerabilities.
//!
//! There is one control, *remediate vulnerabilities*, worth six points as in Azure. Each registry with a verdict counts
//! the same, and brings the share of its assessed images that are healthy. Registries that cannot be assessed or are
//! exempt count neither way, and where nothing counts there is no score to lose: the control has no weight.

use crate::documents::KnownRegistry;
use crate::documents::assessment::{Assessed, assess};
use crate::documents::metadata::{Metadata, Subject};
use crate::governance::Governance;
use crate::rulebook::Rulebook;
use assessment::RegistryState;
use store::{Store, SubscriptionId};

/// The points of the control.
pub const MOST_POINTS: u32 = 6;

/// How a subscription stands.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// Registries without a finding.
    pub healthy: u64,
    /// Registries with one.
    pub unhealthy: u64,
    /// Registries that cannot be assessed, or are exempt.
    pub not_applicable: u64,
    /// Registries with a finding whose owners still have time; they count neither way.
    pub in_grace: u64,
    /// The sum of the shares of healthy images, one for each registry that counts.
    shares: f64,
}

impl Score {
    /// Adds a registry.
    pub fn add(&mut self, assessed: &Assessed) {
        let facts = assessed.facts;
        match assessed.assessment.state {
            RegistryState::Healthy => {
                self.healthy += 1;
                self.shares += 1.0;
            }
            RegistryState::Unhealthy => {
                self.unhealthy += 1;
                let all = facts.healthy + facts.unhealthy + facts.not_applicable;
                self.shares += ratio(facts.healthy, all);
            }
            RegistryState::NotApplicable => self.not_applicable += 1,
        }
    }

    /// How many registries count.
    pub fn weight(&self) -> u64 {
        self.healthy + self.unhealthy
    }

    /// The share of what could be reached, from 0 to 1, to four decimals as Azure gives it.
    pub fn percentage(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 registries")]
        let weight = self.weight() as f64;
        if weight > 0.0 { rounded(self.shares / weight, 10_000.0) } else { 0.0 }
    }

    /// The points that can be reached: none where nothing counts.
    pub fn most(&self) -> u32 {
        if self.weight() > 0 { MOST_POINTS } else { 0 }
    }

    /// The points that are reached, to two decimals.
    pub fn current(&self) -> f64 {
        rounded(self.percentage() * f64::from(self.most()), 100.0)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 images")]
    let (part, whole) = (part as f64, whole as f64);
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

/// The score of a subscription.
///
/// # Errors
/// When the records fail.
pub async fn of_subscription(
    store: &dyn Store,
    subscription: SubscriptionId,
    scan_plan: &str,
    book: &Rulebook,
) -> Result<Score, store::Error> {
    let mut score = Score::default();
    let governance = Governance::load(store).await?;
    for registry in store.registries(subscription).await? {
        let Ok(known) = KnownRegistry::new(registry) else { continue };
        let assessed = assess(store, &known, scan_plan, book).await?;
        let mut assigned = Metadata::of(Subject::Registry)
            .filter_map(|kind| governance.of(&assessed.unhealthy(&known, kind)?));
        if assigned.any(|assigned| assigned.is_in_grace(book.now())) {
            score.in_grace += 1;
        } else {
            score.add(&assessed);
        }
    }
    Ok(score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::assessment::{RegistryFacts, assess_registry};
    use store::RegistryStanding;

    fn score(registries: &[(u64, u64, u64)]) -> Score {
        let mut score = Score::default();
        for (healthy, unhealthy, not_applicable) in registries.iter().copied() {
            let facts = RegistryFacts { is_plan_on: true, healthy, unhealthy, not_applicable, pending: 0 };
            score.add(&Assessed {
                assessment: assess_registry(facts),
                facts,
                standing: RegistryStanding::default(),
            });
        }
        score
    }

    #[test]
    fn a_score_is_the_share_of_healthy_images() {
        for (registries, percentage, current) in [
            (&[][..], 0.0, 0.0),
            (&[(3, 0, 0)], 1.0, 6.0),
            (&[(0, 2, 0)], 0.0, 0.0),
            (&[(1, 2, 0)], 0.3333, 2.0),
            (&[(3, 0, 0), (0, 5, 0)], 0.5, 3.0),
            // What cannot be assessed is not healthy, and a registry of nothing else counts neither way.
            (&[(1, 1, 2)], 0.25, 1.5),
            (&[(0, 0, 4)], 0.0, 0.0),
        ] {
            let score = score(registries);
            assert_eq!((score.percentage(), score.current()), (percentage, current), "{registries:?}");
        }
        assert_eq!(score(&[(0, 0, 4)]).most(), 0);
        assert_eq!(score(&[(0, 1, 0)]).most(), MOST_POINTS);
    }
}
