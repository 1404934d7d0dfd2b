//! The aggregates of `summarize`: each an entry of [`AGGREGATES`] and an accumulator that sees one row after the other.

mod collect;
mod numbers;
mod pick;

use crate::context::Context;
use crate::value::{Kind, Value};

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

    /// Whether its arguments have no part in the name of its column.
    pub(crate) fn predicate_only(&self) -> bool {
        matches!(self.name, "count" | "countif")
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

/// An aggregate as a reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AggregateEntry {
    /// Its name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Its parameters.
    pub signature: &'static str,
    /// What it gives, in one sentence.
    pub summary: &'static str,
}

/// All aggregates, for a manual and for completion.
pub fn aggregates() -> impl Iterator<Item = AggregateEntry> {
    AGGREGATES.iter().map(|aggregate| AggregateEntry {
        name: aggregate.name,
        aliases: aggregate.aliases,
        signature: aggregate.signature,
        summary: aggregate.summary,
    })
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

const fn one(
    name: &'static str,
    prefix: &'static str,
    signature: &'static str,
    returns: fn(&[Kind]) -> Kind,
    create: fn() -> Box<dyn Accumulator>,
    summary: &'static str,
) -> Aggregate {
    Aggregate { name, aliases: &[], signature, summary, prefix, shape: Shape::One, returns, create }
}

/// Every aggregate.
pub(crate) const AGGREGATES: &[Aggregate] = &[
    one("count", "count", "[value:any]", long, numbers::count, "The number of rows."),
    one(
        "countif",
        "countif",
        "condition:bool",
        long,
        numbers::countif,
        "The number of rows that a condition holds for.",
    ),
    one("sum", "sum", "value:summable", sum_kind, numbers::sum, "The sum."),
    one(
        "sumif",
        "sumif",
        "value:summable, condition:bool",
        sum_kind,
        numbers::sumif,
        "The sum where a condition holds.",
    ),
    one("avg", "avg", "value:summable", mean_kind, numbers::avg, "The mean."),
    one(
        "avgif",
        "avgif",
        "value:summable, condition:bool",
        mean_kind,
        numbers::avgif,
        "The mean where a condition holds.",
    ),
    one("stdev", "stdev", "value:number", real, numbers::stdev, "The standard deviation of a sample."),
    one(
        "stdevif",
        "stdevif",
        "value:number, condition:bool",
        real,
        numbers::stdevif,
        "The same where a condition holds.",
    ),
    one("stdevp", "stdevp", "value:number", real, numbers::stdevp, "The standard deviation of all there is."),
    one("variance", "variance", "value:number", real, numbers::variance, "The variance of a sample."),
    one(
        "varianceif",
        "varianceif",
        "value:number, condition:bool",
        real,
        numbers::varianceif,
        "The same where a condition holds.",
    ),
    one("variancep", "variancep", "value:number", real, numbers::variancep, "The variance of all there is."),
    one("binary_all_and", "", "value:long", long, numbers::all_and, "All bits that every value has."),
    one("binary_all_or", "", "value:long", long, numbers::all_or, "All bits that any value has."),
    one(
        "binary_all_xor",
        "",
        "value:long",
        long,
        numbers::all_xor,
        "All bits that an odd number of values has.",
    ),
    one(
        "percentile",
        "percentile",
        "value:any, percent:number",
        first,
        numbers::percentile,
        "The value that so many percent lie at or below, by the nearest rank.",
    ),
    Aggregate {
        name: "percentiles",
        aliases: &[],
        signature: "value:any, percent:number, ...",
        summary: "One percentile for each of the percentages.",
        prefix: "percentile",
        shape: Shape::Many,
        returns: dynamic,
        create: numbers::percentiles,
    },
    one("min", "min", "value:any", first, pick::min, "The smallest value."),
    one(
        "minif",
        "minif",
        "value:any, condition:bool",
        first,
        pick::minif,
        "The smallest value where a condition holds.",
    ),
    one("max", "max", "value:any", first, pick::max, "The largest value."),
    one(
        "maxif",
        "maxif",
        "value:any, condition:bool",
        first,
        pick::maxif,
        "The largest value where a condition holds.",
    ),
    one(
        "take_anyif",
        "",
        "value:any, condition:bool",
        first,
        pick::anyif,
        "Some value where a condition holds.",
    ),
    Aggregate {
        name: "take_any",
        aliases: &["any"],
        signature: "value:any, ...",
        summary: "The values of some row.",
        prefix: "",
        shape: Shape::Row,
        returns: dynamic,
        create: pick::any,
    },
    Aggregate {
        name: "arg_max",
        aliases: &["argmax"],
        signature: "value:any, other:any, ...",
        summary: "The row with the largest value.",
        prefix: "",
        shape: Shape::Row,
        returns: dynamic,
        create: pick::arg_max,
    },
    Aggregate {
        name: "arg_min",
        aliases: &["argmin"],
        signature: "value:any, other:any, ...",
        summary: "The row with the smallest value.",
        prefix: "",
        shape: Shape::Row,
        returns: dynamic,
        create: pick::arg_min,
    },
    one(
        "dcount",
        "dcount",
        "value:any, [accuracy:number]",
        long,
        collect::dcount,
        "The number of different values, exactly.",
    ),
    one(
        "dcountif",
        "dcountif",
        "value:any, condition:bool, [accuracy:number]",
        long,
        collect::dcountif,
        "The same where a condition holds.",
    ),
    one(
        "count_distinct",
        "count_distinct",
        "value:any",
        long,
        collect::dcount,
        "The number of different values, exactly.",
    ),
    one(
        "make_list",
        "list",
        "value:any, [most:long]",
        dynamic,
        collect::make_list,
        "An array of the values that are not null.",
    ),
    one(
        "make_list_if",
        "list",
        "value:any, condition:bool, [most:long]",
        dynamic,
        collect::make_list_if,
        "The same where a condition holds.",
    ),
    one(
        "make_list_with_nulls",
        "list",
        "value:any",
        dynamic,
        collect::make_list_with_nulls,
        "An array of all values.",
    ),
    Aggregate {
        name: "make_set",
        aliases: &["makeset"],
        signature: "value:any, [most:long]",
        summary: "An array of the different values.",
        prefix: "set",
        shape: Shape::One,
        returns: dynamic,
        create: collect::make_set,
    },
    one(
        "make_set_if",
        "set",
        "value:any, condition:bool, [most:long]",
        dynamic,
        collect::make_set_if,
        "The same where a condition holds.",
    ),
    Aggregate {
        name: "make_bag",
        aliases: &["make_dictionary"],
        signature: "bag:dynamic, [most:long]",
        summary: "All bags in one; the first value of a name stays.",
        prefix: "bag",
        shape: Shape::One,
        returns: dynamic,
        create: collect::make_bag,
    },
    one(
        "make_bag_if",
        "bag",
        "bag:dynamic, condition:bool, [most:long]",
        dynamic,
        collect::make_bag_if,
        "The same where a condition holds.",
    ),
    one(
        "buildschema",
        "schema",
        "value:dynamic",
        dynamic,
        collect::buildschema,
        "The kinds that are found at each path.",
    ),
];
