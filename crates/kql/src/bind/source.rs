//! Where a pipeline begins: tables, literals, ranges, and pipelines in parentheses.

use super::{Binder, Bound, Entity, Row, arguments_fault, kinds_fault, weight};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::plan::{Expr, Field, Node, Relation};
use crate::syntax::{Assignment, Expression, ExpressionKind, Name, Origin, Pipeline};
use crate::value::{Kind, Value};
use std::sync::Arc;

const NO_ROW: Row<'static> = Row { fields: &[] };

impl Binder<'_> {
    /// A pipeline; `outer` is the input of one that begins with an operator inside `mv-apply`.
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, outer: Option<Node>) -> Bound<Node> {
        self.count_operators(1, pipeline.span)?;
        // What `as` names is known to the end of its pipeline; what is inside is not about the rows around.
        let (names, windows) = (self.names.clone(), self.windows.take());
        let node = self.operators(pipeline, outer);
        (self.names, self.windows) = (names, windows);
        node
    }

    fn operators(&mut self, pipeline: &Pipeline, outer: Option<Node>) -> Bound<Node> {
        let mut node = match outer {
            Some(node) if matches!(pipeline.source, Origin::Default) => node,
            _ => self.origin(&pipeline.source, pipeline.span)?,
        };
        for operator in &pipeline.operators {
            self.count_operators(1, operator.span)?;
            node = self.operator(node, operator)?;
        }
        Ok(node)
    }

    /// What a `let` names: a table, or a scalar.
    pub(super) fn table_or_scalar(&mut self, pipeline: &Pipeline) -> Bound<Entity> {
        if let (Origin::Expression(expression), []) = (&pipeline.source, pipeline.operators.as_slice())
            && !self.is_table(expression)
        {
            if let ExpressionKind::Call { name, arguments } = &expression.kind
                && let Some(Entity::Function(body, names)) = self.entity(&name.text)
            {
                return self.user_call(&body, names, arguments, expression.span, NO_ROW, None);
            }
            let (expr, kind) = self.expression(expression, NO_ROW)?;
            return Ok(Entity::Scalar(expr, kind));
        }
        Ok(Entity::Table(self.pipeline(pipeline, None)?))
    }

    fn is_table(&self, expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Name(name) => match self.entity(name) {
                Some(entity) => matches!(entity, Entity::Table(_)),
                None => true,
            },
            ExpressionKind::Table(_) => true,
            ExpressionKind::Member(inner, _) => is_workspace(inner),
            ExpressionKind::Call { name, .. } => {
                matches!(&*name.text, "materialize" | "table" | "view") && self.entity(&name.text).is_none()
            }
            _ => false,
        }
    }

    fn origin(&mut self, origin: &Origin, span: Span) -> Bound<Node> {
        match origin {
            Origin::Default => match self.catalog.default_table() {
                Some(name) => self.scan(&Name { text: name, span }),
                None => {
                    Err(Fault::new(DiagnosticCode::UnknownTable, span, "the query names no table").into())
                }
            },
            Origin::Expression(expression) => self.table(expression),
            Origin::Nested(pipeline) => self.pipeline(pipeline, None),
            Origin::Datatable { columns, values } => self.datatable(columns, values, span),
            Origin::Print(values) => self.print(values),
            Origin::Range { name, from, to, step } => {
                let (from, kind) = self.expression(from, NO_ROW)?;
                let (to, _) = self.expression(to, NO_ROW)?;
                let (step, step_kind) = self.expression(step, NO_ROW)?;
                let fits = match kind {
                    Kind::Datetime => step_kind == Kind::Timespan,
                    _ => kind == step_kind || (kind.is_number() && step_kind.is_number()),
                };
                if !fits || kind == Kind::String {
                    return Err(kinds_fault(span, format!("a {kind} does not go on by a {step_kind}")));
                }
                let kind = if step_kind == Kind::Real { Kind::Real } else { kind };
                let fields = vec![Field::new(&name.text, kind)];
                Ok(Node { fields, relation: Relation::Range { from, to, step } })
            }
            Origin::Union(union) => self.union(None, union, span),
            Origin::Search { tables, case_sensitive, term } => {
                self.search_tables(tables, *case_sensitive, term)
            }
            Origin::Find(find) => self.find(find),
        }
    }

    /// A table by its name, by a call, or in parentheses.
    pub(super) fn table(&mut self, expression: &Expression) -> Bound<Node> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Name(text) if text.contains('*') && self.entity(text).is_none() => {
                let names = self.names_like(text);
                if names.is_empty() {
                    let message = format!("there is no table like `{text}`");
                    return Err(Fault::new(DiagnosticCode::UnknownTable, span, message).into());
                }
                let mut found = Vec::with_capacity(names.len());
                for text in names {
                    found.push(self.scan(&Name { text, span })?);
                }
                Ok(super::join::unite(found, false))
            }
            ExpressionKind::Name(text) => self.scan(&Name { text: text.clone(), span }),
            ExpressionKind::Table(pipeline) => self.pipeline(pipeline, None),
            ExpressionKind::Member(inner, table) if is_workspace(inner) => {
                self.scan(&Name { text: table.clone(), span })
            }
            ExpressionKind::Call { name, arguments } => self.table_call(name, arguments, span, None),
            _ => Err(Fault::new(DiagnosticCode::UnknownTable, span, "this is not a table").into()),
        }
    }

    /// A function that gives a table; `piped` is the table before `invoke`.
    pub(super) fn table_call(
        &mut self,
        name: &Name,
        arguments: &[Assignment],
        span: Span,
        piped: Option<Node>,
    ) -> Bound<Node> {
        if let Some(Entity::Function(body, names)) = self.entity(&name.text) {
            return match self.user_call(&body, names, arguments, span, NO_ROW, piped)? {
                Entity::Table(node) => Ok(node),
                Entity::Scalar(..) | Entity::Function(..) => {
                    Err(kinds_fault(span, format!("`{}` gives a value and not a table", name.text)))
                }
            };
        }
        match (&*name.text, arguments) {
            ("materialize" | "view", [one]) => self.table(&one.value),
            ("table", [one]) => match &one.value.kind {
                ExpressionKind::Literal(Value::String(table), _) => {
                    self.scan(&Name { text: table.clone(), span: one.value.span })
                }
                _ => Err(arguments_fault(span, "the name of the table is a literal string")),
            },
            _ => {
                if let Some(reason) = crate::refused::source(&name.text) {
                    let message = format!("`{}` is not available here: {reason}", name.text);
                    return Err(Fault::new(DiagnosticCode::NotAvailable, name.span, message).into());
                }
                let names = self.entity_names();
                Err(Fault::new(
                    DiagnosticCode::UnknownFunction,
                    name.span,
                    format!("there is no function `{}` that gives a table", name.text),
                )
                .meant(&name.text, names.iter().map(|name| &**name))
                .into())
            }
        }
    }

    /// The tables, of the query and of the catalog, whose names fit a pattern with `*`; case does not matter.
    pub(super) fn names_like(&self, pattern: &str) -> Vec<Arc<str>> {
        let pattern = pattern.to_lowercase();
        let own = self
            .entity_names()
            .into_iter()
            .filter(|name| matches!(self.entity(name), Some(Entity::Table(_))));
        let mut found: Vec<Arc<str>> = own.chain(self.catalog.names()).collect();
        found.retain(|name| super::operator::fits(&pattern, &name.to_lowercase()));
        found.sort();
        found.dedup();
        found
    }

    pub(super) fn scan(&mut self, name: &Name) -> Bound<Node> {
        match self.entity(&name.text) {
            Some(Entity::Table(node)) => {
                self.count_operators(weight(&node), name.span)?;
                return Ok(node);
            }
            Some(Entity::Function(body, names)) => {
                if let Entity::Table(node) = self.user_call(&body, names, &[], name.span, NO_ROW, None)? {
                    return Ok(node);
                }
            }
            Some(Entity::Scalar(..)) | None => {}
        }
        let Some(schema) = self.catalog.table(&name.text) else {
            let known: Vec<Arc<str>> = self.catalog.names().into_iter().chain(self.entity_names()).collect();
            let message = format!("there is no table `{}`", name.text);
            return Err(Fault::new(DiagnosticCode::UnknownTable, name.span, message)
                .meant(&name.text, known.iter().map(|name| &**name))
                .into());
        };
        let visible = schema.columns.len();
        let stem = self.catalog.stem(&schema.name);
        let columns = schema.columns.into_iter().chain(schema.hidden).enumerate();
        let fields = columns
            .map(|(at, column)| Field {
                stem: stem.as_ref() == Some(&column.name),
                name: column.name,
                kind: column.kind,
                hidden: at >= visible,
                whole: column.kind == Kind::Dynamic,
            })
            .collect();
        Ok(Node { fields, relation: Relation::Scan { table: schema.name } })
    }

    fn datatable(&mut self, columns: &[(Name, Kind)], values: &[Expression], span: Span) -> Bound<Node> {
        if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
            return Err(arguments_fault(
                span,
                "the number of values is not a multiple of the number of columns",
            ));
        }
        let fields: Vec<Field> = columns.iter().map(|(name, kind)| Field::new(&name.text, *kind)).collect();
        let mut rows = Vec::with_capacity(values.len() / columns.len());
        for chunk in values.chunks(columns.len()) {
            let mut row = Vec::with_capacity(columns.len());
            for (expression, field) in chunk.iter().zip(&fields) {
                let (expr, kind) = self.expression(expression, NO_ROW)?;
                let Some(value) = self.constant(&expr).filter(|_| matches!(expr, Expr::Literal(_))) else {
                    return Err(arguments_fault(expression.span, "a datatable holds literals"));
                };
                let fits = value.is_null() || kind == field.kind || field.kind == Kind::Dynamic;
                row.push(match (&value, field.kind) {
                    _ if value.is_null() => field.kind.nothing(),
                    _ if fits && field.kind != Kind::Dynamic => value,
                    (Value::String(text), Kind::Dynamic) if kind == Kind::String => {
                        crate::value::parse_json(text).unwrap_or(value)
                    }
                    (_, Kind::Dynamic) => value,
                    (Value::Long(number), Kind::Int | Kind::Long) => Value::Long(*number),
                    (Value::Long(number), Kind::Real | Kind::Decimal) => {
                        Value::Real(crate::functions::double(*number))
                    }
                    (Value::Real(number), Kind::Real | Kind::Decimal) => Value::Real(*number),
                    _ => {
                        // A literal of another kind is turned, as the official language does it.
                        let turned =
                            self.call_of(super::expand::to_kind(field.kind), vec![Expr::Literal(value)]);
                        match self.constant(&turned) {
                            Some(value) if !value.is_null() => value,
                            _ => {
                                let message =
                                    format!("`{}` is a {}, and this is a {kind}", field.name, field.kind);
                                return Err(kinds_fault(expression.span, message));
                            }
                        }
                    }
                });
            }
            rows.push(row);
        }
        Ok(Node { fields, relation: Relation::Literal(rows.into()) })
    }

    fn print(&mut self, values: &[Assignment]) -> Bound<Node> {
        let one = Node { fields: Vec::new(), relation: Relation::Literal(Arc::from(vec![Vec::new()])) };
        let mut columns: Vec<(Field, Expr)> = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let (expr, kind) = self.expression(&value.value, NO_ROW)?;
            if let Some(several) = super::names::of_several(&value.value) {
                let given = value.names.iter().map(|name| name.text.to_string());
                let names: Vec<String> = if value.names.is_empty() { several } else { given.collect() };
                columns.extend(names.into_iter().zip(0i64..).map(|(name, at)| {
                    (Field::new(name, Kind::Dynamic), super::operator::element(&expr, at))
                }));
                continue;
            }
            let name =
                value.names.first().map_or_else(|| format!("print_{at}"), |name| name.text.to_string());
            if columns.iter().any(|(field, _)| *field.name == *name) {
                return Err(arguments_fault(
                    super::names::place(value),
                    format!("there are two columns `{name}`"),
                ));
            }
            columns.push((Field::new(name, kind), expr));
        }
        Ok(one.project(columns))
    }
}

/// `arg("").Table`, `workspace("x").Table`, `database("x").Table`: which one it is does not matter here.
fn is_workspace(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Call { name, .. }
        if matches!(&*name.text, "arg" | "adx" | "workspace" | "app" | "database" | "cluster"))
        || matches!(&expression.kind, ExpressionKind::Member(inner, _) if is_workspace(inner))
}
