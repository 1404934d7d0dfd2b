//! The identifiers of resources, which are also the scopes of role assignments.
//!
//! ```text
//! /                                                          the tenant
//! /subscriptions/{id}
//! /subscriptions/{id}/resourceGroups/{name}
//! {any of these}/providers/{namespace}/{type}/{name}[/{type}/{name}...]
//! ```
//!
//! The last form repeats: an extension resource, such as an assessment, stands behind the resource it speaks of.
//! Azure compares identifiers without regard to ASCII case and keeps their spelling; so do we.
//! Percent signs are not decoded here: a face decodes each segment before it builds an identifier.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Longer than any identifier that Azure makes, and short enough to be echoed in an error.
const MAXIMUM_LENGTH: usize = 2048;

/// The identifier of a resource.
///
/// 1. It begins with one slash and ends with none, but for the tenant, which is `/`.
/// 2. No segment is empty, `.` or `..`, or holds a control character or one of `? # % \ < >`.
/// 3. It has one of the forms that the module names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId(String);

/// Why a text is not the identifier of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceIdError {
    /// It is too long.
    #[error("the resource id has {length} bytes; at most {MAXIMUM_LENGTH} are allowed")]
    TooLong {
        /// How long it is.
        length: usize,
    },
    /// It does not begin with a slash.
    #[error("a resource id begins with a slash")]
    NotAbsolute,
    /// A segment holds what no segment may hold.
    #[error(
        "the segment {segment:?} of the resource id is empty, a dot, or holds a character that is not allowed"
    )]
    Segment {
        /// The segment.
        segment: String,
    },
    /// The segments are in no known order.
    #[error(
        "the resource id does not have the form \
         /subscriptions/ID[/resourceGroups/NAME][/providers/NAMESPACE/TYPE/NAME...] near segment {position}"
    )]
    Form {
        /// The first segment that does not fit, counted from 0.
        position: usize,
    },
}

impl ResourceId {
    /// The tenant: the scope above all subscriptions.
    pub fn tenant() -> Self {
        Self("/".to_owned())
    }

    /// A subscription.
    ///
    /// # Errors
    /// When the id holds what no segment may hold.
    pub fn subscription_scope(id: &str) -> Result<Self, ResourceIdError> {
        Self::tenant().joined(&["subscriptions", id])
    }

    /// Parses an identifier; several slashes in a row count as one, and one at the end as none.
    ///
    /// # Errors
    /// When the text breaks one of the rules above.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        if !text.starts_with('/') {
            return Err(ResourceIdError::NotAbsolute);
        }
        let segments: Vec<&str> = text.split('/').filter(|segment| !segment.is_empty()).collect();
        Self::from_segments(&segments)
    }

    /// Builds an identifier from its segments, already decoded.
    ///
    /// # Errors
    /// When the segments break one of the rules above.
    pub fn from_segments<S: AsRef<str>>(segments: &[S]) -> Result<Self, ResourceIdError> {
        let length = segments.iter().map(|segment| segment.as_ref().len() + 1).sum();
        if length > MAXIMUM_LENGTH {
            return Err(ResourceIdError::TooLong { length });
        }
        for segment in segments {
            check_segment(segment.as_ref())?;
        }
        check_form(segments)?;
        if segments.is_empty() {
            return Ok(Self::tenant());
        }
        let mut text = String::with_capacity(length);
        for segment in segments {
            text.push('/');
            text.push_str(segment.as_ref());
        }
        Ok(Self(text))
    }

    /// This identifier with further segments behind it.
    ///
    /// # Errors
    /// When the whole breaks one of the rules above.
    pub fn joined(&self, further: &[&str]) -> Result<Self, ResourceIdError> {
        let segments: Vec<&str> = self.segments().chain(further.iter().copied()).collect();
        Self::from_segments(&segments)
    }

    /// The text, in the spelling it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments between the slashes.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// The subscription it lies in.
    pub fn subscription(&self) -> Option<&str> {
        let mut segments = self.segments();
        segments.next().filter(|first| first.eq_ignore_ascii_case("subscriptions"))?;
        segments.next()
    }

    /// The resource group it lies in.
    pub fn resource_group(&self) -> Option<&str> {
        let mut segments = self.segments().skip(2);
        segments.next().filter(|third| third.eq_ignore_ascii_case("resourceGroups"))?;
        segments.next()
    }

    /// Its last segment; none for the tenant.
    pub fn name(&self) -> Option<&str> {
        self.segments().last()
    }

    /// The type of a provider's resource: `Microsoft.ContainerRegistry/registries`; none for the other forms.
    pub fn kind(&self) -> Option<String> {
        let segments: Vec<&str> = self.segments().collect();
        let start = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"))?;
        let mut rest = segments.get(start + 1..)?.iter();
        let mut kind = (*rest.next()?).to_owned();
        for segment in rest.step_by(2) {
            kind.push('/');
            kind.push_str(segment);
        }
        Some(kind)
    }

    /// What it lies in directly; none for the tenant.
    pub fn parent(&self) -> Option<Self> {
        let segments: Vec<&str> = self.segments().collect();
        let last_pair = segments.len().checked_sub(2)?;
        // `.../providers/NAMESPACE/TYPE/NAME`: the namespace and the word before it go as well.
        let is_outermost = last_pair
            .checked_sub(2)
            .and_then(|word| segments.get(word))
            .is_some_and(|word| word.eq_ignore_ascii_case("providers"));
        let keep = if is_outermost { last_pair - 2 } else { last_pair };
        Some(if keep == 0 { Self::tenant() } else { Self(format!("/{}", segments[..keep].join("/"))) })
    }

    /// Whether it is `scope` or lies below it.
    pub fn is_within(&self, scope: &Self) -> bool {
        let mut mine = self.segments();
        scope.segments().all(|theirs| mine.next().is_some_and(|own| own.eq_ignore_ascii_case(theirs)))
    }
}

