//! `kill -9` at twenty random moments: what was acknowledged is there, and everything gets its verdict.
//!
//! The moments and images come from a seed; `LAZARETTO_TEST_SEED` repeats a run.

use crate::support::image::{Image, advisory, alpine, layer};
use crate::support::push::{get, push};
use crate::support::server::{Server, binary};
use reqwest::{Client, StatusCode};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::testing::Random;

const KILLS: usize = 20;

/// What was acknowledged: repository, digest, and the verdict that it must get.
type Acknowledged = Arc<Mutex<Vec<(String, String, &'static str)>>>;

/// An image that nobody pushed before, and its verdict.
fn image(random: &mut Random, number: usize) -> (Image, &'static str) {
    let unique = layer(&[("etc/motd", &format!("image {number}"))]);
    let (mut image, verdict) = match random.below(4) {
        0 => (alpine("3.99.0", "1.36.1-r7"), "Healthy"),
        1 => (alpine("3.99.0", "1.36.1-r1"), "Unhealthy"),
        2 => (Image::of(Vec::new()), "NotApplicable"),
        _ => {
            let mut image = alpine("3.99.0", "1.36.1-r7");
            let cut = image.layers[0].bytes.len() / 2;
            image.layers[0].bytes.truncate(cut);
            (image, "NotApplicable")
        }
    };
    image.layers.push(unique);
    (Image::of(image.layers), verdict)
}

/// Pushes until the server is gone.
async fn push_until_dead(url: String, pusher: usize, mut random: Random, done: Acknowledged) {
    let client = Client::new();
    for turn in 0.. {
        let (image, verdict) = image(&mut random, pusher * 100_000 + turn);
        let repository = format!("team{pusher}/app");
        let tag = format!("t{turn}");
        match push(&client, &url, &repository, &tag, &image).await {
            Ok(digest) => done.lock().unwrap().push((repository, digest, verdict)),
            Err(_) => return,
        }
    }
}

fn import_advisories(data: &std::path::Path) {
    let folder = data.join("feed");
    std::fs::create_dir(&folder).unwrap();
    let record = advisory("CVE-2099-0001", "v3.99", "1.36.1-r5");
    std::fs::write(folder.join("one.json"), record.to_string()).unwrap();
    let output = Command::new(binary())
        .args(["advisories", "import", "--data"])
        .arg(data)
        .arg(&folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_and_is_judged() {
    let seed =
        std::env::var("LAZARETTO_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_200_604);
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    import_advisories(folder.path());
    let done: Acknowledged = Arc::default();
    // A slow machine has more rounds, until something was acknowledged in most of them.
    for round in 0.. {
        if round >= KILLS && done.lock().unwrap().len() > KILLS {
            break;
        }
        let server = Server::start(folder.path(), &[]);
        let pushers: Vec<_> = (0..3)
            .map(|pusher| {
                let own = Random(seed ^ random.below(u64::MAX));
                tokio::spawn(push_until_dead(server.url.clone(), round * 10 + pusher, own, done.clone()))
            })
            .collect();
        let longer = 200 * u64::try_from(round.saturating_sub(KILLS)).unwrap();
        tokio::time::sleep(Duration::from_millis(50 + longer + random.below(700))).await;
        server.kill();
        for pusher in pushers {
            pusher.await.unwrap();
        }
    }
    let server = Server::start(folder.path(), &[]);
    let done = done.lock().unwrap().clone();
    let client = Client::new();
    for (repository, digest, verdict) in &done {
        let (status, bytes) = get(&client, &server, &format!("/v2/{repository}/manifests/{digest}")).await;
        assert_eq!(status, StatusCode::OK, "seed {seed}: {repository}@{digest} is gone");
        assert_eq!(oci::Digest::of_sha256(&bytes).to_string(), *digest, "seed {seed}");
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for blob in manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"]]) {
            let blob = blob["digest"].as_str().unwrap();
            let (status, bytes) = get(&client, &server, &format!("/v2/{repository}/blobs/{blob}")).await;
            assert_eq!(status, StatusCode::OK, "seed {seed}: blob {blob} is gone");
            assert_eq!(oci::Digest::of_sha256(&bytes).to_string(), blob, "seed {seed}");
        }
        let image = server.verdict(&format!("{repository}@{digest}"));
        assert_eq!(image["state"], **verdict, "seed {seed}: {repository}@{digest}: {image:#}");
    }
}
