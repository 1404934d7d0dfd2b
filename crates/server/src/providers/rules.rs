//! What the claims of a provider give here.

use access::{ResourceId, Role, RoleId};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A rule, as the configuration file names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WireRule {
    claim: String,
    value: String,
    account: Option<String>,
    group: Option<String>,
    role: Option<String>,
    scope: Option<String>,
}

/// Whoever has this value of this claim gets that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimRule {
    /// The claim: a name, or names with dots between for what lies inside another claim.
    pub claim: String,
    /// The value, or one of the values; `*` for any.
    pub value: String,
    /// What it gives.
    pub gives: Gift,
}

/// What a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gift {
    /// To come in, as somebody to whom roles can be given.
    Entry,
    /// To be an account that is here already.
    Account(String),
    /// To be a member of a group of this name, for as long as the session lasts.
    Group(String),
    /// A role at a scope, for as long as the session lasts.
    Role(RoleId, ResourceId),
}

/// Why a rule cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It gives several things, or half of one.
    #[error(
        "the rule for `{0}` must give one of: an `account`, a `group`, a `role` with its `scope`, or nothing but entry"
    )]
    Gift(String),
    /// There is no such role.
    #[error("there is no role `{0}`; write the name of a built-in role, or the id of one of your own")]
    Role(String),
    /// There is no such scope.
    #[error("`{0}` is no scope; write / or the id of a subscription, group, registry or repository")]
    Scope(String),
}

impl ClaimRule {
    /// A rule, if it can hold.
    ///
    /// # Errors
    /// When it gives nothing that there is.
    pub(super) fn new(given: WireRule) -> Result<Self, RuleError> {
        let WireRule { claim, value, account, group, role, scope } = given;
        let gives = match (account, group, role, scope) {
            (None, None, None, None) => Gift::Entry,
            (Some(account), None, None, None) => Gift::Account(account),
            (None, Some(group), None, None) => Gift::Group(group),
            (None, None, Some(role), Some(scope)) => {
                let known = Role::named(&role).map(|role| role.id);
                let id =
                    known.or_else(|| role.parse::<Uuid>().ok().map(RoleId)).ok_or(RuleError::Role(role))?;
                Gift::Role(id, ResourceId::parse(&scope).map_err(|_| RuleError::Scope(scope))?)
            }
            _ => return Err(RuleError::Gift(claim)),
        };
        Ok(Self { claim, value, gives })
    }

    /// Whether claims have the value. An e-mail address that nobody verified is worth nothing: at many providers anybody
    /// writes down what they like.
    pub(super) fn holds(&self, claims: &Map<String, Value>, trusts_email: bool) -> bool {
        if self.claim == "email" && !trusts_email && claims.get("email_verified") != Some(&Value::Bool(true))
        {
            return false;
        }
        let is_it = |value: &Value| match value {
            Value::String(text) => self.value == "*" || *text == self.value,
            Value::Bool(is) => self.value == "*" || self.value == if *is { "true" } else { "false" },
            Value::Number(number) => self.value == "*" || self.value == number.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        };
        match find(claims, &self.claim) {
            Some(Value::Array(all)) => all.iter().any(is_it),
            Some(one) => is_it(one),
            None => false,
        }
    }
}

/// A claim of this name, or one inside others: `realm_access.roles`. Names with dots of their own come first.
fn find<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(claim: &str, value: &str, claims: Value) -> bool {
        let rule = ClaimRule { claim: claim.into(), value: value.into(), gives: Gift::Entry };
        rule.holds(claims.as_object().unwrap(), false)
    }

    #[test]
    fn a_value_is_found_alone_in_a_list_and_inside() {
        assert!(holds("groups", "security", json!({ "groups": ["dev", "security"] })));
        assert!(holds("group", "security", json!({ "group": "security" })));
        assert!(holds("level", "3", json!({ "level": 3 })));
        assert!(holds("realm_access.roles", "admin", json!({ "realm_access": { "roles": ["admin"] } })));
        assert!(holds("https://a.example/roles", "x", json!({ "https://a.example/roles": ["x"] })));
        assert!(holds("sub", "*", json!({ "sub": "anybody" })));
    }

    #[test]
    fn nothing_else_is_a_value() {
        for claims in [
            json!({}),
            json!({ "groups": null }),
            json!({ "groups": "Security" }),
            json!({ "groups": [["security"]] }),
            json!({ "groups": { "security": true } }),
            json!({ "groups": "dev,security" }),
        ] {
            assert!(!holds("groups", "security", claims.clone()), "{claims}");
            assert!(!holds("missing", "*", claims));
        }
    }

    #[test]
    fn an_address_counts_when_it_was_verified() {
        let jane = json!({ "email": "jane@example.com" });
        assert!(!holds("email", "jane@example.com", jane.clone()));
        assert!(!holds(
            "email",
            "jane@example.com",
            json!({ "email": "jane@example.com", "email_verified": "true" })
        ));
        assert!(holds(
            "email",
            "jane@example.com",
            json!({ "email": "jane@example.com", "email_verified": true })
        ));
        let trusting = ClaimRule { claim: "email".into(), value: "*".into(), gives: Gift::Entry };
        assert!(trusting.holds(jane.as_object().unwrap(), true));
    }
}
