//! Expressions: each with the kind of its value.

use super::{Binder, Bound, Entity, Row, depth, kinds_fault, position, size, unknown_column};
use crate::context::compile_pattern;
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::functions::function_named;
use crate::plan::{Expr, Node};
use crate::syntax::{BinaryOperator as B, Expression, ExpressionKind, Name, Pipeline};
use crate::value::{Kind, Value};
use std::sync::Arc;

impl Binder<'_> {
    pub(super) fn expression(&mut self, expression: &Expression, row: Row<'_>) -> Bound<(Expr, Kind)> {
        let span = expression.span;
        self.count_expressions(1, span)?;
        match &expression.kind {
            ExpressionKind::Literal(value, kind) => Ok((Expr::Literal(value.clone()), *kind)),
            ExpressionKind::Name(name) => self.named(name, span, row),
            ExpressionKind::Type(kind) => Ok((Expr::Literal(Value::text(kind.as_str())), Kind::String)),
            ExpressionKind::Star => Err(kinds_fault(span, "`*` has no value of its own")),
            ExpressionKind::Member(inner, name) => {
                let (inner, kind) = self.expression(inner, row)?;
                self.must_be(&[Kind::Dynamic, Kind::String], kind, span)?;
                // A string that holds JSON is read as such, as dashboards rely on.
                let inner =
                    if kind == Kind::String { self.call_of("parse_json", vec![inner]) } else { inner };
                Ok((inner.member(name.clone()), Kind::Dynamic))
            }
            ExpressionKind::Index(inner, index) => {
                let (inner, kind) = self.expression(inner, row)?;
                self.must_be(&[Kind::Dynamic], kind, span)?;
                let (index, _) = self.expression(index, row)?;
                Ok((Expr::Index(Box::new(inner), Box::new(index)), Kind::Dynamic))
            }
            ExpressionKind::Negate(inner) => {
                let (inner, kind) = self.expression(inner, row)?;
                if !(kind.is_number() || matches!(kind, Kind::Timespan | Kind::Dynamic)) {
                    return Err(kinds_fault(span, format!("a {kind} has no negative")));
                }
                Ok((Expr::Negate(Box::new(inner)), kind))
            }
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right, span, row),
            ExpressionKind::In { needle, ignore_case, negated, values } => {
                let (needle, kind) = self.expression(needle, row)?;
                let values = self.members(values, kind, row)?;
                let (ignore_case, negated) = (*ignore_case, *negated);
                Ok((Expr::In { needle: Box::new(needle), values, ignore_case, negated }, Kind::Bool))
            }
            ExpressionKind::Has { needle, all, values } => {
                let values = self.members(values, Kind::String, row)?;
                self.over_columns(needle, row, |needle| Expr::Has {
                    needle: Box::new(needle),
                    values: values.clone(),
                    all: *all,
                })
            }
            ExpressionKind::Between { value, negated, from, to } => {
                let (value, kind) = self.expression(value, row)?;
                let from = self.coerced(from, kind, row)?;
                let mut upper = self.expression(to, row)?;
                // `between (t .. 1d)` is a span from the lower end.
                if kind == Kind::Datetime && upper.1 == Kind::Timespan {
                    let sum = Expr::Binary(B::Add, Box::new(from.clone()), Box::new(upper.0));
                    upper = (sum, Kind::Datetime);
                } else {
                    self.comparable(kind, upper.1, to.span)?;
                }
                let to = self.turned(upper, kind);
                let (value, from, to) = (Box::new(value), Box::new(from), Box::new(to));
                Ok((Expr::Between { value, from, to, negated: *negated }, Kind::Bool))
            }
            ExpressionKind::Call { name, arguments } => self.call(name, arguments, span, row),
            ExpressionKind::Table(pipeline) => self.scalar_of(pipeline),
        }
    }

    fn named(&mut self, name: &Arc<str>, span: Span, row: Row<'_>) -> Bound<(Expr, Kind)> {
        if let Some(at) = position(row.fields, name) {
            let kind = row.fields.get(at).map_or(Kind::Dynamic, |field| field.kind);
            return Ok((Expr::Column(at), kind));
        }
        if let Some(Entity::Scalar(expr, kind)) = self.entity(name) {
            self.count_expressions(size(&expr), span)?;
            // Definitions upon definitions are as deep as all of them together, and every walk is on the stack.
            let deepest = self.limits.depth.saturating_mul(2);
            if depth(&expr) > deepest {
                let message =
                    format!("`{name}` is made of more than {deepest} expressions inside each other");
                return Err(Fault::new(DiagnosticCode::Limit, span, message).into());
            }
            return Ok((expr, kind));
        }
        let names = self.entity_names();
        Err(unknown_column(&Name { text: name.clone(), span }, row.fields, &names))
    }

    fn must_be(&self, wanted: &[Kind], kind: Kind, span: Span) -> Bound<()> {
        if wanted.contains(&kind) {
            return Ok(());
        }
        Err(kinds_fault(span, format!("a {kind} has no members; only a dynamic has")))
    }

    /// A condition: a truth value, or a dynamic that may hold one.
    pub(super) fn condition(&mut self, expression: &Expression, row: Row<'_>) -> Bound<Expr> {
        let (expr, kind) = self.expression(expression, row)?;
        match kind {
            Kind::Bool => Ok(expr),
            Kind::Dynamic => Ok(self.call_of("tobool", vec![expr])),
            _ => Err(kinds_fault(expression.span, format!("a condition is a bool, and this is a {kind}"))),
        }
    }

    /// A function that the language itself relies on.
    pub(super) fn call_of(&self, name: &str, arguments: Vec<Expr>) -> Expr {
        match function_named(name) {
            Some(function) => Expr::Call(function, arguments),
            None => Expr::Literal(Value::Null),
        }
    }

    fn binary(
        &mut self,
        operator: B,
        left: &Expression,
        right: &Expression,
        span: Span,
        row: Row<'_>,
    ) -> Bound<(Expr, Kind)> {
        match operator {
            B::And => {
                let (left, right) = (self.condition(left, row)?, self.condition(right, row)?);
                Ok((Expr::And(Box::new(left), Box::new(right)), Kind::Bool))
            }
            B::Or => {
                let (left, right) = (self.condition(left, row)?, self.condition(right, row)?);
                Ok((Expr::Or(Box::new(left), Box::new(right)), Kind::Bool))
            }
            B::Text(_) => {
                let (wanted, kind) = self.expression(right, row)?;
                self.is_text(kind, span)?;
                self.over_columns(left, row, |text| {
                    Expr::Binary(operator, Box::new(text), Box::new(wanted.clone()))
                })
            }
            B::Equal if matches!(left.kind, ExpressionKind::Star) => self.any_equal(right, row),
            B::MatchesRegex => self.matches(left, right, row),
            B::Add | B::Subtract | B::Multiply | B::Divide | B::Modulo => {
                let (left, right) = (self.expression(left, row)?, self.expression(right, row)?);
                let kind = arithmetic(operator, left.1, right.1).ok_or_else(|| {
                    kinds_fault(span, format!("a {} and a {} cannot be computed so", left.1, right.1))
                })?;
                Ok((Expr::Binary(operator, Box::new(left.0), Box::new(right.0)), kind))
            }
            B::Equal
            | B::NotEqual
            | B::EqualIgnoringCase
            | B::NotEqualIgnoringCase
            | B::Less
            | B::LessOrEqual
            | B::Greater
            | B::GreaterOrEqual => {
                let (left, right) = (self.expression(left, row)?, self.expression(right, row)?);
                self.comparable(left.1, right.1, span)?;
                if matches!(operator, B::Less | B::LessOrEqual | B::Greater | B::GreaterOrEqual) {
                    ordered(left.1, right.1, span)?;
                }
                let (left_kind, right_kind) = (left.1, right.1);
                let left = self.turned(left, right_kind);
                let right = self.turned((right.0, right_kind), left_kind);
                Ok((Expr::Binary(operator, Box::new(left), Box::new(right)), Kind::Bool))
            }
        }
    }

    fn matches(&mut self, left: &Expression, right: &Expression, row: Row<'_>) -> Bound<(Expr, Kind)> {
        let (pattern, kind) = self.expression(right, row)?;
        self.is_text(kind, right.span)?;
        let Expr::Literal(Value::String(pattern)) = &pattern else {
            return self.over_columns(left, row, |text| {
                Expr::Binary(B::MatchesRegex, Box::new(text), Box::new(pattern.clone()))
            });
        };
        let regex = compile_pattern(pattern, self.limits.regex_bytes).map_err(|reason| {
            let message = format!("this is not a regular expression: {reason}");
            Fault::new(DiagnosticCode::Pattern, right.span, message)
        })?;
        self.over_columns(left, row, |text| Expr::Regex(Box::new(text), regex.clone()))
    }

    /// `* == x`: whether any column is written like a value.
    fn any_equal(&mut self, wanted: &Expression, row: Row<'_>) -> Bound<(Expr, Kind)> {
        self.count_expressions(row.fields.len() * 4, wanted.span)?;
        let (wanted, _) = self.expression(wanted, row)?;
        let wanted = self.call_of("tostring", vec![wanted]);
        let test = |column| {
            let text = self.call_of("tostring", vec![column]);
            Expr::Binary(B::Equal, Box::new(text), Box::new(wanted.clone()))
        };
        Ok((any_of(columns_of(row.fields).map(test).collect()), Kind::Bool))
    }

    fn is_text(&self, kind: Kind, span: Span) -> Bound<()> {
        if matches!(kind, Kind::String | Kind::Dynamic) {
            return Ok(());
        }
        Err(kinds_fault(span, format!("the text that is looked for is a string, and this is a {kind}")))
    }

    /// A test of one expression, or, for `*`, of any column.
    fn over_columns(
        &mut self,
        text: &Expression,
        row: Row<'_>,
        test: impl Fn(Expr) -> Expr,
    ) -> Bound<(Expr, Kind)> {
        if !matches!(text.kind, ExpressionKind::Star) {
            let (bound, kind) = self.expression(text, row)?;
            if !matches!(kind, Kind::String | Kind::Dynamic) {
                let message = format!("a {kind} is no text; turn it with `tostring(…)`");
                return Err(kinds_fault(text.span, message));
            }
            return Ok((test(bound), Kind::Bool));
        }
        let tests: Vec<Expr> = columns_of(row.fields).map(test).collect();
        self.count_expressions(tests.len() * 2, text.span)?;
        Ok((any_of(tests), Kind::Bool))
    }

    /// Whether two kinds can be compared.
    pub(super) fn comparable(&self, left: Kind, right: Kind, span: Span) -> Bound<()> {
        let text_and =
            |a: Kind, b: Kind| a == Kind::String && matches!(b, Kind::Datetime | Kind::Timespan | Kind::Guid);
        let number = |kind: Kind| kind.is_number() || kind == Kind::Bool;
        if left == right
            || left == Kind::Dynamic
            || right == Kind::Dynamic
            || (number(left) && number(right))
            || text_and(left, right)
            || text_and(right, left)
        {
            return Ok(());
        }
        Err(kinds_fault(
            span,
            format!("a {left} and a {right} cannot be compared; turn one with `to{}(…)`", left),
        ))
    }

    /// A string beside a time or a guid is read as one.
    fn turned(&self, (expr, kind): (Expr, Kind), other: Kind) -> Expr {
        match (kind, other) {
            (Kind::String | Kind::Dynamic, Kind::Datetime) => self.call_of("todatetime", vec![expr]),
            (Kind::String | Kind::Dynamic, Kind::Timespan) => self.call_of("totimespan", vec![expr]),
            (Kind::String | Kind::Dynamic, Kind::Guid) => self.call_of("toguid", vec![expr]),
            _ => expr,
        }
    }

    fn coerced(&mut self, expression: &Expression, kind: Kind, row: Row<'_>) -> Bound<Expr> {
        let bound = self.expression(expression, row)?;
        self.comparable(kind, bound.1, expression.span)?;
        Ok(self.turned(bound, kind))
    }

    /// The values of `in (…)`: a pipeline gives those of its first column, and an array its elements.
    fn members(&mut self, values: &[Expression], kind: Kind, row: Row<'_>) -> Bound<Vec<Expr>> {
        let mut found = Vec::with_capacity(values.len());
        for value in values {
            let table = match &value.kind {
                ExpressionKind::Table(pipeline) => Some(self.pipeline(pipeline, None)?),
                ExpressionKind::Name(name) if position(row.fields, name).is_none() => match self.entity(name)
                {
                    Some(Entity::Table(node)) => Some(node),
                    _ => None,
                },
                _ => None,
            };
            found.push(match table {
                Some(node) => self.column_of(node),
                None => self.coerced(value, kind, row)?,
            });
        }
        Ok(found)
    }

    /// All values of a table's first column, as an array that is computed first.
    fn column_of(&mut self, node: Node) -> Expr {
        let Some(list) = crate::aggregates::aggregate_named("make_list") else {
            return Expr::Literal(Value::Null);
        };
        let call = crate::plan::AggregateCall { aggregate: list, arguments: vec![Expr::Column(0)] };
        let relation = crate::plan::Relation::Summarize {
            input: Box::new(node),
            keys: Vec::new(),
            aggregates: vec![call],
        };
        self.scalars.push(Node { fields: vec![crate::plan::Field::new("list", Kind::Dynamic)], relation });
        Expr::Scalar(self.scalars.len() - 1)
    }

    /// `toscalar(pipeline)`: the first cell of its answer.
    pub(super) fn scalar_of(&mut self, pipeline: &Pipeline) -> Bound<(Expr, Kind)> {
        let entity = self.table_or_scalar(pipeline)?;
        let node = match entity {
            Entity::Scalar(expr, kind) => return Ok((expr, kind)),
            Entity::Table(node) => node,
            Entity::Function(..) => return Err(kinds_fault(pipeline.span, "a function is not a value")),
        };
        let kind = node.fields.first().map_or(Kind::Dynamic, |field| field.kind);
        self.scalars.push(node.keeping(|input| crate::plan::Relation::Take { input, count: 1 }));
        Ok((Expr::Scalar(self.scalars.len() - 1), kind))
    }
}

