//! From relations to steps: which parts of which columns every step has to carry.
//!
//! Demand flows from the answer down to the tables. A step is asked for columns and for paths inside dynamic columns
//! (`properties.status.code`), adds what its own expressions read, and asks its inputs. A table is therefore asked for
//! exactly the paths that matter, each as a value of its own, and no document is built to be taken apart again.
//! Simple conditions flow the same way, as hints: a filter still checks them.

mod fold;
mod hints;

use crate::plan::{Expr, Join, Node, Order, Relation};
use crate::step::Step;
use crate::syntax::JoinKind;
use crate::table::{Condition, Need, ScanRequest};
use crate::value::Value;
use hints::{Hint, find_hints, through};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use fold::FoldedStep;

type Path = Vec<Arc<str>>;

/// What is wanted of each column: paths, where the empty one is the whole column.
#[derive(Debug, Clone)]
struct Demand(Vec<BTreeSet<Path>>);

impl Demand {
    fn none(width: usize) -> Self {
        Self(vec![BTreeSet::new(); width])
    }

    fn all(width: usize) -> Self {
        Self(vec![BTreeSet::from([Path::new()]); width])
    }

    fn add(&mut self, column: usize, path: Path) {
        if let Some(paths) = self.0.get_mut(column) {
            paths.insert(path);
        }
    }

    fn read(&mut self, expr: &Expr) {
        match expr.as_path() {
            Some((column, path)) => self.add(column, path),
            None => expr.children().into_iter().for_each(|child| self.read(child)),
        }
    }

    /// Columns with their paths, without those that lie inside another one.
    fn slots(&self) -> Vec<(usize, Path)> {
        let mut slots: Vec<(usize, Path)> = Vec::new();
        for (column, paths) in self.0.iter().enumerate() {
            // Paths are in order, so that one comes before those inside it.
            for path in paths {
                let covered = slots.last().is_some_and(|(c, p)| *c == column && path.starts_with(p));
                if !covered {
                    slots.push((column, path.clone()));
                }
            }
        }
        slots
    }
}

/// What the values of a step's rows are.
type Layout = Vec<(usize, Path)>;

/// The steps of a query whose rows are all its columns, in their order.
pub(crate) fn lower(node: &Node) -> Step {
    let width = node.fields.len();
    let (step, layout) = lower_node(node, &Demand::all(width), Vec::new());
    arranged(step, &layout, (0..width).map(Expr::Column))
}

/// A step that carries exactly these values.
fn arranged(step: Step, layout: &Layout, values: impl IntoIterator<Item = Expr>) -> Step {
    let values: Vec<Expr> = values.into_iter().map(|value| resolve(&value, layout)).collect();
    let same = values.len() == layout.len()
        && values.iter().enumerate().all(|(at, value)| matches!(value, Expr::Column(from) if *from == at));
    if same { step } else { projected(step, values) }
}

/// A projection of a step. One over another is made one, unless something would be computed twice.
fn projected(step: Step, values: Vec<Expr>) -> Step {
    let Step::Project { input, values: inner } = step else {
        return Step::Project { input: Box::new(step), values };
    };
    let mut uses = vec![0usize; inner.len()];
    values.iter().for_each(|value| count_uses(value, &mut uses));
    let is_cheap = |value: &Expr| value.as_path().is_some() || matches!(value, Expr::Literal(_));
    if inner.iter().zip(&uses).any(|(value, uses)| *uses > 1 && !is_cheap(value)) {
        return Step::Project { input: Box::new(Step::Project { input, values: inner }), values };
    }
    let values = values.iter().map(|value| substituted(value, &inner)).collect();
    Step::Project { input, values }
}

fn count_uses(expr: &Expr, uses: &mut [usize]) {
    if let Expr::Column(at) = expr
        && let Some(uses) = uses.get_mut(*at)
    {
        *uses += 1;
    }
    expr.children().into_iter().for_each(|child| count_uses(child, uses));
}

/// The expression over what the columns are made of.
fn substituted(expr: &Expr, columns: &[Expr]) -> Expr {
    match expr {
        Expr::Column(at) => columns.get(*at).cloned().unwrap_or(Expr::Literal(Value::Null)),
        other => other.map_children(|child| substituted(child, columns)),
    }
}

/// The expression over the values of a layout.
fn resolve(expr: &Expr, layout: &Layout) -> Expr {
    let Some((column, path)) = expr.as_path() else {
        return expr.map_children(|child| resolve(child, layout));
    };
    let found = layout.iter().position(|(c, p)| *c == column && path.starts_with(p));
    let Some(slot) = found else { return Expr::Literal(Value::Null) };
    let known = layout.get(slot).map_or(0, |(_, p)| p.len());
    path.into_iter().skip(known).fold(Expr::Column(slot), Expr::member)
}

