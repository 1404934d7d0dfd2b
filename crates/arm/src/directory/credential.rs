//! Secrets and certificates of applications and programs.
//!
//! A secret is made here and shown once. Of a certificate only the public half is ever sent.

use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use access::token::Certificate;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{Credential, Proof, objects};
use uuid::Uuid;

/// More than this nobody tells apart.
const MAXIMUM: usize = 16;
/// How long a secret holds that nobody limited: two years, as at Azure.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 730);

pub(super) async fn of(state: &ArmState, holder: Uuid) -> Result<Vec<Credential>, ArmError> {
    Ok(objects::all_of(&*state.store, &holder.to_string()).await?)
}

fn moment(value: &Value, otherwise: Timestamp) -> Result<Timestamp, ArmError> {
    let Some(text) = value.as_str() else { return Ok(otherwise) };
    text.parse().map_err(|_| ArmError::Invalid(format!("'{text}' is no moment; write 2026-01-31T00:00:00Z.")))
}

fn named(value: &Value) -> Option<String> {
    value.as_str().map(|name| name.chars().take(256).collect())
}

/// Makes a secret, and shows it.
pub(super) async fn add_password(
    state: &ArmState,
    holder: Uuid,
    request: &Request,
) -> Result<Value, ArmError> {
    let wanted = request.object()?["passwordCredential"].clone();
    let now = (state.clock)();
    if of(state, holder).await?.len() >= MAXIMUM {
        return Err(ArmError::Invalid(format!(
            "There are {MAXIMUM} secrets and certificates already; remove one first."
        )));
    }
    // Two random identifiers of version 4 are 244 random bits of the system.
    let random = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    // A letter first: command lines take a word that begins with a hyphen for an option.
    let secret = format!("L{}", URL_SAFE_NO_PAD.encode(random));
    let credential = Credential {
        key_id: Uuid::new_v4(),
        holder,
        proof: Proof::Secret {
            sha256: hexadecimal(&Sha256::digest(&secret)),
            hint: secret.chars().take(3).collect(),
        },
        display_name: named(&wanted["displayName"]),
        starts_at: moment(&wanted["startDateTime"], now)?,
        ends_at: moment(&wanted["endDateTime"], now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX))?,
    };
    objects::put(&*state.store, &credential, now).await?;
    tracing::info!(%holder, key = %credential.key_id, by = %request.subject, "a secret was made");
    let mut view = password_view(&credential);
    view["secretText"] = secret.into();
    Ok(view)
}

pub(super) async fn remove_password(
    state: &ArmState,
    holder: Uuid,
    request: &Request,
) -> Result<(), ArmError> {
    let key = request.object()?["keyId"].as_str().unwrap_or_default().to_owned();
    // The key must be one of this holder: that the caller may change, and not another.
    let is_own = of(state, holder).await?.iter().any(|credential| {
        credential.key_id.to_string().eq_ignore_ascii_case(&key)
            && matches!(credential.proof, Proof::Secret { .. })
    });
    if !is_own || !objects::delete::<Credential, _>(&*state.store, &key).await? {
        return Err(ArmError::Invalid("No password credential found with this keyId.".into()));
    }
    Ok(())
}

/// Makes the certificates of a holder those of a list. An entry without a key keeps the certificate of its name.
pub(super) async fn replace_certificates(
    state: &ArmState,
    holder: Uuid,
    wanted: &Value,
) -> Result<(), ArmError> {
    let Some(wanted) = wanted.as_array() else { return Ok(()) };
    if wanted.len() > MAXIMUM {
        return Err(ArmError::Invalid(format!("At most {MAXIMUM} certificates can be registered.")));
    }
    let present = of(state, holder).await?;
    let present: Vec<_> =
        present.into_iter().filter(|one| matches!(one.proof, Proof::Certificate { .. })).collect();
    let now = (state.clock)();
    let mut kept = Vec::new();
    for entry in wanted {
        let key_id: Uuid =
            entry["keyId"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(Uuid::new_v4);
        let known = present.iter().find(|one| one.key_id == key_id);
        let credential = match (entry["key"].as_str(), known) {
            (None, Some(known)) => known.clone(),
            (None, None) => {
                return Err(ArmError::Invalid("A new key credential needs its certificate in 'key'.".into()));
            }
            (Some(text), _) => certificate(holder, key_id, text, entry)?,
        };
        kept.push(credential);
    }
    for credential in &kept {
        // A name that belongs to somebody else's credential is none for this one.
        let holder_there = objects::find::<Credential, _>(&*state.store, &credential.key_id.to_string())
            .await?
            .map_or(holder, |there| there.holder);
        if holder_there != holder {
            return Err(ArmError::Invalid("This keyId is in use; leave it out to have one made.".into()));
        }
        objects::put(&*state.store, credential, now).await?;
    }
    for gone in present.iter().filter(|one| kept.iter().all(|kept| kept.key_id != one.key_id)) {
        objects::delete::<Credential, _>(&*state.store, &gone.key_id.to_string()).await?;
    }
    Ok(())
}

fn certificate(holder: Uuid, key_id: Uuid, text: &str, entry: &Value) -> Result<Credential, ArmError> {
    let wrong =
        |why: &dyn std::fmt::Display| ArmError::Invalid(format!("The certificate cannot be used: {why}."));
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let der = STANDARD.decode(&bare).map_err(|_| wrong(&"it is not in base64"))?;
    let read = Certificate::from_der(&der).map_err(|error| wrong(&error))?;
    Ok(Credential {
        key_id,
        holder,
        proof: Proof::Certificate { der: bare },
        display_name: named(&entry["displayName"]),
        starts_at: moment(&entry["startDateTime"], read.not_before)?,
        ends_at: moment(&entry["endDateTime"], read.not_after)?.min(read.not_after),
    })
}

/// Deletes all secrets and certificates of a holder that goes.
pub(super) async fn forget(state: &ArmState, holder: Uuid) -> Result<(), ArmError> {
    for credential in of(state, holder).await? {
        objects::delete::<Credential, _>(&*state.store, &credential.key_id.to_string()).await?;
    }
    Ok(())
}

/// The members `passwordCredentials` and `keyCredentials` of a holder.
pub(super) async fn add_to(view: &mut Value, state: &ArmState, holder: Uuid) -> Result<(), ArmError> {
    let all = of(state, holder).await?;
    let is_secret = |one: &&Credential| matches!(one.proof, Proof::Secret { .. });
    view["passwordCredentials"] = all.iter().filter(is_secret).map(password_view).collect();
    view["keyCredentials"] = all.iter().filter(|one| !is_secret(one)).map(certificate_view).collect();
    Ok(())
}

fn password_view(credential: &Credential) -> Value {
    let hint = match &credential.proof {
        Proof::Secret { hint, .. } => Some(hint.as_str()),
        Proof::Certificate { .. } => None,
    };
    json!({
        "customKeyIdentifier": null,
        "displayName": credential.display_name,
        "endDateTime": credential.ends_at.to_string(),
        "hint": hint,
        "keyId": credential.key_id.to_string(),
        "secretText": null,
        "startDateTime": credential.starts_at.to_string(),
    })
}

fn certificate_view(credential: &Credential) -> Value {
    json!({
        "customKeyIdentifier": null,
        "displayName": credential.display_name,
        "endDateTime": credential.ends_at.to_string(),
        "key": null,
        "keyId": credential.key_id.to_string(),
        "startDateTime": credential.starts_at.to_string(),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
