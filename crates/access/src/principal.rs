//! Who asks.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What kind of account a principal is, in the words of role assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program with a secret of its own.
    ServicePrincipal,
}

impl PrincipalKind {
    /// The word of the wire: `User`, `ServicePrincipal`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::ServicePrincipal => "ServicePrincipal",
        }
    }
}

/// Somebody who has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Principal {
    /// The object id, which role assignments name.
    pub id: Uuid,
    /// The name that is shown: a user name or an application id.
    pub name: String,
    /// Person or program.
    pub kind: PrincipalKind,
}
