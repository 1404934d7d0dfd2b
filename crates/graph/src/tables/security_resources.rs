//! `SecurityResources`: plans, scores, assessments and sub-assessments.
//!
//! Each finding is one row, in the form of 2020: a query that counts would count those of 2023 once more, so that they are
//! in the REST face alone.
//!
//! Assessments spell `properties.resourceDetails.Id` and `.Source` with capitals, and sub-assessments do not; published
//! queries rely on both. The last part of a sub-assessment's id is `subassessments` here.

use super::resource_row::{ResourceRow, batch, hidden, shown};
use super::{Pulled, Reading, Table};
use crate::census::{CensusReading, Plan, Shape, is_narrow};
use crate::documents::metadata::KINDS;
use crate::documents::pricing::KnownPlan;
use crate::documents::{Document, KnownRegistry, assessment, pricing, secure_score, sub_assessment};
use crate::governance;
use crate::narrowed::Narrowed;
use crate::score::{self, Score};
use crate::viewer::View;
use access::ResourceId;
use jiff::civil::date;
use kql::ScanRequest;
use serde_json::{Value, json};
use store::Subscription;

pub(super) const TABLE: Table = Table {
    name: "SecurityResources",
    about: "Plans, assessments of registries, secure scores, and sub-assessments: one row for each image and vulnerability.",
    columns: shown,
    hidden,
    stem: Some("id"),
    read: |_, request| {
        let narrowed = Narrowed(request);
        let stages = [
            (narrowed.wants_type(sub_assessment::KIND), Stage::SubAssessments(None)),
            (narrowed.wants_type(assessment::KIND), Stage::Assessments),
            (narrowed.wants_type(governance::KIND), Stage::Governance),
            (narrowed.wants_type(secure_score::CONTROL_KIND), Stage::Controls),
            (narrowed.wants_type(secure_score::KIND), Stage::Scores),
            (narrowed.wants_type(pricing::KIND), Stage::Plans),
        ];
        let stages = stages.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, stage)| stage);
        Box::new(Security { stages: stages.collect() })
    },
    folds: |request| {
        let narrowed = Narrowed(request);
        narrowed.wants_type(sub_assessment::KIND)
            && [
                assessment::KIND,
                governance::KIND,
                secure_score::CONTROL_KIND,
                secure_score::KIND,
                pricing::KIND,
            ]
            .iter()
            .all(|kind| !narrowed.wants_type(kind))
            && !is_narrow(Shape::SubAssessments, request)
            && Plan::of(Shape::SubAssessments, request).is_some()
    },
};

/// What is still to be read; the last first.
struct Security {
    stages: Vec<Stage>,
}

enum Stage {
    Plans,
    Scores,
    Controls,
    Governance,
    Assessments,
    /// Once they have begun, how they go on.
    SubAssessments(Option<Box<CensusReading>>),
}

impl Reading for Security {
    fn pull(&mut self, view: &View, request: &ScanRequest) -> Result<Pulled, store::Error> {
        let rows = match self.stages.pop() {
            None => Vec::new(),
            Some(Stage::Plans) => plans(view)?,
            Some(Stage::Scores) => scores(view, secure_score::of_subscription)?,
            Some(Stage::Controls) => scores(view, |subscription, score| {
                secure_score::control_of_subscription(subscription, score, true)
            })?,
            Some(Stage::Governance) => governed(view)?,
            Some(Stage::Assessments) => assessments(view, Narrowed(request))?,
            Some(Stage::SubAssessments(begun)) => {
                let mut reading =
                    begun.unwrap_or_else(|| Box::new(CensusReading::new(view, plan(request), request)));
                let pulled = reading.pull(view, request)?;
                if !pulled.is_last {
                    self.stages.push(Stage::SubAssessments(Some(reading)));
                }
                return Ok(Pulled { is_last: self.stages.is_empty(), ..pulled });
            }
        };
        Ok(Pulled { batch: batch(&rows, request), is_last: self.stages.is_empty() })
    }
}

/// How the rows of sub-assessments are made.
fn plan(request: &ScanRequest) -> Plan {
    let counted = Plan::of(Shape::SubAssessments, request);
    let counted = counted.filter(|_| request.fold.is_some() || !is_narrow(Shape::SubAssessments, request));
    counted.unwrap_or_else(|| Plan::of_documents(Shape::SubAssessments, request))
}

fn plans(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for subscription in &view.priced {
        let plan = KnownPlan::of_subscription(&*view.store, subscription, view.scan_plan);
        let plan = view.runtime.block_on(plan)?;
        for name in pricing::NAMES {
            let newest = date(2024, 1, 1);
            let document = pricing::of_subscription(subscription, name, &plan, newest, view.now);
            rows.push(ResourceRow { subscription: subscription.id.to_string(), ..row(view, document) });
        }
    }
    Ok(rows)
}

/// Who is to resolve the assessments that the viewer may read.
fn governed(view: &View) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for kept in view.runtime.block_on(governance::all(&*view.store))? {
        let is_of = |known: &&KnownRegistry| {
            ResourceId::parse(&kept.scope).is_ok_and(|scope| scope.is_within(&known.id))
        };
        if let Some(known) = view.assessed.iter().find(is_of) {
            rows.push(placed(known, row(view, governance::document(&kept))));
        }
    }
    Ok(rows)
}

/// One document for each subscription whose score the viewer may read.
fn scores(
    view: &View,
    document: impl Fn(&Subscription, &Score) -> Document,
) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for subscription in &view.scored {
        let score = score::of_subscription(&*view.store, subscription.id, view.scan_plan, &view.book);
        let score = view.runtime.block_on(score)?;
        let made = row(view, document(subscription, &score));
        rows.push(ResourceRow { subscription: subscription.id.to_string(), ..made });
    }
    Ok(rows)
}

fn assessments(view: &View, narrowed: Narrowed<'_>) -> Result<Vec<ResourceRow>, store::Error> {
    let mut rows = Vec::new();
    for known in &view.assessed {
        let stem = format!("{}/providers/Microsoft.Security/assessments/", known.id);
        if !narrowed.allows_registry(known, &stem) {
            continue;
        }
        let Some(kind) = KINDS.first() else { continue };
        let made = assessment::of_registry(&*view.store, known, kind, view.scan_plan, &view.book);
        let mut document = view.runtime.block_on(made)?;
        document.properties["resourceDetails"] = json!({
            "Id": known.id.as_str(),
            "Source": "Azure",
            "ResourceType": "microsoft.containerregistry/registries",
            "ResourceName": known.registry.name,
            "ResourceProvider": "Microsoft.ContainerRegistry",
        });
        document.properties["metadata"] = kind.properties();
        document.properties["links"] = json!({"azurePortal": ""});
        rows.push(placed(known, row(view, document)));
    }
    Ok(rows)
}

pub(super) fn placed(known: &KnownRegistry, row: ResourceRow) -> ResourceRow {
    ResourceRow {
        resource_group: known.registry.resource_group.clone(),
        subscription: known.registry.subscription.to_string(),
        ..row
    }
}

pub(super) fn row(view: &View, document: Document) -> ResourceRow {
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
