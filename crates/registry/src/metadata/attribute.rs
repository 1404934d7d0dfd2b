//! The change of attributes, as it comes in a PATCH.
//!
//! The body is a flat object of what shall change. A key that is not known is refused: a lock that was misspelt and
//! taken for no change would leave open what somebody believes to be closed.

use crate::Permission;
use crate::body;
use crate::error::RegistryError;
use crate::router::Admitted;
use axum::body::Body;
use oci::RepositoryName;
use serde::Deserialize;
use store::{AttributeChange, AttributeTarget, QuarantineState};

/// How large a change may be. What a scanner has to say of an image has some hundred bytes.
const MAXIMUM_BYTES: usize = 32 * 1024;

/// The keys of the wire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wish {
    delete_enabled: Option<bool>,
    write_enabled: Option<bool>,
    list_enabled: Option<bool>,
    read_enabled: Option<bool>,
    quarantine_state: Option<String>,
    quarantine_details: Option<String>,
}

/// Reads a change and makes it.
pub(super) async fn change(
    admitted: &Admitted<'_>,
    name: &RepositoryName,
    target: AttributeTarget,
    content: Body,
    unknown: RegistryError,
) -> Result<(), RegistryError> {
    let Admitted { state, site, caller, .. } = admitted;
    let bytes = body::read(content, state.limits.body_idle, MAXIMUM_BYTES).await?;
    let bytes = bytes.ok_or_else(|| RegistryError::AttributeChange("it is too large".to_owned()))?;
    let change = parse(&bytes)?;
    if change.concerns_quarantine() {
        if !matches!(target, AttributeTarget::Manifest(_)) {
            let why = "only a manifest has a quarantine".to_owned();
            return Err(RegistryError::AttributeChange(why));
        }
        // A right of its own: who may push must not be able to let the own image out of quarantine.
        let right = Permission::QuarantineWrite;
        if !state.authority.allowed(site, &caller.principal, right, Some(name)).await? {
            return Err(RegistryError::Denied);
        }
    }
    let key = admitted.key(name);
    match state.store.change_attributes(&key, &target, change, &caller.actor(), state.now()).await? {
        Some(_) => Ok(()),
        None => Err(super::absent(admitted, name, unknown).await?),
    }
}

fn parse(bytes: &[u8]) -> Result<AttributeChange, RegistryError> {
    let refused = RegistryError::AttributeChange;
    let wish: Wish = serde_json::from_slice(bytes).map_err(|error| refused(error.to_string()))?;
    let quarantine =
        match wish.quarantine_state {
            Some(word) => Some(QuarantineState::from_word(&word).ok_or_else(|| {
                refused("`quarantineState` must be Quarantined, Passed or Failed".to_owned())
            })?),
            None => None,
        };
    if let Some(details) = &wish.quarantine_details {
        serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(details).map_err(|_| {
            refused("`quarantineDetails` must be a JSON object, written as a string".to_owned())
        })?;
    }
    Ok(AttributeChange {
        delete: wish.delete_enabled,
        write: wish.write_enabled,
        list: wish.list_enabled,
        read: wish.read_enabled,
        quarantine,
        quarantine_details: wish.quarantine_details,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read() {
        let text = br#"{"writeEnabled": false, "readEnabled": null, "quarantineState": "Failed"}"#;
        let expected = AttributeChange {
            write: Some(false),
            quarantine: Some(QuarantineState::Failed),
            ..AttributeChange::default()
        };
        assert_eq!(parse(text).unwrap(), expected);
        assert_eq!(parse(b"{}").unwrap(), AttributeChange::default());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "",
            "[]",
            "null",
            "{",
            r#"{"writeEnabled": "false"}"#,
            r#"{"writeEnabled": 0}"#,
            r#"{"writenabled": false}"#,
            r#"{"writeEnabled": true, "writeEnabled": false}"#,
            r#"{"quarantineState": "passed"}"#,
            r#"{"quarantineDetails": {"state": "Scan Passed"}}"#,
            r#"{"quarantineDetails": "Scan Passed"}"#,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
