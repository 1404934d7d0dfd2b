//! One advisory and one package: is this version among those that the advisory means?

use super::Verdict;
use crate::snapshot::{Bound, Entry, Interval};
use inventory::Ecosystem;
use inventory::version::{Scheme, VersionKey, scheme_of};

/// How much a judgement weighs beside others about the same vulnerability; the heaviest decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// The version is outside of all ranges.
    NotAffected,
    /// It cannot be told.
    Undetermined,
    /// The version is in a range or in the list.
    Affected,
    /// The vendor says that no version was ever affected.
    Never,
}

/// What follows from one advisory.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    pub(super) weight: Weight,
    pub(super) verdict: Verdict,
    /// The rule, in words.
    pub(super) rule: String,
    /// The fixed version that ends the range in which the version lies.
    pub(super) fixed: Option<String>,
}

impl Judgement {
    /// The judgement that an advisory does not concern the package at all.
    pub(super) fn not_affected(why: String) -> Self {
        not_affected(why)
    }

    /// The same where it is not known whether the advisory concerns the package: what it would say against it counts as
    /// undetermined.
    pub(super) fn weakened(self, why: String) -> Self {
        match self.weight {
            Weight::Affected => undetermined(format!("{}, and {why}", self.rule)),
            Weight::Never => not_affected(self.rule),
            Weight::NotAffected | Weight::Undetermined => self,
        }
    }
}

/// The installed package, with the key of its version.
pub(super) struct Installed<'q> {
    pub(super) ecosystem: &'q Ecosystem,
    pub(super) name: &'q str,
    version: &'q str,
    scheme: Option<&'static Scheme>,
    key: Result<VersionKey, String>,
}

impl<'q> Installed<'q> {
    pub(super) fn new(ecosystem: &'q Ecosystem, name: &'q str, version: &'q str) -> Self {
        let scheme = scheme_of(ecosystem);
        let key = match scheme {
            Some(scheme) => (scheme.key)(version).map_err(|error| error.to_string()),
            None => Err(format!("the order of versions of {ecosystem} is not known")),
        };
        Self { ecosystem, name, version, scheme, key }
    }

    /// Why a bound could not be compared.
    fn why_unreadable(&self, bound: &Bound<'_>) -> String {
        match self.scheme.map(|scheme| (scheme.key)(bound.text)) {
            Some(Err(error)) => error.to_string(),
            Some(Ok(_)) | None => format!("the version {:?} of the advisory cannot be compared", bound.text),
        }
    }
}

/// Judges one advisory.
pub(super) fn judge(installed: &Installed<'_>, entry: &Entry<'_>) -> Judgement {
    let Installed { ecosystem, name, version, .. } = installed;
    if entry.is_never() {
        let rule = format!("the vendor says that no version of {name} in {ecosystem} was ever affected");
        let verdict = Verdict::NotAffected { why: rule.clone() };
        return Judgement { weight: Weight::Never, verdict, rule, fixed: None };
    }
    if entry.is_unknown() {
        return undetermined(entry.particulars().unknown.unwrap_or_default());
    }
    if entry.versions().any(|listed| listed.text == *version) {
        return affected(format!("{version} is among the affected versions of {ecosystem} {name}"), None);
    }
    let key = match &installed.key {
        Ok(key) => key.as_bytes(),
        Err(why) => return unreadable(installed, entry, why),
    };
    let mut nearest = Outside::default();
    let mut obstacle = None;
    for interval in entry.intervals() {
        match place(key, &interval) {
            Place::Inside => return inside(installed, &interval),
            Place::Outside => nearest.consider(key, &interval),
            Place::Unreadable(bound) => obstacle = Some(installed.why_unreadable(&bound)),
        }
    }
    for listed in entry.versions() {
        match listed.key {
            Some(listed_key) if listed_key == key => {
                let rule =
                    format!("{version} equals {}, an affected version of {ecosystem} {name}", listed.text);
                return affected(rule, None);
            }
            Some(_) => {}
            None => obstacle = Some(installed.why_unreadable(&listed)),
        }
    }
    match obstacle {
        Some(why) => undetermined(why),
        None => not_affected(nearest.rule(installed)),
    }
}

/// Where a version lies.
enum Place<'s> {
    Inside,
    Outside,
    Unreadable(Bound<'s>),
}

