//! Who somebody is here whom a provider knows.
//!
//! A person of a provider is an account without a password, so that roles can be given to them by name, and an operator
//! can disable them. It is found again by issuer and subject alone: names and addresses change hands.
//! What their claims give by rules holds for as long as a session lasts, and by the rules of now: who takes a rule out
//! of the configuration takes away what it gave.

use super::rules::Gift;
use super::{ClaimRule, ProviderSettings};
use access::token::ProvidedIdentity;
use access::{Assignment, Principal, PrincipalKind};
use jiff::{SignedDuration, Timestamp};
use portal::ProviderError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Account, AccountKind, Group, Object, PrincipalId, Store, objects};
use uuid::Uuid;

/// For how long the claims of a sign-in hold: as long as a session of the portal, and no longer.
const CLAIMS_HOLD: SignedDuration = SignedDuration::from_hours(8);
/// Below this name stand the object ids of people whom providers know.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c61_7a61_7265_5474_6f2d_7072_6f76_6964);
/// Names are shown in lists.
const LONGEST_NAME: usize = 80;

/// A person whom a provider knows, as they were at their last sign-in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ProvidedPerson {
    principal: Uuid,
    issuer: String,
    subject: String,
    /// The claims and values by which rules held.
    matched: Vec<(String, String)>,
    at: Timestamp,
}

impl Object for ProvidedPerson {
    const KIND: &'static str = "provided-person";

    /// Keys have no case, and subjects have one.
    fn key(&self) -> String {
        let parts = format!("{}\0{}", self.issuer, self.subject);
        Sha256::digest(parts).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn owner(&self) -> String {
        self.principal.to_string()
    }
}

/// Lets somebody in whom a provider has identified, if a rule does.
///
/// # Errors
/// When no rule lets them in, when the account is disabled or missing, or when the records fail.
pub(super) async fn admit(
    store: &dyn Store,
    settings: &ProviderSettings,
    identity: &ProvidedIdentity,
    now: Timestamp,
) -> Result<Principal, ProviderError> {
    let name = name(settings, identity);
    let held: Vec<&ClaimRule> =
        settings.rules.iter().filter(|rule| rule.holds(&identity.claims, settings.trusts_email)).collect();
    if held.is_empty() {
        return Err(ProviderError::NotAdmitted { title: settings.title().to_owned(), name });
    }
    let local = held.iter().find_map(|rule| match &rule.gives {
        Gift::Account(name) => Some(name),
        Gift::Entry | Gift::Group(_) | Gift::Role(..) => None,
    });
    let account = match local {
        Some(name) => store.account(name).await?.filter(|account| account.kind == AccountKind::User),
        None => {
            let subject = format!("{}\0{}", settings.issuer, identity.subject);
            let principal = Uuid::new_v5(&NAMESPACE, subject.as_bytes());
            let matched = held.iter().map(|rule| (rule.claim.clone(), rule.value.clone())).collect();
            let (issuer, subject) = (settings.issuer.clone(), identity.subject.clone());
            let person = ProvidedPerson { principal, issuer, subject, matched, at: now };
            let account =
                account(store, principal, &format!("{name}#{}", settings.name), identity, now).await?;
            objects::put(store, &person, now).await?;
            Some(account)
        }
    };
    let named = || local.cloned().unwrap_or(name.clone());
    let account =
        account.filter(|account| account.enabled).ok_or_else(|| ProviderError::Disabled(named()))?;
    tracing::info!(
        provider = settings.name,
        subject = identity.subject,
        account = account.name,
        "somebody signed in at a provider"
    );
    Ok(Principal { id: account.principal.0, name: account.name, kind: PrincipalKind::User })
}

/// The name of a person at the provider: what the configured claim says, else the subject. It is only shown.
fn name(settings: &ProviderSettings, identity: &ProvidedIdentity) -> String {
    let told = |claim: &str| identity.claims.get(claim).and_then(Value::as_str);
    let told = told(&settings.name_claim).or_else(|| told("email")).unwrap_or(&identity.subject);
    let is_plain = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+' | '\'');
    let name: String = told.chars().filter(is_plain).take(LONGEST_NAME).collect();
    if name.is_empty() { "somebody".to_owned() } else { name }
}

/// The account of a person, made when there is none. No account that is here already is ever taken for it, whatever it
/// is called.
async fn account(
    store: &dyn Store,
    principal: Uuid,
    name: &str,
    identity: &ProvidedIdentity,
    now: Timestamp,
) -> Result<Account, store::Error> {
    if let Some(account) = store.account_of(PrincipalId(principal)).await? {
        return Ok(account);
    }
    let taken = store.account(name).await?.is_some();
    let display_name = identity.claims.get("name").and_then(Value::as_str).unwrap_or_default();
    let account = Account {
        principal: PrincipalId(principal),
        name: if taken { format!("{name}-{}", principal.simple()) } else { name.to_owned() },
        // No password is right for an account without one.
        secret_hash: String::new(),
        kind: AccountKind::User,
        created_at: now,
        display_name: display_name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect(),
        enabled: true,
        generation: 0,
    };
    store.put_account(account).await
}

/// What rules give to people whom providers know.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProvidedRoles(Vec<(String, ClaimRule)>);

impl ProvidedRoles {
    pub(crate) fn new(settings: &[ProviderSettings]) -> Self {
        let of_one = |one: &ProviderSettings| {
            one.rules.clone().into_iter().map(|rule| (one.issuer.clone(), rule)).collect::<Vec<_>>()
        };
        Self(settings.iter().flat_map(of_one).collect())
    }

    /// What the last sign-in of a principal gives now: roles, and the groups whose roles it has.
    pub(crate) async fn of(
        &self,
        store: &dyn Store,
        principal: Uuid,
        now: Timestamp,
    ) -> Result<(Vec<Assignment>, Vec<Uuid>), store::Error> {
        let (mut roles, mut groups) = (Vec::new(), Vec::new());
        if self.0.is_empty() {
            return Ok((roles, groups));
        }
        for person in objects::all_of::<ProvidedPerson, _>(store, &principal.to_string()).await? {
            if now.duration_since(person.at).abs() >= CLAIMS_HOLD {
                continue;
            }
            for (issuer, rule) in &self.0 {
                let is_held = *issuer == person.issuer
                    && person
                        .matched
                        .iter()
                        .any(|(claim, value)| (claim, value) == (&rule.claim, &rule.value));
                match &rule.gives {
                    Gift::Role(role, scope) if is_held => {
                        roles.push(Assignment::new(principal, *role, scope.clone()));
                    }
                    Gift::Group(name) if is_held => groups.extend(group(store, name).await?),
                    Gift::Role(..) | Gift::Group(_) | Gift::Entry | Gift::Account(_) => {}
                }
            }
        }
        Ok((roles, groups))
    }
}

/// The groups of a name or an object id.
async fn group(store: &dyn Store, name: &str) -> Result<Vec<Uuid>, store::Error> {
    let all = objects::all::<Group, _>(store).await?;
    Ok(all
        .into_iter()
        .filter(|group| group.display_name == name || group.id.to_string() == name)
        .map(|group| group.id)
        .collect())
}

#[cfg(test)]
mod tests;
