//! `SecurityResources`: plans, assessments and sub-assessments.
//!
//! Assessments spell `properties.resourceDetails.Id` and `.Source` with capitals, and sub-assessments do not; published
//! queries rely on both. The last part of a sub-assessment's id is `subassessments` here.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::documents::metadata::properties as metadata;
use crate::documents::{Document, KnownRegistry, assessment, pricing, sub_assessment};
use crate::viewer::View;
use kql::ScanRequest;
use serde_json::{Value, json};

/// Rows that are made at a time.
const PAGE: usize = 500;

pub(super) const TABLE: Table = Table {
    name: "SecurityResources",
    about: "Plans, assessments of registries, and sub-assessments: one row for each image and vulnerability.",
    columns: shown,
    hidden,
    read: |narrowed| {
        let stages = [
            (narrowed.wants_type(sub_assessment::KIND), Stage::SubAssessments(None)),
            (narrowed.wants_type(assessment::KIND), Stage::Assessments),
            (narrowed.wants_type(pricing::KIND), Stage::Plans),
        ];
        let stages = stages.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, stage)| stage);
        Box::new(Security { stages: stages.collect() })
    },
};

/// What is still to be read; the last first.
struct Security {
    stages: Vec<Stage>,
}

enum Stage {
    Plans,
    Assessments,
    /// From this place on.
    SubAssessments(Option<sub_assessment::Place>),
}

impl Reading for Security {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let rows = match self.stages.pop() {
            None => Vec::new(),
            Some(Stage::Plans) => plans(view)?,
            Some(Stage::Assessments) => assessments(view)?,
            Some(Stage::SubAssessments(place)) => {
                let page = sub_assessment::page_after(&*view.store, &view.inspected, place, PAGE);
                let (documents, next) = view.runtime.block_on(page)?;
                self.stages.extend(next.map(|next| Stage::SubAssessments(Some(next))));
                documents.into_iter().map(|document| sub_assessment_row(view, document)).collect()
            }
        };
        Ok(Pulled { batch: batch(&rows, request), is_last: self.stages.is_empty() })
    }
}

fn plans(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for subscription in &view.priced {
        let plan = view.runtime.block_on(view.store.plan(subscription.id, view.scan_plan))?;
        for name in pricing::NAMES {
            let document = pricing::of_subscription(subscription, name, plan.as_ref(), view.now);
            rows.push(ResourceRow { subscription: subscription.id.to_string(), ..row(view, document) });
        }
    }
    Ok(rows)
}

fn assessments(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for known in &view.assessed {
        let made = assessment::of_registry(&*view.store, known, view.scan_plan);
        let mut document = view.runtime.block_on(made)?;
        document.properties["resourceDetails"] = json!({
            "Id": known.id.as_str(),
            "Source": "Azure",
            "ResourceType": "microsoft.containerregistry/registries",
            "ResourceName": known.registry.name,
            "ResourceProvider": "Microsoft.ContainerRegistry",
        });
        document.properties["metadata"] = metadata();
        document.properties["links"] = json!({"azurePortal": ""});
        rows.push(placed(known, row(view, document)));
    }
    Ok(rows)
}

fn sub_assessment_row(view: &View, document: Document) -> ResourceRow {
    let owner = view.inspected.iter().find(|known| document.id.starts_with(known.id.as_str())).cloned();
    let mut row = row(view, document);
    row.id = row.id.replacen("/subAssessments/", "/subassessments/", 1);
    owner.map_or(row.clone(), |known| placed(&known, row))
}

fn placed(known: &KnownRegistry, row: ResourceRow) -> ResourceRow {
    ResourceRow {
        resource_group: known.registry.resource_group.clone(),
        subscription: known.registry.subscription.to_string(),
        ..row
    }
}

fn row(view: &View, document: Document) -> ResourceRow {
    ResourceRow {
        id: document.id,
        name: document.name,
        kind: document.kind.to_ascii_lowercase(),
        tenant: view.tenant.clone(),
        location: "global".to_owned(),
        properties: document.properties,
        sku: Value::Null,
        tags: Value::Null,
        ..ResourceRow::default()
    }
}
