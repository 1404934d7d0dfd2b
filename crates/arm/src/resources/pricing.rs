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
use graph::documents::pricing::{self, NAMES};
use http::Method;
use serde::Deserialize;
use store::{PlanTier, Subscription};

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
    Ok(page::whole(
        NAMES
            .iter()
            .map(|name| pricing::of_subscription(&subscription, name, plan.as_ref(), now).to_rest())
            .collect(),
    ))
}

async fn one(state: &ArmState, request: &Request) -> Result<Response, ArmError> {
    let subscription = subscription(state, request).await?;
    let name = canonical(request.name(0))?;
    let plan = state.store.plan(subscription.id, state.scan_plan).await?;
    Ok(Json(pricing::of_subscription(&subscription, name, plan.as_ref(), (state.clock)()).to_rest())
        .into_response())
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
        subscription = %subscription.id, tier = pricing::tier_word(tier), by = %request.subject, "the plan was set"
    );
    Ok(Json(pricing::of_subscription(&subscription, name, Some(&plan), now).to_rest()).into_response())
}
