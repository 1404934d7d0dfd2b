//! What several functions share about addresses in texts and about version 6.
//!
//! An address of version 4 stands in the mapped part of version 6 (`::ffff:1.2.3.4`), so that both compare as one kind;
//! its prefix is 96 bits longer there.

use super::parse_ipv4;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address of either version and the length of its prefix; 128 if it has none.
pub(crate) fn parse_ipv6(text: &str) -> Option<(u128, u32)> {
    let text = text.trim();
    if let Some((address, bits)) = parse_ipv4(text) {
        return Some((Ipv4Addr::from(address).to_ipv6_mapped().into(), bits + 96));
    }
    let (address, bits) = text.split_once('/').unwrap_or((text, ""));
    let address = address.parse::<Ipv6Addr>().ok()?;
    // `::1.2.3.4`, the older way to hold an address of version 4, is read as the mapped one, with its own bits.
    let inside = address.to_ipv4().filter(|_| text.contains('.'));
    let (most, offset) = if inside.is_some() { (32, 96) } else { (128, 0) };
    let bits = if bits.is_empty() { most } else { bits.parse::<u32>().ok().filter(|bits| *bits <= most)? };
    let address = inside.map_or(address, |address| address.to_ipv6_mapped());
    Some((address.into(), bits + offset))
}

/// The mask of a prefix of version 6.
pub(crate) fn mask_of_ipv6(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0)
}

/// An address with all its digits.
pub(crate) fn ipv6_text(address: u128) -> String {
    Ipv6Addr::from(address).segments().map(|segment| format!("{segment:04x}")).join(":")
}

/// Whether an address, or the beginning of one that ends in a point, stands in a text between letters that are neither
/// letters nor digits.
pub(crate) fn has_address(text: &str, wanted: &str) -> bool {
    let begins = wanted.ends_with('.');
    let parts = wanted.trim_end_matches('.').split('.').count();
    let valid = wanted.trim_end_matches('.').split('.').all(is_octet)
        && wanted.split('.').filter(|part| part.is_empty()).count() == usize::from(begins)
        && if begins { parts < 4 } else { parts == 4 };
    valid
        && text.match_indices(wanted).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let rest = text.get(at..).unwrap_or_default();
            let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
            let found = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let after = end.and_then(|end| rest.get(end..)).and_then(|after| after.chars().next());
            let bounded = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
            let whole = found.strip_suffix('.').unwrap_or(found);
            bounded(before)
                && before != Some('.')
                && bounded(after)
                && whole.parse::<Ipv4Addr>().is_ok()
                && (begins || whole == wanted)
        })
}

fn is_octet(part: &str) -> bool {
    part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_between_other_letters() {
        for (text, wanted, found) in [
            ("05:04:54 127.0.0.1 GET /favicon.ico 404", "127.0.0.1", true),
            ("05:04:54 127.0.0.256 GET /favicon.ico 404", "127.0.0.256", false),
            ("05:04:54127.0.0.1 GET /favicon.ico 404", "127.0.0.1", false),
            ("from 10.1.1.115 and 10.1.1.201", "10.1.1.11", false),
            ("it was 10.1.1.115.", "10.1.1.115", true),
            ("05:04:54 127.0.0.1 GET", "127.0.", true),
            ("05:04:54 127.0.0.1 GET", "127.0", false),
            ("05:04:54 127.0.0.256 GET", "127.0.", false),
            ("05:04:54127.0.0.1 GET", "127.0.", false),
        ] {
            assert_eq!(has_address(text, wanted), found, "{wanted} in {text}");
        }
    }

    #[test]
    fn both_versions_are_one_kind() {
        for (text, canonical, bits) in [
            ("192.168.255.255/24", "0000:0000:0000:0000:0000:ffff:c0a8:ffff", 120),
            ("fe80::85d:e82c:9446:7994/120", "fe80:0000:0000:0000:085d:e82c:9446:7994", 120),
            ("::192.168.255.255", "0000:0000:0000:0000:0000:ffff:c0a8:ffff", 128),
            ("::192.168.255.255/24", "0000:0000:0000:0000:0000:ffff:c0a8:ffff", 120),
        ] {
            let (address, found) = parse_ipv6(text).unwrap();
            assert_eq!((&*ipv6_text(address), found), (canonical, bits), "{text}");
        }
        assert_eq!(parse_ipv6("fe80::85d/129"), None);
    }
}
