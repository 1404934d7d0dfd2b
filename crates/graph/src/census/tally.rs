//! What is counted over all images: rows, images and digests of each class in each registry.

use std::collections::HashMap;

/// What was counted of a class in a registry, and in those that are not told apart from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) registry: usize,
    pub(super) class: usize,
    pub(super) rows: i64,
    pub(super) images: i64,
    /// Different digests, if images came in the order of their digests.
    pub(super) digests: i64,
    last: u32,
}

/// The lines.
#[derive(Debug, Default)]
pub(super) struct Tally {
    lines: Vec<Line>,
    index: HashMap<(usize, usize), usize>,
    /// The places of the lines of the first registry, which is nearly always the only one.
    first: Vec<usize>,
    digest: String,
    number: u32,
}

impl Tally {
    /// Counts rows of an image that are of one class. Each class comes once for each image.
    pub(super) fn count(&mut self, registry: usize, class: usize, rows: i64, digest: &str) {
        if self.digest != digest {
            self.digest.clear();
            self.digest.push_str(digest);
            self.number += 1;
        }
        let at = self.place(registry, class);
        let number = self.number;
        if let Some(line) = self.lines.get_mut(at) {
            line.rows = line.rows.saturating_add(rows);
            line.images += 1;
            line.digests += i64::from(line.last != number);
            line.last = number;
        }
    }

    fn place(&mut self, registry: usize, class: usize) -> usize {
        const NONE: usize = usize::MAX;
        let new = self.lines.len();
        let at = if registry == 0 {
            if self.first.len() <= class {
                self.first.resize(class + 1, NONE);
            }
            let slot = &mut self.first[class];
            if *slot == NONE {
                *slot = new;
            }
            *slot
        } else {
            *self.index.entry((registry, class)).or_insert(new)
        };
        if at == new {
            self.lines.push(Line { registry, class, ..Line::default() });
        }
        at
    }

    /// All lines, which are forgotten.
    pub(super) fn take(&mut self) -> Vec<Line> {
        self.index.clear();
        self.first.clear();
        std::mem::take(&mut self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_in_two_repositories_is_one_digest_and_two_images() {
        let mut tally = Tally::default();
        for (registry, class, rows, digest) in
            [(0, 1, 2, "a"), (0, 2, 1, "a"), (0, 1, 3, "a"), (0, 1, 1, "b"), (3, 1, 1, "b")]
        {
            tally.count(registry, class, rows, digest);
        }
        let lines: Vec<_> = tally
            .take()
            .into_iter()
            .map(|line| (line.registry, line.class, line.rows, line.images, line.digests))
            .collect();
        assert_eq!(lines, [(0, 1, 6, 3, 2), (0, 2, 1, 1, 1), (3, 1, 1, 1, 1)]);
        assert!(tally.take().is_empty());
    }
}
