//! The value of an expression over one row.
//!
//! Nothing here fails: what has no value is null, and what must end the query is told to the context.
//! Comparisons follow the official rules: null is equal to nothing and different from everything but null;
//! `and` and `or` know a third answer; whole numbers that overflow are null.

use crate::context::Context;
use crate::functions::{double, to_bool, to_long, to_real, to_text};
use crate::plan::Expr;
use crate::syntax::BinaryOperator as B;
use crate::text::{Search, TextOperator, equal_ignoring_case};
use crate::time::in_range;
use crate::value::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

impl Expr {
    /// The value over a row.
    #[expect(clippy::too_many_lines, reason = "a table: one short arm for each operator")]
    pub(crate) fn evaluate<'r>(&'r self, row: &'r [Value], context: &Context<'_>) -> Cow<'r, Value> {
        const NOTHING: &Value = &Value::Null;
        Cow::Owned(match self {
            Self::Literal(value) => return Cow::Borrowed(value),
            Self::Column(at) => return Cow::Borrowed(row.get(*at).unwrap_or(NOTHING)),
            Self::Member(inner, name) => match inner.evaluate(row, context) {
                Cow::Borrowed(value) => return Cow::Borrowed(value.member(name)),
                Cow::Owned(value) => value.member(name).clone(),
            },
            Self::Index(inner, index) => {
                let inner = inner.evaluate(row, context);
                match &*index.evaluate(row, context) {
                    Value::String(name) => inner.member(name).clone(),
                    index => to_long(index).map_or(Value::Null, |at| inner.element(at)),
                }
            }
            Self::Scalar(at) => context.scalars.borrow().get(*at).cloned().unwrap_or_default(),
            Self::Call(function, arguments) => {
                let values: Vec<Value> =
                    arguments.iter().map(|argument| argument.evaluate(row, context).into_owned()).collect();
                context.made((function.evaluate)(&values, context), function.name)
            }
            Self::Negate(inner) => negate(&inner.evaluate(row, context)),
            Self::And(left, right) => match as_bool(&left.evaluate(row, context)) {
                Some(false) => Value::Bool(false),
                left => match (left, as_bool(&right.evaluate(row, context))) {
                    (_, Some(false)) => Value::Bool(false),
                    (Some(true), Some(true)) => Value::Bool(true),
                    _ => Value::Null,
                },
            },
            Self::Or(left, right) => match as_bool(&left.evaluate(row, context)) {
                Some(true) => Value::Bool(true),
                left => match (left, as_bool(&right.evaluate(row, context))) {
                    (_, Some(true)) => Value::Bool(true),
                    (Some(false), Some(false)) => Value::Bool(false),
                    _ => Value::Null,
                },
            },
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.evaluate(row, context), right.evaluate(row, context));
                binary(*operator, &left, &right, context)
            }
            Self::Regex(text, regex) => {
                Value::Bool(regex.is_match(&to_text(&text.evaluate(row, context), context)))
            }
            Self::Stem(text, test) => {
                let text = text.evaluate(row, context);
                context.shared(&text, std::ptr::from_ref(test).addr(), |text| test.holds(text, context))
            }
            Self::In { needle, values, ignore_case, negated } => {
                let needle = needle.evaluate(row, context);
                let found = values.iter().any(|value| match &*value.evaluate(row, context) {
                    Value::Array(values) => values.iter().any(|value| same(&needle, value, *ignore_case)),
                    value => same(&needle, value, *ignore_case),
                });
                Value::Bool(found != *negated)
            }
            Self::Has { needle, values, all } => {
                let text = needle.evaluate(row, context);
                let text = to_text(&text, context);
                let has = TextOperator { search: Search::Has, case_sensitive: false, negated: false };
                let mut flat = Vec::new();
                for value in values {
                    match &*value.evaluate(row, context) {
                        Value::Array(values) => flat.extend(values.iter().cloned()),
                        value => flat.push(value.clone()),
                    }
                }
                let holds = |value: &Value| has.holds(&text, &to_text(value, context));
                Value::Bool(if *all { flat.iter().all(holds) } else { flat.iter().any(holds) })
            }
            Self::Between { value, from, to, negated } => {
                let value = value.evaluate(row, context);
                let lower = compare(&value, &from.evaluate(row, context));
                let upper = compare(&value, &to.evaluate(row, context));
                match (lower, upper) {
                    (Some(lower), Some(upper)) => Value::Bool((lower.is_ge() && upper.is_le()) != *negated),
                    _ => Value::Null,
                }
            }
        })
    }

    /// Whether a condition holds; null does not.
    pub(crate) fn holds(&self, row: &[Value], context: &Context<'_>) -> bool {
        matches!(&*self.evaluate(row, context), Value::Bool(true))
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    if let Value::Bool(value) = value { Some(*value) } else { to_bool(value) }
}

fn same(left: &Value, right: &Value, ignore_case: bool) -> bool {
    if ignore_case && let (Value::String(left), Value::String(right)) = (left, right) {
        return equal_ignoring_case(left, right);
    }
    equal(left, right) == Some(true)
}

/// Whether two values are equal; nothing if both are null.
pub(crate) fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left == right),
        (Value::Null, Value::Null) => None,
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::Array(_) | Value::Bag(_), Value::Array(_) | Value::Bag(_)) => Some(left == right),
        _ => Some(compare(left, right) == Some(Ordering::Equal)),
    }
}

