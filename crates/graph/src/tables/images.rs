//! `Images`: each image with its verdict, in plain columns.

use super::absent::Nothing;
use super::{Pulled, Reading, Table, columns, image_text};
use crate::documents::KnownRegistry;
use crate::narrowed::{Narrowed, Only};
use crate::source::{datetime, text_or_null};
use crate::viewer::View;
use kql::{Batch, Column, Kind, Need, ScanRequest, Value};
use std::collections::HashMap;
use store::{ImageKey, ImageState, ImageSummary, PageRequest, RegistryId, RepositoryKey, SummaryFilter};

const PAGE: usize = 1000;
/// Images that are read at a time where little is read of each.
const MANY: usize = 10_000;

pub(super) const TABLE: Table = Table {
    name: "Images",
    about: "Each image of the registries with its verdict.",
    columns: shown,
    hidden: Vec::new,
    stem: None,
    read: |view, request| {
        let narrowed = Narrowed(request);
        let states = ImageState::ALL.into_iter().filter(|state| narrowed.allows(&["state"], state.as_str()));
        let states: Vec<ImageState> = states.collect();
        let Some((known, mut filter)) = images(view, narrowed).filter(|_| !states.is_empty()) else {
            return Box::new(Nothing);
        };
        if states.len() < ImageState::ALL.len() {
            filter.states = states;
        }
        if request.fold.is_some() {
            return Box::new(Counts { known, filter });
        }
        if request.needs.iter().all(|need| BARE.contains(&&*need.column)) {
            return Box::new(Keys { known, filter, after: None });
        }
        Box::new(Images { known, filter, after: None })
    },
    folds: |_, request| {
        let Some(fold) = &request.fold else { return false };
        let is_counted = |(at, need): (usize, &Need)| match &*need.column {
            "image" => fold.distinct.contains(&at),
            column => COUNTED.contains(&column) && !fold.distinct.contains(&at),
        };
        fold.stems.is_empty()
            && Narrowed(request).digest(&["digest"]) == Only::Any
            && request.needs.iter().enumerate().all(is_counted)
    },
};

/// Columns that rest on where an image is and how it stands, and on nothing else of its summary.
const BARE: &[&str] = &["registry", "repository", "digest", "image", "state", "subscriptionId"];

/// Those of them that images share.
const COUNTED: &[&str] = &["registry", "repository", "state", "subscriptionId"];

fn shown() -> Vec<Column> {
    columns(&[
        ("registry", Kind::String),
        ("repository", Kind::String),
        ("digest", Kind::String),
        ("image", Kind::String),
        ("state", Kind::String),
        ("cause", Kind::String),
        ("description", Kind::String),
        ("platform", Kind::String),
        ("critical", Kind::Long),
        ("high", Kind::Long),
        ("medium", Kind::Long),
        ("low", Kind::Long),
        ("unknown", Kind::Long),
        ("firstSeen", Kind::Datetime),
        ("changedAt", Kind::Datetime),
        ("assessedAt", Kind::Datetime),
        ("subscriptionId", Kind::String),
    ])
}

/// The registries whose findings the viewer may read, and that a query over plain columns does not rule out.
fn inspected(view: &View, narrowed: Narrowed<'_>) -> Vec<KnownRegistry> {
    let is_wanted = |known: &&KnownRegistry| {
        narrowed.allows(&["registry"], &known.registry.login_server)
            && narrowed.allows(&["subscriptionId"], &known.registry.subscription.to_string())
    };
    view.inspected.iter().filter(is_wanted).cloned().collect()
}

/// The images that a query over plain columns does not rule out, and their registries; none where it rules out all.
pub(super) fn images(view: &View, narrowed: Narrowed<'_>) -> Option<(Vec<KnownRegistry>, SummaryFilter)> {
    let (repository, digest) = (narrowed.repository(&["repository"]), narrowed.digest(&["digest"]));
    let known = inspected(view, narrowed);
    if repository.is_nothing() || digest.is_nothing() || known.is_empty() {
        return None;
    }
    let filter = SummaryFilter {
        registries: Some(known.iter().map(|known| known.registry.id).collect()),
        repository: repository.one(),
        digest: digest.one(),
        states: Vec::new(),
    };
    Some((known, filter))
}

struct Images {
    known: Vec<KnownRegistry>,
    filter: SummaryFilter,
    after: Option<ImageKey>,
}

