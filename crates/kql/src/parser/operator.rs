//! The operators behind a `|`.

use super::{Parsed, Parser};
use crate::diagnostic::{DiagnosticCode, Fault, Span};
use crate::lexer::TokenKind;
use crate::operators::{OPERATORS, operator_named};
use crate::syntax::{
    Assignment, ColumnPattern, Expansion, Expression, ExpressionKind, JoinKind, Name, Operator, OperatorKind,
    ParseKind, ParsePart, SortKey, Union,
};
use crate::value::{Kind, Value};
use std::sync::Arc;

const JOIN_KINDS: &[(&str, JoinKind)] = &[
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("rightsemi", JoinKind::RightSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("rightanti", JoinKind::RightAnti),
    ("anti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("rightantisemi", JoinKind::RightAnti),
];

const LOOKUP_KINDS: &[(&str, JoinKind)] = &[("leftouter", JoinKind::LeftOuter), ("inner", JoinKind::Inner)];

const PARSE_KINDS: &[(&str, ParseKind)] =
    &[("simple", ParseKind::Simple), ("regex", ParseKind::Regex), ("relaxed", ParseKind::Relaxed)];

impl Parser {
    /// The word of an operator at this place, with its hyphens, and how many tokens it is.
    fn operator_word(&self) -> Option<(String, usize, Span)> {
        let TokenKind::Name(first) = &self.token().kind else { return None };
        let (mut word, mut count, mut span) = (first.to_string(), 1, self.span());
        let place = |distance: usize| self.tokens.get(self.at + distance).map(|token| token.span);
        while let (TokenKind::Sign("-"), TokenKind::Name(next)) = (self.ahead(count), self.ahead(count + 1)) {
            let (Some(hyphen), Some(name)) = (place(count), place(count + 1)) else { break };
            if hyphen.start != span.end || name.start != hyphen.end {
                break;
            }
            word = format!("{word}-{next}");
            span = span.to(name);
            count += 2;
        }
        Some((word, count, span))
    }

    /// Whether an operator begins here, and not a table of the same name.
    pub(super) fn begins_operator(&self) -> bool {
        let Some((word, count, _)) = self.operator_word() else { return false };
        // `union` and `search` begin a pipeline of their own.
        if operator_named(&word).is_none() || matches!(word.as_str(), "union" | "search") {
            return false;
        }
        match self.ahead(count) {
            TokenKind::Sign("|") | TokenKind::End => matches!(word.as_str(), "count" | "getschema"),
            TokenKind::Sign("(") => matches!(word.as_str(), "where" | "filter" | "extend" | "project"),
            TokenKind::Sign(sign) => matches!(*sign, "[" | "*" | "-" | "@") && !matches!(word.as_str(), "as"),
            TokenKind::Name(_) | TokenKind::Text(_) | TokenKind::Literal(..) | TokenKind::Broken(_) => true,
        }
    }

    pub(super) fn operator(&mut self) -> Parsed<Operator> {
        let Some((word, count, span)) = self.operator_word() else { return self.stop(&["an operator"]) };
        let Some(known) = operator_named(&word) else {
            if let Some(reason) = crate::refused::operator(&word) {
                let message = format!("`{word}` is not available here: {reason}");
                self.fault(Fault::new(DiagnosticCode::NotAvailable, span, message));
                return Err(super::Stop);
            }
            let names = OPERATORS.iter().map(|operator| operator.name);
            let mut fault =
                Fault::new(DiagnosticCode::UnknownOperator, span, format!("`{word}` is not an operator"))
                    .meant(&word, names);
            fault.expected = vec!["an operator".to_owned()];
            self.fault(fault);
            return Err(super::Stop);
        };
        for _ in 0..count {
            self.advance();
        }
        let kind = self.nested(|parser| parser.operands(known.name))?;
        Ok(Operator { span: span.to(self.last_span()), kind })
    }

    #[expect(clippy::too_many_lines, reason = "a table: one short arm for each operator")]
    fn operands(&mut self, name: &str) -> Parsed<OperatorKind> {
        Ok(match name {
            "where" => OperatorKind::Where(self.expression()?),
            "project" => OperatorKind::Project(self.assignments()?),
            "project-away" => OperatorKind::ProjectAway(self.patterns()?),
            "project-keep" => OperatorKind::ProjectKeep(self.patterns()?),
            "project-reorder" => OperatorKind::ProjectReorder(self.patterns()?),
            "project-rename" => OperatorKind::ProjectRename(self.assignments()?),
            "extend" => OperatorKind::Extend(self.list(Self::assignment)?),
            "serialize" => OperatorKind::Serialize(self.assignments()?),
            "distinct" => OperatorKind::Distinct(self.list(Self::assignment)?),
            "count" => {
                let named = self.take_word("as");
                OperatorKind::Count(if named { Some(self.name()?) } else { None })
            }
            "take" => OperatorKind::Take(self.expression()?),
            "top" => {
                let count = self.count_before("by")?;
                self.expect_word("by")?;
                self.options()?;
                OperatorKind::Top(count, self.list(Self::sort_key)?)
            }
            "sort" => {
                self.options()?;
                self.expect_word("by")?;
                OperatorKind::Sort(self.list(Self::sort_key)?)
            }
            "summarize" => self.summarize()?,
            "join" => self.join(false)?,
            "lookup" => self.join(true)?,
            "union" => OperatorKind::Union(Box::new(self.union()?)),
            "mv-expand" => OperatorKind::Expand(self.expansion()?),
            "mv-apply" => {
                let expansion = self.expansion()?;
                self.expect_word("on")?;
                self.expect_sign("(")?;
                let pipeline = self.pipeline()?;
                self.expect_sign(")")?;
                OperatorKind::Apply(expansion, Box::new(pipeline))
            }
            "parse" => self.parse_pattern(false)?,
            "parse-where" => self.parse_pattern(true)?,
            "evaluate" => self.evaluate()?,
            "sample" => OperatorKind::Sample(self.expression()?),
            "sample-distinct" => {
                let count = self.count_before("of")?;
                self.expect_word("of")?;
                OperatorKind::SampleDistinct(count, self.assignment()?)
            }
            "search" => {
                let case_sensitive = self.search_options()?;
                OperatorKind::Search { case_sensitive, term: self.search_term()? }
            }
            "top-nested" => OperatorKind::TopNested(self.levels()?),
            "top-hitters" => self.top_hitters()?,
            "make-series" => self.make_series()?,
            "partition" => self.partition()?,
            "parse-kv" => self.parse_kv()?,
            "assert-schema" => OperatorKind::AssertSchema(self.schema()?),
            "as" => {
                self.options()?;
                OperatorKind::As(self.name()?)
            }
            "consume" => {
                self.options()?;
                OperatorKind::Nothing
            }
            "invoke" => OperatorKind::Invoke(self.expression()?),
            "getschema" => OperatorKind::GetSchema,
            _ => {
                // `render chart with (…)`: words for a client.
                self.name()?;
                while !self.at_end() && !["|", ")", ";", "}"].iter().any(|sign| self.is_sign(sign)) {
                    let inside = self.take_sign("(");
                    while inside && !self.at_end() && !self.take_sign(")") {
                        self.advance();
                    }
                    if !inside {
                        self.advance();
                    }
                }
                OperatorKind::Nothing
            }
        })
    }

    /// Whether the operator ends here.
    pub(super) fn ends(&self) -> bool {
        self.at_end() || ["|", ")", ";", "}"].iter().any(|sign| self.is_sign(sign))
    }

    /// Assignments, or none at all.
    fn assignments(&mut self) -> Parsed<Vec<Assignment>> {
        if self.ends() { Ok(Vec::new()) } else { self.list(Self::assignment) }
    }

    /// Columns with `*`, or none at all.
    fn patterns(&mut self) -> Parsed<Vec<ColumnPattern>> {
        if self.ends() { Ok(Vec::new()) } else { self.list(Self::pattern) }
    }

    /// A number of rows, which is not the word that follows it.
    pub(super) fn count_before(&mut self, word: &str) -> Parsed<Expression> {
        if self.is_word(word) { self.stop(&["a number"]) } else { self.expression() }
    }

    /// `name = expression`, `(a, b) = expression`, or an expression.
    pub(super) fn assignment(&mut self) -> Parsed<Assignment> {
        if self.name_then("=") {
            let name = self.name()?;
            self.advance();
            return Ok(Assignment { names: vec![name], value: self.expression()? });
        }
        if self.is_sign("(") {
            let before = (self.at, self.faults.len());
            self.advance();
            if let Ok(names) = self.list(Self::name)
                && self.take_sign(")")
                && self.take_sign("=")
            {
                return Ok(Assignment { names, value: self.expression()? });
            }
            self.at = before.0;
            self.faults.truncate(before.1);
        }
        Ok(Assignment { names: Vec::new(), value: self.expression()? })
    }

    pub(super) fn sort_key(&mut self) -> Parsed<SortKey> {
        let value = self.assignment()?;
        let ascending = self.take_word("asc");
        if !ascending {
            self.take_word("desc");
        }
        let mut nulls_first = ascending;
        if self.take_word("nulls") {
            nulls_first = self.take_word("first");
            if !nulls_first {
                self.expect_word("last")?;
            }
        }
        Ok(SortKey { value, ascending, nulls_first })
    }

    /// A name in which `*` stands for any letters.
    fn pattern(&mut self) -> Parsed<ColumnPattern> {
        let start = self.span();
        let mut name = if self.is_sign("*") { None } else { Some(self.name()?) };
        while self.is_sign("*") && (name.is_none() || self.span().start == self.last_span().end) {
            self.advance();
            let mut text = name.map_or_else(String::new, |name: Name| name.text.to_string()) + "*";
            if self.span().start == self.last_span().end
                && let Some(word) = self.word()
            {
                text.push_str(word);
                self.advance();
            }
            name = Some(Name { text: Arc::from(text), span: start.to(self.last_span()) });
        }
        let Some(name) = name else { return self.stop(&["a column"]) };
        // `granny` orders the numbers in names by what they say; names here have few.
        if self.is_word("granny") && *self.ahead(1) == TokenKind::Sign("-") {
            self.advance();
            self.advance();
        }
        let order = if self.take_word("asc") {
            Some(true)
        } else if self.take_word("desc") {
            Some(false)
        } else {
            None
        };
        Ok(ColumnPattern { name, order })
    }

    fn summarize(&mut self) -> Parsed<OperatorKind> {
        self.options()?;
        let values = if self.is_word("by") { Vec::new() } else { self.assignments()? };
        let by = if self.take_word("by") { self.list(Self::assignment)? } else { Vec::new() };
        if values.is_empty() && by.is_empty() {
            return self.stop(&["an aggregate", "`by`"]);
        }
        self.options()?;
        Ok(OperatorKind::Summarize { values, by })
    }

    /// `name = value` pairs before the operands; `hint.` ones have no meaning here.
    pub(super) fn options(&mut self) -> Parsed<Vec<(Name, Name)>> {
        let mut found = Vec::new();
        loop {
            let hint = self.word().is_some_and(|word| word.starts_with("hint"));
            let dotted = hint && *self.ahead(1) == TokenKind::Sign(".");
            if dotted {
                self.advance();
                self.advance();
            }
            let known = matches!(
                self.word(),
                Some(
                    "kind"
                        | "withsource"
                        | "isfuzzy"
                        | "bagexpansion"
                        | "with_itemindex"
                        | "flags"
                        | "source"
                )
            ) || self.word().is_some_and(|word| word.starts_with("with_"));
            if !((dotted || known) && self.name_then("=")) {
                return Ok(found);
            }
            let name = self.name()?;
            self.advance();
            let span = self.span();
            let value = match self.token().kind.clone() {
                TokenKind::Name(text) | TokenKind::Text(text) => text,
                TokenKind::Literal(Value::Bool(value), _) => Arc::from(if value { "true" } else { "false" }),
                TokenKind::Literal(..) => Arc::from("literal"),
                TokenKind::Sign(_) | TokenKind::Broken(_) | TokenKind::End => return self.stop(&["a word"]),
            };
            self.advance();
            if !dotted {
                found.push((name, Name { text: value, span }));
            }
        }
    }

    fn join(&mut self, lookup: bool) -> Parsed<OperatorKind> {
        let mut kind = if lookup { JoinKind::LeftOuter } else { JoinKind::InnerUnique };
        for (name, value) in self.options()? {
            if &*name.text != "kind" {
                continue;
            }
            let kinds: &[(&str, JoinKind)] = if lookup { LOOKUP_KINDS } else { JOIN_KINDS };
            kind = self.one_of(&value, kinds, if lookup { "lookup" } else { "join" })?;
        }
        let right = self.leg()?;
        self.expect_word("on")?;
        let on = self.list(Self::expression)?;
        Ok(OperatorKind::Join { kind, lookup, right: Box::new(right), on })
    }

    /// The meaning of a word, which is one of a few.
    pub(super) fn one_of<T: Copy>(&mut self, word: &Name, known: &[(&str, T)], what: &str) -> Parsed<T> {
        if let Some((_, meaning)) = known.iter().find(|(name, _)| *name == &*word.text) {
            return Ok(*meaning);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let message = format!("`{}` is not a kind of {what}", word.text);
        let mut fault =
            Fault::new(DiagnosticCode::Syntax, word.span, message).meant(&word.text, names.iter().copied());
        fault.expected = names.into_iter().map(str::to_owned).collect();
        self.fault(fault);
        Err(super::Stop)
    }

    /// A table in parentheses, or its name, in which `*` stands for any letters.
    pub(super) fn leg(&mut self) -> Parsed<crate::syntax::Pipeline> {
        if self.take_sign("(") {
            let pipeline = self.pipeline()?;
            self.expect_sign(")")?;
            return Ok(pipeline);
        }
        if let Some(expression) = self.wildcard() {
            return Ok(crate::syntax::Pipeline {
                span: expression.span,
                source: crate::syntax::Origin::Expression(expression),
                operators: Vec::new(),
            });
        }
        let expression = self.expression()?;
        Ok(crate::syntax::Pipeline {
            span: expression.span,
            source: crate::syntax::Origin::Expression(expression),
            operators: Vec::new(),
        })
    }

    pub(super) fn union(&mut self) -> Parsed<Union> {
        let mut union = Union { inner: false, fuzzy: false, source_column: None, legs: Vec::new() };
        for (name, value) in self.options()? {
            match &*name.text {
                "kind" => {
                    union.inner = self.one_of(&value, &[("inner", true), ("outer", false)], "union")?;
                }
                "withsource" => union.source_column = Some(value),
                "isfuzzy" => union.fuzzy = &*value.text == "true",
                _ => {}
            }
        }
        union.legs = self.list(Self::leg)?;
        Ok(union)
    }

    fn expansion(&mut self) -> Parsed<Expansion> {
        let (mut index, mut as_arrays) = (None, false);
        for (name, value) in self.options()? {
            match &*name.text {
                "with_itemindex" => index = Some(value),
                "kind" | "bagexpansion" => {
                    as_arrays = self.one_of(&value, &[("bag", false), ("array", true)], "expansion")?;
                }
                _ => {}
            }
        }
        let columns = self.list(|parser| {
            let value = parser.assignment()?;
            let mut kind = None;
            if parser.take_word("to") {
                parser.expect_word("typeof")?;
                parser.expect_sign("(")?;
                kind = Some(parser.kind()?);
                parser.expect_sign(")")?;
            }
            Ok((value, kind))
        })?;
        let limit = if self.take_word("limit") { Some(self.expression()?) } else { None };
        Ok(Expansion { columns, index, as_arrays, limit })
    }

    fn parse_pattern(&mut self, filter: bool) -> Parsed<OperatorKind> {
        let (mut kind, mut flags) = (ParseKind::Simple, Arc::from(""));
        for (name, value) in self.options()? {
            match &*name.text {
                "kind" => kind = self.one_of(&value, PARSE_KINDS, "pattern")?,
                "flags" => flags = value.text,
                _ => {}
            }
        }
        let value = self.expression()?;
        self.expect_word("with")?;
        let mut parts = Vec::new();
        loop {
            let span = self.span();
            let last = parts.last();
            match self.token().kind.clone() {
                // Only a text says where what stands before it ends.
                TokenKind::Sign("*") if matches!(last, Some(ParsePart::Star(_))) => {
                    return self.stop(&["a string"]);
                }
                TokenKind::Name(_) if matches!(last, Some(ParsePart::Star(_) | ParsePart::Column(..))) => {
                    return self.stop(&["a string"]);
                }
                TokenKind::Sign("*") => {
                    self.advance();
                    parts.push(ParsePart::Star(span));
                }
                TokenKind::Text(text) => {
                    self.advance();
                    parts.push(ParsePart::Text(text, span));
                }
                TokenKind::Name(_) | TokenKind::Sign("[") => {
                    let name = self.name()?;
                    let typed = self.take_sign(":");
                    parts.push(ParsePart::Column(name, if typed { Some(self.kind()?) } else { None }));
                }
                TokenKind::Sign(_) | TokenKind::Literal(..) | TokenKind::Broken(_) | TokenKind::End => break,
            }
        }
        if parts.is_empty() {
            return self.stop(&["`*`", "a string", "a column"]);
        }
        Ok(OperatorKind::Parse { kind, flags, filter, value, parts })
    }

    fn evaluate(&mut self) -> Parsed<OperatorKind> {
        self.options()?;
        let expression = self.expression()?;
        let ExpressionKind::Call { name, arguments } = expression.kind else {
            self.fault(Fault::new(DiagnosticCode::Syntax, expression.span, "this is not a plugin"));
            return Err(super::Stop);
        };
        let schema = if self.take_sign(":") { Some(self.output_schema()?) } else { None };
        Ok(OperatorKind::Evaluate { plugin: name, arguments, schema })
    }
}

/// A literal that is a whole number.
pub(crate) fn literal_count(expression: &Expression) -> Option<usize> {
    match &expression.kind {
        ExpressionKind::Literal(Value::Long(count), Kind::Int | Kind::Long) => usize::try_from(*count).ok(),
        _ => None,
    }
}
