//! What a registry asks of images and of its users: `/api/registry/policy`, `/api/registry/rules`, `/api/passes`.
//!
//! A pass is how glass is broken: somebody with the right opens a held image for some hours, and says why. Who, why and
//! for how long stands in history.

use super::error::ApiError;
use super::view::{PassView, PassWish, PolicyView};
use super::{ApiState, Caller, Route, reference};
use access::Action;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::Method;
use axum::routing::{get, post, put};
use jiff::{SignedDuration, Timestamp};
use store::{HoldSeverity, PullPass, PullPolicy, RegistryRules};

pub(super) const POLICY: Route = Route {
    method: Method::GET,
    path: "/api/registry/policy",
    action: Some(Action::REGISTRY_READ),
    handler: || get(policy),
};
pub(super) const PUT_POLICY: Route = Route {
    method: Method::PUT,
    path: "/api/registry/policy",
    action: Some(Action::REGISTRY_RULES_WRITE),
    handler: || put(set_policy),
};
pub(super) const RULES: Route = Route {
    method: Method::GET,
    path: "/api/registry/rules",
    action: Some(Action::REGISTRY_READ),
    handler: || get(rules),
};
pub(super) const PUT_RULES: Route = Route {
    method: Method::PUT,
    path: "/api/registry/rules",
    action: Some(Action::REGISTRY_RULES_WRITE),
    handler: || put(set_rules),
};
pub(super) const PASSES: Route = Route {
    method: Method::POST,
    path: "/api/passes",
    action: Some(Action::REGISTRY_RULES_WRITE),
    handler: || post(give_pass),
};

/// A pass is for an emergency, which is over after a month at the latest.
const LONGEST_PASS_HOURS: u32 = 31 * 24;
/// A reason has to say something, and not everything.
const REASON: std::ops::RangeInclusive<usize> = 5..=1000;

type Given<T> = Result<Json<T>, JsonRejection>;

/// What was sent, or why it cannot be read.
fn read<T>(given: Given<T>) -> Result<T, ApiError> {
    given.map(|Json(value)| value).map_err(|error| ApiError::Invalid(error.body_text()))
}

async fn policy(caller: Caller, State(state): State<ApiState>) -> Result<Json<PolicyView>, ApiError> {
    let registry = caller.default_registry(&state, Action::REGISTRY_READ).await?;
    Ok(Json(view(state.store.pull_policy(registry).await?)))
}

async fn set_policy(
    caller: Caller,
    State(state): State<ApiState>,
    given: Given<PolicyView>,
) -> Result<Json<PolicyView>, ApiError> {
    let registry = caller.default_registry(&state, Action::REGISTRY_RULES_WRITE).await?;
    let given = read(given)?;
    let hold_severity = match given.hold_severity.as_deref() {
        None => None,
        Some(word) => Some(
            HoldSeverity::ALL
                .into_iter()
                .find(|severity| severity.as_str().eq_ignore_ascii_case(word))
                .ok_or_else(|| {
                    ApiError::Invalid(format!("`{word}` is no severity: Low, Medium, High or Critical"))
                })?,
        ),
    };
    let policy = PullPolicy {
        quarantine: given.quarantine,
        hold_severity,
        hold_unassessed: given.hold_unassessed,
        grace_seconds: given.grace_seconds,
    };
    state.store.set_pull_policy(registry, policy, &caller.actor(), Timestamp::now()).await?;
    Ok(Json(view(policy)))
}

fn view(policy: PullPolicy) -> PolicyView {
    PolicyView {
        quarantine: policy.quarantine,
        hold_severity: policy.hold_severity.map(|severity| severity.as_str().to_owned()),
        hold_unassessed: policy.hold_unassessed,
        grace_seconds: policy.grace_seconds,
    }
}

async fn rules(caller: Caller, State(state): State<ApiState>) -> Result<Json<RegistryRules>, ApiError> {
    let registry = caller.default_registry(&state, Action::REGISTRY_READ).await?;
    Ok(Json(state.store.registry_rules(registry).await?))
}

async fn set_rules(
    caller: Caller,
    State(state): State<ApiState>,
    given: Given<RegistryRules>,
) -> Result<Json<RegistryRules>, ApiError> {
    let registry = caller.default_registry(&state, Action::REGISTRY_RULES_WRITE).await?;
    let rules = read(given)?;
    if let Some(fault) = rules.fault() {
        return Err(ApiError::Invalid(fault));
    }
    state.store.set_registry_rules(registry, rules.clone(), &caller.actor(), Timestamp::now()).await?;
    Ok(Json(rules))
}

async fn give_pass(
    caller: Caller,
    State(state): State<ApiState>,
    given: Given<PassWish>,
) -> Result<Json<PassView>, ApiError> {
    let registry = caller.default_registry(&state, Action::REGISTRY_RULES_WRITE).await?;
    let wish = read(given)?;
    let reason = wish.reason.trim().to_owned();
    if !REASON.contains(&reason.chars().count()) {
        return Err(ApiError::Invalid("say why, in 5 to 1000 letters: it stands in history".into()));
    }
    if !(1..=LONGEST_PASS_HOURS).contains(&wish.hours) {
        return Err(ApiError::Invalid(format!("a pass holds 1 to {LONGEST_PASS_HOURS} hours")));
    }
    let named = reference::parse(&wish.image)?;
    let image = named.find(&*state.store, &reference::Ground::own(registry)).await?;
    let now = Timestamp::now();
    let until = now.saturating_add(SignedDuration::from_hours(wish.hours.into())).unwrap_or(now);
    let view =
        PassView { repository: image.repository.name.to_string(), digest: image.digest.to_string(), until };
    let absent = ApiError::NotFound(format!("image {}", wish.image));
    let pass = PullPass { image, reason, actor: caller.actor(), until };
    if state.store.give_pull_pass(pass, now).await? { Ok(Json(view)) } else { Err(absent) }
}
