//! Which endpoint a path means: of the distribution API, or of the metadata API beside it.
//!
//! Repository names hold slashes and may hold components such as `blobs`, so that a path is read from its end: the last
//! two or three segments say what is meant, and everything before them is the name.
//! Each segment is percent-decoded once, after the path was split. Azure's own library writes the whole name as one
//! segment, `a%2Fb`: a slash in a decoded segment parts components of a name, and never anything else. What is decoded
//! has to match the grammar of names (attack C9), and rights are asked for by that name alone. No name ever becomes a
//! file path.

use crate::error::RegistryError;
use oci::{Digest, Reference, RepositoryName, Tag};
use std::borrow::Cow;
use store::UploadId;

/// An endpoint with what its path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Base,
    Catalog,
    Tags(RepositoryName),
    Manifest(RepositoryName, Reference),
    Blob(RepositoryName, Digest),
    Uploads(RepositoryName),
    Upload(RepositoryName, UploadId),
    Referrers(RepositoryName, Digest),
    MetadataCatalog,
    MetadataRepository(RepositoryName),
    MetadataTags(RepositoryName),
    MetadataTag(RepositoryName, Tag),
    MetadataManifests(RepositoryName),
    MetadataManifest(RepositoryName, Digest),
    DeletedCatalog,
    DeletedManifests(RepositoryName),
    DeletedTags(RepositoryName),
    DeletedManifest(RepositoryName, Digest),
}

/// An endpoint without what its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointKind {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/NAME/tags/list`
    Tags,
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest,
    /// `/v2/NAME/blobs/DIGEST`
    Blob,
    /// `/v2/NAME/blobs/uploads/`
    Uploads,
    /// `/v2/NAME/blobs/uploads/UPLOAD`
    Upload,
    /// `/v2/NAME/referrers/DIGEST`
    Referrers,
    /// `/acr/v1/_catalog`
    MetadataCatalog,
    /// `/acr/v1/NAME`
    MetadataRepository,
    /// `/acr/v1/NAME/_tags`
    MetadataTags,
    /// `/acr/v1/NAME/_tags/TAG`
    MetadataTag,
    /// `/acr/v1/NAME/_manifests`
    MetadataManifests,
    /// `/acr/v1/NAME/_manifests/DIGEST`
    MetadataManifest,
    /// `/acr/v1/_deleted/_catalog`
    DeletedCatalog,
    /// `/acr/v1/_deleted/NAME/_manifests`
    DeletedManifests,
    /// `/acr/v1/_deleted/NAME/_tags`
    DeletedTags,
    /// `/acr/v1/_deleted/NAME/_manifests/DIGEST`
    DeletedManifest,
}

