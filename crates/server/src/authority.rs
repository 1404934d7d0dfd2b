//! Answers to the registry's and the portal's questions about people.
//!
//! Rights are always looked up now: a token opens at most what it names, and only as long as its owner still has
//! the role.

mod pages;
mod session;

use crate::installation::random;
use crate::keys::Keys;
use crate::registry_account::{self, RegistryAccount};
use crate::sign_in::{SignIn, SignInError};
use access::token::{
    ArmClaims, ArmTokenUse, Expectation, IdentityClaims, RegisteredClaims, RegistryAccess, RegistryClaims,
    RegistryPermissions,
};
use access::{Action, Assignment, Principal, PrincipalKind, ResourceId, decide};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use oci::RepositoryName;
use registry::{AuthorityError, Grant, IssuedToken, Permission, Site};
use session::{ANONYMOUS, anonymous};
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_mins(75);
const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(3);

/// The one implementation of the faces' questions.
pub(crate) struct Authority {
    /// Compares passwords, knows roles.
    pub sign_in: Arc<SignIn>,
    /// Signs and checks tokens.
    pub keys: Arc<Keys>,
    /// Knows the accounts that registries have for themselves.
    pub accounts: RegistryAccount,
    /// The tenant.
    pub tenant: Uuid,
    /// The issuer of the sign-in endpoints' tokens.
    pub identity_issuer: Arc<str>,
    /// For whom the sign-in endpoints make tokens that open the resource manager.
    pub identity_audiences: Arc<[String]>,
    /// For whom they make tokens that open the directory.
    pub directory_audience: Arc<str>,
}

/// For whom Azure's clients ask for a token that they then exchange at a registry.
const REGISTRY_AUDIENCE: &str = "https://containerregistry.azure.net";

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> AuthorityError {
    AuthorityError(Box::new(error))
}

/// The resource id of a site's registry, and of a repository in it where one is named.
fn scope(site: &Site, repository: Option<&RepositoryName>) -> Option<ResourceId> {
    let registry = &site.registry;
    let id = ResourceId::parse(&format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}",
        registry.subscription, registry.resource_group, registry.name
    ))
    .ok()?;
    let Some(name) = repository else { return Some(id) };
    // A resource id is made of pairs, and a repository's name may hold slashes; a colon is never in a name.
    id.joined(&["repositories", &name.as_str().replace('/', ":")]).ok()
}

/// The actions that give a permission; any of them does. Who may pull may read metadata, and who may push may change
/// it, as it was in Azure before there were actions for metadata alone.
fn actions(permission: Permission) -> &'static [Action] {
    match permission {
        Permission::Pull => &[Action::PULL, Action::CONTENT_READ],
        Permission::Catalog => &[Action::PULL, Action::CATALOG_READ],
        Permission::Push => &[Action::PUSH, Action::CONTENT_WRITE],
        Permission::Delete => &[Action::ARTIFACT_DELETE, Action::CONTENT_DELETE],
        Permission::MetadataRead => &[Action::METADATA_READ, Action::REPOSITORY_METADATA_READ, Action::PULL],
        Permission::MetadataWrite => {
            &[Action::METADATA_WRITE, Action::REPOSITORY_METADATA_WRITE, Action::PUSH]
        }
        Permission::DeletedRead | Permission::DeletedCatalog => &[Action::DELETED_READ],
        Permission::DeletedRestore => &[Action::DELETED_RESTORE],
        Permission::QuarantineRead => &[Action::QUARANTINE_READ],
        Permission::QuarantineWrite => &[Action::QUARANTINE_WRITE],
    }
}

/// Those of them that conditions can narrow: the only ones that count where a registry has repository permissions, as
/// in Azure. What is beside the repositories (quarantine, what was deleted) has no others.
fn repository_actions(permission: Permission) -> &'static [Action] {
    match permission {
        Permission::Pull => &[Action::CONTENT_READ],
        Permission::Catalog => &[Action::CATALOG_READ],
        Permission::Push => &[Action::CONTENT_WRITE],
        Permission::Delete => &[Action::CONTENT_DELETE],
        Permission::MetadataRead => &[Action::REPOSITORY_METADATA_READ],
        Permission::MetadataWrite => &[Action::REPOSITORY_METADATA_WRITE],
        Permission::DeletedRead
        | Permission::DeletedCatalog
        | Permission::DeletedRestore
        | Permission::QuarantineRead
        | Permission::QuarantineWrite => actions(permission),
    }
}

