//! The values of a query: what a cell of a table may hold, and the kinds they are of.
//!
//! A cell knows what it is, and the kind of its column is known when the query is bound.
//! There is therefore no box named *dynamic* around a value: a column of kind [`Kind::Dynamic`] holds plain strings,
//! numbers, arrays and bags, and `int` and `long` (or `real` and `decimal`) differ in the kind of the column alone.
//! A null of every kind is [`Value::Null`]; strings have no null, as in the official language, and read as empty.
//!
//! Equality and hashing are structural: they serve `summarize`, `distinct` and `join`.
//! What `==` means in a query stands in `compare`.

mod bag;
mod json;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use bag::Bag;
pub(crate) use json::{guid_text, parse_guid, parse_json, real_text, to_json_text};

/// The kind of a column or an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `bool`
    Bool,
    /// `int`, 32 bits.
    Int,
    /// `long`, 64 bits.
    Long,
    /// `real`, a double.
    Real,
    /// `decimal`, which is computed as a double.
    Decimal,
    /// `string`
    String,
    /// `datetime`, in ticks of 100 ns.
    Datetime,
    /// `timespan`, in ticks of 100 ns.
    Timespan,
    /// `guid`
    Guid,
    /// `dynamic`: anything that JSON can say.
    Dynamic,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Bool,
        Self::Int,
        Self::Long,
        Self::Real,
        Self::Decimal,
        Self::String,
        Self::Datetime,
        Self::Timespan,
        Self::Guid,
        Self::Dynamic,
    ];

    /// The name in the language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::Datetime => "datetime",
            Self::Timespan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
        }
    }

    /// The kind of a name, with the synonyms of the language.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "bool" | "boolean" => Self::Bool,
            "int" => Self::Int,
            "long" => Self::Long,
            "real" | "double" => Self::Real,
            "decimal" => Self::Decimal,
            "string" => Self::String,
            "datetime" | "date" => Self::Datetime,
            "timespan" | "time" => Self::Timespan,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "dynamic" => Self::Dynamic,
            _ => return None,
        })
    }

    /// Whether it is a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real | Self::Decimal)
    }

    /// What a cell of this kind is when there is nothing: null, and for a string the empty one.
    pub fn nothing(self) -> Value {
        if self == Self::String { Value::text("") } else { Value::Null }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One cell.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Nothing, of any kind.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// An `int` or a `long`.
    Long(i64),
    /// A `real` or a `decimal`.
    Real(f64),
    /// A string.
    String(Arc<str>),
    /// Ticks of 100 ns since the year 1.
    Datetime(i64),
    /// Ticks of 100 ns.
    Timespan(i64),
    /// A guid, as the number its digits write.
    Guid(u128),
    /// A dynamic array.
    Array(Arc<[Self]>),
    /// A dynamic property bag.
    Bag(Arc<Bag>),
}

impl Value {
    /// A string.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::String(Arc::from(text.as_ref()))
    }

    /// A dynamic array.
    pub fn array(values: impl IntoIterator<Item = Self>) -> Self {
        Self::Array(values.into_iter().collect())
    }

    /// A property bag.
    pub fn bag<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Bag(Arc::new(
            entries.into_iter().map(|(name, value)| (Arc::from(name.as_ref()), value)).collect(),
        ))
    }

    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The string, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The member of a bag or the element of an array; null where there is none.
    pub fn member(&self, name: &str) -> &Self {
        const NOTHING: &Value = &Value::Null;
        if let Self::Bag(bag) = self { bag.get(name).unwrap_or(NOTHING) } else { NOTHING }
    }

    /// What is found by following names into nested bags; null where the path ends early.
    pub fn follow(&self, path: &[Arc<str>]) -> &Self {
        path.iter().fold(self, |value, name| value.member(name))
    }

    /// The element at a position; a negative one counts from the end.
    pub(crate) fn element(&self, position: i64) -> Self {
        let Self::Array(values) = self else { return Self::Null };
        let length = i64::try_from(values.len()).unwrap_or(i64::MAX);
        let at = if position < 0 { length.saturating_add(position) } else { position };
        usize::try_from(at).ok().and_then(|at| values.get(at)).cloned().unwrap_or_default()
    }

    /// The kind of the cell itself, as `gettype` says it.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Long(_) => "long",
            Self::Real(_) => "real",
            Self::String(_) => "string",
            Self::Datetime(_) => "datetime",
            Self::Timespan(_) => "timespan",
            Self::Guid(_) => "guid",
            Self::Array(_) => "array",
            Self::Bag(_) => "dictionary",
        }
    }

    /// About how many bytes the cell keeps alive, to a bounded depth of counting.
    ///
    /// Shared parts are counted as if they were not, so the figure errs to the safe side.
    pub fn bytes(&self) -> usize {
        self.bytes_within(8)
    }

    fn bytes_within(&self, depth: usize) -> usize {
        let own = size_of::<Self>();
        match self {
            Self::String(text) => own + TEXT_BYTES + text.len(),
            Self::Array(values) if depth > 0 => {
                own + values.iter().map(|value| value.bytes_within(depth - 1)).sum::<usize>()
            }
            Self::Bag(bag) if depth > 0 => {
                own + bag
                    .iter()
                    .map(|(name, value)| name.len() + 32 + value.bytes_within(depth - 1))
                    .sum::<usize>()
            }
            Self::Null
            | Self::Bool(_)
            | Self::Long(_)
            | Self::Real(_)
            | Self::Datetime(_)
            | Self::Timespan(_)
            | Self::Guid(_)
            | Self::Array(_)
            | Self::Bag(_) => own,
        }
    }
}

/// What a text costs beside its letters: the two counts of its owners, and what the allocator keeps.
const TEXT_BYTES: usize = 32;

/// The bits that two equal doubles share: one zero, one not-a-number.
fn real_bits(number: f64) -> u64 {
    if number == 0.0 {
        0
    } else if number.is_nan() {
        f64::NAN.to_bits()
    } else {
        number.to_bits()
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Long(left), Self::Long(right))
            | (Self::Datetime(left), Self::Datetime(right))
            | (Self::Timespan(left), Self::Timespan(right)) => left == right,
            (Self::Real(left), Self::Real(right)) => real_bits(*left) == real_bits(*right),
            (Self::String(left), Self::String(right)) => left == right,
            (Self::Guid(left), Self::Guid(right)) => left == right,
            (Self::Array(left), Self::Array(right)) => left == right,
            (Self::Bag(left), Self::Bag(right)) => left == right,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Long(value) | Self::Datetime(value) | Self::Timespan(value) => value.hash(state),
            Self::Real(value) => real_bits(*value).hash(state),
            Self::String(value) => value.hash(state),
            Self::Guid(value) => value.hash(state),
            Self::Array(values) => values.hash(state),
            Self::Bag(bag) => bag.hash(state),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(Arc::from(value))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
