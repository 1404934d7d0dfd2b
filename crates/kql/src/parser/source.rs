//! Whole queries, definitions, and where a pipeline begins.

use super::{Parsed, Parser};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::lexer::TokenKind;
use crate::syntax::{Body, Definition, Name, Origin, Parameter, Pipeline, Query};
use crate::value::Kind;
use std::sync::Arc;

impl Parser {
    pub(super) fn query(&mut self) -> Query {
        let mut query = Query::default();
        while !self.at_end() {
            if self.take_sign(";") {
                continue;
            }
            let before = self.at;
            let result = if self.is_word("let") && !self.name_then("|") {
                self.definition().map(|definition| query.definitions.push(definition))
            } else if self.is_word("set") && matches!(self.ahead(1), TokenKind::Name(_) | TokenKind::End) {
                self.client_option()
            } else if self.is_word("declare") && matches!(self.ahead(1), TokenKind::Name(_)) {
                self.declaration(&mut query)
            } else if let Some(reason) = self.refused_statement() {
                self.not_available(reason)
            } else if query.pipeline.is_some() {
                self.stop(&["the end of the query"])
            } else {
                self.pipeline().map(|pipeline| query.pipeline = Some(pipeline))
            };
            if result.is_err() {
                self.skip_statement();
            } else if !self.at_end() && !self.is_sign(";") {
                let _: Parsed<()> = self.stop(&["`|`", "`;`", "the end of the query"]);
                self.skip_statement();
            }
            if self.at == before {
                self.advance();
            }
        }
        if query.pipeline.is_none() && self.faults.is_empty() {
            let _: Parsed<()> = self.stop(&["a table", "an operator"]);
        }
        query
    }

    fn skip_statement(&mut self) {
        while !self.at_end() && !self.is_sign(";") {
            self.advance();
        }
    }

    /// `set name = value`: an option of a client, which has no meaning here.
    fn client_option(&mut self) -> Parsed<()> {
        self.advance();
        self.name()?;
        if self.take_sign("=") {
            self.expression()?;
        }
        Ok(())
    }

    /// `declare query_parameters(a: long = 1)`: values that a client may replace; here they have their defaults.
    fn declaration(&mut self, query: &mut Query) -> Parsed<()> {
        self.advance();
        if !self.is_word("query_parameters") {
            if self.is_word("pattern") {
                return self.not_available("there are no patterns");
            }
            return self.stop(&["`query_parameters`"]);
        }
        self.advance();
        self.expect_sign("(")?;
        let parameters = self.list(Self::parameter)?;
        self.expect_sign(")")?;
        for Parameter { name, kind, default } in parameters {
            let Some(value) = default else {
                let message = format!("the parameter `{}` has no value; give it one with `=`", name.text);
                self.fault(Fault::new(DiagnosticCode::Arguments, name.span, message));
                continue;
            };
            if kind.is_none() {
                self.fault(Fault::new(
                    DiagnosticCode::Kinds,
                    name.span,
                    "a parameter is a value, not a table",
                ));
                continue;
            }
            let source = Origin::Expression(value);
            let pipeline = Pipeline { span: name.span, source, operators: Vec::new() };
            query.definitions.push(Definition { name, body: Arc::new(Body::Pipeline(pipeline)) });
        }
        Ok(())
    }

