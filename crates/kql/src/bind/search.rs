//! `search` and `find`: a text looked for in all columns, of one table or of many.

use super::{Binder, Bound, Row, position};
use crate::plan::{Expr, Field, Node, Relation};
use crate::syntax::{BinaryOperator as B, Expression, ExpressionKind, Find, Origin, Pipeline};
use crate::text::{Search, TextOperator};
use crate::value::{Kind, Value};
use std::sync::Arc;

impl Binder<'_> {
    /// `search` behind a `|`: the rows with a column that names their table.
    pub(super) fn search(&mut self, node: Node, case_sensitive: bool, term: &Expression) -> Bound<Node> {
        let table = table_of(&node).unwrap_or_else(|| Arc::from(""));
        self.searched(node, table, case_sensitive, term)
    }

    fn searched(
        &mut self,
        node: Node,
        table: Arc<str>,
        case_sensitive: bool,
        term: &Expression,
    ) -> Bound<Node> {
        let condition = self.search_condition(term, case_sensitive, &node.fields)?;
        let node = node.keeping(|input| Relation::Filter { input, condition });
        let mut values = vec![(Field::new("$table", Kind::String), Expr::Literal(Value::String(table)))];
        values.extend(node.identity());
        Ok(node.project(values))
    }

    pub(super) fn search_tables(
        &mut self,
        tables: &[Pipeline],
        case_sensitive: bool,
        term: &Expression,
    ) -> Bound<Node> {
        let mut found = Vec::new();
        for (name, node) in self.tables(tables, term.span)? {
            found.push(self.searched(node, name, case_sensitive, term)?);
        }
        if found.is_empty() {
            let fields = vec![Field::new("$table", Kind::String)];
            return Ok(Node { fields, relation: Relation::Literal(Arc::from([])) });
        }
        Ok(super::join::unite(found, false))
    }

    /// The tables that are named, or all, each with its name.
    fn tables(&mut self, tables: &[Pipeline], span: crate::Span) -> Bound<Vec<(Arc<str>, Node)>> {
        let all: Vec<Pipeline> = self
            .catalog
            .names()
            .into_iter()
            .map(|name| Pipeline {
                span,
                source: Origin::Expression(Expression { span, depth: 1, kind: ExpressionKind::Name(name) }),
                operators: Vec::new(),
            })
            .collect();
        let mut found = Vec::new();
        for pipeline in if tables.is_empty() { &all } else { tables } {
            if let Origin::Expression(Expression { kind: ExpressionKind::Name(pattern), .. }) =
                &pipeline.source
                && pattern.contains('*')
            {
                for name in self.names_like(pattern) {
                    let node = self.scan(&crate::syntax::Name { text: name.clone(), span: pipeline.span })?;
                    found.push((name, node));
                }
                continue;
            }
            let node = self.pipeline(pipeline, None)?;
            let name = match &pipeline.source {
                Origin::Expression(Expression { kind: ExpressionKind::Name(name), .. }) => name.clone(),
                _ => table_of(&node).unwrap_or_else(|| Arc::from("")),
            };
            found.push((name, node));
        }
        Ok(found)
    }

    /// `find`: of each table the wanted columns, with the name of the table in front.
    pub(super) fn find(&mut self, find: &Find) -> Bound<Node> {
        let mut named = Vec::new();
        names_in(&find.term, &mut named);
        let mut tables = self.tables(&find.tables, find.term.span)?;
        // A table without a column that the term is about has nothing to find.
        let mut told = None;
        tables.retain(|(_, node)| {
            let missing = named.iter().find(|name| position(&node.fields, name).is_none());
            told = told.take().or(missing.cloned());
            missing.is_none()
        });
        if let (true, Some(name)) = (tables.is_empty(), told) {
            let name = crate::syntax::Name { text: name, span: find.term.span };
            return Err(super::unknown_column(&name, &[], &[]));
        }
        let shown = |node: &Node, name: &str| {
            position(&node.fields, name).filter(|at| node.fields.get(*at).is_some_and(|field| !field.hidden))
        };
        let wanted: Vec<(Arc<str>, Option<Kind>)> = match &find.columns {
            Some(columns) => columns.iter().map(|(name, kind)| (name.text.clone(), *kind)).collect(),
            None => {
                let first = tables.first().map(|(_, node)| node.fields.clone()).unwrap_or_default();
                let common = |field: &&Field| {
                    !field.hidden
                        && (named.contains(&field.name)
                            || tables.iter().all(|(_, node)| shown(node, &field.name).is_some()))
                };
                first.iter().filter(common).map(|field| (field.name.clone(), None)).collect()
            }
        };
        let is_wanted = |field: &Field| wanted.iter().any(|(name, _)| *name == field.name);
        let rest = |node: &Node| node.fields.iter().any(|field| !field.hidden && !is_wanted(field));
        let pack = find.pack || (find.columns.is_none() && tables.iter().any(|(_, node)| rest(node)));
        let source =
            find.source_column.as_ref().map_or_else(|| Arc::from("source_"), |name| name.text.clone());
        let mut found = Vec::new();
        for (table, node) in tables {
            let condition = self.search_condition(&find.term, false, &node.fields)?;
            let mut values = vec![(Field::new(&source, Kind::String), Expr::Literal(Value::String(table)))];
            for (name, kind) in &wanted {
                let Some(at) = shown(&node, name) else { continue };
                let own = node.fields.get(at).map_or(Kind::Dynamic, |field| field.kind);
                let kind = kind.unwrap_or(own);
                let value = if kind == own {
                    Expr::Column(at)
                } else {
                    self.call_of(super::expand::to_kind(kind), vec![Expr::Column(at)])
                };
                values.push((Field::new(name, kind), value));
            }
            if pack {
                let packed =
                    node.fields.iter().enumerate().filter(|(_, field)| !field.hidden && !is_wanted(field));
                let pairs = packed.flat_map(|(at, field)| {
                    [Expr::Literal(Value::String(field.name.clone())), Expr::Column(at)]
                });
                values.push((Field::new("pack_", Kind::Dynamic), self.call_of("bag_pack", pairs.collect())));
            }
            found.push(node.keeping(|input| Relation::Filter { input, condition }).project(values));
        }
        Ok(super::join::unite(found, false))
    }

    fn search_condition(&mut self, term: &Expression, case_sensitive: bool, fields: &[Field]) -> Bound<Expr> {
        match &term.kind {
            ExpressionKind::Star => Ok(Expr::Literal(Value::Bool(true))),
            ExpressionKind::Literal(Value::String(text), _) => {
                let stem = text.trim_matches('*');
                let search = match (text.starts_with('*'), text.ends_with('*')) {
                    (true, true) => Search::Contains,
                    (true, false) => Search::HasSuffix,
                    (false, true) => Search::HasPrefix,
                    (false, false) => Search::Has,
                };
                let operator = TextOperator { search, case_sensitive, negated: false };
                let wanted = Expr::Literal(Value::text(stem));
                self.count_expressions(fields.len() * 2, term.span)?;
                let tests = fields.iter().enumerate().filter(|(_, field)| !field.hidden).map(|(at, _)| {
                    Expr::Binary(B::Text(operator), Box::new(Expr::Column(at)), Box::new(wanted.clone()))
                });
                let any = super::expression::balanced(tests.collect(), Expr::Or);
                Ok(any.unwrap_or(Expr::Literal(Value::Bool(false))))
            }
            ExpressionKind::Binary(operator @ (B::And | B::Or), left, right) => {
                let left = Box::new(self.search_condition(left, case_sensitive, fields)?);
                let right = Box::new(self.search_condition(right, case_sensitive, fields)?);
                Ok(if *operator == B::And { Expr::And(left, right) } else { Expr::Or(left, right) })
            }
            _ => self.condition(term, Row { fields }),
        }
    }
}

