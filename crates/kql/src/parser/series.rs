//! `make-series`: its values, its axis and where that begins and ends.

use super::{Parsed, Parser};
use crate::syntax::{OperatorKind, Series, SeriesValue};

impl Parser {
    pub(super) fn make_series(&mut self) -> Parsed<OperatorKind> {
        let mut fills_nothing = false;
        for (name, value) in self.options()? {
            fills_nothing |=
                &*name.text == "kind" && self.one_of(&value, &[("nonempty", true)], "make-series")?;
        }
        let values = self.list(|parser| {
            let value = parser.assignment()?;
            let mut default = None;
            if parser.take_word("default") {
                parser.expect_sign("=")?;
                default = Some(parser.expression()?);
            }
            Ok(SeriesValue { value, default })
        })?;
        self.expect_word("on")?;
        let axis = self.assignment()?;
        let from = if self.take_word("from") { Some(self.expression()?) } else { None };
        let to = if self.take_word("to") { Some(self.expression()?) } else { None };
        self.expect_word("step")?;
        let step = self.expression()?;
        let by = if self.take_word("by") { self.list(Self::assignment)? } else { Vec::new() };
        let series = Series { values, axis, from, to, step, by, fills_nothing };
        Ok(OperatorKind::MakeSeries(Box::new(series)))
    }
}
