//! Conditional requests: what has a digest has an entity tag, and never changes under it.

use http::{HeaderMap, HeaderValue, header};
use oci::Digest;

/// The entity tag of content.
pub(crate) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client has the content already, as `If-None-Match` says.
pub(crate) fn is_known(headers: &HeaderMap, digest: &Digest) -> bool {
    let tag = entity_tag(digest);
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The `Range` header, unless `If-Range` says that the client has part of something else.
pub(crate) fn range<'a>(headers: &'a HeaderMap, digest: &Digest) -> Option<&'a HeaderValue> {
    let range = headers.get(header::RANGE)?;
    match headers.get(header::IF_RANGE) {
        Some(tag) if tag.to_str().ok() != Some(entity_tag(digest).as_str()) => None,
        Some(_) | None => Some(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_entity_is_recognised() {
        let digest = Digest::of_sha256(b"");
        for (text, expected) in [
            (format!("\"{digest}\""), true),
            (format!("\"x\", W/\"{digest}\""), true),
            ("*".to_owned(), true),
            (digest.to_string(), false),
            ("\"x\"".to_owned(), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, text.parse().unwrap());
            assert_eq!(is_known(&headers, &digest), expected, "{text}");
        }
        assert!(!is_known(&HeaderMap::new(), &digest));
    }

    #[test]
    fn a_part_of_something_else_is_not_continued() {
        let digest = Digest::of_sha256(b"");
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=1-".parse().unwrap());
        assert!(range(&headers, &digest).is_some());
        headers.insert(header::IF_RANGE, entity_tag(&digest).parse().unwrap());
        assert!(range(&headers, &digest).is_some());
        headers.insert(header::IF_RANGE, "\"x\"".parse().unwrap());
        assert!(range(&headers, &digest).is_none());
    }
}
