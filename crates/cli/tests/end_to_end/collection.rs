//! The collection as an operator sees it: asked for, followed, and looked at.

use crate::support::image::{Blob, Image, layer};
use crate::support::push::{push, push_blob};
use crate::support::server::{PASSWORD, Server};
use reqwest::{Client, StatusCode};

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_begun_followed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--workers", "0"]);
    let client = Client::new();
    push(&client, &server.url, "team/app", "one", &Image::of(vec![layer(&[("a", "b")])])).await.unwrap();
    let stray = Blob { media_type: "application/octet-stream".into(), bytes: b"nobody needs this".to_vec() };
    push_blob(&client, &server.url, "team/app", &stray).await.unwrap();

    // The link is young: nothing goes, and nothing would go.
    for (words, mode) in [
        (vec!["collection", "run", "--json"], "collect"),
        (vec!["collection", "run", "--dry-run", "--json"], "dry-run"),
    ] {
        let view = server.json(&words);
        assert_eq!(view["state"], "done", "{view}");
        assert_eq!(view["mode"], mode);
        assert_eq!(view["phase"], "blobs");
        assert_eq!(view["blobs"], 0);
    }

    // Bytes that have no link at all go at once, and a dry run says so before.
    let digest = stray.digest();
    let path = format!("{}/v2/team/app/blobs/{digest}", server.url);
    let content = folder.path().join("content/blobs/sha256").join(&digest.hex()[..2]).join(digest.hex());
    let other = content.with_file_name(format!("{}{}", &digest.hex()[..2], "0".repeat(62)));
    std::fs::copy(&content, &other).unwrap();
    let view = server.json(&["collection", "run", "--dry-run", "--json"]);
    assert_eq!((view["blobs"].as_u64(), view["bytes"].as_u64()), (Some(1), Some(17)), "{view}");
    assert!(other.is_file());
    let printed = server.client(&["collection", "run"]);
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(printed.contains("collection done, collect") && printed.contains("blobs      1"), "{printed}");
    assert!(!other.is_file() && content.is_file());
    assert_eq!(server.json(&["collection", "show", "--json"])["blobs"], 1);
    let still = client.get(path).basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    assert_eq!(still.status(), StatusCode::OK);

    let wrong = client.post(format!("{}/api/collection/run?mode=everything", server.url));
    let wrong = wrong.basic_auth("admin", Some(PASSWORD)).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let nobody = client.post(format!("{}/api/collection/run", server.url)).send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}
