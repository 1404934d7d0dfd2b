//! Assessments that somebody made, as `SecurityResources` shows them.

use super::resource_row::ResourceRow;
use super::security_resources::{PAGE, as_shown, row};
use crate::documents::custom_assessment::{CustomKinds, document};
use crate::viewer::View;
use access::ResourceId;
use serde_json::Value;
use store::{CustomAssessmentKey, PageRequest};

/// The next rows that the viewer may read.
pub(super) fn rows(
    view: &View,
    after: Option<CustomAssessmentKey>,
) -> Result<(Vec<ResourceRow>, Option<CustomAssessmentKey>), store::Error> {
    let page = view.store.custom_assessments("/", PageRequest { after, limit: PAGE });
    let page = view.runtime.block_on(page)?;
    let mut kinds = CustomKinds::default();
    let mut rows = Vec::new();
    for assessment in &page.items {
        let Ok(scope) = ResourceId::parse(&assessment.said.scope) else { continue };
        if !view.may_read_assessments_at(&scope) {
            continue;
        }
        let Some(kind) = view.runtime.block_on(kinds.of(&*view.store, assessment))? else { continue };
        let mut made = document(assessment, kind);
        let details = &mut made.properties["resourceDetails"];
        details["resourceType"] = scope.kind().unwrap_or_default().to_ascii_lowercase().into();
        details["resourceName"] = scope.name().into();
        details["resourceProvider"] = provider(&scope);
        let made = row(view, as_shown(made, kind.properties()));
        rows.push(ResourceRow {
            subscription: scope.subscription().unwrap_or_default().to_ascii_lowercase(),
            resource_group: scope.resource_group().unwrap_or_default().to_owned(),
            ..made
        });
    }
    Ok((rows, page.next))
}

/// Whose resource it is: `Microsoft.ContainerRegistry`.
fn provider(scope: &ResourceId) -> Value {
    scope.kind().and_then(|kind| kind.split('/').next().map(str::to_owned)).into()
}
