//! The commands of `az` that are covered, in the order in which they run, and what is compared with what.

mod assessments;
pub(crate) mod begin;
mod center;
mod content;
mod federated;
mod findings;
mod further;
mod guards;
mod owners;
mod parts;
mod people;
mod programs;
mod registries;
mod roles;

use crate::world::World;
use serde_json::Value;

/// A command.
pub(crate) struct Covered {
    /// As the document names it.
    pub(crate) command: &'static str,
    /// Its words; in braces, what the world and earlier commands have said.
    pub(crate) arguments: &'static str,
    /// What is compared, for the document.
    pub(crate) compared: &'static str,
    /// Whether it has to be refused.
    pub(crate) is_refused: bool,
    /// A program of this machine that the command starts; without it, it is skipped.
    pub(crate) needs: Option<&'static str>,
    pub(crate) check: fn(&mut World, &Value),
}

const fn covered(
    command: &'static str,
    arguments: &'static str,
    compared: &'static str,
    check: fn(&mut World, &Value),
) -> Covered {
    Covered { command, arguments, compared, is_refused: false, needs: None, check }
}

const fn refused(
    command: &'static str,
    arguments: &'static str,
    compared: &'static str,
    check: fn(&mut World, &Value),
) -> Covered {
    Covered { command, arguments, compared, is_refused: true, needs: None, check }
}

/// A command that starts a program of this machine.
const fn with(program: &'static str, covered: Covered) -> Covered {
    Covered { needs: Some(program), ..covered }
}

/// Nothing but that it succeeds.
fn succeeds(_: &mut World, _: &Value) {}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[track_caller]
fn is(value: &Value, pointer: &str, expected: &str) {
    assert_eq!(text(value, pointer), expected, "{pointer} in {value:#}");
}

#[track_caller]
fn has(list: &Value, pointer: &str, expected: &str) {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list:#}"));
    assert!(rows.iter().any(|row| text(row, pointer) == expected), "no {expected} in {list:#}");
}

#[track_caller]
fn count(list: &Value, expected: usize) {
    assert_eq!(list.as_array().map(Vec::len), Some(expected), "{list:#}");
}

fn keep(world: &mut World, name: &str, value: &str) {
    assert!(!value.is_empty(), "{name} is not in the answer");
    world.names.insert(name.to_owned(), value.to_owned());
}

/// All commands, in the order in which they run.
pub(crate) fn all() -> impl Iterator<Item = &'static Covered> {
    let parts = [
        begin::COMMANDS,
        registries::COMMANDS,
        guards::COMMANDS,
        people::COMMANDS,
        roles::COMMANDS,
        owners::COMMANDS,
        findings::COMMANDS,
        center::COMMANDS,
        assessments::COMMANDS,
        further::COMMANDS,
        content::COMMANDS,
        parts::COMMANDS,
        programs::COMMANDS,
        federated::COMMANDS,
    ];
    parts.into_iter().flatten()
}
