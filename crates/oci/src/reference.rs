//! References: what stands after a repository name in the API, and whole image references as people type them.
//!
//! A [`Reference`] is a tag or a digest, told apart by the colon, which no tag may hold.
//! An [`ImageReference`] is `[host[:port]/]name[:tag][@digest]`. It adds no default host and no `library/`: those are
//! habits of one registry, and a private registry must not send anybody there by accident.

use crate::{Digest, DigestError, NameError, RepositoryName, Tag, TagError};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a string is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It has a colon, and is not a digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// It has none, and is not a tag.
    #[error(transparent)]
    Tag(#[from] TagError),
}

/// A tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Reference {
    /// By tag, which may point elsewhere tomorrow.
    Tag(Tag),
    /// By digest, for ever the same content.
    Digest(Digest),
}

impl Reference {
    /// The reference as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.contains(':') { Ok(Self::Digest(text.parse()?)) } else { Ok(Self::Tag(text.parse()?)) }
    }
}

impl TryFrom<String> for Reference {
    type Error = ReferenceError;

    fn try_from(text: String) -> Result<Self, ReferenceError> {
        text.parse()
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.as_str().to_owned()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a string is not an image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageReferenceError {
    /// The part before the first slash looks like a host and is none.
    #[error("the registry's host is not `name`, `name:port` or `[address]:port`")]
    Host,
    /// The repository.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The tag.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// The digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

/// An image as it is typed: `[host[:port]/]name[:tag][@digest]`.
///
/// # Examples
///
/// ```
/// let image: oci::ImageReference = "localhost:5000/team/app:1.2".parse().unwrap();
/// assert_eq!(image.host(), Some("localhost:5000"));
/// assert_eq!(image.repository().as_str(), "team/app");
/// assert_eq!(image.tag().unwrap().as_str(), "1.2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageReference {
    host: Option<String>,
    repository: RepositoryName,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl ImageReference {
    /// The host with its port, where one was given.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The repository.
    pub fn repository(&self) -> &RepositoryName {
        &self.repository
    }

    /// The tag, where one was given.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, where one was given.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What to ask the registry for: the digest where there is one, since it is the stronger word, else the tag.
    pub fn reference(&self) -> Option<Reference> {
        let by_digest = self.digest.clone().map(Reference::Digest);
        by_digest.or_else(|| self.tag.clone().map(Reference::Tag))
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        let (text, digest) = match text.split_once('@') {
            Some((before, digest)) => (before, Some(digest.parse()?)),
            None => (text, None),
        };
        let (host, rest) = match text.split_once('/') {
            Some((first, rest)) if looks_like_host(first) => (Some(first), rest),
            Some(_) | None => (None, text),
        };
        if host.is_some_and(|host| !is_host(host)) {
            return Err(ImageReferenceError::Host);
        }
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) => (name, Some(tag.parse()?)),
            None => (rest, None),
        };
        Ok(Self { host: host.map(str::to_owned), repository: name.parse()?, tag, digest })
    }
}

/// Whether the first component is meant as a host, by the rule that all clients share: a dot, a colon, or `localhost`.
fn looks_like_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':'])
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        // A colon inside of brackets belongs to the address.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        Some(_) | None => (text, None),
    };
    let port_is_legal = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let name_is_legal = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.len() <= 253 && name.split('.').all(is_label),
    };
    port_is_legal && name_is_legal
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            write!(f, "{host}/")?;
        }
        write!(f, "{}", self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_colon_tells_digest_from_tag() {
        let digest = format!("sha256:{HEX}");
        assert!(matches!(digest.parse(), Ok(Reference::Digest(_))));
        assert!(matches!("latest".parse(), Ok(Reference::Tag(_))));
        assert!(matches!("sha256:1".parse::<Reference>(), Err(ReferenceError::Digest(_))));
        assert!(matches!("a/b".parse::<Reference>(), Err(ReferenceError::Tag(_))));
    }

    #[test]
    fn image_references_come_apart_and_together_again() {
        for (text, host, name, tag, has_digest) in [
            ("alpine", None, "alpine", None, false),
            ("alpine:3.10", None, "alpine", Some("3.10"), false),
            ("library/alpine", None, "library/alpine", None, false),
            ("localhost/a", Some("localhost"), "a", None, false),
            ("localhost:5000/a:b", Some("localhost:5000"), "a", Some("b"), false),
            ("r.example.com/a/b", Some("r.example.com"), "a/b", None, false),
            ("[::1]:5000/a:1", Some("[::1]:5000"), "a", Some("1"), false),
            (&format!("h.io/a:1@sha256:{HEX}"), Some("h.io"), "a", Some("1"), true),
            (&format!("a@sha256:{HEX}"), None, "a", None, true),
        ] {
            let image: ImageReference = text.parse().unwrap();
            assert_eq!(image.host(), host, "{text}");
            assert_eq!(image.repository().as_str(), name);
            assert_eq!(image.tag().map(Tag::as_str), tag);
            assert_eq!(image.digest().is_some(), has_digest);
            assert_eq!(image.to_string(), text);
            if has_digest {
                assert!(matches!(image.reference(), Some(Reference::Digest(_))));
            }
        }
    }

    #[test]
    fn image_references_that_are_none() {
        for text in [
            "",
            "/",
            "a:",
            ":a",
            "a@",
            "a@sha256:1",
            "h.io/",
            "h.io:0/a",
            "h.io:99999/a",
            "h.io:+1/a",
            "-h.io/a",
            "h..io/a",
            "[::g]/a.b",
            "[zz]:1/a",
            "A/b",
            "a:b:c",
            "h.io/a//b",
        ] {
            assert!(text.parse::<ImageReference>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_is_printed_unchanged(text in "[a-z0-9.:/@\\[\\]-]{0,24}") {
            if let Ok(image) = text.parse::<ImageReference>() {
                prop_assert_eq!(image.to_string(), text);
            }
        }
    }
}
