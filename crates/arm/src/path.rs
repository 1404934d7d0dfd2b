//! Azure's paths, matched against patterns.
//!
//! A pattern is a row of segments. `{scope}`, only at the beginning, stands for any resource id; any other name in
//! braces for one segment; all else is compared without regard to case. Segments are divided before they are decoded:
//! `%2F` never makes a new one.

use access::{ResourceId, ResourceIdError};

/// Longer paths are refused before anything is done with them.
const MAXIMUM_SEGMENTS: usize = 32;

/// A path, divided and decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path(Vec<String>);

/// What a pattern found in a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    scope: Vec<String>,
    /// The segments in the place of the names in braces, in their order.
    pub(crate) names: Vec<String>,
}

impl Path {
    /// Divides and decodes a path; `None` if it is too long, or is not UTF-8 when it is decoded.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        // Some clients write two slashes where one ends and the next begins.
        let written = path.split('/').filter(|segment| !segment.is_empty());
        let mut segments = written.map(decode).collect::<Option<Vec<String>>>()?;
        // The SDKs write the scope of governance rules as one segment: `subscriptions%2FID/providers/...`.
        let scope = segments.first().filter(|first| is_scope(first)).cloned();
        if let Some(scope) = scope {
            let parts = scope.split('/').filter(|part| !part.is_empty());
            segments.splice(..1, parts.map(str::to_owned));
        }
        (segments.len() <= MAXIMUM_SEGMENTS).then_some(Self(segments))
    }

    /// The resource that the path names; without its last segments where those say only what is done with it.
    pub(crate) fn resource(&self) -> ResourceId {
        let whole = self.0.len();
        let named = (0..=whole).rev().find_map(|end| ResourceId::from_segments(self.0.get(..end)?).ok());
        named.unwrap_or_else(ResourceId::tenant)
    }

    /// What the pattern finds here.
    pub(crate) fn find(&self, pattern: &str) -> Option<Found> {
        let (tail, has_scope) = match pattern.strip_prefix("{scope}/") {
            Some(tail) => (tail, true),
            None => (pattern.trim_start_matches('/'), false),
        };
        let wanted: Vec<&str> = tail.split('/').collect();
        let before = self.0.len().checked_sub(wanted.len())?;
        if !has_scope && before > 0 {
            return None;
        }
        let (scope, here) = self.0.split_at(before);
        let mut names = Vec::new();
        for (wanted, here) in wanted.iter().zip(here) {
            if wanted.starts_with('{') {
                names.push(here.clone());
            } else if !wanted.eq_ignore_ascii_case(here) {
                return None;
            }
        }
        Some(Found { scope: scope.to_vec(), names })
    }
}

impl Found {
    /// The resource id before the pattern; the tenant if there is none.
    pub(crate) fn scope(&self) -> Result<ResourceId, ResourceIdError> {
        ResourceId::from_segments(&self.scope)
    }
}

/// Whether the first segment of a path is a whole resource id.
fn is_scope(segment: &str) -> bool {
    let head = segment.trim_start_matches('/').split_once('/').map_or("", |(head, _)| head);
    head.eq_ignore_ascii_case("subscriptions") || head.eq_ignore_ascii_case("providers")
}

/// A segment with its percent signs resolved.
pub(crate) fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, pattern: &str) -> Option<(String, Vec<String>)> {
        let found = Path::parse(path)?.find(pattern)?;
        Some((found.scope().ok()?.to_string(), found.names))
    }

    #[test]
    fn any_resource_id_may_stand_before_an_extension() {
        let list = "{scope}/providers/Microsoft.Security/assessments/{name}/subAssessments";
        let some = |scope: &str, name: &str| Some((scope.to_owned(), vec![name.to_owned()]));
        assert_eq!(
            found("/subscriptions/S/providers/microsoft.security/ASSESSMENTS/k/subassessments", list),
            some("/subscriptions/S", "k")
        );
        assert_eq!(
            found(
                "//subscriptions/S//resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r/providers/Microsoft.Security/assessments/a%20b/subAssessments/",
                list
            ),
            some(
                "/subscriptions/S/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r",
                "a b"
            )
        );
        assert_eq!(found("/providers/Microsoft.Security/assessments/k/subAssessments", list), some("/", "k"));
        assert_eq!(found("/subscriptions/S/providers/Microsoft.Security/assessments/k", list), None);
        assert_eq!(found("/nonsense/providers/Microsoft.Security/assessments/k/subAssessments", list), None);
    }

    #[test]
    fn segments_are_divided_before_they_are_decoded() {
        assert_eq!(found("/subscriptions/a%2Fb", "/subscriptions/{id}").unwrap().1, ["a/b"]);
        assert_eq!(found("/subscriptions/a/b", "/subscriptions/{id}"), None);
        for wrong in ["/subscriptions/%", "/subscriptions/%4", "/subscriptions/%zz", "/subscriptions/%ff"] {
            assert_eq!(Path::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Path::parse(&"/a".repeat(33)), None);
        assert_eq!(Path::parse(&format!("/subscriptions{}/x", "%2Fa".repeat(32))), None);
    }

    /// What the SDKs send where the scope of a rule is one segment.
    #[test]
    fn a_scope_in_one_segment_is_that_scope() {
        let rules = "{scope}/providers/Microsoft.Security/governanceRules/{name}";
        let written = "/subscriptions%2FS/providers/Microsoft.Security/governanceRules/r";
        assert_eq!(found(written, rules), Some(("/subscriptions/S".to_owned(), vec!["r".to_owned()])));
        let slashed =
            "/%2Fsubscriptions%2fS%2fresourceGroups%2fg/providers/Microsoft.Security/governanceRules/r";
        assert_eq!(
            found(slashed, rules),
            Some(("/subscriptions/S/resourceGroups/g".to_owned(), vec!["r".to_owned()]))
        );
        for wrong in [
            "/other%2FS/providers/Microsoft.Security/governanceRules/r",
            "/subscriptions/a%2Fb/providers/Microsoft.Security/governanceRules/r",
        ] {
            assert_eq!(found(wrong, rules), None, "{wrong}");
        }
    }
}
