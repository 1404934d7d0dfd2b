//! Which rules mean each pair of a package version and what it has, as far as they are about findings.

use crate::rulebook::{Described, is_whole};
use access::ResourceId;
use advisory::Severity;
use assessment::FindingTraits;
use assessment::rules::{Conditions, FindingFacts, FixStatus};
use std::collections::{BTreeMap, HashMap};
use store::{Judgements, PageRequest, Rating, Rule, Store};

/// Rows that are read at a time.
const AT_A_TIME: usize = 5000;

/// A rule that means single findings.
struct Meaning {
    rule: u16,
    /// Its conditions without the one on texts, which is looked at once for each vulnerability.
    conditions: Conditions,
    text: Option<String>,
}

impl Meaning {
    /// Whether it looks at more than how the vulnerability is rated and described.
    fn reads_packages(&self) -> bool {
        let conditions = &self.conditions;
        !conditions.ids.is_empty()
            || !conditions.categories.is_empty()
            || conditions.not_patchable
            || !conditions.fix_statuses.is_empty()
            || !conditions.packages.is_empty()
    }
}

/// The rules that mean single findings, by the names of vulnerabilities that they ask for.
struct Meanings {
    all: Vec<Meaning>,
    /// Places in `all`, by a name in small letters.
    named: HashMap<String, Vec<usize>>,
    unnamed: Vec<usize>,
}

impl Meanings {
    fn new(rules: &[(Rule, ResourceId)]) -> Self {
        let mut meanings = Self { all: Vec::new(), named: HashMap::new(), unnamed: Vec::new() };
        for (number, (rule, _)) in (0u16..).zip(rules) {
            // What waives whole images asks nothing of findings.
            if is_whole(rule) {
                continue;
            }
            let place = meanings.all.len();
            for name in &rule.conditions.ids {
                meanings.named.entry(name.to_ascii_lowercase()).or_default().push(place);
            }
            if rule.conditions.ids.is_empty() {
                meanings.unnamed.push(place);
            }
            let conditions = Conditions { text: None, ..rule.conditions.clone() };
            let text = rule.conditions.text.as_ref().map(|text| text.to_lowercase());
            meanings.all.push(Meaning { rule: number, conditions, text });
        }
        meanings
    }

    /// The rules that mean a finding, given those whose texts are found in its description.
    fn of(&self, facts: &FindingFacts<'_>, described: &[u16]) -> Box<[u16]> {
        let named = |name: &str| self.named.get(&name.to_ascii_lowercase()).into_iter().flatten();
        let candidates = self
            .unnamed
            .iter()
            .chain(named(facts.id))
            .chain(facts.aliases.iter().flat_map(|alias| named(alias)));
        let mut rules: Vec<u16> = candidates
            .filter_map(|place| self.all.get(*place))
            .filter(|meaning| meaning.text.is_none() || described.contains(&meaning.rule))
            .filter(|meaning| meaning.conditions.cover_finding(facts))
            .map(|meaning| meaning.rule)
            .collect();
        rules.sort_unstable();
        rules.dedup();
        rules.into()
    }
}

/// Sets of rules, each once.
#[derive(Default)]
struct Sets {
    all: Vec<Box<[u16]>>,
    places: HashMap<Box<[u16]>, u32>,
}

impl Sets {
    fn place(&mut self, set: Box<[u16]>) -> u32 {
        if let Some(place) = self.places.get(&set) {
            return *place;
        }
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(set.clone());
        self.places.insert(set, place);
        place
    }
}

/// The place of each pair among the sets of rules that mean findings, and these sets.
///
/// # Errors
/// When the records fail.
pub(super) async fn sets(
    store: &dyn Store,
    rules: &[(Rule, ResourceId)],
    judgements: &Judgements,
) -> Result<(Vec<u32>, Vec<Box<[u16]>>), store::Error> {
    let meanings = Meanings::new(rules);
    let described = described(store, &meanings, judgements).await?;
    let of_rating = |rating: u32| described.get(&rating).map_or(&[][..], Vec::as_slice);
    let mut sets = Sets::default();
    // Of a pair that appears while this is read nothing is known yet, and nothing unknown is hidden.
    let mut set_of = vec![sets.place(Box::default()); judgements.pairs().len()];
    if !meanings.all.iter().any(Meaning::reads_packages) {
        let of_ratings: Vec<u32> = (0u32..)
            .zip(&judgements.ratings)
            .map(|(at, rating)| sets.place(meanings.of(&facts(rating, None, ("", "")), of_rating(at))))
            .collect();
        for (set, rating) in set_of.iter_mut().zip(judgements.pairs()) {
            *set = of_ratings.get(*rating as usize).copied().unwrap_or_default();
        }
        return Ok((set_of, sets.all));
    }
    let mut after = None;
    loop {
        let page = store.affected_packages(PageRequest { after, limit: AT_A_TIME }).await?;
        for affected in &page.items {
            let numbers = judgements.numbers_of(affected.package_version);
            for (number, place) in numbers.zip(judgements.of(affected.package_version)) {
                let Some(rating) = judgements.ratings.get(*place as usize) else { continue };
                if rating.vulnerability != affected.vulnerability {
                    continue;
                }
                let said: Option<FindingTraits> = serde_json::from_str(&affected.evidence).ok();
                let facts = facts(rating, said.as_ref(), (&affected.name, &affected.version));
                if let Some(set) = set_of.get_mut(number) {
                    *set = sets.place(meanings.of(&facts, of_rating(*place)));
                }
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok((set_of, sets.all)),
        }
    }
}

fn facts<'a>(
    rating: &'a Rating,
    said: Option<&'a FindingTraits>,
    (package, version): (&'a str, &'a str),
) -> FindingFacts<'a> {
    FindingFacts {
        id: &rating.vulnerability,
        aliases: said.map_or(&[], |said| &said.aliases),
        severity: Severity::from_word(&rating.severity).unwrap_or(Severity::Unknown),
        score: rating.score,
        category: said.map_or("", |said| &said.category),
        fix: said.map_or(FixStatus::Unknown, FindingTraits::fix_status),
        package,
        version,
        title: "",
        description: "",
    }
}

/// For each place in the ratings the rules whose texts are found in what describes it; nothing is read where no rule
/// asks for a text.
async fn described(
    store: &dyn Store,
    meanings: &Meanings,
    judgements: &Judgements,
) -> Result<BTreeMap<u32, Vec<u16>>, store::Error> {
    let mut found: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
    if meanings.all.iter().all(|meaning| meaning.text.is_none()) {
        return Ok(found);
    }
    let mut after = None;
    loop {
        let page = store.vulnerability_records(PageRequest { after, limit: AT_A_TIME }).await?;
        for ((id, ecosystem), record) in &page.items {
            let first = judgements.ratings.partition_point(|rating| rating.vulnerability < *id);
            let own = judgements.ratings.iter().enumerate().skip(first);
            let mut own = own.take_while(|(_, rating)| rating.vulnerability == *id);
            let place = own.find(|(_, rating)| rating.ecosystem == *ecosystem).map(|(at, _)| at);
            let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else { continue };
            let Ok(said) = serde_json::from_str::<Described>(record) else { continue };
            let texts = [said.title.to_lowercase(), said.description.to_lowercase()];
            let is_found = |meaning: &&Meaning| {
                meaning.text.as_ref().is_some_and(|wanted| texts.iter().any(|text| text.contains(wanted)))
            };
            let rules: Vec<u16> = meanings.all.iter().filter(is_found).map(|meaning| meaning.rule).collect();
            if !rules.is_empty() {
                found.insert(place, rules);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}
