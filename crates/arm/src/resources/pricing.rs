//! Plans: `Microsoft.Security/pricings`.
//!
//! `Containers` is the later name of `ContainerRegistry`: both are one switch, so that scripts of any year turn the
//! same thing. Registries follow the plan of their subscription.

use super::{Resource, Right, Route};
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::{ArmState, page, registries};
use access::Action;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Plan, PlanTier, Subscription};

pub(super) const RESOURCE: Resource = Resource {
    kind: "Microsoft.Security/pricings",
    routes: &[
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/pricings",
            right: Right::At(Action::PRICING_READ),
            handler: |state, request| Box::pin(list(state, request)),
        },
        Route {
            method: Method::GET,
            pattern: "{scope}/providers/Microsoft.Security/pricings/{name}",
            right: Right::At(Action::PRICING_READ),
            handler: |state, request| Box::pin(one(state, request)),
        },
        Route {
            method: Method::PUT,
            pattern: "{scope}/providers/Microsoft.Security/pricings/{name}",
            right: Right::At(Action::PRICING_WRITE),
            handler: |state, request| Box::pin(set(state, request)),
        },
    ],
};

/// The names of the plan, the one of 2020 first.
const NAMES: [&str; 2] = ["ContainerRegistry", "Containers"];

const TRIAL: SignedDuration = SignedDuration::from_hours(30 * 24);

fn canonical(name: &str) -> Result<&'static str, ArmError> {
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
        ArmError::Invalid(format!("There is no plan '{name}' here; there are {}.", NAMES.join(" and ")))
    })
}

/// The subscription that the request speaks of. A single registry has no plan of its own.
async fn subscription(state: &ArmState, request: &Request) -> Result<Subscription, ArmError> {
    let subscription = registries::subscription(state, &request.scope).await?;
    if request.scope.segments().count() > 2 {
        return Err(ArmError::Invalid(
            "A plan belongs to a subscription; all its registries follow it. Use the subscription as the scope.".into(),
        ));
    }
    Ok(subscription)
}

async fn list(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = subscription(state, request).await?;
    let plan = state.store.plan(subscription.id, state.scan_plan).await?;
    let now = (state.clock)();
    Ok(page::whole(NAMES.iter().map(|name| view(&subscription, name, plan.as_ref(), now)).collect()))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = subscription(state, request).await?;
    let name = canonical(request.name(0))?;
    let plan = state.store.plan(subscription.id, state.scan_plan).await?;
    Ok(Json(view(&subscription, name, plan.as_ref(), (state.clock)())).into_response())
}

#[derive(Deserialize)]
struct Body {
    properties: Settings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    pricing_tier: String,
}

async fn set(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = subscription(state, request).await?;
    let name = canonical(request.name(0))?;
    let body: Body = serde_json::from_slice(&request.body).map_err(|error| {
        ArmError::Invalid(format!(
            "The body must be {{\"properties\": {{\"pricingTier\": \"Standard\"}}}}, or with Free: {error}."
        ))
    })?;
    let tier = match body.properties.pricing_tier.to_ascii_lowercase().as_str() {
        "standard" => PlanTier::Standard,
        "free" => PlanTier::Free,
        other => {
            return Err(ArmError::Invalid(format!(
                "There is no tier '{other}'; there are Free and Standard."
            )));
        }
    };
    let now = (state.clock)();
    let plan = state.store.set_plan(subscription.id, state.scan_plan, tier, now).await?;
    tracing::info!(
        subscription = %subscription.id, tier = tier_word(tier), by = %request.subject, "the plan was set"
    );
    Ok(Json(view(&subscription, name, Some(&plan), now)).into_response())
}

fn tier_word(tier: PlanTier) -> &'static str {
    match tier {
        PlanTier::Free => "Free",
        PlanTier::Standard => "Standard",
    }
}

fn view(subscription: &Subscription, name: &str, plan: Option<&Plan>, now: Timestamp) -> Value {
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
    json!({
        "id": format!("/subscriptions/{}/providers/Microsoft.Security/pricings/{name}", subscription.id),
        "name": name,
        "type": "Microsoft.Security/pricings",
        "properties": properties,
    })
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
