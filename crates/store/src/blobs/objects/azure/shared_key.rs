//! Azure's Shared Key authorization.
//!
//! Specification: "Authorize with Shared Key", for version 2015-02-21 and later of the Blob service. Surprises: a
//! length of 0 is signed as an empty line; the account stands before the path even where the path begins with it, as
//! it does at the emulator; query values are signed decoded, with their names in lower case.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// What is signed.
pub(super) struct Signable<'a> {
    pub method: &'a str,
    pub account: &'a str,
    /// The path, already encoded.
    pub path: &'a str,
    /// Names in lower case, values not yet encoded, without a name twice.
    pub query: &'a [(&'a str, String)],
    /// All headers that begin with `x-ms-`, names in lower case.
    pub headers: &'a [(&'static str, String)],
    pub content_type: &'a str,
    pub content_length: usize,
}

/// The value of `Authorization`.
pub(super) fn authorization(request: &Signable<'_>, key: &[u8]) -> String {
    // A key of any length is allowed, so that this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(string_to_sign(request).as_bytes());
    format!("SharedKey {}:{}", request.account, STANDARD.encode(mac.finalize().into_bytes()))
}

fn string_to_sign(request: &Signable<'_>) -> String {
    let length = if request.content_length == 0 { String::new() } else { request.content_length.to_string() };
    // Encoding, language, length, MD5, type, date, four conditions and a range; the empty ones we never send.
    let mut text = format!("{}\n\n\n{length}\n\n{}\n\n\n\n\n\n\n", request.method, request.content_type);
    let mut headers = request.headers.to_vec();
    headers.sort_unstable();
    for (name, value) in headers {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}:{}", value.trim());
    }
    let _ = write!(text, "/{}{}", request.account, request.path);
    let mut query = request.query.to_vec();
    query.sort_unstable();
    for (name, value) in query {
        let _ = write!(text, "\n{name}:{value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, "Constructing the signature string", for versions since 2009-09-19.
    #[test]
    fn the_string_is_that_of_the_specification() {
        let query = [
            ("restype", "container".to_owned()),
            ("comp", "metadata".to_owned()),
            ("timeout", "20".to_owned()),
        ];
        let headers = [
            ("x-ms-version", "2015-02-21".to_owned()),
            ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT".to_owned()),
        ];
        let request = Signable {
            method: "GET",
            account: "myaccount",
            path: "/mycontainer",
            query: &query,
            headers: &headers,
            content_type: "",
            content_length: 0,
        };
        assert_eq!(
            string_to_sign(&request),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n\
             /myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
        );
    }

    /// HMAC itself, by RFC 4231, test case 2: the way from key and text to the header is no other.
    #[test]
    fn the_hash_is_that_of_the_rfc() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        let expected = [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e];
        assert_eq!(mac.finalize().into_bytes()[..8], expected);
    }
}
