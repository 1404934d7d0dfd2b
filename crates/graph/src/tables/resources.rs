//! `Resources`: registries.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::documents::registry::Facts;
use crate::documents::{KnownRegistry, registry};
use crate::narrowed::Narrowed;
use crate::viewer::View;
use kql::ScanRequest;
use serde_json::json;
use store::{RegistrySettings, objects};

pub(super) const TABLE: Table = Table {
    name: "Resources",
    about: "The registries.",
    columns: shown,
    hidden,
    stem: None,
    read: |_, request| Box::new(Registries { is_wanted: Narrowed(request).wants_type(registry::KIND) }),
    folds: |_, _| false,
};

struct Registries {
    is_wanted: bool,
}

impl Reading for Registries {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let known = if self.is_wanted { view.registries.as_slice() } else { &[] };
        let mut rows = Vec::new();
        for known in known {
            rows.push(row(view, known, &facts(view, known)?));
        }
        Ok(Pulled { batch: batch(&rows, request), is_last: true })
    }
}

pub(super) fn facts(view: &View, known: &KnownRegistry) -> Result<Facts, store::Error> {
    let id = known.registry.id;
    view.runtime.block_on(async {
        let settings = objects::find(&*view.store, &id.0.to_string()).await?;
        let settings = settings.unwrap_or_else(|| RegistrySettings::unset(id));
        let policy = view.store.pull_policy(id).await?;
        Ok(Facts { settings, policy, rules: view.store.registry_rules(id).await? })
    })
}

pub(super) fn row(view: &View, known: &KnownRegistry, facts: &Facts) -> ResourceRow {
    ResourceRow {
        id: known.id.to_string(),
        name: known.registry.name.clone(),
        kind: registry::KIND.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: known.registry.location.clone(),
        resource_group: known.registry.resource_group.clone(),
        subscription: known.registry.subscription.to_string(),
        sku: registry::sku(&facts.settings),
        properties: registry::properties(known, facts),
        tags: json!(facts.settings.tags),
    }
}
