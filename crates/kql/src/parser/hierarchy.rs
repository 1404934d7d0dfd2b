//! Operators whose operands are clauses of their own: `top-nested`, `top-hitters`, `partition`, `parse-kv`.

use super::{Parsed, Parser};
use crate::lexer::TokenKind;
use crate::syntax::{KeyValueForm, Level, OperatorKind, OutputSchema};
use crate::value::Value;
use std::sync::Arc;

impl Parser {
    /// The levels of `top-nested`; the word stands before each of them.
    pub(super) fn levels(&mut self) -> Parsed<Vec<Level>> {
        let mut levels = vec![self.level()?];
        while self.take_sign(",") {
            for word in ["top", "nested"] {
                if word == "nested" {
                    self.expect_sign("-")?;
                }
                self.expect_word(word)?;
            }
            levels.push(self.level()?);
        }
        Ok(levels)
    }

    fn level(&mut self) -> Parsed<Level> {
        let count = if self.is_word("of") { None } else { Some(self.count_before("by")?) };
        self.expect_word("of")?;
        let key = self.assignment()?;
        let mut others = None;
        if self.take_word("with") {
            self.expect_word("others")?;
            self.expect_sign("=")?;
            others = Some(self.expression()?);
        }
        self.expect_word("by")?;
        Ok(Level { count, key, others, by: self.sort_key()? })
    }

    pub(super) fn top_hitters(&mut self) -> Parsed<OperatorKind> {
        let count = self.count_before("of")?;
        self.expect_word("of")?;
        let of = self.assignment()?;
        let by = if self.take_word("by") { Some(self.expression()?) } else { None };
        Ok(OperatorKind::TopHitters { count, of, by })
    }

    /// `partition by c (operators)`, and the older form with a query in braces.
    pub(super) fn partition(&mut self) -> Parsed<OperatorKind> {
        self.options()?;
        self.expect_word("by")?;
        let name = self.name()?;
        let by = crate::syntax::Expression {
            span: name.span,
            depth: 1,
            kind: crate::syntax::ExpressionKind::Name(name.text),
        };
        self.options()?;
        let close = if self.take_sign("{") {
            "}"
        } else {
            self.expect_sign("(")?;
            ")"
        };
        let body = self.pipeline()?;
        self.expect_sign(close)?;
        Ok(OperatorKind::Partition { by, body: Box::new(body) })
    }

    pub(super) fn parse_kv(&mut self) -> Parsed<OperatorKind> {
        let value = self.expression()?;
        self.expect_word("as")?;
        let columns = self.schema()?;
        let mut form = KeyValueForm::default();
        if self.take_word("with") {
            self.expect_sign("(")?;
            self.list(|parser| parser.key_value_option(&mut form))?;
            self.expect_sign(")")?;
        }
        Ok(OperatorKind::ParseKv { value, columns, form })
    }

    fn key_value_option(&mut self, form: &mut KeyValueForm) -> Parsed<()> {
        const OPTIONS: [&str; 6] =
            ["`pair_delimiter`", "`kv_delimiter`", "`quote`", "`escape`", "`greedy`", "`regex`"];
        let Some(name) = self.word().map(str::to_owned) else { return self.stop(&OPTIONS) };
        if !OPTIONS.iter().any(|option| option.trim_matches('`') == name) {
            return self.stop(&OPTIONS);
        }
        self.advance();
        self.expect_sign("=")?;
        let span = self.span();
        let literal = self.expression()?;
        let text: Arc<str> = match (&*name, literal.kind) {
            ("greedy", crate::syntax::ExpressionKind::Literal(Value::Bool(greedy), _)) => {
                form.greedy = greedy;
                return Ok(());
            }
            (_, crate::syntax::ExpressionKind::Literal(Value::String(text), _)) if name != "greedy" => text,
            _ => {
                self.at = self.at.saturating_sub(1);
                return self.stop(&[if name == "greedy" { "`true` or `false`" } else { "a string" }]);
            }
        };
        match &*name {
            "pair_delimiter" => form.pair = Some(text),
            "kv_delimiter" => form.between = Some(text),
            "quote" => form.quotes.push(text),
            "escape" => form.escapes.push(text),
            _ => form.regex = Some((text, span)),
        }
        Ok(())
    }

    /// `(*, a: long)` behind a plugin.
    pub(super) fn output_schema(&mut self) -> Parsed<OutputSchema> {
        self.expect_sign("(")?;
        let all = self.take_sign("*");
        let mut columns = Vec::new();
        if !all || self.take_sign(",") {
            columns = self.columns()?;
        }
        self.expect_sign(")")?;
        Ok(OutputSchema { all, columns })
    }

    /// A name in which `*` stands for any letters, if one is here: `T*`, `*`.
    pub(super) fn wildcard(&mut self) -> Option<crate::syntax::Expression> {
        let start = self.span();
        let (mut text, mut count, mut end) = (String::new(), 0, start.start);
        let mut has_star = false;
        while let Some(token) = self.tokens.get(self.at + count).filter(|token| token.span.start == end) {
            match &token.kind {
                TokenKind::Name(name) => text.push_str(name),
                TokenKind::Sign("*") => {
                    text.push('*');
                    has_star = true;
                }
                _ => break,
            }
            end = token.span.end;
            count += 1;
        }
        if !has_star {
            return None;
        }
        for _ in 0..count {
            self.advance();
        }
        let span = crate::diagnostic::Span { start: start.start, end };
        Some(crate::syntax::Expression {
            span,
            depth: 1,
            kind: crate::syntax::ExpressionKind::Name(Arc::from(text)),
        })
    }
}
