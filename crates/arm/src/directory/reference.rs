//! References to objects of the directory, as bodies name them: `{"@odata.id": ".../directoryObjects/ID"}`.

use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use serde_json::Value;
use store::{Group, PrincipalId, objects};
use uuid::Uuid;

/// The object that the body refers to. Only its last segment counts: there is one directory here.
pub(super) fn in_body(request: &Request) -> Result<Uuid, ArmError> {
    let body = request.object()?;
    let text = body["@odata.id"].as_str().unwrap_or_default();
    text.rsplit('/').next().and_then(|id| id.parse().ok()).ok_or_else(|| {
        ArmError::Invalid("The body must be {\"@odata.id\": \"URL/directoryObjects/ID\"}.".into())
    })
}

/// The principals of a list, as they are shown; what is gone is left out.
pub(super) async fn views(state: &ArmState, ids: &[Uuid]) -> Result<Vec<Value>, ArmError> {
    let mut value = Vec::new();
    for id in ids {
        value.extend(view(state, *id).await?);
    }
    Ok(value)
}

/// A person, program or group, as it is shown.
pub(super) async fn view(state: &ArmState, id: Uuid) -> Result<Option<Value>, ArmError> {
    if let Some(account) = state.store.account_of(PrincipalId(id)).await? {
        return super::object::account_view(state, &account).await.map(Some);
    }
    let group = objects::find::<Group, _>(&*state.store, &id.to_string()).await?;
    Ok(group.as_ref().map(super::group::view))
}

/// What kind of principal an object id is, in the words of role assignments; `None` if there is no such principal.
pub(crate) async fn principal_kind(state: &ArmState, id: Uuid) -> Result<Option<&'static str>, ArmError> {
    if let Some(account) = state.store.account_of(PrincipalId(id)).await? {
        return Ok(Some(match account.kind {
            store::AccountKind::User => "User",
            store::AccountKind::Service => "ServicePrincipal",
        }));
    }
    let group = objects::find::<Group, _>(&*state.store, &id.to_string()).await?;
    Ok(group.map(|_| "Group"))
}

/// The owners after one was added or taken away.
///
/// # Errors
/// When it would be the last one that goes.
pub(super) fn without(owners: &[Uuid], gone: Uuid) -> Result<Vec<Uuid>, ArmError> {
    let left: Vec<Uuid> = owners.iter().copied().filter(|owner| *owner != gone).collect();
    if left.is_empty() {
        return Err(ArmError::Invalid("The last owner cannot be removed; add another one first.".into()));
    }
    Ok(left)
}