fn whole_layout(width: usize) -> Layout {
    (0..width).map(|column| (column, Path::new())).collect()
}

#[expect(clippy::too_many_lines, reason = "a table: one short arm for each operator")]
fn lower_node(node: &Node, demand: &Demand, hints: Vec<Hint>) -> (Step, Layout) {
    let width = node.fields.len();
    match &node.relation {
        Relation::Scan { table } => scan(node, table, demand, hints),
        Relation::Literal(rows) => (Step::Literal(rows.clone(), width), whole_layout(width)),
        Relation::Range { from, to, step } => {
            (Step::Range { from: from.clone(), to: to.clone(), step: step.clone() }, whole_layout(width))
        }
        Relation::Outer => (Step::Outer, whole_layout(width)),
        Relation::Filter { input, condition } => {
            let mut below = demand.clone();
            below.read(condition);
            let mut hints = hints;
            find_hints(condition, &mut hints);
            let (step, layout) = lower_node(input, &below, hints);
            let condition = resolve(condition, &layout);
            (Step::Filter { input: Box::new(step), condition }, layout)
        }
        Relation::Project { input, values } => project(input, values, demand, hints),
        Relation::Take { input, count } => {
            let (mut step, layout) = lower_node(input, demand, Vec::new());
            if let Step::Scan(request) = &mut step {
                request.limit = Some(request.limit.map_or(*count, |limit| limit.min(*count)));
            }
            (Step::Take { input: Box::new(step), count: *count }, layout)
        }
        Relation::Sort { input, keys, limit } => {
            let mut below = demand.clone();
            keys.iter().for_each(|key| below.read(&key.value));
            let (step, layout) = lower_node(input, &below, if limit.is_some() { Vec::new() } else { hints });
            let keys =
                keys.iter().map(|key| Order { value: resolve(&key.value, &layout), ..key.clone() }).collect();
            (Step::Sort { input: Box::new(step), keys, limit: *limit }, layout)
        }
        Relation::Summarize { input, keys, aggregates } => {
            let mut below = Demand::none(input.fields.len());
            keys.iter().for_each(|key| below.read(key));
            aggregates.iter().flat_map(|call| &call.arguments).for_each(|argument| below.read(argument));
            let (step, layout) = lower_node(input, &below, through(&hints, keys));
            let keys: Vec<Expr> = keys.iter().map(|key| resolve(key, &layout)).collect();
            let mut aggregates = aggregates.clone();
            for argument in aggregates.iter_mut().flat_map(|call| &mut call.arguments) {
                *argument = resolve(argument, &layout);
            }
            let folded = fold::fold(&step, &keys, &aggregates);
            (Step::Summarize { input: Box::new(step), keys, aggregates, folded }, whole_layout(width))
        }
        Relation::Join(join) => lower_join(join, demand, hints),
        Relation::Union(inputs) => {
            let slots = demand.slots();
            let steps = inputs.iter().map(|input| {
                let (step, layout) = lower_node(input, demand, hints.clone());
                arranged(
                    step,
                    &layout,
                    slots
                        .iter()
                        .map(|(column, path)| path.iter().cloned().fold(Expr::Column(*column), Expr::member)),
                )
            });
            (Step::Union(steps.collect()), slots)
        }
        Relation::Expand { input, expansion } => {
            let (step, mut layout, inner) =
                appended(input, demand, expansion.values.iter().map(|v| &v.0), hints);
            let mut expansion = expansion.clone();
            for (value, _) in &mut expansion.values {
                *value = resolve(value, &layout);
            }
            layout.extend((inner..width).map(|column| (column, Path::new())));
            (Step::Expand { input: Box::new(step), expansion }, layout)
        }
        Relation::Apply { input, expansion, body } => {
            let all = Demand::all(input.fields.len());
            let (step, layout) = lower_node(input, &all, Vec::new());
            let step = arranged(step, &layout, (0..input.fields.len()).map(Expr::Column));
            let body = Box::new(lower(body));
            (Step::Apply { input: Box::new(step), expansion: expansion.clone(), body }, whole_layout(width))
        }
        Relation::Parse { input, text, cutter, filter } => {
            let (step, mut layout, inner) = appended(input, demand, std::iter::once(text), hints);
            let text = resolve(text, &layout);
            layout.extend((inner..width).map(|column| (column, Path::new())));
            let cutter = cutter.clone();
            (Step::Parse { input: Box::new(step), text, cutter, filter: *filter, stem: false }, layout)
        }
        Relation::Windows { input, calls } => {
            let reads = calls.iter().flat_map(|call| &call.arguments);
            let (step, mut layout, inner) = appended(input, demand, reads, Vec::new());
            layout.extend((inner..width).map(|column| (column, Path::new())));
            let mut calls = calls.clone();
            for argument in calls.iter_mut().flat_map(|call| &mut call.arguments) {
                *argument = resolve(argument, &layout);
            }
            (Step::Windows { input: Box::new(step), calls }, layout)
        }
        Relation::Partition { input, key, body } => {
            let step = Box::new(lower(input));
            (
                Step::Partition { input: step, key: key.clone(), body: Box::new(lower(body)) },
                whole_layout(width),
            )
        }
        Relation::Nested { input, levels } => {
            let mut below = Demand::none(input.fields.len());
            let arguments = levels.iter().flat_map(|level| &level.calls).flat_map(|call| &call.arguments);
            levels.iter().map(|level| &level.key).chain(arguments).for_each(|expr| below.read(expr));
            let (step, layout) = lower_node(input, &below, Vec::new());
            let mut levels = levels.clone();
            for level in &mut levels {
                level.key = resolve(&level.key, &layout);
                for argument in level.calls.iter_mut().flat_map(|call| &mut call.arguments) {
                    *argument = resolve(argument, &layout);
                }
            }
            (Step::Nested { input: Box::new(step), levels }, whole_layout(width))
        }
        Relation::Series { input, axis } => {
            (Step::Series { input: Box::new(lower(input)), axis: axis.clone() }, whole_layout(width))
        }
        Relation::Sample { input, count } => {
            let (step, layout) = lower_node(input, demand, Vec::new());
            (Step::Sample { input: Box::new(step), count: *count }, layout)
        }
        Relation::Narrow { input } => {
            let names =
                input.fields.iter().filter(|field| !field.hidden).map(|field| field.name.clone()).collect();
            (Step::Narrow { input: Box::new(lower(input)), names }, whole_layout(width))
        }
    }
}

