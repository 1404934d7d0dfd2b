//! Who asks, and what they may do.

use crate::ArmState;
use crate::error::ArmError;
use access::token::ArmTokenUse;
use access::{Action, Assignment, Principal, ResourceId, decide, sees};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;

/// Somebody who signed in, with their roles.
#[derive(Debug)]
pub struct Caller {
    pub(crate) principal: Principal,
    assignments: Vec<Assignment>,
}

impl Caller {
    /// Whoever an `Authorization` header names: a token of the sign-in endpoint, or name and password, which scripts
    /// on the command line find easier than to fetch a token.
    ///
    /// A token is taken only if it is for one of the audiences.
    pub(crate) async fn of(
        state: &ArmState,
        authorization: Option<&str>,
        address: Option<IpAddr>,
        audiences: &[&str],
    ) -> Result<Self, ArmError> {
        let given = authorization.unwrap_or_default();
        let (scheme, credentials) = given.split_once(' ').unwrap_or((given, ""));
        let credentials = credentials.trim();
        let principal = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => state
                .entrance
                .token(credentials, ArmTokenUse::Access, audiences)
                .await?
                .ok_or(ArmError::Unauthenticated)?,
            "basic" => {
                let (name, word) = name_and_password(credentials).ok_or(ArmError::Unauthenticated)?;
                state.entrance.password(&name, &word, address).await?
            }
            _ => return Err(ArmError::Unauthenticated),
        };
        let assignments = state.entrance.assignments(&principal).await?;
        Ok(Self { principal, assignments })
    }

    /// The roles of the caller.
    pub(crate) fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    /// Whether the caller may perform the action at the scope.
    pub(crate) fn may(&self, action: Action, scope: &ResourceId) -> bool {
        decide(&self.assignments, &self.principal, action, scope).is_allowed()
    }

    /// Whether the caller may perform the action at any of the scopes at which they have a role.
    pub(crate) fn may_somewhere(&self, action: Action) -> bool {
        self.assignments.iter().any(|assignment| self.may(action, &assignment.scope))
    }

    /// How history names the caller.
    pub(crate) fn actor(&self) -> store::Actor {
        store::Actor(self.principal.name.clone())
    }

    /// Whether the caller has any role at, above or below the scope.
    pub(crate) fn sees(&self, scope: &ResourceId) -> bool {
        sees(&self.assignments, &self.principal, scope)
    }

    /// The refusal of an action at a scope, the same whether the scope exists or not.
    pub(crate) fn refusal(&self, action: Action, scope: &ResourceId) -> ArmError {
        ArmError::Forbidden {
            who: self.principal.name.clone(),
            object: self.principal.id,
            action: action.name(),
            scope: scope.to_string(),
        }
    }

    /// # Errors
    /// When the caller may not perform the action at the scope.
    pub(crate) fn require(&self, action: Action, scope: &ResourceId) -> Result<(), ArmError> {
        if self.may(action, scope) { Ok(()) } else { Err(self.refusal(action, scope)) }
    }
}

fn name_and_password(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (name, word) = text.split_once(':')?;
    Some((name.to_owned(), word.to_owned()))
}
