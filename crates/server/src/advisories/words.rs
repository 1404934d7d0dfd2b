//! What is in force, for programs and in a sentence for people, always with its age.

use super::Held;
use crate::api::view::{AdvisoriesView, EcosystemView, HeldView, SourceView};
use advisory::Snapshot;
use jiff::{SignedDuration, Timestamp};

/// What is in force, for programs.
pub fn view(
    snapshot: &Snapshot,
    held: Option<Held>,
    age_limit: SignedDuration,
    now: Timestamp,
) -> AdvisoriesView {
    let age = now.duration_since(snapshot.created_at());
    AdvisoriesView {
        snapshot: Some(snapshot.version().to_string()),
        created_at: Some(snapshot.created_at()),
        age_seconds: Some(age.as_secs()),
        too_old: age > age_limit,
        advisories: u64::try_from(snapshot.counts().advisories).unwrap_or(u64::MAX),
        sources: snapshot
            .sources()
            .iter()
            .map(|source| SourceView {
                name: source.name.clone(),
                newest: source.newest,
                advisories: source.advisories + source.enrichments,
                skipped: source.skipped,
                read_at: source.read_at,
            })
            .collect(),
        ecosystems: snapshot
            .ecosystems()
            .map(|(name, coverage)| EcosystemView {
                name: name.to_owned(),
                packages: coverage.packages.into(),
            })
            .collect(),
        held: held.map(held_view),
    }
}

/// That nothing is in force, for programs.
pub fn no_view(held: Option<Held>) -> AdvisoriesView {
    AdvisoriesView {
        snapshot: None,
        created_at: None,
        age_seconds: None,
        too_old: false,
        advisories: 0,
        sources: Vec::new(),
        ecosystems: Vec::new(),
        held: held.map(held_view),
    }
}

fn held_view(held: Held) -> HeldView {
    HeldView { snapshot: held.snapshot, doubts: held.doubts, at: held.at }
}

/// What is in force, in a sentence for people, with its age.
pub fn in_words(snapshot: Option<&Snapshot>, now: Timestamp) -> String {
    let Some(snapshot) = snapshot else {
        return "No advisories are loaded, so that nothing can be called healthy: \
                `lazaretto advisories update` or `import PATH...` loads them."
            .into();
    };
    let age = age_in_words(now.duration_since(snapshot.created_at()));
    format!("{} advisories are in force, compiled {age} ago.", snapshot.counts().advisories)
}

/// An age, as people say it: hours for two days, then days.
pub fn age_in_words(age: SignedDuration) -> String {
    let hours = age.as_hours();
    match hours {
        ..1 => "less than an hour".to_owned(),
        1 => "1 hour".to_owned(),
        2..48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_as_people_say_them() {
        let said: Vec<_> =
            [0, 1, 2, 47, 48, 1000].map(|hours| age_in_words(SignedDuration::from_hours(hours))).into();
        assert_eq!(said, ["less than an hour", "1 hour", "2 hours", "47 hours", "2 days", "41 days"]);
    }
}