/// Lowers the input of a step that appends columns to its rows.
fn appended<'e>(
    input: &Node,
    demand: &Demand,
    reads: impl Iterator<Item = &'e Expr>,
    hints: Vec<Hint>,
) -> (Step, Layout, usize) {
    let inner = input.fields.len();
    let mut below = Demand(demand.0.iter().take(inner).cloned().collect());
    reads.for_each(|expr| below.read(expr));
    let hints = hints.into_iter().filter(|hint| hint.column < inner).collect();
    let (step, layout) = lower_node(input, &below, hints);
    (step, layout, inner)
}

fn scan(node: &Node, table: &Arc<str>, demand: &Demand, hints: Vec<Hint>) -> (Step, Layout) {
    let slots = demand.slots();
    let need = |column: usize, path: &Path| {
        let name = node.fields.get(column).map_or_else(|| Arc::from(""), |field| field.name.clone());
        Need { column: name, path: Arc::from(path.as_slice()) }
    };
    let needs = slots.iter().map(|(column, path)| need(*column, path)).collect();
    let conditions = hints
        .into_iter()
        .map(|hint| Condition {
            need: need(hint.column, &hint.path),
            comparison: hint.comparison,
            values: hint.values,
        })
        .collect();
    // A string column has no null, whatever the source says.
    let texts = slots
        .iter()
        .map(|(column, path)| {
            path.is_empty() && node.fields.get(*column).is_some_and(|field| field.kind == crate::Kind::String)
        })
        .collect();
    let stems = slots
        .iter()
        .map(|(column, path)| path.is_empty() && node.fields.get(*column).is_some_and(|field| field.stem))
        .collect();
    let request = ScanRequest { table: table.clone(), needs, conditions, limit: None, fold: None };
    (Step::Scan(ScanStep { request, texts, stems }.into()), slots)
}

/// A request, and which of its values are strings that are never null.
#[derive(Debug, Clone)]
pub(crate) struct ScanStep {
    pub(crate) request: ScanRequest,
    pub(crate) texts: Vec<bool>,
    /// Which of its values begin with a stem that many rows share.
    pub(crate) stems: Vec<bool>,
}

impl std::ops::Deref for ScanStep {
    type Target = ScanRequest;

    fn deref(&self) -> &ScanRequest {
        &self.request
    }
}

impl std::ops::DerefMut for ScanStep {
    fn deref_mut(&mut self) -> &mut ScanRequest {
        &mut self.request
    }
}

fn project(input: &Node, values: &[Expr], demand: &Demand, hints: Vec<Hint>) -> (Step, Layout) {
    let mut below = Demand::none(input.fields.len());
    let mut layout = Layout::new();
    let mut made = Vec::new();
    for (column, path) in demand.slots() {
        let Some(value) = values.get(column) else { continue };
        // A path goes through a column that is only renamed; of anything else the whole value is made once.
        let value = if value.as_path().is_some() {
            layout.push((column, path.clone()));
            path.into_iter().fold(value.clone(), Expr::member)
        } else {
            if layout.last().is_some_and(|(last, _)| *last == column) {
                continue;
            }
            layout.push((column, Path::new()));
            value.clone()
        };
        below.read(&value);
        made.push(value);
    }
    let (step, inner) = lower_node(input, &below, through(&hints, values));
    (arranged(step, &inner, made), layout)
}

