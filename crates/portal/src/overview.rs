//! The overview: how many images are in which state, and the images themselves, those with something to fix first.

use crate::frame::{digest, encode, frame, spaced, state as badge};
use crate::session::{Visitor, ids};
use crate::{Page, PageError, PortalState};
use access::Action;
use axum::extract::{Query, State};
use axum::routing::{MethodRouter, get};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::HashMap;
use store::{ImageState, ImageSummary, PageRequest, Registry, RegistryId, SummaryFilter};

pub(crate) const PAGE: Page = Page { path: "/portal/", action: Some(Action::ASSESSMENT_READ), handler };

/// More rows than this nobody reads; the command line and the API list all of them.
const ROWS: usize = 500;

fn handler() -> MethodRouter<PortalState> {
    get(overview)
}

#[derive(Deserialize)]
struct Filter {
    state: Option<String>,
    repository: Option<String>,
}

async fn overview(
    visitor: Visitor,
    State(state): State<PortalState>,
    Query(filter): Query<Filter>,
) -> Result<Markup, PageError> {
    let registries = visitor.registries(&state, Action::ASSESSMENT_READ).await?;
    let allowed = ids(&registries);
    let counts = state.store.state_counts(Some(&allowed)).await?;
    let wanted = filter.state.as_deref().and_then(ImageState::from_word);
    let summaries = SummaryFilter {
        registries: Some(allowed),
        repository: filter
            .repository
            .as_deref()
            .filter(|name| !name.is_empty())
            .and_then(|name| name.parse().ok()),
        digest: None,
        states: wanted.into_iter().collect(),
    };
    let page = state.store.summaries(&summaries, PageRequest::first(ROWS)).await?;
    let more = page.next.is_some();
    let mut images = page.items;
    images.sort_by_key(|summary| std::cmp::Reverse(weight(summary)));
    let names: HashMap<RegistryId, &Registry> =
        registries.iter().map(|registry| (registry.id, registry)).collect();
    let body = html! {
        div.tiles {
            @for one in ImageState::ALL {
                @let count = counts.iter().find(|(state, _)| *state == one).map_or(0, |(_, count)| *count);
                @if count > 0 || matches!(one, ImageState::Healthy | ImageState::Unhealthy | ImageState::NotApplicable) {
                    a.tile href={ "/portal/?state=" (one.as_str()) } aria-current=[(wanted == Some(one)).then_some("true")] {
                        b { (count) } (spaced(one.as_str()))
                    }
                }
            }
        }
        p.faint { ((state.advisories)()) }
        section {
            h1 { "Images" @if let Some(one) = wanted { " · " (spaced(one.as_str())) " " a href="/portal/" { "Show all" } } }
            @if images.is_empty() {
                @if wanted.is_some() {
                    p { "There are none in this state." }
                } @else {
                    p { "There are none yet. Push one: " code { "skopeo copy … docker://" (registries[0].login_server) "/app:1" } }
                }
            } @else {
                div.scroll { (table(&images, &names)) }
            }
            @if more { p.faint { "Only the first " (ROWS) " images are shown; " code { "lazaretto image list" } " lists all." } }
        }
    };
    Ok(frame("Images", Some(visitor.name()), &body))
}

/// Unhealthy before unknown before healthy, and worse before better.
fn weight(summary: &ImageSummary) -> (u8, u64, u64, u64, u64, u64) {
    let of = |word: &str| summary.counts.get(word).copied().unwrap_or(0);
    let state = match summary.state {
        ImageState::Unhealthy => 3,
        ImageState::NotApplicable => 2,
        ImageState::Queued | ImageState::Scanning => 1,
        ImageState::Healthy | ImageState::Unscanned => 0,
    };
    (state, of("Critical"), of("High"), of("Medium"), of("Low"), of("Unknown"))
}

fn table(images: &[ImageSummary], names: &HashMap<RegistryId, &Registry>) -> Markup {
    let severities = ["Critical", "High", "Medium", "Low", "Unknown"];
    let several = names.len() > 1;
    html! {
        table {
            thead { tr {
                th scope="col" { "Image" }
                @if several { th scope="col" { "Registry" } }
                th scope="col" { "Digest" } th scope="col" { "State" }
                @for severity in severities { th.number scope="col" { (severity) } }
                th scope="col" { "Assessed (UTC)" }
            } }
            tbody {
                @for image in images {
                    @let name = image.image.repository.name.as_str();
                    @let whole = image.image.digest.to_string();
                    @let registry = names.get(&image.image.repository.registry).map_or("", |registry| &*registry.name);
                    tr {
                        td { a href={ "/portal/images/" (encode(name)) "@" (whole) } { (name) } }
                        @if several { td { (registry) } }
                        td { (digest(&whole)) }
                        td class=[image.cause.as_ref().map(|_| "text")] { (badge(image.state.as_str())) @if let Some(cause) = &image.cause { " " span.faint { (cause.sentence) } } }
                        @for severity in severities {
                            @let count = image.counts.get(severity).copied().unwrap_or(0);
                            td.number.zero[count == 0] { (count) }
                        }
                        td.faint { @if let Some(at) = image.assessed_at { (at.strftime("%Y-%m-%d %H:%M")) } }
                    }
                }
            }
        }
    }
}
