//! The challenge of a 401: where to get a token, and for what.
//!
//! There is no space after the commas. One of the clients, the `az` command line, takes the header apart by splitting
//! it at `,` and stumbles over spaces.

use crate::{Need, Permission, Site};
use oci::RepositoryName;
use serde_json::{Value, json};
use std::fmt;

/// Why a token that was shown did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not hold.
    InvalidToken,
    /// It holds, and does not open this.
    InsufficientScope,
}

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    service: String,
    scope: Option<Scope>,
    fault: Option<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Scope {
    kind: &'static str,
    name: String,
    actions: &'static str,
}

impl Challenge {
    pub(crate) fn new(
        site: &Site,
        need: Need,
        repository: Option<&RepositoryName>,
        fault: Option<Fault>,
    ) -> Self {
        let scope = match (need, repository) {
            (Need::SignedIn, _) => None,
            (Need::Catalog, _) => Some(Scope { kind: "registry", name: "catalog".into(), actions: "*" }),
            (Need::DeletedCatalog, _) => {
                Some(Scope { kind: "registry", name: "deleted_catalog".into(), actions: "*" })
            }
            (Need::Repository(permission), name) => name.map(|name| Scope {
                kind: "repository",
                name: name.as_str().to_owned(),
                actions: actions(permission),
            }),
        };
        Self {
            realm: format!("{}/oauth2/token", site.base_url),
            service: site.registry.login_server.clone(),
            scope,
            fault,
        }
    }

    /// The detail of the error body, in the form of Azure's registry.
    pub(crate) fn detail(&self) -> Value {
        match &self.scope {
            Some(scope) => json!([{ "Type": scope.kind, "Name": scope.name, "Action": scope.actions }]),
            None => Value::Null,
        }
    }
}

/// Who pushes also reads, to know what is there already; so one token is enough for a push.
fn actions(permission: Permission) -> &'static str {
    match permission {
        Permission::Pull => "pull",
        Permission::Push => "pull,push",
        Permission::Delete => "delete",
        Permission::MetadataRead => "metadata_read",
        // Who changes reads first.
        Permission::MetadataWrite => "metadata_read,metadata_write",
        Permission::QuarantineRead => "quarantine_read",
        Permission::QuarantineWrite => "quarantine_write",
        Permission::DeletedRead => "deleted_read",
        Permission::DeletedRestore => "deleted_read,deleted_restore",
        Permission::Catalog | Permission::DeletedCatalog => "*",
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"Bearer realm="{}",service="{}""#, self.realm, self.service)?;
        if let Some(Scope { kind, name, actions }) = &self.scope {
            write!(f, r#",scope="{kind}:{name}:{actions}""#)?;
        }
        match self.fault {
            Some(Fault::InvalidToken) => f.write_str(r#",error="invalid_token""#),
            Some(Fault::InsufficientScope) => f.write_str(r#",error="insufficient_scope""#),
            None => Ok(()),
        }
    }
}
