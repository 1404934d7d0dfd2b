//! Manifests by tag, read over sixteen connections.

use crate::line::{Keep, Line};
use crate::peer::{Client, Peer, manifest};
use crate::table::{self, Better};
use crate::{Extent, noise};
use oci::Digest;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
const TURNS: u64 = 3;

pub(crate) async fn run(peers: &[Peer], extent: Extent) {
    let (config, layer) = (b"{}".to_vec(), noise::bytes(2, 4096));
    for peer in peers {
        let mut client = Client::new(peer, "bench/manifest").await;
        for content in [&config, &layer] {
            client.put_blob(&Digest::of_sha256(content), content).await;
        }
        client.put_manifest("latest", &manifest(&config, &[&layer])).await;
    }
    for method in ["GET", "HEAD"] {
        let mut figures: Vec<[Vec<f64>; 3]> = vec![Default::default(); peers.len()];
        for _ in 0..TURNS {
            for (peer, figures) in peers.iter().zip(&mut figures) {
                let measured = measure(peer, method, Duration::from_secs(extent.seconds)).await;
                for (all, one) in figures.iter_mut().zip(measured) {
                    all.push(one);
                }
            }
        }
        let names = ["requests/s", "p50, ms", "p99, ms"];
        let better = [Better::More, Better::Less, Better::Less];
        for (index, (name, better)) in names.into_iter().zip(better).enumerate() {
            let values: Vec<f64> = figures.iter().map(|all| table::median(all[index].clone())).collect();
            table::row(&format!("manifest {method} by tag, {name}"), &values, better);
        }
    }
}

/// Requests per second, and the latencies in milliseconds that half and 99 of 100 requests kept.
async fn measure(peer: &Peer, method: &str, duration: Duration) -> [f64; 3] {
    let client = Client::new(peer, "bench/manifest").await;
    let accept = "Accept: application/vnd.oci.image.manifest.v1+json\r\n";
    let head = client.head(method, "manifests/latest", accept, 0);
    let start = Instant::now();
    let end = start + duration;
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (head, address) = (head.clone(), peer.address.clone());
        tasks.push(tokio::spawn(async move {
            let mut line = Line::open(&address).await;
            let mut latencies = Vec::new();
            while latencies.is_empty() || Instant::now() < end {
                let begin = Instant::now();
                let answer = line.exchange(&head, &[], Keep::Nothing).await;
                assert_eq!(answer.status, 200);
                latencies.push(begin.elapsed().as_secs_f64() * 1e3);
            }
            latencies
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    let elapsed = start.elapsed().as_secs_f64();
    latencies.sort_unstable_by(f64::total_cmp);
    let at = |part: usize| latencies[(latencies.len() - 1) * part / 100];
    [latencies.len() as f64 / elapsed, at(50), at(99)]
}
