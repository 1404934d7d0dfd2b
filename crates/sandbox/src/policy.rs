//! The system-call policy: a table of data with a reason per line, compiled into two filters of the kernel.
//!
//! The table is `policy/syscalls.txt`. Two filters are stacked and the kernel takes the stricter answer:
//! the first answers the calls of the `errno` lines with their error and passes the rest on; the second allows what
//! is in the table and kills the process for all else, for another architecture's calls too.
//!
//! Numbers stand in the table, so that adding a call is one line; a test holds them against the C library.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use std::collections::BTreeMap;

/// The table as it is shipped.
pub(crate) const SYSCALLS: &str = include_str!("../policy/syscalls.txt");

/// The table cannot be used. This is a mistake in the program, not in its input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    #[error("line {line} of the system-call table: {what}")]
    Line { line: usize, what: &'static str },
    #[error("there is no system-call table for this processor")]
    Architecture,
    #[error("the system-call table does not compile: {0}")]
    Compile(#[from] seccompiler::BackendError),
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Call {
    #[cfg_attr(not(test), expect(dead_code, reason = "for people and for the tests that hold the table"))]
    name: String,
    x86_64: Option<i64>,
    aarch64: Option<i64>,
    action: Action,
    /// Alternatives, each of terms that must all hold. Empty: the call is taken with any arguments.
    condition: Vec<Vec<Term>>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for people and for the tests that hold the table"))]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Errno(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    argument: u8,
    mask: u32,
    value: u32,
}

/// The compiled policy.
pub(crate) struct Policy {
    /// In the order in which they must be installed: after the last one nothing can be installed any more.
    pub(crate) filters: Vec<BpfProgram>,
    /// How many calls are allowed.
    pub(crate) allowed: u32,
}

/// Compiles the table for the processor we run on.
pub(crate) fn compile(calls: &[Call]) -> Result<Policy, PolicyError> {
    let target = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| PolicyError::Architecture)?;
    let mut known = BTreeMap::new();
    let mut refused: BTreeMap<u32, BTreeMap<i64, Vec<SeccompRule>>> = BTreeMap::new();
    let mut allowed = 0;
    for call in calls {
        let number = match target {
            TargetArch::x86_64 => call.x86_64,
            TargetArch::aarch64 => call.aarch64,
            TargetArch::riscv64 => return Err(PolicyError::Architecture),
        };
        let Some(number) = number else { continue };
        match call.action {
            Action::Allow => allowed += 1,
            Action::Errno(error) => {
                refused.entry(error).or_default().insert(number, Vec::new());
            }
        }
        known.insert(number, rules(&call.condition)?);
    }
    let mut filters = Vec::new();
    for (error, calls) in refused {
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, SeccompAction::Errno(error), target)?;
        filters.push(filter.try_into()?);
    }
    let filter = SeccompFilter::new(known, SeccompAction::KillProcess, SeccompAction::Allow, target)?;
    filters.push(filter.try_into()?);
    Ok(Policy { filters, allowed })
}

/// Reads the table.
pub(crate) fn parse(table: &str) -> Result<Vec<Call>, PolicyError> {
    table
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, text)| parse_call(text).map_err(|what| PolicyError::Line { line, what }))
        .collect()
}

fn parse_call(text: &str) -> Result<Call, &'static str> {
    let mut columns = text.split_whitespace();
    let mut column = || columns.next().ok_or("a line has six columns");
    let name = column()?.to_owned();
    let x86_64 = parse_number(column()?)?;
    let aarch64 = parse_number(column()?)?;
    let action = parse_action(column()?)?;
    let condition = parse_condition(column()?)?;
    let reason = columns.collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err("a call needs a reason");
    }
    if action != Action::Allow && !condition.is_empty() {
        return Err("only an allowed call has a condition; what it does not allow kills");
    }
    Ok(Call { name, x86_64, aarch64, action, condition, reason })
}

fn parse_number(text: &str) -> Result<Option<i64>, &'static str> {
    if text == "-" {
        return Ok(None);
    }
    text.parse::<u16>().map(|number| Some(number.into())).map_err(|_| "the number of a call is a number or -")
}

fn parse_action(text: &str) -> Result<Action, &'static str> {
    if text == "allow" {
        return Ok(Action::Allow);
    }
    text.strip_prefix("errno(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|number| number.parse::<u8>().ok())
        .map(|number| Action::Errno(number.into()))
        .ok_or("an action is allow or errno(N)")
}

fn parse_condition(text: &str) -> Result<Vec<Vec<Term>>, &'static str> {
    if text == "-" {
        return Ok(Vec::new());
    }
    text.split('|').map(|terms| terms.split(',').map(parse_term).collect()).collect()
}

fn parse_term(text: &str) -> Result<Term, &'static str> {
    const WRONG: &str = "a term is argN=VALUE or argN&MASK=VALUE";
    let (left, value) = text.split_once('=').ok_or(WRONG)?;
    let (argument, mask) = match left.split_once('&') {
        Some((argument, mask)) => (argument, mask.parse().map_err(|_| WRONG)?),
        None => (left, u32::MAX),
    };
    let argument = argument.strip_prefix("arg").and_then(|number| number.parse().ok()).ok_or(WRONG)?;
    Ok(Term { argument, mask, value: value.parse().map_err(|_| WRONG)? })
}

fn rules(condition: &[Vec<Term>]) -> Result<Vec<SeccompRule>, PolicyError> {
    let mut rules = Vec::new();
    for terms in condition {
        let mut conditions = Vec::new();
        for term in terms {
            conditions.push(SeccompCondition::new(
                term.argument,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::MaskedEq(term.mask.into()),
                term.value.into(),
            )?);
        }
        rules.push(SeccompRule::new(conditions)?);
    }
    Ok(rules)
}

#[cfg(test)]
mod tests;
