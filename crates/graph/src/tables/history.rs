//! `ResourcesHistory`: registries, and the assessments of registries and images, as a snapshot for each thing that happened
//! to them.
//!
//! A snapshot of a registry shows it as it was set when that had happened, one of an assessment what was said then; what
//! happened is `properties.change`. The last snapshot of an image that was deleted has no `properties.status`.
//! Sub-assessments come behind all of these, where a query asks for their type.

use super::absent::Nothing;
use super::past::Past;
use super::past_findings::PastFindings;
use super::past_verdicts::{PastVerdicts, Told};
use super::resource_row::{ResourceRow, hidden, shown};
use super::security_resources::{of_image, of_registry, placed, row};
use super::{Pulled, Reading, Table, resources};
use crate::documents::metadata::KINDS;
use crate::documents::{Document, KnownRegistry, assessment, registry};
use crate::governance::Governance;
use crate::narrowed::Narrowed;
use crate::source::datetime;
use crate::viewer::View;
use jiff::Timestamp;
use kql::{Batch, Column, Kind, ScanRequest};
use serde_json::{Value, json};
use store::{Event, PageRequest, RegistryId};

const PAGE: usize = 1000;

const ABOUT: &str = "Registries, and assessments of registries and images, as a snapshot for each thing that happened to them.";

pub(super) const TABLE: Table = Table { read: |view, request| begin(view, request, true, true), ..PAST };

/// `Resources` of a query about the past.
pub(super) const RESOURCES: Table =
    Table { name: super::PAST_RESOURCES, read: |view, request| begin(view, request, true, false), ..PAST };

/// `SecurityResources` of a query about the past.
pub(super) const SECURITY_RESOURCES: Table = Table {
    name: super::PAST_SECURITY_RESOURCES,
    read: |view, request| begin(view, request, false, true),
    ..PAST
};

const PAST: Table = Table {
    name: super::PAST,
    about: ABOUT,
    columns,
    hidden,
    stem: None,
    read: |_, _| Box::new(Nothing),
    folds: |_, _| false,
};

fn columns() -> Vec<Column> {
    let mut columns = shown();
    columns.push(Column::new("timestamp", Kind::Datetime));
    columns
}

fn begin(view: &View, request: &ScanRequest, is_resources: bool, is_security: bool) -> Box<dyn Reading> {
    let narrowed = Narrowed(request);
    let of = |is_asked: bool, kind: &str, list: &[KnownRegistry]| -> Vec<KnownRegistry> {
        let is_asked = is_asked && narrowed.wants_type(kind);
        list.iter().filter(|known| is_asked && narrowed.allows_place_of(known)).cloned().collect()
    };
    let registries = of(is_resources, registry::KIND, &view.registries);
    let assessed = of(is_security, assessment::KIND, &view.assessed);
    let findings = if is_security { PastFindings::new(view, request) } else { None };
    let has_events = !registries.is_empty() || !assessed.is_empty();
    if !has_events && findings.is_none() {
        return Box::new(Nothing);
    }
    Box::new(History {
        registries,
        assessed,
        findings,
        events: has_events.then_some(None),
        past: Past::default(),
        verdicts: PastVerdicts::default(),
    })
}

struct History {
    /// Those that are shown themselves.
    registries: Vec<KnownRegistry>,
    /// Those whose assessments are shown.
    assessed: Vec<KnownRegistry>,
    /// Sub-assessments, which come behind all that history tells.
    findings: Option<PastFindings>,
    /// Behind which event to go on; none when all events were told.
    events: Option<Option<i64>>,
    past: Past,
    verdicts: PastVerdicts,
}

