//! Queries over a fixed estate: published ones with their golden results, our own, the rights of everybody, and every
//! short cut beside the long way.

mod differential;
mod estate;
mod own;
mod past;
mod rights;
mod ruled;
mod samples;

/// Says what a test could not do here.
#[expect(clippy::print_stderr, reason = "a test says what it skipped")]
fn note(text: &str) {
    eprintln!("{text}");
}
