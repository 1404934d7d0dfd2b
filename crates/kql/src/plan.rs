//! The bound query: relations over columns, expressions over positions.
//!
//! Every name has become a position and every function a pointer here; what remains are decisions about *how*, which
//! `lower` makes. Relations are few: `extend`, `project` and their kin are one [`Relation::Project`], `distinct` is a
//! [`Relation::Summarize`] without aggregates.

use crate::aggregates::Aggregate;
use crate::functions::Function;
use crate::stem::StemTest;
use crate::syntax::{BinaryOperator, JoinKind};
use crate::table::Column;
use crate::value::{Kind, Value};
use crate::windows::WindowCall;
use regex::Regex;
use std::sync::Arc;

/// A column of a relation.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    /// Can be named, but is not part of `*`.
    pub(crate) hidden: bool,
    /// A dynamic column of a table as it is: bags and arrays, and never a string that holds JSON.
    pub(crate) whole: bool,
    /// A column of a table whose values are a stem that many rows share, and behind the last slash a name of their own.
    pub(crate) stem: bool,
}

impl Field {
    pub(crate) fn new(name: impl AsRef<str>, kind: Kind) -> Self {
        Self { name: Arc::from(name.as_ref()), kind, hidden: false, whole: false, stem: false }
    }

    pub(crate) fn column(&self) -> Column {
        Column { name: self.name.clone(), kind: self.kind }
    }
}

/// Rows with a schema.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) fields: Vec<Field>,
    pub(crate) relation: Relation,
}

/// How rows come to be.
#[derive(Debug, Clone)]
pub(crate) enum Relation {
    Scan {
        table: Arc<str>,
    },
    Literal(Arc<[Vec<Value>]>),
    Range {
        from: Expr,
        to: Expr,
        step: Expr,
    },
    /// The rows that `mv-apply` hands in.
    Outer,
    Filter {
        input: Box<Node>,
        condition: Expr,
    },
    Project {
        input: Box<Node>,
        values: Vec<Expr>,
    },
    Take {
        input: Box<Node>,
        count: usize,
    },
    Sort {
        input: Box<Node>,
        keys: Vec<Order>,
        limit: Option<usize>,
    },
    Summarize {
        input: Box<Node>,
        keys: Vec<Expr>,
        aggregates: Vec<AggregateCall>,
    },
    Join(Box<Join>),
    Union(Vec<Node>),
    /// Appends the elements, and their position.
    Expand {
        input: Box<Node>,
        expansion: Expansion,
    },
    /// Appends the columns of the body, which runs over each row's expansion.
    Apply {
        input: Box<Node>,
        expansion: Expansion,
        body: Box<Node>,
    },
    /// Appends the columns of the pattern.
    Parse {
        input: Box<Node>,
        text: Expr,
        cutter: Arc<crate::step::parse::Cutter>,
        filter: bool,
    },
    Sample {
        input: Box<Node>,
        count: usize,
    },
    /// A row of each column of each row.
    Narrow {
        input: Box<Node>,
    },
    /// Appends the values of window functions, one of which may be about those before it.
    Windows {
        input: Box<Node>,
        calls: Vec<WindowCall>,
    },
    /// The rows of the body, which runs over the rows of each value of a key.
    Partition {
        input: Box<Node>,
        key: Expr,
        body: Box<Node>,
    },
    /// Groups along an axis, which stands behind the keys, in one array for each value; the axis comes last.
    Series {
        input: Box<Node>,
        axis: crate::step::series::Axis,
    },
    /// Two columns of each level: a value, and its aggregate.
    Nested {
        input: Box<Node>,
        levels: Vec<crate::step::nested::NestedLevel>,
    },
}

/// One key of a sort.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) value: Expr,
    pub(crate) ascending: bool,
    pub(crate) nulls_first: bool,
}

/// An aggregate and what it is fed.
#[derive(Debug, Clone)]
pub(crate) struct AggregateCall {
    pub(crate) aggregate: &'static Aggregate,
    pub(crate) arguments: Vec<Expr>,
}

/// Two tables side by side.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub(crate) kind: JoinKind,
    pub(crate) left: Node,
    pub(crate) right: Node,
    pub(crate) left_keys: Vec<Expr>,
    pub(crate) right_keys: Vec<Expr>,
}

/// What `mv-expand` expands.
#[derive(Debug, Clone)]
pub(crate) struct Expansion {
    pub(crate) values: Vec<(Expr, Kind)>,
    pub(crate) as_arrays: bool,
    pub(crate) limit: Option<usize>,
}