impl Reading for History {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let mut batch = Batch::new(request.needs.len());
        let is_in = |at: Timestamp| view.interval.is_none_or(|(start, end)| at >= start && at <= end);
        let mut put = |at: Timestamp, row: &ResourceRow| {
            batch.push(request.needs.iter().map(|need| match &*need.column {
                "timestamp" => datetime(Some(at)),
                _ => row.value(need),
            }));
        };
        if let Some(after) = self.events.take() {
            let all = self.registries.iter().chain(&self.assessed);
            let registries: Vec<_> = all.map(|known| known.registry.id).collect();
            let page = PageRequest { after, limit: PAGE };
            let page = view.runtime.block_on(view.store.history(&registries, page))?;
            for event in &page.items {
                let at = event.event.at;
                // What happened before the interval counts for how things stand in it.
                self.snapshots(view, event, is_in(at)).iter().for_each(|row| put(at, row));
            }
            self.events = page.next.map(Some);
        } else if let Some(findings) = &mut self.findings {
            let (snapshots, has_more) = findings.pull(view)?;
            let wanted = snapshots.iter().filter(|snapshot| is_in(snapshot.at));
            wanted.for_each(|snapshot| put(snapshot.at, &snapshot.row));
            if !has_more {
                self.findings = None;
            }
        }
        Ok(Pulled { batch, is_last: self.events.is_none() && self.findings.is_none() })
    }
}

impl History {
    /// Goes on by an event, and gives what it made another one, if that is wanted.
    fn snapshots(&mut self, view: &View, event: &Event, is_wanted: bool) -> Vec<ResourceRow> {
        let mut rows = Vec::new();
        let Some(id) = event.event.registry else { return rows };
        if let Some(known) = find(&self.registries, id) {
            self.past.pass(id, event);
            let is_open = !event.event.kind.tells_verdict() || view.may_read_assessments_of(known);
            if is_wanted && is_open {
                rows.push(resources::row(view, known, self.past.of(id)));
            }
        }
        if let Some(known) = find(&self.assessed, id) {
            let told = self.verdicts.pass(id, event).filter(|_| is_wanted);
            let documents = told.map(|told| assessments(known, &told, &self.verdicts, event));
            let documents = documents.into_iter().flatten();
            rows.extend(documents.map(|document| placed(known, row(view, document))));
        }
        for row in &mut rows {
            row.properties["change"] = change(event);
        }
        rows
    }
}

fn find(list: &[KnownRegistry], id: RegistryId) -> Option<&KnownRegistry> {
    list.iter().find(|known| known.registry.id == id)
}

/// The assessments as they were after an event: that of the image, and that of the registry. Who was to resolve them is
/// not kept.
fn assessments(known: &KnownRegistry, told: &Told, verdicts: &PastVerdicts, event: &Event) -> Vec<Document> {
    let nobody = Governance::default();
    let at = event.event.at;
    let image = told.image.as_ref().and_then(|summary| assessment::of_image(known, summary, &nobody, at));
    let image = image.map(of_image).map(|mut document| {
        if told.is_deleted
            && let Some(properties) = document.properties.as_object_mut()
        {
            properties.remove("status");
            properties.remove("additionalData");
        }
        document
    });
    let registry = KINDS.first().filter(|_| told.is_about_registry).map(|kind| {
        let assessed = verdicts.of(known.registry.id);
        let document = assessment::of_registry(known, kind, &assessed, &nobody, at);
        let mut document = of_registry(known, kind, document);
        if let Some(further) = document.properties["additionalData"].as_object_mut() {
            // Which images waited is not told in history.
            further.remove("pendingImages");
        }
        document
    });
    image.into_iter().chain(registry).collect()
}

/// What happened.
fn change(event: &Event) -> Value {
    let what = &event.event;
    json!({
        "sequence": event.sequence,
        "kind": what.kind.as_str(),
        "repository": what.repository.as_ref().map(|name| name.as_str()),
        "digest": what.digest.as_ref().map(|digest| digest.as_str()),
        "tag": what.tag.as_ref().map(|tag| tag.as_str()),
        "changedBy": what.actor.0,
        "detail": what.detail,
    })
}
