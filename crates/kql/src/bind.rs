//! Names become positions: the semantic half of the compiler.
//!
//! The binder walks the tree once, from the source of a pipeline to its end, and always knows the columns of the rows at
//! the operator it is at. The first fault ends it, with a suggestion where a name is close to a known one.
//!
//! Two things cannot be bound without rows: `bag_unpack` and `pivot`, whose columns are in the data. If the query gives
//! no schema for them the binder asks its [`Runner`] for the rows of what it has bound so far, and goes on with those.
//! Without a runner it halts with [`Halt::Deferred`], and the plan binds again when it is run.

mod call;
mod expand;
mod expression;
mod join;
mod names;
mod nested;
mod operator;
mod search;
mod series;
mod source;
mod summarize;
mod window;

pub(crate) use call::FORMS;

use crate::context::{EvaluationError, Limits};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::plan::{Expr, Field, Node};
use crate::syntax::{Body, Definition, Name, Query};
use crate::table::Catalog;
use crate::value::{Kind, Value};
use std::collections::HashSet;
use std::sync::Arc;

/// Why binding ends.
#[derive(Debug)]
pub(crate) enum Halt {
    Fault(Box<Fault>),
    /// Rows are needed first.
    Deferred,
    /// The part that was run failed.
    Failed(Box<EvaluationError>),
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

pub(crate) type Bound<T> = Result<T, Halt>;

/// Runs a part of the query while the rest is still being bound.
pub(crate) type Runner<'r> = dyn Fn(&Node, &[Node]) -> Result<Vec<Vec<Value>>, EvaluationError> + 'r;

/// What a name of a `let` or a parameter stands for.
#[derive(Debug, Clone)]
enum Entity {
    Scalar(Expr, Kind),
    Table(Node),
    Function(Arc<Body>, Environment),
}

/// The names in sight; the newest first.
type Environment = Option<Arc<Link>>;

#[derive(Debug)]
struct Link {
    name: Arc<str>,
    entity: Entity,
    outer: Environment,
}

pub(crate) struct Binder<'c> {
    catalog: &'c dyn Catalog,
    limits: &'c Limits,
    runner: Option<&'c Runner<'c>>,
    names: Environment,
    expressions: usize,
    operators: usize,
    calls: usize,
    /// Window functions of the operator that is being bound, where it may have some.
    windows: Option<window::Taken>,
    /// What `toscalar` asks, run before everything else.
    pub(crate) scalars: Vec<Node>,
}

/// The rows an expression sees.
#[derive(Clone, Copy)]
struct Row<'r> {
    fields: &'r [Field],
}

impl<'c> Binder<'c> {
    pub(crate) fn new(catalog: &'c dyn Catalog, limits: &'c Limits, runner: Option<&'c Runner<'c>>) -> Self {
        Self {
            catalog,
            limits,
            runner,
            names: None,
            expressions: 0,
            operators: 0,
            calls: 0,
            windows: None,
            scalars: Vec::new(),
        }
    }

    /// Binds a whole query.
    pub(crate) fn query(&mut self, query: &Query) -> Bound<Node> {
        self.definitions(&query.definitions)?;
        match &query.pipeline {
            Some(pipeline) => self.pipeline(pipeline, None),
            None => Err(Fault::new(DiagnosticCode::Syntax, Span::default(), "the query asks nothing").into()),
        }
    }

    /// Definitions of one scope; a name is given once.
    fn definitions(&mut self, definitions: &[Definition]) -> Bound<()> {
        let mut given: HashSet<&str> = HashSet::new();
        for definition in definitions {
            let Name { text, span } = &definition.name;
            if !given.insert(text) {
                return Err(arguments_fault(*span, format!("`{text}` is defined twice")));
            }
            self.define(definition)?;
        }
        Ok(())
    }

    fn define(&mut self, definition: &Definition) -> Bound<()> {
        let entity = match &*definition.body {
            Body::Function { .. } => Entity::Function(definition.body.clone(), self.names.clone()),
            Body::Pipeline(pipeline) => self.table_or_scalar(pipeline)?,
        };
        self.name(&definition.name.text, entity);
        Ok(())
    }

