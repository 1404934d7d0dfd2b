//! Tokens of a registry's own: accounts that exist in one registry alone and open what a scope map lists.
//!
//! A scope map is a list of actions by name. Many tokens may use one; it cannot be deleted while any does. Three are
//! built in, as in Azure. A token has up to two passwords, so that one can be replaced while the other is in use.
//! Only hashes are kept.

use crate::{Error, PrincipalId, RegistryId};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::RepositoryName;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What may be done with the repositories of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopedRight {
    /// Pull.
    ContentRead,
    /// Push.
    ContentWrite,
    /// Delete.
    ContentDelete,
    /// Read what is known.
    MetadataRead,
    /// Change what may be done.
    MetadataWrite,
}

impl ScopedRight {
    /// All rights.
    pub const ALL: [Self; 5] =
        [Self::ContentRead, Self::ContentWrite, Self::ContentDelete, Self::MetadataRead, Self::MetadataWrite];

    /// The end of an action: `content/read`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContentRead => "content/read",
            Self::ContentWrite => "content/write",
            Self::ContentDelete => "content/delete",
            Self::MetadataRead => "metadata/read",
            Self::MetadataWrite => "metadata/write",
        }
    }
}

/// Which repositories: `app`, `team/*`, `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum RepositoryPattern {
    /// One.
    Exactly(RepositoryName),
    /// All whose names begin so.
    Beginning(String),
}

/// One line of a scope map: `repositories/NAME/content/read`, where the name may end in `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopedAction {
    pattern: RepositoryPattern,
    right: ScopedRight,
}

/// Why a text is no action of a scope map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no action; write repositories/NAME/RIGHT, where NAME may end in * and RIGHT is content/read, \
     content/write, content/delete, metadata/read or metadata/write"
)]
pub struct ScopedActionError(String);

impl ScopedAction {
    /// Whether it gives a right to a repository.
    pub fn opens(&self, repository: &RepositoryName, right: ScopedRight) -> bool {
        let is_meant = match &self.pattern {
            RepositoryPattern::Exactly(name) => name == repository,
            RepositoryPattern::Beginning(text) => repository.as_str().starts_with(text.as_str()),
        };
        is_meant && self.right == right
    }

    /// Whether it gives a right to every repository.
    pub fn opens_everywhere(&self, right: ScopedRight) -> bool {
        matches!(&self.pattern, RepositoryPattern::Beginning(text) if text.is_empty()) && self.right == right
    }
}

impl FromStr for ScopedAction {
    type Err = ScopedActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ScopedActionError(text.chars().take(300).collect());
        let rest = text.strip_prefix("repositories/").ok_or_else(wrong)?;
        let ending = |right: &ScopedRight| rest.strip_suffix(right.as_str())?.strip_suffix('/');
        let (name, right) = ScopedRight::ALL
            .into_iter()
            .find_map(|right| Some((ending(&right)?, right)))
            .ok_or_else(wrong)?;
        let pattern = match name.strip_suffix('*') {
            // What stands before the star must be able to begin a name.
            Some(beginning) => {
                let probe: Result<RepositoryName, _> = format!("{beginning}a").parse();
                RepositoryPattern::Beginning(probe.map(|_| beginning.to_owned()).map_err(|_| wrong())?)
            }
            None => RepositoryPattern::Exactly(name.parse().map_err(|_| wrong())?),
        };
        Ok(Self { pattern, right })
    }
}

impl fmt::Display for ScopedAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = self.right.as_str();
        match &self.pattern {
            RepositoryPattern::Exactly(name) => write!(f, "repositories/{name}/{right}"),
            RepositoryPattern::Beginning(text) => write!(f, "repositories/{text}*/{right}"),
        }
    }
}

/// What tokens may open, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeMap {
    /// Its name; compared without regard to case.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it opens.
    pub actions: Vec<ScopedAction>,
    /// Whether it is built in, and cannot be changed.
    pub is_built_in: bool,
    /// When it was created; none if it is built in.
    pub created_at: Option<Timestamp>,
}

