//! Plans of subscriptions.

use super::Document;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{Plan, PlanTier, Subscription};

/// The type.
pub const KIND: &str = "Microsoft.Security/pricings";

/// The names of the one plan, that of 2020 first.
pub const NAMES: [&str; 2] = ["ContainerRegistry", "Containers"];

const TRIAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The word of a tier.
pub fn tier_word(tier: PlanTier) -> &'static str {
    match tier {
        PlanTier::Free => "Free",
        PlanTier::Standard => "Standard",
    }
}

/// A plan of a subscription under one of its names; Free where it was never set.
pub fn of_subscription(
    subscription: &Subscription,
    name: &str,
    plan: Option<&Plan>,
    now: Timestamp,
) -> Document {
    let tier = plan.map_or(PlanTier::Free, |plan| plan.tier);
    let enabled_at = plan.and_then(|plan| plan.enabled_at);
    let is_old_name = name == NAMES[0];
    let mut properties = json!({
        "pricingTier": tier_word(tier),
        "freeTrialRemainingTime": in_iso_8601(trial_left(enabled_at, now)),
        "deprecated": is_old_name,
        "enforce": "False",
        "inherited": "False",
        "resourcesCoverageStatus": if tier == PlanTier::Standard { "FullyCovered" } else { "NotCovered" },
    });
    if is_old_name {
        properties["replacedBy"] = json!([NAMES[1]]);
    }
    if let Some(at) = enabled_at {
        properties["enablementTime"] = at.to_string().into();
    }
    let id = format!("/subscriptions/{}/providers/{KIND}/{name}", subscription.id);
    Document { id, name: name.to_owned(), kind: KIND, properties }
}

/// Thirty days from when the plan was switched on.
fn trial_left(enabled_at: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    let used = enabled_at.map_or(SignedDuration::ZERO, |at| now.duration_since(at));
    (TRIAL - used).clamp(SignedDuration::ZERO, TRIAL)
}

/// A duration in days, hours and minutes: `P29DT23H55M`; `PT0S` for none.
fn in_iso_8601(duration: SignedDuration) -> String {
    let minutes = duration.as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => "PT0S".to_owned(),
        (days, 0, 0) => format!("P{days}D"),
        (days, hours, minutes) => format!("P{days}DT{hours}H{minutes}M"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_runs_out() {
        let start = Timestamp::UNIX_EPOCH;
        let left = |minutes| in_iso_8601(trial_left(Some(start), start + SignedDuration::from_mins(minutes)));
        assert_eq!(in_iso_8601(trial_left(None, start)), "P30D");
        assert_eq!((left(5), left(24 * 60)), ("P29DT23H55M".into(), "P29D".into()));
        assert_eq!((left(30 * 24 * 60), left(-5)), ("PT0S".into(), "P30D".into()));
    }
}
