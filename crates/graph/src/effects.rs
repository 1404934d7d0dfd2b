//! What the rules in force hide, decided once for each package version and once for each image.
//!
//! A rule means findings of some kind in images of some kind, and neither half says anything of the other. So each pair
//! of a package version and what it has belongs to the set of rules that mean it, whatever the image; and each image to
//! the set of rules that hold for it, whatever the finding. There are few different sets of either kind, and what a
//! finding in an image comes to is looked up by the two: a hundred thousand images cost hardly more than without rules.
//!
//! What it says of a finding is what [`ImageRules::hides`](crate::rulebook::ImageRules::hides) says; a test holds one
//! against the other.

mod pairs;

use crate::attached::as_rules;
use crate::documents::KnownRegistry;
use crate::rulebook::{OsName, Rulebook, image_id, is_whole, repository_id, traits};
use access::ResourceId;
use oci::Digest;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use store::{ImageKey, Judgements, RepositoryKey, Rule, Store};

/// For each set of findings, the number of the rule that hides them in an image.
pub(crate) type Hiding = Arc<[Option<u16>]>;

/// What the rules in force hide.
///
/// 1. A rule is named by its place among `rules`, and lists of rules are in that order: the first one counts.
/// 2. `set_of` has a place in `sets` for each pair of the judgements.
pub(crate) struct Effects {
    rules: Vec<(Rule, ResourceId)>,
    set_of: Vec<u32>,
    /// Rules that mean the findings of the set.
    sets: Vec<Box<[u16]>>,
    /// The operating systems of images, as far as rules look at them.
    systems: Vec<Option<OsName>>,
    system_of: HashMap<Digest, usize>,
    repositories: HashMap<RepositoryKey, Here>,
    decided: HashMap<Vec<u16>, Hiding>,
}

/// What is the same for all images of a repository.
struct Here {
    /// Rules that hold for all of its images.
    certain: Vec<u16>,
    /// Whether some rule has the repository in its scope.
    is_ruled: bool,
    /// Rules that hold for some of its images.
    open: Vec<Open>,
    /// What comes of it where nothing is open.
    hiding: Option<Hiding>,
}

/// A rule of which only an image can tell whether it holds.
struct Open {
    rule: u16,
    /// Its scope lies below the repository.
    is_of_image: bool,
}

/// Documents are looked at up to so many statements: each is compared with everything that was judged.
const MOST_STATEMENTS: usize = 5000;

/// What attached documents silence, as rules of their images.
async fn attached(store: &dyn Store, book: &Rulebook) -> Result<Vec<(Rule, ResourceId)>, store::Error> {
    let mut rules = Vec::new();
    let mut registries: HashMap<store::RegistryId, Option<KnownRegistry>> = HashMap::new();
    for (image, readings) in book.attached() {
        let registry = image.repository.registry;
        let known = match registries.entry(registry) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let found = store.registry(registry).await?;
                new.insert(found.and_then(|found| KnownRegistry::new(found).ok()))
            }
        };
        let Some(known) = known else { continue };
        let Some(id) = image_id(known, image) else { continue };
        let host = &known.registry.login_server;
        rules.extend(as_rules(&id, host, image, readings).into_iter().map(|rule| (rule, id.clone())));
        if rules.len() > MOST_STATEMENTS {
            tracing::warn!(statements = rules.len(), "there are too many attached statements for queries");
            rules.truncate(MOST_STATEMENTS);
            break;
        }
    }
    Ok(rules)
}

impl Effects {
    /// The effects of rules on everything that was judged.
    ///
    /// # Errors
    /// When the records fail.
    pub(crate) async fn load(
        store: &dyn Store,
        book: &Rulebook,
        judgements: &Judgements,
    ) -> Result<Self, store::Error> {
        let mut rules = book.scoped().to_vec();
        rules.extend(attached(store, book).await?);
        let (set_of, sets) = pairs::sets(store, &rules, judgements).await?;
        let (mut systems, mut system_of) = (Vec::new(), HashMap::new());
        if book.needs_os() {
            let found = store.distributions().await?;
            systems = found.known.iter().map(OsName::of).collect();
            system_of = found.of;
        }
        let (repositories, decided) = (HashMap::new(), HashMap::new());
        Ok(Self { rules, set_of, sets, systems, system_of, repositories, decided })
    }

    /// The set that a pair of the judgements belongs to.
    pub(crate) fn set_of(&self, pair: usize) -> usize {
        self.set_of.get(pair).map_or(usize::MAX, |set| *set as usize)
    }

    /// A rule by its number.
    pub(crate) fn rule(&self, number: u16) -> Option<&Rule> {
        self.rules.get(usize::from(number)).map(|(rule, _)| rule)
    }

    /// Which rule hides each set of findings in an image. None where no rule has the image in its scope.
    pub(crate) fn of_image(&mut self, known: &KnownRegistry, image: &ImageKey) -> Option<Hiding> {
        if !self.repositories.contains_key(&image.repository) {
            let here = self.enter(known, image);
            self.repositories.insert(image.repository.clone(), here);
        }
        let here = self.repositories.get(&image.repository)?;
        if here.open.is_empty() {
            return here.hiding.clone();
        }
        let os = self.system_of.get(&image.digest).and_then(|at| self.systems.get(*at));
        let traits = traits(image, os.and_then(Option::as_ref));
        let id = image_id(known, image);
        let (mut holding, mut is_ruled) = (here.certain.clone(), here.is_ruled);
        for open in &here.open {
            let Some((rule, scope)) = self.rules.get(usize::from(open.rule)) else { continue };
            if open.is_of_image && !id.as_ref().is_some_and(|id| id.is_within(scope)) {
                continue;
            }
            is_ruled = true;
            if rule.conditions.cover_image(&traits) {
                holding.push(open.rule);
            }
        }
        holding.sort_unstable();
        is_ruled.then(|| self.decide(holding))
    }

    /// What holds for the repository of an image.
    fn enter(&mut self, known: &KnownRegistry, image: &ImageKey) -> Here {
        let mut here = Here { certain: Vec::new(), is_ruled: false, open: Vec::new(), hiding: None };
        let Some(id) = repository_id(known, &image.repository.name) else { return here };
        let any = traits(image, None);
        for (number, (rule, scope)) in (0u16..).zip(&self.rules) {
            let conditions = &rule.conditions;
            let is_of_image = !id.is_within(scope);
            if is_of_image && !scope.is_within(&id) {
                continue;
            }
            here.is_ruled |= !is_of_image;
            let looks_at_images = !conditions.digests.is_empty() || !conditions.os_versions.is_empty();
            if is_of_image || looks_at_images {
                here.open.push(Open { rule: number, is_of_image });
            } else if conditions.cover_image(&any) {
                here.certain.push(number);
            }
        }
        if here.open.is_empty() && here.is_ruled {
            here.hiding = Some(self.decide(here.certain.clone()));
        }
        here
    }

    /// What some rules hide, where they hold.
    fn decide(&mut self, holding: Vec<u16>) -> Hiding {
        if let Some(known) = self.decided.get(&holding) {
            return known.clone();
        }
        let whole = holding.iter().copied().find(|number| self.rule(*number).is_some_and(is_whole));
        let hides = |set: &[u16]| whole.or_else(|| first_of_both(&holding, set));
        let hiding: Hiding = self.sets.iter().map(|set| hides(set)).collect();
        self.decided.insert(holding, hiding.clone());
        hiding
    }
}

/// The first number that both lists have; they are in order.
fn first_of_both(one: &[u16], other: &[u16]) -> Option<u16> {
    one.iter().copied().find(|number| other.binary_search(number).is_ok())
}
