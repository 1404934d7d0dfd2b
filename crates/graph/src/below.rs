//! What lies in a registry, out of a resource id: a repository, or an image in it.

use access::ResourceId;
use oci::{Digest, RepositoryName};
use serde::{Deserialize, Serialize};
use store::{ImageKey, RegistryId, RepositoryKey};

/// A part of a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Below {
    /// Only this repository.
    pub repository: Option<RepositoryName>,
    /// Only this image of it.
    pub digest: Option<Digest>,
}

impl Below {
    /// Divides a resource id into that of the registry, or of what is above it, and the part of the registry. None if it
    /// names something that no registry has.
    pub fn of(scope: &ResourceId) -> Option<(ResourceId, Self)> {
        // /subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/registries/NAME, and what lies in the registry.
        let segments: Vec<&str> = scope.segments().collect();
        let (own, below) = segments.split_at(segments.len().min(8));
        let own = ResourceId::from_segments(own).ok()?;
        let (repository, digest) = match below {
            [] => return Some((own, Self::default())),
            [kind, name] if is(kind, "repositories") => (*name, None),
            [kind, name, images, digest] if is(kind, "repositories") && is(images, "images") => {
                (*name, Some(digest.to_ascii_lowercase().parse().ok()?))
            }
            _ => return None,
        };
        // Slashes of the name are colons in a resource id, which has no case.
        let repository = repository.to_ascii_lowercase().replace(':', "/").parse().ok()?;
        Some((own, Self { repository: Some(repository), digest }))
    }

    /// Whether it is the whole registry.
    pub fn is_whole(&self) -> bool {
        self.repository.is_none()
    }

    /// The image, if it is one.
    pub fn image(&self, registry: RegistryId) -> Option<ImageKey> {
        let repository = RepositoryKey { registry, name: self.repository.clone()? };
        Some(ImageKey { repository, digest: self.digest.clone()? })
    }
}

fn is(segment: &str, word: &str) -> bool {
    segment.eq_ignore_ascii_case(word)
}

/// Behind which image a list goes on, in a form that travels through a client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImagePlace {
    registry: i64,
    repository: RepositoryName,
    digest: Digest,
}

impl From<&ImageKey> for ImagePlace {
    fn from(image: &ImageKey) -> Self {
        let RepositoryKey { registry, name } = &image.repository;
        Self { registry: registry.0, repository: name.clone(), digest: image.digest.clone() }
    }
}

impl From<ImagePlace> for ImageKey {
    fn from(place: ImagePlace) -> Self {
        let repository = RepositoryKey { registry: RegistryId(place.registry), name: place.repository };
        Self { repository, digest: place.digest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_to_a_part_of_its_registry() {
        let registry = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/R";
        let digest = format!("sha256:{}", "a".repeat(64));
        let of = |below: &str| {
            let (own, part) = Below::of(&ResourceId::parse(&format!("{registry}{below}")).unwrap())?;
            assert_eq!(own.as_str(), registry);
            Some((part.repository.map(|name| name.to_string()), part.digest.map(|digest| digest.to_string())))
        };
        assert_eq!(of(""), Some((None, None)));
        assert_eq!(of("/repositories/Team:App"), Some((Some("team/app".into()), None)));
        let image = format!("/REPOSITORIES/app/images/{}", digest.to_uppercase());
        assert_eq!(of(&image), Some((Some("app".into()), Some(digest))));
        for wrong in ["/tags/latest", "/repositories/app/images/latest", "/repositories/app/tags/x"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        let above = ResourceId::parse("/subscriptions/s").unwrap();
        assert_eq!(Below::of(&above), Some((above.clone(), Below::default())));
    }
}
