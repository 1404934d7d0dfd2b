//! The rules of manifests, one test each.

use super::*;
use crate::Digest;
use proptest::prelude::*;

fn media_type(text: &str) -> MediaType {
    text.parse().unwrap()
}

fn parse(kind: &str, text: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(&media_type(kind), text.as_bytes())
}

fn descriptor(kind: &str, content: &[u8]) -> String {
    let digest = Digest::of_sha256(content);
    let size = content.len();
    format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":{size}}}"#)
}

fn image(members: &str) -> String {
    let config = descriptor(MediaType::OCI_CONFIG, b"{}");
    let layer = descriptor(MediaType::OCI_LAYER_GZIP, b"layer");
    format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layer}]{members}}}"#)
}

fn index(members: &str) -> String {
    let child = descriptor(MediaType::OCI_MANIFEST, b"child");
    format!(r#"{{"schemaVersion":2,"manifests":[{child}]{members}}}"#)
}

#[test]
fn an_image_manifest_is_read() {
    let subject = descriptor(MediaType::OCI_MANIFEST, b"subject");
    let text = image(&format!(
        r#","mediaType":"{}","subject":{subject},"annotations":{{"A":"1","a":"2"}},"extra":{{"x":[1]}}"#,
        MediaType::OCI_MANIFEST
    ));
    let manifest = parse(MediaType::OCI_MANIFEST, &text).unwrap();
    let ManifestContent::Image(content) = manifest.content() else {
        panic!("not an image");
    };
    assert!(content.is_runnable());
    assert_eq!(content.layers.len(), 1);
    assert_eq!(manifest.blobs().len(), 2);
    assert!(manifest.children().is_empty());
    assert_eq!(manifest.annotations().len(), 2);
    assert_eq!(manifest.subject().unwrap().digest, Digest::of_sha256(b"subject"));
    assert_eq!(manifest.artifact_type().unwrap().as_str(), MediaType::OCI_CONFIG);
}

#[test]
fn an_index_is_read_with_the_platforms_of_its_children() {
    let digest = Digest::of_sha256(b"x");
    let kind = MediaType::OCI_MANIFEST;
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[
        {{"mediaType":"{kind}","digest":"{digest}","size":1,"platform":{{"os":"linux","architecture":"arm","variant":"v7"}}}},
        {{"mediaType":"{kind}","digest":"{digest}","size":1,"platform":{{"os":"unknown","architecture":"unknown"}},
          "annotations":{{"vnd.docker.reference.type":"attestation-manifest"}}}}]}}"#,
        MediaType::DOCKER_LIST
    );
    let manifest = parse(MediaType::DOCKER_LIST, &text).unwrap();
    let [first, second] = manifest.children() else {
        panic!("two children");
    };
    assert_eq!(first.platform.as_ref().unwrap().variant.as_deref(), Some("v7"));
    assert!(!first.is_attestation() && second.is_attestation());
    assert!(manifest.blobs().is_empty());
}