fn check_segment(segment: &str) -> Result<(), ResourceIdError> {
    let is_bad = matches!(segment, "" | "." | "..")
        || segment.chars().any(|c| c.is_control() || matches!(c, '/' | '?' | '#' | '%' | '\\' | '<' | '>'));
    if is_bad { Err(ResourceIdError::Segment { segment: segment.to_owned() }) } else { Ok(()) }
}

fn check_form<S: AsRef<str>>(segments: &[S]) -> Result<(), ResourceIdError> {
    let is = |at: usize, word: &str| segments.get(at).is_some_and(|s| s.as_ref().eq_ignore_ascii_case(word));
    let need = |at: usize| {
        if at < segments.len() { Ok(()) } else { Err(ResourceIdError::Form { position: segments.len() }) }
    };
    let mut at = 0;
    if is(at, "subscriptions") {
        need(at + 1)?;
        at += 2;
        if is(at, "resourceGroups") {
            need(at + 1)?;
            at += 2;
        }
    }
    while at < segments.len() {
        if !is(at, "providers") {
            return Err(ResourceIdError::Form { position: at });
        }
        // The namespace and at least one pair of type and name.
        need(at + 3)?;
        at += 4;
        while at < segments.len() && !is(at, "providers") {
            need(at + 1)?;
            at += 2;
        }
    }
    Ok(())
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        let lower = |id: &Self| id.0.to_ascii_lowercase();
        lower(self).cmp(&lower(other))
    }
}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for ResourceId {
    type Err = ResourceIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ResourceId {
    type Error = ResourceIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ResourceId> for String {
    fn from(id: ResourceId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str =
        "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/r1";

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).unwrap()
    }

    #[test]
    fn parts_are_found() {
        let assessment =
            id(&format!("{REGISTRY}/providers/Microsoft.Security/assessments/k/subAssessments/n"));
        assert_eq!(assessment.subscription(), Some("s1"));
        assert_eq!(assessment.resource_group(), Some("rg"));
        assert_eq!(assessment.name(), Some("n"));
        assert_eq!(assessment.kind().as_deref(), Some("Microsoft.Security/assessments/subAssessments"));
        assert_eq!(id(REGISTRY).kind().as_deref(), Some("Microsoft.ContainerRegistry/registries"));
        assert_eq!(id("/subscriptions/s1").kind(), None);
    }

    #[test]
    fn parents_lead_to_the_tenant() {
        let mut chain = Vec::new();
        let mut next =
            Some(id(&format!("{REGISTRY}/providers/Microsoft.Security/assessments/k/subAssessments/n")));
        while let Some(here) = next {
            next = here.parent();
            chain.push(here.to_string());
        }
        expect_test::expect![[r#"
            [
                "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/r1/providers/Microsoft.Security/assessments/k/subAssessments/n",
                "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/r1/providers/Microsoft.Security/assessments/k",
                "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/r1",
                "/subscriptions/s1/resourceGroups/rg",
                "/subscriptions/s1",
                "/",
            ]
        "#]]
        .assert_debug_eq(&chain);
    }

    #[test]
    fn case_does_not_count_and_slashes_collapse() {
        use std::collections::HashSet;
        let upper = id(&REGISTRY.to_uppercase());
        assert_eq!(upper, id(REGISTRY));
        assert_eq!(upper.cmp(&id(REGISTRY)), Ordering::Equal);
        assert!(HashSet::from([upper]).contains(&id(REGISTRY)));
        assert_eq!(id("//subscriptions//s1/"), id("/Subscriptions/S1"));
    }

    #[test]
    fn a_scope_holds_whole_segments_only() {
        assert!(id(REGISTRY).is_within(&id("/SUBSCRIPTIONS/s1")));
        assert!(id(REGISTRY).is_within(&ResourceId::tenant()));
        assert!(id(REGISTRY).is_within(&id(REGISTRY)));
        assert!(!id(&format!("{REGISTRY}0")).is_within(&id(REGISTRY)));
        assert!(!id("/subscriptions/s1").is_within(&id(REGISTRY)));
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for text in [
            "",
            "subscriptions/s1",
            "/subscriptions",
            "/subscriptions/s1/resourceGroups",
            "/subscriptions/s1/elsewhere/x",
            "/subscriptions/s1/providers/Microsoft.Security",
            "/subscriptions/s1/providers/Microsoft.Security/pricings",
            "/subscriptions/../x",
            "/subscriptions/a%2fb",
            "/subscriptions/a?b",
            "/subscriptions/a\nb",
            &format!("/subscriptions/{}", "x".repeat(3000)),
        ] {
            assert!(ResourceId::parse(text).is_err(), "{text:?}");
        }
        assert!(ResourceId::from_segments(&["subscriptions", "a/b"]).is_err());
    }
}
