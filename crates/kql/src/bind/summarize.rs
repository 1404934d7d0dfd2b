//! `summarize` and `count`.
//!
//! An aggregate may stand inside an expression (`round(sum(a) / count(), 2)`): the aggregates are taken out, computed,
//! and the expression is made over their results.

use super::{Binder, Bound, Row, arguments_fault, names};
use crate::aggregates::{Aggregate, Shape, aggregate_named};
use crate::plan::{AggregateCall, Expr, Field, Node, Relation};
use crate::syntax::{Assignment, Expression, ExpressionKind, Name};
use crate::value::{Kind, Value};

/// Aggregates found so far, as columns behind the keys.
#[derive(Default)]
struct Found {
    calls: Vec<AggregateCall>,
    kinds: Vec<Kind>,
    /// The kind of the elements of the last one that makes an array of columns.
    element: Option<Kind>,
}

impl Binder<'_> {
    pub(super) fn count(&mut self, node: Node, name: &str) -> Bound<Node> {
        let Some(aggregate) = aggregate_named("count") else { return Ok(node) };
        let aggregates = vec![AggregateCall { aggregate, arguments: Vec::new() }];
        let fields = vec![Field::new(name, Kind::Long)];
        Ok(Node {
            fields,
            relation: Relation::Summarize { input: Box::new(node), keys: Vec::new(), aggregates },
        })
    }

    pub(super) fn summarize(&mut self, node: Node, values: &[Assignment], by: &[Assignment]) -> Bound<Node> {
        let mut keys = Vec::new();
        let mut columns: Vec<(Field, Expr)> = Vec::new();
        for key in by {
            let (expr, kind) = self.expression(&key.value, Row { fields: &node.fields })?;
            let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
            let name = names::given_or_own(key).unwrap_or_else(|| names::unnamed(&fields));
            columns.push((Field::new(names::unique(&name, &fields), kind), Expr::Column(keys.len())));
            keys.push(expr);
        }
        let mut found = Found::default();
        let first = keys.len();
        for value in values {
            self.aggregate_columns(&node, value, first, &mut found, &mut columns)?;
        }
        let mut fields: Vec<Field> = columns.iter().take(first).map(|(field, _)| field.clone()).collect();
        fields.extend(found.kinds.iter().map(|kind| Field::new("", *kind)));
        let relation = Relation::Summarize { input: Box::new(node), keys, aggregates: found.calls };
        Ok(Node { fields, relation }.project(columns))
    }

    /// The columns of one value of `summarize`.
    fn aggregate_columns(
        &mut self,
        node: &Node,
        value: &Assignment,
        first: usize,
        found: &mut Found,
        columns: &mut Vec<(Field, Expr)>,
    ) -> Bound<()> {
        let push = |columns: &mut Vec<(Field, Expr)>, name: String, kind: Kind, expr: Expr| {
            let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
            columns.push((Field::new(names::unique(&name, &fields), kind), expr));
        };
        if let ExpressionKind::Call { name, arguments } = &value.value.kind
            && let Some(aggregate) = aggregate_named(&name.text)
        {
            match aggregate.shape {
                Shape::One => {}
                Shape::Row => return self.row_of(node, aggregate, value, arguments, first, found, columns),
                Shape::Many => {
                    let (expr, _) = self.aggregates_in(&value.value, node, first, found)?;
                    let kind = found.element.take().unwrap_or(Kind::Dynamic);
                    let behind = aggregate.percents_at.unwrap_or(1);
                    for (at, argument) in arguments.iter().skip(behind).enumerate() {
                        let label = names::percent_label(&argument.value).unwrap_or_else(|| at.to_string());
                        let own =
                            arguments.first().and_then(|a| names::own_name(&a.value)).unwrap_or_default();
                        let name = value.names.get(at).map_or_else(
                            || format!("percentile_{own}_{label}"),
                            |name| name.text.to_string(),
                        );
                        let position = Expr::Literal(Value::Long(i64::try_from(at).unwrap_or(0)));
                        push(columns, name, kind, Expr::Index(Box::new(expr.clone()), Box::new(position)));
                    }
                    return Ok(());
                }
            }
        }
        let before = found.calls.len();
        let (expr, kind) = self.aggregates_in(&value.value, node, first, found)?;
        if found.calls.len() == before {
            return Err(arguments_fault(
                value.value.span,
                "this is not an aggregate; columns belong behind `by`",
            ));
        }
        let name = match value.names.first() {
            Some(name) => name.text.to_string(),
            None => names::own_name(&value.value)
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| names::unnamed(&columns.iter().map(|c| c.0.clone()).collect::<Vec<_>>())),
        };
        push(columns, name, kind, expr);
        Ok(())
    }

    /// `arg_max(x, *)`, `take_any(a, b)`: one aggregate whose answer is a row.
    #[expect(
        clippy::too_many_arguments,
        reason = "it is a branch of its only caller and has that one's surroundings"
    )]
    fn row_of(
        &mut self,
        node: &Node,
        aggregate: &'static Aggregate,
        value: &Assignment,
        arguments: &[Assignment],
        first: usize,
        found: &mut Found,
        columns: &mut Vec<(Field, Expr)>,
    ) -> Bound<()> {
        let mut exprs = Vec::new();
        let mut outputs: Vec<(String, Kind)> = Vec::new();
        for argument in arguments {
            if matches!(argument.value.kind, ExpressionKind::Star) {
                let taken: Vec<String> = outputs.iter().map(|(name, _)| name.clone()).collect();
                for (at, field) in node.fields.iter().enumerate().filter(|(_, field)| !field.hidden) {
                    let known = taken.iter().any(|name| **name == *field.name)
                        || columns.iter().take(first).any(|(key, _)| key.name == field.name);
                    if !known {
                        exprs.push(Expr::Column(at));
                        outputs.push((field.name.to_string(), field.kind));
                    }
                }
                continue;
            }
            let (expr, kind) = self.expression(&argument.value, Row { fields: &node.fields })?;
            exprs.push(expr);
            let name = names::given_or_own(argument).unwrap_or_else(|| match aggregate.name {
                "arg_max" if outputs.is_empty() => "max_".to_owned(),
                "arg_min" if outputs.is_empty() => "min_".to_owned(),
                _ => format!("Column{}", outputs.len() + 1),
            });
            outputs.push((name, kind));
        }
        // The older name of `take_any` stands in front of the names of its columns.
        if matches!(&value.value.kind, ExpressionKind::Call { name, .. } if &*name.text == "any") {
            outputs.iter_mut().for_each(|(name, _)| *name = format!("any_{name}"));
        }
        if exprs.is_empty() {
            let message = format!("`{}({})` does not take this", aggregate.name, aggregate.signature);
            return Err(arguments_fault(value.value.span, message));
        }
        let at = first + found.calls.len();
        found.calls.push(AggregateCall { aggregate, arguments: exprs });
        found.kinds.push(Kind::Dynamic);
        for (index, (own, kind)) in outputs.into_iter().enumerate() {
            let name = value.names.get(index).map_or(own, |name| name.text.to_string());
            let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
            let position = Expr::Literal(Value::Long(i64::try_from(index).unwrap_or(0)));
            let element = Expr::Index(Box::new(Expr::Column(at)), Box::new(position));
            columns.push((Field::new(names::unique(&name, &fields), kind), element));
        }
        Ok(())
    }

    /// The aggregates in an expression, and the expression and its kind over their answers.
    pub(super) fn aggregates_of(
        &mut self,
        expression: &Expression,
        node: &Node,
    ) -> Bound<(Vec<AggregateCall>, Expr, Kind)> {
        let mut found = Found::default();
        let (value, kind) = self.aggregates_in(expression, node, 0, &mut found)?;
        Ok((found.calls, value, kind))
    }

    /// An expression over aggregates: each of them becomes a column of its own.
    fn aggregates_in(
        &mut self,
        expression: &Expression,
        node: &Node,
        first: usize,
        found: &mut Found,
    ) -> Bound<(Expr, Kind)> {
        // Aggregates are bound over the rows; a name stands for each of them in the expression around.
        let mut rewritten = expression.clone();
        let mut fields: Vec<Field> = Vec::new();
        self.take_out(&mut rewritten, node, found, &mut fields)?;
        if fields.is_empty() && !matches!(expression.kind, ExpressionKind::Literal(..)) {
            let message = "this is not an aggregate; columns belong behind `by`";
            return Err(arguments_fault(expression.span, message));
        }
        let before = found.calls.len() - fields.len();
        let (expr, kind) = self.expression(&rewritten, Row { fields: &fields })?;
        Ok((shifted(&expr, first + before), kind))
    }

    fn take_out(
        &mut self,
        expression: &mut Expression,
        node: &Node,
        found: &mut Found,
        fields: &mut Vec<Field>,
    ) -> Bound<()> {
        if let ExpressionKind::Call { name, arguments } = &mut expression.kind {
            if let Some(aggregate) = aggregate_named(&name.text) {
                let (call, kind) = self.aggregate_call(aggregate, name, arguments, node, found)?;
                found.calls.push(call);
                found.kinds.push(kind);
                // No column can be called so.
                let placeholder = format!("\0{}", fields.len());
                fields.push(Field::new(&placeholder, kind));
                expression.kind = ExpressionKind::Name(placeholder.into());
                return Ok(());
            }
            for argument in arguments {
                self.take_out(&mut argument.value, node, found, fields)?;
            }
            return Ok(());
        }
        match &mut expression.kind {
            ExpressionKind::Member(inner, _) | ExpressionKind::Negate(inner) => {
                self.take_out(inner, node, found, fields)
            }
            ExpressionKind::Binary(_, left, right) | ExpressionKind::Index(left, right) => {
                self.take_out(left, node, found, fields)?;
                self.take_out(right, node, found, fields)
            }
            _ => Ok(()),
        }
    }

    fn aggregate_call(
        &mut self,
        aggregate: &'static Aggregate,
        name: &Name,
        arguments: &[Assignment],
        node: &Node,
        found: &mut Found,
    ) -> Bound<(AggregateCall, Kind)> {
        let mut exprs = Vec::with_capacity(arguments.len());
        let mut kinds = Vec::with_capacity(arguments.len());
        for argument in arguments {
            if matches!(argument.value.kind, ExpressionKind::Star) {
                continue;
            }
            let (expr, kind) = self.expression(&argument.value, Row { fields: &node.fields })?;
            exprs.push(expr);
            kinds.push(kind);
        }
        self.check_arguments(aggregate.signature, &name.text, &kinds, arguments, name.span)?;
        if aggregate.shape == Shape::Many {
            found.element = kinds.first().copied();
        }
        let kind = (aggregate.returns)(&kinds);
        Ok((AggregateCall { aggregate, arguments: exprs }, kind))
    }
}

/// The same expression with its columns further to the right.
fn shifted(expr: &Expr, by: usize) -> Expr {
    match expr {
        Expr::Column(at) => Expr::Column(at + by),
        _ => expr.map_children(|child| shifted(child, by)),
    }
}
