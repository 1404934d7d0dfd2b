//! `PolicyResources`: the exemptions of Azure Policy. There are no assignments and definitions here.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::documents::policy_exemption;
use crate::narrowed::Narrowed;
use crate::viewer::View;
use access::ResourceId;
use kql::ScanRequest;

pub(super) const TABLE: Table = Table {
    name: "PolicyResources",
    about: "Exemptions: what was waived or is mitigated, by whom, why, and until when.",
    columns: shown,
    hidden,
    stem: None,
    read: |_, request| {
        Box::new(Exemptions { is_wanted: Narrowed(request).wants_type(policy_exemption::KIND) })
    },
    folds: |_, _| false,
};

struct Exemptions {
    is_wanted: bool,
}

impl Reading for Exemptions {
    /// All at once: there are a few thousand at most.
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let mut rows = Vec::new();
        if self.is_wanted {
            let rules = view.runtime.block_on(view.store.rules())?;
            rows.extend(rules.iter().filter_map(|rule| {
                let scope = ResourceId::parse(&rule.scope).ok()?;
                let subscription = scope.subscription().unwrap_or_default().to_owned();
                let is_seen = view
                    .exemptions
                    .iter()
                    .any(|seen| seen.id.to_string().eq_ignore_ascii_case(&subscription));
                let document = policy_exemption::of_rule(rule).filter(|_| is_seen)?;
                Some(ResourceRow {
                    id: document.id,
                    name: document.name,
                    kind: document.kind.to_ascii_lowercase(),
                    tenant: view.tenant.clone(),
                    location: "global".to_owned(),
                    resource_group: scope.resource_group().unwrap_or_default().to_owned(),
                    subscription,
                    properties: document.properties,
                    ..ResourceRow::default()
                })
            }));
        }
        Ok(Pulled { batch: batch(&rows, request), is_last: true })
    }
}
