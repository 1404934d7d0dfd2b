//! The registry from outside: every test goes through the router, with the real store in a folder of its own.

#![expect(clippy::unwrap_used, reason = "what these tests prepare must be there, or they fail here")]

mod attacks;
mod authorization;
mod clients;
mod collection;
mod conformance;
mod content;
mod deletion;
mod gate;
mod harness;
mod kill;
mod listing;
mod locks;
mod manifests;
mod metadata;
mod network;
mod referrers;
mod restart;
mod scopes;
mod streaming;
mod token;
mod uploads;
