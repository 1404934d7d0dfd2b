//! Who asks, and which registries they may see.

use super::ApiState;
use super::error::ApiError;
use access::token::{ArmClaims, ArmTokenUse, Expectation};
use access::{Action, Assignment, Principal, ResourceId, Trail, decide};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use store::{Actor, Registry, RegistryId};

/// Somebody who signed in, with their roles.
pub struct Caller {
    principal: Principal,
    assignments: Vec<Assignment>,
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let given =
            parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
        let (scheme, credentials) = given.split_once(' ').unwrap_or((given, ""));
        let principal = match scheme.to_ascii_lowercase().as_str() {
            "basic" => basic(state, credentials.trim(), address).await?,
            "bearer" => bearer(state, credentials.trim()).await?,
            _ => return Err(ApiError::Unauthenticated),
        };
        if let Some(trail) = parts.extensions.get::<Trail>() {
            trail.identified(&principal);
        }
        let assignments = state.sign_in.assignments(&principal).await?;
        Ok(Self { principal, assignments })
    }
}

async fn basic(state: &ApiState, credentials: &str, address: Option<IpAddr>) -> Result<Principal, ApiError> {
    let decoded = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((name, word)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
        return Err(ApiError::Unauthenticated);
    };
    Ok(state.sign_in.password(name, word, address, Timestamp::now()).await?)
}

async fn bearer(state: &ApiState, token: &str) -> Result<Principal, ApiError> {
    let audiences: Vec<&str> = state.audiences.iter().map(String::as_str).collect();
    let expected = Expectation { issuer: &state.issuer, audiences: &audiences };
    let claims: ArmClaims = state
        .keys
        .current()
        .verify(token, expected, Timestamp::now())
        .map_err(|_| ApiError::Unauthenticated)?;
    if claims.token_use != ArmTokenUse::Access {
        return Err(ApiError::Unauthenticated);
    }
    let session = state.sign_in.session(claims.principal, claims.registered.generation).await?;
    session.ok_or(ApiError::Unauthenticated)
}

impl Caller {
    /// The caller's name.
    pub(super) fn name(&self) -> &str {
        &self.principal.name
    }

    /// Whether the caller may perform the action at the scope.
    pub(super) fn may(&self, action: Action, scope: &ResourceId) -> bool {
        decide(&self.assignments, &self.principal, action, scope).is_allowed()
    }

    /// # Errors
    /// When the caller may not perform the action at the scope.
    pub(super) fn require_at(&self, action: Action, scope: &ResourceId) -> Result<(), ApiError> {
        if self.may(action, scope) { Ok(()) } else { Err(self.refusal(action)) }
    }

    pub(super) fn refusal(&self, action: Action) -> ApiError {
        ApiError::Forbidden { who: self.principal.name.clone(), action: action.name() }
    }

    /// The registries in which the caller may perform the action.
    ///
    /// # Errors
    /// When there are none, or the records fail.
    pub(super) async fn registries(
        &self,
        state: &ApiState,
        action: Action,
    ) -> Result<Vec<Registry>, ApiError> {
        let mut allowed = Vec::new();
        for subscription in state.store.subscriptions().await? {
            for registry in state.store.registries(subscription.id).await? {
                if self.may_in(action, &registry) {
                    allowed.push(registry);
                }
            }
        }
        if allowed.is_empty() {
            return Err(ApiError::Forbidden { who: self.principal.name.clone(), action: action.name() });
        }
        Ok(allowed)
    }

    /// Who asks.
    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The same person with the roles of this moment.
    ///
    /// # Errors
    /// When the account is gone, or the records fail.
    pub(super) async fn renewed(&self, state: &ApiState) -> Result<Self, ApiError> {
        if state.sign_in.account(self.principal.id).await?.is_none() {
            return Err(ApiError::Unauthenticated);
        }
        let assignments = state.sign_in.assignments(&self.principal).await?;
        Ok(Self { principal: self.principal.clone(), assignments })
    }

    /// Whether the caller may perform the action in a registry.
    pub(super) fn may_in(&self, action: Action, registry: &Registry) -> bool {
        scope(registry).is_some_and(|scope| self.may(action, &scope))
    }

    /// # Errors
    /// When the caller may not perform the action at the tenant, and so everywhere.
    pub(super) fn require_at_tenant(&self, action: Action) -> Result<(), ApiError> {
        self.require_at(action, &ResourceId::tenant())
    }

    /// Refuses who may not perform the action in a registry.
    ///
    /// # Errors
    /// When the caller may not, or the records fail.
    pub(super) async fn require(
        &self,
        state: &ApiState,
        action: Action,
        registry: RegistryId,
    ) -> Result<(), ApiError> {
        let allowed = self.registries(state, action).await?;
        if allowed.iter().any(|allowed| allowed.id == registry) {
            return Ok(());
        }
        Err(ApiError::Forbidden { who: self.principal.name.clone(), action: action.name() })
    }

    /// The name under which history knows the caller.
    pub(super) fn actor(&self) -> Actor {
        Actor(self.principal.name.clone())
    }

    /// The registry that a name without a registry means, if the caller may perform the action there.
    ///
    /// # Errors
    /// When the caller may not, or the records fail.
    pub(super) async fn default_registry(
        &self,
        state: &ApiState,
        action: Action,
    ) -> Result<RegistryId, ApiError> {
        let mut allowed = self.registries(state, action).await?;
        allowed.retain(|registry| registry.attached_to.is_none());
        let own = allowed.iter().find(|registry| registry.id == state.registry);
        own.or(allowed.first()).map(|registry| registry.id).ok_or_else(|| self.refusal(action))
    }
}

/// The resource id of a registry.
fn scope(registry: &Registry) -> Option<ResourceId> {
    ResourceId::parse(&format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
        registry.subscription, registry.resource_group, registry.name
    ))
    .ok()
}
