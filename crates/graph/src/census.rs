//! Rows of images and their vulnerabilities, counted instead of joined.
//!
//! The store says which package versions each image has, and what each package version has; laid over each other in
//! memory, a hundred findings of an image cost a microsecond. What this cannot say, because it rests on evidence, is
//! read from the join. What rules hide is decided once for each package version and each image, and not for each row.
//!
//! Where the query counts rows that are alike, they come as one with their number: by image, or over all images.

mod ahead;
mod counting;
mod digests;
mod documents;
mod part;
mod plan;
mod ratings;
mod tally;
mod values;

pub(crate) use part::Shape;
pub(crate) use plan::{Plan, is_narrow};

use crate::documents::KnownRegistry;
use crate::effects::Effects;
use crate::narrowed::{Narrowed, Only};
use crate::tables::{Pulled, Reading, image_text, sub_assessments};
use crate::viewer::View;
use ahead::Ahead;
use digests::Digests;
use kql::{Batch, ScanRequest, Value};
use part::{Level, Part};
use plan::Grain;
use ratings::Ratings;
use store::{
    FindingKey, ImageContent, ImageKey, ImageState, ImageSummary, PageRequest, RepositoryKey, SummaryFilter,
};
use tally::Tally;
use values::{Image, Registry};

/// Images that are read at a time, at first and at most.
const FEW: usize = 64;
const MANY: usize = 5000;

/// Findings that are read at a time, with their evidence.
const SOME: usize = 500;

/// Rows of a batch, about.
const ROWS: usize = 8000;

/// Images that have one row of their own.
const OWN_ROW: [ImageState; 2] = [ImageState::Healthy, ImageState::NotApplicable];

/// What is still to be read.
#[derive(Debug)]
enum Stage {
    /// Images in one of the states with their packages, behind this one.
    Contents(usize, Option<ImageKey>),
    /// Images that show nothing of what was found in them, because of rules, behind this one.
    Hidden(Option<ImageKey>),
    /// Images that have one row of their own, behind this one.
    Summaries(Option<ImageKey>),
    /// The rows of one vulnerability, behind this finding.
    Vulnerability(String, Option<FindingKey>),
    /// The row of a name.
    Name(String),
    /// Nothing; what was counted is to be told.
    Telling,
    /// Nothing at all.
    Done,
}

/// Something that counts for an image, held back until all images are in the order of their digests.
enum Held {
    Content(ImageContent),
    Row(usize, ImageKey, Vec<Value>),
}

impl Held {
    /// What orders them: images of one digest stand together, and so does all that one image has.
    fn place(&self) -> (&str, &RepositoryKey) {
        let image = match self {
            Self::Content(content) => &content.image,
            Self::Row(_, image, _) => image,
        };
        (image.digest.as_str(), &image.repository)
    }
}

/// Reads the census for one request.
pub(crate) struct CensusReading {
    plan: Plan,
    registries: Vec<Registry>,
    tenant: Value,
    filter: SummaryFilter,
    stage: Stage,
    at_a_time: usize,
    waiting: std::vec::IntoIter<ImageContent>,
    ratings: Ratings,
    /// None without rules.
    effects: Option<Effects>,
    tally: Tally,
    digests: Digests,
    /// The next contents, which are read while these are counted.
    ahead: Option<Ahead>,
    last_repository: (String, Value),
    held: Vec<Held>,
    /// A value for each need that any image will do for.
    any: Vec<Value>,
}

