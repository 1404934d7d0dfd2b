//! The decision who may do what.
//!
//! As in Azure, rights only add up: an action is allowed when any one role, assigned at the scope or above it,
//! grants it. There are no deny assignments. An assignment whose role is not known grants nothing, and one whose
//! condition is not true of the action at the scope neither.

use crate::{Action, Condition, CustomRole, Principal, ResourceId, Role, RoleId};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// A role given to somebody at a scope and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The object id of the principal.
    pub principal: Uuid,
    /// The role.
    pub role: RoleId,
    /// Where it holds.
    pub scope: ResourceId,
    /// What the role grants, where it is not one of the built-in ones.
    pub custom: Option<Arc<CustomRole>>,
    /// Under which condition; none if it holds always.
    pub condition: Option<Arc<Condition>>,
}

impl Assignment {
    /// A built-in role, given to somebody at a scope.
    pub fn new(principal: Uuid, role: RoleId, scope: ResourceId) -> Self {
        Self { principal, role, scope, custom: None, condition: None }
    }

    /// The name of the role, and whether it grants the action; `None` if nobody knows the role.
    fn role(&self, action: Action) -> Option<(&str, bool)> {
        match (Role::find(self.role), &self.custom) {
            (Some(role), _) => Some((role.name, role.grants(action))),
            (None, Some(custom)) => Some((&custom.name, custom.grants(action))),
            (None, None) => None,
        }
    }

    /// Whether the condition, if there is one, is true of the action at a scope.
    fn holds(&self, action: Action, scope: &ResourceId) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.allows(action, scope))
    }
}

/// Whether somebody may do something, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes: this assignment grants it.
    Allowed {
        /// The role that grants it.
        role: RoleId,
        /// Where the role was assigned.
        scope: ResourceId,
    },
    /// No.
    Denied(Refusal),
}

/// Why something is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The principal has no role at the scope or above it.
    NoRoleHere,
    /// The principal has roles there, and none of them grants the action.
    NotGranted {
        /// The names of these roles; the identifier where a role is not known.
        roles: Vec<String>,
    },
}

