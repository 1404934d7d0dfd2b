//! The rules of a registry: what else it asks of its users and allows them, beside what it asks of images.

use crate::{Actor, Error, RegistryId};
use async_trait::async_trait;
use jiff::Timestamp;
use oci::{RepositoryName, Tag};
use serde::{Deserialize, Serialize};

/// Rules. What is missing in a stored document has its default: more rules may come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistryRules {
    /// Whether anybody may pull, without signing in.
    pub anonymous_pull: bool,
    /// For how many days deleted manifests can be restored; none: they are gone at once.
    pub soft_delete_days: Option<u32>,
    /// The most bytes of all blobs and manifests of the registry, each counted once in each repository.
    pub quota_bytes: Option<u64>,
    /// The most bytes of one repository.
    pub repository_quota_bytes: Option<u64>,
    /// The most manifests of a repository that are about one subject; none: [`Self::REFERRERS_PER_SUBJECT`].
    pub referrers_per_subject: Option<u32>,
    /// Tags that are set once and never moved. See [`RegistryRules::is_immutable`].
    pub immutable_tags: Vec<String>,
}

impl RegistryRules {
    /// The longest time in which something can be restored.
    pub const LONGEST_SOFT_DELETE_DAYS: u32 = 90;
    /// So much may be about one subject, where nobody says otherwise: signatures, bills and reports of each day for years,
    /// and too little for a flood (attack C16).
    pub const REFERRERS_PER_SUBJECT: u32 = 10_000;
    /// Nobody may allow more: a client reads all of them to find one.
    pub const MOST_REFERRERS_PER_SUBJECT: u32 = 1_000_000;
    /// The most patterns of immutable tags.
    pub const MOST_PATTERNS: usize = 100;

    /// Whether a tag is never moved once it is set. A pattern is `REPOSITORY:TAG`, or `TAG` for every repository; `*`
    /// stands for any text.
    pub fn is_immutable(&self, repository: &RepositoryName, tag: &Tag) -> bool {
        self.immutable_tags.iter().any(|pattern| match pattern.split_once(':') {
            Some((names, tags)) => matches(names, repository.as_str()) && matches(tags, tag.as_str()),
            None => matches(pattern, tag.as_str()),
        })
    }

    /// What is wrong with them, in a sentence.
    pub fn fault(&self) -> Option<String> {
        let wrong_pattern = |pattern: &&String| {
            let letters = |text: &str| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*._-/".contains(&byte))
            };
            let (names, tags) = pattern.split_once(':').unwrap_or(("*", pattern));
            pattern.len() > 400 || !letters(names) || !letters(tags)
        };
        if self.immutable_tags.len() > Self::MOST_PATTERNS {
            return Some(format!("there are more than {} patterns of immutable tags", Self::MOST_PATTERNS));
        }
        if let Some(pattern) = self.immutable_tags.iter().find(wrong_pattern) {
            return Some(format!(
                "`{pattern}` is no pattern of tags; write REPOSITORY:TAG or TAG, where * is any text"
            ));
        }
        let most = Self::MOST_REFERRERS_PER_SUBJECT;
        if self.referrers_per_subject.is_some_and(|limit| !(1..=most).contains(&limit)) {
            return Some(format!("1 to {most} manifests may be about one subject"));
        }
        match self.soft_delete_days {
            Some(days) if !(1..=Self::LONGEST_SOFT_DELETE_DAYS).contains(&days) => {
                Some(format!("deleted manifests are kept 1 to {} days", Self::LONGEST_SOFT_DELETE_DAYS))
            }
            Some(_) | None => None,
        }
    }
}

/// Whether a pattern covers a text; `*` stands for any text. Linear in pattern times text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// How much a registry or repository holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of blobs and manifests, each counted once in each repository.
    pub bytes: u64,
}

/// Rules of registries.
#[async_trait]
pub trait Rules: Send + Sync {
    /// The rules of a registry.
    async fn registry_rules(&self, registry: RegistryId) -> Result<RegistryRules, Error>;

    /// Sets the rules of a registry, and tells it in history.
    async fn set_registry_rules(
        &self,
        registry: RegistryId,
        rules: RegistryRules,
        actor: &Actor,
        at: Timestamp,
    ) -> Result<(), Error>;

    /// How much a registry holds, or one of its repositories.
    async fn stored(&self, registry: RegistryId, repository: Option<&RepositoryName>)
    -> Result<Usage, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_tags() {
        let covers = |pattern: &str, repository: &str, tag: &str| {
            let rules =
                RegistryRules { immutable_tags: vec![pattern.to_owned()], ..RegistryRules::default() };
            assert_eq!(rules.fault(), None, "{pattern}");
            rules.is_immutable(&repository.parse().unwrap(), &tag.parse().unwrap())
        };
        assert!(covers("*", "a", "latest"));
        assert!(covers("v*", "a", "v1"));
        assert!(!covers("v*", "a", "1v"));
        assert!(covers("v*.*.*", "a", "v1.2.3"));
        assert!(!covers("v*.*.*", "a", "v1.2"));
        assert!(covers("team/*:v1", "team/a", "v1"));
        assert!(!covers("team/*:v1", "tea", "v1"));
        assert!(covers("*a*a", "x", "aa"));
        assert!(!covers("*ab", "x", "a"));
        assert!(!covers("aba", "x", "ab"));
        assert!(!covers("ab*ba", "x", "aba"), "no letter counts twice");
    }

    #[test]
    fn faults_are_told() {
        let fault = |rules: RegistryRules| rules.fault().unwrap();
        let tags =
            |pattern: &str| RegistryRules { immutable_tags: vec![pattern.into()], ..Default::default() };
        for pattern in ["", ":", "a:", ":b", "a b", "a:b:c"] {
            assert!(fault(tags(pattern)).contains("is no pattern"), "{pattern}");
        }
        assert!(fault(RegistryRules { soft_delete_days: Some(0), ..Default::default() }).contains("1 to 90"));
        for limit in [0, 1_000_001] {
            let rules = RegistryRules { referrers_per_subject: Some(limit), ..Default::default() };
            assert!(fault(rules).contains("1 to 1000000"));
        }
        assert!(serde_json::from_str::<RegistryRules>(r#"{"anonymus": true}"#).is_err());
    }
}
