//! The product from outside: the built binary, real HTTP, real clients where they are installed.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod advisories;
mod hostile;
mod kill;
mod quarantine;
mod samples;
mod states;
mod support;
