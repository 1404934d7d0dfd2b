//! One large blob up and down, and what the machine would need for hashing and writing it alone.

use crate::peer::{Client, Peer};
use crate::table::{self, Better};
use crate::{Extent, noise};
use oci::Digest;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

pub(crate) async fn run(peers: &[Peer], extent: Extent, folder: &Path) {
    let size = extent.blob_bytes;
    let mut content = noise::bytes(1, size);
    let mut put = vec![Vec::new(); peers.len()];
    let mut get = vec![Vec::new(); peers.len()];
    let mut floor = Vec::new();
    for round in 0..extent.rounds {
        floor.push(hash_and_write(&content, &folder.join("floor")));
        for (peer, (put, get)) in peers.iter().zip(put.iter_mut().zip(&mut get)) {
            // Each its own bytes: nobody is asked to store what is there already.
            content[..8].copy_from_slice(&(round as u64).to_le_bytes());
            let digest = Digest::of_sha256(&content);
            let mut client = Client::new(peer, "bench/blob").await;
            put.push(rate(size, async || client.put_blob(&digest, &content).await).await);
            get.push(rate(size, async || assert_eq!(client.get_blob(&digest).await, size as u64)).await);
        }
    }
    let megabytes = size / 1_000_000;
    let medians = |all: Vec<Vec<f64>>| all.into_iter().map(table::median).collect::<Vec<_>>();
    table::row(&format!("PUT {megabytes} MB, MB/s"), &medians(put), Better::More);
    table::note(&format!("  sha256, write and fsync alone: {:.0} MB/s", table::median(floor)));
    table::row(&format!("GET {megabytes} MB, MB/s"), &medians(get), Better::More);
}

async fn rate(size: usize, work: impl AsyncFnOnce()) -> f64 {
    let start = Instant::now();
    work().await;
    size as f64 / 1e6 / start.elapsed().as_secs_f64()
}

/// What no registry can be faster than that hashes first and writes then.
fn hash_and_write(content: &[u8], path: &Path) -> f64 {
    let start = Instant::now();
    std::hint::black_box(Digest::of_sha256(content));
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(content).unwrap();
    file.sync_all().unwrap();
    let rate = content.len() as f64 / 1e6 / start.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    rate
}
