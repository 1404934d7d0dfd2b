//! What remains of a verdict when some findings do not count.

use crate::ImageState;
use advisory::Severity;
use std::collections::BTreeMap;

/// Where an image stands: a state, and findings that count by severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: ImageState,
    /// Findings that count.
    pub counts: BTreeMap<Severity, u64>,
}

/// What remains of a verdict when `hidden` findings do not count.
///
/// An image whose findings are all hidden is healthy only if nothing else speaks against that: rules are about
/// findings, and what could not be read stays unknown.
pub fn rest(found: &Standing, has_causes: bool, hidden: &BTreeMap<Severity, u64>) -> Standing {
    let mut counts = found.counts.clone();
    for (severity, count) in hidden {
        if let Some(left) = counts.get_mut(severity) {
            *left = left.saturating_sub(*count);
        }
    }
    counts.retain(|_, count| *count > 0);
    let state = match found.state {
        ImageState::Unhealthy if counts.is_empty() && has_causes => ImageState::NotApplicable,
        ImageState::Unhealthy if counts.is_empty() => ImageState::Healthy,
        ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable => found.state,
    };
    Standing { state, counts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unhealthy(counts: &[(Severity, u64)]) -> Standing {
        Standing { state: ImageState::Unhealthy, counts: counts.iter().copied().collect() }
    }

    #[test]
    fn what_is_hidden_does_not_count() {
        let found = unhealthy(&[(Severity::High, 2), (Severity::Low, 1)]);
        let hidden = |counts: &[(Severity, u64)]| rest(&found, false, &counts.iter().copied().collect());
        assert_eq!(hidden(&[]), found);
        assert_eq!(hidden(&[(Severity::High, 2)]), unhealthy(&[(Severity::Low, 1)]));
        assert_eq!(hidden(&[(Severity::High, 2), (Severity::Low, 1)]).state, ImageState::Healthy);
        let all = BTreeMap::from([(Severity::High, 2), (Severity::Low, 1)]);
        assert_eq!(rest(&found, true, &all).state, ImageState::NotApplicable);
    }

    proptest! {
        #[test]
        fn hiding_never_makes_the_unknown_healthy(
            high in 0_u64..3, hidden in 0_u64..3, has_causes in any::<bool>(),
        ) {
            let state = match (high, has_causes) {
                (0, true) => ImageState::NotApplicable,
                (0, false) => ImageState::Healthy,
                _ => ImageState::Unhealthy,
            };
            let found = Standing { state, counts: BTreeMap::from([(Severity::High, high)]) };
            let left = rest(&found, has_causes, &BTreeMap::from([(Severity::High, hidden)]));
            prop_assert_eq!(left.state == ImageState::Healthy, !has_causes && hidden >= high);
            prop_assert_eq!(left.state == ImageState::Unhealthy, hidden < high);
        }
    }
}
