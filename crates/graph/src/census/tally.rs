//! What is counted over all images: rows, images and digests of each class in each registry.

use std::collections::HashMap;
use store::ImageKey;

/// What was counted of a class in a registry, and in those that are not told apart from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) registry: usize,
    pub(super) class: usize,
    pub(super) rows: i64,
    pub(super) images: i64,
    /// Different digests.
    pub(super) digests: i64,
    last_digest: u32,
    last_image: u32,
}

/// The lines.
#[derive(Debug, Default)]
pub(super) struct Tally {
    lines: Vec<Line>,
    index: HashMap<(usize, usize), usize>,
    /// The places of the lines of the first registry, which is nearly always the only one.
    first: Vec<usize>,
    registry: usize,
    image: u32,
    digest: u32,
    /// Whether no class of this image was counted for its digest before.
    is_fresh: bool,
    last: Option<ImageKey>,
}

impl Tally {
    /// The next image of a registry. Whoever counts digests says whether the digest is a fresh one; what is not counts
    /// for none of its classes.
    pub(super) fn next(&mut self, registry: usize, is_fresh: bool) {
        (self.registry, self.is_fresh) = (registry, is_fresh);
        self.image += 1;
        self.digest += 1;
    }

    /// The next image where images come in the order of their digests, and all that one image has comes together.
    pub(super) fn next_in_order(&mut self, registry: usize, image: &ImageKey) {
        (self.registry, self.is_fresh) = (registry, true);
        if self.last.as_ref() == Some(image) {
            return;
        }
        self.digest += u32::from(self.last.as_ref().is_none_or(|last| last.digest != image.digest));
        self.image += 1;
        self.last = Some(image.clone());
    }

    /// Counts rows of the image that are of one class.
    pub(super) fn count(&mut self, class: usize, rows: i64) {
        let at = self.place(self.registry, class);
        let (digest, image) = (self.digest, self.image);
        let Some(line) = self.lines.get_mut(at) else { return };
        line.rows = line.rows.saturating_add(rows);
        if line.last_image != image {
            line.last_image = image;
            line.images += 1;
            if self.is_fresh && line.last_digest != digest {
                line.last_digest = digest;
                line.digests += 1;
            }
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
    use oci::Digest;
    use store::{RegistryId, RepositoryKey};

    fn told(tally: &mut Tally) -> Vec<(usize, usize, i64, i64, i64)> {
        let lines = tally.take().into_iter();
        lines.map(|line| (line.registry, line.class, line.rows, line.images, line.digests)).collect()
    }

    #[test]
    fn a_digest_in_two_repositories_is_one_digest_and_two_images() {
        let image = |repository: &str, digest: &str| ImageKey {
            repository: RepositoryKey { registry: RegistryId(1), name: repository.parse().unwrap() },
            digest: Digest::of_sha256(digest.as_bytes()),
        };
        let mut tally = Tally::default();
        for (registry, class, rows, repository, digest) in [
            (0, 1, 2, "app", "a"),
            (0, 2, 1, "app", "a"),
            (0, 1, 1, "app", "a"),
            (0, 1, 3, "web", "a"),
            (0, 1, 1, "app", "b"),
            (3, 1, 1, "app", "b"),
        ] {
            tally.next_in_order(registry, &image(repository, digest));
            tally.count(class, rows);
        }
        assert_eq!(told(&mut tally), [(0, 1, 7, 3, 2), (0, 2, 1, 1, 1), (3, 1, 1, 1, 1)]);
        assert!(tally.take().is_empty());
    }

    #[test]
    fn a_digest_that_is_not_fresh_is_an_image_all_the_same() {
        let mut tally = Tally::default();
        for (is_fresh, classes) in [(true, &[1, 2, 1][..]), (false, &[1, 2]), (true, &[2])] {
            tally.next(0, is_fresh);
            classes.iter().for_each(|class| tally.count(*class, 1));
        }
        assert_eq!(told(&mut tally), [(0, 1, 3, 2, 1), (0, 2, 3, 3, 2)]);
    }
}
