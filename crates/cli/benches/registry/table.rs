//! The figures, as lines that a person reads.

use crate::peer::Peer;

/// Which way a figure should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
}

pub(crate) fn head(peers: &[Peer]) {
    let names: String = peers.iter().map(|peer| format!("{:>18}", peer.name)).collect();
    println!("{:<56}{names}{:>10}", "", "ahead");
}

/// A row: how far the first is ahead of the second, whichever way is better.
pub(crate) fn row(name: &str, values: &[f64], better: Better) {
    let cells: String = values.iter().map(|value| format!("{:>18}", figure(*value))).collect();
    let ahead = match values {
        [ours, theirs] if better == Better::More => format!("{:>9.2}x", ours / theirs),
        [ours, theirs] => format!("{:>9.2}x", theirs / ours),
        _ => String::new(),
    };
    println!("{name:<56}{cells}{ahead}");
}

pub(crate) fn note(text: &str) {
    println!("{text}");
}

fn figure(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// The middle of all values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
