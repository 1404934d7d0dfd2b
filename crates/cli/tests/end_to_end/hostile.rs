//! The four hostile layers: small to push, enormous to read.
//!
//! Each goes through the real jail. The worker must stay below 512 MB and 60 s of a processor, nothing may be left behind, and an
//! image of which something could not be read is never healthy.

use crate::states::import;
use crate::support::image::{Blob, Image, layer};
use crate::support::push::push;
use crate::support::server::{Server, binary};
use indexer::build::{LayerBuilder, media_type};
use indexer::codec::Codec;
use reqwest::Client;
use sandbox::{Input, Requirement};
use server::inspect::Inspector;
use std::io::{Cursor, Read};
use std::time::Duration;

const MOST_MEMORY: u64 = 512 << 20;
const LONGEST: Duration = Duration::from_secs(60);

/// The same bytes again and again.
struct Repeated(&'static [u8], usize);

impl Read for Repeated {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for slot in &mut *buffer {
            *slot = self.0[self.1];
            self.1 = (self.1 + 1) % self.0.len();
        }
        Ok(buffer.len())
    }
}

fn built(fill: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> Blob {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    fill(&mut builder);
    Blob { media_type: media_type(Codec::Gzip).into(), bytes: builder.finish().unwrap() }
}

/// A real Alpine root, so that everything else about the image is in order.
fn root() -> Blob {
    layer(&[
        ("etc/os-release", "ID=alpine\nVERSION_ID=3.99.0\nPRETTY_NAME=\"Alpine Linux v3.99\"\n"),
        ("lib/apk/db/installed", "P:busybox\nV:1.36.1-r7\nA:x86_64\no:busybox\n\n"),
    ])
}

fn zeros() -> Blob {
    built(|builder| {
        builder.streamed_file("zeros", 8 << 30, std::io::repeat(0)).unwrap();
    })
}

fn many_files() -> Blob {
    built(|builder| {
        for folder in 0..500 {
            for file in 0..1000 {
                builder.file(&format!("d{folder}/f{file}"), "").unwrap();
            }
        }
    })
}

fn deep_json() -> Blob {
    built(|builder| {
        builder.streamed_file("node_modules/x/package.json", 512 << 20, Repeated(b"[", 0)).unwrap();
    })
}

fn amplified_database() -> Blob {
    built(|builder| {
        let stanza = Repeated(b"P:a\nV:1\nA:x86_64\no:a\n\nP:b\nV:1\n\n", 0);
        builder.file("etc/alpine-release", "3.99.0\n").unwrap();
        builder.streamed_file("lib/apk/db/installed", 1 << 30, stanza).unwrap();
    })
}

/// Reads a layer in the jail and holds the worker to its bounds.
fn read_within_bounds(name: &str, blob: &Blob) {
    let inspector = Inspector { program: Some(binary()), ..Inspector::new(Requirement::BestEffort) };
    let input = Input::Stream(Box::new(Cursor::new(blob.bytes.clone())));
    match inspector.layer(input, &blob.media_type, None, false) {
        Ok(inspected) => {
            let report = inspected.report;
            assert!(
                report.max_resident_bytes < MOST_MEMORY,
                "{name}: {} bytes resident",
                report.max_resident_bytes
            );
            // How long it waits for a processor is the machine's affair.
            assert!(report.cpu < LONGEST, "{name}: {:?}", report.cpu);
        }
        // The jail ended it: that is a bound that held.
        Err(error) => assert!(error.is_the_inputs_fault(), "{name}: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_layers_are_bounded_and_never_healthy() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start_with(folder.path(), &[], &[("TMPDIR", scratch.path().to_str().unwrap())]);
    // What may be healthy was read to its end: half a million empty files hide nothing.
    let layers = [
        ("zeros", zeros(), "NotApplicable"),
        ("files", many_files(), "Healthy"),
        ("json", deep_json(), "NotApplicable"),
        ("database", amplified_database(), "NotApplicable"),
    ];
    for (name, hostile, expected) in layers {
        read_within_bounds(name, &hostile);
        let image = Image::of(vec![root(), hostile]);
        let repository = format!("hostile/{name}");
        push(&Client::new(), &server.url, &repository, "1", &image).await.unwrap();
        let verdict = server.verdict(&format!("{repository}:1"));
        assert_eq!(verdict["state"], expected, "{name}: {verdict:#}");
        if expected == "NotApplicable" {
            assert_ne!(verdict["cause"]["description"], "", "{name} does not say why");
        }
    }
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().collect();
    assert!(left.is_empty(), "files were left behind: {left:?}");
    let uploads: Vec<_> = std::fs::read_dir(folder.path().join("content/uploads")).unwrap().collect();
    assert!(uploads.is_empty(), "uploads were left behind: {uploads:?}");
}
