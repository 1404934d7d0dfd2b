//! `make-series`: the rows are grouped by their bin of the axis as by `summarize`, and the groups put into arrays.

use super::{Binder, Bound, Row, arguments_fault, kinds_fault, names};
use crate::plan::{Expr, Field, Node, Relation};
use crate::step::series::Axis;
use crate::syntax::{
    Assignment, BinaryOperator, Expression, ExpressionKind, Name, Operator, OperatorKind, Series,
};
use crate::value::{Kind, Value};
use std::sync::Arc;

impl Binder<'_> {
    pub(super) fn make_series(&mut self, node: Node, series: &Series) -> Bound<Node> {
        let axis = &series.axis.value;
        let (_, kind) = self.expression(axis, Row { fields: &node.fields })?;
        if !kind.is_number() && !matches!(kind, Kind::Datetime | Kind::Timespan) {
            let message =
                format!("the axis of a series is a number, a datetime or a timespan, and not {kind}");
            return Err(kinds_fault(axis.span, message));
        }
        let mut node = node;
        for (edge, comparison) in
            [(&series.from, BinaryOperator::GreaterOrEqual), (&series.to, BinaryOperator::Less)]
        {
            let Some(edge) = edge else { continue };
            let kind = ExpressionKind::Binary(comparison, Box::new(axis.clone()), Box::new(edge.clone()));
            let depth = 1 + axis.depth.max(edge.depth);
            let within = Expression { span: edge.span, depth, kind };
            node = self.operator(node, &Operator { span: edge.span, kind: OperatorKind::Where(within) })?;
        }
        let name = names::given_or_own(&series.axis).unwrap_or_else(|| names::unnamed(&node.fields));
        let mut by = series.by.clone();
        by.push(bins(series, &name));
        let values: Vec<Assignment> = series.values.iter().map(|value| value.value.clone()).collect();
        let node = self.summarize(node, &values, &by)?;
        if node.fields.len() != by.len() + values.len() {
            return Err(arguments_fault(axis.span, "each value of a series is one column"));
        }
        let mut defaults = Vec::new();
        for value in &series.values {
            defaults.push(match &value.default {
                None => Value::Long(0),
                Some(default) => match self.expression(default, Row { fields: &[] })?.0 {
                    Expr::Literal(value) => value,
                    _ => return Err(arguments_fault(default.span, "the default of a series is a literal")),
                },
            });
        }
        let mut edge = |edge: &Option<Expression>| -> Bound<Option<Expr>> {
            let Some(edge) = edge else { return Ok(None) };
            Ok(Some(self.expression(edge, Row { fields: &[] })?.0))
        };
        let (from, to) = (edge(&series.from)?, edge(&series.to)?);
        let (step, _) = self.expression(&series.step, Row { fields: &[] })?;
        let keys = series.by.len();
        let mut fields: Vec<Field> = node.fields.iter().take(keys).cloned().collect();
        let arrays = node.fields.iter().skip(keys + 1).chain(node.fields.get(keys));
        fields.extend(arrays.map(|field| Field::new(&field.name, Kind::Dynamic)));
        let axis = Axis { keys, from, to, step, defaults, is_never_empty: series.fills_nothing };
        Ok(Node { fields, relation: Relation::Series { input: Box::new(node), axis } })
    }
}

/// The bin of the axis that a row falls into.
fn bins(series: &Series, name: &str) -> Assignment {
    let axis = &series.axis.value;
    let span = axis.span;
    let argument = |value: &Expression| Assignment { names: Vec::new(), value: value.clone() };
    let mut arguments = vec![argument(axis), argument(&series.step)];
    arguments.extend(series.from.as_ref().map(argument));
    let function = if series.from.is_some() { "bin_at" } else { "bin" };
    let depth = 1 + arguments.iter().map(|argument| argument.value.depth).max().unwrap_or(0);
    let kind = ExpressionKind::Call { name: Name { text: Arc::from(function), span }, arguments };
    let names = vec![Name { text: Arc::from(name), span }];
    Assignment { names, value: Expression { span, depth, kind } }
}