    /// Why the statement that begins here is not available, if it is one of those.
    fn refused_statement(&self) -> Option<&'static str> {
        let TokenKind::Name(next) = self.ahead(1) else { return None };
        match (self.word()?, &**next) {
            ("alias", "database") => Some("there is one database only"),
            ("restrict", "access") => Some("what a query may read depends on who asks"),
            _ => None,
        }
    }

    fn not_available<T>(&mut self, reason: &str) -> Parsed<T> {
        let word = self.word().unwrap_or_default().to_owned();
        let message = format!("`{word}` is not available here: {reason}");
        self.fault(Fault::new(DiagnosticCode::NotAvailable, self.span(), message));
        Err(super::Stop)
    }

    fn definition(&mut self) -> Parsed<Definition> {
        self.expect_word("let")?;
        let name = self.name()?;
        self.expect_sign("=")?;
        let body = self.nested(Self::body)?;
        Ok(Definition { name, body: Arc::new(body) })
    }

    fn body(&mut self) -> Parsed<Body> {
        self.take_word("view");
        let function = self.is_sign("(")
            && (matches!(
                (self.ahead(1), self.ahead(2)),
                (TokenKind::Name(_), TokenKind::Sign(":")) | (TokenKind::Sign(")"), TokenKind::Sign("{"))
            ));
        if !function {
            return Ok(Body::Pipeline(self.pipeline()?));
        }
        self.expect_sign("(")?;
        let mut parameters = Vec::new();
        if !self.is_sign(")") {
            parameters = self.list(Self::parameter)?;
        }
        self.expect_sign(")")?;
        self.expect_sign("{")?;
        let mut definitions = Vec::new();
        while self.is_word("let") {
            definitions.push(self.definition()?);
            self.expect_sign(";")?;
        }
        let pipeline = self.pipeline()?;
        self.take_sign(";");
        self.expect_sign("}")?;
        Ok(Body::Function { parameters, definitions, pipeline })
    }

    fn parameter(&mut self) -> Parsed<Parameter> {
        let name = self.name()?;
        self.expect_sign(":")?;
        let kind = if self.take_sign("(") {
            let mut open = 1usize;
            while open > 0 && !self.at_end() {
                open = match self.token().kind {
                    TokenKind::Sign("(") => open + 1,
                    TokenKind::Sign(")") => open - 1,
                    _ => open,
                };
                self.advance();
            }
            None
        } else {
            Some(self.kind()?)
        };
        let default = if self.take_sign("=") { Some(self.expression()?) } else { None };
        Ok(Parameter { name, kind, default })
    }

    /// The name of a kind.
    pub(super) fn kind(&mut self) -> Parsed<Kind> {
        match self.word().and_then(Kind::from_name) {
            Some(kind) => {
                self.advance();
                Ok(kind)
            }
            None => self.stop(&Kind::ALL.map(Kind::as_str)),
        }
    }

    /// `(a: long, b: string)`
    pub(super) fn schema(&mut self) -> Parsed<Vec<(Name, Kind)>> {
        self.expect_sign("(")?;
        let columns = if self.is_sign(")") { Vec::new() } else { self.columns()? };
        self.expect_sign(")")?;
        Ok(columns)
    }

    /// `a: long, b: string`
    pub(super) fn columns(&mut self) -> Parsed<Vec<(Name, Kind)>> {
        self.list(|parser| {
            let name = parser.name()?;
            parser.expect_sign(":")?;
            Ok((name, parser.kind()?))
        })
    }

    /// Whether a word here begins a pipeline and cannot be an expression.
    pub(super) fn begins_pipeline(&self) -> bool {
        let Some(word) = self.word() else { return false };
        match (word, self.ahead(1)) {
            (_, TokenKind::Sign("(")) => matches!(word, "datatable" | "union" | "externaldata"),
            ("print" | "range" | "search" | "find", next) => {
                !matches!(next, TokenKind::Sign(_) | TokenKind::End)
            }
            ("union", TokenKind::Name(_)) => true,
            _ => self.begins_operator(),
        }
    }

    /// A source and its operators.
    pub(super) fn pipeline(&mut self) -> Parsed<Pipeline> {
        let start = self.span();
        self.nested(|parser| parser.pipeline_inside(start))
    }

    fn pipeline_inside(&mut self, start: Span) -> Parsed<Pipeline> {
        let mut operators = Vec::new();
        let source = if self.begins_operator() {
            match self.operator() {
                Ok(operator) => operators.push(operator),
                Err(stop) => {
                    if !self.recover() {
                        return Err(stop);
                    }
                }
            }
            Origin::Default
        } else {
            self.origin()?
        };
        let mut stopped = false;
        while self.take_sign("|") {
            match self.operator() {
                Ok(operator) => operators.push(operator),
                Err(super::Stop) => {
                    stopped = true;
                    self.recover();
                    continue;
                }
            }
            if !(self.at_end()
                || self.is_sign("|")
                || self.is_sign(")")
                || self.is_sign(";")
                || self.is_sign("}"))
            {
                stopped = true;
                let _: Parsed<()> = self.stop(&["`|`"]);
                self.recover();
            }
        }
        if stopped {
            return Err(super::Stop);
        }
        Ok(Pipeline { span: start.to(self.last_span()), source, operators })
    }

    fn ends_at(&self, distance: usize) -> bool {
        matches!(self.ahead(distance), TokenKind::Sign(";") | TokenKind::End)
    }

    fn origin(&mut self) -> Parsed<Origin> {
        let next_is_sign = matches!(self.ahead(1), TokenKind::Sign(_) | TokenKind::End);
        let alone = matches!(self.ahead(1), TokenKind::Sign("|" | "." | ")" | ";" | ",") | TokenKind::End);
        if let Some(reason) = self.word().and_then(crate::refused::source)
            && *self.ahead(1) == TokenKind::Sign("(")
        {
            return self.not_available(reason);
        }
        match self.word() {
            Some("datatable") if *self.ahead(1) == TokenKind::Sign("(") => self.datatable(),
            Some("print" | "datatable") if self.ends_at(1) => {
                self.advance();
                self.stop(&["an expression"])
            }
            Some("print")
                if !next_is_sign || matches!(self.ahead(1), TokenKind::Sign("-" | "(" | "[" | "+")) =>
            {
                self.advance();
                Ok(Origin::Print(self.list(Self::assignment)?))
            }
            Some("range") if !next_is_sign => self.range(),
            Some("union") if !alone => {
                self.advance();
                Ok(Origin::Union(Box::new(self.union()?)))
            }
            Some("search" | "find") if !alone && *self.ahead(1) != TokenKind::Sign("=") => {
                let find = self.is_word("find");
                self.advance();
                if find { self.find() } else { self.search() }
            }
            _ if self.is_sign("(") => self.parenthesis(),
            _ => Ok(Origin::Expression(self.expression()?)),
        }
    }

    /// A pipeline in parentheses, or an expression that begins with one.
    fn parenthesis(&mut self) -> Parsed<Origin> {
        let expression = self.expression()?;
        Ok(match expression.kind {
            crate::syntax::ExpressionKind::Table(pipeline) => Origin::Nested(pipeline),
            _ => Origin::Expression(expression),
        })
    }

    fn datatable(&mut self) -> Parsed<Origin> {
        self.advance();
        let columns = self.schema()?;
        self.expect_sign("[")?;
        let mut values = Vec::new();
        while !self.is_sign("]") {
            values.push(self.expression()?);
            if !self.take_sign(",") {
                break;
            }
        }
        self.expect_sign("]")?;
        Ok(Origin::Datatable { columns, values })
    }

    fn range(&mut self) -> Parsed<Origin> {
        self.advance();
        let name = self.name()?;
        self.expect_word("from")?;
        let from = self.expression()?;
        self.expect_word("to")?;
        let to = self.expression()?;
        self.expect_word("step")?;
        let step = self.expression()?;
        Ok(Origin::Range { name, from, to, step })
    }
}