/// An expression over the positions of a row.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Literal(Value),
    Column(usize),
    Member(Box<Self>, Arc<str>),
    Index(Box<Self>, Box<Self>),
    Call(&'static Function, Vec<Self>),
    Negate(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Binary(BinaryOperator, Box<Self>, Box<Self>),
    Regex(Box<Self>, Regex),
    /// The same of a text of which only the stem is known; where that does not suffice, the query starts anew.
    Stem(Box<Self>, StemTest),
    In {
        needle: Box<Self>,
        values: Vec<Self>,
        ignore_case: bool,
        negated: bool,
    },
    Has {
        needle: Box<Self>,
        values: Vec<Self>,
        all: bool,
    },
    Between {
        value: Box<Self>,
        from: Box<Self>,
        to: Box<Self>,
        negated: bool,
    },
    /// The answer of a part of the query that runs first.
    Scalar(usize),
}

impl Expr {
    /// The expressions inside, one level down.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Column(_) | Self::Scalar(_) => Vec::new(),
            Self::Member(inner, _) | Self::Negate(inner) | Self::Regex(inner, _) | Self::Stem(inner, _) => {
                vec![inner]
            }
            Self::Index(left, right)
            | Self::And(left, right)
            | Self::Or(left, right)
            | Self::Binary(_, left, right) => vec![left, right],
            Self::Call(_, arguments) => arguments.iter().collect(),
            Self::In { needle, values, .. } | Self::Has { needle, values, .. } => {
                std::iter::once(&**needle).chain(values).collect()
            }
            Self::Between { value, from, to, .. } => vec![value, from, to],
        }
    }

    /// The same expression over other expressions one level down.
    pub(crate) fn map_children(&self, mut map: impl FnMut(&Self) -> Self) -> Self {
        let mut boxed = |inner: &Self| Box::new(map(inner));
        match self {
            Self::Literal(_) | Self::Column(_) | Self::Scalar(_) => self.clone(),
            Self::Member(inner, name) => Self::Member(boxed(inner), name.clone()),
            Self::Negate(inner) => Self::Negate(boxed(inner)),
            Self::Regex(inner, regex) => Self::Regex(boxed(inner), regex.clone()),
            Self::Stem(inner, test) => Self::Stem(boxed(inner), test.clone()),
            Self::Index(left, right) => Self::Index(boxed(left), boxed(right)),
            Self::And(left, right) => Self::And(boxed(left), boxed(right)),
            Self::Or(left, right) => Self::Or(boxed(left), boxed(right)),
            Self::Binary(operator, left, right) => Self::Binary(*operator, boxed(left), boxed(right)),
            Self::Call(function, arguments) => Self::Call(function, arguments.iter().map(map).collect()),
            Self::In { needle, values, ignore_case, negated } => Self::In {
                needle: boxed(needle),
                values: values.iter().map(map).collect(),
                ignore_case: *ignore_case,
                negated: *negated,
            },
            Self::Has { needle, values, all } => {
                Self::Has { needle: boxed(needle), values: values.iter().map(map).collect(), all: *all }
            }
            Self::Between { value, from, to, negated } => {
                let (value, from, to) = (boxed(value), boxed(from), boxed(to));
                Self::Between { value, from, to, negated: *negated }
            }
        }
    }

    /// A member, with the path of a bag that is a column in front of it.
    pub(crate) fn member(self, name: Arc<str>) -> Self {
        Self::Member(Box::new(self), name)
    }

    /// The column and the path in it, if the expression is no more than that.
    pub(crate) fn as_path(&self) -> Option<(usize, Vec<Arc<str>>)> {
        match self {
            Self::Column(position) => Some((*position, Vec::new())),
            Self::Member(inner, name) => inner.as_path().map(|(position, mut path)| {
                path.push(name.clone());
                (position, path)
            }),
            _ => None,
        }
    }
}

impl Node {
    /// A node whose rows are the same, one after the other, with other columns.
    pub(crate) fn project(self, values: Vec<(Field, Expr)>) -> Self {
        let (fields, values) = values.into_iter().unzip();
        Self { fields, relation: Relation::Project { input: Box::new(self), values } }
    }

    /// The columns as they are.
    pub(crate) fn identity(&self) -> Vec<(Field, Expr)> {
        self.fields.iter().enumerate().map(|(at, field)| (field.clone(), Expr::Column(at))).collect()
    }

    /// The same columns over another relation.
    pub(crate) fn keeping(self, relation: impl FnOnce(Box<Self>) -> Relation) -> Self {
        let fields = self.fields.clone();
        Self { fields, relation: relation(Box::new(self)) }
    }
}
