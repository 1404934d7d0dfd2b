//! The verdict on an image.
//!
//! Affected wins over everything: what is known to be wrong is said, whatever else could not be read.
//! *Healthy* is said only when everything was read, the advisories speak for all of it, and none applies.
//! Between the two there is *not applicable*, with its causes.

use crate::Cause;
use advisory::Severity;
use inventory::{Ecosystem, Obstacle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an image is, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageState {
    /// Everything was read, and nothing applies.
    Healthy,
    /// Something applies.
    Unhealthy,
    /// It cannot be assessed.
    NotApplicable,
}

impl ImageState {
    /// The word of Azure's status codes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Unhealthy => "Unhealthy",
            Self::NotApplicable => "NotApplicable",
        }
    }
}

/// How the loaded advisories stand to the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedStanding {
    /// None are loaded.
    None,
    /// They are older than the operator allows.
    TooOld {
        /// Their age, in days.
        days: i64,
    },
    /// They are in force, and say nothing about these ecosystems of the image.
    InForce {
        /// The ecosystems that are not covered.
        uncovered: Vec<Ecosystem>,
    },
}

/// A distribution whose packages get no fixes any more, and so no advisories either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfSupport {
    /// The distribution.
    pub distribution: String,
    /// The last day of its support, as `YYYY-MM-DD`.
    pub since: String,
}

/// Everything that the verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// Why the image could not be read, or not completely: from its documents and layers.
    pub causes: Vec<Cause>,
    /// Why the inventory may not be the whole truth.
    pub obstacles: Vec<Obstacle>,
    /// The distribution, where its packages have no ecosystem to be looked up in.
    pub distribution_without_feed: Option<String>,
    /// The distribution, where its packages get no fixes any more.
    pub out_of_support: Option<OutOfSupport>,
    /// How the advisories stand.
    pub feeds: FeedStanding,
    /// Findings that apply, by severity.
    pub affected: BTreeMap<Severity, u64>,
    /// Findings that could not be decided, and the first reason.
    pub undetermined: (u64, String),
}

/// The verdict on an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageVerdict {
    /// The state.
    pub state: ImageState,
    /// All causes that speak against *healthy*, the weightiest first; also beside *unhealthy*.
    pub causes: Vec<Cause>,
    /// Findings that apply, by severity.
    pub counts: BTreeMap<Severity, u64>,
}

/// Judges an image.
pub fn assess(facts: &ImageFacts) -> ImageVerdict {
    let causes = causes(facts);
    let counts: BTreeMap<Severity, u64> = facts
        .affected
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(severity, count)| (*severity, *count))
        .collect();
    let state = match (counts.is_empty(), causes.is_empty()) {
        (false, _) => ImageState::Unhealthy,
        (true, true) => ImageState::Healthy,
        (true, false) => ImageState::NotApplicable,
    };
    ImageVerdict { state, causes, counts }
}

/// Everything that speaks against *healthy*. What concerns the image itself comes first: an image whose database was
/// deleted is not waiting for advisories.
fn causes(facts: &ImageFacts) -> Vec<Cause> {
    let mut causes = facts.causes.clone();
    causes.extend(facts.obstacles.iter().cloned().map(|obstacle| Cause::Obstacle { obstacle }));
    if let Some(distribution) = &facts.distribution_without_feed {
        causes.push(Cause::DistributionWithoutFeed { distribution: distribution.clone() });
    }
    if let Some(OutOfSupport { distribution, since }) = &facts.out_of_support {
        let (distribution, since) = (distribution.clone(), since.clone());
        causes.push(Cause::DistributionOutOfSupport { distribution, since });
    }
    match &facts.feeds {
        FeedStanding::None => causes.push(Cause::NoAdvisories),
        FeedStanding::TooOld { days } => causes.push(Cause::AdvisoriesTooOld { days: *days }),
        FeedStanding::InForce { uncovered } => causes.extend(
            uncovered.iter().map(|ecosystem| Cause::EcosystemNotCovered { ecosystem: ecosystem.clone() }),
        ),
    }
    let (count, detail) = &facts.undetermined;
    if *count > 0 {
        causes.push(Cause::VersionsUndetermined { count: *count, detail: detail.clone() });
    }
    causes
}

/// One image of an index, as it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The platform or digest, for people.
    pub name: String,
    /// Its state.
    pub state: ImageState,
    /// Why it cannot be assessed.
    pub cause: Option<String>,
    /// Its findings.
    pub counts: BTreeMap<Severity, u64>,
}

