//! Role assignments as things with a name: who was given what, where, by whom.

use crate::{Error, PrincipalId, RoleAssignment};
use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

/// A role assignment with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAssignment {
    /// Its name.
    pub id: Uuid,
    /// Who has which role where.
    pub assignment: RoleAssignment,
    /// `User`, `Group` or `ServicePrincipal`: told, never relied on.
    pub principal_kind: String,
    /// Under which condition, in the language of Azure's role assignments; none if it holds always.
    pub condition: Option<String>,
    /// Why, in the words of whoever gave it.
    pub description: Option<String>,
    /// When it was given; unknown for what the first start gave.
    pub created_at: Option<Timestamp>,
    /// Who gave it.
    pub created_by: Option<PrincipalId>,
}

/// What became of an assignment that was to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentOutcome {
    /// It is there now.
    Created,
    /// The same name, principal, role and scope were there: condition and description are the new ones.
    Updated,
    /// The principal has that role at that scope already, under this name.
    Exists(Uuid),
    /// The name belongs to another assignment.
    NameTaken,
}

/// Role assignments by name.
#[async_trait]
pub trait Authorization: Send + Sync {
    /// Gives a role under a name.
    async fn put_role_assignment(&self, assignment: NamedAssignment) -> Result<AssignmentOutcome, Error>;

    /// The assignment of a name.
    async fn role_assignment(&self, id: Uuid) -> Result<Option<NamedAssignment>, Error>;

    /// All assignments, by scope and name; only those of one principal, if one is named.
    async fn named_assignments(&self, principal: Option<PrincipalId>) -> Result<Vec<NamedAssignment>, Error>;

    /// Takes a role away by the name of its assignment. `false` if there was none.
    async fn delete_role_assignment(&self, id: Uuid) -> Result<bool, Error>;

    /// Takes all roles away from a principal that is gone. Says how many these were.
    async fn delete_role_assignments_of(&self, principal: PrincipalId) -> Result<u64, Error>;
}
