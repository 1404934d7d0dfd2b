//! History: `/api/events`, in pages or as a stream that goes on.
//!
//! With `Accept: text/event-stream` the answer follows history in the form of server-sent events: `id` is the place in
//! history, so that a client that lost its connection goes on with `Last-Event-ID` and misses nothing. Without a place a
//! stream begins now, a page at the beginning.
//!
//! Rights are looked up again while a stream goes on: what is taken away ends it. A stream ends by itself after an hour,
//! and each person may have only a few.

use super::error::{ApiError, Parameters};
use super::view::{EventView, Page};
use super::{ApiState, Caller, Route};
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Event, EventFilter, EventKind, RegistryId};
use tokio::time::Instant;
use uuid::Uuid;

pub(super) const LIST: Route = Route {
    method: Method::GET,
    path: "/api/events",
    action: Some(Action::REGISTRY_READ),
    handler: || get(list),
};

/// A page is at most this long, whatever is asked for (attack C3).
const LONGEST_PAGE: usize = 1000;
/// A stream ends after this time; clients come again.
const LONGEST_STREAM: Duration = Duration::from_secs(3600);
/// What other processes write is not heard, and is looked for this often.
const LOOK: Duration = Duration::from_secs(2);
/// Streams of one person,
const STREAMS_EACH: usize = 16;
/// and of all.
const STREAMS: usize = 512;
/// More kinds than there are.
const MOST_KINDS: usize = 64;

/// Counts those who follow history.
#[derive(Debug, Clone, Default)]
pub struct Followers(Arc<Mutex<HashMap<Uuid, usize>>>);

impl Followers {
    /// One stream more for somebody, until the guard is dropped.
    fn join(&self, who: Uuid) -> Result<Following, ApiError> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (counts.values().sum::<usize>(), counts.get(&who).copied().unwrap_or_default());
        if all >= STREAMS || own >= STREAMS_EACH {
            return Err(ApiError::TooManyStreams);
        }
        *counts.entry(who).or_default() += 1;
        Ok(Following { followers: self.clone(), who })
    }
}

/// One stream of somebody.
struct Following {
    followers: Followers,
    who: Uuid,
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut counts = self.followers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.who);
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    repository: Option<String>,
    kind: Option<String>,
    after: Option<i64>,
    tail: Option<u32>,
    limit: Option<usize>,
}

async fn list(
    caller: Caller,
    State(state): State<ApiState>,
    headers: HeaderMap,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Response, ApiError> {
    let repository = match &query.repository {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|error: oci::NameError| ApiError::Invalid(error.to_string()))?)
        }
    };
    let kinds: Vec<EventKind> = query
        .kind
        .iter()
        .flat_map(|kinds| kinds.split(','))
        .map(|kind| EventKind::from_text(kind.into()))
        .collect();
    if kinds.len() > MOST_KINDS {
        return Err(ApiError::Invalid(format!("at most {MOST_KINDS} kinds can be asked for")));
    }
    let sight = Sight::of(&caller, &state).await?;
    let filter = EventFilter { registries: sight.ids(), kinds, repository, elsewhere: sight.sees_elsewhere };
    let wants_stream = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.contains("text/event-stream")));
    let latest = state.store.latest_event().await?;
    let tail = query.tail.map(|tail| latest.saturating_sub(tail.into()).max(0));
    if wants_stream {
        let after = last_event_id(&headers)?.or(query.after).or(tail).unwrap_or(latest);
        let following = state.followers.join(caller.principal().id)?;
        return Ok(stream(Follower {
            state,
            caller,
            filter,
            place: after,
            ready: VecDeque::new(),
            _following: following,
        }));
    }
    let after = query.after.or(tail).unwrap_or(0);
    let limit = query.limit.unwrap_or(100).min(LONGEST_PAGE);
    let stretch = state.store.wanted_events(&filter, after, limit).await?;
    let value = stretch.events.into_iter().filter_map(|event| sight.view(event)).collect();
    let next = (!stretch.is_end).then(|| stretch.seen.to_string());
    Ok(Json(Page::<EventView> { value, next }).into_response())
}

/// The place after which a client that lost its connection goes on.
fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    match value.to_str().ok().map(str::trim) {
        Some("") => Ok(None),
        Some(text) => {
            text.parse().map(Some).map_err(|_| ApiError::Invalid("`Last-Event-ID` is no number".into()))
        }
        None => Err(ApiError::Invalid("`Last-Event-ID` is no number".into())),
    }
}

