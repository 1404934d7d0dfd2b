//! The checks of the public conformance suite of the distribution specification 1.1, said in our own words.
//!
//! One file for each of its four categories. Where the suite tries one thing with many kinds of content, so do these:
//! [`SHAPES`] lists the kinds. Nothing here is skipped because it is optional.

mod discovery;
mod management;
mod pull;
mod push;

use crate::harness::{Harness, descriptor};
use oci::{Algorithm, Digest, MediaType};
use serde_json::{Value, json};

/// The repository of these checks.
const NAME: &str = "conformance/app";
/// The empty JSON document, by which artifacts stand that have no configuration.
const EMPTY: &[u8] = b"{}";
const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// A kind of content.
struct Shape {
    /// What it shows.
    name: &'static str,
    /// Its media type.
    media_type: &'static str,
    /// Pushes what it needs, and makes it.
    make: for<'a> fn(&'a Harness) -> Made<'a>,
}

type Made<'a> = std::pin::Pin<Box<dyn Future<Output = Value> + Send + 'a>>;

/// All kinds of content.
const SHAPES: &[Shape] = &[
    Shape { name: "image", media_type: MediaType::OCI_MANIFEST, make: |at| Box::pin(image(at, b"layer")) },
    Shape { name: "empty layer", media_type: MediaType::OCI_MANIFEST, make: |at| Box::pin(image(at, b"")) },
    Shape { name: "no layers", media_type: MediaType::OCI_MANIFEST, make: |at| Box::pin(no_layers(at)) },
    Shape {
        name: "unknown members",
        media_type: MediaType::OCI_MANIFEST,
        make: |at| Box::pin(unknown_members(at)),
    },
    Shape { name: "data in descriptors", media_type: MediaType::OCI_MANIFEST, make: |at| Box::pin(data(at)) },
    Shape {
        name: "foreign layer",
        media_type: MediaType::OCI_MANIFEST,
        make: |at| Box::pin(foreign_layer(at)),
    },
    Shape { name: "artifact", media_type: MediaType::OCI_MANIFEST, make: |at| Box::pin(artifact(at, None)) },
    Shape {
        name: "artifact without a file",
        media_type: MediaType::OCI_MANIFEST,
        make: |at| Box::pin(empty_artifact(at)),
    },
    Shape {
        name: "missing subject",
        media_type: MediaType::OCI_MANIFEST,
        make: |at| Box::pin(missing_subject(at)),
    },
    Shape { name: "index", media_type: MediaType::OCI_INDEX, make: |at| Box::pin(index(at)) },
    Shape { name: "empty index", media_type: MediaType::OCI_INDEX, make: |at| Box::pin(empty_index(at)) },
    Shape { name: "nested index", media_type: MediaType::OCI_INDEX, make: |at| Box::pin(nested_index(at)) },
    Shape {
        name: "index of an artifact type",
        media_type: MediaType::OCI_INDEX,
        make: |at| Box::pin(artifact_index(at)),
    },
    Shape {
        name: "docker image",
        media_type: MediaType::DOCKER_MANIFEST,
        make: |at| Box::pin(docker_image(at)),
    },
    Shape { name: "docker list", media_type: MediaType::DOCKER_LIST, make: |at| Box::pin(docker_list(at)) },
];

async fn image(at: &Harness, layer: &[u8]) -> Value {
    serde_json::from_str(&at.prepare_image(NAME, layer, &json!({})).await).unwrap()
}

async fn no_layers(at: &Harness) -> Value {
    let mut image = image(at, b"layer").await;
    image["layers"] = json!([]);
    image
}

async fn unknown_members(at: &Harness) -> Value {
    let mut image = image(at, b"layer").await;
    image["org.example.unknown"] = json!({ "deep": [1, null, { "x": "\u{1f40b}" }] });
    image["layers"][0]["annotations"] = json!({ "note": "yes" });
    image
}