/// The row that stands for a side of a join that has none.
fn fill(node: &Node, layout: &Layout) -> Vec<Value> {
    let cell = |(column, path): &(usize, Path)| match node.fields.get(*column) {
        Some(field) if path.is_empty() => field.kind.nothing(),
        _ => Value::Null,
    };
    layout.iter().map(cell).collect()
}

/// Which sides of a join conditions behind it may narrow: those whose rows cannot come up filled with nulls instead.
fn hinted_sides(kind: JoinKind) -> (bool, bool) {
    use JoinKind::{Inner, InnerUnique, LeftAnti, LeftOuter, LeftSemi, RightAnti, RightOuter, RightSemi};
    (
        matches!(kind, Inner | InnerUnique | LeftOuter | LeftSemi | LeftAnti),
        matches!(kind, Inner | InnerUnique | RightOuter | RightSemi | RightAnti),
    )
}

fn lower_join(join: &Join, demand: &Demand, hints: Vec<Hint>) -> (Step, Layout) {
    let left_width = join.left.fields.len();
    let right_only = matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti);
    let offset = if right_only { 0 } else { left_width };
    let mut left = Demand::none(left_width);
    let mut right = Demand::none(join.right.fields.len());
    for (column, path) in demand.slots() {
        if column < offset { left.add(column, path) } else { right.add(column - offset, path) }
    }
    join.left_keys.iter().for_each(|key| left.read(key));
    join.right_keys.iter().for_each(|key| right.read(key));
    let (left_hints, right_hints) = hinted_sides(join.kind);
    // Which left row an innerunique join keeps would depend on the hint, unless the hint is about its key.
    let unique = join.kind == JoinKind::InnerUnique;
    let keyed =
        |column: usize| join.left_keys.iter().any(|key| matches!(key, Expr::Column(at) if *at == column));
    let (mut for_left, mut for_right) = (Vec::new(), Vec::new());
    for hint in hints {
        if hint.column < offset {
            if left_hints && (!unique || keyed(hint.column)) {
                for_left.push(hint);
            }
        } else if right_hints {
            for_right.push(Hint { column: hint.column - offset, ..hint });
        }
    }
    let (left_step, left_layout) = lower_node(&join.left, &left, for_left);
    let (right_step, right_layout) = lower_node(&join.right, &right, for_right);
    if join.kind == JoinKind::Inner && is_small(&join.left) && !is_small(&join.right) {
        return held_left(join, (left_step, left_layout), (right_step, right_layout));
    }
    let step = Step::Join(Box::new(crate::step::join::JoinStep {
        kind: join.kind,
        left_keys: join.left_keys.iter().map(|key| resolve(key, &left_layout)).collect(),
        right_keys: join.right_keys.iter().map(|key| resolve(key, &right_layout)).collect(),
        left_fill: fill(&join.left, &left_layout),
        right_fill: fill(&join.right, &right_layout),
        left: left_step,
        right: right_step,
    }));
    let layout = match join.kind {
        JoinKind::LeftSemi | JoinKind::LeftAnti => left_layout,
        JoinKind::RightSemi | JoinKind::RightAnti => right_layout,
        _ => {
            let shifted = right_layout.into_iter().map(|(column, path)| (column + left_width, path));
            left_layout.into_iter().chain(shifted).collect()
        }
    };
    (step, layout)
}

/// Whether the rows are few, as far as one can say without them: groups, or rows that were counted out.
fn is_small(node: &Node) -> bool {
    match &node.relation {
        Relation::Summarize { .. } | Relation::Take { .. } | Relation::Literal(_) | Relation::Outer => true,
        Relation::Filter { input, .. } | Relation::Project { input, .. } | Relation::Sort { input, .. } => {
            is_small(input)
        }
        _ => false,
    }
}

/// An inner join that holds its left side, since that is the small one, and lets the right one pass by: the same rows in
/// another order, of which none is promised.
fn held_left(
    join: &Join,
    (left, left_layout): (Step, Layout),
    (right, right_layout): (Step, Layout),
) -> (Step, Layout) {
    let step = Step::Join(Box::new(crate::step::join::JoinStep {
        kind: JoinKind::Inner,
        left_keys: join.right_keys.iter().map(|key| resolve(key, &right_layout)).collect(),
        right_keys: join.left_keys.iter().map(|key| resolve(key, &left_layout)).collect(),
        left_fill: fill(&join.right, &right_layout),
        right_fill: fill(&join.left, &left_layout),
        left: right,
        right: left,
    }));
    let offset = join.left.fields.len();
    let passing = right_layout.into_iter().map(|(column, path)| (column + offset, path));
    (step, passing.chain(left_layout).collect())
}