impl CensusReading {
    /// A reading for the registries that the viewer may see into.
    pub(crate) fn new(view: &View, plan: Plan, request: &ScanRequest) -> Self {
        let narrowed = Narrowed(request);
        let is_wanted = |known: &&KnownRegistry| match plan.shape {
            Shape::SubAssessments => narrowed.allows_registry(known, &sub_assessments::stem(known)),
            Shape::Findings => true,
        };
        let mut registries: Vec<Registry> =
            view.inspected.iter().filter(is_wanted).map(|known| Registry::new(known, &plan)).collect();
        let tenant = Value::text(&view.tenant);
        registries.retain(|registry| {
            let of = |part| if part == Part::Tenant { tenant.clone() } else { registry.value(part) };
            plan.at(Level::Registry).all(|(part, condition)| condition.holds(&of(*part)))
        });
        let key = |registry: &Registry| -> Vec<Value> {
            let keys = plan.keys().filter(|part| part.level() == Level::Registry || *part == Part::Id);
            keys.map(|part| if part == Part::Id { registry.nobody.clone() } else { registry.value(part) })
                .collect()
        };
        let keys: Vec<Vec<Value>> = registries.iter().map(key).collect();
        for (at, registry) in registries.iter_mut().enumerate() {
            registry.alike = keys.iter().position(|other| Some(other) == keys.get(at)).unwrap_or(at);
        }
        let repository = match plan.shape {
            Shape::SubAssessments => narrowed.repository(&["properties", "additionalData", "repositoryName"]),
            Shape::Findings => narrowed.repository(&["repository"]),
        };
        let digest = match plan.shape {
            Shape::SubAssessments => narrowed.digest(&["properties", "additionalData", "imageDigest"]),
            Shape::Findings => Only::Any,
        };
        let is_empty = registries.is_empty() || repository.is_nothing() || digest.is_nothing();
        let stage = if is_empty { Stage::Done } else { first_stage(narrowed, &plan, digest == Only::Any) };
        Self {
            filter: SummaryFilter {
                registries: Some(registries.iter().map(|registry| registry.known.registry.id).collect()),
                repository: repository.one(),
                digest: digest.one(),
                ..SummaryFilter::default()
            },
            stage,
            at_a_time: FEW,
            waiting: Vec::new().into_iter(),
            ratings: Ratings::default(),
            effects: None,
            tally: Tally::default(),
            digests: Digests::default(),
            ahead: None,
            last_repository: (String::new(), Value::text("")),
            held: Vec::new(),
            any: vec![Value::Null; plan.parts.len()],
            plan,
            registries,
            tenant,
        }
    }

