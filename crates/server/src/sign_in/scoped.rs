//! Tokens of a registry's own: accounts of one registry with up to two passwords.

use super::{SignIn, SignInError};
use access::{Principal, PrincipalKind};
use jiff::Timestamp;
use std::net::IpAddr;
use store::{PrincipalId, RegistryId, RegistryRules, ScopeMap, ScopedToken, ScopedTokens};
use uuid::Uuid;

impl SignIn {
    /// The token of a registry's own with this name, unless somebody has an account of that name.
    pub(crate) async fn scoped_token(
        &self,
        registry: RegistryId,
        name: &str,
    ) -> Result<Option<ScopedToken>, store::Error> {
        match self.store.account(name).await? {
            Some(_) => Ok(None),
            None => self.store.scoped_token(registry, name).await,
        }
    }

    /// Signs a token of a registry's own in with one of its passwords.
    ///
    /// # Errors
    /// When no password that holds is right, after too many wrong ones, or when the records fail.
    pub(crate) async fn token_password(
        &self,
        token: &ScopedToken,
        word: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Principal, SignInError> {
        let hashes = token.passwords.iter().filter(|password| token.enabled && password.holds(now));
        let hashes: Vec<String> = hashes.map(|password| password.hash.clone()).collect();
        let name = format!("{}/{}", token.registry.0, token.name.to_ascii_lowercase());
        self.attempt(&name, &hashes, word, address, now).await?;
        Ok(principal(token))
    }

    /// The token of a registry's own with this number, while it may sign in.
    pub(crate) async fn token_principal(
        &self,
        registry: RegistryId,
        id: Uuid,
    ) -> Result<Option<Principal>, store::Error> {
        let token = self.store.scoped_token_of(PrincipalId(id)).await?;
        let holds = |token: &ScopedToken| token.registry == registry && token.enabled;
        Ok(token.filter(holds).as_ref().map(principal))
    }

    /// What the token with this number opens in its registry.
    pub(crate) async fn scope_map(
        &self,
        registry: RegistryId,
        id: Uuid,
    ) -> Result<Option<ScopeMap>, store::Error> {
        let token = self.store.scoped_token_of(PrincipalId(id)).await?;
        match token.filter(|token| token.registry == registry && token.enabled) {
            Some(token) => ScopedTokens::scope_map(&*self.store, registry, &token.scope_map).await,
            None => Ok(None),
        }
    }

    /// The rules of a registry.
    pub(crate) async fn rules(&self, registry: RegistryId) -> Result<RegistryRules, store::Error> {
        self.store.registry_rules(registry).await
    }
}

fn principal(token: &ScopedToken) -> Principal {
    Principal { id: token.principal.0, name: token.name.clone(), kind: PrincipalKind::ServicePrincipal }
}
