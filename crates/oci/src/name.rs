//! Names of repositories and tags, by the grammar of the distribution specification.
//!
//! The grammar is written by hand, byte by byte: it is short, and it runs on every request.
//! It has a useful consequence: no component begins with `_`, so `_catalog` and the other routes of the API can never
//! be the name of a repository. Components such as `blobs` and `manifests` *are* legal names; who splits a path must
//! therefore look from its end.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How long a repository name may be. Clients add a host before it, and the whole is limited to 255 by many of them.
const MAXIMUM_NAME: usize = 255;
/// How long a tag may be, by the specification.
const MAXIMUM_TAG: usize = 128;

/// Why a string is not a repository name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing.
    #[error("a repository name is not empty")]
    Empty,
    /// More than 255 bytes.
    #[error("a repository name has at most {MAXIMUM_NAME} characters, not {0}")]
    Long(usize),
    /// Not the grammar.
    #[error(
        "a repository name is made of components separated by `/`; each has lower-case letters and digits, \
         with single separators (`.`, `_`, `__` or dashes) between them"
    )]
    Grammar,
}

/// The name of a repository, such as `library/alpine`.
///
/// 1. It has 1 to 255 characters.
/// 2. It matches `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RepositoryName(Arc<str>);

impl RepositoryName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAXIMUM_NAME {
            return Err(NameError::Long(text.len()));
        }
        if text.split('/').all(is_component) { Ok(Self(text.into())) } else { Err(NameError::Grammar) }
    }
}

/// Whether this is `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let separators_are_legal = text
        .split(|c: char| c.is_ascii() && is_word(c as u8))
        .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'));
    let begins = text.bytes().next().is_some_and(is_word);
    let ends = text.bytes().next_back().is_some_and(is_word);
    begins && ends && separators_are_legal
}

/// Why a string is not a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// Empty or more than 128 characters.
    #[error("a tag has 1 to {MAXIMUM_TAG} characters, not {0}")]
    Length(usize),
    /// Not the grammar.
    #[error("a tag has letters, digits, `_`, `.` and `-`, and does not begin with `.` or `-`")]
    Grammar,
}

/// A tag, such as `latest`.
///
/// It matches `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Tag(Arc<str>);

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        if text.is_empty() || text.len() > MAXIMUM_TAG {
            return Err(TagError::Length(text.len()));
        }
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let legal = text.bytes().all(|b| is_word(b) || matches!(b, b'.' | b'-'));
        if legal && text.bytes().next().is_some_and(is_word) {
            Ok(Self(text.into()))
        } else {
            Err(TagError::Grammar)
        }
    }
}

macro_rules! text_conversions {
    ($name:ident, $error:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }
    };
}

text_conversions!(RepositoryName, NameError);
text_conversions!(Tag, TagError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_the_grammar() {
        for name in [
            "a",
            "0",
            "library/alpine",
            "a/b/c/d",
            "a.b",
            "a_b",
            "a__b",
            "a-b",
            "a---b",
            "a1.b2_c3__d4-5/e",
            "a/blobs/b",
            "manifests/tags/list",
        ] {
            assert_eq!(name.parse::<RepositoryName>().unwrap().as_str(), name);
        }
        assert!("a".repeat(255).parse::<RepositoryName>().is_ok());
    }

    #[test]
    fn names_outside_of_the_grammar() {
        for name in [
            "/",
            "a/",
            "/a",
            "a//b",
            "A",
            "a/B",
            ".",
            "..",
            "a/../b",
            "a..b",
            "a._b",
            "a___b",
            "a.-b",
            "_a",
            "a_",
            "-a",
            "a-",
            ".a",
            "a.",
            "_catalog",
            "a/_b",
            "a b",
            "a\0",
            "ä",
            "a\u{0661}",
            "a%2fb",
            "a:b",
            "a@b",
            "a\\b",
            "a+b",
        ] {
            assert_eq!(name.parse::<RepositoryName>(), Err(NameError::Grammar), "{name}");
        }
        assert_eq!("".parse::<RepositoryName>(), Err(NameError::Empty));
        assert_eq!("a".repeat(256).parse::<RepositoryName>(), Err(NameError::Long(256)));
    }

    #[test]
    fn tags_of_the_grammar_and_outside_of_it() {
        for tag in ["latest", "_", "1.0-rc.1", "A", "v1_2", "a..b"] {
            assert_eq!(tag.parse::<Tag>().unwrap().as_str(), tag);
        }
        assert!("t".repeat(128).parse::<Tag>().is_ok());
        assert_eq!("t".repeat(129).parse::<Tag>(), Err(TagError::Length(129)));
        assert_eq!("".parse::<Tag>(), Err(TagError::Length(0)));
        for tag in [".a", "-a", "a/b", "a:b", "a b", "é", "a+b", ".."] {
            assert_eq!(tag.parse::<Tag>(), Err(TagError::Grammar), "{tag}");
        }
    }

    /// The grammar again, as an automaton that follows the expression of the specification literally.
    fn matches_specification(text: &str) -> bool {
        fn component(text: &str) -> bool {
            let rest = text.trim_start_matches(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
            if rest.len() == text.len() {
                return false;
            }
            if rest.is_empty() {
                return true;
            }
            let dashes = rest.trim_start_matches('-');
            if dashes.len() < rest.len() {
                return component(dashes);
            }
            ["__", "_", "."].iter().any(|separator| rest.strip_prefix(separator).is_some_and(component))
        }
        text.split('/').all(component)
    }

    proptest! {
        #[test]
        fn agrees_with_the_expression_of_the_specification(text in "[ab0./_A-]{1,12}") {
            prop_assert_eq!(text.parse::<RepositoryName>().is_ok(), matches_specification(&text));
        }

        #[test]
        fn parsing_never_panics(text: String) {
            let _ = text.parse::<RepositoryName>();
            let _ = text.parse::<Tag>();
        }
    }
}
