//! A whole server on a port of its own, asked as clients ask: history, webhooks, tokens, imports, hostile lines.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod conditions;
mod events;
mod harness;
mod hostile;
mod imports;
mod providers;
mod rules;
mod tokens;
