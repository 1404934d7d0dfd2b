//! What was charged: by subscription, registry and day, with what it costs, and the same as a file.

use crate::frame::{encode_value, frame};
use crate::session::Visitor;
use crate::{Page, PageError, PortalState};
use access::{Action, ResourceId};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use graph::usage::{self, MOST_DAYS, Range, RangeError, UsageDay};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;
use store::SubscriptionId;

pub(crate) const PAGE: Page =
    Page { path: "/portal/usage", action: Some(Action::PRICING_READ), handler: || get(show) };
pub(crate) const FILE: Page =
    Page { path: "/portal/usage.csv", action: Some(Action::PRICING_READ), handler: file_handler };

fn file_handler() -> MethodRouter<PortalState> {
    get(file)
}

/// More rows than this nobody reads on a page; the file has all of them.
const ROWS: usize = 1000;

#[derive(Deserialize)]
struct Asked {
    from: Option<String>,
    until: Option<String>,
}

fn today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}

/// The days that a form asks for. A browser sends an empty text where no day was chosen.
fn range(asked: &Asked, today: Date) -> Result<Range, RangeError> {
    let from = asked.from.as_deref().filter(|day| !day.is_empty());
    let until = asked.until.as_deref().filter(|day| !day.is_empty());
    Range::parse(from, until, today)
}

/// What is wrong with the days that a form asks for.
fn wrong(error: &RangeError) -> String {
    match error {
        RangeError::Day(_) => "A day is written as 2026-01-31".to_owned(),
        RangeError::Order => "The first day lies after the last one".to_owned(),
        RangeError::Length => format!("At most {MOST_DAYS} days can be shown at once"),
    }
}

/// What was charged on these days, by subscription, day and registry, as far as the visitor may read plans: of a whole
/// subscription also what is charged for registries that are gone.
async fn days(visitor: &Visitor, state: &PortalState, range: Range) -> Result<Vec<UsageDay>, PageError> {
    let may = |scope: &ResourceId| visitor.may(Action::PRICING_READ, scope);
    let scopes = usage::readable(&*state.store, may).await?;
    if scopes.is_empty() {
        return Err(PageError::Forbidden);
    }
    Ok(usage::by_day(&*state.store, scopes, state.price.as_ref(), range.from, range.until).await?)
}

async fn show(
    visitor: Visitor,
    State(state): State<PortalState>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let (range, wrong) = match range(&asked, today()) {
        Ok(range) => (range, None),
        Err(error) => (Range::of_month(today()), Some(wrong(&error))),
    };
    let days = days(&visitor, &state, range).await?;
    let names: HashMap<SubscriptionId, String> =
        state.store.subscriptions().await?.into_iter().map(|one| (one.id, one.name)).collect();
    let total = usage::total(&days, state.price.as_ref());
    let file = format!(
        "/portal/usage.csv?from={}&until={}",
        encode_value(&range.from.to_string()),
        encode_value(&range.until.to_string())
    );
    let body = html! {
        section {
            h1 { "Usage" }
            @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) ". This month is shown." } }
            form.range method="get" action="/portal/usage" {
                label { "From" input type="date" name="from" value=(range.from) required; }
                label { "Until" input type="date" name="until" value=(range.until) required; }
                button { "Show" }
            }
            div.tiles {
                div.tile { b { (total.images) } "Images charged" }
                div.tile { b { (total.in_trial) } "Images in the trial" }
                @if let Some(cost) = &total.cost { div.tile { b { (cost.amount) } (cost.currency) } }
            }
            p.faint {
                "An image is charged once in a calendar month, however often it is pushed, tagged or scanned. Days are in UTC."
                @if state.price.is_none() { " No price is configured (" code { "price-per-image" } ")." }
            }
            @if days.is_empty() {
                p { "Nothing was charged on these days." }
            } @else {
                p { a href=(file) download { "Download as CSV" } }
                div.scroll { (table(&days, &names)) }
                @if days.len() > ROWS { p.faint { "Only the first " (ROWS) " rows are shown; the file has all of them." } }
            }
        }
    };
    Ok(frame("Usage", Some(visitor.name()), &body))
}

fn table(days: &[UsageDay], names: &HashMap<SubscriptionId, String>) -> Markup {
    let has_cost = days.iter().any(|day| day.cost.is_some());
    html! {
        table {
            thead { tr {
                th scope="col" { "Day" } th scope="col" { "Subscription" } th scope="col" { "Registry" }
                th.number scope="col" { "Images" } th.number scope="col" { "In the trial" }
                @if has_cost { th.number scope="col" { "Cost" } }
            } }
            tbody { @for day in days.iter().take(ROWS) {
                tr {
                    td { (day.day) }
                    td title=(day.subscription) { (names.get(&day.subscription).map_or("", String::as_str)) }
                    td { (day.registry) }
                    td.number { (day.images) }
                    td.number { (day.in_trial) }
                    @if let Some(cost) = &day.cost { td.number { (cost.amount) " " (cost.currency) } }
                }
            } }
        }
    }
}

async fn file(
    visitor: Visitor,
    State(state): State<PortalState>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let range = range(&asked, today()).map_err(|error| PageError::Invalid(wrong(&error)))?;
    let days = days(&visitor, &state, range).await?;
    let name = format!("attachment; filename=\"usage-{}-{}.csv\"", range.from, range.until);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, usage::csv(&days)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_range_is_this_month_unless_somebody_says_otherwise() {
        let parse = |from: &str, until: &str| {
            let asked = Asked { from: Some(from.into()), until: Some(until.into()) };
            range(&asked, date(2026, 3, 15)).map(|range| (range.from, range.until))
        };
        assert_eq!(parse("", ""), Ok((date(2026, 3, 1), date(2026, 3, 15))));
        assert_eq!(parse("2026-01-01", "2026-01-31"), Ok((date(2026, 1, 1), date(2026, 1, 31))));
        for (from, until) in
            [("2026-02-30", ""), ("2026-03-16", ""), ("2020-01-01", ""), ("", "soon"), ("9999-12-31", "")]
        {
            assert!(parse(from, until).is_err(), "{from} {until}");
        }
    }
}
