//! A path that names an image: `team/app:1.0`, `team/app@sha256:…`, and what may follow it.

use super::error::ApiError;
use oci::{Digest, RepositoryName, Tag};
use store::{ImageKey, Manifests, RegistryId, RepositoryKey, Store};

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

impl Named<'_> {
    /// The image, if the registry has it.
    pub(super) async fn find(&self, store: &dyn Store, registry: RegistryId) -> Result<ImageKey, ApiError> {
        let name: RepositoryName = self.repository.parse().map_err(|error| invalid(&error))?;
        let repository = RepositoryKey { registry, name };
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