/// Judges an index by its images: it is as bad as the worst, and healthy only if all are.
///
/// Attestations are no images; the caller leaves them out.
pub fn roll_up(children: &[Child]) -> ImageVerdict {
    let mut causes: Vec<Cause> = children
        .iter()
        .filter(|child| child.state == ImageState::NotApplicable)
        .map(|child| {
            let why = child.cause.as_deref().unwrap_or("no cause is recorded");
            Cause::ChildNotAssessed { detail: format!("{}: {why}", child.name) }
        })
        .collect();
    if children.is_empty() {
        causes.push(Cause::NoChildren);
    }
    let mut counts: BTreeMap<Severity, u64> = BTreeMap::new();
    for child in children {
        for (severity, count) in &child.counts {
            *counts.entry(*severity).or_default() += count;
        }
    }
    let unhealthy = children.iter().any(|child| child.state == ImageState::Unhealthy);
    let state = match (unhealthy, causes.is_empty()) {
        (true, _) => ImageState::Unhealthy,
        (false, true) => ImageState::Healthy,
        (false, false) => ImageState::NotApplicable,
    };
    ImageVerdict { state, causes, counts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean() -> ImageFacts {
        ImageFacts {
            causes: Vec::new(),
            obstacles: Vec::new(),
            distribution_without_feed: None,
            out_of_support: None,
            feeds: FeedStanding::InForce { uncovered: Vec::new() },
            affected: BTreeMap::new(),
            undetermined: (0, String::new()),
        }
    }

    fn ended() -> OutOfSupport {
        OutOfSupport { distribution: "Alpine Linux v3.18".into(), since: "2025-05-09".into() }
    }

    #[test]
    fn only_what_was_read_and_covered_is_healthy() {
        assert_eq!(assess(&clean()).state, ImageState::Healthy);
        let spoiled = [
            ImageFacts { causes: vec![Cause::EmptyImage], ..clean() },
            ImageFacts { obstacles: vec![Obstacle::NoPackageSource], ..clean() },
            ImageFacts { distribution_without_feed: Some("Photon".into()), ..clean() },
            ImageFacts { out_of_support: Some(ended()), ..clean() },
            ImageFacts { feeds: FeedStanding::None, ..clean() },
            ImageFacts { feeds: FeedStanding::TooOld { days: 40 }, ..clean() },
            ImageFacts {
                feeds: FeedStanding::InForce { uncovered: vec![Ecosystem::new("Wolfi")] },
                ..clean()
            },
            ImageFacts { undetermined: (1, "it is not a version".into()), ..clean() },
        ];
        for facts in spoiled {
            let verdict = assess(&facts);
            assert_eq!(verdict.state, ImageState::NotApplicable, "{facts:?}");
            assert_eq!(verdict.causes.len(), 1, "{facts:?}");
        }
    }

    #[test]
    fn affected_wins_and_the_causes_stay_visible() {
        let affected = BTreeMap::from([(Severity::High, 2)]);
        let verdict = assess(&ImageFacts { affected, feeds: FeedStanding::None, ..clean() });
        assert_eq!((verdict.state, verdict.causes), (ImageState::Unhealthy, vec![Cause::NoAdvisories]));
    }

    #[test]
    fn an_index_is_as_bad_as_its_worst_image() {
        let child = |state, count: u64| Child {
            name: "linux/amd64".into(),
            state,
            cause: None,
            counts: BTreeMap::from([(Severity::Low, count)]),
        };
        use ImageState::{Healthy, NotApplicable, Unhealthy};
        assert_eq!(roll_up(&[child(Healthy, 0), child(Unhealthy, 3)]).state, Unhealthy);
        assert_eq!(roll_up(&[child(Healthy, 0), child(NotApplicable, 0)]).state, NotApplicable);
        assert_eq!(roll_up(&[child(Healthy, 0)]).state, Healthy);
        assert_eq!(roll_up(&[]).state, NotApplicable);
    }

    proptest! {
        #[test]
        fn nothing_unknown_is_ever_healthy(
            empty in any::<bool>(), obstacle in any::<bool>(), feedless in any::<bool>(), over in any::<bool>(), feeds in 0..4,
            affected in 0_u64..3, undetermined in 0_u64..3,
        ) {
            let facts = ImageFacts {
                causes: empty.then_some(Cause::EmptyImage).into_iter().collect(),
                obstacles: obstacle.then_some(Obstacle::DistributionUnknown).into_iter().collect(),
                distribution_without_feed: feedless.then(|| "x".into()),
                out_of_support: over.then(ended),
                feeds: match feeds {
                    0 => FeedStanding::None,
                    1 => FeedStanding::TooOld { days: 1 },
                    2 => FeedStanding::InForce { uncovered: vec![Ecosystem::new("npm")] },
                    _ => FeedStanding::InForce { uncovered: Vec::new() },
                },
                affected: BTreeMap::from([(Severity::Unknown, affected)]),
                undetermined: (undetermined, String::new()),
            };
            let known = !empty && !obstacle && !feedless && !over && feeds == 3 && undetermined == 0;
            let state = assess(&facts).state;
            prop_assert_eq!(state == ImageState::Healthy, known && affected == 0);
            prop_assert_eq!(state == ImageState::Unhealthy, affected > 0);
        }
    }
}
