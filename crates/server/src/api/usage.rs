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
use graph::usage::{self, UsageDay};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

pub(super) const SHOW: Route = Route {
    method: Method::GET,
    path: "/api/usage",
    action: Some(Action::PRICING_READ),
    handler: || get(show),
};

/// A longer range is asked for in parts.
const MOST_DAYS: i32 = 400;

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
    let (from, until) = range(&query, today)?;
    let scopes = usage::readable(&*state.store, |scope| caller.may(Action::PRICING_READ, scope)).await?;
    if scopes.is_empty() {
        return Err(caller.refusal(Action::PRICING_READ));
    }
    let days = usage::by_day(&*state.store, scopes, state.price.as_ref(), from, until).await?;
    let value: Vec<UsageView> = days.into_iter().map(UsageView::of).collect();
    match query.format.as_deref() {
        None | Some("json") => Ok(Json(Page { value, next: None }).into_response()),
        Some("csv") => Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&value)).into_response()),
        Some(other) => Err(ApiError::Invalid(format!("`{other}` is no format; there are json and csv"))),
    }
}

/// The days that are wanted; by default this month.
fn range(query: &UsageQuery, today: Date) -> Result<(Date, Date), ApiError> {
    let day = |text: &Option<String>, default: Date| match text {
        None => Ok(default),
        Some(text) => text
            .parse::<Date>()
            .map_err(|_| ApiError::Invalid(format!("`{text}` is no day; write it as 2026-01-31"))),
    };
    let (from, until) = (day(&query.from, today.first_of_month())?, day(&query.until, today)?);
    if from > until {
        return Err(ApiError::Invalid("`from` lies after `until`".into()));
    }
    match from.checked_add(MOST_DAYS.days()) {
        Ok(last) if until <= last => Ok((from, until)),
        _ => Err(ApiError::Invalid(format!("at most {MOST_DAYS} days can be asked for at once"))),
    }
}

/// Nothing here is written by strangers: ids, names of registries, days and numbers.
fn csv(rows: &[UsageView]) -> String {
    let mut text = String::from("subscription,registry,day,images,inTrial,amount,currency\r\n");
    for row in rows {
        let (amount, currency) = (row.amount.as_deref(), row.currency.as_deref());
        text.push_str(&format!(
            "{},{},{},{},{},{},{}\r\n",
            row.subscription,
            row.registry,
            row.day,
            row.images,
            row.in_trial,
            amount.unwrap_or_default(),
            currency.unwrap_or_default()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_range_is_this_month_unless_somebody_says_otherwise() {
        let today = date(2026, 3, 15);
        let asked = |from: Option<&str>, until: Option<&str>| {
            let query =
                UsageQuery { from: from.map(str::to_owned), until: until.map(str::to_owned), format: None };
            range(&query, today).ok()
        };
        assert_eq!(asked(None, None), Some((date(2026, 3, 1), today)));
        assert_eq!(
            asked(Some("2026-01-01"), Some("2026-01-31")),
            Some((date(2026, 1, 1), date(2026, 1, 31)))
        );
        for (from, until) in [
            (Some("2026-02-30"), None),
            (Some("2026-03-16"), None),
            (Some("2020-01-01"), None),
            (None, Some("yesterday")),
        ] {
            assert_eq!(asked(from, until), None, "{from:?} {until:?}");
        }
    }
}