/// What somebody may see of history.
struct Sight {
    /// The registries with their names, and whether verdicts on their images may be seen.
    registries: HashMap<RegistryId, (String, bool)>,
    /// Whether they may read the audit log, and so also what happened to rules and to registries that are gone.
    sees_elsewhere: bool,
}

impl Sight {
    async fn of(caller: &Caller, state: &ApiState) -> Result<Self, ApiError> {
        let allowed = caller.registries(state, Action::REGISTRY_READ).await?;
        let registries = allowed.into_iter().map(|registry| {
            let verdicts = caller.may_in(Action::ASSESSMENT_READ, &registry);
            (registry.id, (registry.name, verdicts))
        });
        let sees_elsewhere = super::audit::require_everywhere(caller, state).await.is_ok();
        Ok(Self { registries: registries.collect(), sees_elsewhere })
    }

    fn ids(&self) -> Vec<RegistryId> {
        self.registries.keys().copied().collect()
    }

    /// An event as it is shown; none if it is not for these eyes.
    fn view(&self, event: Event) -> Option<EventView> {
        let Event { sequence, event } = event;
        let known = event.registry.and_then(|registry| self.registries.get(&registry));
        let elsewhere = (String::new(), true);
        let (registry, verdicts) = known.or_else(|| self.sees_elsewhere.then_some(&elsewhere))?;
        if event.kind.tells_verdict() && !verdicts {
            return None;
        }
        Some(EventView {
            sequence,
            kind: event.kind.to_string(),
            at: event.at,
            actor: event.actor.0,
            registry: registry.clone(),
            repository: event.repository.map(|name| name.to_string()),
            digest: event.digest.map(|digest| digest.to_string()),
            tag: event.tag.map(|tag| tag.to_string()),
            detail: event.detail,
        })
    }
}

/// Somebody who follows history.
struct Follower {
    state: ApiState,
    caller: Caller,
    filter: EventFilter,
    place: i64,
    ready: VecDeque<EventView>,
    /// Counts this stream until it ends.
    _following: Following,
}

fn stream(follower: Follower) -> Response {
    let end = Instant::now() + LONGEST_STREAM;
    let stream = events(follower, end);
    let mut response =
        Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response();
    // Proxies that collect an answer before they pass it on would hold it back for ever.
    response.headers_mut().insert("x-accel-buffering", header::HeaderValue::from_static("no"));
    response
}

fn events(follower: Follower, end: Instant) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    unfold(follower, move |mut follower| async move {
        loop {
            if let Some(view) = follower.ready.pop_front() {
                let event = sse::Event::default().id(view.sequence.to_string()).event(view.kind.clone());
                // What was read from JSON is written as JSON.
                let event = event.json_data(&view).ok()?;
                return Some((Ok(event), follower));
            }
            if Instant::now() >= end || !follower.look().await {
                return None;
            }
        }
    })
}

impl Follower {
    /// Looks for what has happened, or waits for it. `false` if there is nothing more to be seen.
    async fn look(&mut self) -> bool {
        let sight = match self.caller.renewed(&self.state).await {
            Ok(caller) => {
                self.caller = caller;
                Sight::of(&self.caller, &self.state).await
            }
            Err(error) => Err(error),
        };
        let Ok(sight) = sight else { return false };
        self.filter.registries = sight.ids();
        self.filter.elsewhere = sight.sees_elsewhere;
        let stretch = match self.state.store.wanted_events(&self.filter, self.place, LONGEST_PAGE).await {
            Ok(stretch) => stretch,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "history could not be read");
                return false;
            }
        };
        self.place = stretch.seen;
        self.ready.extend(stretch.events.into_iter().filter_map(|event| sight.view(event)));
        if self.ready.is_empty() && stretch.is_end {
            tokio::select! {
                () = self.state.store.wait_for_events(self.place) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_follows_without_end() {
        let (followers, one, other) = (Followers::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let mut streams: Vec<Following> = (0..STREAMS_EACH).map(|_| followers.join(one).unwrap()).collect();
        assert!(followers.join(one).is_err());
        let _other = followers.join(other).unwrap();
        streams.pop();
        streams.push(followers.join(one).unwrap());
        drop(streams);
        assert_eq!(followers.0.lock().unwrap().len(), 1, "who follows nothing is forgotten");
    }
}
