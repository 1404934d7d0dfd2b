//! What the registry asks about people: who somebody is, what they may do, and tokens for it.
//!
//! The registry decides nothing of this itself. It carries the questions and keeps to the answers.

use access::Principal;
use access::token::RegistryAccess;
use async_trait::async_trait;
use oci::RepositoryName;
use std::net::IpAddr;

use crate::Site;

/// A right in a registry, as clients name it in scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Read blobs, manifests, tags and referrers.
    Pull,
    /// Write blobs and manifests.
    Push,
    /// Delete blobs, manifests and tags.
    Delete,
    /// Read what is known of repositories, tags and manifests.
    MetadataRead,
    /// Change what may be done with them.
    MetadataWrite,
    /// List what was deleted and can be restored.
    DeletedRead,
    /// Restore it.
    DeletedRestore,
    /// List the repositories.
    Catalog,
    /// List the repositories with something to restore.
    DeletedCatalog,
    /// Pull what is in quarantine.
    QuarantineRead,
    /// Let content into quarantine and out of it.
    QuarantineWrite,
}

impl Permission {
    /// The rights that a scope opens in a repository.
    pub const OF_REPOSITORY: [Self; 7] = [
        Self::Pull,
        Self::Push,
        Self::Delete,
        Self::MetadataRead,
        Self::MetadataWrite,
        Self::DeletedRead,
        Self::DeletedRestore,
    ];

    /// The word in a scope.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::MetadataRead => "metadata_read",
            Self::MetadataWrite => "metadata_write",
            Self::DeletedRead => "deleted_read",
            Self::DeletedRestore => "deleted_restore",
            Self::QuarantineRead => "quarantine_read",
            Self::QuarantineWrite => "quarantine_write",
            Self::Catalog | Self::DeletedCatalog => "*",
        }
    }
}

/// What became of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// It is this principal.
    Known(Principal),
    /// Name or secret is wrong. Which of them, nobody is told.
    Wrong,
    /// There were too many wrong ones before.
    TooMany {
        /// How many seconds to wait.
        retry_after_seconds: u64,
    },
}

/// What a bearer token opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is.
    pub principal: Principal,
    /// What it opens. A right that was taken away since is refused nevertheless.
    pub access: Vec<RegistryAccess>,
}

impl Grant {
    /// Whether the token opens this right. Names are compared as they are; `*` in a name is no pattern.
    pub fn opens(&self, permission: Permission, repository: Option<&RepositoryName>) -> bool {
        let (kind, name) = match repository {
            Some(repository) => ("repository", repository.as_str()),
            None if permission == Permission::DeletedCatalog => ("registry", "deleted_catalog"),
            None => ("registry", "catalog"),
        };
        self.access.iter().any(|access| {
            access.kind == kind
                && access.name == name
                && access.actions.iter().any(|action| action == permission.as_str() || action == "*")
        })
    }
}

/// A token that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// For how many seconds it holds.
    pub expires_in: u64,
}

impl std::fmt::Debug for IssuedToken {
    /// Leaves the token out, so that it reaches no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// The authority could not answer. This is never a yes.
#[derive(Debug, thiserror::Error)]
#[error("sign-in is out of order")]
pub struct AuthorityError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Answers who may do what.
#[async_trait]
pub trait Authority: Send + Sync {
    /// Signs in with a name and a secret. The address is that of the client, where it is known.
    async fn authenticate_basic(
        &self,
        site: &Site,
        user: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<SignIn, AuthorityError>;

    /// Whether a principal has a right now: in a repository, or in the registry where none is named.
    async fn allowed(
        &self,
        site: &Site,
        principal: &Principal,
        permission: Permission,
        repository: Option<&RepositoryName>,
    ) -> Result<bool, AuthorityError>;

    /// Makes an access token that opens what is listed, which was cut down to the principal's rights before.
    async fn issue_access(
        &self,
        site: &Site,
        principal: &Principal,
        access: Vec<RegistryAccess>,
    ) -> Result<IssuedToken, AuthorityError>;

    /// Makes a refresh token.
    async fn issue_refresh(&self, site: &Site, principal: &Principal) -> Result<IssuedToken, AuthorityError>;

    /// What an access token of this registry opens; `None` if it does not hold.
    async fn verify_access(&self, site: &Site, token: &str) -> Result<Option<Grant>, AuthorityError>;

    /// Whose refresh token this is; `None` if it does not hold.
    async fn verify_refresh(&self, site: &Site, token: &str) -> Result<Option<Principal>, AuthorityError>;

    /// Who somebody is that does not sign in, where the registry lets anybody pull. The scopes of this principal are cut
    /// down as those of any other.
    async fn anonymous(&self, site: &Site) -> Result<Option<Principal>, AuthorityError>;

    /// Whose refresh token of the sign-in endpoints this is; `None` if it does not hold.
    async fn verify_identity_refresh(
        &self,
        site: &Site,
        token: &str,
    ) -> Result<Option<Principal>, AuthorityError>;

    /// Whose access token of the sign-in endpoints this is; `None` if it does not hold.
    async fn verify_identity(&self, site: &Site, token: &str) -> Result<Option<Principal>, AuthorityError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use access::PrincipalKind;

    #[test]
    fn a_grant_opens_what_it_names_and_nothing_else() {
        let entry = |kind: &str, name: &str, actions: &[&str]| RegistryAccess {
            kind: kind.into(),
            name: name.into(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        };
        let grant = Grant {
            principal: Principal {
                id: uuid::Uuid::nil(),
                name: "somebody".into(),
                kind: PrincipalKind::User,
            },
            access: vec![
                entry("repository", "a", &["pull"]),
                entry("repository", "*", &["*"]),
                entry("repository", "a/*", &["push"]),
                entry("registry", "a", &["delete"]),
                entry("repository", "c", &["*"]),
            ],
        };
        let opens = |permission, name: &str| grant.opens(permission, Some(&name.parse().unwrap()));
        assert!(opens(Permission::Pull, "a"));
        assert!(!opens(Permission::Push, "a"));
        assert!(!opens(Permission::Delete, "a"));
        assert!(!opens(Permission::Pull, "a/b"));
        assert!(!opens(Permission::Push, "a/b"));
        assert!(!opens(Permission::Pull, "b"));
        assert!(opens(Permission::Delete, "c"));
        assert!(!grant.opens(Permission::Catalog, None));
    }
}
