//! Ranges of bytes: which part of a blob is asked for, and where a chunk of an upload belongs.
//!
//! `Range` is that of RFC 9110, section 14.2. Of several ranges, and of what cannot be read, the answer is the whole
//! blob, which the specification allows; only a range that lies outside is an error.
//! `Content-Range` of an upload is *not* that of the RFC: the distribution specification writes it `start-end`, without
//! unit and total. Some clients write the RFC's form, so that both are read.

use http::HeaderValue;

/// A part of something, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Part {
    pub(crate) fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// What a `Range` header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requested {
    Whole,
    Part(Part),
    Unsatisfiable,
}

/// Reads `Range` for something of this size.
pub(crate) fn requested(value: Option<&HeaderValue>, size: u64) -> Requested {
    let Some(text) = value.and_then(|value| value.to_str().ok()) else { return Requested::Whole };
    let Some(("bytes", range)) = text.split_once('=') else { return Requested::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Requested::Whole };
    let wanted = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Some((first, last)),
        (Some(first), None) if last.is_empty() => Some((first, u64::MAX)),
        (None, Some(length)) if first.is_empty() && length > 0 => {
            // The last so many bytes; of an empty blob there are none.
            Some((if size == 0 { 1 } else { size.saturating_sub(length) }, u64::MAX))
        }
        (None, Some(0)) if first.is_empty() => return Requested::Unsatisfiable,
        _ => None,
    };
    match wanted {
        Some((first, last)) if first < size => {
            Requested::Part(Part { first, last: last.min(size.saturating_sub(1)) })
        }
        Some(_) => Requested::Unsatisfiable,
        None => Requested::Whole,
    }
}

/// Reads the `Content-Range` of a chunk: `start-end`, or `bytes start-end/total`.
pub(crate) fn chunk(value: &HeaderValue) -> Option<Part> {
    let text = value.to_str().ok()?;
    let text = text.strip_prefix("bytes ").unwrap_or(text);
    let text = text.split_once('/').map_or(text, |(range, _)| range);
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last && last < u64::MAX).then_some(Part { first, last })
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderValue {
        HeaderValue::from_str(text).unwrap()
    }

    #[test]
    fn ranges_of_ten_bytes() {
        let part = |first, last| Requested::Part(Part { first, last });
        for (text, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-5", part(2, 5)),
            ("bytes=2-", part(2, 9)),
            ("bytes=2-99", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=9-9", part(9, 9)),
            ("bytes=10-", Requested::Unsatisfiable),
            ("bytes=10-11", Requested::Unsatisfiable),
            ("bytes=-0", Requested::Unsatisfiable),
            ("bytes=5-2", Requested::Whole),
            ("bytes=-", Requested::Whole),
            ("bytes=a-b", Requested::Whole),
            ("bytes=0-1,3-4", Requested::Whole),
            ("bytes=+1-2", Requested::Whole),
            ("bytes=99999999999999999999-", Requested::Whole),
            ("items=0-1", Requested::Whole),
            ("0-1", Requested::Whole),
        ] {
            assert_eq!(requested(Some(&header(text)), 10), expected, "{text}");
        }
        assert_eq!(requested(None, 10), Requested::Whole);
    }

    #[test]
    fn an_empty_blob_has_no_part() {
        for text in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            assert_eq!(requested(Some(&header(text)), 0), Requested::Unsatisfiable, "{text}");
        }
    }

    #[test]
    fn chunks() {
        for (text, expected) in [
            ("0-9", Some((0, 9))),
            ("10-10", Some((10, 10))),
            ("bytes 5-6/100", Some((5, 6))),
            ("5-6/*", Some((5, 6))),
            ("9-0", None),
            ("-9", None),
            ("9-", None),
            ("", None),
            ("0-18446744073709551615", None),
            ("+0-9", None),
        ] {
            let found = chunk(&header(text)).map(|part| (part.first, part.last));
            assert_eq!(found, expected, "{text}");
        }
    }
}
