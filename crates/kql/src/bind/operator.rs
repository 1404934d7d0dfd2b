//! Operators that work row by row, and those that put rows in order.

use super::{Binder, Bound, Row, arguments_fault, names, position, unknown_column};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::plan::{Expr, Field, Node, Order, Relation};
use crate::syntax::{
    Assignment, ColumnPattern, Expression, ExpressionKind, Operator, OperatorKind as K, SortKey,
};
use crate::value::{Kind, Value};
use std::sync::Arc;

impl Binder<'_> {
    #[expect(clippy::too_many_lines, reason = "a table: one short arm for each operator")]
    pub(super) fn operator(&mut self, node: Node, operator: &Operator) -> Bound<Node> {
        let span = operator.span;
        match &operator.kind {
            K::Where(condition) => {
                let before = self.allow_windows(&node.fields);
                let condition = self.condition(condition, Row { fields: &node.fields })?;
                let shown = node.identity();
                let node = self.windowed(node, before);
                let has_more = node.fields.len() > shown.len();
                let node = node.keeping(|input| Relation::Filter { input, condition });
                Ok(if has_more { node.project(shown) } else { node })
            }
            K::Project(values) => self.project(node, values),
            K::Extend(values) => self.extend(node, values),
            K::Serialize(values) => self.extend(node, values),
            K::ProjectAway(patterns) => {
                let away = self.matching(&node, patterns)?;
                let kept = node.identity().into_iter().enumerate();
                let values = kept.filter(|(at, _)| !away.contains(at)).map(|(_, value)| value).collect();
                Ok(node.project(values))
            }
            K::ProjectKeep(patterns) => {
                let keep = self.matching(&node, patterns)?;
                let kept = node.identity().into_iter().enumerate();
                let values = kept.filter(|(at, _)| keep.contains(at)).map(|(_, value)| value).collect();
                Ok(node.project(values))
            }
            K::ProjectReorder(patterns) => self.reorder(node, patterns),
            K::ProjectRename(values) => self.rename(node, values),
            K::Distinct(values) => self.distinct(node, values),
            K::Count(name) => self.count(node, name.as_ref().map_or("Count", |name| &name.text)),
            K::Take(count) => {
                let count = self.number(count)?;
                Ok(node.keeping(|input| Relation::Take { input, count }))
            }
            K::Top(count, keys) => {
                let count = self.number(count)?;
                self.sort(node, keys, Some(count))
            }
            K::Sort(keys) => self.sort(node, keys, None),
            K::Summarize { values, by } => self.summarize(node, values, by),
            K::Join { kind, lookup, right, on } => self.join(node, *kind, *lookup, right, on),
            K::Union(union) => self.union(Some(node), union, span),
            K::Expand(expansion) => self.expand(node, expansion),
            K::Apply(expansion, body) => self.apply(node, expansion, body),
            K::Parse { kind, flags, filter, value, parts } => {
                self.parse(node, *kind, flags, *filter, value, parts)
            }
            K::Evaluate { plugin, arguments, schema } => {
                self.evaluate(node, plugin, arguments, schema.as_ref())
            }
            K::Sample(count) => {
                let count = self.number(count)?;
                Ok(node.keeping(|input| Relation::Sample { input, count }))
            }
            K::SampleDistinct(count, value) => {
                let count = self.number(count)?;
                let node = self.distinct(node, std::slice::from_ref(value))?;
                Ok(node.keeping(|input| Relation::Sample { input, count }))
            }
            K::Search { case_sensitive, term } => self.search(node, *case_sensitive, term),
            K::TopNested(levels) => self.top_nested(node, levels, span),
            K::MakeSeries(series) => self.make_series(node, series),
            K::TopHitters { count, of, by } => self.top_hitters(node, count, of, by.as_ref()),
            K::Partition { by, body } => self.partition(node, by, body),
            K::ParseKv { value, columns, form } => self.parse_kv(node, value, columns, form, span),
            K::AssertSchema(columns) => self.assert_schema(node, columns, span),
            K::As(name) => {
                self.name(&name.text, super::Entity::Table(node.clone()));
                Ok(node)
            }
            K::Invoke(call) => {
                let ExpressionKind::Call { name, arguments } = &call.kind else {
                    return Err(arguments_fault(call.span, "`invoke` calls a function"));
                };
                self.table_call(name, arguments, call.span, Some(node))
            }
            K::GetSchema => Ok(schema(&node)),
            K::Nothing => Ok(node),
        }
    }

    /// A number of rows, which is known before the query runs.
    pub(super) fn number(&mut self, expression: &Expression) -> Bound<usize> {
        if let Some(count) = crate::parser::literal_count(expression) {
            return Ok(count);
        }
        let (expr, _) = self.expression(expression, Row { fields: &[] })?;
        if let Some(Value::Long(count)) = self.constant(&expr)
            && let Ok(count) = usize::try_from(count)
        {
            return Ok(count);
        }
        Err(arguments_fault(expression.span, "a number of rows is a whole number that is not negative"))
    }

    /// The value of an expression that is the same whenever it is asked; nothing if it is about rows or the moment.
    pub(super) fn constant(&self, expr: &Expr) -> Option<Value> {
        fn is_constant(expr: &Expr) -> bool {
            let momentary = |name: &str| matches!(name, "now" | "ago" | "rand" | "new_guid" | "assert");
            match expr {
                Expr::Column(_) | Expr::Scalar(_) => false,
                Expr::Call(function, _) if momentary(function.name) => false,
                _ => expr.children().into_iter().all(is_constant),
            }
        }
        if let Expr::Literal(value) = expr {
            return Some(value.clone());
        }
        let environment = crate::Environment { now_unix_nanoseconds: 0, seed: 0, interrupt: &|| false };
        let context = crate::context::Context::new(self.limits, &environment);
        let value = is_constant(expr).then(|| expr.evaluate(&[], &context).into_owned())?;
        context.check().is_ok().then_some(value)
    }

    fn project(&mut self, node: Node, values: &[Assignment]) -> Bound<Node> {
        let mut columns: Vec<(Field, Expr)> = Vec::new();
        let before = self.allow_windows(&node.fields);
        for assignment in values {
            if matches!(assignment.value.kind, ExpressionKind::Star) && assignment.names.is_empty() {
                columns.extend(node.identity().into_iter().filter(|(field, _)| !field.hidden));
                continue;
            }
            for (name, expr, kind, whole) in self.assigned(&node.fields, assignment)? {
                let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
                let name = match name {
                    // A name that is written twice is a mistake; one that was made up gets a number.
                    Some((name, true)) if fields.iter().any(|field| *field.name == *name) => {
                        let message = format!("there are two columns `{name}`");
                        return Err(arguments_fault(names::place(assignment), message));
                    }
                    Some((name, _)) => names::unique(&name, &fields),
                    None => names::unnamed(&fields),
                };
                columns.push((Field { whole, ..Field::new(name, kind) }, expr));
            }
        }
        Ok(self.windowed(node, before).project(columns))
    }

    fn extend(&mut self, node: Node, values: &[Assignment]) -> Bound<Node> {
        let mut columns = node.identity();
        let mut made: Vec<Arc<str>> = Vec::new();
        let before = self.allow_windows(&node.fields);
        for assignment in values {
            for (name, expr, kind, whole) in self.assigned(&node.fields, assignment)? {
                let fields: Vec<Field> = columns.iter().map(|(field, _)| field.clone()).collect();
                let (name, written) = name.unwrap_or_else(|| (names::unnamed(&fields), false));
                let again = made.iter().any(|known| **known == *name);
                if again && written && !assignment.names.is_empty() {
                    let message = format!("there are two columns `{name}`");
                    return Err(arguments_fault(names::place(assignment), message));
                }
                let name = if again { names::unique(&name, &fields) } else { name };
                made.push(Arc::from(&*name));
                let value = (Field { whole, ..Field::new(&name, kind) }, expr);
                match position(&fields, &name).and_then(|at| columns.get_mut(at)) {
                    Some(column) => *column = value,
                    None => columns.push(value),
                }
            }
        }
        Ok(self.windowed(node, before).project(columns))
    }

    /// The columns that one assignment makes: names with whether they were written, values, kinds.
    #[expect(
        clippy::type_complexity,
        reason = "the four parts of a column are taken apart at once by both callers"
    )]
    fn assigned(
        &mut self,
        fields: &[Field],
        assignment: &Assignment,
    ) -> Bound<Vec<(Option<(String, bool)>, Expr, Kind, bool)>> {
        let (expr, kind) = self.expression(&assignment.value, Row { fields })?;
        let several = names::of_several(&assignment.value).unwrap_or_default();
        if assignment.names.len() > 1 || several.len() > 1 {
            let given = assignment.names.iter().map(|name| (name.text.to_string(), true));
            let own = several.into_iter().skip(assignment.names.len()).map(|name| (name, false));
            let elements = given.chain(own).zip(0i64..);
            let column = |(name, at)| (Some(name), element(&expr, at), Kind::Dynamic, false);
            return Ok(elements.map(column).collect());
        }
        let whole = match expr {
            Expr::Column(at) => fields.get(at).is_some_and(|field| field.whole),
            _ => false,
        };
        let written =
            !assignment.names.is_empty() || matches!(assignment.value.kind, ExpressionKind::Name(_));
        let name = names::given_or_own(assignment).map(|name| (name, written || whole));
        // A column that is there keeps its name.
        let name = match (&assignment.value.kind, &expr) {
            (ExpressionKind::Call { name: called, .. }, Expr::Column(at))
                if name.is_none() && matches!(&*called.text, "column_ifexists" | "columnifexists") =>
            {
                fields.get(*at).map(|field| (field.name.to_string(), true))
            }
            _ => name,
        };
        Ok(vec![(name, expr, kind, whole)])
    }

    fn rename(&mut self, node: Node, values: &[Assignment]) -> Bound<Node> {
        let mut columns = node.identity();
        for assignment in values {
            let ExpressionKind::Name(old) = &assignment.value.kind else {
                return Err(arguments_fault(assignment.value.span, "what is renamed is a column"));
            };
            let span = assignment.value.span;
            let old = crate::syntax::Name { text: old.clone(), span };
            let at =
                position(&node.fields, &old.text).ok_or_else(|| unknown_column(&old, &node.fields, &[]))?;
            let Some(new) = assignment.names.first() else {
                return Err(arguments_fault(span, "a column is renamed as NEW = OLD"));
            };
            if let Some((field, _)) = columns.get_mut(at) {
                field.name = new.text.clone();
            }
        }
        Ok(node.project(columns))
    }

    fn reorder(&mut self, node: Node, patterns: &[ColumnPattern]) -> Bound<Node> {
        let mut order: Vec<usize> = Vec::new();
        for pattern in patterns {
            let mut found = self.matching(&node, std::slice::from_ref(pattern))?;
            found.retain(|at| !order.contains(at));
            if let Some(ascending) = pattern.order {
                found.sort_by(|a, b| {
                    let name = |at: &usize| node.fields.get(*at).map(|field| field.name.clone());
                    if ascending { name(a).cmp(&name(b)) } else { name(b).cmp(&name(a)) }
                });
            }
            order.extend(found);
        }
        let rest: Vec<usize> = (0..node.fields.len()).filter(|at| !order.contains(at)).collect();
        let identity = node.identity();
        let values = order.into_iter().chain(rest).filter_map(|at| identity.get(at).cloned()).collect();
        Ok(node.project(values))
    }

    /// The positions of columns that patterns name.
    fn matching(&self, node: &Node, patterns: &[ColumnPattern]) -> Bound<Vec<usize>> {
        let mut found = Vec::new();
        for ColumnPattern { name, .. } in patterns {
            let before = found.len();
            for (at, field) in node.fields.iter().enumerate() {
                if !found.contains(&at) && fits(&name.text, &field.name) {
                    found.push(at);
                }
            }
            if found.len() == before && !name.text.contains('*') {
                return Err(unknown_column(name, &node.fields, &[]));
            }
        }
        Ok(found)
    }

    fn distinct(&mut self, node: Node, values: &[Assignment]) -> Bound<Node> {
        let node = self.project(node, values)?;
        let keys = (0..node.fields.len()).map(Expr::Column).collect();
        Ok(node.keeping(|input| Relation::Summarize { input, keys, aggregates: Vec::new() }))
    }

    fn sort(&mut self, node: Node, keys: &[SortKey], limit: Option<usize>) -> Bound<Node> {
        let mut bound = Vec::with_capacity(keys.len());
        for key in keys {
            let (value, _) = self.expression(&key.value.value, Row { fields: &node.fields })?;
            bound.push(Order { value, ascending: key.ascending, nulls_first: key.nulls_first });
        }
        Ok(node.keeping(|input| Relation::Sort { input, keys: bound, limit }))
    }

    /// The position and kind of a column that a plugin names.
    pub(super) fn column_argument(&mut self, node: &Node, expression: &Expression) -> Bound<usize> {
        match self.expression(expression, Row { fields: &node.fields })?.0 {
            Expr::Column(at) => Ok(at),
            _ => Err(arguments_fault(expression.span, "this argument is a column")),
        }
    }

    pub(super) fn unknown_plugin(&self, name: &Arc<str>, span: Span) -> super::Halt {
        if let Some(reason) = crate::refused::plugin(name) {
            let message = format!("the plugin `{name}` is not available here: {reason}");
            return Fault::new(DiagnosticCode::NotAvailable, span, message).into();
        }
        let names = crate::operators::PLUGINS.iter().map(|plugin| plugin.name);
        Fault::new(DiagnosticCode::UnknownFunction, span, format!("there is no plugin `{name}`"))
            .meant(name, names)
            .into()
    }
}

