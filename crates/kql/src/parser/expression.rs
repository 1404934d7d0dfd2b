//! Expressions, by precedence: `or`, `and`, comparisons, sums, products, signs, paths.

use super::{Parsed, Parser};
use crate::diagnostic::Span;
use crate::lexer::TokenKind;
use crate::syntax::{Assignment, BinaryOperator, Expression, ExpressionKind, Name};
use crate::text::TextOperator;
use crate::value::{Kind, Value};
use std::sync::Arc;

/// How strongly a comparison binds.
const COMPARISON: u8 = 3;

impl Parser {
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.nested(|parser| parser.climb(0))
    }

    /// Puts a tree together, if it is not too deep for those who walk it.
    fn node(&mut self, span: Span, children: &[usize], kind: ExpressionKind) -> Parsed<Expression> {
        let depth = children.iter().max().copied().unwrap_or(0) + 1;
        if depth > self.limit { self.too_deep() } else { Ok(Expression { span, depth, kind }) }
    }

    fn climb(&mut self, level: u8) -> Parsed<Expression> {
        let mut left = self.signed()?;
        while let Some((binding, operator, tokens)) = self.operator_ahead() {
            if binding < level {
                break;
            }
            if matches!(operator, Infix::Or | Infix::And) {
                left = self.chain(left, operator, binding)?;
                continue;
            }
            self.at += tokens;
            left = self.infix(left, operator, binding)?;
            // Comparisons do not follow each other: `1 < 2 < 3` is a mistake.
            if binding == COMPARISON && self.operator_ahead().is_some_and(|(next, ..)| next == COMPARISON) {
                return self.stop(&["`and`", "`or`", "the end of the condition"]);
            }
        }
        Ok(left)
    }

    /// `a or b or c …`: a tree as flat as can be, because people write hundreds of them.
    fn chain(&mut self, first: Expression, operator: Infix, binding: u8) -> Parsed<Expression> {
        let (word, binary) = match operator {
            Infix::Or => ("or", BinaryOperator::Or),
            _ => ("and", BinaryOperator::And),
        };
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(self.climb(binding + 1)?);
        }
        while parts.len() > 1 {
            let mut halved = Vec::with_capacity(parts.len().div_ceil(2));
            let mut rest = parts.into_iter();
            while let Some(left) = rest.next() {
                halved.push(match rest.next() {
                    Some(right) => self.binary(binary, left, right)?,
                    None => left,
                });
            }
            parts = halved;
        }
        match parts.pop() {
            Some(whole) => Ok(whole),
            None => self.stop(&["an expression"]),
        }
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        left: Expression,
        right: Expression,
    ) -> Parsed<Expression> {
        let (span, depths) = (left.span.to(right.span), [left.depth, right.depth]);
        self.node(span, &depths, ExpressionKind::Binary(operator, Box::new(left), Box::new(right)))
    }

    fn infix(&mut self, left: Expression, operator: Infix, binding: u8) -> Parsed<Expression> {
        match operator {
            Infix::And => self.chain(left, Infix::And, binding),
            Infix::Or => self.chain(left, Infix::Or, binding),
            Infix::Binary(operator) => {
                let right = self.nested(|parser| parser.climb(binding + 1))?;
                self.binary(operator, left, right)
            }
            Infix::In { ignore_case, negated } => {
                let values = self.values()?;
                let (span, depths) = self.span_and_depths(&left, &values);
                let needle = Box::new(left);
                self.node(span, &depths, ExpressionKind::In { needle, ignore_case, negated, values })
            }
            Infix::Has { all } => {
                let values = self.values()?;
                let (span, depths) = self.span_and_depths(&left, &values);
                self.node(span, &depths, ExpressionKind::Has { needle: Box::new(left), all, values })
            }
            Infix::Between { negated } => {
                self.expect_sign("(")?;
                let from = self.expression()?;
                self.expect_sign("..")?;
                let to = self.expression()?;
                self.expect_sign(")")?;
                let depths = [left.depth, from.depth, to.depth];
                let span = left.span.to(self.last_span());
                let (value, from, to) = (Box::new(left), Box::new(from), Box::new(to));
                self.node(span, &depths, ExpressionKind::Between { value, negated, from, to })
            }
        }
    }

    fn span_and_depths(&self, left: &Expression, values: &[Expression]) -> (Span, Vec<usize>) {
        let depths = values.iter().map(|value| value.depth).chain([left.depth]).collect();
        (left.span.to(self.last_span()), depths)
    }

    /// `(a, b)`, or a pipeline whose first column is the list.
    fn values(&mut self) -> Parsed<Vec<Expression>> {
        self.expect_sign("(")?;
        let values = self.list(Self::table_or_expression)?;
        self.expect_sign(")")?;
        Ok(values)
    }

    /// An expression, or a pipeline where a `|` follows it or a word begins one.
    pub(super) fn table_or_expression(&mut self) -> Parsed<Expression> {
        self.nested(|parser| {
            let before = parser.at;
            if !parser.begins_pipeline() {
                let expression = parser.expression()?;
                if !parser.is_sign("|") {
                    return Ok(expression);
                }
                parser.at = before;
            }
            let pipeline = parser.pipeline()?;
            let span = pipeline.span;
            parser.node(span, &[], ExpressionKind::Table(Box::new(pipeline)))
        })
    }

    fn signed(&mut self) -> Parsed<Expression> {
        let span = self.span();
        if self.take_sign("-") {
            self.refuse_second_sign()?;
            let value = self.nested(Self::signed)?;
            let (span, depth) = (span.to(value.span), value.depth);
            let folded = match &value.kind {
                ExpressionKind::Literal(Value::Long(n), kind) => {
                    n.checked_neg().map(|n| (Value::Long(n), *kind))
                }
                ExpressionKind::Literal(Value::Real(n), kind) => Some((Value::Real(-n), *kind)),
                ExpressionKind::Literal(Value::Timespan(n), kind) => {
                    n.checked_neg().map(|n| (Value::Timespan(n), *kind))
                }
                _ => None,
            };
            return match folded {
                Some((value, kind)) => self.node(span, &[], ExpressionKind::Literal(value, kind)),
                None => self.node(span, &[depth], ExpressionKind::Negate(Box::new(value))),
            };
        }
        if self.take_sign("+") {
            self.refuse_second_sign()?;
            return self.nested(Self::signed);
        }
        let primary = self.primary()?;
        self.path(primary)
    }

    /// `.name`, `.["name"]`, `[0]`, `["name"]` behind an expression.
    fn path(&mut self, mut value: Expression) -> Parsed<Expression> {
        loop {
            let dotted = self.take_sign(".");
            if !self.is_sign("[") {
                if !dotted {
                    return Ok(value);
                }
                let name = self.name()?;
                // Which database it is does not matter here, and a cluster has some.
                if &*name.text == "database" && self.take_sign("(") {
                    self.list(Self::argument)?;
                    self.expect_sign(")")?;
                }
                let (span, depth) = (value.span.to(name.span), value.depth);
                value = self.node(span, &[depth], ExpressionKind::Member(Box::new(value), name.text))?;
                continue;
            }
            self.advance();
            let index = self.expression()?;
            self.expect_sign("]")?;
            let span = value.span.to(self.last_span());
            let depths = [value.depth, index.depth];
            let value_box = Box::new(value);
            let kind = match index.kind {
                ExpressionKind::Literal(Value::String(name), _) => ExpressionKind::Member(value_box, name),
                _ => ExpressionKind::Index(value_box, Box::new(index)),
            };
            value = self.node(span, &depths, kind)?;
        }
    }

    /// One sign is enough before a number: two are a slip of the hand.
    fn refuse_second_sign(&mut self) -> Parsed<()> {
        if self.is_sign("-") || self.is_sign("+") { self.stop(&["an expression"]) } else { Ok(()) }
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let token = self.token().clone();
        match token.kind {
            TokenKind::Literal(value, kind) => {
                self.advance();
                self.node(token.span, &[], ExpressionKind::Literal(value, kind))
            }
            TokenKind::Text(text) => {
                self.advance();
                // Strings side by side are one string.
                let mut whole = text.to_string();
                while let TokenKind::Text(more) = &self.token().kind {
                    whole.push_str(more);
                    self.advance();
                }
                let value = Value::String(Arc::from(whole));
                let span = token.span.to(self.last_span());
                self.node(span, &[], ExpressionKind::Literal(value, Kind::String))
            }
            TokenKind::Sign("(") => {
                self.advance();
                let mut inner = self.table_or_expression()?;
                self.expect_sign(")")?;
                inner.span = token.span.to(self.last_span());
                Ok(inner)
            }
            TokenKind::Sign("*") if !matches!(self.ahead(1), TokenKind::Text(_) | TokenKind::Literal(..)) => {
                self.advance();
                self.node(token.span, &[], ExpressionKind::Star)
            }
            TokenKind::Sign("[") => {
                let name = self.name()?;
                self.node(name.span, &[], ExpressionKind::Name(name.text))
            }
            TokenKind::Name(name) if matches!(&*name, "and" | "or") => self.stop(&["an expression"]),
            TokenKind::Name(name) => self.named(Name { text: name, span: token.span }),
            TokenKind::Sign(_) | TokenKind::Broken(_) | TokenKind::End => self.stop(&["an expression"]),
        }
    }

    fn named(&mut self, name: Name) -> Parsed<Expression> {
        self.advance();
        if &*name.text == "dynamic" && self.is_sign("(") {
            self.advance();
            let value = self.nested(Self::json)?;
            self.expect_sign(")")?;
            let span = name.span.to(self.last_span());
            return self.node(span, &[], ExpressionKind::Literal(value, Kind::Dynamic));
        }
        if &*name.text == "typeof" && self.take_sign("(") {
            let kind = self.kind()?;
            self.expect_sign(")")?;
            let span = name.span.to(self.last_span());
            return self.node(span, &[], ExpressionKind::Type(kind));
        }
        if !self.take_sign("(") {
            return self.node(name.span, &[], ExpressionKind::Name(name.text));
        }
        let mut arguments = Vec::new();
        if !self.is_sign(")") {
            arguments = self.list(Self::argument)?;
        }
        self.expect_sign(")")?;
        let span = name.span.to(self.last_span());
        let depths: Vec<usize> = arguments.iter().map(|argument| argument.value.depth).collect();
        self.node(span, &depths, ExpressionKind::Call { name, arguments })
    }

    fn argument(&mut self) -> Parsed<Assignment> {
        let names = if self.name_then("=") {
            let name = self.name()?;
            self.advance();
            vec![name]
        } else {
            Vec::new()
        };
        Ok(Assignment { names, value: self.table_or_expression()? })
    }

    /// The inside of `dynamic(…)`: JSON, with strings and literals of this language.
    fn json(&mut self) -> Parsed<Value> {
        let token = self.token().clone();
        match token.kind {
            TokenKind::Literal(value, _) => {
                self.advance();
                Ok(value)
            }
            TokenKind::Text(text) => {
                self.advance();
                Ok(Value::String(text))
            }
            TokenKind::Name(name) if &*name == "null" => {
                self.advance();
                Ok(Value::Null)
            }
            TokenKind::Sign("-") => {
                self.advance();
                match self.json()? {
                    Value::Long(number) => Ok(Value::Long(number.wrapping_neg())),
                    Value::Real(number) => Ok(Value::Real(-number)),
                    _ => self.stop(&["a number"]),
                }
            }
            TokenKind::Sign("[") => {
                self.advance();
                let mut values = Vec::new();
                if !self.is_sign("]") {
                    values = self.list(|parser| parser.nested(Self::json))?;
                }
                self.expect_sign("]")?;
                Ok(Value::array(values))
            }
            TokenKind::Sign("{") => {
                self.advance();
                let mut members = Vec::new();
                if !self.is_sign("}") {
                    members = self.list(Self::json_member)?;
                }
                self.expect_sign("}")?;
                Ok(Value::bag(members))
            }
            TokenKind::Name(_) | TokenKind::Sign(_) | TokenKind::Broken(_) | TokenKind::End => {
                self.stop(&["a JSON value"])
            }
        }
    }

    fn json_member(&mut self) -> Parsed<(Arc<str>, Value)> {
        let TokenKind::Text(name) = self.token().kind.clone() else { return self.stop(&["a string"]) };
        self.advance();
        self.expect_sign(":")?;
        Ok((name, self.nested(Self::json)?))
    }

    /// The operator at this place, how strongly it binds, and how many tokens it is.
    fn operator_ahead(&self) -> Option<(u8, Infix, usize)> {
        let token = &self.token().kind;
        if let TokenKind::Sign(sign) = token {
            let (binding, operator) = match *sign {
                "*" => (6, BinaryOperator::Multiply),
                "/" => (6, BinaryOperator::Divide),
                "%" => (6, BinaryOperator::Modulo),
                "+" => (5, BinaryOperator::Add),
                "-" => (5, BinaryOperator::Subtract),
                "<" => (COMPARISON, BinaryOperator::Less),
                "<=" => (COMPARISON, BinaryOperator::LessOrEqual),
                ">" => (COMPARISON, BinaryOperator::Greater),
                ">=" => (COMPARISON, BinaryOperator::GreaterOrEqual),
                "==" => (COMPARISON, BinaryOperator::Equal),
                "!=" | "<>" => (COMPARISON, BinaryOperator::NotEqual),
                "=~" => (COMPARISON, BinaryOperator::EqualIgnoringCase),
                "!~" => (COMPARISON, BinaryOperator::NotEqualIgnoringCase),
                ":" if self.searching => {
                    let has = TextOperator {
                        search: crate::text::Search::Has,
                        case_sensitive: false,
                        negated: false,
                    };
                    return Some((COMPARISON, Infix::Binary(BinaryOperator::Text(has)), 1));
                }
                "!" => return self.word_operator(1, true),
                _ => return None,
            };
            return Some((binding, Infix::Binary(operator), 1));
        }
        self.word_operator(0, false)
    }

    fn word_operator(&self, distance: usize, negated: bool) -> Option<(u8, Infix, usize)> {
        let TokenKind::Name(word) = self.ahead(distance) else { return None };
        let next = |sign: &'static str| *self.ahead(distance + 1) == TokenKind::Sign(sign);
        if let Some(operator) = TextOperator::from_word(word, negated) {
            return Some((COMPARISON, Infix::Binary(BinaryOperator::Text(operator)), distance + 1));
        }
        match &**word {
            "between" => Some((COMPARISON, Infix::Between { negated }, distance + 1)),
            "in" if next("~") => Some((COMPARISON, Infix::In { ignore_case: true, negated }, distance + 2)),
            "in" => Some((COMPARISON, Infix::In { ignore_case: false, negated }, distance + 1)),
            "has_any" if !negated => Some((COMPARISON, Infix::Has { all: false }, distance + 1)),
            "has_all" if !negated => Some((COMPARISON, Infix::Has { all: true }, distance + 1)),
            "matches" if !negated => {
                let regex = matches!(self.ahead(1), TokenKind::Name(word) if &**word == "regex");
                regex.then_some((COMPARISON, Infix::Binary(BinaryOperator::MatchesRegex), 2))
            }
            "and" if !negated => Some((2, Infix::And, 1)),
            "or" if !negated => Some((1, Infix::Or, 1)),
            _ => None,
        }
    }
}

/// What stands between two expressions, or behind one.
#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOperator),
    And,
    Or,
    In { ignore_case: bool, negated: bool },
    Has { all: bool },
    Between { negated: bool },
}
