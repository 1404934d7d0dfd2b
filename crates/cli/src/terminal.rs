//! Output for people: colour on a terminal, plain when piped, and nothing that could steer the terminal.
//!
//! Names, versions and texts of images and advisories are foreign.
//! Each passes [`clean`] before it is shown: an escape sequence in a package name must not move the cursor (attack B12).

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, ContentArrangement, Table};
use std::io::IsTerminal;

/// Columns below which a table is not fitted to the terminal.
const NARROW: u16 = 40;

/// How this run shows things.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Standard output understands colour.
    pub(crate) colour: bool,
    /// Progress may be drawn on standard error.
    pub(crate) progress: bool,
}

impl Terminal {
    /// What the environment allows; `NO_COLOR` is honoured, and `quiet` draws nothing.
    pub(crate) fn detect(quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || dumb;
        Self {
            colour: std::io::stdout().is_terminal() && !plain,
            progress: std::io::stderr().is_terminal() && !quiet && !dumb,
        }
    }

    /// The text in a style, or as it is.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A severity in its colour.
    pub(crate) fn severity(self, word: &str) -> String {
        let style = match word.to_ascii_lowercase().as_str() {
            "critical" => AnsiColor::BrightRed.on_default().bold(),
            "high" => AnsiColor::Red.on_default(),
            "medium" => AnsiColor::Yellow.on_default(),
            "low" => AnsiColor::Cyan.on_default(),
            _ => Style::new().dimmed(),
        };
        self.paint(style, word)
    }

    /// The state of an image in its colour.
    pub(crate) fn state(self, word: &str) -> String {
        let style = match word {
            "Healthy" => AnsiColor::Green.on_default().bold(),
            "Unhealthy" => AnsiColor::Red.on_default().bold(),
            "NotApplicable" => AnsiColor::Yellow.on_default().bold(),
            _ => Style::new().dimmed(),
        };
        self.paint(style, word)
    }

    /// A heading.
    pub(crate) fn heading(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Something of less weight.
    pub(crate) fn faint(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    /// A table without frames, as wide as the terminal allows; piped, a line is a row.
    pub(crate) fn table(self, header: &[&str]) -> Table {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        // A terminal that is hardly wide, or says that it has no width at all, wraps lines better than a table would.
        if std::io::stdout().is_terminal() && table.width().is_some_and(|width| width >= NARROW) {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        // The style belongs to the cell and not to its text, which may be wrapped in the middle.
        table.set_header(header.iter().map(|text| {
            let cell = Cell::new(text);
            if self.colour { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        table
    }
}

/// Foreign text without anything that a terminal would obey.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() || is_bidirectional(letter) { '\u{fffd}' } else { letter })
        .collect()
}

/// Marks that reorder the letters around them, so that a reader sees another text than is there.
fn is_bidirectional(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(clean("evil\x1b[2Jname\u{202e}x\r\n"), "evil\u{fffd}[2Jname\u{fffd}x\u{fffd}\u{fffd}");
        assert_eq!(clean("grün 包"), "grün 包");
    }
}
