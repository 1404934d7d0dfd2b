//! The gate by a registry's own policy: quarantine, severity, and what was not assessed.
//!
//! The decision is a pure function of the facts; everything else fetches them.
//!
//! 1. A manifest is judged by its own standing. An index has a verdict of its own, so that it is held if what it is made
//!    of is; its children are judged again when they are pulled.
//! 2. A blob is let through if one of the manifests that point to it is. A blob without a manifest is held: nobody has
//!    looked at it, and whoever pushes it has it already.
//! 3. Unknown is held where the policy holds: a missing verdict, a severity without a known word, facts that could not
//!    be had.
//! 4. A pass that was given for an image, with a reason, opens it until it ends.

use super::{Gate, Passage, Pull};
use crate::{Authority, Clock, Permission};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use store::{ImageState, PullFacts, PullPolicy, QuarantineState, RepositoryKey, Standing, Store};

/// Holds what the registry's policy holds.
pub struct PolicyGate {
    store: Arc<dyn Store>,
    authority: Arc<dyn Authority>,
    clock: Arc<Clock>,
}

impl PolicyGate {
    /// A gate over the records, with the authority that knows who may pull from quarantine.
    pub fn new(store: Arc<dyn Store>, authority: Arc<dyn Authority>, clock: Arc<Clock>) -> Self {
        Self { store, authority, clock }
    }

    async fn sees_quarantine(&self, pull: Pull<'_>) -> bool {
        let right = Permission::QuarantineRead;
        let may = self.authority.allowed(pull.site, pull.principal, right, Some(pull.repository)).await;
        may.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the gate could not ask for a right");
            false
        })
    }
}

#[async_trait]
impl Gate for PolicyGate {
    async fn may_pull(&self, pull: Pull<'_>) -> Passage {
        let key = RepositoryKey { registry: pull.site.registry.id, name: pull.repository.clone() };
        let facts = match self.store.pull_facts(&key, pull.digest, pull.is_blob).await {
            Ok(facts) => facts,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the gate could not look");
                return held("it is not known whether it may be pulled; try again later");
            }
        };
        let now = (self.clock)();
        let passage = decide(&facts, Sight::Ordinary, now);
        // Rights are asked for only where they could change the answer.
        if passage != Passage::Allowed && facts.policy.quarantine && self.sees_quarantine(pull).await {
            return decide(&facts, Sight::Quarantine, now);
        }
        passage
    }
}

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Somebody for whom quarantine is closed.
    Ordinary,
    /// Somebody who may pull from quarantine.
    Quarantine,
}

/// The decision, for every way to the content.
fn decide(facts: &PullFacts, sight: Sight, now: Timestamp) -> Passage {
    if !facts.policy.holds() {
        return Passage::Allowed;
    }
    let mut reason = None;
    for standing in &facts.standings {
        match obstacle(facts.policy, standing, sight, now) {
            None => return Passage::Allowed,
            Some(why) => reason = reason.or(Some(why)),
        }
    }
    held(reason.unwrap_or("no image here is known to have it"))
}

fn held(reason: &str) -> Passage {
    Passage::Held { reason: reason.to_owned() }
}

