//! `ResourcesHistory`: the registries, as a snapshot for each thing that happened to them.
//!
//! A snapshot shows the registry as it was set when that had happened, and what happened as `properties.change`.

use super::absent::Nothing;
use super::past::Past;
use super::resource_row::{ResourceRow, hidden, shown};
use super::{Pulled, Reading, Table, resources};
use crate::documents::KnownRegistry;
use crate::documents::registry::Facts;
use crate::source::datetime;
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest};
use serde_json::json;
use store::{Event, PageRequest};

const PAGE: usize = 1000;

pub(super) const TABLE: Table = Table {
    name: "ResourcesHistory",
    about: "The registries, as a snapshot for each thing that happened to them.",
    columns,
    hidden,
    stem: None,
    read: |view, _| {
        if view.registries.is_empty() {
            Box::new(Nothing)
        } else {
            Box::new(History { after: None, past: Past::default() })
        }
    },
    folds: |_| false,
};

fn columns() -> Vec<Column> {
    let mut columns = shown();
    columns.push(Column::new("timestamp", Kind::Datetime));
    columns
}

struct History {
    after: Option<i64>,
    past: Past,
}

impl Reading for History {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let registries: Vec<_> = view.registries.iter().map(|known| known.registry.id).collect();
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.history(&registries, page))?;
        let mut batch = Batch::new(request.needs.len());
        for event in &page.items {
            let is_own = |known: &&KnownRegistry| Some(known.registry.id) == event.event.registry;
            let Some(known) = view.registries.iter().find(is_own) else { continue };
            // What happened before the interval counts for how things stand in it.
            self.past.pass(known.registry.id, event);
            let at = event.event.at;
            if view.interval.is_some_and(|(start, end)| at < start || at > end) {
                continue;
            }
            let row = snapshot(view, known, self.past.of(known.registry.id), event);
            batch.push(request.needs.iter().map(|need| match &*need.column {
                "timestamp" => datetime(Some(at)),
                _ => row.value(need),
            }));
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

fn snapshot(view: &View, known: &KnownRegistry, facts: &Facts, event: &Event) -> ResourceRow {
    let mut row = resources::row(view, known, facts);
    let what = &event.event;
    row.properties["change"] = json!({
        "sequence": event.sequence,
        "kind": what.kind.as_str(),
        "repository": what.repository.as_ref().map(|name| name.as_str()),
        "digest": what.digest.as_ref().map(|digest| digest.as_str()),
        "tag": what.tag.as_ref().map(|tag| tag.as_str()),
        "changedBy": what.actor.0,
        "detail": what.detail,
    });
    row
}