impl Endpoint {
    /// Reads the path of a request.
    pub(crate) fn parse(path: &str) -> Result<Self, RegistryError> {
        if let Some(rest) = path.strip_prefix("/acr/v1/") {
            return Self::parse_metadata(rest);
        }
        let rest = path.strip_prefix("/v2").ok_or(RegistryError::NoSuchEndpoint)?;
        let Some(rest) = rest.strip_prefix('/') else {
            return if rest.is_empty() { Ok(Self::Base) } else { Err(RegistryError::NoSuchEndpoint) };
        };
        let segments = rest.split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        match segments.as_slice() {
            [""] => Ok(Self::Base),
            ["_catalog"] => Ok(Self::Catalog),
            [name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads(repository(name)?))
            }
            [name @ .., "blobs", "uploads", upload] => {
                let name = repository(name)?;
                let upload = upload.parse().map_err(|_| RegistryError::UploadUnknown)?;
                Ok(Self::Upload(name, upload))
            }
            [name @ .., "manifests", reference] => Ok(Self::Manifest(repository(name)?, reference.parse()?)),
            [name @ .., "blobs", digest] => Ok(Self::Blob(repository(name)?, digest.parse()?)),
            [name @ .., "referrers", digest] => Ok(Self::Referrers(repository(name)?, digest.parse()?)),
            _ => Err(RegistryError::NoSuchEndpoint),
        }
    }

    /// Reads what follows `/acr/v1/`. No component of a name begins with `_`, so that nothing here has two meanings.
    fn parse_metadata(rest: &str) -> Result<Self, RegistryError> {
        let segments = rest.split('/').map(decode).collect::<Result<Vec<_>, _>>()?;
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        match segments.as_slice() {
            ["_catalog"] => Ok(Self::MetadataCatalog),
            ["_deleted", "_catalog"] => Ok(Self::DeletedCatalog),
            ["_deleted", name @ .., "_manifests"] => Ok(Self::DeletedManifests(repository(name)?)),
            ["_deleted", name @ .., "_tags"] => Ok(Self::DeletedTags(repository(name)?)),
            ["_deleted", name @ .., "_manifests", digest] => {
                Ok(Self::DeletedManifest(repository(name)?, digest.parse()?))
            }
            [name @ .., "_tags", ""] => Ok(Self::MetadataTags(repository(name)?)),
            [name @ .., "_manifests", ""] => Ok(Self::MetadataManifests(repository(name)?)),
            // Before the lists: a tag may be called `_tags`.
            [name @ .., "_tags", tag] => Ok(Self::MetadataTag(repository(name)?, tag.parse()?)),
            [name @ .., "_manifests", digest] => {
                Ok(Self::MetadataManifest(repository(name)?, digest.parse()?))
            }
            [name @ .., "_tags"] => Ok(Self::MetadataTags(repository(name)?)),
            [name @ .., "_manifests"] => Ok(Self::MetadataManifests(repository(name)?)),
            name => Ok(Self::MetadataRepository(repository(name)?)),
        }
    }

    pub(crate) fn kind(&self) -> EndpointKind {
        match self {
            Self::Base => EndpointKind::Base,
            Self::Catalog => EndpointKind::Catalog,
            Self::Tags(_) => EndpointKind::Tags,
            Self::Manifest(..) => EndpointKind::Manifest,
            Self::Blob(..) => EndpointKind::Blob,
            Self::Uploads(_) => EndpointKind::Uploads,
            Self::Upload(..) => EndpointKind::Upload,
            Self::Referrers(..) => EndpointKind::Referrers,
            Self::MetadataCatalog => EndpointKind::MetadataCatalog,
            Self::MetadataRepository(_) => EndpointKind::MetadataRepository,
            Self::MetadataTags(_) => EndpointKind::MetadataTags,
            Self::MetadataTag(..) => EndpointKind::MetadataTag,
            Self::MetadataManifests(_) => EndpointKind::MetadataManifests,
            Self::MetadataManifest(..) => EndpointKind::MetadataManifest,
            Self::DeletedCatalog => EndpointKind::DeletedCatalog,
            Self::DeletedManifests(_) => EndpointKind::DeletedManifests,
            Self::DeletedTags(_) => EndpointKind::DeletedTags,
            Self::DeletedManifest(..) => EndpointKind::DeletedManifest,
        }
    }

    /// The repository, where the path names one.
    pub(crate) fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base | Self::Catalog | Self::MetadataCatalog | Self::DeletedCatalog => None,
            Self::Tags(name)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Referrers(name, _)
            | Self::MetadataRepository(name)
            | Self::MetadataTags(name)
            | Self::MetadataTag(name, _)
            | Self::MetadataManifests(name)
            | Self::MetadataManifest(name, _)
            | Self::DeletedManifests(name)
            | Self::DeletedTags(name)
            | Self::DeletedManifest(name, _) => Some(name),
        }
    }
}

fn repository(segments: &[&str]) -> Result<RepositoryName, RegistryError> {
    Ok(segments.join("/").parse()?)
}