    fn states(&self) -> &'static [ImageState] {
        match self.plan.shape {
            Shape::SubAssessments => &[ImageState::Unhealthy],
            Shape::Findings => &ImageState::ALL,
        }
    }

    fn registry_of(&self, image: &ImageKey) -> Option<usize> {
        self.registries.iter().position(|registry| registry.known.registry.id == image.repository.registry)
    }

    /// Whether images have to come in the order of their digests. Without rules, all images of a digest have the same;
    /// with rules, what one has may be hidden in the next.
    fn holds_back(&self) -> bool {
        self.plan.grain == Grain::OfAll && self.effects.is_some() && self.plan.is_distinct.contains(&true)
    }

    /// The next images; more at a time the more there are.
    fn read(&mut self, view: &View, state: usize, after: Option<ImageKey>) -> Result<(), store::Error> {
        // Of one image the join is read at once.
        if self.ratings.is_empty() && self.filter.digest.is_none() {
            let judgements = view.runtime.block_on(view.store.judgements())?;
            if !view.book.is_empty() {
                let effects = Effects::load(&*view.store, &view.book, &judgements);
                self.effects = Some(view.runtime.block_on(effects)?);
            }
            self.ratings = Ratings::new(judgements, &self.plan, self.effects.is_some());
        }
        let Some(wanted) = self.states().get(state) else {
            self.stage = match self.plan.shape {
                Shape::SubAssessments if !view.book.is_empty() => Stage::Hidden(None),
                Shape::SubAssessments => Stage::Summaries(None),
                Shape::Findings => Stage::Telling,
            };
            return Ok(());
        };
        let filter = SummaryFilter { states: vec![*wanted], ..self.filter.clone() };
        let page = match self.ahead.take() {
            Some(ahead) if ahead.state == state && ahead.after == after => ahead.page(view)?,
            _ => {
                let page = PageRequest { after, limit: self.at_a_time };
                view.runtime.block_on(view.store.contents(&filter, page))?
            }
        };
        self.at_a_time = (self.at_a_time * 4).min(MANY);
        self.stage = match page.next {
            Some(next) => Stage::Contents(state, Some(next)),
            None => Stage::Contents(state + 1, None),
        };
        // A short query ends before it reads much, and need not read ahead.
        if let Stage::Contents(same, after @ Some(_)) = &self.stage
            && *same == state
            && self.at_a_time == MANY
        {
            self.ahead = Some(Ahead::begin(view, filter, state, after.clone()));
        }
        self.take(page.items);
        Ok(())
    }

    /// The next images of which rules hide everything.
    fn read_hidden(&mut self, view: &View, after: Option<ImageKey>) -> Result<(), store::Error> {
        let page = PageRequest { after, limit: self.at_a_time };
        let page = view.runtime.block_on(view.store.hidden_contents(&self.filter, page))?;
        self.at_a_time = (self.at_a_time * 4).min(MANY);
        self.stage = page.next.map_or(Stage::Summaries(None), |next| Stage::Hidden(Some(next)));
        self.take(page.items);
        Ok(())
    }

    fn take(&mut self, contents: Vec<ImageContent>) {
        if self.holds_back() {
            self.held.extend(contents.into_iter().map(Held::Content));
        } else {
            self.waiting = contents.into_iter();
        }
    }

    /// The next images that have a row of their own.
    fn read_summaries(
        &mut self,
        view: &View,
        after: Option<ImageKey>,
        batch: &mut Batch,
    ) -> Result<(), store::Error> {
        let filter = SummaryFilter { states: OWN_ROW.to_vec(), ..self.filter.clone() };
        let page = PageRequest { after, limit: ROWS };
        let page = view.runtime.block_on(view.store.summaries(&filter, page))?;
        self.stage = page.next.map_or(Stage::Telling, |next| Stage::Summaries(Some(next)));
        for summary in &page.items {
            if let Some(Held::Row(registry, image, values)) = self.own_row(summary, view) {
                self.put_row(registry, image, values, batch);
            }
        }
        Ok(())
    }

    /// The values of an image, if they fulfil the conditions.
    fn image(&mut self, key: &ImageKey) -> Option<Image> {
        let registry = self.registry_of(key)?;
        let name = key.repository.name.as_str();
        if self.last_repository.0 != name {
            self.last_repository = (name.to_owned(), Value::text(name));
        }
        let known = &self.registries.get(registry)?.known;
        let when = |part: Part, make: &dyn Fn() -> String| {
            if self.plan.reads(part) { Value::from(make()) } else { Value::Null }
        };
        let image = Image {
            registry,
            repository: self.last_repository.1.clone(),
            digest: when(Part::Digest, &|| key.digest.to_string()),
            image: when(Part::Image, &|| image_text(known, key)),
            resource: when(Part::Resource, &|| sub_assessments::resource_of(known, key)),
        };
        if !self.plan.at(Level::Image).all(|(part, condition)| condition.holds(&image.value(*part))) {
            return None;
        }
        for (any, part) in self.any.iter_mut().zip(&self.plan.parts) {
            if part.level() == Level::Image && any.is_null() {
                *any = image.value(*part);
            }
        }
        Some(image)
    }

    /// Counts, or tells, what an image has.
    fn add_content(
        &mut self,
        view: &View,
        content: &ImageContent,
        batch: &mut Batch,
    ) -> Result<(), store::Error> {
        let Some(packages) = &content.packages else {
            // An index has no packages, and has a row of its own.
            if self.plan.shape == Shape::SubAssessments
                && content.state == ImageState::Unhealthy
                && let Some(summary) = view.runtime.block_on(view.store.summary(&content.image))?
                && let Some(Held::Row(registry, image, values)) = self.own_row(&summary, view)
            {
                self.put_row(registry, image, values, batch);
            }
            return Ok(());
        };
        let Some(image) = self.image(&content.image) else { return Ok(()) };
        if self.plan.grain == Grain::Documents && self.ratings.is_empty() {
            return self.add_documents(view, content, batch);
        }
        if !self.count_packages(view, content, packages, image.registry)? {
            return Ok(());
        }
        match self.plan.grain {
            // The tally has it already.
            Grain::OfAll => {}
            Grain::OfImage => {
                for (class, rows) in self.ratings.counted() {
                    self.push(&image, class, rows, batch);
                }
            }
            Grain::Documents => {
                // Rows of which none is wanted are not made.
                if !self.ratings.listed().is_empty() {
                    self.add_documents(view, content, batch)?;
                }
            }
            Grain::Single => {
                for (rating, class, times) in self.ratings.listed() {
                    let row = self.row(&image, class, Some((&content.image, rating)));
                    for _ in 0..times {
                        batch.push(row.iter().cloned());
                    }
                }
            }
        }
        Ok(())
    }

    /// The row of an image that has one of its own, if it fulfils the conditions.
    fn own_row(&self, summary: &ImageSummary, view: &View) -> Option<Held> {
        let at = self.registry_of(&summary.image)?;
        let row = sub_assessments::row_of_image(view, &self.registries.get(at)?.known, summary)?;
        let fulfils = |(_, condition): &(Part, kql::Condition)| condition.holds(&row.value(&condition.need));
        if !self.plan.conditions.iter().all(fulfils) {
            return None;
        }
        let values = self.plan.needs.iter().map(|need| row.value(need)).collect();
        Some(Held::Row(at, summary.image.clone(), values))
    }

    fn put_row(&mut self, registry: usize, image: ImageKey, values: Vec<Value>, batch: &mut Batch) {
        match self.plan.grain {
            Grain::Single | Grain::Documents => batch.push(values),
            Grain::OfImage => batch.push(values.into_iter().chain([Value::Long(1)])),
            Grain::OfAll if self.holds_back() => self.held.push(Held::Row(registry, image, values)),
            Grain::OfAll => self.count_row(registry, &image, values),
        }
    }

    /// Adds a row that stands for so many.
    fn push(&self, image: &Image, class: usize, rows: i64, batch: &mut Batch) {
        let Some(registry) = self.registries.get(image.registry) else { return };
        let values = self.plan.parts.iter().enumerate().map(|(at, part)| match part.level() {
            Level::Registry if *part == Part::Tenant => self.tenant.clone(),
            Level::Registry => registry.value(*part),
            Level::Image => image.value(*part),
            Level::Vulnerability => self.ratings.value(class, at),
            Level::Row => registry.nobody.clone(),
        });
        batch.push(values.chain([Value::Long(rows)]));
    }

    /// The values of a row, without its weight.
    fn row(&self, image: &Image, class: usize, single: Option<(&ImageKey, usize)>) -> Vec<Value> {
        let Some(registry) = self.registries.get(image.registry) else { return Vec::new() };
        let value = |(at, part): (usize, &Part)| match (part.level(), single) {
            (Level::Registry, _) if *part == Part::Tenant => self.tenant.clone(),
            (Level::Registry, _) => registry.value(*part),
            (Level::Image, _) => image.value(*part),
            (Level::Vulnerability, _) => self.ratings.value(class, at),
            (Level::Row, None) => registry.nobody.clone(),
            (Level::Row, Some((key, rating))) => {
                let name = sub_assessments::name_of(key, self.ratings.vulnerability(rating));
                if *part == Part::Name {
                    Value::from(name)
                } else {
                    Value::from(format!("{}{name}", registry.stem))
                }
            }
        };
        self.plan.parts.iter().enumerate().map(value).collect()
    }

    /// What was counted over all images.
    fn tell(&mut self, view: &View, batch: &mut Batch) -> Result<(), store::Error> {
        let mut held = std::mem::take(&mut self.held);
        held.sort_unstable_by(|one, next| one.place().cmp(&next.place()));
        for held in held {
            match held {
                Held::Content(content) => self.add_content(view, &content, batch)?,
                Held::Row(registry, image, values) => self.count_row(registry, &image, values),
            }
            // An index among the contents is held as a row, and counts with its digest.
            for held in std::mem::take(&mut self.held) {
                if let Held::Row(registry, image, values) = held {
                    self.count_row(registry, &image, values);
                }
            }
        }
        for line in self.tally.take() {
            let nowhere = Image { registry: line.registry, ..Image::default() };
            let mut values = self.row(&nowhere, line.class, None);
            for (at, part) in self.plan.parts.iter().enumerate() {
                let Some(value) = values.get_mut(at) else { continue };
                if self.plan.is_distinct.get(at) == Some(&true) {
                    *value = Value::Long(if *part == Part::Digest { line.digests } else { line.images });
                } else if part.level() == Level::Image {
                    // Nothing reads it but conditions, which every image that was counted fulfils.
                    *value = self.any.get(at).cloned().unwrap_or_default();
                }
            }
            batch.push(values.into_iter().chain([Value::Long(line.rows)]));
        }
        Ok(())
    }
}

