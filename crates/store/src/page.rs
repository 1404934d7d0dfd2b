//! Pages by key: every listing continues after the last key that was seen.
//!
//! There are no offsets: a page costs the same at the beginning and at the end of a listing, and rows that
//! appear or vanish in between neither repeat nor hide others.

/// Which part of a listing is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Continue after this key; from the beginning where none is given.
    pub after: Option<K>,
    /// At most so many rows; taken as at least 1 and at most [`PageRequest::MAX`].
    pub limit: usize,
}

impl<K> PageRequest<K> {
    /// The most rows of one page. A page is held in memory, so that its size is bounded here.
    pub const MAX: usize = 10_000;

    /// The first page.
    pub fn first(limit: usize) -> Self {
        Self { after: None, limit }
    }

    /// The page after a key.
    pub fn after(key: K, limit: usize) -> Self {
        Self { after: Some(key), limit }
    }

    /// The limit within its bounds.
    pub fn bounded_limit(&self) -> usize {
        self.limit.clamp(1, Self::MAX)
    }
}

/// A part of a listing, in the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The rows.
    pub items: Vec<T>,
    /// The key to continue after; none if this was the last page.
    pub next: Option<K>,
}

impl<T, K> Page<T, K> {
    /// A page out of up to one row more than `limit`: the surplus row says that there is a next page.
    pub fn from_surplus(mut items: Vec<T>, limit: usize, key: impl FnOnce(&T) -> K) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surplus_row_becomes_the_promise_of_a_next_page() {
        let full = Page::from_surplus(vec![1, 2, 3], 2, |item| *item);
        assert_eq!(full, Page { items: vec![1, 2], next: Some(2) });
        let last = Page::from_surplus(vec![1, 2], 2, |item| *item);
        assert_eq!(last, Page { items: vec![1, 2], next: None });
    }

    #[test]
    fn limit_stays_within_its_bounds() {
        assert_eq!(PageRequest::<u8>::first(0).bounded_limit(), 1);
        assert_eq!(PageRequest::<u8>::first(usize::MAX).bounded_limit(), PageRequest::<u8>::MAX);
    }
}
