//! What images are looked through for when a snapshot is shown ahead, in SQLite: package versions with more findings, or
//! of which more cannot be decided.

use super::column::value;
use crate::{Ahead, Cause, Error, ImageKey, MoreFindings, PackageList, RepositoryKey, Ruling, Undecided};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;

/// What becomes of an image.
pub(super) enum Wants {
    /// Nothing.
    Nothing,
    /// Something applies that did not.
    Unhealthy,
    /// Nothing applies, and not all could be decided: why it cannot be assessed, if it was healthy.
    Doubt(Cause),
}

/// What images are looked through for.
pub(super) struct Wanted<'a> {
    /// By the snapshot of before.
    of: BTreeMap<&'a str, Since<'a>>,
    /// All of it together.
    any: Set,
    rulings: &'a BTreeMap<RepositoryKey, Ruling>,
}

/// What there is since a snapshot.
#[derive(Default)]
struct Since<'a> {
    /// Those with more findings.
    more: Set,
    /// Those of which rules leave some.
    left: BTreeMap<Ruling, Set>,
    doubted: BTreeMap<i64, &'a Undecided>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(ahead: &'a Ahead) -> Self {
        let mut wanted = Self { of: BTreeMap::new(), any: Set::default(), rulings: &ahead.rulings };
        let rulings: Vec<Ruling> = ahead.rulings.values().copied().collect();
        for (before, more) in ahead.more.iter().filter(|(_, more)| !more.is_empty()) {
            let since = wanted.of.entry(&before.0).or_default();
            for ruling in &rulings {
                since.left.entry(*ruling).or_default();
            }
            for one @ MoreFindings { package_version, undecided, .. } in more {
                wanted.any.put(package_version.0);
                if !one.counts.is_empty() {
                    since.more.put(package_version.0);
                }
                for (ruling, left) in &mut since.left {
                    if !one.counts_under(Some(*ruling)).is_empty() {
                        left.put(package_version.0);
                    }
                }
                since.doubted.extend(undecided.as_ref().map(|undecided| (package_version.0, undecided)));
            }
        }
        wanted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    pub(super) fn is_any_in(&self, packages: &[u8]) -> bool {
        self.any.has_any_of(packages)
    }

    /// What becomes of an image that has any.
    pub(super) fn by(
        &self,
        connection: &Connection,
        image: &ImageKey,
        packages: &[u8],
    ) -> Result<Wants, Error> {
        let Some(since) = self.since(connection, image)? else { return Ok(Wants::Nothing) };
        let ruling = self.rulings.get(&image.repository);
        let more = ruling.and_then(|ruling| since.left.get(ruling)).unwrap_or(&since.more);
        if more.has_any_of(packages) {
            return Ok(Wants::Unhealthy);
        }
        let doubts = PackageList::entries(packages).filter_map(|(package, _)| since.doubted.get(&package.0));
        Ok(cause(doubts.copied()).map_or(Wants::Nothing, Wants::Doubt))
    }

    /// What there is since the verdict on an image was made.
    fn since(&self, connection: &Connection, image: &ImageKey) -> Result<Option<&Since<'a>>, Error> {
        // An image that says nothing of what is more than with the only snapshot of before was made with that.
        if self.of.len() == 1 {
            return Ok(self.of.values().next());
        }
        let sql =
            "SELECT snapshot FROM image_summary WHERE registry = ?1 AND repository = ?2 AND digest = ?3";
        let ImageKey { repository, digest } = image;
        let key = params![repository.registry.0, repository.name.as_str(), digest.as_str()];
        let made_with: Option<String> = value(connection, sql, key)?.flatten();
        Ok(made_with.and_then(|made_with| self.of.get(made_with.as_str())))
    }
}

/// Why an image cannot be assessed that was healthy, in the words in which it will be written. All that cannot be decided
/// in it is new.
fn cause<'u>(doubts: impl Iterator<Item = &'u Undecided>) -> Option<Cause> {
    let (mut count, mut first): (u64, Option<&Undecided>) = (0, None);
    for doubt in doubts {
        count += doubt.count;
        if first.is_none_or(|known| doubt.vulnerability < known.vulnerability) {
            first = Some(doubt);
        }
    }
    let detail = first.filter(|_| count > 0)?.detail.clone();
    let cause = assessment::Cause::VersionsUndetermined { count, detail };
    Some(Cause { code: cause.code().to_owned(), sentence: cause.to_string() })
}

/// A set of package versions, by number.
#[derive(Default)]
struct Set(Vec<bool>);

impl Set {
    fn put(&mut self, package: i64) {
        let Ok(place) = usize::try_from(package) else { return };
        self.0.resize(self.0.len().max(place + 1), false);
        if let Some(bit) = self.0.get_mut(place) {
            *bit = true;
        }
    }

    fn has_any_of(&self, packages: &[u8]) -> bool {
        let has = |number: i64| usize::try_from(number).ok().and_then(|at| self.0.get(at)) == Some(&true);
        PackageList::entries(packages).any(|(package, _)| has(package.0))
    }
}
