//! Everything of a kind at once, for questions about the whole estate.
//!
//! The [join of images and findings](crate::Findings) has as many rows as images times their findings, which is a
//! hundred times more than there are images. A question about all of them does not need the rows: it needs which
//! package versions each image has ([`ImageContent`]), and what each package version has ([`Judgements`]), both of
//! which fit in memory and are read from end to end. Whoever asks lays one over the other.

use crate::{
    Error, Event, ImageKey, ImageState, PackagePlace, PackageVersionId, Page, PageRequest, RegistryId,
    RepositoryKey, SummaryFilter,
};
use async_trait::async_trait;
use inventory::Ecosystem;
use std::ops::Range;

/// How a vulnerability is rated where a package comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The identifier of the vulnerability.
    pub vulnerability: String,
    /// For whose packages this is said.
    pub ecosystem: Ecosystem,
    /// Its severity, in the word of the classification.
    pub severity: String,
    /// Its score, where it has one.
    pub score: Option<f64>,
}

/// What every package version is affected by.
///
/// 1. `ratings` are ordered by vulnerability, so that those of one vulnerability stand together.
/// 2. What [`of`](Self::of) gives are places in `ratings`, in ascending order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgements {
    /// The vulnerabilities, as they are rated for some package version.
    pub ratings: Vec<Rating>,
    /// Where the ratings of each package version begin, by its number.
    starts: Vec<u32>,
    found: Vec<u32>,
}

impl Judgements {
    /// From the ratings and, in the order of package versions, which of them has which rating.
    pub fn new(ratings: Vec<Rating>, found: impl IntoIterator<Item = (PackageVersionId, u32)>) -> Self {
        let mut judgements = Self { ratings, starts: vec![0], found: Vec::new() };
        for (package, rating) in found {
            let Ok(package) = usize::try_from(package.0) else { continue };
            // Package versions in between have nothing; one that comes late stands with the last one and is wrong.
            debug_assert!(judgements.starts.len() <= package + 2, "package versions come in their order");
            let begun = position(judgements.found.len());
            if judgements.starts.len() < package + 1 {
                judgements.starts.resize(package + 1, begun);
            }
            judgements.found.push(rating);
            judgements.starts.truncate(package + 1);
            judgements.starts.push(position(judgements.found.len()));
        }
        judgements
    }

    /// The places in `ratings` of what a package version has.
    pub fn of(&self, package: PackageVersionId) -> &[u32] {
        self.found.get(self.numbers_of(package)).unwrap_or_default()
    }

    /// The same as numbers: each pair of a package version and what it has is numbered, in their order.
    pub fn numbers_of(&self, package: PackageVersionId) -> Range<usize> {
        let Ok(package) = usize::try_from(package.0) else { return 0..0 };
        match (self.starts.get(package), self.starts.get(package + 1)) {
            (Some(from), Some(to)) => *from as usize..*to as usize,
            _ => 0..0,
        }
    }

    /// The place in `ratings` of each pair, by its number.
    pub fn pairs(&self) -> &[u32] {
        &self.found
    }
}

/// A place in a list that is never as long as four thousand millions.
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The package versions of an image in a few bytes: the distance to the number before, and how many places each has.
///
/// Both are written in groups of seven bits, the lowest first (LEB128). The lowest bit of the distance says whether
/// the count follows; without it there is one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageList(Vec<u8>);

impl PackageList {
    /// From package versions, in the order of their numbers, each with the number of its places.
    pub fn new(packages: impl IntoIterator<Item = (PackageVersionId, u64)>) -> Self {
        let mut bytes = Vec::new();
        let mut before = 0u64;
        for (package, places) in packages {
            let number = u64::try_from(package.0).unwrap_or(0);
            let distance = number.saturating_sub(before);
            before = number;
            let many = u64::from(places != 1);
            put(&mut bytes, distance << 1 | many);
            if places != 1 {
                put(&mut bytes, places);
            }
        }
        Self(bytes)
    }

