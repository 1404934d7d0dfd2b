//! The prompt: a query is written, completed with the tab key, run, and remembered.
//!
//! A query goes on in the next line while a parenthesis is open, or where a line ends in `|` or `,`.
//! Words that begin with a point are for the prompt itself.

use super::ask::ask;
use super::complete::{Table, Words};
use super::{Format, answer};
use crate::client::Client;
use crate::exit::Exit;
use crate::say;
use crate::terminal::{Terminal, clean};
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use clap::ValueEnum;
use kql::Limits;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Editor, Helper};
use serde_json::Value;
use std::borrow::Cow;
use std::path::PathBuf;

const PROMPT: &str = "kql> ";
const REMEMBERED: usize = 1000;

const HELP: &str = "\
A query ends with its line; it goes on in the next one after `|`, `,` and inside of parentheses.
The tab key completes tables, columns, operators and functions; the arrow keys go through what was asked before.

  .tables           the tables
  .columns TABLE    the columns of a table
  .help NAME        what an operator or a function does
  .format FORMAT    table, json or csv
  .quit             ends, as Ctrl-D does

Ctrl-C stops the query that runs.";

/// Where the queries of this person are kept.
fn history_path() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state")))?;
    Some(folder.join("lazaretto/query-history"))
}

pub(super) async fn run(client: Client, format: Format, first: usize, terminal: Terminal) -> Result<Exit> {
    let words = Words::new(tables(&client).await?);
    say!("{} - .help says what there is, Ctrl-D ends", terminal.faint(client.server()));
    let config = Config::builder()
        .max_history_size(REMEMBERED)?
        .history_ignore_space(true)
        .auto_add_history(true)
        .completion_type(rustyline::CompletionType::List)
        .build();
    let mut editor: Editor<Prompt, FileHistory> = Editor::with_config(config)?;
    editor.set_helper(Some(Prompt { words, terminal }));
    let history = history_path();
    if let Some(path) = &history {
        // The first time there is no file yet.
        let _ = editor.load_history(path);
    }
    let mut state = State { client, format, first, terminal };
    loop {
        // The prompt has the terminal to itself; while it waits nothing else of this program has to run.
        let line = match tokio::task::block_in_place(|| editor.readline(PROMPT)) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        };
        let Some(prompt) = editor.helper() else { break };
        if state.obey(line.trim(), &prompt.words).await == Go::End {
            break;
        }
    }
    if let Some(path) = &history {
        save(&mut editor, path)?;
    }
    Ok(Exit::Done)
}

