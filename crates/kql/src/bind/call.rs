//! Calls: functions of the list, functions of `let`, and the few forms that are no functions.

use super::{Binder, Bound, Entity, Environment, Halt, Row, arguments_fault, kinds_fault, position, weight};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::functions::{FUNCTIONS, Function, Returns, accepts, function_named, parameters};
use crate::plan::{Expr, Node};
use crate::syntax::{Assignment, Body, ExpressionKind, Name, Parameter};
use crate::value::{Kind, Value};
use std::sync::Arc;

/// A form that looks like a function.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
    pub(crate) signature: &'static str,
    pub(crate) summary: &'static str,
    /// A query and the first column of its answer; a test runs it.
    pub(crate) example: (&'static str, &'static str),
}

/// Forms that look like functions and need the names of columns, or a table.
pub(crate) const FORMS: &[Form] = &[
    Form {
        name: "bag_pack_columns",
        aliases: &[],
        signature: "column:any, ...",
        summary: "A bag of some columns.",
        example: ("print a = 1, b = 2, c = 3 | project bag_pack_columns(a, b)", r#"[{"a":1,"b":2}]"#),
    },
    Form {
        name: "column_ifexists",
        aliases: &["columnifexists"],
        signature: "name:string, otherwise:any",
        summary: "The column of a name, or a value where there is none.",
        example: ("print a = 1 | project column_ifexists('b', 7)", "[7]"),
    },
    Form {
        name: "iscolumnexists",
        aliases: &[],
        signature: "name:string",
        summary: "Whether there is a column of a name.",
        example: ("print a = 1 | project iscolumnexists('a')", "[true]"),
    },
    Form {
        name: "materialize",
        aliases: &[],
        signature: "table:any",
        summary: "The table itself; it marks a table that is used more than once.",
        example: ("let t = materialize(range x from 1 to 2 step 1); t", "[1,2]"),
    },
    Form {
        name: "pack_all",
        aliases: &[],
        signature: "[ignore_nulls:bool]",
        summary: "A bag of all columns.",
        example: ("print a = 1, b = 'x' | project pack_all()", r#"[{"a":1,"b":"x"}]"#),
    },
    Form {
        name: "table",
        aliases: &[],
        signature: "name:string",
        summary: "The table of a name, which is a literal.",
        example: ("let t = print a = 1; table('t')", "[1]"),
    },
    Form {
        name: "toscalar",
        aliases: &[],
        signature: "table:any",
        summary: "The first cell of a table, computed once.",
        example: ("print toscalar(range x from 5 to 9 step 1 | summarize max(x))", "[9]"),
    },
];

impl Binder<'_> {
    pub(super) fn call(
        &mut self,
        name: &Name,
        arguments: &[Assignment],
        span: Span,
        row: Row<'_>,
    ) -> Bound<(Expr, Kind)> {
        if let Some(Entity::Function(body, names)) = self.entity(&name.text) {
            return match self.user_call(&body, names, arguments, span, row, None)? {
                Entity::Scalar(expr, kind) => Ok((expr, kind)),
                Entity::Table(_) | Entity::Function(..) => {
                    Err(kinds_fault(span, format!("`{}` gives a table and not a value", name.text)))
                }
            };
        }
        if let Some(made) = self.form(name, arguments, span, row)? {
            return Ok(made);
        }
        if let Some(function) = crate::windows::window_named(&name.text) {
            return self.window_call(function, name, arguments, span, row);
        }
        let Some(function) = function_named(&name.text) else { return Err(self.unknown_function(name)) };
        // `extract(…, typeof(long))`: the result as another kind.
        if let ("extract" | "extract_json" | "extract_all", [rest @ .., last]) = (function.name, arguments)
            && let ExpressionKind::Type(kind) = last.value.kind
        {
            let (value, _) = self.call(name, rest, span, row)?;
            return Ok((self.call_of(super::expand::to_kind(kind), vec![value]), kind));
        }
        if matches!(function.name, "bag_pack") {
            return self.bag_pack(function, arguments, span, row);
        }
        let mut bound = Vec::with_capacity(arguments.len());
        for argument in arguments {
            bound.push(self.expression(&argument.value, row)?);
        }
        let kinds: Vec<Kind> = bound.iter().map(|(_, kind)| *kind).collect();
        self.check_arguments(function.signature, &name.text, &kinds, arguments, name.span)?;
        check_kinds(function, name, arguments, &kinds)?;
        self.check_pattern(function, &bound, span)?;
        if let ("gettype", [(_, kind)]) = (function.name, bound.as_slice())
            && !matches!(kind, Kind::Dynamic)
        {
            return Ok((Expr::Literal(Value::text(kind.as_str())), Kind::String));
        }
        // A whole dynamic column is not text; reading it again would hide from the table which paths are needed.
        if let ("parse_json", [(Expr::Column(at), Kind::Dynamic)]) = (function.name, bound.as_slice())
            && row.fields.get(*at).is_some_and(|field| field.whole)
        {
            let (expr, kind) = (Expr::Column(*at), Kind::Dynamic);
            return Ok((expr, kind));
        }
        let kind = returned(function, &kinds);
        Ok((Expr::Call(function, bound.into_iter().map(|(expr, _)| expr).collect()), kind))
    }

    /// The forms that are no functions; nothing if it is none of them.
    fn form(
        &mut self,
        name: &Name,
        arguments: &[Assignment],
        span: Span,
        row: Row<'_>,
    ) -> Bound<Option<(Expr, Kind)>> {
        match (&*name.text, arguments) {
            ("toscalar", [one]) => {
                if let ExpressionKind::Table(pipeline) = &one.value.kind {
                    return self.scalar_of(pipeline).map(Some);
                }
                let pipeline = crate::syntax::Pipeline {
                    span: one.value.span,
                    source: crate::syntax::Origin::Expression(one.value.clone()),
                    operators: Vec::new(),
                };
                self.scalar_of(&pipeline).map(Some)
            }
            ("column_ifexists" | "columnifexists", [wanted, other]) => {
                let (wanted, _) = self.expression(&wanted.value, row)?;
                let Expr::Literal(Value::String(wanted)) = wanted else {
                    return Err(arguments_fault(span, "the name of the column is a literal string"));
                };
                if let Some(at) = position(row.fields, &wanted) {
                    let kind = row.fields.get(at).map_or(Kind::Dynamic, |field| field.kind);
                    return Ok(Some((Expr::Column(at), kind)));
                }
                self.expression(&other.value, row).map(Some)
            }
            ("pack_all", _) => self.pack_all(arguments, row).map(Some),
            ("bag_pack_columns", [_, ..]) => self.pack_columns(arguments, row).map(Some),
            ("iscolumnexists", [one]) => {
                let (Expr::Literal(Value::String(wanted)), _) = self.expression(&one.value, row)? else {
                    return Err(arguments_fault(span, "the name of the column is a literal string"));
                };
                let found = position(row.fields, &wanted).is_some();
                Ok(Some((Expr::Literal(Value::Bool(found)), Kind::Bool)))
            }
            _ => Ok(None),
        }
    }

    fn unknown_function(&self, name: &Name) -> Halt {
        let text = &name.text;
        if crate::aggregates::aggregate_named(text).is_some() {
            let message = format!("`{text}` is an aggregate; it belongs into `summarize`");
            return Fault::new(DiagnosticCode::UnknownFunction, name.span, message).into();
        }
        if let Some(reason) = crate::refused::function(text) {
            let message = format!("`{text}` is not available here: {reason}");
            return Fault::new(DiagnosticCode::NotAvailable, name.span, message).into();
        }
        let own = self.entity_names();
        let names = FUNCTIONS
            .iter()
            .flat_map(|function| std::iter::once(&function.name).chain(function.aliases).copied())
            .chain(FORMS.iter().map(|form| form.name))
            .chain(crate::windows::WINDOWS.iter().map(|function| function.name))
            .chain(own.iter().map(|name| &**name));
        Fault::new(DiagnosticCode::UnknownFunction, name.span, format!("there is no function `{text}`"))
            .meant(text, names)
            .into()
    }

    /// Whether the arguments are those that the signature names.
    pub(super) fn check_arguments(
        &self,
        signature: &'static str,
        name: &str,
        kinds: &[Kind],
        arguments: &[Assignment],
        span: Span,
    ) -> Bound<()> {
        let parameters = parameters(signature);
        let least = parameters.iter().filter(|parameter| !parameter.optional).count();
        let many = parameters.last().is_some_and(|parameter| parameter.repeated);
        if kinds.len() < least || (!many && kinds.len() > parameters.len()) {
            let message = format!("`{name}({signature})` does not take {} arguments", kinds.len());
            return Err(arguments_fault(span, message));
        }
        for (at, kind) in kinds.iter().enumerate() {
            let Some(parameter) = parameters.get(at).or(parameters.last()) else { continue };
            if !accepts(parameter.kind, *kind) {
                let place = arguments.get(at).map_or(span, |argument| argument.value.span);
                let message =
                    format!("`{}` of `{name}` is a {}, and this is a {kind}", parameter.name, parameter.kind);
                return Err(kinds_fault(place, message));
            }
        }
        Ok(())
    }

    /// A literal regular expression is looked at before the query runs.
    fn check_pattern(&self, function: &Function, bound: &[(Expr, Kind)], span: Span) -> Bound<()> {
        let at = parameters(function.signature).iter().position(|parameter| parameter.name == "regex");
        let Some((Expr::Literal(Value::String(pattern)), _)) = at.and_then(|at| bound.get(at)) else {
            return Ok(());
        };
        crate::context::compile_pattern(pattern, self.limits.regex_bytes).map(|_| ()).map_err(|reason| {
            let message = format!("this is not a regular expression: {reason}");
            Fault::new(DiagnosticCode::Pattern, span, message).into()
        })
    }

    /// `pack(name, tier = x)`: names of arguments are accepted, as published queries have them, and mean nothing.
    fn bag_pack(
        &mut self,
        function: &'static Function,
        arguments: &[Assignment],
        span: Span,
        row: Row<'_>,
    ) -> Bound<(Expr, Kind)> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.expression(&argument.value, row)?.0);
        }
        if values.len() % 2 == 1 {
            return Err(arguments_fault(span, "a bag is packed from names and values in turn"));
        }
        Ok((Expr::Call(function, values), Kind::Dynamic))
    }

    fn pack_columns(&mut self, arguments: &[Assignment], row: Row<'_>) -> Bound<(Expr, Kind)> {
        let mut values = Vec::new();
        for argument in arguments {
            let (value, _) = self.expression(&argument.value, row)?;
            let Expr::Column(at) = value else {
                return Err(arguments_fault(argument.value.span, "this argument is a column"));
            };
            let name = row.fields.get(at).map_or_else(|| Arc::from(""), |field| field.name.clone());
            values.extend([Expr::Literal(Value::String(name)), value]);
        }
        Ok((self.call_of("bag_pack", values), Kind::Dynamic))
    }

    fn pack_all(&mut self, arguments: &[Assignment], row: Row<'_>) -> Bound<(Expr, Kind)> {
        let mut values = Vec::new();
        for (at, field) in row.fields.iter().enumerate().filter(|(_, field)| !field.hidden) {
            values.push(Expr::Literal(Value::String(field.name.clone())));
            values.push(Expr::Column(at));
        }
        let all = self.call_of("bag_pack", values);
        let ignore = match arguments.first() {
            Some(argument) => self.expression(&argument.value, row)?.0,
            None => return Ok((all, Kind::Dynamic)),
        };
        if matches!(ignore, Expr::Literal(Value::Bool(true))) {
            return Ok((self.call_of("bag_without_nulls", vec![all]), Kind::Dynamic));
        }
        Ok((all, Kind::Dynamic))
    }

    /// Puts a function of `let` in the place of its call.
    pub(super) fn user_call(
        &mut self,
        body: &Arc<Body>,
        names: Environment,
        arguments: &[Assignment],
        span: Span,
        row: Row<'_>,
        piped: Option<Node>,
    ) -> Bound<Entity> {
        let Body::Function { parameters, definitions, pipeline } = &**body else {
            return Err(kinds_fault(span, "this is not a function"));
        };
        self.calls += 1;
        if self.calls > self.limits.depth {
            let message = format!("functions call each other more than {} deep", self.limits.depth);
            return Err(Fault::new(DiagnosticCode::Limit, span, message).into());
        }
        if arguments.len() > parameters.len() - usize::from(piped.is_some() && !parameters.is_empty()) {
            let message = format!(
                "the function takes {} arguments, and these are {}",
                parameters.len(),
                arguments.len()
            );
            return Err(arguments_fault(span, message));
        }
        let mut inner = Vec::with_capacity(parameters.len());
        let mut given = arguments.iter();
        let mut piped = piped;
        for parameter in parameters {
            let entity = match piped.take() {
                Some(node) => Entity::Table(node),
                None => {
                    let named = arguments
                        .iter()
                        .find(|a| a.names.first().is_some_and(|name| name.text == parameter.name.text));
                    self.argument(parameter, named.or_else(|| given.next()), span, row)?
                }
            };
            inner.push((parameter.name.text.clone(), entity));
        }
        let outer = std::mem::replace(&mut self.names, names);
        for (name, entity) in inner {
            self.name(&name, entity);
        }
        // What is inside is a query of its own, and not about the rows of the operator around.
        let windows = self.windows.take();
        let result = self.definitions(definitions).and_then(|()| self.table_or_scalar(pipeline));
        self.windows = windows;
        self.names = outer;
        self.calls -= 1;
        result
    }

    fn argument(
        &mut self,
        parameter: &Parameter,
        given: Option<&Assignment>,
        span: Span,
        row: Row<'_>,
    ) -> Bound<Entity> {
        let expression = given.map(|given| &given.value).or(parameter.default.as_ref()).ok_or_else(|| {
            arguments_fault(span, format!("the argument `{}` is missing", parameter.name.text))
        })?;
        let Some(kind) = parameter.kind else {
            let node = match &expression.kind {
                ExpressionKind::Table(pipeline) => self.pipeline(pipeline, None)?,
                _ => self.table(expression)?,
            };
            self.count_operators(weight(&node), span)?;
            return Ok(Entity::Table(node));
        };
        let (expr, given) = self.expression(expression, row)?;
        if !accepts(kind.as_str(), given) {
            let message = format!("`{}` is a {kind}, and this is a {given}", parameter.name.text);
            return Err(kinds_fault(expression.span, message));
        }
        Ok(Entity::Scalar(expr, kind))
    }
}

