//! `lazaretto`: the one binary.

fn main() {}
