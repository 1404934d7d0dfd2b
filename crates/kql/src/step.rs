//! Running a query: steps that pull batches of rows from the step below.
//!
//! Steps that can go on with one batch at a time do so; sorts, joins and groups hold rows and pay for them from the
//! memory budget. Every step asks the context between batches whether to go on.

mod expand;
mod group;
pub(crate) mod join;
pub(crate) mod key_value;
pub(crate) mod nested;
pub(crate) mod parse;
mod partition;
mod rows;
pub(crate) mod series;
mod window;

use crate::context::{Context, EvaluationError};
use crate::lower::{FoldedStep, ScanStep};
use crate::plan::{AggregateCall, Expansion, Expr, Order};
use crate::table::{Batch, Source};
use crate::value::Value;
use crate::windows::WindowCall;
use std::sync::Arc;

/// What is done, and what it is done to.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Scan(Box<ScanStep>),
    Literal(Arc<[Vec<Value>]>, usize),
    Range {
        from: Expr,
        to: Expr,
        step: Expr,
    },
    Outer,
    Filter {
        input: Box<Self>,
        condition: Expr,
    },
    Project {
        input: Box<Self>,
        values: Vec<Expr>,
    },
    Take {
        input: Box<Self>,
        count: usize,
    },
    Sort {
        input: Box<Self>,
        keys: Vec<Order>,
        limit: Option<usize>,
    },
    Summarize {
        input: Box<Self>,
        keys: Vec<Expr>,
        aggregates: Vec<AggregateCall>,
        folded: Option<Box<FoldedStep>>,
    },
    Join(Box<join::JoinStep>),
    Union(Vec<Self>),
    Expand {
        input: Box<Self>,
        expansion: Expansion,
    },
    Apply {
        input: Box<Self>,
        expansion: Expansion,
        body: Box<Self>,
    },
    Parse {
        input: Box<Self>,
        text: Expr,
        cutter: Arc<parse::Cutter>,
        filter: bool,
        /// Of the text only the stem is known.
        stem: bool,
    },
    Sample {
        input: Box<Self>,
        count: usize,
    },
    Narrow {
        input: Box<Self>,
        names: Vec<Arc<str>>,
    },
    Windows {
        input: Box<Self>,
        calls: Vec<WindowCall>,
    },
    Partition {
        input: Box<Self>,
        key: Expr,
        body: Box<Self>,
    },
    Series {
        input: Box<Self>,
        axis: series::Axis,
    },
    Nested {
        input: Box<Self>,
        levels: Vec<nested::NestedLevel>,
    },
}

pub(crate) type Pulled = Result<Option<Batch>, EvaluationError>;

/// A step that is running.
pub(crate) trait Pull {
    /// The next rows; nothing at the end.
    fn pull(&mut self) -> Pulled;
}

/// What all steps of a run share.
#[derive(Clone, Copy)]
pub(crate) struct Run<'p> {
    pub(crate) source: &'p dyn Source,
    pub(crate) context: &'p Context<'p>,
}

/// Rows in a batch that a step makes itself.
pub(crate) const BATCH: usize = 1024;

impl Step {
    /// Begins to run.
    #[expect(clippy::too_many_lines, reason = "a table: one short arm for each step")]
    pub(crate) fn open<'p>(&'p self, run: Run<'p>, outer: Option<&'p Batch>) -> Box<dyn Pull + 'p> {
        let context = run.context;
        match self {
            Self::Scan(scan) => Box::new(rows::Scan::new(scan, run)),
            Self::Literal(values, width) => Box::new(rows::Literal::new(values, *width, context)),
            Self::Range { from, to, step } => Box::new(rows::Range::new(from, to, step, context)),
            Self::Outer => Box::new(rows::Once(outer.cloned())),
            Self::Filter { input, condition } => {
                Box::new(rows::Filter { input: input.open(run, outer), condition, context })
            }
            Self::Project { input, values } => {
                Box::new(rows::Project { input: input.open(run, outer), values, context })
            }
            Self::Take { input, count } => {
                Box::new(rows::Take { input: input.open(run, outer), left: *count })
            }
            Self::Sort { input, keys, limit } => Box::new(rows::Sort {
                input: input.open(run, outer),
                keys,
                limit: *limit,
                context,
                done: false,
            }),
            Self::Summarize { input, keys, aggregates, folded } => Box::new(group::Summarize {
                input,
                keys,
                aggregates,
                folded: folded.as_deref(),
                run,
                outer,
                done: false,
            }),
            Self::Join(step) => Box::new(join::Joining::new(step, run, outer)),
            Self::Union(inputs) => {
                let inputs = inputs.iter().map(|input| input.open(run, outer)).collect();
                Box::new(rows::Chain { inputs, at: 0 })
            }
            Self::Expand { input, expansion } => {
                Box::new(expand::Expand::new(input.open(run, outer), expansion, context))
            }
            Self::Apply { input, expansion, body } => Box::new(expand::Apply {
                input: input.open(run, outer),
                expansion,
                body,
                run,
                current: Batch::default(),
                row: 0,
            }),
            Self::Windows { input, calls } => {
                Box::new(window::Windows { input: input.open(run, outer), calls, context, ready: None })
            }
            Self::Partition { input, key, body } => Box::new(partition::Partition {
                input: input.open(run, outer),
                key,
                body,
                run,
                groups: None,
                ready: std::collections::VecDeque::new(),
            }),
            Self::Series { input, axis } => {
                Box::new(series::Series { input: input.open(run, outer), axis, context, done: false })
            }
            Self::Nested { input, levels } => {
                Box::new(nested::Nested { input: input.open(run, outer), levels, context, done: false })
            }
            Self::Parse { input, text, cutter, filter, stem } => Box::new(parse::Parse {
                input: input.open(run, outer),
                text,
                cutter,
                filter: *filter,
                stem: *stem,
                last: None,
                context,
            }),
            Self::Sample { input, count } => {
                Box::new(rows::Sample { input: input.open(run, outer), count: *count, context, done: false })
            }
            Self::Narrow { input, names } => {
                Box::new(rows::Narrow { input: input.open(run, outer), names, context, row: 0 })
            }
        }
    }

    /// What is asked of tables.
    pub(crate) fn requests<'s>(&'s self, found: &mut Vec<&'s crate::table::ScanRequest>) {
        match self {
            Self::Scan(scan) => found.push(&scan.request),
            Self::Literal(..) | Self::Range { .. } | Self::Outer => {}
            Self::Filter { input, .. }
            | Self::Project { input, .. }
            | Self::Take { input, .. }
            | Self::Sort { input, .. }
            | Self::Summarize { input, .. }
            | Self::Expand { input, .. }
            | Self::Apply { input, .. }
            | Self::Windows { input, .. }
            | Self::Nested { input, .. }
            | Self::Series { input, .. }
            | Self::Parse { input, .. }
            | Self::Sample { input, .. }
            | Self::Narrow { input, .. } => input.requests(found),
            Self::Join(join) => {
                join.left.requests(found);
                join.right.requests(found);
            }
            Self::Partition { input, body, .. } => {
                input.requests(found);
                body.requests(found);
            }
            Self::Union(inputs) => inputs.iter().for_each(|input| input.requests(found)),
        }
    }
}
