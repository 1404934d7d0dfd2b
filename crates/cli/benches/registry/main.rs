//! Lazaretto beside Debian's `docker-registry`: one run, one machine, one load.
//!
//! `cargo xtask bench registry` installs the other server and runs this. Both listen on loopback and keep their data on
//! the same disk. The other one runs without authentication, without a log and with its cache; ours as it is delivered,
//! with a bearer token that is checked on every request, and with scan jobs queued for every push but no worker.
//! Each row alternates between the two, so that a noisy machine disturbs both; times are medians.
//! `REGISTRY_BENCH_MB`, `REGISTRY_BENCH_SECONDS` and `REGISTRY_BENCH_IMAGES` make it smaller or larger.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod blobs;
mod images;
mod line;
mod manifests;
mod noise;
mod peer;
mod table;

use peer::Peer;
use std::path::Path;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Extent {
    blob_bytes: usize,
    rounds: usize,
    seconds: u64,
    images: usize,
}

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let is_test = !std::env::args().any(|word| word == "--bench");
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let extent = if is_test {
        Extent { blob_bytes: 1_000_000, rounds: 1, seconds: 0, images: 2 }
    } else {
        Extent {
            blob_bytes: given("REGISTRY_BENCH_MB").unwrap_or(250) * 1_000_000,
            rounds: 5,
            seconds: given("REGISTRY_BENCH_SECONDS").unwrap_or(4) as u64,
            images: given("REGISTRY_BENCH_IMAGES").unwrap_or(200),
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // The disk under the build folder: what lies in memory alone would flatter whoever writes less carefully.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    runtime.block_on(run(extent, folder.path()));
}

async fn run(extent: Extent, folder: &Path) {
    let mut peers = vec![Peer::ours(&folder.join("ours")).await];
    match Peer::distribution(&folder.join("theirs")).await {
        Some(peer) => peers.push(peer),
        None => println!("skipped: docker-registry is not installed, so that there is nothing beside us"),
    }
    table::head(&peers);
    blobs::run(&peers, extent, folder).await;
    manifests::run(&peers, extent).await;
    images::run(&peers, extent).await;
    table::row(
        "peak memory, MB",
        &peers.iter().map(Peer::peak_memory).collect::<Vec<_>>(),
        table::Better::Less,
    );
}
