//! What was charged: by subscription, registry and day, with what it costs, and the same as a file.

use crate::frame::{encode_value, frame};
use crate::session::Visitor;
use crate::{Page, PageError, PortalState};
use access::Action;
use assessment::plan::Price;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use store::{Registry, SubscriptionId, UsageFilter};

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

/// A longer range is asked for in parts.
const MOST_DAYS: i32 = 400;

/// The days that are wanted, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    from: Date,
    until: Date,
}

/// What was charged for a registry on a day.
struct Day {
    subscription: SubscriptionId,
    registry: String,
    day: Date,
    images: u64,
    in_trial: u64,
}

impl Range {
    /// What a form asks for: this month where it says nothing. Otherwise what is wrong with it.
    fn parse(asked: &Asked, today: Date) -> Result<Self, String> {
        // A browser sends an empty text where no day was chosen.
        let day = |text: &Option<String>, default: Date| match text.as_deref().filter(|text| !text.is_empty())
        {
            None => Ok(default),
            Some(text) => text.parse::<Date>().map_err(|_| "A day is written as 2026-01-31".to_owned()),
        };
        let range =
            Self { from: day(&asked.from, today.first_of_month())?, until: day(&asked.until, today)? };
        let last = range.from.checked_add(MOST_DAYS.days()).map_err(|_| "There is no such day".to_owned())?;
        if range.from > range.until {
            return Err("The first day lies after the last one".to_owned());
        }
        if range.until > last {
            return Err(format!("At most {MOST_DAYS} days can be shown at once"));
        }
        Ok(range)
    }
}

fn today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}

/// What was charged on these days, by subscription, day and registry, as far as the visitor may read plans.
async fn days(visitor: &Visitor, state: &PortalState, range: Range) -> Result<Vec<Day>, PageError> {
    let mut by_subscription: BTreeMap<SubscriptionId, Vec<Registry>> = BTreeMap::new();
    for registry in visitor.registries(state, Action::PRICING_READ).await? {
        by_subscription.entry(registry.subscription).or_default().push(registry);
    }
    let mut days = Vec::new();
    for (subscription, registries) in by_subscription {
        let names: HashMap<_, _> = registries.into_iter().map(|one| (one.id, one.name)).collect();
        let wanted = Some(names.keys().copied().collect());
        let filter = UsageFilter { subscription, registries: wanted, from: range.from, until: range.until };
        days.extend(state.store.metered(&filter).await?.into_iter().map(|row| Day {
            subscription,
            registry: names.get(&row.registry).cloned().unwrap_or_default(),
            day: row.day,
            images: row.images,
            in_trial: row.in_trial,
        }));
    }
    Ok(days)
}

async fn show(
    visitor: Visitor,
    State(state): State<PortalState>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let (range, wrong) = match Range::parse(&asked, today()) {
        Ok(range) => (range, None),
        Err(wrong) => (Range { from: today().first_of_month(), until: today() }, Some(wrong)),
    };
    let days = days(&visitor, &state, range).await?;
    let names: HashMap<SubscriptionId, String> =
        state.store.subscriptions().await?.into_iter().map(|one| (one.id, one.name)).collect();
    let images = days.iter().map(|day| day.images).sum();
    let in_trial: u64 = days.iter().map(|day| day.in_trial).sum();
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
                div.tile { b { (images) } "Images charged" }
                div.tile { b { (in_trial) } "Images in the trial" }
                @if let Some(price) = &state.price { div.tile { b { (price.of(images)) } (price.currency()) } }
            }
            p.faint {
                "An image is charged once in a calendar month, however often it is pushed, tagged or scanned. Days are in UTC."
                @if state.price.is_none() { " No price is configured (" code { "price-per-image" } ")." }
            }
            @if days.is_empty() {
                p { "Nothing was charged on these days." }
            } @else {
                p { a href=(file) download { "Download as CSV" } }
                div.scroll { (table(&days, &names, state.price.as_ref())) }
                @if days.len() > ROWS { p.faint { "Only the first " (ROWS) " rows are shown; the file has all of them." } }
            }
        }
    };
    Ok(frame("Usage", Some(visitor.name()), &body))
}

fn table(days: &[Day], names: &HashMap<SubscriptionId, String>, price: Option<&Price>) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Day" } th scope="col" { "Subscription" } th scope="col" { "Registry" }
                th.number scope="col" { "Images" } th.number scope="col" { "In the trial" }
                @if price.is_some() { th.number scope="col" { "Cost" } }
            } }
            tbody { @for day in days.iter().take(ROWS) {
                tr {
                    td { (day.day) }
                    td title=(day.subscription) { (names.get(&day.subscription).map_or("", String::as_str)) }
                    td { (day.registry) }
                    td.number { (day.images) }
                    td.number { (day.in_trial) }
                    @if let Some(price) = price { td.number { (price.of(day.images)) " " (price.currency()) } }
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
    let range = Range::parse(&asked, today()).map_err(PageError::Invalid)?;
    let days = days(&visitor, &state, range).await?;
    let name = format!("attachment; filename=\"usage-{}-{}.csv\"", range.from, range.until);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, csv(&days, state.price.as_ref())).into_response())
}

/// The columns of `/api/usage?format=csv`. Nothing here is written by strangers: ids, names of registries, days and
/// numbers.
fn csv(days: &[Day], price: Option<&Price>) -> String {
    let mut text = String::from("subscription,registry,day,images,inTrial,amount,currency\r\n");
    for Day { subscription, registry, day, images, in_trial } in days {
        let amount = price.map(|price| price.of(*images)).unwrap_or_default();
        let currency = price.map_or("", Price::currency);
        text.push_str(&format!(
            "{subscription},{registry},{day},{images},{in_trial},{amount},{currency}\r\n"
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
        let parse = |from: &str, until: &str| {
            let asked = Asked { from: Some(from.into()), until: Some(until.into()) };
            Range::parse(&asked, date(2026, 3, 15)).map(|range| (range.from, range.until))
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
