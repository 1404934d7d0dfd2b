//! What was charged: `/api/usage`, by subscription, registry and day, as JSON or CSV.

use super::error::{ApiError, Parameters};
use super::view::Page;
use super::{ApiState, Caller, Route};
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use graph::usage::{self, Range, UsageDay};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

pub(super) const SHOW: Route = Route {
    method: Method::GET,
    path: "/api/usage",
    action: Some(Action::PRICING_READ),
    handler: || get(show),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsageQuery {
    from: Option<String>,
    until: Option<String>,
    format: Option<String>,
}

/// What was charged for a registry on a day.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    /// The subscription.
    pub subscription: String,
    /// The registry.
    pub registry: String,
    /// The day, in UTC.
    pub day: String,
    /// Images that are paid for.
    pub images: u64,
    /// Images that the trial paid for.
    pub in_trial: u64,
    /// What they cost, as a decimal number; missing where no price is configured.
    pub amount: Option<String>,
    /// The currency.
    pub currency: Option<String>,
}

impl UsageView {
    fn of(day: UsageDay) -> Self {
        let (amount, currency) = day.cost.map(|cost| (cost.amount, cost.currency)).unzip();
        Self {
            subscription: day.subscription.to_string(),
            registry: day.registry,
            day: day.day.to_string(),
            images: day.images,
            in_trial: day.in_trial,
            amount,
            currency,
        }
    }
}

async fn show(
    caller: Caller,
    State(state): State<ApiState>,
    Parameters(query): Parameters<UsageQuery>,
) -> Result<Response, ApiError> {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let range = Range::parse(query.from.as_deref(), query.until.as_deref(), today);
    let Range { from, until } = range.map_err(|error| ApiError::Invalid(error.to_string()))?;
    let scopes = usage::readable(&*state.store, |scope| caller.may(Action::PRICING_READ, scope)).await?;
    if scopes.is_empty() {
        return Err(caller.refusal(Action::PRICING_READ));
    }
    let days = usage::by_day(&*state.store, scopes, state.price.as_ref(), from, until).await?;
    match query.format.as_deref() {
        None | Some("json") => {
            let value: Vec<UsageView> = days.into_iter().map(UsageView::of).collect();
            Ok(Json(Page { value, next: None }).into_response())
        }
        Some("csv") => {
            let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
            Ok((kind, usage::csv(&days)).into_response())
        }
        Some(other) => Err(ApiError::Invalid(format!("`{other}` is no format; there are json and csv"))),
    }
}
