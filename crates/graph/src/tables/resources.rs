//! `Resources`: registries.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::documents::{KnownRegistry, registry};
use crate::narrowed::Narrowed;
use crate::viewer::View;
use kql::ScanRequest;
use serde_json::json;

pub(super) const TABLE: Table = Table {
    name: "Resources",
    about: "The registries.",
    columns: shown,
    hidden,
    stem: None,
    read: |_, request| Box::new(Registries { is_wanted: Narrowed(request).wants_type(registry::KIND) }),
    folds: |_| false,
};

struct Registries {
    is_wanted: bool,
}

impl Reading for Registries {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let known = if self.is_wanted { view.registries.as_slice() } else { &[] };
        let rows: Vec<ResourceRow> = known.iter().map(|known| row(view, known)).collect();
        Ok(Pulled { batch: batch(&rows, request), is_last: true })
    }
}

pub(super) fn row(view: &View, known: &KnownRegistry) -> ResourceRow {
    ResourceRow {
        id: known.id.to_string(),
        name: known.registry.name.clone(),
        kind: registry::KIND.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: known.registry.location.clone(),
        resource_group: known.registry.resource_group.clone(),
        subscription: known.registry.subscription.to_string(),
        sku: registry::sku(),
        properties: registry::properties(known),
        tags: json!({}),
    }
}
