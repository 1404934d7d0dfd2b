//! Rules that disable findings, and exemptions: `/api/rules`, `/api/exemptions`.
//!
//! An exemption is the same as `Microsoft.Authorization/policyExemptions` of the resource manager; a rule that disables
//! findings has no form of its own there. Both are named within a scope, a resource id, which is the subscription of the
//! first registry where none is given. What was put or deleted is in force when the answer is sent.

use super::error::{ApiError, Named, Parameters, body};
use super::{ApiState, Caller, Route};
use access::{Action, ResourceId};
use assessment::rules::{Conditions, RuleKind};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use graph::rulebook::Rulebook;
use graph::settlement::resettle;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Actor, Rule, RuleClass, RuleKey, RulePut};

/// Rules or exemptions: each class has paths and rights of its own, and the same routes.
trait Class: 'static {
    const CLASS: RuleClass;
    const READ: Action;
    const WRITE: Action;
    const DELETE: Action;
}

struct Rules;

impl Class for Rules {
    const CLASS: RuleClass = RuleClass::Rule;
    const READ: Action = Action::RULE_READ;
    const WRITE: Action = Action::RULE_WRITE;
    const DELETE: Action = Action::RULE_WRITE;
}

struct Exemptions;

impl Class for Exemptions {
    const CLASS: RuleClass = RuleClass::Exemption;
    const READ: Action = Action::POLICY_EXEMPTION_READ;
    const WRITE: Action = Action::POLICY_EXEMPTION_WRITE;
    const DELETE: Action = Action::POLICY_EXEMPTION_DELETE;
}

const fn list_of<C: Class>(path: &'static str) -> Route {
    Route { method: Method::GET, path, action: Some(C::READ), handler: || get(list::<C>) }
}

const fn one_of<C: Class>(path: &'static str) -> Route {
    Route { method: Method::GET, path, action: Some(C::READ), handler: || get(one::<C>) }
}

const fn put_of<C: Class>(path: &'static str) -> Route {
    Route { method: Method::PUT, path, action: Some(C::WRITE), handler: || put(put_one::<C>) }
}

const fn delete_of<C: Class>(path: &'static str) -> Route {
    Route { method: Method::DELETE, path, action: Some(C::DELETE), handler: || delete(delete_one::<C>) }
}

pub(super) const LIST: Route = list_of::<Rules>("/api/rules");
pub(super) const ONE: Route = one_of::<Rules>("/api/rules/{name}");
pub(super) const PUT: Route = put_of::<Rules>("/api/rules/{name}");
pub(super) const DELETE: Route = delete_of::<Rules>("/api/rules/{name}");
pub(super) const EXEMPTIONS: Route = list_of::<Exemptions>("/api/exemptions");
pub(super) const EXEMPTION: Route = one_of::<Exemptions>("/api/exemptions/{name}");
pub(super) const PUT_EXEMPTION: Route = put_of::<Exemptions>("/api/exemptions/{name}");
pub(super) const DELETE_EXEMPTION: Route = delete_of::<Exemptions>("/api/exemptions/{name}");

/// A reason is a sentence or two.
const LONGEST_REASON: usize = 512;
const LONGEST_NAME: usize = 128;

/// What a client says of a rule or an exemption.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleBody {
    /// Where it holds: a resource id; by default the subscription of the first registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Of an exemption: `Waiver` or `Mitigated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Why.
    pub reason: String,
    /// Until when it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Which findings it means.
    #[serde(default)]
    pub conditions: Conditions,
}

/// A rule or an exemption.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// Its name.
    pub name: String,
    /// `Disable`, `Waiver` or `Mitigated`.
    pub kind: String,
    /// Where it holds.
    pub scope: String,
    /// A name for people.
    pub display_name: String,
    /// Why.
    pub reason: String,
    /// Who last put it.
    pub author: String,
    /// When it was put for the first time.
    pub created_at: Timestamp,
    /// When it was last put.
    pub updated_at: Timestamp,
    /// Until when it holds.
    pub expires_at: Option<Timestamp>,
    /// Whether it holds now.
    pub in_force: bool,
    /// Which findings it means.
    pub conditions: Conditions,
}

