//! AWS Signature Version 4, as S3 wants it.
//!
//! Specification: "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference; its examples are the
//! tests below. Surprises: S3 encodes the path once, where other services encode it twice; a space is `%20` and never
//! `+`; and the query is sorted after it was encoded.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Who signs.
#[derive(Clone)]
pub(super) struct Signer {
    pub access_key: String,
    pub secret_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
    pub region: String,
}

/// What is signed.
pub(super) struct Signable<'a> {
    pub method: &'a str,
    /// The path, already encoded.
    pub path: &'a str,
    /// Names and values, not yet encoded.
    pub query: &'a [(&'a str, String)],
    /// Names in lower case, without `host`, `x-amz-date` and `x-amz-content-sha256`.
    pub headers: &'a [(&'static str, String)],
    pub host: &'a str,
    pub payload: &'a [u8],
}

impl Signer {
    /// The headers that a request needs, those that were given among them.
    pub(super) fn sign(&self, request: &Signable<'_>, at: Timestamp) -> Vec<(&'static str, String)> {
        let (date, time) = (at.strftime("%Y%m%d").to_string(), at.strftime("%Y%m%dT%H%M%SZ").to_string());
        let payload = hex(&Sha256::digest(request.payload));
        let mut headers = request.headers.to_vec();
        headers.push(("host", request.host.to_owned()));
        headers.push(("x-amz-content-sha256", payload.clone()));
        headers.push(("x-amz-date", time.clone()));
        if let Some(token) = &self.session_token {
            headers.push(("x-amz-security-token", token.clone()));
        }
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, query(request.query));
        for (name, value) in &headers {
            // Writing to a string cannot fail.
            let _ = writeln!(canonical, "{name}:{}", value.trim());
        }
        let _ = write!(canonical, "\n{names}\n{payload}");
        let scope = format!("{date}/{}/s3/aws4_request", self.region);
        let hashed = hex(&Sha256::digest(canonical));
        let signature = hex(&hmac(&self.key(&date), &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}")));
        let credential = format!("{}/{scope}", self.access_key);
        headers.push((
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"),
        ));
        headers
    }

    fn key(&self, date: &str) -> [u8; 32] {
        let key = hmac(format!("AWS4{}", self.secret_key).as_bytes(), date);
        ["s3", "aws4_request"].iter().fold(hmac(&key, &self.region), |key, word| hmac(&key, word))
    }
}

/// The query as it is signed and sent.
pub(super) fn query(parameters: &[(&str, String)]) -> String {
    let mut encoded: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name, ""), encode(value, "")))
        .collect();
    encoded.sort_unstable();
    encoded.join("&")
}

/// Percent-encodes all but unreserved characters and those of `kept`.
pub(super) fn encode(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || "-._~".contains(letter) || kept.contains(letter) {
            encoded.push(letter);
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    // A key of any length is allowed, so that this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the S3 API reference, "Signature Calculations for the Authorization Header".
    fn signature(
        method: &str,
        path: &str,
        query: &[(&str, String)],
        headers: &[(&'static str, String)],
        payload: &[u8],
    ) -> String {
        let signer = Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
            region: "us-east-1".into(),
        };
        let host = "examplebucket.s3.amazonaws.com";
        let request = Signable { method, path, query, headers, host, payload };
        let headers = signer.sign(&request, "2013-05-24T00:00:00Z".parse().unwrap());
        let (_, authorization) = headers.into_iter().find(|(name, _)| *name == "authorization").unwrap();
        authorization.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn getting_an_object() {
        let range = [("range", "bytes=0-9".to_owned())];
        assert_eq!(
            signature("GET", "/test.txt", &[], &range, b""),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn putting_an_object() {
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
        ];
        let path = format!("/{}", encode("test$file.text", "/"));
        assert_eq!(
            signature("PUT", &path, &[], &headers, b"Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
    }

    #[test]
    fn asking_for_a_lifecycle_and_for_a_list() {
        assert_eq!(
            signature("GET", "/", &[("lifecycle", String::new())], &[], b""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        let query = [("prefix", "J".to_owned()), ("max-keys", "2".to_owned())];
        assert_eq!(
            signature("GET", "/", &query, &[], b""),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn what_is_not_unreserved_is_encoded() {
        assert_eq!(encode("a/b c~é+", "/"), "a/b%20c~%C3%A9%2B");
        assert_eq!(query(&[("uploads", String::new()), ("a", "/".into())]), "a=%2F&uploads=");
    }
}
