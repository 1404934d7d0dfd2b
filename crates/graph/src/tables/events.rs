//! `Events`: what happened in the registries, in order.

use super::absent::Nothing;
use super::{Pulled, Reading, Table, columns};
use crate::documents::KnownRegistry;
use crate::narrowed::Narrowed;
use crate::source::{datetime, json_value, text_or_null};
use crate::viewer::View;
use kql::{Batch, Column, Kind, ScanRequest, Value};
use store::{Event, PageRequest};

const PAGE: usize = 1000;

pub(super) const TABLE: Table = Table {
    name: "Events",
    about: "What happened in the registries: pushes, deletions, changes.",
    columns: shown,
    hidden: Vec::new,
    stem: None,
    read: |view, request| {
        let narrowed = Narrowed(request);
        // Whoever may read a registry may know what happened to it.
        let is_wanted = |known: &&KnownRegistry| {
            narrowed.allows(&["registry"], &known.registry.login_server)
                && narrowed.allows(&["subscriptionId"], &known.registry.subscription.to_string())
        };
        let known: Vec<KnownRegistry> = view.registries.iter().filter(is_wanted).cloned().collect();
        if known.is_empty() { Box::new(Nothing) } else { Box::new(Events { known, after: None }) }
    },
    folds: |_, _| false,
};

fn shown() -> Vec<Column> {
    columns(&[
        ("sequence", Kind::Long),
        ("at", Kind::Datetime),
        ("kind", Kind::String),
        ("registry", Kind::String),
        ("repository", Kind::String),
        ("digest", Kind::String),
        ("tag", Kind::String),
        ("actor", Kind::String),
        ("detail", Kind::Dynamic),
        ("subscriptionId", Kind::String),
    ])
}

struct Events {
    known: Vec<KnownRegistry>,
    after: Option<i64>,
}

impl Reading for Events {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let registries: Vec<_> = self.known.iter().map(|known| known.registry.id).collect();
        let page = PageRequest { after: self.after.take(), limit: PAGE };
        let page = view.runtime.block_on(view.store.history(&registries, page))?;
        let mut batch = Batch::new(request.needs.len());
        for event in &page.items {
            let is_own = |known: &&KnownRegistry| Some(known.registry.id) == event.event.registry;
            let Some(known) = self.known.iter().find(is_own) else { continue };
            if event.event.kind.tells_verdict() && !view.may_read_assessments_of(known) {
                continue;
            }
            batch.push(request.needs.iter().map(|need| {
                let value = value(&need.column, known, event);
                need.extract(&value)
            }));
        }
        self.after = page.next;
        Ok(Pulled { batch, is_last: self.after.is_none() })
    }
}

fn value(column: &str, known: &KnownRegistry, event: &Event) -> Value {
    let what = &event.event;
    match column {
        "sequence" => Value::Long(event.sequence),
        "at" => datetime(Some(what.at)),
        "kind" => Value::text(what.kind.as_str()),
        "registry" => Value::text(&known.registry.login_server),
        "repository" => text_or_null(what.repository.as_ref().map(|name| name.as_str())),
        "digest" => text_or_null(what.digest.as_ref().map(|digest| digest.as_str())),
        "tag" => text_or_null(what.tag.as_ref().map(|tag| tag.as_str())),
        "actor" => Value::text(&what.actor.0),
        "detail" => json_value(&what.detail),
        "subscriptionId" => Value::text(known.registry.subscription.to_string()),
        _ => Value::Null,
    }
}
