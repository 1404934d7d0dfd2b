//! `top-nested`, `top-hitters` and `partition`.

use super::{Binder, Bound, Row, arguments_fault, kinds_fault, names};
use crate::diagnostic::Span;
use crate::plan::{Expr, Field, Node, Order, Relation};
use crate::step::nested::NestedLevel;
use crate::syntax::{Assignment, Expression, ExpressionKind, Level, Name, Pipeline};
use crate::value::Kind;
use std::sync::Arc;

/// More levels than this are a mistake: each multiplies the rows.
const DEEPEST: usize = 16;

impl Binder<'_> {
    pub(super) fn top_nested(&mut self, node: Node, levels: &[Level], span: Span) -> Bound<Node> {
        if levels.len() > DEEPEST {
            return Err(arguments_fault(span, format!("`top-nested` has no more than {DEEPEST} levels")));
        }
        let (mut fields, mut bound) = (Vec::new(), Vec::new());
        for level in levels {
            let count = level.count.as_ref().map(|count| self.number(count)).transpose()?;
            let (key, kind) = self.expression(&level.key.value, Row { fields: &node.fields })?;
            let name = names::given_or_own(&level.key).unwrap_or_else(|| names::unnamed(&fields));
            let others = match &level.others {
                None => None,
                Some(others) => match self.expression(others, Row { fields: &[] })?.0 {
                    Expr::Literal(value) => Some(value),
                    _ => return Err(arguments_fault(others.span, "the value for all others is a literal")),
                },
            };
            let (calls, value, aggregated) = self.aggregates_of(&level.by.value.value, &node)?;
            if calls.is_empty() {
                return Err(arguments_fault(level.by.value.value.span, "this is not an aggregate"));
            }
            let own = level.by.value.names.first().map(|name| name.text.to_string());
            let own = own.unwrap_or_else(|| format!("aggregated_{name}"));
            fields.push(Field::new(names::unique(&name, &fields), kind));
            fields.push(Field::new(names::unique(&own, &fields), aggregated));
            bound.push(NestedLevel { key, count, others, calls, value, ascending: level.by.ascending });
        }
        Ok(Node { fields, relation: Relation::Nested { input: Box::new(node), levels: bound } })
    }

    /// `top-hitters`: exact here, as a count or a sum of each value.
    pub(super) fn top_hitters(
        &mut self,
        node: Node,
        count: &Expression,
        of: &Assignment,
        by: Option<&Expression>,
    ) -> Bound<Node> {
        let span = of.value.span;
        let limit = self.number(count)?;
        let own = |expression: &Expression| names::own_name(expression).unwrap_or_default();
        let (word, label, arguments) = match by {
            None => ("count", format!("approximate_count_{}", own(&of.value)), Vec::new()),
            Some(by) => {
                let argument = Assignment { names: Vec::new(), value: by.clone() };
                ("sum", format!("approximate_sum_{}", own(by)), vec![argument])
            }
        };
        let name = |text: &str| Name { text: Arc::from(text), span };
        let kind = ExpressionKind::Call { name: name(word), arguments };
        let value = Assignment { names: vec![name(&label)], value: Expression { span, depth: 2, kind } };
        let grouped = self.summarize(node, &[value], std::slice::from_ref(of))?;
        let key = Order { value: Expr::Column(1), ascending: false, nulls_first: false };
        Ok(grouped.keeping(|input| Relation::Sort { input, keys: vec![key], limit: Some(limit) }))
    }

    pub(super) fn partition(&mut self, node: Node, by: &Expression, body: &Pipeline) -> Bound<Node> {
        let (key, _) = self.expression(by, Row { fields: &node.fields })?;
        let outer = Node { fields: node.fields.clone(), relation: Relation::Outer };
        let body = self.pipeline(body, Some(outer))?;
        let fields = body.fields.clone();
        let relation = Relation::Partition { input: Box::new(node), key, body: Box::new(body) };
        Ok(Node { fields, relation })
    }

    /// `assert-schema`: the rows as they are, if their columns are these.
    pub(super) fn assert_schema(&self, node: Node, columns: &[(Name, Kind)], span: Span) -> Bound<Node> {
        let shown: Vec<&Field> = node.fields.iter().filter(|field| !field.hidden).collect();
        let same = shown.len() == columns.len()
            && shown
                .iter()
                .zip(columns)
                .all(|(field, (name, kind))| field.name == name.text && field.kind == *kind);
        if same {
            return Ok(node);
        }
        let found: Vec<String> = shown.iter().map(|field| format!("{}:{}", field.name, field.kind)).collect();
        Err(kinds_fault(span, format!("the columns are ({})", found.join(", "))))
    }
}