/// The table that rows come from, if they come from one and only some of them are left out.
fn table_of(node: &Node) -> Option<Arc<str>> {
    match &node.relation {
        Relation::Scan { table } => Some(table.clone()),
        Relation::Filter { input, .. }
        | Relation::Project { input, .. }
        | Relation::Take { input, .. }
        | Relation::Sort { input, .. } => table_of(input),
        _ => None,
    }
}

/// The names of columns in a term.
fn names_in(term: &Expression, found: &mut Vec<Arc<str>>) {
    match &term.kind {
        ExpressionKind::Name(name) => found.push(name.clone()),
        ExpressionKind::Member(inner, _) | ExpressionKind::Negate(inner) => names_in(inner, found),
        ExpressionKind::Index(left, right) | ExpressionKind::Binary(_, left, right) => {
            names_in(left, found);
            names_in(right, found);
        }
        ExpressionKind::Call { arguments, .. } => arguments.iter().for_each(|a| names_in(&a.value, found)),
        ExpressionKind::In { needle, .. } | ExpressionKind::Has { needle, .. } => names_in(needle, found),
        ExpressionKind::Between { value, .. } => names_in(value, found),
        ExpressionKind::Literal(..)
        | ExpressionKind::Type(_)
        | ExpressionKind::Star
        | ExpressionKind::Table(_) => {}
    }
}