async fn data(at: &Harness) -> Value {
    let mut image = image(at, b"layer").await;
    image["config"]["data"] = json!("e30=");
    image
}

/// A layer that lies elsewhere need not be here.
async fn foreign_layer(at: &Harness) -> Value {
    let mut image = image(at, b"layer").await;
    let mut foreign =
        descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", b"elsewhere");
    foreign["urls"] = json!(["https://elsewhere.test/layer"]);
    image["layers"].as_array_mut().unwrap().push(foreign);
    image
}

async fn artifact(at: &Harness, subject: Option<Value>) -> Value {
    at.push_blob(NAME, EMPTY).await;
    at.push_blob(NAME, b"a file").await;
    let mut artifact = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "artifactType": "application/vnd.example.sbom",
        "config": descriptor(EMPTY_TYPE, EMPTY),
        "layers": [descriptor("text/plain", b"a file")],
        "annotations": { "org.example.note": "yes" },
    });
    if let Some(subject) = subject {
        artifact["subject"] = subject;
    }
    artifact
}

async fn empty_artifact(at: &Harness) -> Value {
    let mut artifact = artifact(at, None).await;
    artifact["layers"] = json!([descriptor(EMPTY_TYPE, EMPTY)]);
    artifact
}

async fn missing_subject(at: &Harness) -> Value {
    artifact(at, Some(descriptor(MediaType::OCI_MANIFEST, b"nowhere"))).await
}

/// Stores a document by its digest, and returns its descriptor.
async fn stored(at: &Harness, media_type: &str, document: &Value) -> Value {
    let text = document.to_string();
    let digest = Digest::of_sha256(text.as_bytes());
    at.put(&format!("/v2/{NAME}/manifests/{digest}"), media_type, text.clone()).await.expect(201);
    descriptor(media_type, text.as_bytes())
}

async fn index(at: &Harness) -> Value {
    let mut manifests = Vec::new();
    for platform in ["amd64", "arm64"] {
        let image = image(at, platform.as_bytes()).await;
        let mut child = stored(at, MediaType::OCI_MANIFEST, &image).await;
        child["platform"] = json!({ "architecture": platform, "os": "linux" });
        manifests.push(child);
    }
    json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": manifests })
}

async fn empty_index(_: &Harness) -> Value {
    json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [] })
}

async fn nested_index(at: &Harness) -> Value {
    let inner = index(at).await;
    let inner = stored(at, MediaType::OCI_INDEX, &inner).await;
    json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [inner] })
}

async fn artifact_index(at: &Harness) -> Value {
    let mut index = index(at).await;
    index["artifactType"] = json!("application/vnd.example.bundle");
    index["subject"] = descriptor(MediaType::OCI_MANIFEST, b"nowhere");
    index
}

async fn docker_image(at: &Harness) -> Value {
    let mut image = image(at, b"layer").await;
    image["mediaType"] = json!(MediaType::DOCKER_MANIFEST);
    image["config"]["mediaType"] = json!(MediaType::DOCKER_CONFIG);
    image["layers"][0]["mediaType"] = json!(MediaType::DOCKER_LAYER_GZIP);
    image
}

async fn docker_list(at: &Harness) -> Value {
    let image = docker_image(at).await;
    let child = stored(at, MediaType::DOCKER_MANIFEST, &image).await;
    json!({ "schemaVersion": 2, "mediaType": MediaType::DOCKER_LIST, "manifests": [child] })
}

/// A digest by each algorithm.
fn digests(content: &[u8]) -> [Digest; 2] {
    [Digest::of(Algorithm::Sha256, content), Digest::of(Algorithm::Sha512, content)]
}

/// The answer is a refusal in the form of the specification.
#[track_caller]
fn is_refusal(answer: &crate::harness::Answer, code: &str) {
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors[0]["code"], code, "{errors}");
    assert!(errors[0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{errors}");
}
