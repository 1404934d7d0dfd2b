//! `mv-expand`, `mv-apply`, `parse` and the plugins: operators that make columns, or rows, out of values.

use super::{Binder, Bound, Row, arguments_fault, names, position};
use crate::plan::{Expansion, Expr, Field, Node, Relation};
use crate::step::key_value::KeyValue;
use crate::step::parse::{Cutter, Pattern};
use crate::syntax::{self, Assignment, Expression, Name, OutputSchema, ParseKind, ParsePart, Pipeline};
use crate::value::{Kind, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A pivot makes no more columns than this.
const WIDEST: usize = 1000;

impl Binder<'_> {
    /// What is expanded, and the columns that it makes.
    fn expansion(&mut self, node: &Node, written: &syntax::Expansion) -> Bound<(Expansion, Vec<Field>)> {
        let (mut values, mut made) = (Vec::new(), Vec::new());
        for (assignment, kind) in &written.columns {
            let (expr, given) = self.expression(&assignment.value, Row { fields: &node.fields })?;
            if !matches!(given, Kind::Dynamic | Kind::String) {
                let message = format!("only a dynamic can be expanded, and this is a {given}");
                return Err(super::kinds_fault(assignment.value.span, message));
            }
            let name = names::given_or_own(assignment).unwrap_or_else(|| names::unnamed(&node.fields));
            let kind = kind.unwrap_or(Kind::Dynamic);
            made.push(Field::new(name, kind));
            values.push((expr, kind));
        }
        let limit = written.limit.as_ref().map(|limit| self.number(limit)).transpose()?;
        Ok((Expansion { values, as_arrays: written.as_arrays, limit }, made))
    }

    pub(super) fn expand(&mut self, node: Node, written: &syntax::Expansion) -> Bound<Node> {
        let (expansion, made) = self.expansion(&node, written)?;
        let width = node.fields.len();
        let mut columns = node.identity();
        let mut fields = node.fields.clone();
        for (at, field) in made.into_iter().enumerate() {
            fields.push(field.clone());
            let value = (field.clone(), Expr::Column(width + at));
            match position(&node.fields, &field.name).and_then(|at| columns.get_mut(at)) {
                Some(column) => *column = value,
                None => columns.push(value),
            }
        }
        fields.push(Field::new("\0index", Kind::Long));
        if let Some(index) = &written.index {
            columns.push((Field::new(&index.text, Kind::Long), Expr::Column(fields.len() - 1)));
        }
        Ok(Node { fields, relation: Relation::Expand { input: Box::new(node), expansion } }.project(columns))
    }

    pub(super) fn apply(&mut self, node: Node, written: &syntax::Expansion, body: &Pipeline) -> Bound<Node> {
        let (expansion, made) = self.expansion(&node, written)?;
        // The body sees the row with its element; an element hides a column of its name.
        let width = node.fields.len();
        let element: Vec<Arc<str>> = made.iter().map(|field| field.name.clone()).collect();
        let mut inner = node.fields.clone();
        for field in &mut inner {
            if made.iter().any(|other| other.name == field.name) {
                field.name = format!("\0{}", field.name).into();
            }
            field.hidden = true;
        }
        inner.extend(made);
        inner.push(Field {
            hidden: written.index.is_none(),
            ..Field::new(written.index.as_ref().map_or("\0index", |index| &index.text), Kind::Long)
        });
        let outer = Node { fields: inner, relation: Relation::Outer };
        let body = self.pipeline(body, Some(outer))?;
        let mut fields = node.fields.clone();
        fields.extend(body.fields.iter().cloned());
        let mut columns: Vec<(Field, Expr)> = Vec::new();
        let named = |name: &str| body.fields.iter().position(|field| &*field.name == name && !field.hidden);
        for (at, field) in node.fields.iter().enumerate() {
            // The element takes the place of the column that it is called like, among the columns of the body.
            if element.contains(&field.name) {
                continue;
            }
            match named(&field.name) {
                Some(inner) => columns.push((
                    Field { hidden: false, ..body.fields[inner].clone() },
                    Expr::Column(width + inner),
                )),
                None => columns.push((field.clone(), Expr::Column(at))),
            }
        }
        for (at, field) in body.fields.iter().enumerate() {
            let known = position(&node.fields, &field.name).is_some() && !element.contains(&field.name);
            if !field.hidden && !known {
                columns.push((field.clone(), Expr::Column(width + at)));
            }
        }
        let relation = Relation::Apply { input: Box::new(node), expansion, body: Box::new(body) };
        Ok(Node { fields, relation }.project(columns))
    }

    pub(super) fn parse(
        &mut self,
        node: Node,
        kind: ParseKind,
        flags: &str,
        filter: bool,
        value: &Expression,
        parts: &[ParsePart],
    ) -> Bound<Node> {
        let (text, _) = self.expression(value, Row { fields: &node.fields })?;
        let pattern = Pattern::new(kind, flags, parts, self.limits.regex_bytes)?;
        Ok(cut(node, text, Cutter::Pattern(pattern), filter))
    }

    pub(super) fn parse_kv(
        &mut self,
        node: Node,
        value: &Expression,
        columns: &[(Name, Kind)],
        form: &syntax::KeyValueForm,
        span: crate::Span,
    ) -> Bound<Node> {
        let (text, _) = self.expression(value, Row { fields: &node.fields })?;
        let columns = columns.iter().map(|(name, kind)| (name.text.clone(), *kind)).collect();
        let reader = KeyValue::new(columns, form, span, self.limits.regex_bytes)?;
        Ok(cut(node, text, Cutter::KeyValue(reader), false))
    }

    pub(super) fn evaluate(
        &mut self,
        node: Node,
        plugin: &Name,
        arguments: &[Assignment],
        schema: Option<&OutputSchema>,
    ) -> Bound<Node> {
        match &*plugin.text {
            "bag_unpack" => self.unpack(node, plugin, arguments, schema),
            "pivot" => {
                let Some((column, rest)) = arguments.split_first() else {
                    return Err(arguments_fault(plugin.span, "`pivot` takes a column, and an aggregate"));
                };
                let columns: Vec<&Expression> = rest.iter().skip(1).map(|column| &column.value).collect();
                let made = self.pivot(node, &column.value, rest.first().map(|rest| &rest.value), &columns)?;
                Ok(match schema {
                    Some(schema) => self.as_schema(made, schema),
                    None => made,
                })
            }
            "narrow" if arguments.is_empty() => {
                let fields = vec![
                    Field::new("Row", Kind::Long),
                    Field::new("Column", Kind::String),
                    Field::new("Value", Kind::String),
                ];
                Ok(Node { fields, relation: Relation::Narrow { input: Box::new(node) } })
            }
            "narrow" => Err(arguments_fault(plugin.span, "`narrow` takes no arguments")),
            _ => Err(self.unknown_plugin(&plugin.text, plugin.span)),
        }
    }

    /// The columns of a schema, from the columns of their names.
    fn as_schema(&self, node: Node, schema: &OutputSchema) -> Node {
        let values = schema.columns.iter().map(|(name, kind)| {
            let value = match position(&node.fields, &name.text) {
                Some(at) if node.fields.get(at).is_some_and(|field| field.kind == *kind) => Expr::Column(at),
                Some(at) => self.call_of(to_kind(*kind), vec![Expr::Column(at)]),
                None => Expr::Literal(kind.nothing()),
            };
            (Field::new(&name.text, *kind), value)
        });
        let values = values.collect();
        node.project(values)
    }

    /// The literal string that an argument is.
    fn literal_text(&mut self, argument: &Expression) -> Bound<Arc<str>> {
        match self.expression(argument, Row { fields: &[] })?.0 {
            Expr::Literal(Value::String(text)) => Ok(text),
            _ => Err(arguments_fault(argument.span, "this argument is a literal string")),
        }
    }

    /// The arguments of `bag_unpack`, in their order or by their names.
    fn unpacking(&mut self, plugin: &Name, node: &Node, arguments: &[Assignment]) -> Bound<Unpacking> {
        const NAMES: [&str; 4] = ["column", "OutputColumnPrefix", "columnsConflict", "ignoredProperties"];
        let mut unpacking = Unpacking::default();
        let mut has_column = false;
        for (at, argument) in arguments.iter().enumerate() {
            let name = argument.names.first().map(|name| &*name.text);
            let place = match name {
                Some(name) => NAMES.iter().position(|known| *known == name),
                None => Some(at),
            };
            match place {
                Some(0) => {
                    unpacking.at = self.column_argument(node, &argument.value)?;
                    has_column = true;
                }
                Some(1) => unpacking.prefix = self.literal_text(&argument.value)?,
                Some(2) => {
                    unpacking.conflict = match &*self.literal_text(&argument.value)? {
                        "error" => Conflict::Error,
                        "replace_source" => Conflict::Replace,
                        "keep_source" => Conflict::Keep,
                        _ => {
                            let message = "this is `error`, `replace_source` or `keep_source`";
                            return Err(arguments_fault(argument.value.span, message));
                        }
                    };
                }
                Some(3) => match self.expression(&argument.value, Row { fields: &[] })?.0 {
                    Expr::Literal(Value::Array(names)) => {
                        unpacking.ignored =
                            names.iter().filter_map(|name| name.as_str().map(Arc::from)).collect();
                    }
                    _ => {
                        return Err(arguments_fault(argument.value.span, "this argument is a dynamic array"));
                    }
                },
                _ => {
                    let message = format!("the arguments of `bag_unpack` are {}", NAMES.join(", "));
                    return Err(arguments_fault(argument.value.span, message));
                }
            }
        }
        if !has_column {
            return Err(arguments_fault(plugin.span, "`bag_unpack` takes a column of bags"));
        }
        Ok(unpacking)
    }

    /// The columns that a schema takes out of bags.
    fn unpacked(&self, node: &Node, at: usize, prefix: &str, schema: &OutputSchema) -> Vec<(Field, Expr)> {
        let mut values: Vec<(Field, Expr)> = Vec::new();
        if schema.all {
            values.extend(node.identity().into_iter().enumerate().filter(|(own, _)| *own != at).map(|v| v.1));
        }
        for (name, kind) in &schema.columns {
            let key = name.text.strip_prefix(prefix).unwrap_or(&name.text);
            let value = match position(&node.fields, &name.text).filter(|found| *found != at) {
                Some(found) => Expr::Column(found),
                None => self.call_of(to_kind(*kind), vec![Expr::Column(at).member(Arc::from(key))]),
            };
            values.push((Field::new(&name.text, *kind), value));
        }
        values
    }

    /// `bag_unpack`: a column of each name in the bags, in the place of the bags.
    fn unpack(
        &mut self,
        node: Node,
        plugin: &Name,
        arguments: &[Assignment],
        schema: Option<&OutputSchema>,
    ) -> Bound<Node> {
        let Unpacking { at, prefix, conflict, ignored } = self.unpacking(plugin, &node, arguments)?;
        if let Some(schema) = schema {
            let values = self.unpacked(&node, at, &prefix, schema);
            return Ok(node.project(values));
        }
        let rows = self.run(&node)?;
        let kinds = kinds_of(&rows, at, &ignored);
        if kinds.len() > WIDEST {
            return Err(arguments_fault(plugin.span, format!("the bags have more than {WIDEST} names")));
        }
        let node = Node { fields: node.fields, relation: Relation::Literal(rows.into()) };
        let mut values: Vec<(Field, Expr)> = node.identity();
        values.remove(at);
        for (name, kind) in kinds {
            let field = Field::new(format!("{prefix}{name}"), kind);
            let member = Expr::Column(at).member(name);
            let value =
                if kind == Kind::Dynamic { member } else { self.call_of(to_kind(kind), vec![member]) };
            let known = values.iter().position(|(known, _)| known.name == field.name);
            match (known.and_then(|known| values.get_mut(known)), conflict) {
                (None, _) => values.push((field, value)),
                (Some(known), Conflict::Replace) => *known = (field, value),
                (Some(_), Conflict::Keep) => {}
                (Some(_), Conflict::Error) => {
                    let message = format!(
                        "the bags have a name `{}` that is a column already; give a prefix, or `columnsConflict`",
                        field.name
                    );
                    return Err(arguments_fault(plugin.span, message));
                }
            }
        }
        Ok(node.project(values))
    }

    /// `pivot`: a column of each value, filled by an aggregate, and a row of each of the other columns' values.
    fn pivot(
        &mut self,
        node: Node,
        column: &Expression,
        aggregate: Option<&Expression>,
        columns: &[&Expression],
    ) -> Bound<Node> {
        let at = self.column_argument(&node, column)?;
        let kept: Vec<usize> =
            columns.iter().map(|kept| self.column_argument(&node, kept)).collect::<Bound<_>>()?;
        let rows = self.run(&node)?;
        let labels: std::collections::BTreeSet<Arc<str>> =
            rows.iter().filter_map(|row| row.get(at)).map(|value| Arc::from(label(value))).collect();
        if labels.len() > WIDEST {
            return Err(arguments_fault(column.span, format!("the column has more than {WIDEST} values")));
        }
        let span = column.span;
        let call = aggregate.cloned().unwrap_or_else(|| count_at(span));
        let mut used = Vec::new();
        names_in(&call, &mut used);
        let node = Node { fields: node.fields, relation: Relation::Literal(rows.into()) };
        let by: Vec<Assignment> = node
            .fields
            .iter()
            .enumerate()
            .filter(|(position, field)| *position != at && !field.hidden && !used.contains(&field.name))
            .filter(|(position, _)| kept.is_empty() || kept.contains(position))
            .map(|(_, field)| Assignment {
                names: Vec::new(),
                value: Expression { span, depth: 1, kind: syntax::ExpressionKind::Name(field.name.clone()) },
            })
            .chain([Assignment { names: Vec::new(), value: column.clone() }])
            .collect();
        let value = Assignment { names: vec![Name { text: Arc::from("\0value"), span }], value: call };
        let grouped = self.summarize(node, &[value], &by)?;
        let kind = grouped.fields.last().map_or(Kind::Dynamic, |field| field.kind);
        let (key, cell) = (by.len() - 1, by.len());
        let groups = self.run(&grouped)?;
        let zero = if kind == Kind::Long { Value::Long(0) } else { kind.nothing() };
        let mut index: std::collections::HashMap<Vec<Value>, usize> = std::collections::HashMap::new();
        let mut lines: Vec<Vec<Value>> = Vec::new();
        for group in groups {
            let others: Vec<Value> = group.iter().take(key).cloned().collect();
            let line = *index.entry(others.clone()).or_insert_with(|| {
                let cells = std::iter::repeat_n(zero.clone(), labels.len());
                lines.push(others.into_iter().chain(cells).collect());
                lines.len() - 1
            });
            let name = label(group.get(key).unwrap_or(&Value::Null));
            let place = labels.iter().position(|label| **label == *name).unwrap_or(0);
            if let Some(target) = lines.get_mut(line).and_then(|line| line.get_mut(key + place)) {
                *target = group.get(cell).cloned().unwrap_or_default();
            }
        }
        let mut fields: Vec<Field> = grouped.fields.into_iter().take(key).collect();
        for label in labels {
            let name = names::unique(&label, &fields);
            fields.push(Field::new(name, kind));
        }
        Ok(Node { fields, relation: Relation::Literal(lines.into()) })
    }
}

