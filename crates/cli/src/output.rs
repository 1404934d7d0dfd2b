//! The two streams: results to standard output, one clear sentence of failure to standard error.

use crate::terminal::clean;
use std::io::Write;
use std::process::ExitCode;

/// Prints a line to standard output. A reader that went away ends the program quietly, as `head` expects.
#[macro_export]
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::line(format_args!($($argument)*)) };
}

/// What [`say!`] calls.
pub(crate) fn line(text: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(i32::from(crate::exit::Exit::Done.code()));
    }
}

/// Prints a line for people beside the result, on standard error.
pub(crate) fn remark(text: &str) {
    // When even standard error is gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Tells why it failed, in one sentence, and gives exit code 1.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    let mut sentence = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !sentence.contains(&text) {
            sentence.push_str(": ");
            sentence.push_str(&text);
        }
    }
    remark(&format!("lazaretto: {}", clean(&sentence)));
    ExitCode::from(1)
}
