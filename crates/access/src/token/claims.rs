//! What tokens say.
//!
//! The names on the wire are those that Azure's clients read; some of these clients decode tokens that are not
//! theirs to decode, so the names are part of the interface.

use super::Claims;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Issuer, audience and times, in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredClaims {
    /// Who made it.
    #[serde(rename = "iss")]
    pub issuer: String,
    /// For whom.
    #[serde(rename = "aud")]
    pub audience: String,
    /// About whom.
    #[serde(rename = "sub")]
    pub subject: String,
    /// A number for this token alone.
    #[serde(rename = "jti")]
    pub id: Uuid,
    /// When it was made.
    #[serde(rename = "iat")]
    pub issued: i64,
    /// From when it holds.
    #[serde(rename = "nbf")]
    pub not_before: i64,
    /// Until when it holds.
    #[serde(rename = "exp")]
    pub expires: i64,
    /// The number of the session's account when it was made: a session is over when the account has another one.
    #[serde(rename = "sgn", default)]
    pub generation: i64,
}

/// What a token of the sign-in endpoints is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmTokenUse {
    /// To be shown to a service.
    Access,
    /// To be exchanged for a new access token, and for nothing else.
    Refresh,
}

/// The claims of the sign-in endpoints' tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmClaims {
    /// Issuer, audience and times.
    #[serde(flatten)]
    pub registered: RegisteredClaims,
    /// The object id of the principal.
    #[serde(rename = "oid")]
    pub principal: Uuid,
    /// The tenant.
    #[serde(rename = "tid")]
    pub tenant: Uuid,
    /// The application, for a program.
    #[serde(rename = "appid", default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The user name, for a person.
    #[serde(rename = "upn", default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// What it is for.
    #[serde(rename = "token_use")]
    pub token_use: ArmTokenUse,
    /// The version of the endpoint's form: `1.0`.
    #[serde(rename = "ver")]
    pub version: String,
}

impl Claims for ArmClaims {
    fn registered(&self) -> &RegisteredClaims {
        &self.registered
    }
}

/// The claims of an identity token: who signed in to an application. It opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityClaims {
    /// Issuer, audience (the application) and times.
    #[serde(flatten)]
    pub registered: RegisteredClaims,
    /// The object id of the principal.
    #[serde(rename = "oid")]
    pub principal: Uuid,
    /// The tenant.
    #[serde(rename = "tid")]
    pub tenant: Uuid,
    /// The user name.
    #[serde(rename = "preferred_username")]
    pub user_name: String,
    /// The name for people.
    pub name: String,
    /// What the application wants to find again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The version of the form: `2.0`.
    #[serde(rename = "ver")]
    pub version: String,
}

impl Claims for IdentityClaims {
    fn registered(&self) -> &RegisteredClaims {
        &self.registered
    }
}

/// What may be done with one repository, or with the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryAccess {
    /// `repository` or `registry`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository's name, or `catalog`.
    pub name: String,
    /// `pull`, `push`, `delete`, `metadata_read`, `metadata_write`, `*`.
    pub actions: Vec<String>,
}

/// What a refresh token says of its owner's rights. Told, never believed: rights are looked up when it is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryPermissions {
    /// `read`, `write`, `delete`.
    #[serde(rename = "Actions")]
    pub actions: Vec<String>,
    /// Always none.
    #[serde(rename = "NotActions")]
    pub not_actions: Option<Vec<String>>,
}

/// The claims of the registry's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryClaims {
    /// Issuer, audience and times.
    #[serde(flatten)]
    pub registered: RegisteredClaims,
    /// The version of the form: `1.0`.
    pub version: String,
    /// The registry's own identifier.
    pub rid: String,
    /// `refresh_token` or `access_token`: one does not pass for the other.
    pub grant_type: String,
    /// The application, for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// The tenant, where the owner signed in to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Uuid>,
    /// What the owner may do, in short.
    #[serde(default)]
    pub permissions: RegistryPermissions,
    /// Always empty.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What an access token opens; empty in a refresh token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<RegistryAccess>,
}

impl RegistryClaims {
    /// The issuer of all registry tokens, as Azure names it.
    pub const ISSUER: &'static str = "Azure Container Registry";
    /// The `grant_type` of an access token.
    pub const ACCESS_TOKEN: &'static str = "access_token";
    /// The `grant_type` of a refresh token.
    pub const REFRESH_TOKEN: &'static str = "refresh_token";

    /// Whether it is an access token that opens the action on the repository.
    ///
    /// Names are compared as they are: `*` in a name is no pattern. `*` among the actions opens every action.
    pub fn opens(&self, kind: &str, name: &str, action: &str) -> bool {
        self.grant_type == Self::ACCESS_TOKEN
            && self.access.iter().any(|access| {
                access.kind == kind
                    && access.name == name
                    && access.actions.iter().any(|granted| granted == action || granted == "*")
            })
    }
}

impl Claims for RegistryClaims {
    fn registered(&self) -> &RegisteredClaims {
        &self.registered
    }
}