/// Decodes the percent signs of one segment, once.
fn decode(segment: &str) -> Result<Cow<'_, str>, RegistryError> {
    if !segment.contains('%') {
        return Ok(Cow::Borrowed(segment));
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit =
            |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(RegistryError::Encoding);
        };
        decoded.push(high << 4 | low);
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| RegistryError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn shape(path: &str) -> String {
        match Endpoint::parse(path) {
            Ok(endpoint) => {
                let name = endpoint.repository().map(RepositoryName::as_str).unwrap_or_default();
                format!("{:?} {name}", endpoint.kind())
            }
            Err(error) => format!("{:?}", error.code()),
        }
    }

    #[test]
    fn paths_are_read_from_their_end() {
        let upload = "0123456789abcdef0123456789abcdef";
        for (path, expected) in [
            ("/v2", "Base "),
            ("/v2/", "Base "),
            ("/v2/_catalog", "Catalog "),
            ("/v2/a/tags/list", "Tags a"),
            ("/v2/a/b/c/tags/list", "Tags a/b/c"),
            ("/v2/a/manifests/latest", "Manifest a"),
            ("/v2/a/manifests/tags/list", "Tags a/manifests"),
            ("/v2/a/tags/manifests/list", "Manifest a/tags"),
            ("/v2/a/blobs/uploads/", "Uploads a"),
            ("/v2/a/blobs/uploads", "Uploads a"),
            ("/v2/a/blobs/uploads/manifests/latest", "Manifest a/blobs/uploads"),
            ("/v2/blobs/uploads/blobs/uploads/", "Uploads blobs/uploads"),
            (&format!("/v2/a/blobs/{DIGEST}"), "Blob a"),
            (&format!("/v2/a/blobs/b/blobs/{DIGEST}"), "Blob a/blobs/b"),
            (&format!("/v2/a/blobs/uploads/{upload}"), "Upload a"),
            (&format!("/v2/a/referrers/{DIGEST}"), "Referrers a"),
            (&format!("/v2/a/blobs/{}", DIGEST.replace(':', "%3A")), "Blob a"),
            (&format!("/v2/a/manifests/{}", DIGEST.replace(':', "%3a")), "Manifest a"),
            ("/v2/a%2fb%2Fc/tags/list", "Tags a/b/c"),
            ("/v2/a%2Fblobs%2Fuploads/tags/list", "Tags a/blobs/uploads"),
        ] {
            assert_eq!(shape(path), expected, "{path}");
        }
    }

    #[test]
    fn metadata_paths_have_one_meaning() {
        for (path, expected) in [
            ("/acr/v1/_catalog", "MetadataCatalog "),
            ("/acr/v1/a", "MetadataRepository a"),
            ("/acr/v1/a/b/c", "MetadataRepository a/b/c"),
            ("/acr/v1/a/tags/list", "MetadataRepository a/tags/list"),
            ("/acr/v1/a/b/_tags", "MetadataTags a/b"),
            ("/acr/v1/a/_tags/", "MetadataTags a"),
            ("/acr/v1/a/_tags/_tags", "MetadataTag a"),
            ("/acr/v1/a/_tags/_manifests", "MetadataTag a"),
            ("/acr/v1/a/_manifests", "MetadataManifests a"),
            (&format!("/acr/v1/a/b/_manifests/{}", DIGEST.replace(':', "%3A")), "MetadataManifest a/b"),
            ("/acr/v1/a/_manifests/latest", "DigestInvalid"),
            ("/acr/v1/", "NameInvalid"),
            ("/acr/v1/_tags", "NameInvalid"),
            ("/acr/v1/_deleted/_catalog", "DeletedCatalog "),
            ("/acr/v1/_deleted/a/b/_manifests", "DeletedManifests a/b"),
            ("/acr/v1/_deleted/a/b/_tags", "DeletedTags a/b"),
            (&format!("/acr/v1/_deleted/a/_manifests/{DIGEST}"), "DeletedManifest a"),
            ("/acr/v1/_deleted/a", "NameInvalid"),
            ("/acr/v1/_deleted/_manifests", "NameInvalid"),
            ("/acr/v1/a%2Fb", "MetadataRepository a/b"),
            ("/acr/v1/a%2Fb/_tags/x", "MetadataTag a/b"),
            ("/acr/v1/a%2F_tags", "NameInvalid"),
            ("/acr/v1/a/_tags/x%2Fy", "TagInvalid"),
            ("/acr/v1/a/../b", "NameInvalid"),
            ("/acr/v1/a//b", "NameInvalid"),
            ("/acr/v1/A/_tags", "NameInvalid"),
            ("/acr/v1", "Unsupported"),
            ("/acr/v2/a", "Unsupported"),
        ] {
            assert_eq!(shape(path), expected, "{path}");
        }
    }

    #[test]
    fn tricks_with_names_are_refused() {
        for (path, expected) in [
            ("/v2/../etc/manifests/latest", "NameInvalid"),
            ("/v2/a/../b/tags/list", "NameInvalid"),
            ("/v2/a/%2e%2e/b/tags/list", "NameInvalid"),
            ("/v2/a//b/tags/list", "NameInvalid"),
            ("/v2//tags/list", "NameInvalid"),
            ("/v2/tags/list", "NameInvalid"),
            ("/v2/manifests/latest", "NameInvalid"),
            ("/v2/A/tags/list", "NameInvalid"),
            ("/v2/a%2F..%2Fb/tags/list", "NameInvalid"),
            ("/v2/%2Fa/tags/list", "NameInvalid"),
            ("/v2/a%2F/tags/list", "NameInvalid"),
            ("/v2/a%2Ftags%2Flist", "Unsupported"),
            ("/v2/a/blobs%2Fuploads/", "Unsupported"),
            ("/v2/a/manifests/b%2Fc", "TagInvalid"),
            ("/v2/a%252Fb/tags/list", "NameInvalid"),
            ("/v2/a%/tags/list", "NameInvalid"),
            ("/v2/a%zz/tags/list", "NameInvalid"),
            ("/v2/a%ff/tags/list", "NameInvalid"),
            ("/v2/a%00/tags/list", "NameInvalid"),
            ("/v2/%C3%A4/tags/list", "NameInvalid"),
            ("/v2/_catalog/tags/list", "NameInvalid"),
            ("/v2/a/manifests/..", "TagInvalid"),
            ("/v2/a/manifests/.hidden", "TagInvalid"),
            ("/v2/a/manifests/sha256:abc", "DigestInvalid"),
            ("/v2/a/blobs/latest", "DigestInvalid"),
            ("/v2/a/referrers/latest", "DigestInvalid"),
            ("/v2/a/blobs/uploads/..", "BlobUploadUnknown"),
            ("/v2/a/blobs/uploads/1", "BlobUploadUnknown"),
            ("/v2/a", "Unsupported"),
            ("/v2/a/b", "Unsupported"),
            ("/v2x", "Unsupported"),
            ("/v2/_catalog/", "Unsupported"),
        ] {
            assert_eq!(shape(path), expected, "{path}");
        }
        let long = format!("/v2/{}/tags/list", "a".repeat(256));
        assert_eq!(shape(&long), "NameInvalid");
    }
}
