//! Images made in code: layers by the project's own builder, and the documents around them.

use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use oci::{Algorithm, Digest, Hasher};
use serde_json::{Value, json};

/// Bytes with their media type.
#[derive(Clone)]
pub(crate) struct Blob {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Blob {
    pub(crate) fn digest(&self) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(&self.bytes);
        hasher.finish()
    }

    pub(crate) fn descriptor(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest().to_string(), "size": self.bytes.len()})
    }
}

/// An image, ready to be pushed.
#[derive(Clone)]
pub(crate) struct Image {
    pub config: Blob,
    pub layers: Vec<Blob>,
}

impl Image {
    /// A Linux image of these layers.
    pub(crate) fn of(layers: Vec<Blob>) -> Self {
        Self::on("linux", layers)
    }

    /// An image for an operating system.
    pub(crate) fn on(os: &str, layers: Vec<Blob>) -> Self {
        let config = json!({
            "os": os, "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": layers.iter().map(|layer| layer.digest().to_string()).collect::<Vec<_>>()},
        });
        let config = Blob {
            media_type: "application/vnd.oci.image.config.v1+json".into(),
            bytes: serde_json::to_vec(&config).unwrap(),
        };
        Self { config, layers }
    }

    /// Its manifest.
    pub(crate) fn manifest(&self) -> Blob {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.config.descriptor(),
            "layers": self.layers.iter().map(Blob::descriptor).collect::<Vec<_>>(),
        });
        Blob {
            media_type: "application/vnd.oci.image.manifest.v1+json".into(),
            bytes: serde_json::to_vec(&manifest).unwrap(),
        }
    }
}

/// A gzip layer of these files.
pub(crate) fn layer(files: &[(&str, &str)]) -> Blob {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    for (path, content) in files {
        builder.file(path, content).unwrap();
    }
    Blob { media_type: media_type(Codec::Gzip).into(), bytes: builder.finish().unwrap() }
}

/// An Alpine root with one package, `busybox`, in this version.
pub(crate) fn alpine(release: &str, busybox: &str) -> Image {
    let branch = release.rsplit_once('.').unwrap().0;
    let os_release = format!("ID=alpine\nVERSION_ID={release}\nPRETTY_NAME=\"Alpine Linux v{branch}\"\n");
    let installed = format!("P:busybox\nV:{busybox}\nA:x86_64\no:busybox\n\n");
    Image::of(vec![layer(&[("etc/os-release", &os_release), ("lib/apk/db/installed", &installed)])])
}

impl Image {
    /// Writes the image as a layout with one manifest.
    pub(crate) fn write_layout(&self, folder: &std::path::Path) {
        let blobs = folder.join("blobs/sha256");
        std::fs::create_dir_all(&blobs).unwrap();
        let manifest = self.manifest();
        for blob in self.layers.iter().chain([&self.config, &manifest]) {
            let digest = blob.digest();
            let (_, hex) = digest.as_str().split_once(':').unwrap();
            std::fs::write(blobs.join(hex), &blob.bytes).unwrap();
        }
        let index = json!({ "schemaVersion": 2, "manifests": [manifest.descriptor()] });
        std::fs::write(folder.join("index.json"), index.to_string()).unwrap();
        std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    }
}

/// An advisory: versions of Alpine's busybox below `fixed` are affected.
pub(crate) fn advisory(id: &str, release: &str, fixed: &str) -> Value {
    json!({
        "schema_version": "1.7.0", "id": format!("ALPINE-{id}"), "upstream": [id],
        "published": "2021-01-01T00:00:00Z", "modified": "2021-01-01T00:00:00Z",
        "summary": "for a test",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
        "affected": [{
            "package": {"ecosystem": format!("Alpine:{release}"), "name": "busybox"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
    })
}
