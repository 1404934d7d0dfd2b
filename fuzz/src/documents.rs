//! Documents of clients: manifests, configurations, references, versions, package URLs and bills of materials.

use inventory::sbom::BillLimits;
use inventory::version::SCHEMES;
use oci::{ImageConfig, Manifest, MediaType};
use std::str::FromStr;

/// Small ones that are right.
pub(crate) const SEEDS: &[(&str, &str)] = &[
    (
        "oci_documents",
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"urls":["https://a.example/b"]}],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":1},"annotations":{"a":"b"}}"#,
    ),
    (
        "oci_documents",
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":2,"platform":{"architecture":"arm64","os":"linux","variant":"v8"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}}]}"#,
    ),
    (
        "oci_documents",
        r#"{"architecture":"amd64","os":"linux","created":"2024-01-01T00:00:00Z","config":{"Labels":{"a":"b"}},"rootfs":{"type":"layers","diff_ids":["sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]},"history":[{"created_by":"RUN x","empty_layer":true},{"created_by":"COPY a b"}]}"#,
    ),
    (
        "oci_documents",
        "registry.example:5000/team/app:1.0@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    (
        "bills",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"operating-system","name":"debian","version":"12"},{"type":"library","name":"a","version":"1","purl":"pkg:deb/debian/a@1%3A2?arch=amd64&distro=debian-12&upstream=b%401"}],"compositions":[{"aggregate":"incomplete"}]}"#,
    ),
    (
        "bills",
        r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","versionInfo":"1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:maven/a.b/c@1"}],"comment":"This list may be incomplete."}]}"#,
    ),
    ("bills", "pkg:golang/github.com/a/b@v1.2.3-0.20200101000000-abcdefabcdef"),
    ("versions", "1:2.3~rc1-4.el9+b1\n1:2.3-4"),
    ("versions", "1.0.0-alpha.1+build.5\n1.0.0"),
    ("versions", "1!2.0.post3.dev4+local.5\n2.0a1"),
    ("versions", "1.2.3_rc4-r5\n1.2.3a_p1"),
    ("versions", "v1.2.3-0.20200101000000-abcdefabcdef\nv1.2.3+incompatible"),
    ("versions", "1.0-SNAPSHOT\n1.0.Final-1"),
];

/// Reads bytes as each kind of manifest, as a configuration and as a reference.
pub fn oci_documents(bytes: &[u8]) {
    for media_type in [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ] {
        let Ok(media_type) = MediaType::from_str(media_type) else { continue };
        if let Ok(manifest) = Manifest::parse(&media_type, bytes) {
            let _ = (manifest.blobs().len(), manifest.children().len(), manifest.artifact_type().is_some());
        }
    }
    if let Ok(config) = ImageConfig::parse(bytes) {
        let layers = config.chain_ids().len();
        let _ = (0..=layers).filter_map(|layer| config.step_of_layer(layer)).count();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = oci::ImageReference::from_str(text);
    }
}

/// Reads bytes as a bill of materials and as a package URL.
pub fn bills(bytes: &[u8]) {
    let _ = inventory::sbom::read(bytes, &BillLimits::default());
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = inventory::parse_package_url(text);
    }
}

/// Reads each line as a version of every scheme. What can be read is equal to itself, and its order to another is the
/// reverse of the other's to it.
pub fn versions(text: &str) {
    let lines: Vec<&str> = text.lines().take(8).collect();
    for scheme in SCHEMES {
        for left in &lines {
            if let Ok(order) = scheme.compare(left, left) {
                assert!(order.is_eq(), "{}: {left:?} is not equal to itself", scheme.name);
            }
            for right in &lines {
                if let (Ok(there), Ok(back)) = (scheme.compare(left, right), scheme.compare(right, left)) {
                    assert_eq!(there, back.reverse(), "{}: {left:?} and {right:?}", scheme.name);
                }
            }
        }
    }
}
