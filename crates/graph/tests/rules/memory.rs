//! A listing needs as much memory as one page, however long it is.

use crate::harbour::{Harbour, second};
use graph::documents::sub_assessment::{Form, Place, Reader};
use graph::rulebook::Rulebook;

const IMAGES: usize = 40;
const VULNERABILITIES: usize = 500;
const PAGE: usize = 250;

/// The resident memory of this process, in bytes; none where the system does not tell.
fn resident() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// 20 000 rows have some 60 MB as JSON. The benchmark `sub_assessments` pages through a million in the same way.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[tokio::test]
async fn a_long_listing_needs_the_memory_of_a_page() {
    let harbour = Harbour::new().await;
    let ids: Vec<String> = (0..VULNERABILITIES).map(|number| format!("CVE-2021-{number:05}")).collect();
    let found: Vec<(&str, &str, &str)> = ids.iter().map(|id| ("busybox", id.as_str(), "High")).collect();
    for image in 0..IMAGES {
        harbour.image(&format!("app{image}"), &found).await;
    }
    let book = Rulebook::load(&*harbour.store, second(1)).await.unwrap();
    let registries = [harbour.known.clone()];
    let reader = Reader::new(&*harbour.store, &registries, &book, Form::First);
    let (mut count, mut place, mut first, mut most): (usize, Option<Place>, usize, usize) = (0, None, 0, 0);
    loop {
        let (rows, next) = reader.page_after(place, PAGE).await.unwrap();
        count += rows.len();
        drop(rows);
        let Some(now) = resident() else {
            println!("skipped: this system does not tell how much memory a process has");
            return;
        };
        // Caches of the database are filled by then.
        if count == 10 * PAGE {
            first = now;
        }
        most = most.max(now);
        match next {
            Some(next) => place = Some(next),
            None => break,
        }
    }
    assert_eq!(count, IMAGES * VULNERABILITIES);
    let grown = most.saturating_sub(first);
    assert!(grown < 24 << 20, "{grown} bytes more at the end of the list than near its beginning");
}