/// Texts have no order in the language, so that nobody compares dates as texts by mistake.
fn ordered(left: Kind, right: Kind, span: Span) -> Bound<()> {
    match (left, right) {
        (Kind::String, Kind::String) => Err(kinds_fault(
            span,
            "a string and a string have no order; use `strcmp(…)`, or turn both with `todatetime(…)` or `tolong(…)`",
        )),
        (Kind::String, other) | (other, Kind::String) if other != Kind::Dynamic => {
            let message = format!("a {left} and a {right} have no order; turn one with `to{other}(…)`");
            Err(kinds_fault(span, message))
        }
        _ => Ok(()),
    }
}

/// The columns that `*` stands for.
fn columns_of(fields: &[crate::plan::Field]) -> impl Iterator<Item = Expr> {
    fields.iter().enumerate().filter(|(_, field)| !field.hidden).map(|(at, _)| Expr::Column(at))
}

/// Whether any of the tests holds.
fn any_of(tests: Vec<Expr>) -> Expr {
    balanced(tests, Expr::Or).unwrap_or(Expr::Literal(Value::Bool(false)))
}

/// Expressions joined in a tree as flat as can be.
pub(super) fn balanced(mut parts: Vec<Expr>, join: fn(Box<Expr>, Box<Expr>) -> Expr) -> Option<Expr> {
    while parts.len() > 1 {
        let mut halved = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) => join(Box::new(left), Box::new(right)),
                None => left,
            });
        }
        parts = halved;
    }
    parts.pop()
}

