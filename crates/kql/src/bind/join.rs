//! `join`, `lookup` and `union`: how columns of two tables meet.

use super::{Binder, Bound, Halt, Row, arguments_fault, names, position, unknown_column};
use crate::diagnostic::{DiagnosticCode, Span};
use crate::plan::{Expr, Field, Join, Node, Relation};
use crate::syntax::{BinaryOperator, Expression, ExpressionKind, JoinKind, Name, Pipeline, Union};
use crate::value::{Kind, Value};

/// The keys of both sides, and their kinds.
struct Keys {
    left: Vec<Expr>,
    right: Vec<Expr>,
}

impl Binder<'_> {
    pub(super) fn join(
        &mut self,
        left: Node,
        kind: JoinKind,
        lookup: bool,
        right: &Pipeline,
        on: &[Expression],
    ) -> Bound<Node> {
        let right = self.pipeline(right, None)?;
        let mut keys = Keys { left: Vec::new(), right: Vec::new() };
        for condition in on {
            self.key(condition, &left, &right, &mut keys)?;
        }
        let hidden_names = keys.right.iter().filter_map(|key| match key {
            Expr::Column(at) => Some(*at),
            _ => None,
        });
        let repeated: Vec<usize> = if lookup { hidden_names.collect() } else { Vec::new() };
        let (left_width, right_width) = (left.fields.len(), right.fields.len());
        let mut fields = match kind {
            JoinKind::RightSemi | JoinKind::RightAnti => Vec::new(),
            _ => left.fields.clone(),
        };
        if !matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti) {
            for field in &right.fields {
                // Hidden columns never take part in the naming of others.
                let name = names::unique(&field.name, &fields);
                fields.push(Field { name: name.into(), ..field.clone() });
            }
        }
        let join = Join { kind, left, right, left_keys: keys.left, right_keys: keys.right };
        let node = Node { fields, relation: Relation::Join(Box::new(join)) };
        let gone = |at: usize| at >= left_width && repeated.contains(&(at - left_width));
        if repeated.is_empty() || node.fields.len() != left_width + right_width {
            return Ok(node);
        }
        let kept =
            node.identity().into_iter().enumerate().filter(|(at, _)| !gone(*at)).map(|(_, value)| value);
        let kept = kept.collect();
        Ok(node.project(kept))
    }

    /// One condition behind `on`.
    fn key(&mut self, condition: &Expression, left: &Node, right: &Node, keys: &mut Keys) -> Bound<()> {
        let span = condition.span;
        match &condition.kind {
            ExpressionKind::Name(text) => {
                let name = Name { text: text.clone(), span };
                let find = |node: &Node| {
                    position(&node.fields, text).ok_or_else(|| unknown_column(&name, &node.fields, &[]))
                };
                let (l, r) = (find(left)?, find(right)?);
                self.pair((Expr::Column(l), kind(left, l)), (Expr::Column(r), kind(right, r)), span, keys)
            }
            ExpressionKind::Binary(BinaryOperator::And, first, second) => {
                self.key(first, left, right, keys)?;
                self.key(second, left, right, keys)
            }
            ExpressionKind::Binary(BinaryOperator::Equal, first, second) => {
                let (first, second) = match (side(first), side(second)) {
                    (Some(false), Some(true)) => (first, second),
                    (Some(true), Some(false)) => (second, first),
                    _ => return Err(arguments_fault(span, "a key is written `$left.a == $right.b`")),
                };
                let l = self.expression(&sided(first), Row { fields: &left.fields })?;
                let r = self.expression(&sided(second), Row { fields: &right.fields })?;
                self.pair(l, r, span, keys)
            }
            _ => Err(arguments_fault(span, "a key is a column, or `$left.a == $right.b`")),
        }
    }

    fn pair(&mut self, left: (Expr, Kind), right: (Expr, Kind), span: Span, keys: &mut Keys) -> Bound<()> {
        self.comparable(left.1, right.1, span)?;
        let real = |kind: Kind| matches!(kind, Kind::Real | Kind::Decimal);
        let turn = |this: &Self, (expr, own): (Expr, Kind), other: Kind| {
            // Keys meet by their hash, so both sides have to be of one kind.
            if own.is_number() && !real(own) && real(other) {
                this.call_of("todouble", vec![expr])
            } else if own == Kind::Dynamic && other == Kind::String {
                this.call_of("tostring", vec![expr])
            } else {
                expr
            }
        };
        keys.left.push(turn(self, left.clone(), right.1));
        keys.right.push(turn(self, right, left.1));
        Ok(())
    }

    pub(super) fn union(&mut self, first: Option<Node>, union: &Union, span: Span) -> Bound<Node> {
        let mut legs = Vec::new();
        if let Some(first) = first {
            legs.push(("union_arg0".to_owned(), first));
        }
        for (at, leg) in union.legs.iter().enumerate() {
            let own = match &leg.source {
                crate::syntax::Origin::Expression(Expression {
                    kind: ExpressionKind::Name(name), ..
                }) => name.to_string(),
                _ => format!("union_arg{}", at + legs.len().saturating_sub(at)),
            };
            match self.pipeline(leg, None) {
                Ok(node) => legs.push((own, node)),
                Err(Halt::Fault(fault)) if union.fuzzy && fault.code == DiagnosticCode::UnknownTable => {}
                Err(halt) => return Err(halt),
            }
        }
        if legs.is_empty() {
            return Err(arguments_fault(span, "`union` has no table"));
        }
        let legs = legs.into_iter().map(|(own, node)| match &union.source_column {
            Some(name) => {
                let label = Expr::Literal(Value::text(own));
                let mut values = vec![(Field::new(&name.text, Kind::String), label)];
                values.extend(node.identity());
                node.project(values)
            }
            None => node,
        });
        Ok(unite(legs.collect(), union.inner))
    }
}

