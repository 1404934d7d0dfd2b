//! VEX documents that are attached to images, in the forms that `cosign` and `vexctl` write, signed and not.

use crate::states::import;
use crate::support::image::{Blob, Image, alpine};
use crate::support::push::{push, push_blob, put_manifest};
use crate::support::server::{PASSWORD, Server};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// How the public key of a pair on P-256 begins; its point follows.
const P256_HEAD: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";

/// Somebody who signs as `cosign` does.
struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    /// Writes the public key as `cosign.pub`.
    fn public(&self, folder: &Path, name: &str) -> PathBuf {
        let head = BASE64.decode(format!("{P256_HEAD}AAAA")).unwrap();
        let point = self.0.public_key().as_ref();
        // The head ends with the first byte of the point.
        let der = [&head[..head.len() - 4], point].concat();
        let path = folder.join(name);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(der));
        std::fs::write(&path, pem).unwrap();
        path
    }

    fn sign(&self, bytes: &[u8]) -> String {
        BASE64.encode(self.0.sign(&SystemRandom::new(), bytes).unwrap())
    }

    /// A statement about an image in its envelope.
    fn envelope(&self, digest: &str, predicate_type: &str, predicate: &Value) -> Value {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": predicate_type,
            "subject": [{ "name": "app", "digest": { "sha256": digest.strip_prefix("sha256:").unwrap() } }],
            "predicate": predicate,
        })
        .to_string();
        let signed = format!("DSSEv1 {} {IN_TOTO} {} {statement}", IN_TOTO.len(), statement.len());
        json!({
            "payloadType": IN_TOTO,
            "payload": BASE64.encode(&statement),
            "signatures": [{ "keyid": "", "sig": self.sign(signed.as_bytes()) }],
        })
    }
}

fn open_vex(status: &str) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "The team",
        "timestamp": "2026-11-01T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": { "name": "CVE-2099-0001" },
            "products": [{ "@id": "pkg:oci/app", "subcomponents": [{ "@id": "pkg:apk/alpine/busybox" }] }],
            "status": status, "justification": "vulnerable_code_not_in_execute_path",
        }],
    })
}

fn csaf() -> Value {
    json!({
        "document": {
            "csaf_version": "2.0", "category": "csaf_vex", "title": "t",
            "publisher": { "category": "vendor", "name": "The vendor", "namespace": "https://example.com" },
            "tracking": { "id": "VEX-2", "current_release_date": "2026-11-01T00:00:00Z" },
        },
        "product_tree": { "full_product_names": [{
            "product_id": "P1", "name": "busybox",
            "product_identification_helper": { "purl": "pkg:apk/alpine/busybox@1.36.1-r1?arch=x86_64" },
        }] },
        "vulnerabilities": [{
            "cve": "CVE-2099-0001", "product_status": { "known_not_affected": ["P1"] },
            "flags": [{ "label": "component_not_present", "product_ids": ["P1"] }],
        }],
    })
}

fn cyclone_dx() -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:1", "version": 1,
        "components": [{ "type": "library", "bom-ref": "b", "name": "busybox",
            "purl": "pkg:apk/alpine/busybox@1.36.1-r1?distro=alpine-3.99.0" }],
        "vulnerabilities": [{
            "id": "CVE-2099-0001", "affects": [{ "ref": "b" }],
            "analysis": { "state": "not_affected", "justification": "code_not_reachable", "detail": "No shell." },
        }],
    })
}

/// A server with one image that has one finding.
struct Site {
    folder: tempfile::TempDir,
    client: Client,
    server: Server,
    signer: Signer,
    image: Image,
}

