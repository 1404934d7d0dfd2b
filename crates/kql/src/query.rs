//! From a text to an answer: [`compile`], [`Query::run`], and the answer's batches.

use crate::bind::{Binder, Halt};
use crate::context::{Context, Environment, EvaluationError, Limits};
use crate::diagnostic::Diagnostic;
use crate::lexer::TokenKind;
use crate::lower::lower;
use crate::plan::{Node, Relation};
use crate::step::{Run, Step};
use crate::syntax;
use crate::table::{Batch, Catalog, Column, ScanRequest, Source};
use crate::value::Value;

/// What is wrong with the text of a query; nothing if it is the language.
///
/// It is total: any text gives an answer, in time that is bounded by [`Limits::query_bytes`].
pub fn parse(query: &str, limits: &Limits) -> Vec<Diagnostic> {
    let (_, faults) = crate::parser::parse(query, limits);
    faults.into_iter().map(|fault| fault.locate(query)).collect()
}

/// A query that is ready to run.
#[derive(Debug, Clone)]
pub struct Query {
    text: String,
    tree: syntax::Query,
    limits: Limits,
    bound: Option<Bound>,
}

/// A query whose columns are known before it runs.
#[derive(Debug, Clone)]
struct Bound {
    columns: Vec<Column>,
    scalars: Vec<Step>,
    step: Step,
    limited: bool,
}

impl Bound {
    fn new(node: Node, scalars: &[Node]) -> Self {
        // Hidden columns are not part of an answer.
        let shown: Vec<_> = node.identity().into_iter().filter(|(field, _)| !field.hidden).collect();
        let limited = is_limited(&node);
        let node = if shown.len() == node.fields.len() { node } else { node.project(shown) };
        Self {
            columns: node.fields.iter().map(crate::plan::Field::column).collect(),
            scalars: scalars.iter().map(lower).collect(),
            step: lower(&node),
            limited,
        }
    }
}

/// Whether the query itself says how many rows it wants.
fn is_limited(node: &Node) -> bool {
    match &node.relation {
        Relation::Take { .. } | Relation::Sample { .. } | Relation::Sort { limit: Some(_), .. } => true,
        Relation::Filter { input, .. } | Relation::Project { input, .. } | Relation::Sort { input, .. } => {
            is_limited(input)
        }
        _ => false,
    }
}

/// Compiles a query against the tables of a catalog.
///
/// # Errors
/// Everything that is wrong with its text, or the first thing that is wrong with its names and kinds.
pub fn compile(query: &str, catalog: &dyn Catalog, limits: &Limits) -> Result<Query, Vec<Diagnostic>> {
    let (tree, faults) = crate::parser::parse(query, limits);
    if !faults.is_empty() {
        return Err(faults.into_iter().map(|fault| fault.locate(query)).collect());
    }
    let mut binder = Binder::new(catalog, limits, None);
    let bound = match binder.query(&tree) {
        Ok(node) => Some(Bound::new(node, &binder.scalars)),
        Err(Halt::Fault(fault)) => return Err(vec![fault.locate(query)]),
        Err(Halt::Deferred | Halt::Failed(_)) => None,
    };
    Ok(Query { text: query.to_owned(), tree, limits: limits.clone(), bound })
}

/// What a query answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, in batches.
    pub batches: Vec<Batch>,
    /// How many rows of tables were read for it.
    pub rows_scanned: u64,
}

impl Answer {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(Batch::len).sum()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &[Value]> {
        self.batches.iter().flat_map(Batch::rows)
    }
}

impl Query {
    /// The columns of the answer; nothing if they are in the data (`bag_unpack` and `pivot` without a schema).
    pub fn columns(&self) -> Option<&[Column]> {
        self.bound.as_ref().map(|bound| bound.columns.as_slice())
    }

