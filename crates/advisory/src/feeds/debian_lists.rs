//! Debian's lists of security advisories, `data/DSA/list` and `data/DLA/list` of
//! <https://salsa.debian.org/security-tracker-team/security-tracker>.
//!
//! Text: a line that begins with a date in brackets opens an advisory; indented lines give its vulnerabilities in braces
//! and its packages by release.
//! Surprises: a version may be a word in angle brackets (`<not-affected>`, `<unfixed>`, `<end-of-life>`); an update for a
//! regression names no vulnerabilities, and is an advisory nevertheless.

use super::debian_tracker::RELEASES;
use super::{Emit, Feed, FeedError, Record, Skip};
use crate::identifier::is_cve;
use crate::{Advisory, AdvisoryId, AffectedPackage, Extent, FixState};
use inventory::Ecosystem;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// Debian's lists of security advisories.
pub(super) const FEED: Feed = Feed { name: "debian_lists", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default();
    heading(line)
        .is_some_and(|(_, id, _)| id.starts_with("DSA-") || id.starts_with("DLA-") || id.starts_with("DTSA-"))
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let text = String::from_utf8_lossy(document);
    let mut current: Option<Advisory> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some((date, id, title)) = heading(line) {
            if let Some(whole) = current.take() {
                emit(Ok(Record::Advisory(Box::new(whole))));
            }
            match AdvisoryId::new(id) {
                Ok(id) => {
                    let mut advisory = Advisory::new(id);
                    (advisory.published, advisory.modified) = (date, date);
                    advisory.summary = title.to_owned();
                    current = Some(advisory);
                }
                Err(error) => emit(Err(skip(line, &error.to_string()))),
            }
            continue;
        }
        let read = current.as_mut().is_some_and(|advisory| statement(advisory, line.trim()));
        if !read {
            emit(Err(skip(line, "the line is none of an advisory")));
        }
    }
    if let Some(whole) = current {
        emit(Ok(Record::Advisory(Box::new(whole))));
    }
    Ok(())
}

fn skip(line: &str, why: &str) -> Skip {
    Skip { place: line.trim().chars().take(60).collect(), why: why.to_owned() }
}

/// `[29 Mar 2023] DSA-5380-1 xorg-server - security update`.
fn heading(line: &str) -> Option<(Option<Timestamp>, &str, &str)> {
    let (date, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (id, title) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_id =
        id.split_once('-').is_some_and(|(letters, _)| letters.bytes().all(|byte| byte.is_ascii_uppercase()));
    is_id.then(|| (day(date), id, title))
}

fn day(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let month = i8::try_from(MONTHS.iter().position(|name| month.starts_with(name))?).ok()?.checked_add(1)?;
    let date = Date::new(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()
}

/// Reads an indented line into the advisory; says whether it could be read.
fn statement(advisory: &mut Advisory, line: &str) -> bool {
    if let Some(names) = line.strip_prefix('{') {
        let names = names.trim_end_matches('}').split_whitespace();
        advisory.upstream.extend(names.filter(|name| is_cve(name)).map(str::to_owned));
        return true;
    }
    if line.starts_with("NOTE:") {
        return true;
    }
    let Some((release, rest)) = line.strip_prefix('[').and_then(|line| line.split_once("] - ")) else {
        return false;
    };
    let mut words = rest.split_whitespace();
    let (Some(package), Some(version)) = (words.next(), words.next()) else { return false };
    let Some((_, number)) = RELEASES.iter().find(|(code_name, _)| *code_name == release) else {
        // Releases before those that images are made of: nothing installs them.
        return true;
    };
    let (extent, fix_state) = match version {
        "<not-affected>" => (Extent::Never, None),
        "<unfixed>" => (Extent::every_version(), None),
        "<end-of-life>" => (Extent::every_version(), Some(FixState::EndOfLife)),
        "<ignored>" | "<no-dsa>" => (Extent::every_version(), Some(FixState::WillNotFix)),
        "<postponed>" => (Extent::every_version(), Some(FixState::Postponed)),
        word if word.starts_with('<') => {
            (Extent::Unknown { why: format!("the vendor's word is {word}") }, None)
        }
        fixed => (Extent::before(fixed), None),
    };
    let ecosystem = Ecosystem::new(format!("Debian:{number}"));
    advisory.affected.push(AffectedPackage { fix_state, ..AffectedPackage::new(ecosystem, package, extent) });
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::tests::{advisories, read};

    const TEXT: &str = "[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\
        \t{CVE-2023-1393 CVE-2023-1394}\n\
        \t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n\
        \t[buster] - xorg-server <not-affected> (Vulnerable code not present)\n\
        [17 Mar 2023] DSA-5356-2 sox - regression update\n\
        \t[bookworm] - sox <unfixed>\n\
        \t[hamm] - sox 1\n\
        \tNOTE: a remark\n\
        \tnonsense\n";

    #[test]
    fn advisories_are_read_with_their_releases() {
        let read_ones = advisories(&FEED, TEXT);
        assert_eq!(
            read_ones.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
            ["DSA-5380-1", "DSA-5356-2"]
        );
        assert_eq!(read_ones[0].upstream, ["CVE-2023-1393", "CVE-2023-1394"]);
        assert_eq!(read_ones[0].published.unwrap().to_string(), "2023-03-29T00:00:00Z");
        let extents: Vec<_> =
            read_ones.iter().flat_map(|one| &one.affected).map(|said| said.extent.clone()).collect();
        assert_eq!(extents, [Extent::before("2:1.20.11-1+deb11u6"), Extent::Never, Extent::every_version()]);
        let skips = read(&FEED, TEXT).1;
        assert_eq!(skips.iter().map(|skip| &*skip.place).collect::<Vec<_>>(), ["nonsense"]);
    }

    #[test]
    fn only_lists_of_advisories_are_recognised() {
        assert!(recognise("list", TEXT.as_bytes()));
        for other in ["", "[", "[1] 2", "[29 Mar 2023] CVE 1", "{\"a\":1}"] {
            assert!(!recognise("list", other.as_bytes()), "{other}");
        }
    }
}
