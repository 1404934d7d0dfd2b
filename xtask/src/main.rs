//! The commands of a person who works on Lazaretto: `cargo xtask`.

fn main() {}
