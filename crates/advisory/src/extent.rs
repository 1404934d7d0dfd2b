//! Which versions of a package an advisory is about.
//!
//! Feeds write events ("introduced", "fixed") or lists of versions. Events become half-open [`Range`]s when the
//! feed is parsed, by the evaluation of the OSV schema:
//! <https://ossf.github.io/osv-schema/#evaluation>. Ranges of commits cannot be compared with a version, and
//! an advisory that has nothing else has an [`Extent::Unknown`].

use inventory::version::{Scheme, VersionKey};
use serde::{Deserialize, Serialize};

/// An event of a range, as feeds write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// From this version on. `0` is before every version.
    Introduced(String),
    /// Before this version.
    Fixed(String),
    /// Up to this version and including it.
    LastAffected(String),
    /// Before this version, because nobody looked further.
    Limit(String),
}

/// Where a range ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Nowhere: there is no fix.
    Open,
    /// Before this version, which is fixed.
    Fixed(String),
    /// At this version, which is still affected.
    LastAffected(String),
    /// Before this version, because nobody looked further.
    Limit(String),
}

/// A range of versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The first affected version; none for "from the beginning".
    pub introduced: Option<String>,
    /// Where it ends.
    pub end: End,
}

/// Which versions of a package an advisory is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Extent {
    /// None: the vendor says that no version was ever affected.
    Never,
    /// Those in one of the ranges, and those in the list.
    Versions {
        /// Ranges.
        ranges: Vec<Range>,
        /// Single versions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        versions: Vec<String>,
    },
    /// The advisory does not say in a way that can be compared with a version.
    Unknown {
        /// Why, as a sentence without its full stop.
        why: String,
    },
}

impl Extent {
    /// Everything before the given version, as simple feeds say it; nothing at all where the version is `0`.
    pub fn before(fixed: &str) -> Self {
        if fixed == "0" {
            return Self::Never;
        }
        let range = Range { introduced: None, end: End::Fixed(fixed.to_owned()) };
        Self::Versions { ranges: vec![range], versions: Vec::new() }
    }

    /// Every version there is.
    pub fn every_version() -> Self {
        Self::Versions { ranges: vec![Range { introduced: None, end: End::Open }], versions: Vec::new() }
    }
}

/// The ranges that a list of events describes.
///
/// The events are put into the order of their versions first, and no version from the highest limit on is in a range.
/// Where the order is not known, or a version cannot be read, the events are taken in the feed's order, in which real
/// feeds write them anyhow.
pub fn ranges_of(mut events: Vec<Event>, scheme: Option<&Scheme>) -> Vec<Range> {
    // A limit of "*" means none, see the schema.
    if events.contains(&Event::Limit("*".to_owned())) {
        events.retain(|event| !matches!(event, Event::Limit(_)));
    }
    let limit = sort(&mut events, scheme);
    let begins = events.iter().any(|event| matches!(event, Event::Introduced(_)));
    // An end without any beginning is against the schema; to read it as "nothing" would be to call it safe.
    let mut open: Option<Option<String>> = (!begins && !events.is_empty()).then_some(None);
    let mut ranges = Vec::new();
    for event in events {
        let end = match event {
            Event::Introduced(version) => {
                open = open.or(Some((version != "0").then_some(version)));
                continue;
            }
            Event::Fixed(version) => End::Fixed(version),
            Event::LastAffected(version) => End::LastAffected(version),
            Event::Limit(version) => {
                let ends = limit.as_ref().is_none_or(|limit| *limit == version);
                ranges.extend(
                    open.take_if(|_| ends)
                        .map(|introduced| Range { introduced, end: End::Limit(version.clone()) }),
                );
                if limit.is_some() && ends {
                    return ranges;
                }
                continue;
            }
        };
        if let Some(introduced) = open.take() {
            ranges.push(Range { introduced, end });
        }
    }
    ranges.extend(open.map(|introduced| Range { introduced, end: End::Open }));
    ranges
}