/// The scope maps that every registry has: name, description, rights in every repository.
pub const BUILT_IN_SCOPE_MAPS: &[(&str, &str, &[ScopedRight])] = &[
    (
        "_repositories_admin",
        "Can perform all read, write and delete operations on the registry",
        &ScopedRight::ALL,
    ),
    ("_repositories_pull", "Can pull any repository of the registry", &[ScopedRight::ContentRead]),
    (
        "_repositories_pull_metadata_read",
        "Can perform all read operations on the registry",
        &[ScopedRight::ContentRead, ScopedRight::MetadataRead],
    ),
    (
        "_repositories_push",
        "Can push to any repository of the registry",
        &[ScopedRight::ContentRead, ScopedRight::ContentWrite],
    ),
    (
        "_repositories_push_metadata_write",
        "Can perform all read and write operations on the registry",
        &[
            ScopedRight::ContentRead,
            ScopedRight::ContentWrite,
            ScopedRight::MetadataRead,
            ScopedRight::MetadataWrite,
        ],
    ),
];

impl ScopeMap {
    /// The most lines of one map.
    pub const MOST_ACTIONS: usize = 500;

    /// All built-in maps.
    pub fn built_in() -> impl Iterator<Item = Self> {
        BUILT_IN_SCOPE_MAPS.iter().map(|(name, description, rights)| Self {
            name: (*name).to_owned(),
            description: (*description).to_owned(),
            actions: rights
                .iter()
                .map(|right| ScopedAction {
                    pattern: RepositoryPattern::Beginning(String::new()),
                    right: *right,
                })
                .collect(),
            is_built_in: true,
            created_at: None,
        })
    }

    /// Whether it gives a right to a repository.
    pub fn opens(&self, repository: &RepositoryName, right: ScopedRight) -> bool {
        self.actions.iter().any(|action| action.opens(repository, right))
    }

    /// Whether it gives a right to every repository, and so to the list of them.
    pub fn opens_everywhere(&self, right: ScopedRight) -> bool {
        self.actions.iter().any(|action| action.opens_everywhere(right))
    }
}

/// What became of a scope map that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeMapRemoval {
    /// It is gone.
    Removed,
    /// There was none.
    Absent,
    /// It is built in.
    BuiltIn,
    /// Tokens use it.
    InUse,
}

/// Which of the two passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordSlot {
    /// The first.
    Password1,
    /// The second.
    Password2,
}

impl PasswordSlot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Password1, Self::Password2];

    /// Its name: `password1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password1 => "password1",
            Self::Password2 => "password2",
        }
    }

    /// The slot of a name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.as_str().eq_ignore_ascii_case(word))
    }
}

/// A password of a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPassword {
    /// Which of the two.
    pub slot: PasswordSlot,
    /// The hash of the password, in the text form of argon2.
    pub hash: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it holds; none if it does not end.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for TokenPassword {
    /// Leaves the hash out, so that it reaches no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPassword")
            .field("slot", &self.slot)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl TokenPassword {
    /// Whether it holds at a moment.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }
}

/// An account of one registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedToken {
    /// The registry.
    pub registry: RegistryId,
    /// Its name, with which it signs in; compared without regard to case.
    pub name: String,
    /// The principal that stands for it.
    pub principal: PrincipalId,
    /// The name of the scope map that says what it opens.
    pub scope_map: String,
    /// Whether it may sign in.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its passwords.
    pub passwords: Vec<TokenPassword>,
}

/// What became of a wish for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPut {
    /// It is there now.
    Kept(Box<ScopedToken>),
    /// There is no such scope map.
    NoScopeMap,
}

/// Tokens of a registry's own, and scope maps.
#[async_trait]
pub trait ScopedTokens: Send + Sync {
    /// Creates a scope map, or replaces description and actions of the one with this name. `None` if it is built in.
    async fn put_scope_map(
        &self,
        registry: RegistryId,
        name: &str,
        description: &str,
        actions: Vec<ScopedAction>,
        at: Timestamp,
    ) -> Result<Option<ScopeMap>, Error>;