impl Authority {
    async fn registered(
        &self,
        site: &Site,
        principal: &Principal,
        lifetime: SignedDuration,
    ) -> Result<RegisteredClaims, AuthorityError> {
        let generation = self.generation_at(site, principal).await?;
        let now = Timestamp::now().as_second();
        Ok(RegisteredClaims {
            issuer: RegistryClaims::ISSUER.into(),
            audience: site.registry.login_server.clone(),
            subject: principal.id.to_string(),
            id: uuid::Builder::from_random_bytes(random().map_err(failed)?).into_uuid(),
            issued: now,
            not_before: now,
            expires: now.saturating_add(lifetime.as_secs()),
            generation,
        })
    }

    async fn issue(
        &self,
        site: &Site,
        principal: &Principal,
        access: Vec<RegistryAccess>,
        grant: &str,
        lifetime: SignedDuration,
    ) -> Result<IssuedToken, AuthorityError> {
        let claims = RegistryClaims {
            registered: self.registered(site, principal, lifetime).await?,
            version: "1.0".into(),
            rid: site.registry.name.to_lowercase(),
            access,
            grant_type: grant.into(),
            appid: Some(principal.name.clone()),
            tenant: Some(self.tenant),
            permissions: RegistryPermissions::default(),
            roles: Vec::new(),
        };
        let token = self.keys.current().mint(&claims).map_err(failed)?;
        Ok(IssuedToken { token, expires_in: lifetime.as_secs().unsigned_abs() })
    }

    /// The claims of a registry token of this kind, and its owner, if both still hold.
    async fn registry_token(
        &self,
        site: &Site,
        token: &str,
        grant: &str,
    ) -> Result<Option<(RegistryClaims, Principal)>, AuthorityError> {
        let expected =
            Expectation { issuer: RegistryClaims::ISSUER, audiences: &[&site.registry.login_server] };
        let Ok(claims) = self.keys.current().verify::<RegistryClaims>(token, expected, Timestamp::now())
        else {
            return Ok(None);
        };
        if claims.grant_type != grant {
            return Ok(None);
        }
        let Ok(id) = claims.registered.subject.parse() else { return Ok(None) };
        let generation = claims.registered.generation;
        let principal = self.session_at(site, id, generation).await?;
        Ok(principal.map(|principal| (claims, principal)))
    }
}

