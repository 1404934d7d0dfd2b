//! Aggregates that collect: lists, sets, bags, schemas.

use super::Accumulator;
use super::numbers::holds;
use crate::context::Context;
use crate::functions::{bag, count, to_long, value};
use crate::value::{Bag, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// The official limit of elements where the query gives none.
const MOST: usize = 1_048_576;

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    List,
    ListWithNulls,
    Set,
    Count,
}

struct Collect {
    what: What,
    conditional: bool,
    values: Vec<Value>,
    seen: HashSet<Value>,
}

/// How many elements the query allows.
fn most(arguments: &[Value], at: usize) -> usize {
    to_long(value(arguments, at)).and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST).min(MOST)
}

impl Accumulator for Collect {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.conditional && !holds(arguments, 1) {
            return 0;
        }
        let new = value(arguments, 0);
        if new.is_null() && self.what != What::ListWithNulls {
            return 0;
        }
        if self.what != What::Count && self.values.len() >= most(arguments, 1 + usize::from(self.conditional))
        {
            return 0;
        }
        match self.what {
            What::List | What::ListWithNulls => self.values.push(new.clone()),
            What::Set | What::Count => {
                if self.seen.contains(new) {
                    return 0;
                }
                self.seen.insert(new.clone());
                if self.what == What::Set {
                    self.values.push(new.clone());
                }
            }
        }
        new.bytes() + 16
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        if self.what == What::Count { count(self.seen.len()) } else { Value::array(self.values) }
    }
}

fn collect(what: What, conditional: bool) -> Box<dyn Accumulator> {
    Box::new(Collect { what, conditional, values: Vec::new(), seen: HashSet::new() })
}

pub(super) fn dcount() -> Box<dyn Accumulator> {
    collect(What::Count, false)
}

pub(super) fn dcountif() -> Box<dyn Accumulator> {
    collect(What::Count, true)
}

pub(super) fn make_list() -> Box<dyn Accumulator> {
    collect(What::List, false)
}

pub(super) fn make_list_if() -> Box<dyn Accumulator> {
    collect(What::List, true)
}

pub(super) fn make_list_with_nulls() -> Box<dyn Accumulator> {
    collect(What::ListWithNulls, false)
}

pub(super) fn make_set() -> Box<dyn Accumulator> {
    collect(What::Set, false)
}

pub(super) fn make_set_if() -> Box<dyn Accumulator> {
    collect(What::Set, true)
}

struct Merge {
    conditional: bool,
    bag: Bag,
}

impl Accumulator for Merge {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        if self.conditional && !holds(arguments, 1) {
            return 0;
        }
        let Some(new) = bag(arguments, 0) else { return 0 };
        let mut more = 0;
        for (name, value) in new.iter() {
            if self.bag.len() < MOST && !self.bag.contains_key(name) {
                more += name.len() + 64 + value.bytes();
                self.bag.insert(name.clone(), value.clone());
            }
        }
        more
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        Value::Bag(Arc::new(self.bag))
    }
}

pub(super) fn make_bag() -> Box<dyn Accumulator> {
    Box::new(Merge { conditional: false, bag: Bag::new() })
}

pub(super) fn make_bag_if() -> Box<dyn Accumulator> {
    Box::new(Merge { conditional: true, bag: Bag::new() })
}

/// What is found at a path, and inside it.
#[derive(Default)]
struct Schema {
    kinds: BTreeSet<&'static str>,
    members: BTreeMap<Arc<str>, Self>,
    elements: Option<Box<Self>>,
}

impl Schema {
    fn see(&mut self, value: &Value, depth: usize) -> usize {
        match value {
            Value::Null => 0,
            Value::Bag(bag) if depth > 0 => bag
                .iter()
                .map(|(name, value)| {
                    let new = if self.members.contains_key(name) { 0 } else { name.len() + 128 };
                    new + self.members.entry(name.clone()).or_default().see(value, depth - 1)
                })
                .sum(),
            Value::Array(values) if depth > 0 => {
                let elements = self.elements.get_or_insert_default();
                values.iter().map(|value| elements.see(value, depth - 1)).sum()
            }
            Value::Real(_) => {
                self.kinds.insert("double");
                0
            }
            other => {
                self.kinds.insert(other.kind_name());
                0
            }
        }
    }

    fn value(&self) -> Value {
        let mut parts: Vec<Value> = self.kinds.iter().map(Value::text).collect();
        let mut bag: Vec<(&str, Value)> =
            self.members.iter().map(|(name, schema)| (&**name, schema.value())).collect();
        if let Some(elements) = &self.elements {
            bag.push(("`indexer`", elements.value()));
        }
        if !bag.is_empty() {
            parts.push(Value::bag(bag));
        }
        if parts.len() == 1 { parts.pop().unwrap_or_default() } else { Value::array(parts) }
    }
}

impl Accumulator for Schema {
    fn add(&mut self, arguments: &[Value], _: &Context<'_>) -> usize {
        self.see(value(arguments, 0), 32)
    }

    fn finish(self: Box<Self>, _: &Context<'_>) -> Value {
        self.value()
    }
}

pub(super) fn buildschema() -> Box<dyn Accumulator> {
    Box::new(Schema::default())
}