/// Where a reading begins: where the fewest rows are.
fn first_stage(narrowed: Narrowed<'_>, plan: &Plan, is_any_image: bool) -> Stage {
    if plan.grain != Grain::Documents {
        return Stage::Contents(0, None);
    }
    if let Some((texts, _)) = narrowed.equal_to(&["name"])
        && let [name] = texts.as_slice()
    {
        return Stage::Name((*name).to_owned());
    }
    match narrowed.exactly(&["properties", "id"]).filter(|id| *id != "image") {
        Some(vulnerability) if is_any_image => Stage::Vulnerability(vulnerability.to_owned(), None),
        _ => Stage::Contents(0, None),
    }
}

impl Reading for CensusReading {
    fn pull(&mut self, view: &View, _: &ScanRequest) -> Result<Pulled, store::Error> {
        let width = self.plan.needs.len() + usize::from(self.plan.has_weight());
        let mut batch = Batch::new(width);
        if self.waiting.len() > 0 {
            let enough = if self.plan.grain == Grain::Documents { SOME } else { ROWS };
            while batch.len() < enough
                && let Some(content) = self.waiting.next()
            {
                self.add_content(view, &content, &mut batch)?;
            }
            return Ok(Pulled { batch, is_last: false });
        }
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Contents(state, after) => self.read(view, state, after)?,
            Stage::Hidden(after) => self.read_hidden(view, after)?,
            Stage::Summaries(after) => self.read_summaries(view, after, &mut batch)?,
            Stage::Vulnerability(id, after) => self.read_vulnerability(view, id, after, &mut batch)?,
            Stage::Name(name) => self.read_name(view, &name, &mut batch)?,
            Stage::Telling => self.tell(view, &mut batch)?,
            Stage::Done => {}
        }
        let is_last = matches!(self.stage, Stage::Done) && self.waiting.len() == 0;
        Ok(Pulled { batch, is_last })
    }
}
