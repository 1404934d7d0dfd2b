//! Which vulnerabilities an image has, and which of them are alike for a request.

use super::part::{Level, Part, Shape};
use super::plan::{Grain, Plan};
use super::tally::Tally;
use crate::documents::sub_assessment::in_three;
use kql::Value;
use std::collections::HashMap;
use store::{Judgements, PackageVersionId, Rating};

/// Rows of this class are not wanted.
const UNWANTED: usize = usize::MAX;

/// What package versions have, sorted by what a request tells apart.
#[derive(Default)]
pub(super) struct Ratings {
    judgements: Judgements,
    is_read: bool,
    /// Each vulnerability has a number, whoever rates it.
    number: Vec<u32>,
    /// The class of each rating.
    class_of: Vec<usize>,
    /// The same where a rule hides what is rated.
    hidden_class_of: Vec<usize>,
    /// A value for each need, of which those of vulnerabilities are read.
    classes: Vec<Vec<Value>>,
    index: HashMap<Vec<Value>, usize>,
    /// In which image each vulnerability was last seen.
    seen: Vec<u32>,
    image: u32,
    /// Under rules, the vulnerabilities of the image, and for each the rating that it has there and whether it is hidden.
    here: Vec<usize>,
    standing: Vec<(usize, bool)>,
    found: Vec<(usize, usize, u64)>,
    counts: Vec<i64>,
    touched: Vec<usize>,
}

impl Ratings {
    /// What was judged; with the classes of what rules hide, if there are any.
    pub(super) fn new(judgements: Judgements, plan: &Plan, has_rules: bool) -> Self {
        let mut ratings = Self { is_read: true, ..Self::default() };
        let mut last: Option<&str> = None;
        let mut numbers = 0u32;
        for rating in &judgements.ratings {
            if last != Some(&rating.vulnerability) {
                numbers += 1;
                last = Some(&rating.vulnerability);
            }
            ratings.number.push(numbers);
            let class = ratings.class_of_rating(rating, "Unhealthy", plan);
            ratings.class_of.push(class);
            if has_rules {
                let class = ratings.class_of_rating(rating, "NotApplicable", plan);
                ratings.hidden_class_of.push(class);
            }
        }
        ratings.standing = vec![(0, false); if has_rules { numbers as usize + 1 } else { 0 }];
        ratings.seen = vec![0; numbers as usize + 1];
        ratings.judgements = judgements;
        ratings
    }

    /// The class of rows that are rated so and stand so.
    fn class_of_rating(&mut self, rating: &Rating, code: &str, plan: &Plan) -> usize {
        let values = |part: Part| value_of(rating, code, part, plan.shape);
        let is_wanted =
            plan.at(Level::Vulnerability).all(|(part, condition)| condition.holds(&values(*part)));
        if is_wanted {
            self.class(plan.parts.iter().map(|part| values(*part)).collect(), plan)
        } else {
            UNWANTED
        }
    }