impl Reading for Images {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.summaries(&self.filter, page))?;
        let mut batch = Batch::new(request.needs.len());
        for summary in &page.items {
            let Some(known) = of_registry(&self.known, summary.image.repository.registry) else { continue };
            batch.push(request.needs.iter().map(|need| value(&need.column, known, summary)));
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

/// Images of which nothing is asked but where they are and how they stand.
struct Keys {
    known: Vec<KnownRegistry>,
    filter: SummaryFilter,
    after: Option<ImageKey>,
}

impl Reading for Keys {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let page = PageRequest { after: self.after.take(), limit: MANY };
        let page = view.runtime.block_on(view.store.image_states(&self.filter, page))?;
        let mut batch = Batch::new(request.needs.len());
        for (image, state) in &page.items {
            let Some(known) = of_registry(&self.known, image.repository.registry) else { continue };
            batch.push(request.needs.iter().map(|need| match &*need.column {
                "digest" => Value::text(image.digest.as_str()),
                "image" => Value::from(image_text(known, image)),
                column => bare(column, known, &image.repository, *state),
            }));
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

/// Images that are counted, and not told one by one.
struct Counts {
    known: Vec<KnownRegistry>,
    filter: SummaryFilter,
}

impl Reading for Counts {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let fold = request.fold.clone().unwrap_or_default();
        let mut lines: Vec<(Vec<Value>, i64)> = Vec::new();
        let mut places: HashMap<Vec<Value>, usize> = HashMap::new();
        for count in view.runtime.block_on(view.store.image_counts(&self.filter))? {
            let Some(known) = of_registry(&self.known, count.repository.registry) else { continue };
            let of = |column: &str| bare(column, known, &count.repository, count.state);
            let mut conditions = request.conditions.iter();
            let is_known = |column: &str| COUNTED.contains(&column);
            if !conditions.all(|one| !is_known(&one.need.column) || one.holds(&of(&one.need.column))) {
                continue;
            }
            let values: Vec<Value> = request.needs.iter().map(|need| of(&need.column)).collect();
            let is_key = |at: &usize| !fold.free.contains(at) && !fold.distinct.contains(at);
            let key = (0..values.len()).filter(is_key).filter_map(|at| values.get(at).cloned()).collect();
            let place = *places.entry(key).or_insert(lines.len());
            if place == lines.len() {
                lines.push((values, 0));
            }
            if let Some(line) = lines.get_mut(place) {
                line.1 = line.1.saturating_add_unsigned(count.images);
            }
        }
        let mut batch = Batch::new(request.needs.len() + 1);
        for (mut values, images) in lines {
            // No image is there twice.
            for at in &fold.distinct {
                if let Some(value) = values.get_mut(*at) {
                    *value = Value::Long(images);
                }
            }
            batch.push(values.into_iter().chain([Value::Long(images)]));
        }
        Ok(Pulled { batch, is_last: true })
    }
}

fn of_registry(known: &[KnownRegistry], registry: RegistryId) -> Option<&KnownRegistry> {
    known.iter().find(|known| known.registry.id == registry)
}

/// A value that images of a repository in one state share.
fn bare(column: &str, known: &KnownRegistry, repository: &RepositoryKey, state: ImageState) -> Value {
    match column {
        "registry" => Value::text(&known.registry.login_server),
        "repository" => Value::text(repository.name.as_str()),
        "state" => Value::text(state.as_str()),
        "subscriptionId" => Value::text(known.registry.subscription.to_string()),
        _ => Value::Null,
    }
}

fn value(column: &str, known: &KnownRegistry, summary: &ImageSummary) -> Value {
    let count = |severity: &str| {
        Value::Long(summary.counts.get(severity).and_then(|count| i64::try_from(*count).ok()).unwrap_or(0))
    };
    match column {
        "registry" | "repository" | "state" | "subscriptionId" => {
            bare(column, known, &summary.image.repository, summary.state)
        }
        "digest" => Value::text(summary.image.digest.as_str()),
        "image" => Value::from(image_text(known, &summary.image)),
        "cause" => text_or_null(summary.cause.as_ref().map(|cause| cause.code.as_str())),
        "description" => text_or_null(summary.cause.as_ref().map(|cause| cause.sentence.as_str())),
        "platform" => text_or_null(summary.platform.as_deref()),
        "critical" => count("Critical"),
        "high" => count("High"),
        "medium" => count("Medium"),
        "low" => count("Low"),
        "unknown" => count("Unknown"),
        "firstSeen" => datetime(Some(summary.first_seen)),
        "changedAt" => datetime(Some(summary.changed_at)),
        "assessedAt" => datetime(summary.assessed_at),
        _ => Value::Null,
    }
}
