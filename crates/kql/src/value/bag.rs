//! A property bag: names with values, in the order in which the names came.
//!
//! As in the official language the order is kept and shown, and says nothing: two bags are equal when each has what the
//! other has.

use super::Value;
use foldhash::fast::RandomState;
use indexmap::IndexMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A property bag.
#[derive(Debug, Clone, Default)]
pub struct Bag(IndexMap<Arc<str>, Value, RandomState>);

impl Bag {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many names it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether it has a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Sets the value of a name, which keeps its place if it is there.
    pub fn insert(&mut self, name: Arc<str>, value: Value) {
        self.0.insert(name, value);
    }

    /// Takes a name out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// The names with their values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter()
    }

    /// The names, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.keys()
    }
}

impl FromIterator<(Arc<str>, Value)> for Bag {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl PartialEq for Bag {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Bag {}

impl Hash for Bag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut entries: Vec<_> = self.0.iter().collect();
        entries.sort_unstable_by_key(|(name, _)| *name);
        entries.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(entries: &[(&str, i64)]) -> Bag {
        entries.iter().map(|(name, value)| (Arc::from(*name), Value::Long(*value))).collect()
    }

    #[test]
    fn order_is_kept_and_says_nothing() {
        let (one, other) = (bag(&[("b", 1), ("a", 2)]), bag(&[("a", 2), ("b", 1)]));
        assert_eq!(one.keys().map(|name| &**name).collect::<Vec<_>>(), ["b", "a"]);
        let hashed = |bag: &Bag| {
            let mut hasher = std::hash::DefaultHasher::new();
            bag.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!((&one, hashed(&one)), (&other, hashed(&other)));
        assert_ne!(one, bag(&[("a", 2)]));
        let mut changed = one.clone();
        changed.insert("b".into(), Value::Long(3));
        assert_eq!(changed.remove("b"), Some(Value::Long(3)));
        assert_eq!(changed, bag(&[("a", 2)]));
    }
}