impl Site {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        import(&data);
        let signer = Signer::new();
        let key = signer.public(folder.path(), "release.pub");
        let server = Server::start(&data, &["--vex-key", key.to_str().unwrap()]);
        let site =
            Self { folder, client: Client::new(), server, signer, image: alpine("3.99.0", "1.36.1-r1") };
        push(&site.client, &site.server.url, "app", "1", &site.image).await.unwrap();
        site.wait("Unhealthy");
        site
    }

    fn digest(&self) -> String {
        self.image.manifest().digest().to_string()
    }

    /// Pushes a manifest with one layer, about a subject; the digest of the manifest.
    async fn attach(&self, subject: &Blob, artifact_type: &str, layer: Value, content: &Value) -> String {
        let document = Blob {
            media_type: layer["mediaType"].as_str().unwrap().to_owned(),
            bytes: content.to_string().into_bytes(),
        };
        let empty = Blob { media_type: EMPTY.into(), bytes: b"{}".to_vec() };
        let mut described = document.descriptor();
        described["annotations"] = layer["annotations"].clone();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": artifact_type, "config": empty.descriptor(), "layers": [described],
            "subject": subject.descriptor(),
        });
        let manifest = Blob { media_type: MANIFEST.into(), bytes: manifest.to_string().into_bytes() };
        for blob in [&document, &empty] {
            push_blob(&self.client, &self.server.url, "app", blob).await.unwrap();
        }
        let digest = manifest.digest().to_string();
        put_manifest(&self.client, &self.server.url, "app", &digest, &manifest).await.unwrap();
        digest
    }

    async fn attest(&self, signer: &Signer, about: &str, predicate_type: &str, predicate: &Value) -> String {
        let envelope = signer.envelope(about, predicate_type, predicate);
        let layer = json!({ "mediaType": DSSE, "annotations": { "predicateType": predicate_type } });
        self.attach(&self.image.manifest(), DSSE, layer, &envelope).await
    }

    fn api(&self, path: &str) -> Value {
        tokio::task::block_in_place(|| self.server.api(path))
    }

    async fn delete(&self, digest: &str) {
        let url = format!("{}/v2/app/manifests/{digest}", self.server.url);
        let answer = self.client.delete(url).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }

    fn wait(&self, state: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while self.server.verdict("app:1")["state"] != state {
            assert!(Instant::now() < end, "{:#}\n{}", self.server.verdict("app:1"), self.server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The documents, as soon as there are so many.
    fn documents(&self, count: usize) -> Vec<Value> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let documents = self.server.json(&["image", "vex", "app:1", "--json"]);
            let documents = documents.as_array().unwrap();
            if documents.len() == count {
                return documents.clone();
            }
            assert!(Instant::now() < end, "{documents:#?}\n{}", self.server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OPEN_VEX: &str = "https://openvex.dev/ns";

#[tokio::test(flavor = "multi_thread")]
async fn signed_attestation_silences_a_finding_until_it_is_deleted() {
    let site = Site::start().await;
    let document = site.attest(&site.signer, &site.digest(), OPEN_VEX, &open_vex("not_affected")).await;
    site.wait("Healthy");
    let findings = site.api("/api/findings?exempt=include");
    let exempt = &findings["value"][0]["exempt"];
    assert_eq!((&exempt["kind"], &exempt["author"]), (&json!("Vex"), &json!("release")), "{findings:#}");
    assert_eq!(exempt["reason"], "not_affected: vulnerable_code_not_in_execute_path");
    assert_eq!(exempt["name"], document.as_str());
    assert_eq!(site.api("/api/findings")["value"], json!([]), "what is silenced does not count");
    let documents = site.documents(1);
    assert_eq!((&documents[0]["form"], &documents[0]["signer"]), (&json!("OpenVEX"), &json!("release")));
    let said = site.server.client(&["image", "vex", "app:1"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("believed, signed by release"));

    site.delete(&document).await;
    site.wait("Unhealthy");
    site.documents(0);
    let history = site.server.json(&["image", "history", "app:1", "--json"]);
    let reasons: Vec<&str> =
        history.as_array().unwrap().iter().filter_map(|entry| entry["reason"].as_str()).collect();
    for reason in ["VexGone", "RulesChanged", "VexAccepted", "NewImage"] {
        assert!(reasons.contains(&reason), "{reason} in {reasons:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_trusted_has_signed_changes_nothing_and_is_named() {
    let site = Site::start().await;
    let (image, digest) = (site.image.manifest(), site.digest());
    let stranger = Signer::new();
    let said = open_vex("not_affected");
    let foreign = site.attest(&stranger, &digest, OPEN_VEX, &said).await;
    let other = site.attest(&site.signer, &format!("sha256:{}", "0".repeat(64)), OPEN_VEX, &said).await;
    let layer = json!({ "mediaType": "application/openvex+json", "annotations": {} });
    let unsigned = site.attach(&image, "application/openvex+json", layer, &said).await;
    let mut forged = site.signer.envelope(&digest, OPEN_VEX, &said);
    forged["payload"] = site.signer.envelope(&digest, OPEN_VEX, &open_vex("fixed"))["payload"].clone();
    let layer = json!({ "mediaType": DSSE, "annotations": {} });
    let forged = site.attach(&image, DSSE, layer, &forged).await;
    // What is no document about vulnerabilities is none, whoever has signed it.
    site.attest(&site.signer, &digest, "https://slsa.dev/provenance/v1", &json!({ "builder": "x" })).await;

    let documents = site.documents(4);
    let why = |digest: &str| {
        let found = documents.iter().find(|document| document["document"] == digest).unwrap();
        assert_eq!((&found["believed"], &found["statements"]), (&json!(false), &json!([])));
        found["remark"].as_str().unwrap()
    };
    assert_eq!(why(&foreign), "no key that is trusted here has signed it");
    assert_eq!(why(&forged), "no key that is trusted here has signed it");
    assert_eq!(why(&other), "it is signed for another image");
    assert_eq!(why(&unsigned), "it is not signed");
    assert_eq!(site.server.verdict("app:1")["state"], "Unhealthy");
    let findings = site.api("/api/findings?exempt=include");
    assert_eq!(findings["value"][0]["exempt"], Value::Null);

    // The very document counts as soon as it is signed.
    let payload = json!({
        "critical": {
            "identity": { "docker-reference": "app" }, "type": "cosign container image signature",
            "image": { "docker-manifest-digest": unsigned },
        },
        "optional": null,
    });
    let signature = site.signer.sign(payload.to_string().as_bytes());
    let layer = json!({
        "mediaType": SIMPLE_SIGNING, "annotations": { "dev.cosignproject.cosign/signature": signature },
    });
    let carrier = site.client.get(format!("{}/v2/app/manifests/{unsigned}", site.server.url));
    let carrier =
        carrier.basic_auth("admin", Some(PASSWORD)).header("accept", MANIFEST).send().await.unwrap();
    let carrier = Blob { media_type: MANIFEST.into(), bytes: carrier.bytes().await.unwrap().to_vec() };
    let sign =
        site.attach(&carrier, "application/vnd.dev.cosign.artifact.sig.v1+json", layer, &payload).await;
    site.wait("Healthy");
    site.delete(&sign).await;
    site.wait("Unhealthy");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_counts_in_every_wrapper() {
    let site = Site::start().await;
    let digest = site.digest();
    // CycloneDX in a Sigstore bundle.
    let envelope = site.signer.envelope(&digest, "https://cyclonedx.org/bom", &cyclone_dx());
    let bundle = json!({ "mediaType": BUNDLE, "verificationMaterial": {}, "dsseEnvelope": envelope });
    let layer = json!({ "mediaType": BUNDLE, "annotations": {} });
    let document = site.attach(&site.image.manifest(), BUNDLE, layer, &bundle).await;
    site.wait("Healthy");
    let findings = site.api("/api/findings?exempt=only");
    assert_eq!(findings["value"][0]["exempt"]["reason"], "not_affected: code_not_reachable: No shell.");
    site.delete(&document).await;
    site.wait("Unhealthy");

    // CSAF as the text of a custom predicate, under the tag of older tools and without a subject.
    let predicate = json!({ "Data": csaf().to_string(), "Timestamp": "2026-11-01T00:00:00Z" });
    let envelope =
        site.signer.envelope(&digest, "https://cosign.sigstore.dev/attestation/v1", &predicate).to_string();
    let layer = Blob { media_type: DSSE.into(), bytes: envelope.into_bytes() };
    let attestation = Image::of(vec![layer]);
    let tag = format!("{}.att", digest.replace(':', "-"));
    push(&site.client, &site.server.url, "app", &tag, &attestation).await.unwrap();
    site.wait("Healthy");
    let documents = site.documents(1);
    assert_eq!((&documents[0]["form"], &documents[0]["signer"]), (&json!("CSAF"), &json!("release")));

    // Another configuration believes nobody, and says so.
    let Site { folder, server, .. } = site;
    server.kill();
    let server = Server::start(&folder.path().join("data"), &[]);
    let end = Instant::now() + Duration::from_secs(60);
    while server.verdict("app:1")["state"] != "Unhealthy" {
        assert!(Instant::now() < end, "{}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
}
