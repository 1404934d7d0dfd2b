//! Who somebody is: the one place where passwords are compared.
//!
//! Argon2 takes some 20 ms by design, and clients with Basic authentication send the password with every request.
//! So what was right a moment ago is remembered for a minute, under a keyed hash that is worth nothing outside
//! this process, and never across a change of the password.

mod scoped;

use crate::providers::ProvidedRoles;
use access::password::{self, PasswordError, PasswordHash};
use access::token::{Certificate, verify_assertion};
use access::{
    Assignment, AttemptLimiter, AttemptPolicy, Condition, Principal, PrincipalKind, ResourceId, Role, RoleId,
    TooManyAttempts,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use store::{
    Account, AccountKind, Application, Credential, Membership, NamedAssignment, PrincipalId, Proof,
    RoleDefinition, Store, objects,
};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// How long a right password is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);
/// More than this is not remembered.
const REMEMBERED_MOST: usize = 10_000;
/// Each comparison takes 7 MiB and a core: more at a time than this would be a lever for a flood of sign-ins.
const COMPARISONS_AT_A_TIME: usize = 2;

/// Why somebody was not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name or password is wrong; which of the two is not told (attack D5).
    #[error("the user name or the password is wrong")]
    Wrong,
    /// Too many wrong ones before.
    #[error(transparent)]
    TooMany(#[from] TooManyAttempts),
    /// The records failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Compares passwords and remembers for a moment.
pub struct SignIn {
    store: Arc<dyn Store>,
    limiter: Mutex<AttemptLimiter>,
    remembered: Mutex<HashMap<[u8; 32], Timestamp>>,
    mask: [u8; 32],
    comparisons: Semaphore,
    provided: ProvidedRoles,
}

impl SignIn {
    /// Nobody is remembered yet. `mask` is random and stays in this process.
    pub fn new(store: Arc<dyn Store>, mask: [u8; 32]) -> Self {
        Self {
            store,
            limiter: Mutex::new(AttemptLimiter::new(AttemptPolicy::default())),
            remembered: Mutex::default(),
            mask,
            comparisons: Semaphore::new(COMPARISONS_AT_A_TIME),
            provided: ProvidedRoles::default(),
        }
    }

    /// The same, with what rules give to people whom providers know.
    #[must_use]
    pub(crate) fn with_provided(mut self, provided: ProvidedRoles) -> Self {
        self.provided = provided;
        self
    }

    /// The principal with this name and password.
    ///
    /// # Errors
    /// When name or password is wrong, after too many wrong ones, or when the records fail.
    pub async fn password(
        &self,
        name: &str,
        word: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Principal, SignInError> {
        // A disabled account is no account: nobody learns that it is there (attack D5).
        let account = self.store.account(name).await?.filter(|account| account.enabled);
        let key = self.memory_key(account.as_ref(), word);
        if let Some(account) = &account
            && self.is_remembered(&key, now)
        {
            return Ok(principal(account));
        }
        // Guessing is slowed down for the account and for the address, whichever failed more.
        let attempts = [format!("account {name}"), format!("address {address:?}")];
        for attempt in &attempts {
            self.limiter().check(attempt, now)?;
        }
        let right =
            self.compare(account.as_ref(), word).await || self.secret(account.as_ref(), word, now).await?;
        match account {
            Some(account) if right => {
                for attempt in &attempts {
                    self.limiter().succeeded(attempt);
                }
                if account.kind == AccountKind::User {
                    self.remember(key, now);
                }
                Ok(principal(&account))
            }
            Some(_) | None => {
                for attempt in &attempts {
                    self.limiter().failed(attempt, now);
                }
                tracing::warn!(?address, "a sign-in failed");
                crate::audit::record_failed_sign_in(&*self.store, name, address, now).await;
                Err(SignInError::Wrong)
            }
        }
    }

    /// Whether a word is one of the secrets of a program. They are compared by a fast hash, since they are random.
    async fn secret(
        &self,
        account: Option<&Account>,
        word: &str,
        now: Timestamp,
    ) -> Result<bool, store::Error> {
        let Some(account) = account.filter(|account| account.kind == AccountKind::Service) else {
            return Ok(false);
        };
        let given: String = Sha256::digest(word).iter().map(|byte| format!("{byte:02x}")).collect();
        let is_right = |credential: &Credential| match &credential.proof {
            Proof::Secret { sha256, .. } => bool::from(sha256.as_bytes().ct_eq(given.as_bytes())),
            Proof::Certificate { .. } => false,
        };
        Ok(self.credentials(account, now).await?.iter().any(is_right))
    }

    /// The credentials of a program that hold now: its own, and those of its application.
    async fn credentials(&self, account: &Account, now: Timestamp) -> Result<Vec<Credential>, store::Error> {
        let mut holders = vec![account.principal.to_string()];
        let applications = objects::all_of::<Application, _>(&*self.store, &account.name).await?;
        holders.extend(applications.iter().map(|application| application.id.to_string()));
        let mut all = Vec::new();
        for holder in holders {
            all.extend(objects::all_of::<Credential, _>(&*self.store, &holder).await?);
        }
        all.retain(|credential| credential.starts_at <= now && now < credential.ends_at);
        Ok(all)
    }

    /// The program that signed an assertion with the key of one of its certificates.
    ///
    /// # Errors
    /// When it proves nothing, after too many that did not, or when the records fail.
    pub async fn assertion(
        &self,
        program: &str,
        assertion: &str,
        audiences: &[&str],
        now: Timestamp,
    ) -> Result<Principal, SignInError> {
        let attempt = format!("assertion {program}");
        self.limiter().check(&attempt, now)?;
        let account = self.store.account(program).await?.filter(|account| account.enabled);
        if let Some(account) = account.filter(|account| account.kind == AccountKind::Service) {
            let credentials = self.credentials(&account, now).await?;
            let certificates: Vec<Certificate> = credentials.iter().filter_map(certificate).collect();
            match verify_assertion(assertion, program, audiences, &certificates, now) {
                Ok(()) => return Ok(principal(&account)),
                Err(error) => tracing::warn!(program, %error, "an assertion does not hold"),
            }
        }
        self.limiter().failed(&attempt, now);
        Err(SignInError::Wrong)
    }

    /// The principal of a session that began with this number; `None` if the session is over.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn session(&self, id: uuid::Uuid, generation: i64) -> Result<Option<Principal>, store::Error> {
        let account = self.account(id).await?.filter(|account| account.generation == generation);
        Ok(account.as_ref().map(principal))
    }

    /// The account of a principal that may sign in.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn account(&self, id: uuid::Uuid) -> Result<Option<Account>, store::Error> {
        Ok(self.store.account_of(PrincipalId(id)).await?.filter(|account| account.enabled))
    }

    /// The roles of a principal, at their scopes: its own, those of its groups, and those that a provider's claims give.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, store::Error> {
        let (mut assignments, mut holders) =
            self.provided.of(&*self.store, principal.id, Timestamp::now()).await?;
        let memberships = objects::all_of::<Membership, _>(&*self.store, &principal.id.to_string()).await?;
        holders.extend(memberships.iter().map(|membership| membership.group));
        holders.push(principal.id);
        for holder in holders {
            let stored = self.store.named_assignments(Some(PrincipalId(holder))).await?;
            assignments.extend(stored.iter().filter_map(|given| assignment(principal.id, given)));
        }
        for assignment in &mut assignments {
            if Role::find(assignment.role).is_none() {
                let key = assignment.role.0.to_string();
                let definition: Option<RoleDefinition> = objects::find(&*self.store, &key).await?;
                assignment.custom = definition.map(|definition| Arc::new(definition.role));
            }
        }
        Ok(assignments)
    }

    /// The number of the sessions of a principal that begin now.
    ///
    /// # Errors
    /// When the records fail.
    pub async fn generation(&self, principal: &Principal) -> Result<i64, store::Error> {
        let account = self.store.account_of(PrincipalId(principal.id)).await?;
        // A principal without an account has no session: no account ever has this number.
        Ok(account.map_or(-1, |account| account.generation))
    }

    /// Somebody whose secret is compared elsewhere, with the same patience as here: guessing is slowed down for what is
    /// guessed at, and for the address.
    ///
    /// # Errors
    /// When the secret is wrong, after too many wrong ones, or when the records fail.
    pub async fn limited(
        &self,
        what: &str,
        address: Option<IpAddr>,
        now: Timestamp,
        compared: impl Future<Output = Result<Option<Principal>, store::Error>>,
    ) -> Result<Principal, SignInError> {
        let attempts = [what.to_owned(), format!("address {address:?}")];
        for attempt in &attempts {
            self.limiter().check(attempt, now)?;
        }
        let found = compared.await?;
        for attempt in &attempts {
            match found {
                Some(_) => self.limiter().succeeded(attempt),
                None => self.limiter().failed(attempt, now),
            }
        }
        found.ok_or(SignInError::Wrong)
    }

    /// Whether another attempt may be made that is not by a password.
    ///
    /// # Errors
    /// When too many failed before.
    pub(crate) fn check_attempt(&self, attempt: &str, now: Timestamp) -> Result<(), TooManyAttempts> {
        self.limiter().check(attempt, now)
    }

    /// Counts an attempt that was not by a password.
    pub(crate) fn count_attempt(&self, attempt: &str, has_succeeded: bool, now: Timestamp) {
        match has_succeeded {
            true => self.limiter().succeeded(attempt),
            false => self.limiter().failed(attempt, now),
        }
    }

    /// The hash of a password that somebody chose.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub async fn hash(&self, word: &str, salt: [u8; 16]) -> Result<String, PasswordError> {
        // Only when the server stops is there no permit any more; then nobody waits for the answer.
        let _permit = self.comparisons.acquire().await.ok();
        let word = word.to_owned();
        let hashed = tokio::task::spawn_blocking(move || password::hash(&word, &salt)).await;
        hashed.unwrap_or(Err(PasswordError::Empty)).map(|hash| hash.as_str().to_owned())
    }

    async fn compare(&self, account: Option<&Account>, word: &str) -> bool {
        let Ok(_permit) = self.comparisons.acquire().await else { return false };
        let hash = account.map(|account| PasswordHash::from_stored(account.secret_hash.clone()));
        let word = word.to_owned();
        // An account that does not exist takes as long as one that does.
        let comparison = move || match hash {
            // A program has no password: somebody who asks for one waits as long as for a wrong one.
            Some(hash) if hash.as_str().is_empty() => password::verify_nobody(&word),
            Some(hash) => password::verify(&word, &hash),
            None => password::verify_nobody(&word),
        };
        tokio::task::spawn_blocking(comparison).await.unwrap_or(false)
    }

    fn memory_key(&self, account: Option<&Account>, word: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.mask);
        // The stored hash is part of the key, so that a changed password forgets the old one at once.
        hasher.update(account.map_or("", |account| account.secret_hash.as_str()));
        hasher.update([0]);
        hasher.update(word);
        hasher.finalize().into()
    }

    fn is_remembered(&self, key: &[u8; 32], now: Timestamp) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(key).is_some_and(|at| now.duration_since(*at).abs() < REMEMBERED)
    }

    fn remember(&self, key: [u8; 32], now: Timestamp) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MOST {
            remembered.retain(|_, at| now.duration_since(*at).abs() < REMEMBERED);
        }
        if remembered.len() < REMEMBERED_MOST {
            remembered.insert(key, now);
        }
    }

    fn limiter(&self) -> std::sync::MutexGuard<'_, AttemptLimiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was given to somebody, or to a group of theirs. A scope or a condition that cannot be read grants nothing.
fn assignment(principal: uuid::Uuid, given: &NamedAssignment) -> Option<Assignment> {
    let scope = ResourceId::parse(&given.assignment.scope).ok()?;
    let mut assignment = Assignment::new(principal, RoleId(given.assignment.role.0), scope);
    if let Some(condition) = &given.condition {
        assignment.condition = Some(Arc::new(condition.parse::<Condition>().ok()?));
    }
    Some(assignment)
}

/// The certificate of a credential, if it is one that can be read.
fn certificate(credential: &Credential) -> Option<Certificate> {
    let Proof::Certificate { der } = &credential.proof else { return None };
    Certificate::from_der(&STANDARD.decode(der).ok()?).ok()
}

fn principal(account: &Account) -> Principal {
    Principal {
        id: account.principal.0,
        name: account.name.clone(),
        kind: match account.kind {
            AccountKind::User => PrincipalKind::User,
            AccountKind::Service => PrincipalKind::ServicePrincipal,
        },
    }
}
