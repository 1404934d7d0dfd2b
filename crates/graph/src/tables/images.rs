//! `Images`: each image with its verdict, in plain columns.

use super::absent::Nothing;
use super::{Pulled, Reading, Table, columns, image_text};
use crate::documents::KnownRegistry;
use crate::narrowed::Narrowed;
use crate::source::{datetime, text_or_null};
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, Value};
use store::{ImageKey, ImageState, ImageSummary, PageRequest, SummaryFilter};

const PAGE: usize = 1000;

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
        Box::new(Images { known, filter, after: None })
    },
    folds: |_| false,
};

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
            let registry = summary.image.repository.registry;
            let Some(known) = self.known.iter().find(|known| known.registry.id == registry) else {
                continue;
            };
            batch.push(request.needs.iter().map(|need| value(&need.column, known, summary)));
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

fn value(column: &str, known: &KnownRegistry, summary: &ImageSummary) -> Value {
    let count = |severity: &str| {
        Value::Long(summary.counts.get(severity).and_then(|count| i64::try_from(*count).ok()).unwrap_or(0))
    };
    match column {
        "registry" => Value::text(&known.registry.login_server),
        "repository" => Value::text(summary.image.repository.name.as_str()),
        "digest" => Value::text(summary.image.digest.to_string()),
        "image" => Value::from(image_text(known, &summary.image)),
        "state" => Value::text(summary.state.as_str()),
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
        "subscriptionId" => Value::text(known.registry.subscription.to_string()),
        _ => Value::Null,
    }
}