#[async_trait]
impl registry::Authority for Authority {
    async fn authenticate_basic(
        &self,
        site: &Site,
        user: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<registry::SignIn, AuthorityError> {
        let found = match self.accounts.is_meant(site, user).await.map_err(failed)? {
            true => {
                let key = format!("registry {}", site.registry.id.0);
                let right = self.accounts.password(site, password);
                self.sign_in.limited(&key, address, Timestamp::now(), right).await
            }
            false => match self.sign_in.scoped_token(site.registry.id, user).await.map_err(failed)? {
                Some(token) => self.sign_in.token_password(&token, password, address, Timestamp::now()).await,
                None => self.sign_in.password(user, password, address, Timestamp::now()).await,
            },
        };
        match found {
            Ok(principal) => Ok(registry::SignIn::Known(principal)),
            Err(SignInError::Wrong) => Ok(registry::SignIn::Wrong),
            Err(SignInError::TooMany(many)) => {
                Ok(registry::SignIn::TooMany { retry_after_seconds: many.retry_after_seconds })
            }
            Err(SignInError::Store(error)) => Err(failed(error)),
        }
    }

    async fn allowed(
        &self,
        site: &Site,
        principal: &Principal,
        permission: Permission,
        repository: Option<&RepositoryName>,
    ) -> Result<bool, AuthorityError> {
        if principal.id == registry_account::principal_id(site.registry.id) {
            return Ok(registry_account::may(permission));
        }
        if principal.id == ANONYMOUS {
            return Ok(permission == Permission::Pull && repository.is_some() && self.is_open(site).await?);
        }
        let Some(scope) = scope(site, repository) else { return Ok(false) };
        let assignments = self.sign_in.assignments(principal).await.map_err(failed)?;
        if assignments.is_empty() && principal.kind == PrincipalKind::ServicePrincipal {
            // Nobody has given it a role: it may be a token of the registry's own, which needs none.
            return self.is_in_scope_map(site, principal, permission, repository).await;
        }
        let may = |action: &Action| decide(&assignments, principal, *action, &scope).is_allowed();
        let by_repository = self.accounts.has_repository_permissions(site).await.map_err(failed)?;
        let actions = if by_repository { repository_actions(permission) } else { actions(permission) };
        Ok(actions.iter().any(may))
    }

    async fn issue_access(
        &self,
        site: &Site,
        principal: &Principal,
        access: Vec<RegistryAccess>,
    ) -> Result<IssuedToken, AuthorityError> {
        self.issue(site, principal, access, RegistryClaims::ACCESS_TOKEN, ACCESS_LIFETIME).await
    }

    async fn issue_refresh(&self, site: &Site, principal: &Principal) -> Result<IssuedToken, AuthorityError> {
        self.issue(site, principal, Vec::new(), RegistryClaims::REFRESH_TOKEN, REFRESH_LIFETIME).await
    }

    async fn verify_access(&self, site: &Site, token: &str) -> Result<Option<Grant>, AuthorityError> {
        let found = self.registry_token(site, token, RegistryClaims::ACCESS_TOKEN).await?;
        Ok(found.map(|(claims, principal)| Grant { principal, access: claims.access }))
    }

    async fn verify_refresh(&self, site: &Site, token: &str) -> Result<Option<Principal>, AuthorityError> {
        Ok(self
            .registry_token(site, token, RegistryClaims::REFRESH_TOKEN)
            .await?
            .map(|(_, principal)| principal))
    }

    async fn anonymous(&self, site: &Site) -> Result<Option<Principal>, AuthorityError> {
        Ok(self.is_open(site).await?.then(anonymous))
    }

    async fn verify_identity_refresh(
        &self,
        _: &Site,
        token: &str,
    ) -> Result<Option<Principal>, AuthorityError> {
        let audiences: Vec<&str> = self.identity_audiences.iter().map(String::as_str).collect();
        self.session(token, ArmTokenUse::Refresh, &audiences).await.map_err(failed)
    }

    async fn verify_identity(&self, site: &Site, token: &str) -> Result<Option<Principal>, AuthorityError> {
        let own = self.identity_audiences.iter().map(String::as_str);
        let own =
            if self.accounts.refuses_arm_tokens(site).await.map_err(failed)? { None } else { Some(own) };
        let audiences: Vec<&str> = own.into_iter().flatten().chain([REGISTRY_AUDIENCE]).collect();
        self.session(token, ArmTokenUse::Access, &audiences).await.map_err(failed)
    }
}

impl From<SignInError> for arm::Refusal {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::Wrong,
            SignInError::TooMany(many) => Self::TooMany(many.retry_after_seconds),
            SignInError::Store(error) => Self::from(error),
        }
    }
}