    /// The scope map of a name.
    async fn scope_map(&self, registry: RegistryId, name: &str) -> Result<Option<ScopeMap>, Error>;

    /// All scope maps of a registry, the built-in ones first.
    async fn scope_maps(&self, registry: RegistryId) -> Result<Vec<ScopeMap>, Error>;

    /// Takes a scope map away, unless tokens use it.
    async fn delete_scope_map(&self, registry: RegistryId, name: &str) -> Result<ScopeMapRemoval, Error>;

    /// Creates a token, or changes scope map and state of the one with this name. The principal is that of the first
    /// time.
    async fn put_scoped_token(
        &self,
        registry: RegistryId,
        name: &str,
        principal: PrincipalId,
        scope_map: &str,
        enabled: bool,
        at: Timestamp,
    ) -> Result<TokenPut, Error>;

    /// The token of a name.
    async fn scoped_token(&self, registry: RegistryId, name: &str) -> Result<Option<ScopedToken>, Error>;

    /// The token of a principal.
    async fn scoped_token_of(&self, principal: PrincipalId) -> Result<Option<ScopedToken>, Error>;

    /// All tokens of a registry, by name.
    async fn scoped_tokens(&self, registry: RegistryId) -> Result<Vec<ScopedToken>, Error>;

    /// Takes a token away. `false` if there was none.
    async fn delete_scoped_token(&self, registry: RegistryId, name: &str) -> Result<bool, Error>;

    /// Sets a password of a token, in the place of the one in its slot. `false` if there is no such token.
    async fn set_token_password(
        &self,
        registry: RegistryId,
        name: &str,
        password: TokenPassword,
    ) -> Result<bool, Error>;

    /// Takes a password of a token away. `false` if there was none.
    async fn clear_token_password(
        &self,
        registry: RegistryId,
        name: &str,
        slot: PasswordSlot,
    ) -> Result<bool, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_open_what_they_name() {
        let opens = |action: &str, repository: &str, right| {
            action.parse::<ScopedAction>().unwrap().opens(&repository.parse().unwrap(), right)
        };
        assert!(opens("repositories/a/content/read", "a", ScopedRight::ContentRead));
        assert!(!opens("repositories/a/content/read", "a", ScopedRight::ContentWrite));
        assert!(!opens("repositories/a/content/read", "a/b", ScopedRight::ContentRead));
        assert!(opens("repositories/a/b/content/delete", "a/b", ScopedRight::ContentDelete));
        assert!(opens("repositories/team/*/metadata/read", "team/a/b", ScopedRight::MetadataRead));
        assert!(!opens("repositories/team/*/metadata/read", "teams", ScopedRight::MetadataRead));
        assert!(opens("repositories/team*/metadata/read", "teams", ScopedRight::MetadataRead));
        assert!(opens("repositories/*/metadata/write", "x", ScopedRight::MetadataWrite));
        let everywhere: ScopedAction = "repositories/*/metadata/read".parse().unwrap();
        assert!(everywhere.opens_everywhere(ScopedRight::MetadataRead));
        let most: ScopedAction = "repositories/a*/metadata/read".parse().unwrap();
        assert!(!most.opens_everywhere(ScopedRight::MetadataRead));
    }

    #[test]
    fn actions_are_read_back_and_others_are_refused() {
        for text in
            ["repositories/a/b/content/read", "repositories/*/content/write", "repositories/a*/metadata/read"]
        {
            assert_eq!(text.parse::<ScopedAction>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "repositories/a",
            "repositories//content/read",
            "repositories/a/content/execute",
            "repositories/A/content/read",
            "repositories/*a/content/read",
            "repositories/**/content/read",
            "repositories/../content/read",
            "gateway/a/config/read",
        ] {
            assert!(text.parse::<ScopedAction>().is_err(), "{text}");
        }
    }
}