/// What stands in the way of one image.
fn obstacle(policy: PullPolicy, standing: &Standing, sight: Sight, now: Timestamp) -> Option<&'static str> {
    if standing.pass.is_some_and(|until| now < until) {
        return None;
    }
    if policy.quarantine && sight == Sight::Ordinary {
        match standing.quarantine {
            Some(QuarantineState::Quarantined) => {
                return Some("it is in quarantine until somebody lets it pass");
            }
            Some(QuarantineState::Failed) => return Some("it did not pass its quarantine"),
            // What was there before there was a quarantine never was in it.
            Some(QuarantineState::Passed) | None => {}
        }
    }
    let unassessed = |why| policy.hold_unassessed.then_some(why);
    match &standing.verdict {
        Some((ImageState::Healthy, _)) => None,
        Some((ImageState::Unhealthy, counts)) => {
            let limit = policy.hold_severity?;
            limit.is_reached(counts).then_some("it has vulnerabilities of a severity that is held here")
        }
        // There will be no other answer, so that there is nothing to wait for.
        Some((ImageState::NotApplicable, _)) => unassessed("it cannot be assessed"),
        Some((ImageState::Queued | ImageState::Scanning | ImageState::Unscanned, _)) | None => {
            let grace = SignedDuration::from_secs(policy.grace_seconds.into());
            let is_young = now.duration_since(standing.pushed_at) < grace;
            if is_young { None } else { unassessed("it was not assessed yet") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::Digest;
    use store::HoldSeverity;

    const OFF: PullPolicy =
        PullPolicy { quarantine: false, hold_severity: None, hold_unassessed: false, grace_seconds: 0 };
    const QUARANTINE: PullPolicy = PullPolicy { quarantine: true, ..OFF };
    const HIGH: PullPolicy = PullPolicy { hold_severity: Some(HoldSeverity::High), ..OFF };
    const UNASSESSED: PullPolicy = PullPolicy { hold_unassessed: true, ..OFF };
    const PATIENT: PullPolicy = PullPolicy { grace_seconds: 60, ..UNASSESSED };

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// An image that was pushed a hundred seconds ago.
    fn standing(state: Option<ImageState>, counts: &[(&str, u64)]) -> Standing {
        let counts = counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        Standing {
            digest: Digest::of_sha256(b"image"),
            pushed_at: second(0),
            quarantine: None,
            verdict: state.map(|state| (state, counts)),
            pass: None,
        }
    }

    fn is_open(policy: PullPolicy, standings: &[Standing]) -> bool {
        let facts = PullFacts { policy, standings: standings.to_vec() };
        decide(&facts, Sight::Ordinary, second(100)) == Passage::Allowed
    }

    /// One line per standing, one column per policy: `o` is open.
    #[test]
    fn what_is_held_by_which_policy() {
        let columns = [OFF, HIGH, UNASSESSED, PATIENT];
        let unhealthy = |counts| standing(Some(ImageState::Unhealthy), counts);
        for (expected, standing) in [
            ("oooo", standing(Some(ImageState::Healthy), &[])),
            ("oooo", unhealthy(&[("Low", 9), ("Medium", 1), ("High", 0)])),
            ("o.oo", unhealthy(&[("High", 1)])),
            ("o.oo", unhealthy(&[("Critical", 1)])),
            ("o.oo", unhealthy(&[("Low", 1), ("Unknown", 1)])),
            ("o.oo", unhealthy(&[("high", 1)])),
            ("oo..", standing(Some(ImageState::NotApplicable), &[])),
            ("oo..", standing(Some(ImageState::Unscanned), &[])),
            ("oo..", standing(Some(ImageState::Queued), &[])),
            ("oo..", standing(Some(ImageState::Scanning), &[])),
            ("oo..", standing(None, &[])),
        ] {
            let row: String = columns
                .map(|policy| if is_open(policy, std::slice::from_ref(&standing)) { 'o' } else { '.' })
                .iter()
                .collect();
            assert_eq!(row, expected, "{standing:?}");
        }
    }

    #[test]
    fn a_verdict_lets_pass_what_the_policy_allows() {
        let strict = PullPolicy { hold_severity: Some(HoldSeverity::High), ..QUARANTINE };
        let after = |policy, state, counts: &[(&str, u64)]| {
            let counts = counts.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
            PullPolicy::quarantine_after(policy, state, &counts).map_or("-", QuarantineState::as_str)
        };
        for (state, counts, expected) in [
            (ImageState::Healthy, &[][..], ["Passed", "Passed", "Passed"]),
            (ImageState::Unhealthy, &[("Low", 3)], ["Passed", "Failed", "Passed"]),
            (ImageState::Unhealthy, &[("High", 1)], ["Passed", "Failed", "Failed"]),
            (ImageState::Unhealthy, &[("Unknown", 1)], ["Passed", "Failed", "Failed"]),
            (ImageState::NotApplicable, &[], ["-", "Failed", "Failed"]),
            (ImageState::Unscanned, &[], ["-", "-", "-"]),
            (ImageState::Scanning, &[], ["-", "-", "-"]),
        ] {
            let states = [OFF, QUARANTINE, strict].map(|policy| after(policy, state, counts));
            assert_eq!(states, expected, "{state:?} {counts:?}");
        }
    }

    #[test]
    fn grace_is_for_what_will_be_assessed() {
        for (state, expected) in [
            (None, true),
            (Some(ImageState::Queued), true),
            (Some(ImageState::Scanning), true),
            (Some(ImageState::NotApplicable), false),
        ] {
            let young = Standing { pushed_at: second(41), ..standing(state, &[]) };
            assert_eq!(is_open(PATIENT, &[young]), expected, "{state:?}");
            let old = Standing { pushed_at: second(40), ..standing(state, &[]) };
            assert!(!is_open(PATIENT, &[old]), "{state:?}");
        }
    }

    #[test]
    fn quarantine_opens_for_those_who_may_and_for_what_passed() {
        for (state, expected) in [
            (None, true),
            (Some(QuarantineState::Passed), true),
            (Some(QuarantineState::Quarantined), false),
            (Some(QuarantineState::Failed), false),
        ] {
            let standing = Standing { quarantine: state, ..standing(None, &[]) };
            assert_eq!(is_open(QUARANTINE, std::slice::from_ref(&standing)), expected, "{state:?}");
            assert!(is_open(HIGH, std::slice::from_ref(&standing)), "the state alone holds nothing");
            let facts = PullFacts { policy: QUARANTINE, standings: vec![standing.clone()] };
            assert_eq!(decide(&facts, Sight::Quarantine, second(100)), Passage::Allowed);
            // The right to see quarantine is not the right to see what the rest of the policy holds.
            let policy = PullPolicy { hold_unassessed: true, ..QUARANTINE };
            let facts = PullFacts { policy, standings: vec![standing] };
            assert_ne!(decide(&facts, Sight::Quarantine, second(100)), Passage::Allowed);
        }
    }

    #[test]
    fn a_pass_opens_until_it_ends() {
        let with = |until| Standing { pass: Some(second(until)), ..standing(None, &[]) };
        assert!(is_open(UNASSESSED, &[with(101)]));
        assert!(!is_open(UNASSESSED, &[with(100)]));
    }

    #[test]
    fn a_blob_needs_one_image_that_is_open() {
        let (good, bad) = (standing(Some(ImageState::Healthy), &[]), standing(None, &[]));
        assert!(is_open(UNASSESSED, &[bad.clone(), good]));
        assert!(!is_open(UNASSESSED, &[bad.clone(), bad]));
        for policy in [QUARANTINE, HIGH, UNASSESSED] {
            assert!(!is_open(policy, &[]), "{policy:?}");
        }
        assert!(is_open(OFF, &[]));
    }
}