/// The kind of a computation; nothing if the kinds do not go together.
fn arithmetic(operator: B, left: Kind, right: Kind) -> Option<Kind> {
    use Kind::{Datetime, Decimal, Dynamic, Int, Long, Real, Timespan};
    Some(match (operator, left, right) {
        (B::Add, Datetime, Timespan) | (B::Add, Timespan, Datetime) | (B::Subtract, Datetime, Timespan) => {
            Datetime
        }
        (B::Subtract, Datetime, Datetime) => Timespan,
        (B::Add | B::Subtract | B::Modulo, Timespan, Timespan) => Timespan,
        (B::Divide, Timespan, Timespan) => Real,
        (B::Multiply | B::Divide, Timespan, number) if number.is_number() => Timespan,
        (B::Multiply, number, Timespan) if number.is_number() => Timespan,
        (_, Dynamic, Datetime | Timespan) => {
            if right == Timespan {
                Dynamic
            } else {
                Timespan
            }
        }
        (B::Subtract, Datetime, Dynamic) | (B::Add, Datetime, Dynamic) => Dynamic,
        (_, Dynamic, other) | (_, other, Dynamic) if other == Dynamic || other.is_number() => Dynamic,
        (_, left, right) if left.is_number() && right.is_number() => {
            if left == Decimal || right == Decimal {
                Decimal
            } else if left == Real || right == Real {
                Real
            } else if left == Int && right == Int {
                Int
            } else {
                Long
            }
        }
        _ => return None,
    })
}