/// Keeps the queries; the file is for its owner alone, since a query may hold a name that is nobody else's business.
fn save(editor: &mut Editor<Prompt, FileHistory>, path: &std::path::Path) -> Result<()> {
    let folder = path.parent().context("the history has no folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    editor.save_history(path).with_context(|| format!("{} cannot be written", path.display()))
}

/// The tables of the server with their columns, as the server itself tells them.
async fn tables(client: &Client) -> Result<Vec<Table>> {
    // One question for all of them: questions are counted.
    let of = |table: &graph::Table| {
        let name = table.name;
        format!(
            "({name} | getschema | project ['table'] = '{name}', ['column'] = ColumnName, at = ColumnOrdinal)"
        )
    };
    let all: Vec<String> = graph::TABLES.iter().map(of).collect();
    let asked = ask(client, &format!("union {}", all.join(", ")), 10_000).await?;
    let text = |row: &Vec<Value>, at: usize| row.get(at).and_then(Value::as_str).map(str::to_owned);
    let found = graph::TABLES.iter().map(|table| {
        let own = asked.rows.iter().filter(|row| text(row, 0).as_deref() == Some(table.name));
        Table { name: table.name.to_owned(), columns: own.filter_map(|row| text(row, 1)).collect() }
    });
    Ok(found.collect())
}

/// What the prompt keeps between lines.
struct State {
    client: Client,
    format: Format,
    first: usize,
    terminal: Terminal,
}

/// Whether the prompt goes on.
#[derive(Debug, PartialEq, Eq)]
enum Go {
    On,
    End,
}

impl State {
    async fn obey(&mut self, line: &str, words: &Words) -> Go {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match (word, rest.trim()) {
            ("", _) => {}
            (".quit" | ".exit", _) => return Go::End,
            (".help", "") => say!("{HELP}"),
            (".help", name) => self.explain(name),
            (".tables", _) => words.tables().iter().for_each(|table| say!("{}", table.name)),
            (".columns", name) => {
                let table = words.tables().iter().find(|table| table.name.eq_ignore_ascii_case(name));
                match table {
                    Some(table) => table.columns.iter().for_each(|column| say!("{}", clean(column))),
                    None => self.complain(&format!("there is no table `{name}`")),
                }
            }
            (".format", name) => match Format::from_str(name, true) {
                Ok(format) => self.format = format,
                Err(_) => self.complain("the formats are table, json and csv"),
            },
            (word, _) if word.starts_with('.') => self.complain(&format!("there is no `{word}`; try .help")),
            _ => self.ask(line).await,
        }
        Go::On
    }

    async fn ask(&self, query: &str) {
        // What is no query at all is told at once, with every fault.
        let faults = kql::parse(query, &Limits::default());
        if !faults.is_empty() {
            faults.iter().for_each(|fault| self.complain(fault.underlined(query).trim_end()));
            return;
        }
        let answered = tokio::select! {
            answered = answer(&self.client, query, self.format, self.first, self.terminal) => answered,
            // The question is dropped, and with it the connection: the server stops the query.
            _ = tokio::signal::ctrl_c() => return self.complain("the query was stopped"),
        };
        if let Err(error) = answered {
            self.complain(&format!("{error:#}"));
        }
    }

    fn explain(&self, name: &str) {
        let mut found = kql::reference();
        found.retain(|entry| entry.name == name || entry.aliases.contains(&name));
        if found.is_empty() {
            self.complain(&format!("there is no operator or function `{name}`"));
        }
        for entry in found {
            say!("{} ({})", self.terminal.heading(&entry.signature), entry.kind.as_str());
            say!("{}\n  {}\n  {}", entry.summary, entry.example, self.terminal.faint(&entry.result));
        }
    }

    fn complain(&self, text: &str) {
        let style = AnsiColor::Red.on_default();
        for line in text.lines() {
            say!("{}", self.terminal.paint(style, &clean(line)));
        }
    }
}

/// What the line editor asks while a query is written.
struct Prompt {
    words: Words,
    terminal: Terminal,
}

impl Helper for Prompt {}

impl Completer for Prompt {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.words.complete(line, cursor))
    }
}

impl Hinter for Prompt {
    type Hint = String;
}

impl Highlighter for Prompt {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(self.terminal.paint(Style::new().bold(), prompt))
    }
}

impl Validator for Prompt {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let whole = is_whole(context.input());
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// Whether a query may end here; an empty line ends it anyway.
fn is_whole(input: &str) -> bool {
    let line = input.rsplit('\n').next().unwrap_or_default();
    let code = line.split("//").next().unwrap_or_default().trim_end();
    if line.trim().is_empty() || input.trim_start().starts_with('.') {
        return true;
    }
    let mut open = 0i64;
    let mut quote = None;
    for letter in input.chars() {
        match (letter, quote) {
            (_, Some(end)) if letter == end || letter == '\n' => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(letter),
            ('(' | '[' | '{', None) => open += 1,
            (')' | ']' | '}', None) => open -= 1,
            _ => {}
        }
    }
    open <= 0 && !code.ends_with(['|', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_on_while_something_is_open() {
        for whole in ["Images", "Images | take 5", "Images | where a in ('(')", ".help", "Images |\n", "a) b"]
        {
            assert!(is_whole(whole), "{whole}");
        }
        for open in ["Images |", "Images | project a,", "Images | join (", "Images // x\n| // y", "print f(1"]
        {
            assert!(!is_whole(open), "{open}");
        }
    }
}