impl Decision {
    /// Whether it is a yes.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

/// Decides whether the principal may perform the action at the scope.
pub fn decide(
    assignments: &[Assignment],
    principal: &Principal,
    action: Action,
    scope: &ResourceId,
) -> Decision {
    let mut roles = Vec::new();
    for assignment in assignments {
        if assignment.principal != principal.id || !scope.is_within(&assignment.scope) {
            continue;
        }
        match assignment.role(action) {
            Some((_, true)) if assignment.holds(action, scope) => {
                return Decision::Allowed { role: assignment.role, scope: assignment.scope.clone() };
            }
            Some((name, true)) => roles.push(format!("{name} under its condition")),
            Some((name, false)) => roles.push(name.to_owned()),
            None => roles.push(assignment.role.0.to_string()),
        }
    }
    Decision::Denied(if roles.is_empty() { Refusal::NoRoleHere } else { Refusal::NotGranted { roles } })
}

/// Whether the principal may know that the scope exists: it has a role at, above or below it.
///
/// Where this says no, a face answers as if the scope did not exist.
pub fn sees(assignments: &[Assignment], principal: &Principal, scope: &ResourceId) -> bool {
    assignments
        .iter()
        .filter(|assignment| assignment.principal == principal.id)
        .any(|assignment| scope.is_within(&assignment.scope) || assignment.scope.is_within(scope))
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { role, scope } => {
                write!(f, "allowed by the role ")?;
                match Role::find(*role) {
                    Some(known) => write!(f, "{}", known.name)?,
                    None => write!(f, "{}", role.0)?,
                }
                write!(f, " at {scope}")
            }
            Self::Denied(Refusal::NoRoleHere) => f.write_str("denied: no role at this scope or above it"),
            Self::Denied(Refusal::NotGranted { roles }) => {
                write!(f, "denied: not granted by {}", roles.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permissions, PrincipalKind};

    const GROUP: &str = "/subscriptions/s1/resourceGroups/rg";

    fn principal(number: u128) -> Principal {
        Principal { id: Uuid::from_u128(number), name: format!("p{number}"), kind: PrincipalKind::User }
    }

    fn assigned(number: u128, role: &str, scope: &str) -> Assignment {
        let role = Role::named(role).map_or(RoleId(Uuid::nil()), |role| role.id);
        Assignment::new(Uuid::from_u128(number), role, scope.parse().unwrap())
    }

    fn check(assignments: &[Assignment], action: Action, scope: &str, expected: &str) {
        let decision = decide(assignments, &principal(1), action, &scope.parse().unwrap());
        assert_eq!(decision.to_string(), expected);
        assert_eq!(decision.is_allowed(), expected.starts_with("allowed"));
    }

    #[test]
    fn rights_reach_down_and_not_up() {
        let reader = [assigned(1, "Reader", GROUP)];
        let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/r1");
        check(
            &reader,
            Action::PULL,
            &registry,
            "allowed by the role Reader at /subscriptions/s1/resourceGroups/rg",
        );
        check(&reader, Action::PULL, "/subscriptions/s1", "denied: no role at this scope or above it");
        check(&reader, Action::PULL, &format!("{GROUP}2"), "denied: no role at this scope or above it");
    }

    #[test]
    fn roles_add_up_and_say_why_not() {
        let both = [assigned(1, "Security Reader", GROUP), assigned(1, "AcrPull", "/subscriptions/s1")];
        check(&both, Action::PULL, GROUP, "allowed by the role AcrPull at /subscriptions/s1");
        check(&both, Action::PUSH, GROUP, "denied: not granted by Security Reader, AcrPull");
    }

    #[test]
    fn others_and_unknown_roles_grant_nothing() {
        check(&[assigned(2, "Owner", "/")], Action::PULL, GROUP, "denied: no role at this scope or above it");
        check(
            &[assigned(1, "no such role", "/")],
            Action::PULL,
            GROUP,
            "denied: not granted by 00000000-0000-0000-0000-000000000000",
        );
        check(&[], Action::PULL, GROUP, "denied: no role at this scope or above it");
    }

    #[test]
    fn a_custom_role_grants_what_it_says() {
        let custom = CustomRole {
            id: RoleId(Uuid::from_u128(9)),
            name: "Puller".into(),
            permissions: vec![Permissions {
                actions: vec!["Microsoft.ContainerRegistry/*/read".into()],
                not_actions: vec!["*/catalog/read".into()],
                data_actions: Vec::new(),
                not_data_actions: Vec::new(),
            }],
        };
        let mut given = Assignment::new(Uuid::from_u128(1), custom.id, GROUP.parse().unwrap());
        check(
            std::slice::from_ref(&given),
            Action::PULL,
            GROUP,
            "denied: not granted by 00000000-0000-0000-0000-000000000009",
        );
        given.custom = Some(Arc::new(custom));
        let given = [given];
        check(&given, Action::PULL, GROUP, &format!("allowed by the role {} at {GROUP}", Uuid::from_u128(9)));
        check(&given, Action::PUSH, GROUP, "denied: not granted by Puller");
    }

    #[test]
    fn a_condition_narrows_a_role() {
        let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/r1");
        let mut given = assigned(1, "Container Registry Repository Reader", &registry);
        let condition = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] \
                         StringStartsWith 'team/'";
        given.condition = Some(Arc::new(condition.parse().unwrap()));
        let given = [given];
        let repository = |name: &str| format!("{registry}/repositories/{name}");
        let allowed = format!("allowed by the role Container Registry Repository Reader at {registry}");
        check(&given, Action::CONTENT_READ, &repository("team:app"), &allowed);
        let refused = "denied: not granted by Container Registry Repository Reader under its condition";
        check(&given, Action::CONTENT_READ, &repository("other"), refused);
        check(&given, Action::CONTENT_READ, &registry, refused);
    }

    #[test]
    fn a_scope_is_seen_from_above_and_from_below() {
        let assignments = [assigned(1, "AcrPull", GROUP)];
        let seen = |number, scope: &str| sees(&assignments, &principal(number), &scope.parse().unwrap());
        assert!(seen(1, "/subscriptions/s1"));
        assert!(seen(1, &format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/r1")));
        assert!(!seen(1, "/subscriptions/s2"));
        assert!(!seen(2, "/subscriptions/s1"));
    }
}
