//! `az graph query` pages through a hundred thousand rows.
//!
//! Each page is a start of `az`, which takes a second or more; so a test follows some pages, and all of them where
//! `LAZARETTO_ALL_PAGES` is set.

use crate::az;
use crate::support::many_findings::{FINDINGS, QUERY, fill};
use crate::support::server::Server;
use crate::world::{World, has};
use std::collections::BTreeSet;

/// Rows of a page: the most that `az` asks for.
const PAGE: usize = 1000;
const SOME: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn az_pages_through_a_hundred_thousand_rows() {
    if !has("az") || !has("az-extensions") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // The first start makes the installation.
    drop(Server::start(folder.path(), &[]));
    fill(&folder.path().join("lazaretto.sqlite")).await;
    let mut world = World::over(folder).await;
    az::sign_in(&mut world);
    let all = FINDINGS / PAGE;
    let wanted = if std::env::var_os("LAZARETTO_ALL_PAGES").is_some() { all } else { SOME };
    let (mut seen, mut further) = (BTreeSet::new(), String::new());
    for page in 1..=wanted {
        let answer =
            az::answer(&world, &format!("graph query -q '{}' --first {PAGE}{further}", quoted(QUERY)));
        assert_eq!(answer["total_records"], FINDINGS, "page {page}");
        assert_eq!(answer["count"], PAGE, "page {page}");
        let rows = answer["data"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let token = answer["skip_token"].as_str();
        assert_eq!(token.is_some(), page < all, "page {page}");
        further = format!(" --skip-token {}", token.unwrap_or_default());
    }
    assert_eq!(seen.len(), wanted * PAGE, "no row comes twice");
    eprintln!("az graph query: {} rows in {wanted} pages", seen.len());
}

/// The words of a command are told apart by apostrophes here.
fn quoted(query: &str) -> String {
    query.replace('\'', "\"")
}
