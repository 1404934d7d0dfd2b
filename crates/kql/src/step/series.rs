//! `make-series`: groups along an axis, put into one array for each value. Bins that no row fell into have the default.

use super::{BATCH, Pull, Pulled};
use crate::context::{Context, EvaluationError};
use crate::plan::Expr;
use crate::table::Batch;
use crate::value::Value;
use std::collections::HashMap;

/// Bins of one series: as many as the official limit of an array.
const MOST_BINS: usize = 1_048_576;

/// The axis, and what stands before and behind it in a row: keys, the bin, values.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// How many keys there are.
    pub(crate) keys: usize,
    /// Where it begins; at the smallest bin if nothing is said.
    pub(crate) from: Option<Expr>,
    /// Where it ends, which is not a part of it; behind the largest bin if nothing is said.
    pub(crate) to: Option<Expr>,
    pub(crate) step: Expr,
    /// For each value what stands in empty bins.
    pub(crate) defaults: Vec<Value>,
    /// Whether there is a series even where there are no rows.
    pub(crate) is_never_empty: bool,
}

pub(super) struct Series<'p> {
    pub(super) input: Box<dyn Pull + 'p>,
    pub(super) axis: &'p Axis,
    pub(super) context: &'p Context<'p>,
    pub(super) done: bool,
}

/// A key, and its values by bin.
type Line = (Vec<Value>, HashMap<usize, Vec<Value>>);

/// A place on the axis as a number, in the units of its kind.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Long(number) | Value::Datetime(number) | Value::Timespan(number) => Some(*number as f64),
        Value::Real(number) if number.is_finite() => Some(*number),
        _ => None,
    }
}

/// So many steps behind a place; whole numbers are not rounded on the way.
fn behind(start: &Value, step: &Value, steps: usize) -> Value {
    let whole = |start: i64, step: i64| {
        i64::try_from(steps)
            .ok()
            .and_then(|steps| step.checked_mul(steps))
            .and_then(|far| start.checked_add(far))
    };
    match (start, step) {
        (Value::Long(start), Value::Long(step)) => whole(*start, *step).map_or(Value::Null, Value::Long),
        (Value::Datetime(start), Value::Timespan(step)) => {
            whole(*start, *step).map_or(Value::Null, Value::Datetime)
        }
        (Value::Timespan(start), Value::Timespan(step)) => {
            whole(*start, *step).map_or(Value::Null, Value::Timespan)
        }
        _ => match (number(start), number(step)) {
            (Some(start), Some(step)) => Value::Real(start + step * steps as f64),
            _ => Value::Null,
        },
    }
}

impl Series<'_> {
    fn fault(&self, reason: &str) -> EvaluationError {
        EvaluationError::Operator { operator: "make-series", reason: reason.to_owned() }
    }

    /// How many steps lie between two places, if that can be said.
    fn distance(&self, from: &Value, to: &Value, step: f64) -> Result<f64, EvaluationError> {
        match (number(from), number(to)) {
            (Some(from), Some(to)) => Ok((to - from) / step),
            _ => Err(self.fault("where the axis begins and ends is a number, a datetime or a timespan")),
        }
    }

    fn bins(&self, distance: f64) -> Result<usize, EvaluationError> {
        // A distance that is no number is none, and what is too long is refused.
        if distance > MOST_BINS as f64 {
            return Err(self.fault("a series has no more than 1048576 bins; take a larger step"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just compared")]
        let bins = distance.max(0.0).ceil() as usize;
        Ok(bins)
    }

    /// All rows, each with its key, its bin and its values.
    fn read(&mut self) -> Result<Vec<Vec<Value>>, EvaluationError> {
        let mut rows = Vec::new();
        while let Some(batch) = self.input.pull()? {
            for (count, row) in batch.rows().enumerate() {
                self.context.hold(row.iter().map(Value::bytes).sum::<usize>() + 64, "make-series")?;
                // A row without a place on the axis is in no series.
                if row.get(self.axis.keys).is_some_and(|bin| number(bin).is_some()) {
                    rows.push(row.to_vec());
                }
                if count.is_multiple_of(BATCH) {
                    self.context.check()?;
                }
            }
        }
        Ok(rows)
    }

    fn edge(&self, edge: Option<&Expr>) -> Option<Value> {
        edge.map(|edge| edge.evaluate(&[], self.context).into_owned())
    }
}

impl Pull for Series<'_> {
    fn pull(&mut self) -> Pulled {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let rows = self.read()?;
        let keys = self.axis.keys;
        let place = |row: &Vec<Value>| row.get(keys).cloned().unwrap_or_default();
        let order = |left: &Value, right: &Value| {
            number(left).unwrap_or(0.0).total_cmp(&number(right).unwrap_or(0.0))
        };
        let step = self.axis.step.evaluate(&[], self.context).into_owned();
        let Some(width) = number(&step).filter(|width| *width > 0.0) else {
            return Err(self.fault("the step is above zero"));
        };
        let smallest = rows.iter().map(place).min_by(order);
        let largest = rows.iter().map(place).max_by(order);
        let mut made = Batch::new(keys + self.axis.defaults.len() + 1);
        let Some(from) = self.edge(self.axis.from.as_ref()).or(smallest) else { return Ok(Some(made)) };
        let bins = match (self.edge(self.axis.to.as_ref()), &largest) {
            (Some(to), _) => self.bins(self.distance(&from, &to, width)?)?,
            (None, Some(largest)) => self.bins(self.distance(&from, largest, width)?.round() + 1.0)?,
            (None, None) => 0,
        };
        let mut index: HashMap<Vec<Value>, usize> = HashMap::new();
        let mut lines: Vec<Line> = Vec::new();
        for row in rows {
            let far = self.distance(&from, &place(&row), width)?.round();
            let bin = self.bins(far)?;
            let key = row.get(..keys).unwrap_or_default().to_vec();
            let at = *index.entry(key.clone()).or_insert(lines.len());
            if at == lines.len() {
                lines.push((key, HashMap::new()));
            }
            if let Some((_, values)) = lines.get_mut(at) {
                values.insert(bin, row.get(keys + 1..).unwrap_or_default().to_vec());
            }
        }
        if lines.is_empty() && keys == 0 && self.axis.is_never_empty {
            lines.push((Vec::new(), HashMap::new()));
        }
        let places: Vec<Value> = (0..bins).map(|bin| behind(&from, &step, bin)).collect();
        let places = Value::array(places);
        for (key, values) in lines {
            self.context.check()?;
            self.context.hold((bins + 1) * self.axis.defaults.len() * 32, "make-series")?;
            let series = self.axis.defaults.iter().enumerate().map(|(at, default)| {
                let value = |bin| values.get(&bin).and_then(|row| row.get(at)).unwrap_or(default).clone();
                Value::array((0..bins).map(value).collect::<Vec<_>>())
            });
            let row: Vec<Value> = key.into_iter().chain(series).chain([places.clone()]).collect();
            made.push(row);
        }
        Ok(Some(made))
    }
}
