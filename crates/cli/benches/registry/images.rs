//! Many small images, pushed by eight clients: into one repository, and each into its own.

use crate::peer::{Client, Peer, manifest};
use crate::table::{self, Better};
use crate::{Extent, noise};
use oci::Digest;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const CLIENTS: usize = 8;
const TURNS: usize = 3;

pub(crate) async fn run(peers: &[Peer], extent: Extent) {
    for (into, many) in [("one repository", false), ("many", true)] {
        let mut rates = vec![Vec::new(); peers.len()];
        for turn in 0..TURNS {
            for (number, (peer, rates)) in peers.iter().zip(&mut rates).enumerate() {
                let seed = ((turn * 2 + usize::from(many)) * 2 + number) as u64;
                rates.push(push_all(peer, extent.images, many, seed).await);
            }
        }
        let medians: Vec<f64> = rates.into_iter().map(table::median).collect();
        let name = format!("{} images by {CLIENTS} clients into {into}, images/s", extent.images);
        table::row(&name, &medians, Better::More);
    }
}

async fn push_all(peer: &Peer, images: usize, many: bool, seed: u64) -> f64 {
    // Tokens are fetched before the clock starts: the other server needs none.
    let mut clients = Vec::new();
    for number in 0..if many { images } else { CLIENTS } {
        let repository =
            if many { format!("bench/many-{seed}-{number}") } else { format!("bench/one-{seed}") };
        clients.push(Client::new(peer, &repository).await);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let mut lanes: Vec<Vec<Client>> = (0..CLIENTS).map(|_| Vec::new()).collect();
    for (number, client) in clients.into_iter().enumerate() {
        lanes[number % CLIENTS].push(client);
    }
    let start = Instant::now();
    let mut tasks = Vec::new();
    for mut lane in lanes {
        let next = next.clone();
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= images {
                    return;
                }
                let client = if many { lane.pop() } else { None };
                match client {
                    Some(mut client) => push(&mut client, seed, number).await,
                    None => match lane.first_mut() {
                        Some(client) => push(client, seed, number).await,
                        // Its own repositories are used up; the other lanes have the rest.
                        None => return,
                    },
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    images as f64 / start.elapsed().as_secs_f64()
}

/// One image, as docker pushes it: asks for each blob, sends it, and then the manifest.
async fn push(client: &mut Client, seed: u64, number: usize) {
    let own = (seed << 32) | (number as u64) << 8;
    let config = format!("{{\"architecture\":\"amd64\",\"os\":\"linux\",\"author\":\"{own}\"}}").into_bytes();
    let layers = [noise::bytes(own | 1, 4 << 10), noise::bytes(own | 2, 32 << 10)];
    for content in layers.iter().chain([&config]) {
        let digest = Digest::of_sha256(content);
        assert!(!client.has(&digest).await);
        client.put_blob(&digest, content).await;
    }
    client.put_manifest(&format!("v{number}"), &manifest(&config, &[&layers[0], &layers[1]])).await;
}