impl Authority {
    /// Whose token of the sign-in endpoints this is, if it is of this kind, for one of the audiences, and still holds.
    async fn session(
        &self,
        token: &str,
        kind: ArmTokenUse,
        audiences: &[&str],
    ) -> Result<Option<Principal>, store::Error> {
        let expected = Expectation { issuer: &self.identity_issuer, audiences };
        match self.keys.current().verify::<ArmClaims>(token, expected, Timestamp::now()) {
            Ok(claims) if claims.token_use == kind => {
                self.sign_in.session(claims.principal, claims.registered.generation).await
            }
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// What every token of the sign-in endpoints says.
    async fn identity(
        &self,
        principal: &Principal,
        audience: &str,
        lifetime: SignedDuration,
    ) -> Result<RegisteredClaims, arm::Refusal> {
        let now = Timestamp::now().as_second();
        let random = random().map_err(|error| arm::Refusal::Failed(error.into()))?;
        Ok(RegisteredClaims {
            issuer: self.identity_issuer.to_string(),
            audience: audience.to_owned(),
            subject: principal.id.to_string(),
            id: uuid::Builder::from_random_bytes(random).into_uuid(),
            issued: now,
            not_before: now,
            expires: now.saturating_add(lifetime.as_secs()),
            generation: self.sign_in.generation(principal).await?,
        })
    }

    /// A token of the sign-in endpoints.
    async fn bearer_token(
        &self,
        principal: &Principal,
        audience: &str,
        token_use: ArmTokenUse,
        lifetime: SignedDuration,
    ) -> Result<String, arm::Refusal> {
        let is_person = principal.kind == PrincipalKind::User;
        let claims = ArmClaims {
            registered: self.identity(principal, audience, lifetime).await?,
            principal: principal.id,
            tenant: self.tenant,
            application: (!is_person).then(|| principal.name.clone()),
            user_name: is_person.then(|| principal.name.clone()),
            token_use,
            version: "1.0".into(),
        };
        self.keys.current().mint(&claims).map_err(|error| arm::Refusal::Failed(error.into()))
    }
}

#[async_trait]
impl arm::Entrance for Authority {
    async fn password(
        &self,
        name: &str,
        word: &str,
        address: Option<IpAddr>,
    ) -> Result<Principal, arm::Refusal> {
        Ok(self.sign_in.password(name, word, address, Timestamp::now()).await?)
    }

    async fn token(
        &self,
        token: &str,
        kind: ArmTokenUse,
        audiences: &[&str],
    ) -> Result<Option<Principal>, arm::Refusal> {
        Ok(self.session(token, kind, audiences).await?)
    }

    async fn session(&self, id: Uuid, generation: i64) -> Result<Option<Principal>, arm::Refusal> {
        Ok(self.sign_in.session(id, generation).await?)
    }

    async fn generation(&self, principal: &Principal) -> Result<i64, arm::Refusal> {
        Ok(self.sign_in.generation(principal).await?)
    }

    async fn assertion(
        &self,
        program: &str,
        assertion: &str,
        audiences: &[&str],
    ) -> Result<Principal, arm::Refusal> {
        Ok(self.sign_in.assertion(program, assertion, audiences, Timestamp::now()).await?)
    }

    async fn identity_token(
        &self,
        principal: &Principal,
        application: &str,
        nonce: Option<&str>,
    ) -> Result<String, arm::Refusal> {
        let account = self.sign_in.account(principal.id).await?;
        let shown = account.map(|account| account.display_name).filter(|name| !name.is_empty());
        let claims = IdentityClaims {
            registered: self.identity(principal, application, ACCESS_LIFETIME).await?,
            principal: principal.id,
            tenant: self.tenant,
            user_name: principal.name.clone(),
            name: shown.unwrap_or_else(|| principal.name.clone()),
            nonce: nonce.map(str::to_owned),
            version: "2.0".into(),
        };
        self.keys.current().mint(&claims).map_err(|error| arm::Refusal::Failed(error.into()))
    }

    async fn hash(&self, word: &str) -> Result<String, arm::Refusal> {
        let salt = random().map_err(|error| arm::Refusal::Failed(error.into()))?;
        self.sign_in.hash(word, salt).await.map_err(|error| arm::Refusal::Failed(error.into()))
    }

    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, arm::Refusal> {
        Ok(self.sign_in.assignments(principal).await?)
    }

    async fn issue(
        &self,
        principal: &Principal,
        audience: &str,
    ) -> Result<Option<arm::IssuedTokens>, arm::Refusal> {
        let is_own = self.identity_audiences.iter().any(|own| own == audience);
        if !is_own && audience != REGISTRY_AUDIENCE && audience != &*self.directory_audience {
            return Ok(None);
        }
        let access = self.bearer_token(principal, audience, ArmTokenUse::Access, ACCESS_LIFETIME).await?;
        // A refresh token is for the sign-in endpoint alone, whatever the access token is for.
        let own = self.identity_audiences.first().map_or(audience, String::as_str);
        let refresh = self.bearer_token(principal, own, ArmTokenUse::Refresh, REFRESH_LIFETIME).await?;
        let expires_in = ACCESS_LIFETIME.as_secs().unsigned_abs();
        Ok(Some(arm::IssuedTokens { access, refresh: Some(refresh), expires_in }))
    }

    fn jwks(&self) -> serde_json::Value {
        self.keys.current().jwks()
    }
}
