//! Pages through a list of sub-assessments as long as that of a large registry, and says how fast and in how much
//! memory. `LAZARETTO_BENCH_ROWS` sets the length; a million by default.

#![expect(clippy::unwrap_used, reason = "a benchmark that panics has failed, and says where")]
#![expect(clippy::print_stdout, reason = "the figures are the result")]

#[path = "../tests/rules/harbour.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod harbour;

use graph::documents::sub_assessment::{Form, Place, Reader};
use graph::rulebook::Rulebook;
use harbour::{Harbour, second};
use std::time::Instant;

const VULNERABILITIES: usize = 5000;
const PAGE: usize = 250;

/// The resident memory of this process, in MiB; 0 where the system does not tell.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    (pages * 4096) >> 20
}

#[tokio::main]
async fn main() {
    let rows: usize = std::env::var("LAZARETTO_BENCH_ROWS").map_or(1_000_000, |rows| rows.parse().unwrap());
    let images = rows.div_ceil(VULNERABILITIES);
    let harbour = Harbour::new().await;
    let ids: Vec<String> = (0..VULNERABILITIES).map(|number| format!("CVE-2021-{number:05}")).collect();
    let packages: Vec<String> = (0..50).map(|number| format!("package{number}")).collect();
    let found: Vec<(&str, &str, &str)> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| (packages[at % packages.len()].as_str(), id.as_str(), "High"))
        .collect();
    let started = Instant::now();
    for image in 0..images {
        harbour.shared_image(&format!("app{image:05}"), &found).await;
    }
    println!("{images} images with {VULNERABILITIES} findings each, made in {:.1?}", started.elapsed());
    let book = Rulebook::load(&*harbour.store, second(1)).await.unwrap();
    let registries = [harbour.known.clone()];
    for form in Form::ALL {
        let reader = Reader::new(&*harbour.store, &registries, &book, form);
        let started = Instant::now();
        let (mut count, mut pages, mut place, before, mut most): (usize, usize, Option<Place>, usize, usize) =
            (0, 0, None, resident(), 0);
        loop {
            let (rows, next) = reader.page_after(place, PAGE).await.unwrap();
            count += rows.len();
            pages += 1;
            drop(rows);
            most = most.max(resident());
            match next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        let took = started.elapsed();
        println!(
            "{form:?}: {count} rows in {pages} pages in {took:.1?}, {:.0} rows/s; resident {before} MiB before, at most {most} MiB",
            count as f64 / took.as_secs_f64()
        );
    }
}
