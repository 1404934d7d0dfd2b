//! Roles that a tenant defines for itself.
//!
//! They grant by the same patterns as built-in ones, and are read from a request: so patterns are checked when a role is
//! made. A role may name actions that nobody asks for here; that is no error, since it may be meant for another service.

use crate::{Action, Role, RoleId};
use serde::{Deserialize, Serialize};

/// More patterns than this in one role are refused: every request is held against them.
const MAXIMUM_PATTERNS: usize = 200;
/// The longest pattern.
const MAXIMUM_LENGTH: usize = 256;
/// The longest name of a role.
const MAXIMUM_NAME: usize = 128;

/// What is granted, by patterns in which `*` stands for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Permissions {
    /// Granted actions.
    pub actions: Vec<String>,
    /// Exceptions from `actions`.
    pub not_actions: Vec<String>,
    /// Granted actions on data.
    pub data_actions: Vec<String>,
    /// Exceptions from `data_actions`.
    pub not_data_actions: Vec<String>,
}

/// A role of a tenant's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRole {
    /// Its identifier.
    pub id: RoleId,
    /// Its name, which no other role has.
    pub name: String,
    /// What it grants: any one of these is enough.
    pub permissions: Vec<Permissions>,
}

/// Why a role cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomRoleError {
    /// Its name is empty, too long, or that of a built-in role.
    #[error(
        "a role needs a name of 1 to {MAXIMUM_NAME} characters that is not the name of a built-in role, but got {name:?}"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// Its identifier is that of a built-in role.
    #[error("built-in roles cannot be changed")]
    BuiltIn,
    /// It grants nothing.
    #[error("a role needs at least one action or data action")]
    Empty,
    /// There are too many patterns.
    #[error("a role may have at most {MAXIMUM_PATTERNS} actions")]
    TooMany,
    /// A pattern that no action can match.
    #[error(
        "{pattern:?} is no action; write one such as Microsoft.ContainerRegistry/registries/pull/read, with * for any text"
    )]
    Pattern {
        /// The pattern, shortened.
        pattern: String,
    },
}

impl Permissions {
    fn all(&self) -> impl Iterator<Item = &String> {
        [&self.actions, &self.not_actions, &self.data_actions, &self.not_data_actions].into_iter().flatten()
    }

    fn grants(&self, action: Action) -> bool {
        let covered = |patterns: &[String]| patterns.iter().any(|pattern| action.matches(pattern));
        if action.is_data() {
            covered(&self.data_actions) && !covered(&self.not_data_actions)
        } else {
            covered(&self.actions) && !covered(&self.not_actions)
        }
    }
}

impl CustomRole {
    /// A role, if it can be one.
    ///
    /// # Errors
    /// When name, identifier or patterns break a rule.
    pub fn new(id: RoleId, name: String, permissions: Vec<Permissions>) -> Result<Self, CustomRoleError> {
        if Role::find(id).is_some() {
            return Err(CustomRoleError::BuiltIn);
        }
        let is_bad = name.trim().is_empty() || name.chars().any(char::is_control);
        if is_bad || name.len() > MAXIMUM_NAME || Role::named(&name).is_some() {
            return Err(CustomRoleError::Name { name: name.chars().take(MAXIMUM_NAME).collect() });
        }
        let grants = |permissions: &Permissions| {
            !permissions.actions.is_empty() || !permissions.data_actions.is_empty()
        };
        if !permissions.iter().any(grants) {
            return Err(CustomRoleError::Empty);
        }
        if permissions.iter().map(|one| one.all().count()).sum::<usize>() > MAXIMUM_PATTERNS {
            return Err(CustomRoleError::TooMany);
        }
        let wrong = permissions.iter().flat_map(Permissions::all).find(|pattern| !is_pattern(pattern));
        if let Some(pattern) = wrong {
            return Err(CustomRoleError::Pattern { pattern: pattern.chars().take(MAXIMUM_LENGTH).collect() });
        }
        Ok(Self { id, name, permissions })
    }

    /// Whether it grants the action.
    pub fn grants(&self, action: Action) -> bool {
        self.permissions.iter().any(|permissions| permissions.grants(action))
    }
}

fn is_pattern(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '*' | '-' | '_');
    (text == "*" || text.contains('/')) && text.len() <= MAXIMUM_LENGTH && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn role(name: &str, actions: &[&str]) -> Result<CustomRole, CustomRoleError> {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        let permissions = Permissions { actions, ..Permissions::default() };
        CustomRole::new(RoleId(Uuid::from_u128(1)), name.to_owned(), vec![permissions])
    }

    #[test]
    fn exceptions_hold_within_one_set_of_permissions() {
        let permissions = |actions: &str, not: &str| Permissions {
            actions: vec![actions.to_owned()],
            not_actions: vec![not.to_owned()],
            ..Permissions::default()
        };
        let sets = vec![permissions("*/read", "*/pull/*"), permissions("*/push/*", "*/nothing")];
        let role = CustomRole::new(RoleId(Uuid::from_u128(1)), "Both".into(), sets).unwrap();
        assert!(role.grants(Action::REGISTRY_READ));
        assert!(!role.grants(Action::PULL));
        assert!(role.grants(Action::PUSH));
        assert!(!role.grants(Action::QUARANTINE_READ), "actions grant nothing on data");
    }

    #[test]
    fn what_can_be_no_role_is_refused() {
        assert!(role("Mine", &["*"]).is_ok());
        assert!(matches!(role("", &["*"]), Err(CustomRoleError::Name { .. })));
        assert!(matches!(role("owner", &["*"]), Err(CustomRoleError::Name { .. })));
        assert!(matches!(role("a\u{1b}", &["*"]), Err(CustomRoleError::Name { .. })));
        assert_eq!(role("Mine", &[]), Err(CustomRoleError::Empty));
        assert!(matches!(role("Mine", &["read"]), Err(CustomRoleError::Pattern { .. })));
        assert!(matches!(role("Mine", &["a b/c"]), Err(CustomRoleError::Pattern { .. })));
        assert_eq!(role("Mine", &["*"; 201]), Err(CustomRoleError::TooMany));
        let built_in = CustomRole::new(RoleId::OWNER, "Mine".into(), Vec::new());
        assert_eq!(built_in, Err(CustomRoleError::BuiltIn));
    }
}
