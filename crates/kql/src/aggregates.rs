//! The aggregates of `summarize`: each an entry of [`AGGREGATES`] and an accumulator that sees one row after the other.

mod collect;
mod list;
mod numbers;
mod pick;
mod ranks;
mod spread;

use crate::context::Context;
use crate::value::{Kind, Value};
pub(crate) use list::AGGREGATES;

/// What an aggregate makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A value.
    One,
    /// An array with a value for each argument behind the first.
    Many,
    /// An array with the arguments of one row.
    Row,
}

/// An aggregate.
#[derive(Debug)]
pub(crate) struct Aggregate {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) signature: &'static str,
    pub(crate) summary: &'static str,
    /// What stands before `_` in the name of its column; empty if the argument's name alone is the column's.
    pub(crate) prefix: &'static str,
    pub(crate) shape: Shape,
    /// Where the percentages begin among the arguments, for those that have some.
    pub(crate) percents_at: Option<usize>,
    /// A query and the first column of its answer; a test runs it.
    pub(crate) example: (&'static str, &'static str),
    pub(crate) returns: fn(&[Kind]) -> Kind,
    pub(crate) create: fn() -> Box<dyn Accumulator>,
}

impl Aggregate {
    /// Whether rows that are alike may be taken together: it counts rows, or does not care how often a row comes.
    pub(crate) fn folds(&self) -> bool {
        const FOLDING: &[&str] = &[
            "count",
            "countif",
            "dcount",
            "dcountif",
            "count_distinct",
            "min",
            "minif",
            "max",
            "maxif",
            "take_any",
            "take_anyif",
            "arg_max",
            "arg_min",
            "make_set",
            "make_set_if",
            "make_bag",
            "make_bag_if",
            "buildschema",
            "binary_all_and",
            "binary_all_or",
        ];
        FOLDING.contains(&self.name)
    }

    /// Whether it counts the different values of its first argument.
    pub(crate) fn counts_distinct(&self) -> bool {
        matches!(self.name, "dcount" | "count_distinct")
    }
}

/// An aggregate at work in one group.
pub(crate) trait Accumulator {
    /// Takes a row's arguments, and says how many bytes more it holds.
    fn add(&mut self, arguments: &[Value], context: &Context<'_>) -> usize;
    /// Takes the arguments of so many rows that are alike. Most aggregates see no difference.
    fn add_many(&mut self, arguments: &[Value], rows: i64, context: &Context<'_>) -> usize {
        let _ = rows;
        self.add(arguments, context)
    }
    /// The answer.
    fn finish(self: Box<Self>, context: &Context<'_>) -> Value;
}

/// The aggregate of a name.
pub(crate) fn aggregate_named(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|aggregate| aggregate.name == name || aggregate.aliases.contains(&name))
}

fn first(kinds: &[Kind]) -> Kind {
    kinds.first().copied().unwrap_or(Kind::Dynamic)
}

fn sum_kind(kinds: &[Kind]) -> Kind {
    match first(kinds) {
        Kind::Int | Kind::Bool => Kind::Long,
        other => other,
    }
}

fn mean_kind(kinds: &[Kind]) -> Kind {
    match first(kinds) {
        kind @ (Kind::Datetime | Kind::Timespan) => kind,
        _ => Kind::Real,
    }
}

fn long(_: &[Kind]) -> Kind {
    Kind::Long
}

fn real(_: &[Kind]) -> Kind {
    Kind::Real
}

fn dynamic(_: &[Kind]) -> Kind {
    Kind::Dynamic
}

/// An aggregate of one value that has one name.
const fn one(
    name: &'static str,
    prefix: &'static str,
    signature: &'static str,
    returns: fn(&[Kind]) -> Kind,
    create: fn() -> Box<dyn Accumulator>,
    summary: &'static str,
    example: (&'static str, &'static str),
) -> Aggregate {
    Aggregate {
        name,
        aliases: &[],
        signature,
        summary,
        prefix,
        shape: Shape::One,
        percents_at: None,
        example,
        returns,
        create,
    }
}