/// Where a version lies beside one interval. A bound that cannot be read does not matter where the other bound
/// already puts the version outside.
fn place<'s>(key: &[u8], interval: &Interval<'s>) -> Place<'s> {
    let mut unreadable = None;
    for (bound, includes, is_lower) in [
        (interval.introduced, true, true),
        (interval.fixed, false, false),
        (interval.limit, false, false),
        (interval.last_affected, true, false),
    ] {
        let Some(bound) = bound else { continue };
        let Some(at) = bound.key else {
            unreadable = Some(bound);
            continue;
        };
        let within = if is_lower { key >= at } else { key < at || (includes && key == at) };
        if !within {
            return Place::Outside;
        }
    }
    unreadable.map_or(Place::Inside, Place::Unreadable)
}

/// Why a version that lies outside of all ranges does.
#[derive(Default)]
struct Outside<'s> {
    /// The last end below the version.
    passed: Option<(Bound<'s>, &'static str)>,
    /// The first beginning above the version.
    ahead: Option<Bound<'s>>,
}

impl<'s> Outside<'s> {
    fn consider(&mut self, key: &[u8], interval: &Interval<'s>) {
        let ends = [
            (interval.fixed, "not below the fixed"),
            (interval.limit, "not below the limit"),
            (interval.last_affected, "above the last affected"),
        ];
        for (end, words) in ends {
            let Some(end) = end else { continue };
            let is_passed = end.key.is_some_and(|at| key >= at);
            if is_passed && self.passed.is_none_or(|(known, _)| known.key < end.key) {
                self.passed = Some((end, words));
            }
        }
        if let Some(start) = interval.introduced {
            let is_ahead = start.key.is_some_and(|at| key < at);
            if is_ahead && self.ahead.is_none_or(|known| known.key > start.key) {
                self.ahead = Some(start);
            }
        }
    }

    fn rule(&self, installed: &Installed<'_>) -> String {
        let Installed { ecosystem, name, version, .. } = installed;
        match (&self.passed, &self.ahead) {
            (Some((end, words)), _) => format!("{version} is {words} {} of {ecosystem} {name}", end.text),
            (None, Some(start)) => {
                format!("{version} is below {}, which introduced it into {ecosystem} {name}", start.text)
            }
            (None, None) => format!("{version} is not among the affected versions of {ecosystem} {name}"),
        }
    }
}

fn inside(installed: &Installed<'_>, interval: &Interval<'_>) -> Judgement {
    let Installed { ecosystem, name, version, .. } = installed;
    let since = interval.introduced.map(|start| format!(" and not below {}", start.text)).unwrap_or_default();
    let of = format!("{ecosystem} {name}");
    let (rule, fixed) = match (interval.fixed, interval.last_affected, interval.limit) {
        (Some(end), _, _) => {
            (format!("{version} is below the fixed {} of {of}{since}", end.text), Some(end.text.to_owned()))
        }
        (None, Some(end), _) => {
            (format!("{version} is not above the last affected {} of {of}{since}", end.text), None)
        }
        (None, None, Some(end)) => {
            (format!("{version} is below the limit {} of {of}{since}", end.text), None)
        }
        (None, None, None) => {
            let start = interval.introduced.map_or("every version", |start| start.text);
            (format!("no fixed version of {of} is known for {version}, affected since {start}"), None)
        }
    };
    affected(rule, fixed)
}

/// The judgement where the installed version cannot be read: certain only where every version is affected.
fn unreadable(installed: &Installed<'_>, entry: &Entry<'_>, why: &str) -> Judgement {
    let is_everything = |interval: Interval<'_>| {
        let Interval { introduced, fixed, last_affected, limit } = interval;
        introduced.is_none() && fixed.is_none() && last_affected.is_none() && limit.is_none()
    };
    if entry.intervals().any(is_everything) {
        let Installed { ecosystem, name, .. } = installed;
        return affected(format!("every version of {ecosystem} {name} is affected"), None);
    }
    undetermined(why.to_owned())
}

fn affected(rule: String, fixed: Option<String>) -> Judgement {
    Judgement { weight: Weight::Affected, verdict: Verdict::Affected, rule, fixed }
}

fn not_affected(rule: String) -> Judgement {
    let verdict = Verdict::NotAffected { why: rule.clone() };
    Judgement { weight: Weight::NotAffected, verdict, rule, fixed: None }
}

fn undetermined(why: String) -> Judgement {
    let verdict = Verdict::Undetermined { why: why.clone() };
    Judgement { weight: Weight::Undetermined, verdict, rule: why, fixed: None }
}