    /// Whether the query ends in `take`, `top` or `sample`; its answer is then not paged.
    pub fn is_limited(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.limited)
    }

    /// Whether a string of the query has this text in it, in any case of its letters. What stands in a comment does not
    /// count.
    pub fn mentions(&self, text: &str) -> bool {
        let wanted = text.to_lowercase();
        crate::lexer::tokens(&self.text).iter().any(|token| match &token.kind {
            TokenKind::Text(said) => said.to_lowercase().contains(&wanted),
            _ => false,
        })
    }

    /// What the query will ask of tables; nothing if a part of it has to run first.
    pub fn requests(&self) -> Vec<&ScanRequest> {
        let mut found = Vec::new();
        if let Some(bound) = &self.bound {
            bound.scalars.iter().for_each(|step| step.requests(&mut found));
            bound.step.requests(&mut found);
        }
        found
    }

    /// Runs the query, and gives each batch away as soon as it is made.
    ///
    /// `each` says whether to go on. It returns the columns, and how many rows of tables were read.
    ///
    /// # Errors
    /// A budget that ran out, the wish to stop, or a failing source.
    pub fn stream(
        &self,
        catalog: &dyn Catalog,
        source: &dyn Source,
        environment: &Environment<'_>,
        mut each: impl FnMut(&[Column], Batch) -> bool,
    ) -> Result<(Vec<Column>, u64), EvaluationError> {
        let context = Context::new(&self.limits, environment);
        let late;
        let bound = match &self.bound {
            Some(bound) => bound,
            None => {
                late = self.bind_late(catalog, source, &context)?;
                &late
            }
        };
        scalars(&bound.scalars, source, &context)?;
        let mut rows = bound.step.open(Run { source, context: &context }, None);
        while let Some(batch) = rows.pull()? {
            if !batch.is_empty() && !each(&bound.columns, batch) {
                break;
            }
        }
        Ok((bound.columns.clone(), context.rows_scanned()))
    }

    /// Runs the query and keeps its answer, which is paid for from the memory budget.
    ///
    /// # Errors
    /// A budget that ran out, the wish to stop, or a failing source.
    pub fn run(
        &self,
        catalog: &dyn Catalog,
        source: &dyn Source,
        environment: &Environment<'_>,
    ) -> Result<Answer, EvaluationError> {
        let mut batches = Vec::new();
        let mut bytes = 0usize;
        let limit = self.limits.memory_bytes;
        let (columns, rows_scanned) = self.stream(catalog, source, environment, |_, batch| {
            bytes = bytes.saturating_add(batch.bytes());
            batches.push(batch);
            bytes <= limit
        })?;
        if bytes > limit {
            return Err(EvaluationError::TooMuchMemory { limit, operator: "the answer" });
        }
        Ok(Answer { columns, batches, rows_scanned })
    }

    /// Binds what could not be bound without rows.
    fn bind_late(
        &self,
        catalog: &dyn Catalog,
        source: &dyn Source,
        context: &Context<'_>,
    ) -> Result<Bound, EvaluationError> {
        let runner = |node: &Node, before: &[Node]| {
            let before: Vec<Step> = before.iter().map(lower).collect();
            scalars(&before, source, context)?;
            let step = lower(node);
            let mut rows = step.open(Run { source, context }, None);
            let mut found = Vec::new();
            while let Some(batch) = rows.pull()? {
                context.hold(batch.bytes(), "evaluate")?;
                found.extend(batch.rows().map(<[Value]>::to_vec));
            }
            Ok(found)
        };
        let mut binder = Binder::new(catalog, &self.limits, Some(&runner));
        match binder.query(&self.tree) {
            Ok(node) => Ok(Bound::new(node, &binder.scalars)),
            Err(Halt::Fault(fault)) => Err(EvaluationError::Query(vec![fault.locate(&self.text)])),
            Err(Halt::Failed(error)) => Err(*error),
            Err(Halt::Deferred) => Err(EvaluationError::Operator {
                operator: "evaluate",
                reason: "its columns cannot be found out".to_owned(),
            }),
        }
    }
}

/// Runs what stands in `toscalar` and the like, in order, because one may use the one before.
fn scalars(steps: &[Step], source: &dyn Source, context: &Context<'_>) -> Result<(), EvaluationError> {
    context.scalars.borrow_mut().clear();
    for step in steps {
        let mut rows = step.open(Run { source, context }, None);
        let mut value = Value::Null;
        while let Some(batch) = rows.pull()? {
            if let Some(first) = batch.row(0).first() {
                value = first.clone();
                break;
            }
        }
        context.hold(value.bytes(), "toscalar")?;
        context.scalars.borrow_mut().push(value);
    }
    Ok(())
}
