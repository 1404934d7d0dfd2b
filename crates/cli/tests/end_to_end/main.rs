//! The product from outside: the built binary, real HTTP, real clients where they are installed.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod clients;
mod collection;
mod hostile;
mod kill;
mod samples;
mod states;
mod support;