    /// From the bytes of a list.
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The package versions, each with the number of its places. A list that is cut short ends early.
    pub fn iter(&self) -> impl Iterator<Item = (PackageVersionId, u64)> + '_ {
        Self::entries(&self.0)
    }

    /// The same from bytes that stay where they are.
    pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = (PackageVersionId, u64)> + '_ {
        let mut bytes = bytes.iter();
        let mut number = 0u64;
        std::iter::from_fn(move || {
            let head = take(&mut bytes)?;
            number = number.saturating_add(head >> 1);
            let places = if head & 1 == 1 { take(&mut bytes)? } else { 1 };
            Some((PackageVersionId(i64::try_from(number).ok()?), places))
        })
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take<'b>(bytes: &mut impl Iterator<Item = &'b u8>) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// An image that was assessed, with its package versions.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageContent {
    /// The image.
    pub image: ImageKey,
    /// Where it stands.
    pub state: ImageState,
    /// Its package versions; none if it was never read, as an index is not.
    pub packages: Option<PackageList>,
}

/// How many images of a repository stand in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCount {
    /// The repository.
    pub repository: RepositoryKey,
    /// The state.
    pub state: ImageState,
    /// How many images.
    pub images: u64,
}

/// Which packages of images are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageFilter {
    /// Of which images.
    pub images: SummaryFilter,
    /// Only packages of this name.
    pub name: Option<String>,
}

/// Everything of a kind at once.
#[async_trait]
pub trait Census: Send + Sync {
    /// What every package version is affected by.
    async fn judgements(&self) -> Result<Judgements, Error>;

    /// The images of some registries with their package versions, in the order of their keys.
    ///
    /// Of images in no state that is named, or of all where none is, nothing is read.
    async fn contents(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<ImageContent, ImageKey>, Error>;

    /// How many images of some registries stand in which state, by repository. Of images in no state that is named, or
    /// of all where none is, nothing is counted; the digest of the filter is not looked at.
    async fn image_counts(&self, filter: &SummaryFilter) -> Result<Vec<ImageCount>, Error>;

    /// Images with their states, and nothing else of their summaries, in the order of their keys.
    async fn image_states(
        &self,
        filter: &SummaryFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<(ImageKey, ImageState), ImageKey>, Error>;

    /// The packages of images with their places, image by image; the limit is one of images. Images without any are
    /// left out.
    async fn packages(
        &self,
        filter: &PackageFilter,
        page: PageRequest<ImageKey>,
    ) -> Result<Page<(ImageKey, Vec<PackagePlace>), ImageKey>, Error>;

    /// The history of some registries, in order.
    async fn history(
        &self,
        registries: &[RegistryId],
        page: PageRequest<i64>,
    ) -> Result<Page<Event, i64>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> PackageVersionId {
        PackageVersionId(number)
    }

    #[test]
    fn a_list_comes_back_as_it_was() {
        let packages = vec![(id(1), 1), (id(2), 3), (id(130), 1), (id(1 << 40), 200)];
        let list = PackageList::new(packages.clone());
        assert_eq!(list.iter().collect::<Vec<_>>(), packages);
        assert_eq!(PackageList::new([]).iter().count(), 0);
        let cut = PackageList::from_bytes(list.as_bytes()[..list.as_bytes().len() - 1].to_vec());
        assert_eq!(cut.iter().collect::<Vec<_>>(), packages[..3]);
        assert_eq!(PackageList::from_bytes(vec![0xff; 12]).iter().count(), 0);
    }

    #[test]
    fn a_package_version_has_what_was_found_in_it() {
        let judgements = Judgements::new(Vec::new(), [(id(2), 7), (id(2), 9), (id(5), 1)]);
        let of = |number| judgements.of(id(number)).to_vec();
        assert_eq!((of(2), of(5)), (vec![7, 9], vec![1]));
        for nothing in [-1, 0, 1, 3, 4, 6, i64::MAX] {
            assert!(of(nothing).is_empty(), "{nothing}");
        }
        assert_eq!((judgements.numbers_of(id(2)), judgements.numbers_of(id(5))), (0..2, 2..3));
        assert_eq!(judgements.pairs(), [7, 9, 1]);
        assert!(Judgements::new(Vec::new(), []).of(id(0)).is_empty());
    }
}
