//! Scopes of token requests: `repository:NAME:ACTION,ACTION`, `registry:catalog:*` and `registry:deleted_catalog:*`.
//!
//! A scope is a wish. What is granted is the wish cut down to the rights: an action that one does not have is left out,
//! and so is a scope of which nothing remains or that cannot be read. Clients count on that, and fail on an error.
//! A name is a name: `*` and other patterns do not match the grammar of names and thus grant nothing (attack C12).

use crate::authority::Permission;
use crate::error::RegistryError;
use crate::{RegistryState, Site};
use access::Principal;
use access::token::RegistryAccess;
use oci::RepositoryName;

/// More scopes than any client asks for at once.
const MAXIMUM_SCOPES: usize = 64;

/// A scope that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    Catalog,
    DeletedCatalog,
    Repository { name: RepositoryName, actions: Vec<String> },
}

/// Reads the scopes of a request; each value may hold several, separated by spaces.
pub(crate) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Result<Vec<Scope>, RegistryError> {
    let words: Vec<&str> =
        values.flat_map(|value| value.split(' ')).filter(|word| !word.is_empty()).collect();
    if words.len() > MAXIMUM_SCOPES {
        return Err(RegistryError::TokenRequest("there are too many scopes"));
    }
    Ok(words.into_iter().filter_map(parse_one).collect())
}

fn parse_one(text: &str) -> Option<Scope> {
    let (kind, rest) = text.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    match kind {
        "registry" if actions.split(',').any(|action| action == "*") => match name {
            "catalog" => Some(Scope::Catalog),
            "deleted_catalog" => Some(Scope::DeletedCatalog),
            _ => None,
        },
        "repository" => Some(Scope::Repository {
            name: name.parse().ok()?,
            actions: actions.split(',').map(str::to_owned).collect(),
        }),
        _ => None,
    }
}

/// The right that an action of a scope stands for.
fn permission(action: &str) -> Option<Permission> {
    Permission::OF_REPOSITORY.into_iter().find(|permission| permission.as_str() == action)
}

/// Cuts wishes down to rights.
pub(crate) async fn grant(
    state: &RegistryState,
    site: &Site,
    principal: &Principal,
    scopes: Vec<Scope>,
) -> Result<Vec<RegistryAccess>, RegistryError> {
    let mut granted: Vec<RegistryAccess> = Vec::new();
    for scope in scopes {
        let access = match scope {
            Scope::Catalog => list(state, site, principal, Permission::Catalog, "catalog").await?,
            Scope::DeletedCatalog => {
                list(state, site, principal, Permission::DeletedCatalog, "deleted_catalog").await?
            }
            Scope::Repository { name, actions } => {
                let actions = allowed_actions(state, site, principal, &name, actions).await?;
                RegistryAccess { kind: "repository".into(), name: name.into(), actions }
            }
        };
        let same = |other: &&mut RegistryAccess| other.kind == access.kind && other.name == access.name;
        match granted.iter_mut().find(same) {
            Some(other) => other.actions.extend(access.actions),
            None => granted.push(access),
        }
    }
    for access in &mut granted {
        access.actions.sort();
        access.actions.dedup();
    }
    granted.retain(|access| !access.actions.is_empty());
    Ok(granted)
}

/// What opens a list of the registry itself.
async fn list(
    state: &RegistryState,
    site: &Site,
    principal: &Principal,
    permission: Permission,
    name: &str,
) -> Result<RegistryAccess, RegistryError> {
    let may = state.authority.allowed(site, principal, permission, None).await?;
    let actions = may.then(|| "*".to_owned()).into_iter().collect();
    Ok(RegistryAccess { kind: "registry".into(), name: name.into(), actions })
}

async fn allowed_actions(
    state: &RegistryState,
    site: &Site,
    principal: &Principal,
    name: &RepositoryName,
    wishes: Vec<String>,
) -> Result<Vec<String>, RegistryError> {
    let mut allowed = Vec::new();
    for permission in Permission::OF_REPOSITORY {
        if state.authority.allowed(site, principal, permission, Some(name)).await? {
            allowed.push(permission);
        }
    }
    let mut actions = Vec::new();
    for wish in wishes {
        if wish == "*" {
            actions.extend(allowed.iter().map(|permission| permission.as_str().to_owned()));
        } else if permission(&wish).is_some_and(|permission| allowed.contains(&permission)) {
            actions.push(wish);
        }
    }
    Ok(actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let scopes = parse(std::iter::once(text)).unwrap();
        let name = |scope| match scope {
            Scope::Catalog => "catalog".to_owned(),
            Scope::DeletedCatalog => "deleted catalog".to_owned(),
            Scope::Repository { name, actions } => format!("{name} {}", actions.join("+")),
        };
        scopes.into_iter().map(name).collect()
    }

    #[test]
    fn scopes_are_read() {
        assert_eq!(names("repository:a/b:pull,push"), ["a/b pull+push"]);
        assert_eq!(names("repository:a:pull  repository:b:delete"), ["a pull", "b delete"]);
        assert_eq!(names("registry:catalog:*"), ["catalog"]);
        assert_eq!(names("registry:deleted_catalog:*"), ["deleted catalog"]);
    }

    #[test]
    fn what_is_no_scope_is_left_out() {
        for text in [
            "",
            ":",
            "::",
            "repository",
            "repository:a",
            "repository::pull",
            "repository:*:pull",
            "repository:a/*:pull",
            "repository:A:pull",
            "repository:a:b:pull",
            "registry:catalog:read",
            "registry:other:*",
            "secret:a:pull",
        ] {
            assert!(names(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn too_many_scopes_are_refused() {
        let text = "repository:a:pull ".repeat(MAXIMUM_SCOPES + 1);
        assert!(parse(std::iter::once(text.as_str())).is_err());
    }
}
