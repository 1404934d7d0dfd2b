//! Rules and exemptions, held against images: what they hide, from when, until when, and what stays visible.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

#[expect(dead_code, reason = "the benchmark uses more of it")]
mod harbour;
mod memory;
mod settlement;
mod sub_assessments;
