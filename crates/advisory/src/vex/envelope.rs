//! The wrappers in which tools put what they sign.
//!
//! They are foreign bytes: what is none of them is none, and says nothing. Whether a signature holds is for the caller.
//!
//! * DSSE, <https://github.com/secure-systems-lab/dsse>: a payload with its type, and signatures of both.
//! * In-toto statements, <https://github.com/in-toto/attestation>: what a payload is about, and a predicate.
//! * Sigstore bundles, <https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md>: a DSSE envelope beside proofs
//!   that we do not need, since a key vouches for it.
//! * Simple signing, <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>: a document that names a
//!   manifest, whose signature stands in an annotation of its layer.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::Deserialize;
use serde_json::Value;

/// The media type of a layer that is a DSSE envelope.
pub const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
/// How the media types of Sigstore bundles begin.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// The media type of a layer that names a manifest.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The annotation that has the signature of such a layer.
pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// How the predicate type begins of a statement that says no more than "I have signed this".
const SIGNED: &str = "https://sigstore.dev/cosign/sign/";
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A DSSE envelope.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    dsse_envelope: Option<Envelope>,
}

/// A statement in its envelope, whose signatures nobody has looked at yet.
#[derive(Debug)]
pub struct Enveloped {
    /// What the signatures are of.
    pub signed: Vec<u8>,
    /// The signatures.
    pub signatures: Vec<Vec<u8>>,
    /// The statement.
    pub statement: Statement,
}

/// An in-toto statement.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(default)]
    predicate_type: String,
    #[serde(default)]
    subject: Vec<Subject>,
    #[serde(default)]
    predicate: Value,
}

#[derive(Debug, Deserialize)]
struct Subject {
    #[serde(default)]
    digest: std::collections::BTreeMap<String, String>,
}

/// The statement in a layer; none if the layer is none of an in-toto statement.
pub fn enveloped(media_type: &str, bytes: &[u8]) -> Option<Enveloped> {
    let envelope: Envelope = if media_type.starts_with(BUNDLE) {
        serde_json::from_slice::<Bundle>(bytes).ok()?.dsse_envelope?
    } else {
        serde_json::from_slice(bytes).ok()?
    };
    if envelope.payload_type != IN_TOTO {
        return None;
    }
    let payload = base64(&envelope.payload)?;
    let statement = serde_json::from_slice(&payload).ok()?;
    let signatures = envelope.signatures.iter().filter_map(|signature| base64(&signature.sig)).collect();
    Some(Enveloped { signed: pre_authentication(&envelope.payload_type, &payload), signatures, statement })
}

/// Either alphabet is allowed.
fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// What is signed of a payload: its type and its bytes, each behind its length.
fn pre_authentication(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

impl Statement {
    /// What kind of predicate it has.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// Whether it is about a manifest, by its digest.
    pub fn is_about(&self, digest: &str) -> bool {
        self.subject.iter().any(|subject| {
            subject.digest.iter().any(|(algorithm, hex)| digest.split_once(':') == Some((algorithm, hex)))
        })
    }

    /// Whether it says that somebody has signed a manifest, and no more.
    pub fn is_signature(&self) -> bool {
        self.predicate_type.starts_with(SIGNED)
    }

    /// The document that it carries. Some tools put it into a text: `{"Data": "…"}`.
    pub fn document(&self) -> Vec<u8> {
        match self.predicate.get("Data") {
            Some(Value::String(text)) => text.clone().into_bytes(),
            Some(inner @ Value::Object(_)) => inner.to_string().into_bytes(),
            _ => self.predicate.to_string().into_bytes(),
        }
    }
}

/// The manifest that a simple-signing document names.
pub fn named_manifest(document: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(document).ok()?;
    let named = document.get("critical")?.get("image")?.get("docker-manifest-digest")?;
    named.as_str().map(str::to_owned)
}

/// The signature in an annotation.
pub fn signature(annotation: &str) -> Option<Vec<u8>> {
    base64(annotation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn payload_is_signed_with_its_type() {
        // The example of the DSSE specification.
        let signed = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(signed, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn statement_is_found_in_every_wrapper() {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://openvex.dev/ns",
            "subject": [{ "name": "app", "digest": { "sha256": "a".repeat(64) } }],
            "predicate": { "@id": "1" },
        });
        let envelope = json!({
            "payloadType": IN_TOTO,
            "payload": STANDARD.encode(statement.to_string()),
            "signatures": [{ "keyid": "", "sig": "AA==" }],
        });
        let bundle = json!({ "mediaType": BUNDLE, "verificationMaterial": {}, "dsseEnvelope": envelope });
        for (media_type, document) in
            [(DSSE, &envelope), ("application/vnd.dev.sigstore.bundle.v0.3+json", &bundle)]
        {
            let found = enveloped(media_type, document.to_string().as_bytes()).unwrap();
            assert_eq!(found.statement.predicate_type(), "https://openvex.dev/ns");
            assert!(found.statement.is_about(&format!("sha256:{}", "a".repeat(64))));
            assert!(!found.statement.is_about(&format!("sha256:{}", "b".repeat(64))));
            assert_eq!(found.statement.document(), br#"{"@id":"1"}"#);
            assert_eq!(found.signatures, [vec![0]]);
        }
        assert!(enveloped(DSSE, b"{}").is_none());
        assert!(enveloped(DSSE, b"[").is_none());
    }

    #[test]
    fn document_may_be_a_text() {
        let statement: Statement =
            serde_json::from_value(json!({ "predicate": { "Data": "{\"a\":1}", "Timestamp": "x" } }))
                .unwrap();
        assert_eq!(statement.document(), br#"{"a":1}"#);
    }
}
