//! Whose sessions there are at a registry: accounts', that of the registry itself, those of tokens of its own, and nobody's.

use super::{Authority, failed};
use access::{Principal, PrincipalKind};
use oci::RepositoryName;
use registry::{AuthorityError, Permission, Site};
use store::ScopedRight;
use uuid::Uuid;

/// Who does not sign in. No account and no token has this number.
pub(super) const ANONYMOUS: Uuid = Uuid::nil();

pub(super) fn anonymous() -> Principal {
    Principal { id: ANONYMOUS, name: "anonymous".into(), kind: PrincipalKind::User }
}

/// The rights of a scope map that give a permission; any of them does.
fn scoped_rights(permission: Permission) -> &'static [ScopedRight] {
    match permission {
        Permission::Pull => &[ScopedRight::ContentRead],
        Permission::Push => &[ScopedRight::ContentWrite],
        Permission::Delete => &[ScopedRight::ContentDelete],
        Permission::MetadataRead | Permission::Catalog => &[ScopedRight::MetadataRead],
        Permission::MetadataWrite => &[ScopedRight::MetadataWrite],
        Permission::DeletedRead
        | Permission::DeletedRestore
        | Permission::DeletedCatalog
        | Permission::QuarantineRead
        | Permission::QuarantineWrite => &[],
    }
}

impl Authority {
    /// Whether anybody may pull from a registry.
    pub(super) async fn is_open(&self, site: &Site) -> Result<bool, AuthorityError> {
        Ok(self.sign_in.rules(site.registry.id).await.map_err(failed)?.anonymous_pull)
    }

    /// The number of the sessions that begin now at a registry.
    pub(super) async fn generation_at(
        &self,
        site: &Site,
        principal: &Principal,
    ) -> Result<i64, AuthorityError> {
        if principal.id == ANONYMOUS {
            return Ok(0);
        }
        if let Some(generation) = self.accounts.generation(site, principal).await.map_err(failed)? {
            return Ok(generation);
        }
        let token = self.sign_in.token_of(site.registry.id, principal.id).await.map_err(failed)?;
        match token {
            Some((_, generation)) => Ok(generation),
            None => self.sign_in.generation(principal).await.map_err(failed),
        }
    }

    /// Whose session this is at a registry, if it goes on: an account's, that of the registry itself, that of a token
    /// of its own, or nobody's where anybody may pull.
    pub(super) async fn session_at(
        &self,
        site: &Site,
        id: Uuid,
        generation: i64,
    ) -> Result<Option<Principal>, AuthorityError> {
        if id == ANONYMOUS {
            return Ok(self.is_open(site).await?.then(anonymous));
        }
        if let Some(principal) = self.accounts.session(site, id, generation).await.map_err(failed)? {
            return Ok(Some(principal));
        }
        match self.sign_in.token_of(site.registry.id, id).await.map_err(failed)? {
            Some((principal, current)) => Ok((current == generation).then_some(principal)),
            None => self.sign_in.session(id, generation).await.map_err(failed),
        }
    }

    /// Whether a token of the registry's own may do something: its scope map says so.
    pub(super) async fn is_in_scope_map(
        &self,
        site: &Site,
        principal: &Principal,
        permission: Permission,
        repository: Option<&RepositoryName>,
    ) -> Result<bool, AuthorityError> {
        let map = self.sign_in.scope_map(site.registry.id, principal.id).await.map_err(failed)?;
        let Some(map) = map else { return Ok(false) };
        let rights = scoped_rights(permission);
        Ok(match repository {
            Some(name) => rights.iter().any(|right| map.opens(name, *right)),
            None => rights.iter().any(|right| map.opens_everywhere(*right)),
        })
    }
}
