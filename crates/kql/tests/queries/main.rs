//! Queries through the front door: data in, rows out.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod attacks;
mod estate;
mod folding;
mod language;
mod operators;
mod samples;

/// Says what a test could not do here.
#[expect(clippy::print_stderr, reason = "a test says what it skipped")]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}