#[test]
fn an_artifact_declares_its_type() {
    let text = image(r#","artifactType":"application/vnd.example.sbom""#);
    let manifest = parse(MediaType::OCI_MANIFEST, &text).unwrap();
    assert_eq!(manifest.artifact_type().unwrap().as_str(), "application/vnd.example.sbom");
}

#[test]
fn an_unknown_type_is_kept_when_it_names_itself() {
    let blob = descriptor("text/plain", b"x");
    let kind = "application/vnd.oci.artifact.manifest.v1+json";
    let text = format!(r#"{{"mediaType":"{kind}","blobs":[{blob}]}}"#);
    let manifest = parse(kind, &text).unwrap();
    assert!(matches!(manifest.content(), ManifestContent::Other { blobs } if blobs.len() == 1));
    assert!(matches!(parse(kind, "{}"), Err(ManifestError::NoMediaType)));
    let lying = format!(r#"{{"mediaType":"{kind}","manifests":[]}}"#);
    assert!(matches!(parse(kind, &lying), Err(ManifestError::Foreign("manifests"))));
}

#[test]
fn the_media_type_of_document_and_request_must_be_equal() {
    let as_index = image(&format!(r#","mediaType":"{}""#, MediaType::OCI_INDEX));
    assert!(matches!(parse(MediaType::OCI_MANIFEST, &as_index), Err(ManifestError::MediaType { .. })));
    let docker = image(&format!(r#","mediaType":"{}""#, MediaType::DOCKER_MANIFEST));
    assert!(parse(MediaType::DOCKER_MANIFEST, &docker).is_ok());
    assert!(matches!(parse(MediaType::OCI_MANIFEST, &docker), Err(ManifestError::MediaType { .. })));
    assert!(matches!(parse(MediaType::DOCKER_MANIFEST, &image("")), Err(ManifestError::NoMediaType)));
}

#[test]
fn a_document_that_is_image_and_index_at_once_is_refused() {
    for (kind, text, member) in [
        (MediaType::OCI_MANIFEST, image(r#","manifests":[]"#), "manifests"),
        (MediaType::OCI_MANIFEST, image(r#","manifests":null"#), "manifests"),
        (MediaType::OCI_MANIFEST, image(r#","fsLayers":[]"#), "fsLayers"),
        (MediaType::OCI_INDEX, index(r#","layers":[]"#), "layers"),
        (MediaType::OCI_INDEX, index(&format!(r#","config":{}"#, descriptor("a/b", b""))), "config"),
    ] {
        match parse(kind, &text) {
            Err(ManifestError::Foreign(found)) => assert_eq!(found, member),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn keys_that_readers_disagree_about_are_refused() {
    for members in [
        r#","layers":[]"#,
        r#","Layers":[]"#,
        r#","Manifests":[]"#,
        r#","MEDIATYPE":"application/vnd.oci.image.index.v1+json""#,
        r#","manifestſ":[]"#,
        r#","annotations":{"a":"1","a":"2"}"#,
    ] {
        assert!(
            matches!(parse(MediaType::OCI_MANIFEST, &image(members)), Err(ManifestError::Json(_))),
            "{members}"
        );
    }
}

#[test]
fn what_is_missing_or_malformed_is_refused() {
    let config = descriptor(MediaType::OCI_CONFIG, b"{}");
    for text in [
        "".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"schemaVersion":2}"#.to_owned(),
        format!(r#"{{"schemaVersion":1,"config":{config},"layers":[]}}"#),
        format!(r#"{{"schemaVersion":2,"config":{config}}}"#),
        r#"{"schemaVersion":2,"layers":[]}"#.to_owned(),
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{{}}]}}"#),
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[],"annotations":{{"a":1}}}}"#),
    ] {
        assert!(parse(MediaType::OCI_MANIFEST, &text).is_err(), "{text}");
    }
    assert!(matches!(
        parse("application/vnd.docker.distribution.manifest.v1+json", "{}"),
        Err(ManifestError::SchemaOne)
    ));
}

#[test]
fn null_layers_are_no_layers() {
    let config = descriptor(MediaType::OCI_CONFIG, b"{}");
    let text = format!(r#"{{"schemaVersion":2,"config":{config},"layers":null}}"#);
    assert_eq!(parse(MediaType::OCI_MANIFEST, &text).unwrap().blobs().len(), 1);
}

#[test]
fn limits_are_kept() {
    let config = descriptor(MediaType::OCI_CONFIG, b"{}");
    let layer = descriptor(MediaType::OCI_LAYER, b"x");
    let layers = |count: usize| {
        let list = vec![layer.as_str(); count].join(",");
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{list}]}}"#)
    };
    assert!(parse(MediaType::OCI_MANIFEST, &layers(MAXIMUM_LAYERS)).is_ok());
    assert!(matches!(
        parse(MediaType::OCI_MANIFEST, &layers(MAXIMUM_LAYERS + 1)),
        Err(ManifestError::Layers(1001))
    ));
    let child = descriptor(MediaType::OCI_MANIFEST, b"x");
    let list = vec![child.as_str(); MAXIMUM_CHILDREN + 1].join(",");
    assert!(matches!(
        parse(MediaType::OCI_INDEX, &format!(r#"{{"schemaVersion":2,"manifests":[{list}]}}"#)),
        Err(ManifestError::Children(4097))
    ));
    let padded = format!("{}{}", image(""), " ".repeat(MAXIMUM_MANIFEST_BYTES));
    assert!(matches!(parse(MediaType::OCI_MANIFEST, &padded), Err(ManifestError::Large(_))));
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes: Vec<u8>) {
        let _ = Manifest::parse(&media_type(MediaType::OCI_MANIFEST), &bytes);
    }

    #[test]
    fn a_broken_manifest_never_panics(at in 0usize..400, byte: u8) {
        let mut bytes = image("").into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = Manifest::parse(&media_type(MediaType::OCI_MANIFEST), &bytes);
    }
}
