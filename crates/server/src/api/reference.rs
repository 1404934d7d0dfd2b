//! A path that names an image: `team/app:1.0`, `team/app@sha256:…`, and what may follow it.

use super::error::ApiError;
use super::{ApiState, Caller};
use access::Action;
use oci::{Digest, RepositoryName, Tag};
use store::{ImageKey, Manifests, Registry, RegistryId, RepositoryKey, Store};

/// An image by name, and what is wanted of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    repository: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
    /// What follows the image: `findings`, `packages`, `wait`, or nothing.
    pub(super) part: Option<&'a str>,
}

/// Divides a path. A tag and a digest hold no slash, so that the first one behind either ends the image.
pub(super) fn parse(path: &str) -> Result<Named<'_>, ApiError> {
    let invalid =
        || ApiError::Invalid(format!("`{path}` names no image; write REPOSITORY:TAG or REPOSITORY@DIGEST"));
    let mark = path.find(['@', ':']).ok_or_else(invalid)?;
    let (repository, rest) = path.split_at(mark);
    let (name, part) = match rest.split_once('/') {
        Some((name, part)) => (name, Some(part)),
        None => (rest, None),
    };
    let (tag, digest) = match name.split_once('@') {
        Some((tag, digest)) => (tag.strip_prefix(':'), Some(digest)),
        None => (name.strip_prefix(':'), None),
    };
    Ok(Named { repository, tag, digest, part })
}

/// Where names of repositories lead: to the registry that was asked, and through their first part to those that are
/// attached to it, as far as the caller may go there.
pub(super) struct Ground {
    own: RegistryId,
    attached: Vec<Registry>,
}

impl Ground {
    /// The registries in which the caller may do this.
    ///
    /// # Errors
    /// When there is none of ours, or the records fail.
    pub(super) async fn of(caller: &Caller, state: &ApiState, action: Action) -> Result<Self, ApiError> {
        let own = caller.default_registry(state, action).await?;
        let mut attached = caller.registries(state, action).await?;
        attached.retain(|registry| registry.attached_to == Some(own));
        Ok(Self { own, attached })
    }

    /// The registry that was asked alone: what is elsewhere cannot be pulled, and nothing can be stored beside it.
    pub(super) fn own(own: RegistryId) -> Self {
        Self { own, attached: Vec::new() }
    }

    /// All of them.
    pub(super) fn registries(&self) -> Vec<RegistryId> {
        let mut all = vec![self.own];
        all.extend(self.attached.iter().map(|registry| registry.id));
        all
    }

    /// The name of an attached registry; none for the one that was asked.
    pub(super) fn name_of(&self, id: RegistryId) -> Option<&str> {
        self.attached.iter().find(|registry| registry.id == id).map(|registry| &*registry.name)
    }

    /// A registry by what [`Self::name_of`] says.
    pub(super) fn registry(&self, name: Option<&str>) -> Option<RegistryId> {
        let Some(name) = name else { return Some(self.own) };
        self.attached.iter().find(|registry| registry.name.eq_ignore_ascii_case(name)).map(|found| found.id)
    }

    /// The repository of a name. A repository of ours goes before one that is attached.
    ///
    /// # Errors
    /// When the name is none, or the records fail.
    pub(super) async fn repository(&self, store: &dyn Store, name: &str) -> Result<RepositoryKey, ApiError> {
        let own = RepositoryKey { registry: self.own, name: name.parse().map_err(|error| invalid(&error))? };
        let Some((first, rest)) = name.split_once('/') else { return Ok(own) };
        let Some(registry) = self.registry(Some(first)) else { return Ok(own) };
        if store.repository_exists(&own).await? {
            return Ok(own);
        }
        let name: RepositoryName = rest.parse().map_err(|error| invalid(&error))?;
        Ok(RepositoryKey { registry, name })
    }
}

impl Named<'_> {
    /// The image, if it is known.
    pub(super) async fn find(&self, store: &dyn Store, ground: &Ground) -> Result<ImageKey, ApiError> {
        let repository = ground.repository(store, self.repository).await?;
        let digest = match (self.digest, self.tag) {
            (Some(digest), _) => digest.parse::<Digest>().map_err(|error| invalid(&error))?,
            (None, Some(tag)) => {
                let tag: Tag = tag.parse().map_err(|error| invalid(&error))?;
                let resolved = store.resolve_tag(&repository, &tag).await?;
                resolved.ok_or_else(|| ApiError::NotFound(format!("image {}:{tag}", repository.name)))?
            }
            (None, None) => return Err(ApiError::Invalid("a tag or a digest is missing".into())),
        };
        if Manifests::manifest(store, &repository, &digest).await?.is_none() {
            return Err(ApiError::NotFound(format!("image {}@{digest}", repository.name)));
        }
        Ok(ImageKey { repository, digest })
    }
}

fn invalid(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::Invalid(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> (String, Option<String>, Option<String>, Option<String>) {
        let named = parse(path).unwrap();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        (named.repository.to_owned(), owned(named.tag), owned(named.digest), owned(named.part))
    }

    #[test]
    fn a_path_divides_at_the_first_mark() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("team/app:1.0"), ("team/app".into(), some("1.0"), None, None));
        assert_eq!(
            parts("team/app@sha256:ab/findings"),
            ("team/app".into(), None, some("sha256:ab"), some("findings"))
        );
        assert_eq!(parts("app:1@sha256:ab/wait"), ("app".into(), some("1"), some("sha256:ab"), some("wait")));
        assert!(parse("team/app").is_err());
    }
}
