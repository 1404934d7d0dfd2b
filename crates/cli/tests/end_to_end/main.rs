//! The product from outside: the built binary, real HTTP, real clients where they are installed.

mod kill;
mod samples;
mod states;
mod support;
