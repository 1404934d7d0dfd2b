//! How long a verdict takes: from the answer to the manifest until the verdict can be read.
//!
//! A real server is pushed to over HTTP, by one client after the other. Each image is new to the registry unless the line
//! says otherwise. Whether reading ahead slows the push is measured beside it, on a server whose plan asks for no scans.
//!
//! `cargo xtask bench verdict`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops where something is wrong, and tells what it measured"
)]
// The helpers of the tests; a benchmark needs a part of them.
#[expect(dead_code, reason = "shared with the tests")]
#[path = "../tests/end_to_end/support/image.rs"]
mod image;
#[expect(dead_code, reason = "shared with the tests")]
#[path = "../tests/end_to_end/support/push.rs"]
mod push;
#[expect(dead_code, reason = "shared with the tests")]
#[path = "../tests/end_to_end/support/server.rs"]
mod server;

use futures_util::{Stream, StreamExt, stream};
use image::{Blob, Image};
use indexer::build::{LayerBuilder, media_type};
use indexer::codec::{Codec, Decoded};
use reqwest::Client;
use server::{PASSWORD, Server};
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const MEBIBYTE: usize = 1 << 20;
/// Between one pair of pushes and the next.
const PAUSE: Duration = Duration::from_millis(300);
/// Runs of pushes from afar are counted from here, so that their images are new too.
const FAR: usize = 1000;
/// What a line of 1 Gbit/s carries in a second.
const LINE_BYTES: f64 = 125e6;
/// Bytes that are sent at once: two milliseconds of that line.
const PIECE: usize = 256 << 10;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    let idle_folder = tempfile::tempdir().unwrap();
    let idle = Server::start(idle_folder.path(), &["--plan", "free"]);
    let client = Client::new();
    let (small, medium, large) = (Kind::small(), Kind::medium(), Kind::large());

    println!("{:<34} {:>5} {:>10} {:>10}", "", "runs", "p50", "p99");
    let mut lines = Vec::new();
    for (kind, runs) in [(&small, 60), (&medium, 16), (&large, 7)] {
        let mut verdicts = Vec::new();
        let (mut on, mut off) = (Vec::new(), Vec::new());
        for run in 0..runs {
            let image = kind.image(run);
            // Pushes come one by one, and what they leave to be done is done before the next.
            tokio::time::sleep(PAUSE).await;
            // What one push leaves to be written to the disk is in the way of the next, so they take turns in being first.
            let is_first = run % 2 == 1;
            if !is_first {
                off.push(pushed(&client, &idle, kind.name, &image).await);
            }
            on.push(pushed(&client, &server, kind.name, &image).await);
            verdicts.push(verdict(&client, &server, kind.name, &image).await);
            if is_first {
                off.push(pushed(&client, &idle, kind.name, &image).await);
            }
        }
        print(&format!("{}, new", kind.name), verdicts);
        lines.push(slowdown(kind.name, &on, &off));
    }
    for (kind, runs) in [(&small, 20), (&medium, 10), (&large, 3)] {
        lines.push(slowdown_from_afar(&client, &server, &idle, kind, runs).await);
    }
    for kind in [&small, &medium] {
        let image = kind.image(0);
        let mut verdicts = Vec::new();
        for _ in 0..20 {
            pushed(&client, &server, kind.name, &image).await;
            verdicts.push(verdict(&client, &server, kind.name, &image).await);
        }
        print(&format!("{}, pushed again", kind.name), verdicts);
    }
    let mut verdicts = Vec::new();
    for run in 0..20 {
        let image = medium.on_the_same_base(run);
        pushed(&client, &server, medium.name, &image).await;
        verdicts.push(verdict(&client, &server, medium.name, &image).await);
    }
    print("new layer on a known base", verdicts);
    for line in lines {
        println!("{line}");
    }
    println!("bare decompression of the large layer: {:.1?}", decompression(&large.image(0)));
}