    /// Whether nothing was read yet.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_read
    }

    /// The class of a row, by its values.
    pub(super) fn class(&mut self, values: Vec<Value>, plan: &Plan) -> usize {
        let key: Vec<Value> = values
            .iter()
            .zip(&plan.parts)
            .zip(&plan.is_key)
            .filter(|((_, part), is_key)| **is_key && part.level() == Level::Vulnerability)
            .map(|((value, _), _)| value.clone())
            .collect();
        if let Some(known) = self.index.get(&key) {
            return *known;
        }
        let class = self.classes.len();
        self.classes.push(values);
        self.counts.push(0);
        self.index.insert(key, class);
        class
    }

    /// The value of a need in a class.
    pub(super) fn value(&self, class: usize, need: usize) -> Value {
        self.classes.get(class).and_then(|values| values.get(need)).cloned().unwrap_or_default()
    }

    /// The identifier of a vulnerability.
    pub(super) fn vulnerability(&self, rating: usize) -> &str {
        self.judgements.ratings.get(rating).map_or("", |rating| &rating.vulnerability)
    }

    /// The next image.
    pub(super) fn begin(&mut self) {
        self.image += 1;
    }

    /// A package version of the image, which is at so many places. What is counted over all images goes to the tally.
    pub(super) fn add(&mut self, package: PackageVersionId, places: u64, plan: &Plan, tally: &mut Tally) {
        for pair in self.judgements.numbers_of(package) {
            let Some(rating) = self.judgements.pairs().get(pair).map(|rating| *rating as usize) else {
                continue;
            };
            let Some(class) = self.class_of.get(rating).copied() else { continue };
            let mut rows = places;
            if plan.shape == Shape::SubAssessments {
                // A vulnerability has one row in an image, rated as for the first package that has it.
                let number = self.number.get(rating).map_or(0, |number| *number as usize);
                let Some(seen) = self.seen.get_mut(number) else { continue };
                if *seen == self.image {
                    continue;
                }
                *seen = self.image;
                rows = 1;
            }
            self.put(rating, class, rows, plan, tally);
        }
    }

    /// The pair of a package version and a vulnerability that it has.
    pub(super) fn pair(&self, package: PackageVersionId, vulnerability: &str) -> Option<usize> {
        let is_it = |place: &u32| {
            let rating = self.judgements.ratings.get(*place as usize);
            rating.is_some_and(|rating| rating.vulnerability == vulnerability)
        };
        let mut pairs = self.judgements.numbers_of(package).zip(self.judgements.of(package));
        pairs.find(|(_, place)| is_it(place)).map(|(pair, _)| pair)
    }

    /// The same under rules, which hide some pairs of a package version and what it has.
    pub(super) fn add_ruled(
        &mut self,
        package: PackageVersionId,
        places: u64,
        plan: &Plan,
        hides: impl Fn(usize) -> bool,
        tally: &mut Tally,
    ) {
        for pair in self.judgements.numbers_of(package) {
            let Some(rating) = self.judgements.pairs().get(pair).map(|rating| *rating as usize) else {
                continue;
            };
            let is_hidden = hides(pair);
            if plan.shape == Shape::Findings {
                if !is_hidden {
                    let class = self.class_of.get(rating).copied().unwrap_or(UNWANTED);
                    self.put(rating, class, places, plan, tally);
                }
                continue;
            }
            let number = self.number.get(rating).map_or(0, |number| *number as usize);
            let (Some(seen), Some(standing)) = (self.seen.get_mut(number), self.standing.get_mut(number))
            else {
                continue;
            };
            if *seen != self.image {
                (*seen, *standing) = (self.image, (rating, is_hidden));
                self.here.push(number);
            } else if standing.1 && !is_hidden {
                // The row is that of the packages that count.
                *standing = (rating, false);
            }
        }
    }

    /// The end of an image under rules: whether a vulnerability counts is known when all packages were looked at.
    pub(super) fn end_ruled(&mut self, plan: &Plan, tally: &mut Tally) {
        for number in std::mem::take(&mut self.here) {
            let Some((rating, is_hidden)) = self.standing.get(number).copied() else { continue };
            let classes = if is_hidden { &self.hidden_class_of } else { &self.class_of };
            let class = classes.get(rating).copied().unwrap_or(UNWANTED);
            self.put(rating, class, 1, plan, tally);
        }
    }

    fn put(&mut self, rating: usize, class: usize, rows: u64, plan: &Plan, tally: &mut Tally) {
        if class == UNWANTED {
            return;
        }
        match plan.grain {
            Grain::Single | Grain::Documents => self.found.push((rating, class, rows)),
            Grain::OfAll => tally.count(class, i64::try_from(rows).unwrap_or(i64::MAX)),
            Grain::OfImage => {
                let Some(count) = self.counts.get_mut(class) else { return };
                if *count == 0 {
                    self.touched.push(class);
                }
                *count = count.saturating_add_unsigned(rows);
            }
        }
    }

    /// The classes that the image has, with their numbers; they are forgotten.
    pub(super) fn counted(&mut self) -> Vec<(usize, i64)> {
        let counts = &mut self.counts;
        let of = |class| (class, counts.get_mut(class).map_or(0, std::mem::take));
        self.touched.drain(..).map(of).collect()
    }

    /// The rows that the image has, by vulnerability: rating, class, how often; they are forgotten.
    pub(super) fn listed(&mut self) -> Vec<(usize, usize, u64)> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable_by_key(|(rating, ..)| *rating);
        found
    }
}

fn value_of(rating: &Rating, code: &str, part: Part, shape: Shape) -> Value {
    match part {
        Part::Vulnerability => Value::text(&rating.vulnerability),
        Part::Severity if shape == Shape::SubAssessments => Value::text(in_three(&rating.severity)),
        Part::Severity => Value::text(&rating.severity),
        Part::Score => rating.score.map_or(Value::Null, Value::Real),
        Part::Ecosystem => Value::text(rating.ecosystem.as_str()),
        Part::Code => Value::text(code),
        Part::Nothing
        | Part::Fixed(_)
        | Part::Tenant
        | Part::Host
        | Part::Subscription
        | Part::Group
        | Part::Repository
        | Part::Digest
        | Part::Image
        | Part::Resource
        | Part::Name
        | Part::Id => Value::Null,
    }
}