impl RuleView {
    fn of(rule: &Rule, now: Timestamp) -> Self {
        Self {
            name: rule.name.clone(),
            kind: rule.kind.to_string(),
            scope: rule.scope.clone(),
            display_name: rule.display_name.clone(),
            reason: rule.reason.clone(),
            author: rule.author.to_string(),
            created_at: rule.created_at,
            updated_at: rule.updated_at,
            expires_at: rule.expires_at,
            in_force: rule.is_in_force(now),
            conditions: rule.conditions.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeQuery {
    scope: Option<String>,
}

/// The scope that was named, or the subscription of the first registry.
async fn scope(state: &ApiState, named: Option<&str>) -> Result<ResourceId, ApiError> {
    match named {
        Some(text) => {
            ResourceId::parse(text).map_err(|error| ApiError::Invalid(format!("the scope: {error}")))
        }
        None => {
            let registry = state.store.registry(state.registry).await?;
            let registry = registry.ok_or_else(|| ApiError::NotFound("registry; name a scope".into()))?;
            ResourceId::subscription_scope(&registry.subscription.to_string())
                .map_err(|error| ApiError::Invalid(error.to_string()))
        }
    }
}

/// All that the caller may see: at the scope that was named, above it and below it; everywhere if none was.
async fn list<C: Class>(
    caller: Caller,
    State(state): State<ApiState>,
    Parameters(query): Parameters<ScopeQuery>,
) -> Result<Json<super::view::Page<RuleView>>, ApiError> {
    let now = Timestamp::now();
    let action = C::READ;
    let wanted = match query.scope.as_deref() {
        Some(text) => Some(scope(&state, Some(text)).await?),
        None => None,
    };
    let default = scope(&state, None).await?;
    let mut value = Vec::new();
    for rule in state.store.rules().await? {
        let Ok(own) = ResourceId::parse(&rule.scope) else { continue };
        let near = wanted.as_ref().is_none_or(|scope| own.is_within(scope) || scope.is_within(&own));
        if near && RuleClass::of(rule.kind) == C::CLASS && caller.may(action, &own) {
            value.push(RuleView::of(&rule, now));
        }
    }
    if value.is_empty() {
        caller.require_at(action, wanted.as_ref().unwrap_or(&default))?;
    }
    Ok(Json(super::view::Page { value, next: None }))
}

async fn key<C: Class>(
    state: &ApiState,
    caller: &Caller,
    action: Action,
    name: String,
    named: Option<&str>,
) -> Result<RuleKey, ApiError> {
    let scope = scope(state, named).await?;
    caller.require_at(action, &scope)?;
    Ok(RuleKey { class: C::CLASS, scope: scope.to_string(), name })
}

async fn one<C: Class>(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
    Parameters(query): Parameters<ScopeQuery>,
) -> Result<Json<RuleView>, ApiError> {
    let key = key::<C>(&state, &caller, C::READ, name, query.scope.as_deref()).await?;
    let rule = state.store.rule(&key).await?.ok_or_else(|| missing(&key))?;
    Ok(Json(RuleView::of(&rule, Timestamp::now())))
}

fn missing(key: &RuleKey) -> ApiError {
    ApiError::NotFound(format!("{} `{}` at {}", key.class.as_str(), key.name, key.scope))
}

async fn put_one<C: Class>(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
    bytes: Bytes,
) -> Result<Response, ApiError> {
    let given: RuleBody = body(&bytes)?;
    let key = key::<C>(&state, &caller, C::WRITE, name, given.scope.as_deref()).await?;
    let now = Timestamp::now();
    let rule = rule(&key, given, caller.name(), now)?;
    let (rule, status) = match state.store.put_rule(rule).await? {
        RulePut::Created(rule) => (rule, StatusCode::CREATED),
        RulePut::Replaced(rule) => (rule, StatusCode::OK),
        RulePut::TooMany => {
            return Err(ApiError::Invalid(format!(
                "there are {} rules and exemptions already; delete some that have ended",
                store::MOST_RULES
            )));
        }
    };
    settle(&state, now).await?;
    Ok((status, Json(RuleView::of(&rule, now))).into_response())
}

fn rule(key: &RuleKey, given: RuleBody, author: &str, now: Timestamp) -> Result<Rule, ApiError> {
    let invalid = |text: &str| ApiError::Invalid(text.to_owned());
    let kind = kind(key.class, given.category.as_deref())?;
    let is_name = key.name.len() <= LONGEST_NAME && key.name.chars().all(|letter| !letter.is_control());
    if key.name.is_empty() || !is_name {
        return Err(invalid("a name has 1 to 128 letters"));
    }
    if given.reason.trim().is_empty() || given.reason.chars().count() > LONGEST_REASON {
        return Err(invalid("a reason is needed, of at most 512 letters: others must be able to judge it"));
    }
    if given.expires_at.is_some_and(|end| end <= now) {
        return Err(invalid("`expiresAt` lies in the past, so that it would do nothing"));
    }
    if kind == RuleKind::Disable && given.conditions.is_empty() {
        return Err(ApiError::Invalid(assessment::rules::ConditionsError::None.to_string()));
    }
    if !graph::rulebook::is_scope(&key.scope) {
        return Err(invalid(
            "the scope is a subscription, a resource group, a registry, `/repositories/NAME` below it, or \
             `/images/DIGEST` below that: a tag may point to something else tomorrow",
        ));
    }
    given.conditions.check().map_err(|error| ApiError::Invalid(error.to_string()))?;
    let display_name = given.display_name.unwrap_or_else(|| key.name.clone());
    Ok(Rule {
        kind,
        scope: key.scope.clone(),
        name: key.name.clone(),
        display_name: display_name.chars().take(LONGEST_NAME).collect(),
        conditions: given.conditions,
        reason: given.reason,
        author: Actor(author.to_owned()),
        created_at: now,
        updated_at: now,
        expires_at: given.expires_at,
        details: serde_json::json!({}),
    })
}

fn kind(class: RuleClass, category: Option<&str>) -> Result<RuleKind, ApiError> {
    match (class, category) {
        (RuleClass::Rule, None) => Ok(RuleKind::Disable),
        (RuleClass::Rule, Some(_)) => {
            Err(ApiError::Invalid("a rule has no category; exemptions have one".into()))
        }
        (RuleClass::Exemption, category) => {
            let word = category.unwrap_or("Waiver");
            RuleKind::from_word(word).filter(|kind| kind.is_exemption()).ok_or_else(|| {
                ApiError::Invalid(format!("there is no category `{word}`; there are Waiver and Mitigated"))
            })
        }
    }
}

async fn delete_one<C: Class>(
    caller: Caller,
    State(state): State<ApiState>,
    Named(name): Named,
    Parameters(query): Parameters<ScopeQuery>,
) -> Result<Json<RuleView>, ApiError> {
    let key = key::<C>(&state, &caller, C::DELETE, name, query.scope.as_deref()).await?;
    let now = Timestamp::now();
    let actor = Actor(caller.name().to_owned());
    let rule = state.store.delete_rule(&key, &actor, now).await?.ok_or_else(|| missing(&key))?;
    settle(&state, now).await?;
    Ok(Json(RuleView::of(&rule, now)))
}

async fn settle(state: &ApiState, now: Timestamp) -> Result<(), ApiError> {
    let book = Rulebook::load(&*state.store, now).await?;
    resettle(&*state.store, &book, now).await?;
    Ok(())
}
