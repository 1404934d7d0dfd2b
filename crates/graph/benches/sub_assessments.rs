//! Pages through lists of sub-assessments as long as those of large registries, and says how long a page takes and how
//! much memory the list needs; the same of the assessments of software, which carry their vulnerabilities. `LAZARETTO_BENCH_ROWS` sets the lengths, divided by commas; by default a hundred thousand
//! and a million.

#![expect(clippy::unwrap_used, reason = "a benchmark that panics has failed, and says where")]
#![expect(clippy::print_stdout, reason = "the figures are the result")]

#[path = "../tests/rules/harbour.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod harbour;

use graph::documents::software::{Detail, ImageSoftware};
use graph::documents::sub_assessment::{Form, Place, Reader};
use graph::rulebook::Rulebook;
use harbour::{Harbour, second};
use std::time::{Duration, Instant};
use store::{PageRequest, SummaryFilter};

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
    let lengths = std::env::var("LAZARETTO_BENCH_ROWS").unwrap_or_else(|_| "100000,1000000".to_owned());
    for rows in lengths.split(',') {
        measure(rows.trim().parse().unwrap()).await;
    }
}

async fn measure(rows: usize) {
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
        page_through(&Reader::new(&*harbour.store, &registries, &book, form)).await;
    }
    page_through_software(&harbour, &book).await;
}

/// Times and memory of pages that were read one after the other.
struct Pages {
    before: usize,
    started: Instant,
    times: Vec<Duration>,
    memory: Vec<usize>,
}

impl Pages {
    fn begin() -> Self {
        Self { before: resident(), started: Instant::now(), times: Vec::new(), memory: Vec::new() }
    }

    fn end_page(&mut self, began: Instant) {
        self.times.push(began.elapsed());
        self.memory.push(resident());
    }

    fn tell(mut self, what: &str, count: usize) {
        let took = self.started.elapsed();
        let tenth = self.memory.len().div_ceil(10);
        let most = |part: &[usize]| part.iter().copied().max().unwrap_or(0);
        let (early, late) = (most(&self.memory[..tenth]), most(&self.memory[self.memory.len() - tenth..]));
        self.times.sort_unstable();
        let times = &self.times;
        println!(
            "{what}: {count} rows in {} pages in {took:.1?}, {:.0} rows/s; a page in {:.1?} (median), {:.1?} (99 of \
             100), {:.1?} (longest); resident {} MiB before, at most {early} MiB in the first tenth of the pages and \
             {late} MiB in the last",
            times.len(),
            count as f64 / took.as_secs_f64(),
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times[times.len() - 1],
            self.before,
        );
    }
}

/// Reads the assessments of the software of all images, image by image, with all their vulnerabilities.
async fn page_through_software(harbour: &Harbour, book: &Rulebook) {
    let (mut pages, mut count, mut after) = (Pages::begin(), 0, None);
    loop {
        let (filter, page) = (SummaryFilter::default(), PageRequest { after, limit: 50 });
        let images = harbour.store.summaries(&filter, page).await.unwrap();
        for summary in &images.items {
            let began = Instant::now();
            let image = ImageSoftware::of(&*harbour.store, book, &harbour.known, summary).await.unwrap();
            let pushed = image.pushed().await.unwrap();
            for software in &image.software {
                let row = image.document(software, pushed.as_ref(), Detail::Full).await.unwrap();
                assert!(row.to_rest().to_string().len() > 1000, "a row has its vulnerabilities");
                count += 1;
            }
            pages.end_page(began);
        }
        match images.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    pages.tell("Software", count);
}

/// Reads all pages, as a client that follows the links does, and prints what they took.
async fn page_through(reader: &Reader<'_>) {
    let (mut pages, mut count, mut place): (Pages, usize, Option<Place>) = (Pages::begin(), 0, None);
    loop {
        let began = Instant::now();
        let (rows, next) = reader.page_after(place, PAGE).await.unwrap();
        // What a client is sent is made and dropped as well.
        let bytes: usize = rows.iter().map(|row| row.to_rest().to_string().len()).sum();
        assert!(bytes > 0, "a page has rows");
        count += rows.len();
        drop(rows);
        pages.end_page(began);
        match next {
            Some(next) => place = Some(next),
            None => break,
        }
    }
    pages.tell(&format!("{:?}", reader.form), count);
}