/// How `bag_unpack` takes bags apart.
#[derive(Default)]
struct Unpacking {
    at: usize,
    prefix: Arc<str>,
    conflict: Conflict,
    ignored: Vec<Arc<str>>,
}

/// What happens where a name of a bag is a column already.
#[derive(Default, Clone, Copy)]
enum Conflict {
    #[default]
    Error,
    Replace,
    Keep,
}

/// The names in the bags of a column, each with the kind that all its values have.
fn kinds_of(rows: &[Vec<Value>], at: usize, ignored: &[Arc<str>]) -> BTreeMap<Arc<str>, Kind> {
    let mut kinds: BTreeMap<Arc<str>, Kind> = BTreeMap::new();
    for row in rows {
        if let Some(Value::Bag(bag)) = row.get(at) {
            for (name, value) in bag.iter().filter(|(name, _)| !ignored.contains(name)) {
                let Some(kind) = kind_of(value) else {
                    kinds.entry(name.clone()).or_insert(Kind::Dynamic);
                    continue;
                };
                kinds
                    .entry(name.clone())
                    .and_modify(|known| {
                        if *known != kind {
                            *known = Kind::Dynamic
                        }
                    })
                    .or_insert(kind);
            }
        }
    }
    kinds
}

/// Rows with the columns that a cutter makes; one of a known name takes its place.
fn cut(node: Node, text: Expr, cutter: Cutter, filter: bool) -> Node {
    let width = node.fields.len();
    let mut columns = node.identity();
    let mut fields = node.fields.clone();
    for (at, (name, kind)) in cutter.columns().iter().enumerate() {
        let field = Field::new(name, *kind);
        fields.push(field.clone());
        let value = (field, Expr::Column(width + at));
        match position(&node.fields, name).and_then(|at| columns.get_mut(at)) {
            Some(column) => *column = value,
            None => columns.push(value),
        }
    }
    let relation = Relation::Parse { input: Box::new(node), text, cutter: Arc::new(cutter), filter };
    Node { fields, relation }.project(columns)
}