/// Sorts events by version if every version can be read; equal versions keep the feed's order. Returns the highest limit,
/// if there is one and the order is known.
fn sort(events: &mut Vec<Event>, scheme: Option<&Scheme>) -> Option<String> {
    let scheme = scheme?;
    let key = |event: &Event| -> Option<Option<VersionKey>> {
        match event {
            Event::Introduced(version) if version == "0" => Some(None),
            Event::Introduced(version)
            | Event::Fixed(version)
            | Event::LastAffected(version)
            | Event::Limit(version) => (scheme.key)(version).ok().map(Some),
        }
    };
    let keys = events.iter().map(key).collect::<Option<Vec<_>>>()?;
    let mut keyed: Vec<_> = keys.into_iter().zip(events.drain(..)).collect();
    keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
    events.extend(keyed.into_iter().map(|(_, event)| event));
    events.iter().rev().find_map(|event| match event {
        Event::Limit(version) => Some(version.clone()),
        Event::Introduced(_) | Event::Fixed(_) | Event::LastAffected(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use inventory::{Ecosystem, version::scheme_of};

    fn introduced(version: &str) -> Event {
        Event::Introduced(version.to_owned())
    }

    fn fixed(version: &str) -> Event {
        Event::Fixed(version.to_owned())
    }

    fn check(events: Vec<Event>, expected: &[(Option<&str>, End)]) {
        let scheme = scheme_of(&Ecosystem::new("PyPI"));
        let ranges = ranges_of(events, scheme);
        let read: Vec<_> =
            ranges.iter().map(|range| (range.introduced.as_deref(), range.end.clone())).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn events_become_ranges_in_the_order_of_versions() {
        let end = |version: &str| End::Fixed(version.to_owned());
        check(vec![introduced("0"), fixed("1.2")], &[(None, end("1.2"))]);
        check(vec![introduced("1.1")], &[(Some("1.1"), End::Open)]);
        // The higher branch is written first.
        check(
            vec![introduced("2.0"), fixed("2.10"), introduced("0"), fixed("1.9")],
            &[(None, end("1.9")), (Some("2.0"), end("2.10"))],
        );
        // Several fixes: the lowest ends the range.
        check(vec![introduced("0"), fixed("1.10"), fixed("1.9")], &[(None, end("1.9"))]);
    }

    #[test]
    fn an_end_without_a_beginning_is_open_below() {
        check(vec![fixed("1.0")], &[(None, End::Fixed("1.0".to_owned()))]);
        check(vec![], &[]);
    }

    #[test]
    fn two_events_are_put_in_order_as_well() {
        check(vec![fixed("1.2"), introduced("0")], &[(None, End::Fixed("1.2".to_owned()))]);
        // By the evaluation of the schema, a fix below the beginning has no say.
        check(vec![introduced("2.0"), fixed("1.2")], &[(Some("2.0"), End::Open)]);
    }

    #[test]
    fn nothing_from_the_highest_limit_on_is_affected() {
        let limit = |version: &str| Event::Limit(version.to_owned());
        let end = |version: &str| End::Limit(version.to_owned());
        check(vec![introduced("0"), limit("1.0")], &[(None, end("1.0"))]);
        check(vec![introduced("0"), limit("1.0"), limit("2.0")], &[(None, end("2.0"))]);
        check(
            vec![
                introduced("0"),
                fixed("0.9"),
                introduced("1.5"),
                limit("1.0"),
                introduced("3"),
                limit("2.0"),
            ],
            &[(None, End::Fixed("0.9".to_owned())), (Some("1.5"), end("2.0"))],
        );
    }

    #[test]
    fn an_unlimited_limit_is_none() {
        check(vec![introduced("0"), Event::Limit("*".to_owned())], &[(None, End::Open)]);
    }

    #[test]
    fn unreadable_versions_keep_the_order_of_the_feed() {
        let end = |version: &str| End::Fixed(version.to_owned());
        check(
            vec![introduced("0"), fixed("not a version"), introduced("3"), fixed("4")],
            &[(None, end("not a version")), (Some("3"), end("4"))],
        );
    }
}
