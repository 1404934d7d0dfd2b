//! What a request speaks of in the face of findings: registries at a scope or below it, or a repository or an image in
//! one of them.

use crate::ArmState;
use crate::dispatch::Request;
use crate::error::ArmError;
use crate::registries;
use access::{Action, ResourceId};
use graph::Below;
use graph::documents::KnownRegistry;
use store::{ImageKey, ImageSummary};

/// What a request speaks of, as far as the caller may see it.
pub(crate) struct Reach {
    /// The registries.
    pub(crate) registries: Vec<KnownRegistry>,
    /// Which part of the one registry.
    pub(crate) below: Below,
    /// The image, if it is one.
    pub(crate) image: Option<ImageSummary>,
}

impl Reach {
    /// The registry of an image, if the caller may see it.
    pub(crate) fn of_image(&self, image: &ImageKey) -> Option<&KnownRegistry> {
        let is_meant = self.below.repository.as_ref().is_none_or(|name| *name == image.repository.name)
            && self.below.digest.as_ref().is_none_or(|digest| *digest == image.digest);
        let registry = image.repository.registry;
        self.registries.iter().find(|known| is_meant && known.registry.id == registry)
    }

    /// What a request speaks of, where the caller may perform the action. The right is asked for before anything else,
    /// so that the answer tells nobody else what there is.
    ///
    /// # Errors
    /// When the caller may perform the action nowhere there, or nothing stands there.
    pub(crate) async fn of(state: &ArmState, request: &Request, action: Action) -> Result<Self, ArmError> {
        let scope = &request.scope;
        if scope.segments().count() <= 8 {
            let registries = registries::within(state, &request.caller, scope, action).await?;
            return Ok(Self { registries, below: Below::default(), image: None });
        }
        request.caller.require(action, scope)?;
        let missing = || ArmError::ResourceNotFound(scope.to_string());
        let (own, below) = Below::of(scope).ok_or_else(missing)?;
        let known = registry(state, &own).await?.ok_or_else(missing)?;
        let image = match below.image(known.registry.id) {
            None => None,
            Some(image) => Some(state.store.summary(&image).await?.ok_or_else(missing)?),
        };
        Ok(Self { registries: vec![known], below, image })
    }
}

/// The registry of an id.
async fn registry(state: &ArmState, id: &ResourceId) -> Result<Option<KnownRegistry>, ArmError> {
    for subscription in registries::subscriptions(state, id).await? {
        for registry in state.store.registries(subscription.id).await? {
            let known = KnownRegistry::new(registry)?;
            if known.id == *id {
                return Ok(Some(known));
            }
        }
    }
    Ok(None)
}