/// What the signature cannot say: pairs, and values that have to be of one kind.
fn check_kinds(function: &Function, name: &Name, arguments: &[Assignment], kinds: &[Kind]) -> Bound<()> {
    if function.name == "case" && kinds.len().is_multiple_of(2) {
        let message = "`case` has a value behind each condition, and one for all else";
        return Err(arguments_fault(name.span, message));
    }
    if matches!(function.name, "coalesce" | "max_of" | "min_of") {
        let first = kinds.first().copied().unwrap_or(Kind::Dynamic);
        for (argument, kind) in arguments.iter().zip(kinds) {
            let fits = *kind == first || (kind.is_number() && first.is_number());
            if !fits && ![*kind, first].contains(&Kind::Dynamic) {
                let message = format!("a {first} and a {kind} have no kind in common");
                return Err(kinds_fault(argument.value.span, message));
            }
        }
    }
    Ok(())
}

/// The kind of a function's result.
fn returned(function: &Function, kinds: &[Kind]) -> Kind {
    match function.returns {
        Returns::Kind(kind) => kind,
        Returns::Argument(at) => kinds.get(at).copied().unwrap_or(Kind::Dynamic),
        Returns::Common(from, step) => {
            let mut candidates: Vec<Kind> = kinds.iter().skip(from).step_by(step).copied().collect();
            // The last argument of `case` stands where a condition would be.
            if step > 1 {
                candidates.extend(kinds.last());
            }
            common(&candidates)
        }
    }
}

/// The kind that all of them fit.
pub(super) fn common(kinds: &[Kind]) -> Kind {
    let mut kinds = kinds.iter().copied();
    let Some(first) = kinds.next() else { return Kind::Dynamic };
    kinds.fold(first, |left, right| match (left, right) {
        _ if left == right => left,
        _ if left.is_number() && right.is_number() => {
            if matches!(left, Kind::Real | Kind::Decimal) || matches!(right, Kind::Real | Kind::Decimal) {
                Kind::Real
            } else {
                Kind::Long
            }
        }
        _ => Kind::Dynamic,
    })
}
