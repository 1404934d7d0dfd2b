//! Progress on a terminal; silence everywhere else.

use crate::terminal::Terminal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A bar over bytes.
pub(crate) fn bytes(terminal: Terminal, total: u64, message: &str) -> ProgressBar {
    bar(terminal, total, message, "{msg} {wide_bar} {bytes}/{total_bytes}")
}

/// A bar over a number of things.
pub(crate) fn steps(terminal: Terminal, total: u64, message: &str) -> ProgressBar {
    bar(terminal, total, message, "{msg} {wide_bar} {pos}/{len}")
}

/// A sign that something goes on.
pub(crate) fn spinner(terminal: Terminal, message: &str) -> ProgressBar {
    let bar = bar(terminal, 0, message, "{spinner} {msg}");
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn bar(terminal: Terminal, total: u64, message: &str, template: &str) -> ProgressBar {
    let target = if terminal.progress { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total), target).with_message(message.to_owned());
    // A template that does not parse would be our own typing error; the default style is good enough then.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