/// Whether a name is what a pattern with `*` says.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let parts: Vec<&str> = parts.collect();
    let (last, middle) = parts.split_last().map_or(("", &[][..]), |(last, middle)| (*last, middle));
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A row of each column.
fn schema(node: &Node) -> Node {
    let rows: Vec<Vec<Value>> = node
        .fields
        .iter()
        .filter(|field| !field.hidden)
        .zip(0i64..)
        .map(|(field, at)| {
            let data = match field.kind {
                Kind::Bool => "System.SByte",
                Kind::Int => "System.Int32",
                Kind::Long => "System.Int64",
                Kind::Real => "System.Double",
                Kind::Decimal => "System.Data.SqlTypes.SqlDecimal",
                Kind::String => "System.String",
                Kind::Datetime => "System.DateTime",
                Kind::Timespan => "System.TimeSpan",
                Kind::Guid => "System.Guid",
                Kind::Dynamic => "System.Object",
            };
            vec![
                Value::String(field.name.clone()),
                Value::Long(at),
                Value::text(data),
                Value::text(field.kind.as_str()),
            ]
        })
        .collect();
    let fields = vec![
        Field::new("ColumnName", Kind::String),
        Field::new("ColumnOrdinal", Kind::Long),
        Field::new("DataType", Kind::String),
        Field::new("ColumnType", Kind::String),
    ];
    Node { fields, relation: Relation::Literal(rows.into()) }
}

/// The element of an array at a position.
pub(super) fn element(array: &Expr, at: i64) -> Expr {
    Expr::Index(Box::new(array.clone()), Box::new(Expr::Literal(Value::Long(at))))
}