/// The order of two values; nothing if one is null or they have none.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Long(left), Value::Long(right))
        | (Value::Datetime(left), Value::Datetime(right))
        | (Value::Timespan(left), Value::Timespan(right)) => Some(left.cmp(right)),
        (Value::Guid(left), Value::Guid(right)) => Some(left.cmp(right)),
        // A dynamic beside a string is compared by how it is written.
        (Value::String(left), other) => Some((**left).cmp(&*scalar_text(other)?)),
        (other, Value::String(right)) => Some((*scalar_text(other)?).cmp(right)),
        (
            Value::Long(_) | Value::Real(_) | Value::Bool(_),
            Value::Long(_) | Value::Real(_) | Value::Bool(_),
        ) => to_real(left)?.partial_cmp(&to_real(right)?),
        _ => None,
    }
}

/// How a value is written where it meets a string.
fn scalar_text(value: &Value) -> Option<String> {
    let text = crate::value::to_json_text(value, 1 << 16)?;
    Some(match value {
        Value::Datetime(_) | Value::Timespan(_) | Value::Guid(_) => text.trim_matches('"').to_owned(),
        _ => text,
    })
}

/// A total order for sorting: by kind where the values themselves have none.
pub(crate) fn sort_order(left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0u8,
        Value::Bool(_) | Value::Long(_) | Value::Real(_) => 1,
        Value::Timespan(_) => 2,
        Value::Datetime(_) => 3,
        Value::String(_) => 4,
        Value::Guid(_) => 5,
        Value::Array(_) => 6,
        Value::Bag(_) => 7,
    };
    rank(left).cmp(&rank(right)).then_with(|| match (left, right) {
        (Value::Array(_) | Value::Bag(_), _) => {
            crate::value::to_json_text(left, 4096).cmp(&crate::value::to_json_text(right, 4096))
        }
        _ => compare(left, right).unwrap_or_else(|| {
            // What is left are doubles that are not numbers: they stand before all others.
            let nan = |value: &Value| to_real(value).is_some_and(f64::is_nan);
            nan(right).cmp(&nan(left))
        }),
    })
}

fn negate(value: &Value) -> Value {
    match value {
        Value::Long(number) => number.checked_neg().into(),
        Value::Real(number) => Value::Real(-number),
        Value::Timespan(ticks) => ticks.checked_neg().map_or(Value::Null, Value::Timespan),
        _ => Value::Null,
    }
}

fn binary(operator: B, left: &Value, right: &Value, context: &Context<'_>) -> Value {
    let ordered = |test: fn(Ordering) -> bool| compare(left, right).map(test).into();
    match operator {
        B::Equal => equal(left, right).into(),
        B::NotEqual => equal(left, right).map(|equal| !equal).into(),
        B::EqualIgnoringCase | B::NotEqualIgnoringCase => {
            let equal = equal_ignoring_case(&to_text(left, context), &to_text(right, context));
            Value::Bool(equal == (operator == B::EqualIgnoringCase))
        }
        B::Less => ordered(Ordering::is_lt),
        B::LessOrEqual => ordered(Ordering::is_le),
        B::Greater => ordered(Ordering::is_gt),
        B::GreaterOrEqual => ordered(Ordering::is_ge),
        B::Text(operator) => Value::Bool(operator.holds(&to_text(left, context), &to_text(right, context))),
        B::MatchesRegex => context
            .pattern(&to_text(right, context))
            .map(|regex| regex.is_match(&to_text(left, context)))
            .into(),
        B::Add | B::Subtract | B::Multiply | B::Divide | B::Modulo => arithmetic(operator, left, right),
        // The binder makes expressions of their own of these.
        B::And | B::Or => Value::Null,
    }
}

/// The sum of two values, as `+` makes it.
pub(crate) fn sum(left: &Value, right: &Value) -> Value {
    arithmetic(B::Add, left, right)
}

fn arithmetic(operator: B, left: &Value, right: &Value) -> Value {
    let point = |ticks: Option<i64>| ticks.and_then(in_range).map_or(Value::Null, Value::Datetime);
    let span = |ticks: Option<i64>| ticks.map_or(Value::Null, Value::Timespan);
    match (operator, left, right) {
        (B::Add, Value::Datetime(a), Value::Timespan(b))
        | (B::Add, Value::Timespan(a), Value::Datetime(b)) => point(a.checked_add(*b)),
        (B::Subtract, Value::Datetime(a), Value::Timespan(b)) => point(a.checked_sub(*b)),
        (B::Subtract, Value::Datetime(a), Value::Datetime(b)) => span(a.checked_sub(*b)),
        (B::Add, Value::Timespan(a), Value::Timespan(b)) => span(a.checked_add(*b)),
        (B::Subtract, Value::Timespan(a), Value::Timespan(b)) => span(a.checked_sub(*b)),
        (B::Modulo, Value::Timespan(a), Value::Timespan(b)) => span(a.checked_rem(*b)),
        (B::Divide, Value::Timespan(a), Value::Timespan(b)) => Value::Real(double(*a) / double(*b)),
        (B::Multiply, Value::Timespan(ticks), number) | (B::Multiply, number, Value::Timespan(ticks)) => {
            span(to_real(number).and_then(|number| crate::functions::whole(double(*ticks) * number)))
        }
        (B::Divide, Value::Timespan(ticks), number) => {
            span(to_real(number).and_then(|number| crate::functions::whole(double(*ticks) / number)))
        }
        (_, Value::Long(a), Value::Long(b)) => match operator {
            B::Add => a.checked_add(*b),
            B::Subtract => a.checked_sub(*b),
            B::Multiply => a.checked_mul(*b),
            B::Divide => a.checked_div(*b),
            _ => a.checked_rem_euclid(*b),
        }
        .into(),
        _ => {
            let (Some(a), Some(b)) = (to_real(left), to_real(right)) else { return Value::Null };
            Value::Real(match operator {
                B::Add => a + b,
                B::Subtract => a - b,
                B::Multiply => a * b,
                B::Divide => a / b,
                _ => a % b,
            })
        }
    }
}