fn kind(node: &Node, at: usize) -> Kind {
    node.fields.get(at).map_or(Kind::Dynamic, |field| field.kind)
}

/// Whether an expression is about the right side; nothing if it names no side, or both.
fn side(expression: &Expression) -> Option<bool> {
    match &expression.kind {
        ExpressionKind::Member(inner, _) => match &inner.kind {
            ExpressionKind::Name(name) if &**name == "$left" => Some(false),
            ExpressionKind::Name(name) if &**name == "$right" => Some(true),
            _ => side(inner),
        },
        ExpressionKind::Call { arguments, .. } => arguments.iter().find_map(|a| side(&a.value)),
        ExpressionKind::Index(inner, _) => side(inner),
        _ => None,
    }
}

/// The expression without the name of its side.
fn sided(expression: &Expression) -> Expression {
    let mut rewritten = expression.clone();
    rewritten.kind = match &expression.kind {
        ExpressionKind::Member(inner, name) => match &inner.kind {
            ExpressionKind::Name(side) if side.starts_with('$') => ExpressionKind::Name(name.clone()),
            _ => ExpressionKind::Member(Box::new(sided(inner)), name.clone()),
        },
        ExpressionKind::Index(inner, index) => ExpressionKind::Index(Box::new(sided(inner)), index.clone()),
        ExpressionKind::Call { name, arguments } => ExpressionKind::Call {
            name: name.clone(),
            arguments: arguments
                .iter()
                .map(|a| crate::syntax::Assignment { names: a.names.clone(), value: sided(&a.value) })
                .collect(),
        },
        other => other.clone(),
    };
    rewritten
}

/// Rows of tables one below the other. Columns of one name and kind are one column; where the kinds differ there is a
/// column of each, called by the name and the kind.
///
/// Of no tables there is no row.
pub(super) fn unite(legs: Vec<Node>, inner: bool) -> Node {
    let mut sources: Vec<(Field, Vec<Kind>)> = Vec::new();
    for leg in &legs {
        for field in &leg.fields {
            match sources.iter_mut().find(|(known, _)| known.name == field.name) {
                Some((_, kinds)) if kinds.contains(&field.kind) => {}
                Some((_, kinds)) => kinds.push(field.kind),
                None => sources.push((Field { whole: false, ..field.clone() }, vec![field.kind])),
            }
        }
    }
    if inner {
        sources.retain(|(field, _)| legs.iter().all(|leg| position(&leg.fields, &field.name).is_some()));
    }
    // The columns, and for each which column of a leg it holds.
    let columns: Vec<(Field, std::sync::Arc<str>)> = sources
        .into_iter()
        .flat_map(|(field, kinds)| {
            let single = kinds.len() == 1;
            kinds.into_iter().map(move |kind| {
                let name = if single { field.name.to_string() } else { format!("{}_{kind}", field.name) };
                (Field { name: name.into(), kind, ..field.clone() }, field.name.clone())
            })
        })
        .collect();
    let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
    let legs = legs.into_iter().map(|leg| {
        let values = columns.iter().map(|(field, source)| {
            let own = position(&leg.fields, source);
            let fits = |at: &usize| leg.fields.get(*at).is_some_and(|own| own.kind == field.kind);
            let value = match own.filter(fits) {
                Some(at) => Expr::Column(at),
                None => Expr::Literal(field.kind.nothing()),
            };
            (field.clone(), value)
        });
        let values = values.collect();
        leg.project(values)
    });
    let legs = legs.collect();
    Node { fields, relation: Relation::Union(legs) }
}
