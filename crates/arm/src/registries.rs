//! The registries that a request speaks of, as far as the caller may see them.

use crate::ArmState;
use crate::caller::Caller;
use crate::error::ArmError;
use access::{Action, ResourceId};
use graph::documents::KnownRegistry;
use store::{ResourceGroup, Subscription, Tags, objects};

/// All registries at a scope or below it in which the caller may perform the action.
///
/// # Errors
/// When there is no such scope, or when the caller may perform the action neither there nor at anything below.
pub(crate) async fn within(
    state: &ArmState,
    caller: &Caller,
    scope: &ResourceId,
    action: Action,
) -> Result<Vec<KnownRegistry>, ArmError> {
    let mut found = Vec::new();
    for subscription in subscriptions(state, scope).await? {
        for registry in state.store.registries(subscription.id).await? {
            let known = KnownRegistry::new(registry)?;
            if known.id.is_within(scope) && caller.may(action, &known.id) {
                found.push(known);
            }
        }
    }
    if found.is_empty() {
        caller.require(action, scope)?;
        require_existing(state, scope).await?;
    }
    Ok(found)
}

/// The subscriptions at a scope or below it; for a deeper scope, the one that it lies in.
pub(crate) async fn subscriptions(
    state: &ArmState,
    scope: &ResourceId,
) -> Result<Vec<Subscription>, ArmError> {
    let mut all = state.store.subscriptions().await?;
    if let Some(wanted) = scope.subscription() {
        all.retain(|subscription| subscription.id.to_string().eq_ignore_ascii_case(wanted));
    }
    Ok(all)
}

/// The subscription that a scope lies in.
///
/// # Errors
/// When there is none.
pub(crate) async fn subscription(state: &ArmState, scope: &ResourceId) -> Result<Subscription, ArmError> {
    let name = scope.subscription().unwrap_or_default().to_owned();
    let found = subscriptions(state, scope).await?.into_iter().next();
    found.filter(|_| !name.is_empty()).ok_or(ArmError::SubscriptionNotFound(name))
}

/// The resource groups of a subscription, each once in any spelling: those that somebody created, and those that
/// registries stand in.
pub(crate) async fn resource_groups(
    state: &ArmState,
    subscription: &Subscription,
) -> Result<Vec<ResourceGroup>, ArmError> {
    let mut groups: Vec<ResourceGroup> = objects::all_of(&*state.store, &subscription.id.to_string()).await?;
    for registry in state.store.registries(subscription.id).await? {
        if !groups.iter().any(|group| group.name.eq_ignore_ascii_case(&registry.resource_group)) {
            groups.push(ResourceGroup {
                subscription: subscription.id,
                name: registry.resource_group,
                location: registry.location,
                tags: Tags::new(),
            });
        }
    }
    Ok(groups)
}

/// A resource group of a subscription.
///
/// # Errors
/// When there is none of that name.
pub(crate) async fn resource_group(
    state: &ArmState,
    subscription: &Subscription,
    name: &str,
) -> Result<ResourceGroup, ArmError> {
    let groups = resource_groups(state, subscription).await?;
    groups
        .into_iter()
        .find(|group| group.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| ArmError::ResourceGroupNotFound(name.to_owned()))
}

/// # Errors
/// When nothing stands at the scope, but for what is pushed: a repository and an image may come later. Only asked on
/// behalf of those who may know.
pub(crate) async fn require_scope(state: &ArmState, scope: &ResourceId) -> Result<(), ArmError> {
    let segments: Vec<&str> = scope.segments().collect();
    // /subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/registries/NAME, and what lies in the registry.
    if segments.len() <= 4 {
        return require_existing(state, scope).await;
    }
    let is_pushed = match segments.get(8..).unwrap_or_default() {
        [] => true,
        ["repositories", _] => true,
        ["repositories", _, "images", digest] => graph::rulebook::is_digest(digest),
        _ => false,
    };
    let registry = ResourceId::from_segments(segments.get(..8).unwrap_or_default())?;
    for subscription in subscriptions(state, scope).await? {
        for known in state.store.registries(subscription.id).await? {
            if is_pushed && KnownRegistry::new(known)?.id == registry {
                return Ok(());
            }
        }
    }
    Err(ArmError::ResourceNotFound(scope.to_string()))
}

/// # Errors
/// When nothing stands at the scope. Only asked on behalf of those who may know.
async fn require_existing(state: &ArmState, scope: &ResourceId) -> Result<(), ArmError> {
    if scope.subscription().is_none() {
        return Ok(());
    }
    let subscription = subscription(state, scope).await?;
    let Some(group) = scope.resource_group() else { return Ok(()) };
    resource_group(state, &subscription, group).await?;
    match scope.segments().count() {
        // A group without a registry of its own.
        4 => Ok(()),
        _ => Err(ArmError::ResourceNotFound(scope.to_string())),
    }
}
