//! How rows are made of the census for one request.

use super::part::{Level, Part, Shape};
use crate::narrowed::Narrowed;
use kql::{Condition, Need, ScanRequest, Value};

/// In how many rows the census is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    /// Each row by itself.
    Single,
    /// What is alike in one image comes as one.
    OfImage,
    /// What is alike in all images comes as one.
    OfAll,
    /// Each row by itself, with all that its evidence says.
    Documents,
}

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(super) shape: Shape,
    pub(super) grain: Grain,
    pub(super) needs: Vec<Need>,
    /// What each need is.
    pub(super) parts: Vec<Part>,
    /// Whether rows are told apart by the need.
    pub(super) is_key: Vec<bool>,
    /// Whether of the need the different values are counted.
    pub(super) is_distinct: Vec<bool>,
    /// Conditions, with what they are on.
    pub(super) conditions: Vec<(Part, Condition)>,
}

impl Plan {
    /// The plan of a request; nothing if it asks for more than the census knows.
    pub(crate) fn of(shape: Shape, request: &ScanRequest) -> Option<Self> {
        let parts: Option<Vec<Part>> = request.needs.iter().map(|need| Part::of(shape, need)).collect();
        let parts = parts?;
        let conditions = request
            .conditions
            .iter()
            .filter_map(|condition| Some((Part::of(shape, &condition.need)?, condition.clone())))
            .filter(|(part, _)| part.level() != Level::Row)
            .collect();
        let (is_key, is_distinct) = (vec![true; parts.len()], vec![false; parts.len()]);
        let needs = request.needs.clone();
        let mut plan = Self { shape, grain: Grain::Single, needs, parts, is_key, is_distinct, conditions };
        let Some(fold) = &request.fold else { return Some(plan) };
        for at in &fold.free {
            // Of a row itself nothing is checked.
            if plan.parts.get(*at)?.level() == Level::Row {
                return None;
            }
            *plan.is_key.get_mut(*at)? = false;
        }
        for at in &fold.distinct {
            if !matches!(plan.parts.get(*at)?, Part::Digest | Part::Image | Part::Resource) {
                return None;
            }
            *plan.is_key.get_mut(*at)? = false;
            *plan.is_distinct.get_mut(*at)? = true;
        }
        // The stem of an id is that of the registry.
        let is_stem = |at: usize, part: Part| part == Part::Id && fold.stems.contains(&at);
        let is_single = |(at, part): (usize, &Part)| {
            plan.is_key.get(at) == Some(&true) && part.level() == Level::Row && !is_stem(at, *part)
        };
        if plan.parts.iter().enumerate().any(is_single) {
            return None;
        }
        let by_image = plan.keys().any(|part| part.level() == Level::Image);
        let by_vulnerability = plan.keys().any(|part| part == Part::Vulnerability);
        if by_image && (by_vulnerability || !fold.distinct.is_empty()) {
            return None;
        }
        plan.grain = if by_image { Grain::OfImage } else { Grain::OfAll };
        Some(plan)
    }

    /// The plan of a request whose rows are made with their evidence.
    pub(crate) fn of_documents(shape: Shape, request: &ScanRequest) -> Self {
        let bare = ScanRequest { needs: Vec::new(), fold: None, ..request.clone() };
        let (needs, conditions) = (request.needs.clone(), Vec::new());
        let (parts, is_key, is_distinct) = (Vec::new(), Vec::new(), Vec::new());
        match Self::of(shape, &bare) {
            Some(plan) => Self { grain: Grain::Documents, needs, ..plan },
            None => Self { shape, grain: Grain::Documents, needs, parts, is_key, is_distinct, conditions },
        }
    }

    /// Whether a row says how many it stands for.
    pub(super) fn has_weight(&self) -> bool {
        matches!(self.grain, Grain::OfImage | Grain::OfAll)
    }

    /// What tells rows apart.
    pub(super) fn keys(&self) -> impl Iterator<Item = Part> + '_ {
        self.parts.iter().zip(&self.is_key).filter(|(_, is_key)| **is_key).map(|(part, _)| *part)
    }

    /// The texts that are the same in every row, of needs and of conditions.
    pub(super) fn fixed(&self) -> Vec<(&'static str, Value)> {
        let parts = self.parts.iter().chain(self.conditions.iter().map(|(part, _)| part));
        parts
            .filter_map(
                |part| if let Part::Fixed(text) = part { Some((*text, Value::text(text))) } else { None },
            )
            .collect()
    }

    /// The conditions on what is told apart by this.
    pub(super) fn at(&self, level: Level) -> impl Iterator<Item = &(Part, Condition)> {
        self.conditions.iter().filter(move |(part, _)| part.level() == level)
    }

    /// Whether a value is given, or looked at by a condition.
    pub(super) fn reads(&self, part: Part) -> bool {
        let given = self.parts.iter().zip(&self.is_distinct).any(|(one, distinct)| *one == part && !distinct);
        given || self.conditions.iter().any(|(on, _)| *on == part)
    }

    /// Whether the same digest in two repositories is one value that is counted.
    pub(super) fn counts_digests(&self) -> bool {
        self.parts.iter().zip(&self.is_distinct).any(|(part, is)| *is && *part == Part::Digest)
    }
}

/// Whether so few images or vulnerabilities are asked for that their rows are better read one by one.
pub(crate) fn is_narrow(shape: Shape, request: &ScanRequest) -> bool {
    let narrowed = Narrowed(request);
    let (digest, vulnerability): (&[&str], &[&str]) = match shape {
        Shape::SubAssessments => (&["properties", "additionalData", "imageDigest"], &["properties", "id"]),
        Shape::Findings => (&["digest"], &["vulnerability"]),
    };
    let is_one = |path: &[&str]| narrowed.equal_to(path).is_some_and(|(texts, _)| texts.len() == 1);
    is_one(digest)
        || narrowed.exactly(vulnerability).is_some_and(|id| id != "image")
        || (shape == Shape::SubAssessments && is_one(&["name"]))
}
