//! The commands of a person who works on Lazaretto: `cargo xtask COMMAND`.
//!
//! Each command is one file and one line in [`COMMANDS`].
//! What has no logic stays a plain `cargo` command; `cargo xtask` alone lists what there is.
#![expect(clippy::print_stdout, reason = "a command line talks to its person")]

mod azure_clients;
mod bench;
mod clients;
mod compare_inventories;
mod compare_syft;
mod debian;
mod fuzz;
mod match_quality;
mod step;
mod test;
#[cfg(test)]
mod tidy;

use anyhow::{Result, bail};

/// One command.
pub(crate) struct Command {
    /// The word after `cargo xtask`.
    name: &'static str,
    /// One line for the list.
    purpose: &'static str,
    /// Runs it with the words that follow.
    run: fn(&[String]) -> Result<()>,
}

/// All commands, in the order in which they are listed.
const COMMANDS: &[Command] = &[
    test::COMMAND,
    bench::COMMAND,
    compare_inventories::COMMAND,
    compare_syft::COMMAND,
    match_quality::COMMAND,
    fuzz::COMMAND,
    debian::COMMAND,
    clients::COMMAND,
    azure_clients::COMMAND,
];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = words.split_first() else {
        for command in COMMANDS {
            println!("cargo xtask {:<20} {}", command.name, command.purpose);
        }
        return Ok(());
    };
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(rest),
        None => {
            let known: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
            bail!("there is no command `{name}`; there are: {}", known.join(", "))
        }
    }
}