/// `count()`, as if it stood at a place.
fn count_at(span: crate::diagnostic::Span) -> Expression {
    let name = Name { text: Arc::from("count"), span };
    Expression { span, depth: 1, kind: syntax::ExpressionKind::Call { name, arguments: Vec::new() } }
}

fn label(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Null => String::new(),
        other => crate::value::to_json_text(other, 1000).unwrap_or_default().trim_matches('"').to_owned(),
    }
}

/// All names in an expression.
fn names_in(expression: &Expression, found: &mut Vec<Arc<str>>) {
    match &expression.kind {
        syntax::ExpressionKind::Name(name) => found.push(name.clone()),
        syntax::ExpressionKind::Member(inner, _) | syntax::ExpressionKind::Negate(inner) => {
            names_in(inner, found)
        }
        syntax::ExpressionKind::Index(left, right) | syntax::ExpressionKind::Binary(_, left, right) => {
            names_in(left, found);
            names_in(right, found);
        }
        syntax::ExpressionKind::Call { arguments, .. } => {
            arguments.iter().for_each(|a| names_in(&a.value, found))
        }
        _ => {}
    }
}

/// The kind of a cell by itself; nothing for null.
fn kind_of(value: &Value) -> Option<Kind> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => Kind::Bool,
        Value::Long(_) => Kind::Long,
        Value::Real(_) => Kind::Real,
        Value::String(_) => Kind::String,
        Value::Datetime(_) => Kind::Datetime,
        Value::Timespan(_) => Kind::Timespan,
        Value::Guid(_) => Kind::Guid,
        Value::Array(_) | Value::Bag(_) => Kind::Dynamic,
    })
}

/// The function that turns a dynamic into a kind.
pub(super) fn to_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "tobool",
        Kind::Int => "toint",
        Kind::Long => "tolong",
        Kind::Real | Kind::Decimal => "todouble",
        Kind::String => "tostring",
        Kind::Datetime => "todatetime",
        Kind::Timespan => "totimespan",
        Kind::Guid => "toguid",
        Kind::Dynamic => "parse_json",
    }
}
