//! What becomes of verdicts when advisories change, through the parts that the server is made of.

#![expect(clippy::unwrap_used, reason = "this is a test; clippy sees one only in functions marked as such")]

mod ahead;
mod doubted;
mod following;
mod harbour;
#[path = "../support/workshop.rs"]
mod workshop;