/// Loads what advisories are at hand, so that matching has something to look through.
fn import(data: &Path) {
    let shared = std::env::var_os("LAZARETTO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), Into::into)
        .join("data/advisories");
    let source = if shared.is_dir() {
        shared
    } else {
        println!("the shared advisories are not at hand; one made up takes their place");
        let file = data.join("advisory.json");
        std::fs::write(&file, image::advisory("CVE-2099-0001", "v3.18", "1.36.1-r5").to_string()).unwrap();
        file
    };
    let output = Command::new(server::binary())
        .args(["advisories", "import", "--data"])
        .arg(data)
        .arg(&source)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// One size of image.
struct Kind {
    name: &'static str,
    /// The parts of the layers that are the same in all runs: archives without their ends.
    beginnings: Vec<Vec<u8>>,
}

impl Kind {
    /// Alpine with 120 packages, 3 MB.
    fn small() -> Self {
        let first = |builder: &mut LayerBuilder<Vec<u8>>| {
            builder.file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.9\n").unwrap();
            let stanza = |number: usize| {
                format!("P:package{number}\nV:1.{number}-r0\nA:x86_64\no:package{number}\n\n")
            };
            let packages: String = (0..120).map(stanza).collect();
            builder.file("lib/apk/db/installed", packages + "P:busybox\nV:1.36.1-r1\no:busybox\n\n").unwrap();
        };
        Self { name: "small (3 MB)", beginnings: vec![beginning(1, 3 * MEBIBYTE, first)] }
    }

    /// Debian with 300 packages, and 800 packages of Python and Node in the layers above: 60 MB in 8 layers.
    fn medium() -> Self {
        let mut beginnings = vec![beginning(2, 25 * MEBIBYTE, debian)];
        for layer in 1..8 {
            beginnings
                .push(beginning(10 + layer as u64, 5 * MEBIBYTE, |builder| languages(builder, layer, 115)));
        }
        Self { name: "medium (60 MB, 8 layers)", beginnings }
    }

    /// Debian with 300 packages and 1000 of Node: 250 MB in one layer.
    fn large() -> Self {
        let fill = |builder: &mut LayerBuilder<Vec<u8>>| {
            debian(builder);
            languages(builder, 0, 1000);
        };
        Self { name: "large (250 MB, one layer)", beginnings: vec![beginning(3, 250 * MEBIBYTE, fill)] }
    }

    /// An image of which every layer is new.
    fn image(&self, run: usize) -> Image {
        Image::of(self.beginnings.iter().map(|beginning| ended(beginning, &run.to_string())).collect())
    }

    /// An image whose last layer alone is new.
    fn on_the_same_base(&self, run: usize) -> Image {
        let (last, base) = self.beginnings.split_last().unwrap();
        let mut layers: Vec<Blob> = base.iter().map(|beginning| ended(beginning, "0")).collect();
        layers.push(ended(last, &format!("top {run}")));
        Image::of(layers)
    }
}

fn debian(builder: &mut LayerBuilder<Vec<u8>>) {
    builder.file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n").unwrap();
    let stanza = |number: usize| {
        format!(
            "Package: package{number}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{number}-1\n\
             Description: a package of a benchmark\n\n"
        )
    };
    let packages: String = (0..300).map(stanza).collect();
    let known =
        "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u1\n\n";
    builder.file("var/lib/dpkg/status", packages + known).unwrap();
}

fn languages(builder: &mut LayerBuilder<Vec<u8>>, layer: usize, count: usize) {
    for number in 0..count {
        let name = format!("module-{layer}-{number}");
        let text = format!(r#"{{"name":"{name}","version":"1.{number}.0","main":"index.js"}}"#);
        builder.file(&format!("srv/app{layer}/node_modules/{name}/package.json"), text).unwrap();
    }
}

/// A gzip member with the beginning of an archive: what `fill` writes, and then files until it has about `size` bytes.
///
/// The files are half noise and half text, which compresses about as much as programs and documents do together.
fn beginning(seed: u64, size: usize, fill: impl FnOnce(&mut LayerBuilder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    fill(&mut builder);
    let mut state = seed;
    let mut written = 0;
    let mut number = 0;
    // Noise stays as it is, and text nearly vanishes.
    while written < size {
        let mut content = Vec::with_capacity(256 << 10);
        while content.len() < 256 << 10 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            content.extend_from_slice(&state.to_be_bytes()[..4]);
            content.extend_from_slice(b"text");
        }
        builder.file(&format!("usr/share/files/{seed}/{number}"), &content).unwrap();
        written += content.len() * 5 / 8;
        number += 1;
    }
    builder.finish_without_end().unwrap()
}

/// A layer: its beginning, and a second gzip member with what makes it unlike all others, and the end.
fn ended(beginning: &[u8], mark: &str) -> Blob {
    let mut builder = LayerBuilder::new(Vec::new(), Codec::Gzip).unwrap();
    builder.file("etc/mark", mark).unwrap();
    let bytes = [beginning, &builder.finish().unwrap()].concat();
    Blob { media_type: media_type(Codec::Gzip).into(), bytes }
}

async fn pushed(client: &Client, server: &Server, name: &str, image: &Image) -> Duration {
    let started = Instant::now();
    push::push(client, &server.url, &repository(name), "1", image).await.unwrap();
    started.elapsed()
}

/// What scans cost pushes from afar, in turns.
async fn slowdown_from_afar(
    client: &Client,
    server: &Server,
    idle: &Server,
    kind: &Kind,
    runs: usize,
) -> String {
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let image = kind.image(FAR + run);
        tokio::time::sleep(PAUSE).await;
        for is_on in [run % 2 == 0, run % 2 == 1] {
            let (server, times) = if is_on { (server, &mut on) } else { (idle, &mut off) };
            times.push(pushed_from_afar(client, server, kind.name, &image).await);
            if is_on {
                verdict(client, server, kind.name, &image).await;
            }
        }
    }
    slowdown(&format!("{} from afar", kind.name), &on, &off)
}

/// A push by a client that has a line of 1 Gbit/s and has hashed its layers before.
async fn pushed_from_afar(client: &Client, server: &Server, name: &str, image: &Image) -> Duration {
    let blobs: Vec<(String, Vec<Vec<u8>>)> = image
        .layers
        .iter()
        .chain([&image.config])
        .map(|blob| (blob.digest().to_string(), blob.bytes.chunks(PIECE).map(<[u8]>::to_vec).collect()))
        .collect();
    let repository = repository(name);
    let started = Instant::now();
    for (digest, pieces) in blobs {
        let body = reqwest::Body::wrap_stream(paced(pieces));
        push::push_bytes(client, &server.url, &repository, &digest, body).await.unwrap();
    }
    push::put_manifest(client, &server.url, &repository, "1", &image.manifest()).await.unwrap();
    started.elapsed()
}

/// Pieces as fast as the line carries them.
fn paced(pieces: Vec<Vec<u8>>) -> impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static {
    let started = Instant::now();
    stream::iter(pieces.into_iter().enumerate()).then(move |(number, piece)| async move {
        let due = started + Duration::from_secs_f64((number * PIECE) as f64 / LINE_BYTES);
        tokio::time::sleep_until(due.into()).await;
        Ok(piece)
    })
}

/// How long it takes from now until the verdict can be read.
async fn verdict(client: &Client, server: &Server, name: &str, image: &Image) -> Duration {
    let digest = image.manifest().digest();
    let url = format!("{}/api/images/{}@{digest}/wait?seconds=60", server.url, repository(name));
    let started = Instant::now();
    loop {
        let answer = client.get(&url).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
        let view: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        match view["state"].as_str() {
            Some("Queued" | "Scanning") => {}
            Some("Healthy" | "Unhealthy" | "NotApplicable") => return started.elapsed(),
            _ => panic!("there is no verdict: {view:#}"),
        }
    }
}

fn repository(name: &str) -> String {
    format!("bench/{}", name.split(' ').next().unwrap_or(name))
}

/// What scans cost a push: the medians, and the median of each pair's own ratio, which what else the machine does
/// disturbs less.
fn slowdown(name: &str, on: &[Duration], off: &[Duration]) -> String {
    let mut ratios: Vec<f64> =
        on.iter().zip(off).map(|(on, off)| on.as_secs_f64() / off.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let slower = (ratios[ratios.len() / 2] - 1.0) * 100.0;
    let (on, off) = (median(on.to_vec()), median(off.to_vec()));
    format!("push of {name:<34} {on:>10.1?} with scans, {off:>10.1?} without: {slower:+.1} % in a pair")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort();
    // Of few runs the slowest is the 99th percentile.
    let slow = times[(times.len() * 99).div_ceil(100) - 1];
    println!("{what:<34} {:>5} {:>10.1?} {slow:>10.1?}", times.len(), median(times.clone()));
}

/// One processor, nothing but the decompressor.
fn decompression(image: &Image) -> Duration {
    let bytes = &image.layers[0].bytes;
    let started = Instant::now();
    let mut decoded =
        Decoded::open(bytes.as_slice(), media_type(Codec::Gzip), &indexer::Limits::default()).unwrap();
    let mut buffer = vec![0; 128 << 10];
    while decoded.read(&mut buffer).unwrap() > 0 {}
    started.elapsed()
}