    fn name(&mut self, name: &Arc<str>, entity: Entity) {
        self.names = Some(Arc::new(Link { name: name.clone(), entity, outer: self.names.take() }));
    }

    fn entity(&self, name: &str) -> Option<Entity> {
        let mut link = self.names.as_deref();
        while let Some(here) = link {
            if &*here.name == name {
                return Some(here.entity.clone());
            }
            link = here.outer.as_deref();
        }
        None
    }

    /// Names of functions and scalars of `let`, for suggestions.
    fn entity_names(&self) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        let mut link = self.names.as_deref();
        while let Some(here) = link {
            found.push(here.name.clone());
            link = here.outer.as_deref();
        }
        found
    }

    /// Counts expressions, so that functions inside functions do not grow a small text into a huge plan.
    fn count_expressions(&mut self, more: usize, span: Span) -> Bound<()> {
        self.expressions = self.expressions.saturating_add(more);
        if self.expressions > self.limits.expressions {
            let message = format!("the query has more than {} expressions", self.limits.expressions);
            return Err(Fault::new(DiagnosticCode::Limit, span, message).into());
        }
        Ok(())
    }

    fn count_operators(&mut self, more: usize, span: Span) -> Bound<()> {
        self.operators = self.operators.saturating_add(more);
        if self.operators > self.limits.operators {
            let message = format!("the query has more than {} operators", self.limits.operators);
            return Err(Fault::new(DiagnosticCode::Limit, span, message).into());
        }
        Ok(())
    }

    /// Runs what has been bound so far.
    fn run(&self, node: &Node) -> Bound<Vec<Vec<Value>>> {
        match self.runner {
            Some(runner) => runner(node, &self.scalars).map_err(|error| Halt::Failed(Box::new(error))),
            None => Err(Halt::Deferred),
        }
    }
}

/// How many relations a node is made of.
fn weight(node: &Node) -> usize {
    use crate::plan::Relation as R;
    1 + match &node.relation {
        R::Scan { .. } | R::Literal(_) | R::Range { .. } | R::Outer => 0,
        R::Filter { input, .. }
        | R::Project { input, .. }
        | R::Take { input, .. }
        | R::Sort { input, .. }
        | R::Summarize { input, .. }
        | R::Expand { input, .. }
        | R::Parse { input, .. }
        | R::Sample { input, .. }
        | R::Windows { input, .. }
        | R::Nested { input, .. }
        | R::Series { input, .. }
        | R::Narrow { input } => weight(input),
        R::Apply { input, body, .. } | R::Partition { input, body, .. } => weight(input) + weight(body),
        R::Join(join) => weight(&join.left) + weight(&join.right),
        R::Union(inputs) => inputs.iter().map(weight).sum(),
    }
}

/// How many expressions an expression is made of.
fn size(expr: &Expr) -> usize {
    1 + expr.children().into_iter().map(size).sum::<usize>()
}

/// How deep an expression is.
fn depth(expr: &Expr) -> usize {
    1 + expr.children().into_iter().map(depth).max().unwrap_or(0)
}

/// The fault of a name that is no column.
fn unknown_column(name: &Name, fields: &[Field], more: &[Arc<str>]) -> Halt {
    let names = fields.iter().map(|field| &*field.name).chain(more.iter().map(|name| &**name));
    Fault::new(DiagnosticCode::UnknownColumn, name.span, format!("there is no column `{}`", name.text))
        .meant(&name.text, names)
        .into()
}

/// The position of a column; its name is matched with its case.
fn position(fields: &[Field], name: &str) -> Option<usize> {
    fields.iter().position(|field| &*field.name == name)
}

fn kinds_fault(span: Span, message: impl Into<String>) -> Halt {
    Fault::new(DiagnosticCode::Kinds, span, message).into()
}

fn arguments_fault(span: Span, message: impl Into<String>) -> Halt {
    Fault::new(DiagnosticCode::Arguments, span, message).into()
}
